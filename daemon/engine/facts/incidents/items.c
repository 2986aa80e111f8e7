/* items.c - what clustering moves as one, and the date of a set of reports. */
#include <stdlib.h>

#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

static group *group_of(const facts *f, item it)
{
    return &f->groups[it & ~ITEM_GROUP];
}

static int64_t tolerance_of(const facts *f, uint8_t kind)
{
    return f->config.tolerance_ns[kind];
}

static item_class class_of_span(const facts *f, uint8_t kind, span s)
{
    if (s.start_ns == TIME_UNKNOWN)
        return ITEM_UNDATED;
    return s.end_ns - s.start_ns <= tolerance_of(f, kind) ? ITEM_SHARP : ITEM_VAGUE;
}

span item_span(const facts *f, item it)
{
    return it & ITEM_GROUP ? group_of(f, it)->date : report_span(report_of(f, it));
}

void report_set_item(facts *f, uint32_t number, item it)
{
    report *r = report_of(f, number);
    if (it == report_item(f, number))
        return;
    r->placed = !it ? PLACED_NOT : it & ITEM_GROUP ? PLACED_IN_GROUP : PLACED_ALONE;
    r->place = it & ITEM_GROUP ? it & ~ITEM_GROUP : 0;
}

static uint32_t item_representative(const facts *f, item it)
{
    return it & ITEM_GROUP ? group_of(f, it)->representative : it;
}

item_class item_class_of(const facts *f, item it)
{
    if (it & ITEM_GROUP)
        return group_of(f, it)->class;
    const report *r = report_of(f, it);
    return r->covers == THAW_WIDER ? ITEM_WIDER : class_of_span(f, r->kind, report_span(r));
}

void item_set_incident(facts *f, item it, uint32_t incident)
{
    if (it & ITEM_GROUP) {
        group_of(f, it)->incident = incident;
        group_of(f, it)->settled = false;
    } else if (report_of(f, it)->placed == PLACED_ALONE) {
        report_of(f, it)->place = incident;
    }
}

const numbers *item_naming(const facts *f, item it)
{
    return it & ITEM_GROUP ? &group_of(f, it)->naming : NULL;
}

int item_compare(const facts *f, item a, item b)
{
    int64_t start_a = item_start(f, a), start_b = item_start(f, b);
    if (start_a != start_b)
        return start_a < start_b ? -1 : 1;
    return report_name_compare(f, item_representative(f, a), item_representative(f, b));
}

static int items_order(const void *a, const void *b, void *f)
{
    return item_compare(f, *(const item *)a, *(const item *)b);
}

void items_sort(facts *f, uint32_t *items, uint32_t count)
{
    if (count > 1)
        qsort_r(items, count, sizeof *items, items_order, f);
}

void item_reports(facts *f, item it, numbers *list)
{
    if (!(it & ITEM_GROUP)) {
        add(f, list, it);
        return;
    }
    const group *g = group_of(f, it);
    for (uint32_t i = 0; i < g->members.count; i++)
        add(f, list, g->members.at[i]);
}

/* ---- the date of a set -------------------------------------------------------------- */

/* A date that a voice gives. */
typedef struct dated {
    uint32_t voice;
    bool states; /* and not only because it was reported then */
    bool own;    /* of the dates of the voice the shortest, of those the earliest: where voices are compared */
    span date;
} dated;

#define FEW 24u /* up to so many are not worth a qsort */

int spans_order(span a, span b)
{
    int64_t length_a = a.end_ns - a.start_ns, length_b = b.end_ns - b.start_ns;
    if (length_a != length_b)
        return length_a < length_b ? -1 : 1;
    return (a.start_ns > b.start_ns) - (a.start_ns < b.start_ns);
}

/* By voice; what it states before what it does not, the shorter, the earlier. */
static int voices_order(const void *a_, const void *b_)
{
    const dated *a = a_, *b = b_;
    if (a->voice != b->voice)
        return a->voice < b->voice ? -1 : 1;
    return a->states != b->states ? (a->states ? -1 : 1) : spans_order(a->date, b->date);
}

/* Most are few, of which no call need be made for each comparison; and what comes in order stays so. */
static void dates_sort(dated *d, uint32_t count, int (*order)(const void *, const void *))
{
    uint32_t sorted = 1;
    while (sorted < count && order(&d[sorted - 1], &d[sorted]) <= 0)
        sorted++;
    if (sorted >= count)
        return;
    if (count > FEW) {
        qsort(d, count, sizeof *d, order);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        const dated one = d[i];
        uint32_t at = i;
        for (; at > 0 && order(&d[at - 1], &one) > 0; at--)
            d[at] = d[at - 1];
        d[at] = one;
    }
}

/* Keeps of each voice each of its dates once; of one that states when it was not those of its reporting. Returns how many
 * are left. */
static uint32_t dates_once(dated *d, uint32_t count)
{
    uint32_t kept = 0, first = 0;
    dates_sort(d, count, voices_order);
    for (uint32_t i = 0; i < count; i++) {
        d[i].own = i == 0 || d[i].voice != d[i - 1].voice;
        if (d[i].own)
            first = kept;
        else if (d[i].states != d[first].states || spans_order(d[i].date, d[kept - 1].date) == 0)
            continue;
        d[kept++] = d[i];
    }
    return kept;
}

static int dates_order(const void *a_, const void *b_)
{
    const span a = ((const dated *)a_)->date, b = ((const dated *)b_)->date;
    int order = (a.start_ns > b.start_ns) - (a.start_ns < b.start_ns);
    return order ? order : (a.end_ns > b.end_ns) - (a.end_ns < b.end_ns);
}

/* The date that occurs most often, then the shorter, then the earlier. */
static span dates_winner(dated *d, uint32_t count)
{
    uint32_t best = 0, most = 0;
    dates_sort(d, count, dates_order);
    for (uint32_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && dates_order(&d[next], &d[i]) == 0; next++)
            ;
        if (next - i < most || (next - i == most && spans_order(d[best].date, d[i].date) < 0))
            continue;
        best = i;
        most = next - i;
    }
    return d[best].date;
}

days_said days_of(const overlap *all, const overlap *own)
{
    if (own->start_ns >= own->end_ns)
        return DAYS_DISAGREE;
    return all->start_ns >= all->end_ns ? DAYS_DIFFER : DAYS_AGREE;
}

static days_said dates_days(const dated *d, uint32_t count)
{
    overlap all = overlap_any, own = overlap_any;
    for (uint32_t i = 0; i < count; i++) {
        overlap_add(&all, d[i].date);
        if (d[i].own)
            overlap_add(&own, d[i].date);
    }
    return days_of(&all, &own);
}

/* Of all reports with that date, the first in name order. */
static uint32_t date_first(const facts *f, const uint32_t *numbers_, uint32_t count, bool wider, span date)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; i++) {
        const report *r = report_of(f, numbers_[i]);
        if (r->start_ns != date.start_ns || (!wider && r->covers == THAW_WIDER) || report_end_ns(r) != date.end_ns)
            continue;
        if (!first || report_name_compare(f, numbers_[i], first) < 0)
            first = numbers_[i];
    }
    return first;
}

static span dates_weigh(dated *d, uint32_t count, uint8_t *ret_days)
{
    count = dates_once(d, count);
    *ret_days = (uint8_t)dates_days(d, count);
    return dates_winner(d, count);
}

span date_of(facts *f, const uint32_t *numbers_, uint32_t count, bool wider, uint32_t *ret_report, uint8_t *ret_days)
{
    dated few[32], *d = few;
    uint32_t n = 0, alike = 0;
    *ret_report = 0;
    *ret_days = DAYS_AGREE;
    if (count > 32 && !(d = malloc(count * sizeof *d))) {
        f->failed = -ENOMEM;
        return (span){TIME_UNKNOWN, TIME_UNKNOWN};
    }
    for (uint32_t i = 0; i < count; i++) {
        const report *r = report_of(f, numbers_[i]);
        if (r->start_ns == TIME_UNKNOWN || (!wider && r->covers == THAW_WIDER))
            continue;
        d[n] = (dated){.voice = r->voice, .states = r->states_date, .date = report_span(r)};
        alike += d[n].date.start_ns == d[0].date.start_ns && d[n].date.end_ns == d[0].date.end_ns;
        n++;
    }
    span winner = n ? d[0].date : (span){TIME_UNKNOWN, TIME_UNKNOWN};
    if (alike < n) /* mostly all say the same */
        winner = dates_weigh(d, n, ret_days);
    if (n)
        *ret_report = date_first(f, numbers_, count, wider, winner);
    if (d != few)
        free(d);
    return winner;
}

/* ---- groups ------------------------------------------------------------------------- */

/* The first in name order of those that count; of a wider group all do. */
static uint32_t undated_representative(const facts *f, const group *g, bool wider)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < g->members.count; i++) {
        uint32_t n = g->members.at[i];
        if ((wider || report_of(f, n)->covers != THAW_WIDER) && (!best || report_name_compare(f, n, best) < 0))
            best = n;
    }
    return best;
}

static void group_measure_dates(facts *f, const group *g, group_place *s)
{
    bool wider = true;
    uint8_t days;
    for (uint32_t i = 0; i < g->members.count && wider; i++)
        wider = report_of(f, g->members.at[i])->covers == THAW_WIDER;
    s->date = date_of(f, g->members.at, g->members.count, wider, &s->representative, &days);
    s->class = wider ? ITEM_WIDER : class_of_span(f, f->keys[g->key_index].kind, s->date);
    if (!s->representative)
        s->representative = undated_representative(f, g, wider);
}

void group_measure(facts *f, group *g)
{
    group_place s = {0};
    g->naming.count = 0;
    for (uint32_t i = 0; i < g->members.count; i++)
        if (report_of(f, g->members.at[i])->named)
            add(f, &g->naming, report_of(f, g->members.at[i])->source);
    numbers_unique(&g->naming);
    group_measure_dates(f, g, &s);
    group_stand(f, g, &s);
}

/* Of many that differ the dates are added up as they come. */
static void group_digest(facts *f, group *g)
{
    if (g->digest || g->members.count <= f->config.digest_min)
        return;
    g->digest = digest_new(f);
    for (uint32_t i = 0; g->digest && i < g->members.count; i++)
        digest_add_date(f, g->digest, g->members.at[i]);
}

group_place group_grown(facts *f, group *g, uint32_t number)
{
    const report *r = report_of(f, number);
    const span date = report_span(r);
    group_place s = {.date = g->date, .representative = g->representative, .class = g->class};
    if (r->named && !numbers_have(&g->naming, r->source))
        s.named_by = r->source;
    if (g->class == ITEM_WIDER || g->class == ITEM_UNDATED) {
        group_measure_dates(f, g, &s);
        return s;
    }
    if (r->covers == THAW_WIDER || date.start_ns == TIME_UNKNOWN)
        return s; /* gives no date */
    if (g->digest)
        digest_add_date(f, g->digest, number);
    if (date.start_ns == g->date.start_ns && date.end_ns == g->date.end_ns) { /* has one voice more, or as many */
        if (report_name_compare(f, number, s.representative) < 0)
            s.representative = number;
        return s;
    }
    group_digest(f, g);
    if (g->digest)
        s.date = digest_date(g->digest, &s.representative);
    else
        group_measure_dates(f, g, &s);
    s.class = class_of_span(f, f->keys[g->key_index].kind, s.date);
    return s;
}

bool group_stands(const facts *f, const group *g, const group_place *s)
{
    const incident *inc = f->incidents[g->incident];
    /* Names part it from others that stand with it; where none does, they cannot bring it elsewhere. */
    return inc && g->class == ITEM_SHARP && g->class == s->class && g->date.start_ns == s->date.start_ns &&
           g->date.end_ns == s->date.end_ns && g->representative == s->representative &&
           (!s->named_by || inc->items.count == 1);
}

void group_stand(facts *f, group *g, const group_place *s)
{
    g->date = s->date;
    g->class = (uint8_t)s->class;
    g->representative = s->representative;
    if (s->named_by)
        numbers_insert(f, &g->naming, s->named_by);
}
