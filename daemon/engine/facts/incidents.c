/*
 * incidents.c - brings the incidents that were touched up to date and tells what became of them.
 *
 * An incident is known outside by its id, a hash of its key and its earliest-dated report. The objects
 * behind it come and go as runs are cut; so first every touched object gets the id it should have, and one
 * that takes over the id of another takes over its fact. Then the reports in it are compared with
 * those it was last told with: one that left, or came from elsewhere, makes the change a correction.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "digest.h"
#include "clusters.h"
#include "entities.h"
#include "internal.h"
#include "known.h"

void incident_reports(facts *f, const incident *inc, bool wider, numbers *list)
{
    for (uint32_t i = 0; i < inc->items.count; i++)
        item_reports(f, inc->items.at[i], list);
    for (uint32_t i = 0; i < inc->joined.count; i++)
        item_reports(f, inc->joined.at[i], list);
    reports_read(f, list);
    if (wider)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (report_of(f, list->at[i])->covers != THAW_WIDER)
            list->at[kept++] = list->at[i];
    list->count = kept;
}

/* All its reports, in a list that stands until the next is asked for. */
static numbers *incident_all(facts *f, const incident *inc)
{
    f->work_reports.count = 0;
    incident_reports(f, inc, true, &f->work_reports);
    return &f->work_reports;
}

/* Those that are news to it: all where something left, else those that came since. Stands until the next list is
 * asked for; single reports are listed in the incident already. */
static numbers incident_news(facts *f, const incident *inc)
{
    const uint32_t from = inc->whole ? 0 : inc->items_settled, joined_from = inc->whole ? 0 : inc->joined_settled;
    bool groups = inc->joined.count > joined_from;
    for (uint32_t i = from; i < inc->items.count && !groups; i++)
        groups = inc->items.at[i] & ITEM_GROUP;
    if (!groups)
        return (numbers){.at = inc->items.at + from, .count = inc->items.count - from};
    f->work_reports.count = 0;
    for (uint32_t i = from; i < inc->items.count; i++)
        item_reports(f, inc->items.at[i], &f->work_reports);
    for (uint32_t i = joined_from; i < inc->joined.count; i++)
        item_reports(f, inc->joined.at[i], &f->work_reports);
    return f->work_reports;
}

/* A batch touches incidents that lie anywhere, and their reports: they are fetched while those before them
 * are worked on, first the object, then what it points to, then the reports. */
void incidents_ahead(const facts *f, uint32_t i)
{
    const uint32_t *dirty = f->dirty_incidents.at, count = f->dirty_incidents.count;
    if (i + 12 < count)
        fetch_ahead(f->incidents[dirty[i + 12]], sizeof(incident));
    if (i + 8 < count) {
        const incident *inc = f->incidents[dirty[i + 8]];
        __builtin_prefetch(inc->items.at);
        fetch_ahead(inc->digest, digest_bytes());
    }
    const incident *inc = i + 4 < count ? f->incidents[dirty[i + 4]] : NULL;
    if (!inc || !inc->items.at)
        return;
    digest_fetch(inc->digest, 0);
    for (uint32_t n = inc->digest ? inc->items_settled : 0; n < inc->items.count && n < 16u; n++)
        if (!(inc->items.at[n] & ITEM_GROUP)) {
            fetch_ahead(report_of(f, inc->items.at[n]), sizeof(report));
        }
}

/* ---- identity ----------------------------------------------------------------------- */

/* Least (start, name order), undated last; of all but wider reports. */
static uint32_t earliest_of(const facts *f, const numbers *list, uint32_t best)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const report *r = report_of(f, list->at[i]), *b = best ? report_of(f, best) : NULL;
        if (r->covers == THAW_WIDER)
            continue;
        bool undated = r->start_ns == TIME_UNKNOWN, best_undated = b && b->start_ns == TIME_UNKNOWN;
        if (!b || (best_undated && !undated) ||
            (undated == best_undated && (r->start_ns < b->start_ns || (r->start_ns == b->start_ns &&
                                                                       report_name_compare(f, list->at[i], best) < 0))))
            best = list->at[i];
    }
    return best;
}

static uint64_t incident_identity(const facts *f, const key *k, uint32_t earliest)
{
    const report *r = report_of(f, earliest);
    thaw_str authority = symbols_get(f->symbols, k->authority);
    uint64_t seed = (uint64_t)k->kind << 56 | (uint64_t)k->discriminator << 48 |
                    (uint64_t)(uint8_t)k->country[0] << 40 | (uint64_t)(uint8_t)k->country[1] << 32;
    if (authority.len)
        seed ^= XXH3_64bits(authority.data, authority.len);
    return XXH3_64bits_withSeed(&r->key, sizeof r->key, seed);
}

void incident_id_text(const facts *f, const incident *inc, char text[40])
{
    const key *k = &f->keys[inc->key_index];
    (void)snprintf(text, 40, "%s-%.2s-%016llx", thaw_kind_name(k->kind), k->country, (unsigned long long)inc->now.id);
}

/* ---- what there is to see ----------------------------------------------------------- */

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
        s->occurred = date_of(f, list->at, list->count, false, &s->dated_by, &s->days_disagree);
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
        s->occurred = digest_date(f, inc->digest, &s->dated_by);
        s->days_disagree = digest_days_disagree(inc->digest);
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

/* Without what its reports say: what it is among others, and as what it was told of. */
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
    s->late = summary_is_late(s);
}

static void incident_summarise(facts *f, incident *inc)
{
    const numbers news = incident_news(f, inc);
    summary s = inc->whole ? summary_bare(&inc->now) : inc->now;
    unchanged known = summary_take_in(f, inc, &news, &s);
    if (!known.votes || !known.date)
        summary_recount(f, inc, &s, known);
    inc->announcement = s.announces && !s.act;
    if (!inc->announcement) {
        s.announced = false;
        s.acted_at_ns = s.announces ? first_act(f, incident_all(f, inc)) : TIME_UNKNOWN;
        if (s.acted_at_ns != TIME_UNKNOWN && s.acted_at_ns < s.occurred.start_ns)
            s.acted_at_ns = s.occurred.start_ns; /* an act of "that month" began with the step */
    }
    s.late = summary_is_late(&s);
    inc->now = s;
}

int64_t incident_stated_start(facts *f, const incident *inc)
{
    thaw_event event;
    if (inc->now.occurred.end_ns - inc->now.occurred.start_ns <= DAY_NS || !inc->now.dated_by)
        return inc->now.occurred.start_ns;
    report_event(f->reports, report_of(f, inc->now.dated_by), &event);
    return event.occurred_at.precision ? event.occurred_at.at_ns : event.reported_at.at_ns;
}

static uint64_t incident_fingerprint(const incident *inc)
{
    const summary *s = &inc->now;
    uint64_t h = mix(s->members, s->votes.count);
    h = mix(h, s->votes.low);
    h = mix(h, s->votes.high);
    h = mix(h, (uint64_t)s->acted_at_ns);
    h = mix(h, (uint64_t)s->largest | (uint64_t)s->announced << 1 | (uint64_t)s->votes.has_count << 2 |
                   (uint64_t)s->votes.disagrees << 3);
    return h ? h : 1;
}

/* ---- who goes on as whom ------------------------------------------------------------ */

/* Gives every touched object its id, and lets it take over the fact that bore this id. */
static void identities_settle(facts *f)
{
    hash_index free_ids = {0};
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incidents_ahead(f, i);
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        uint64_t was = inc->now.id;
        inc->heir_of = 0;
        if (inc->used) {
            uint32_t before = inc->now.earliest;
            const numbers news = incident_news(f, inc);
            inc->now.earliest = earliest_of(f, &news, inc->whole ? 0 : before);
            if (inc->now.earliest != before)
                inc->now.id = incident_identity(f, &f->keys[inc->key_index], inc->now.earliest);
            if (inc->handle && inc->now.id == was) {
                inc->heir_of = inc->index;
                continue;
            }
        }
        if (inc->handle && index_put(&free_ids, was, inc->index, &f->held) < 0)
            f->failed = -ENOMEM;
    }
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        uint32_t cursor = 0;
        if (inc->used && !inc->heir_of)
            inc->heir_of = index_next(&free_ids, inc->now.id, &cursor);
    }
    index_done(&free_ids, &f->held);
}

/* One touched object while the facts are told of. */
typedef struct line {
    uint32_t incident, heir_of;
    fact_handle handle, was; /* that it goes on with; its own, which it may have lost */
    uint64_t fingerprint;    /* as it was told last */
    uint32_t told_count;
    bool correction;
    fact_handle replaces;
} line;

/* Whether nobody goes on with the fact of an object; `inherited` holds those that another took over. */
static bool is_left(const incident *inc, const hash_index *inherited)
{
    uint32_t cursor = 0;
    return inc->handle && inc->heir_of != inc->index && !index_next(inherited, inc->handle, &cursor);
}

/* The fact of an object, if it is one that ends in this batch. */
static fact_handle gone_handle(const facts *f, uint32_t object, const hash_index *inherited)
{
    const incident *inc = f->incidents[object];
    return inc && inc->dirty && is_left(inc, inherited) ? inc->handle : 0;
}

/* Whether reports left or came from elsewhere; if it is a new fact, whose place it takes. */
static void line_compare(facts *f, line *l, const hash_index *inherited)
{
    incident *inc = f->incidents[l->incident];
    const numbers list = incident_news(f, inc); /* beside those it was told with, of which none left then */
    bool itself = l->heir_of == inc->index;
    uint32_t same = !inc->whole && itself ? l->told_count : 0;
    fact_handle from = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        report *r = report_of(f, list.at[i]);
        if (r->told && r->told == l->heir_of) {
            same++;
        } else if (r->told) {
            l->correction = true;
            if (!from)
                from = gone_handle(f, r->told, inherited);
        }
    }
    bool renamed = !inc->whole && !itself && inc->told_count;
    if (same < l->told_count || renamed || inc->why.corrections.count)
        l->correction = true;
    if (!l->handle)
        l->replaces = l->was ? gone_handle(f, l->incident, inherited) : from;
}

/* The persons of a report that stands elsewhere now: their releases and detentions may be other ones. */
static void persons_moved(facts *f, uint32_t number, const causes *why)
{
    numbers entities = {0};
    report_entities(f, number, &entities);
    for (uint32_t i = 0; i < entities.count; i++) {
        entity_mark(f, entities.at[i]);
        entity *e = &f->entities[entities.at[i]];
        e->correction = true;
        if (!e->why.news)
            e->why.news = why->news;
        for (uint32_t j = 0; j < why->corrections.count; j++)
            put(f, &e->why.corrections, why->corrections.at[j]);
    }
    numbers_done(&entities, &f->held);
}

static void line_note_members(facts *f, incident *inc)
{
    const numbers list = incident_news(f, inc);
    for (uint32_t i = 0; i < list.count; i++) {
        report *r = report_of(f, list.at[i]);
        if (r->told && r->told != inc->index && r->persons_named)
            persons_moved(f, list.at[i], &inc->why);
        r->told = inc->index;
    }
    inc->told_count = inc->now.reports_count;
    inc->items_settled = inc->items.count;
    inc->joined_settled = inc->joined.count;
    inc->whole = false;
}

static void line_tell(facts *f, line *l)
{
    incident *inc = f->incidents[l->incident];
    inc->now.fingerprint = incident_fingerprint(inc);
    line_note_members(f, inc);
    if (!l->handle) {
        inc->handle = handle_new(f, f->keys[inc->key_index].kind, inc->index);
        tell(f, FACT_APPEARED, inc->handle, l->replaces, l->correction, &inc->why);
    } else if (inc->now.fingerprint != l->fingerprint || l->correction) {
        inc->handle = l->handle;
        tell(f, FACT_CHANGED, inc->handle, 0, l->correction, &inc->why);
    } else {
        inc->handle = l->handle;
        inc->why.news = 0;
        inc->why.corrections.count = 0;
    }
}

/* ---- settling ----------------------------------------------------------------------- */

static void announcements_follow(facts *f, incident *inc)
{
    key *k = &f->keys[inc->key_index];
    if (k->kind != THAW_SANCTION)
        return;
    if (inc->used && inc->announcement)
        put(f, &k->announcements, inc->index);
    else
        numbers_take(&k->announcements, inc->index);
}

static int sanction_order(const void *a_, const void *b_, void *f_)
{
    const facts *f = f_;
    const key *a = &f->keys[f->incidents[*(const uint32_t *)a_]->key_index];
    const key *b = &f->keys[f->incidents[*(const uint32_t *)b_]->key_index];
    int order = memcmp(a->country, b->country, sizeof a->country);
    return order ? order : (a->authority > b->authority) - (a->authority < b->authority);
}

/* What sanctions that changed mean for the announcements of their authority. */
static void sanctions_settle(facts *f, numbers *changed, bool lost)
{
    if (changed->count > 1)
        qsort_r(changed->at, changed->count, sizeof *changed->at, sanction_order, f);
    for (uint32_t i = 0, end; i < changed->count; i = end) {
        end = i + 1;
        while (end < changed->count && sanction_order(&changed->at[i], &changed->at[end], f) == 0)
            end++;
        acts_settle(f, &(acts_news){&changed->at[i], end - i, lost});
    }
    numbers_done(changed, &f->held);
}

/* Whether all that happened to an incident is that something came to it. */
static bool incident_grew(const incident *inc)
{
    if (!inc->used)
        return false;
    return !inc->handle ||
           (!inc->whole && (inc->items.count > inc->items_settled || inc->joined.count > inc->joined_settled));
}

/* New summaries, and what they mean for other incidents of the country; the list grows meanwhile. */
static void summaries_settle(facts *f)
{
    uint32_t touched = f->dirty_incidents.count;
    numbers sanctions = {0};
    bool lost = false;
    for (uint32_t i = 0; i < touched && !f->failed; i++) {
        incidents_ahead(f, i);
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        const key *k = &f->keys[inc->key_index];
        summary before = inc->now;
        bool grew = incident_grew(inc);
        if (inc->used)
            incident_summarise(f, inc);
        announcements_follow(f, inc);
        if (k->kind == THAW_SANCTION) {
            add(f, &sanctions, inc->index);
            lost = lost || !grew;
            continue;
        }
        if (k->kind == THAW_RELEASE || k->kind == THAW_DETENTION) {
            largest_settle(f, inc, &before);
            country *c = country_of(f, k->country);
            if (!c->dirty) {
                c->dirty = true;
                add(f, &f->dirty_countries, country_index(f, k->country));
            }
        }
    }
    sanctions_settle(f, &sanctions, lost);
}

static void lines_fill(facts *f, line *lines, uint32_t count, uint32_t known)
{
    for (uint32_t i = 0; i < count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        if (i >= known) /* drawn in by another's change: itself as it was */
            inc->heir_of = inc->handle ? inc->index : 0;
        lines[i] = (line){.incident = inc->index, .was = inc->handle, .heir_of = inc->heir_of};
    }
    for (uint32_t i = 0; i < count; i++) {
        const incident *heir = lines[i].heir_of ? f->incidents[lines[i].heir_of] : NULL;
        if (!heir)
            continue;
        lines[i].handle = heir->handle;
        lines[i].told_count = heir->told_count;
        lines[i].fingerprint = heir->now.fingerprint;
    }
}

/* Who goes on as another takes over why that one changed in this batch. */
static void line_inherit(facts *f, const line *l)
{
    if (!l->heir_of || l->heir_of == l->incident)
        return;
    causes *why = &f->incidents[l->incident]->why;
    const causes *of = &f->incidents[l->heir_of]->why;
    why->news = why->news ? why->news : of->news;
    for (uint32_t i = 0; i < of->corrections.count && why->corrections.count < CAUSES_MAX; i++)
        put(f, &why->corrections, of->corrections.at[i]);
}

static void lines_tell(facts *f, line *lines, uint32_t count)
{
    hash_index inherited = {0};
    for (uint32_t i = 0; i < count; i++)
        if (lines[i].handle && lines[i].heir_of != lines[i].incident &&
            index_put(&inherited, lines[i].handle, i + 1, &f->held) < 0)
            f->failed = -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        line_inherit(f, &lines[i]);
    for (uint32_t i = 0; i < count; i++) {
        incident *inc = f->incidents[lines[i].incident];
        if (inc->used)
            line_compare(f, &lines[i], &inherited);
        else if (is_left(inc, &inherited))
            tell(f, FACT_GONE, inc->handle, 0, true, &inc->why);
    }
    for (uint32_t i = 0; i < count; i++) {
        incident *inc = f->incidents[lines[i].incident];
        if (inc->used && is_left(inc, &inherited)) {
            causes copy = {.news = inc->why.news};
            for (uint32_t c = 0; c < inc->why.corrections.count; c++)
                add(f, &copy.corrections, inc->why.corrections.at[c]);
            tell(f, FACT_GONE, lines[i].was, 0, true, &copy);
            handle_drop(f, lines[i].was, inc->index);
            numbers_done(&copy.corrections, &f->held);
        }
        if (lines[i].handle && lines[i].heir_of != inc->index)
            handle_move(f, lines[i].handle, lines[i].heir_of, inc->index);
    }
    for (uint32_t i = 0; i < count; i++)
        if (!f->incidents[lines[i].incident]->used && is_left(f->incidents[lines[i].incident], &inherited))
            handle_drop(f, lines[i].was, lines[i].incident);
    for (uint32_t i = 0; i < count; i++)
        if (f->incidents[lines[i].incident]->used)
            line_tell(f, &lines[i]);
    index_done(&inherited, &f->held);
}

static void incidents_release(facts *f)
{
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        inc->dirty = false;
        numbers_done(&inc->why.corrections, &f->held);
        inc->why.news = 0;
        if (inc->used)
            continue;
        uint32_t index = inc->index;
        f->held -= sizeof *inc;
        slabs_give(&f->incident_slabs, inc);
        f->incidents[index] = NULL;
        add(f, &f->incidents_free, index);
    }
    f->dirty_incidents.count = 0;
}

void incidents_settle(facts *f)
{
    loose_settle(f);
    if (!f->dirty_incidents.count)
        return;
    f->cause = 0;
    identities_settle(f);
    uint32_t known = f->dirty_incidents.count;
    summaries_settle(f);
    uint32_t count = f->dirty_incidents.count;
    line *lines = calloc(count, sizeof *lines);
    if (!lines)
        f->failed = -ENOMEM;
    if (lines && !f->failed) {
        lines_fill(f, lines, count, known);
        lines_tell(f, lines, count);
    }
    free(lines);
    incidents_release(f);
}
