/*
 * summary.c - what the reports of an incident come to: its date, its count, its status. An incident that only grew
 * looks at what came.
 */
#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/incidents/listed.h"
#include "facts/state/state.h"

/* All its reports, in a list that stands until the next is asked for. */
static numbers *incident_all(facts *f, const incident *inc)
{
    f->work_reports.count = 0;
    incident_reports(f, inc, true, &f->work_reports);
    return &f->work_reports;
}

numbers incident_news(facts *f, const incident *inc)
{
    const uint32_t from = inc->whole ? 0 : inc->items_settled, joined_from = inc->whole ? 0 : inc->joined_settled;
    const uint32_t grown = inc->whole ? 0 : inc->grown.count;
    bool groups = inc->joined.count > joined_from || grown;
    for (uint32_t i = from; i < inc->items.count && !groups; i++)
        groups = inc->items.at[i] & ITEM_GROUP;
    if (!groups)
        return (numbers){.at = inc->items.at + from, .count = inc->items.count - from};
    f->work_reports.count = 0;
    for (uint32_t i = from; i < inc->items.count; i++)
        item_reports(f, inc->items.at[i], &f->work_reports);
    for (uint32_t i = joined_from; i < inc->joined.count; i++)
        item_reports(f, inc->joined.at[i], &f->work_reports);
    for (uint32_t i = 0; i < grown; i++)
        add(f, &f->work_reports, inc->grown.at[i]);
    return f->work_reports;
}

_Static_assert(THAW_FORM_COUNT - 1 <= 8, "summary.forms has a bit for each form");

/* What its lists are made of. The detail of a sanction is an action, that of talks a stage. */
static void summary_says(const facts *f, summary *s, const report *r)
{
    const bool freed_or_held = r->kind != THAW_SANCTION && r->kind != THAW_TALKS;
    if (freed_or_held && r->detail)
        s->forms |= (uint8_t)(1u << (r->detail - 1));
    s->names = s->names || r->kind == THAW_TALKS || (r->kind == THAW_SANCTION ? r->has_targets : r->parties > 0);
    s->destination = s->destination || r->destination;
    s->program = s->program || r->has_program;
    if (freed_or_held && r->covers == THAW_PART)
        s->categories = s->categories || part_is_category(symbols_get(f->symbols, r->part));
}

/* What a report adds to the summary by itself. */
static void summary_scan(const facts *f, summary *s, uint32_t number)
{
    const report *r = report_of(f, number);
    s->members += mix(number, 1);
    s->reports_count++;
    s->targets = s->targets || (r->kind == THAW_SANCTION && r->has_targets);
    if (r->covers == THAW_WIDER)
        return;
    if (r->status > s->status)
        s->status = r->status;
    summary_says(f, s, r);
    if (r->reported_ns != TIME_UNKNOWN) {
        if (s->first_reported_ns == TIME_UNKNOWN || r->reported_ns < s->first_reported_ns)
            s->first_reported_ns = r->reported_ns;
        if (r->reported_ns > s->last_reported_ns)
            s->last_reported_ns = r->reported_ns;
    }
    if (!s->latest || report_later_compare(f, number, s->latest) > 0) {
        s->latest = number;
        s->detail = r->detail;
    }
    s->act = s->act || (r->kind == THAW_SANCTION && sanction_is_act(r));
    s->announces =
        s->announces || (r->kind == THAW_SANCTION && (r->detail == THAW_EASED || r->detail == THAW_PROPOSED));
}

/* Which of it the news leave as it was. */
typedef struct unchanged {
    bool votes, date;
} unchanged;

/* Dates and votes from all reports. */
static void summary_count(facts *f, numbers *list, summary *s, unchanged known)
{
    if (!known.date)
        s->occurred = date_of(f, list->at, list->count, false, &s->dated_by, &s->days);
    if (known.votes)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (report_of(f, list->at[i])->covers != THAW_WIDER)
            list->at[kept++] = list->at[i];
    count_reports(f, list->at, kept, &s->votes);
}

/* The same from the digest. */
static void summary_digest(facts *f, incident *inc, summary *s, unchanged known)
{
    if (!known.date) {
        s->occurred = digest_date(inc->digest, &s->dated_by);
        s->days = digest_days(inc->digest);
    }
    if (!known.votes)
        digest_count(f, inc->digest, &s->votes);
}

/* Makes a digest of an incident of many reports. Parties of sanctions are counted over all: these have none. */
static void incident_digest_make(facts *f, incident *inc, const numbers *all, bool targets)
{
    if (all->count <= f->config.digest_min || targets)
        return;
    inc->digest = digest_new(f);
    for (uint32_t i = 0; inc->digest && i < all->count; i++)
        digest_add(f, inc->digest, all->at[i]);
}

/* When the step itself acted on what it announced. */
static int64_t first_act(const facts *f, const numbers *list)
{
    int64_t first = TIME_UNKNOWN;
    for (uint32_t i = 0; i < list->count; i++) {
        const report *r = report_of(f, list->at[i]);
        if (sanction_is_act(r) && r->start_ns != TIME_UNKNOWN && (first == TIME_UNKNOWN || r->start_ns < first))
            first = r->start_ns;
    }
    return first;
}

static void summary_recount(facts *f, incident *inc, summary *s, unchanged known)
{
    numbers *list = inc->digest ? NULL : incident_all(f, inc);
    if (list)
        incident_digest_make(f, inc, list, s->targets);
    if (inc->digest)
        summary_digest(f, inc, s, known);
    else
        summary_count(f, list, s, known);
}

/* Takes in what is news. Votes and date are right without a look at the rest where all of it repeats what was known,
 * or what the first one says. An incident that grows beyond a digest's least size is counted anew, which makes one. */
static unchanged summary_take_in(facts *f, const incident *inc, const numbers *news, summary *s)
{
    const bool talks = f->keys[inc->key_index].kind == THAW_TALKS; /* nobody is counted */
    const bool small = inc->digest || s->reports_count + news->count <= f->config.digest_min;
    unchanged known = {.votes = news->count && small, .date = news->count && small};
    for (uint32_t i = 0; i < news->count; i++) {
        uint32_t number = news->at[i];
        bool first = inc->whole && i == 0;
        known.votes = known.votes && (first || votes_repeat(f, s, number));
        known.date = known.date && (first || date_repeats(f, s, number));
        summary_scan(f, s, number);
        if (first && small)
            summary_count(f, &(numbers){.at = &number, .count = 1}, s, (unchanged){.votes = talks});
        else if (known.date)
            date_repeat(f, s, number);
    }
    known.votes = known.votes || talks;
    return known;
}

/* A summary without what its reports say. What stays does not follow from them alone: how the incident stands among
 * others (largest, announced, acted), and the id and fingerprint under which it was told of. */
static summary summary_bare(const summary *s)
{
    return (summary){.largest = s->largest,
                     .announced = s->announced,
                     .acted_at_ns = s->acted_at_ns,
                     .earliest = s->earliest,
                     .id = s->id,
                     .fingerprint = s->fingerprint,
                     .first_reported_ns = TIME_UNKNOWN,
                     .last_reported_ns = TIME_UNKNOWN};
}

static bool summary_is_late(const summary *s)
{
    return s->first_reported_ns != TIME_UNKNOWN && s->occurred.start_ns != TIME_UNKNOWN &&
           s->first_reported_ns > s->occurred.end_ns + 30 * DAY_NS;
}

/* A step that holds an act beside what it announced, or announces nothing. Of others acts elsewhere decide (acts.c). */
static void summary_acted(const facts *f, const numbers *list, summary *s)
{
    s->announced = false;
    s->acted_at_ns = s->announces ? first_act(f, list) : TIME_UNKNOWN;
    if (s->acted_at_ns != TIME_UNKNOWN && s->acted_at_ns < s->occurred.start_ns)
        s->acted_at_ns = s->occurred.start_ns; /* an act of "that month" began with the step */
}

void summary_of_reports(facts *f, numbers *list, summary *s)
{
    incident all = {0};
    const unchanged known = {.votes = list->count && report_of(f, list->at[0])->kind == THAW_TALKS};
    *s = summary_bare(s);
    for (uint32_t i = 0; i < list->count; i++)
        summary_scan(f, s, list->at[i]);
    incident_digest_make(f, &all, list, s->targets);
    if (all.digest)
        summary_digest(f, &all, s, known);
    else
        summary_count(f, list, s, known);
    all.digest = digest_free(f, all.digest);
    if (!s->announces || s->act)
        summary_acted(f, list, s);
    s->late = summary_is_late(s);
}

void incident_summarise(facts *f, incident *inc)
{
    const numbers news = incident_news(f, inc);
    summary s = inc->whole ? summary_bare(&inc->now) : inc->now;
    unchanged known = summary_take_in(f, inc, &news, &s);
    if (inc->listed)
        listed_came(f, inc->listed, &news);
    if (!known.votes || !known.date)
        summary_recount(f, inc, &s, known);
    inc->announcement = s.announces && !s.act;
    if (!inc->announcement)
        summary_acted(f, s.announces ? incident_all(f, inc) : &(numbers){0}, &s);
    s.late = summary_is_late(&s);
    inc->now = s;
}
