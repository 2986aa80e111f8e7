/* items.c - what clustering moves as one, and the date of a set of reports. */
#include <stdlib.h>

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
    if (it & ITEM_GROUP)
        group_of(f, it)->incident = incident;
    else if (report_of(f, it)->placed == PLACED_ALONE)
        report_of(f, it)->place = incident;
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

/* A voice's latest dated report. */
typedef struct dated {
    uint32_t voice, report;
    span date;
} dated;

#define FEW 24u /* up to so many are not worth a table, or a qsort */

/* Where the voice stands among the first `kept`, or kept. */
static uint32_t voice_find(const dated *d, uint32_t kept, uint32_t voice)
{
    uint32_t j = 0;
    while (j < kept && d[j].voice != voice)
        j++;
    return j;
}

/* The same by a hash table of places + 1, 0 where it is empty; what is new is entered as `kept`. */
static uint32_t voice_find_in(uint32_t *table, uint32_t mask, const dated *d, uint32_t kept, uint32_t voice)
{
    uint32_t at = (voice * 0x9e3779b1u) & mask;
    while (table[at] && d[table[at] - 1].voice != voice)
        at = (at + 1) & mask;
    if (!table[at])
        table[at] = kept + 1;
    return table[at] - 1;
}

/* Keeps of each voice its latest; returns how many are left. */
static uint32_t voices_latest(facts *f, dated *d, uint32_t count)
{
    uint32_t kept = 0, size = 64, *table = NULL;
    while (size < count * 2u)
        size *= 2;
    if (count > FEW && !(table = calloc(size, sizeof *table))) {
        f->failed = -ENOMEM;
        return count;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = table ? voice_find_in(table, size - 1, d, kept, d[i].voice) : voice_find(d, kept, d[i].voice);
        if (j == kept)
            d[kept++] = d[i];
        else if (report_later_compare(f, d[i].report, d[j].report) > 0)
            d[j] = d[i];
    }
    free(table);
    return kept;
}

/* Whether a date wins over another; `voice` says how many give it. */
static bool date_wins(const dated *a, const dated *b)
{
    int64_t length = a->date.end_ns - a->date.start_ns, length_b = b->date.end_ns - b->date.start_ns;
    if (a->voice != b->voice)
        return a->voice > b->voice;
    return length != length_b ? length < length_b : a->date.start_ns < b->date.start_ns;
}

static int dates_order(const void *a_, const void *b_)
{
    const span a = ((const dated *)a_)->date, b = ((const dated *)b_)->date;
    int order = (a.start_ns > b.start_ns) - (a.start_ns < b.start_ns);
    return order ? order : (a.end_ns > b.end_ns) - (a.end_ns < b.end_ns);
}

/* Most are few, of which no call need be made for each comparison. */
static void dates_sort(dated *d, uint32_t count)
{
    if (count > FEW) {
        qsort(d, count, sizeof *d, dates_order);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        const dated one = d[i];
        uint32_t at = i;
        for (; at > 0 && dates_order(&d[at - 1], &one) > 0; at--)
            d[at] = d[at - 1];
        d[at] = one;
    }
}

/* The date that occurs most often, then the shorter, then the earlier; with the report first in name order. Brings
 * equal dates together, and counts them in the `voice` of the first. */
static const dated *dates_winner(const facts *f, dated *d, uint32_t count)
{
    const dated *best = NULL;
    dates_sort(d, count);
    for (uint32_t i = 0, next; i < count; i = next) {
        d[i].voice = 1;
        for (next = i + 1; next < count && dates_order(&d[next], &d[i]) == 0; next++) {
            d[i].voice++;
            if (report_name_compare(f, d[next].report, d[i].report) < 0)
                d[i].report = d[next].report;
        }
        if (!best || date_wins(&d[i], best))
            best = &d[i];
    }
    return best;
}

/* Whether two of the voices give dates that do not overlap. */
static bool dates_disagree(const dated *d, uint32_t count)
{
    int64_t greatest_start = INT64_MIN, least_end = INT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        greatest_start = d[i].date.start_ns > greatest_start ? d[i].date.start_ns : greatest_start;
        least_end = d[i].date.end_ns < least_end ? d[i].date.end_ns : least_end;
    }
    return count && greatest_start >= least_end;
}

span date_of(facts *f, const uint32_t *numbers_, uint32_t count, bool wider, uint32_t *ret_report, bool *ret_disagree)
{
    dated few[32], *d = few;
    uint32_t n = 0;
    *ret_report = 0;
    *ret_disagree = false;
    if (count > 32 && !(d = malloc(count * sizeof *d))) {
        f->failed = -ENOMEM;
        return (span){TIME_UNKNOWN, TIME_UNKNOWN};
    }
    for (uint32_t i = 0; i < count; i++) {
        const report *r = report_of(f, numbers_[i]);
        if (r->start_ns != TIME_UNKNOWN && (wider || r->covers != THAW_WIDER))
            d[n++] = (dated){r->voice, numbers_[i], report_span(r)};
    }
    span winner = {TIME_UNKNOWN, TIME_UNKNOWN};
    if (n == 1) {
        winner = d[0].date;
        *ret_report = d[0].report;
    } else if (n > 1) {
        n = voices_latest(f, d, n);
        *ret_disagree = dates_disagree(d, n);
        const dated *best = dates_winner(f, d, n);
        winner = best->date;
        *ret_report = best->report;
    }
    if (d != few)
        free(d);
    return winner;
}

/* ---- groups ------------------------------------------------------------------------- */

/* Of the members that give the group's date, the first in name order. */
static uint32_t group_representative(const facts *f, const group *g)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < g->members.count; i++) {
        uint32_t n = g->members.at[i];
        const report *r = report_of(f, n);
        if (g->class != ITEM_WIDER && r->covers == THAW_WIDER)
            continue;
        span s = report_span(r);
        if (s.start_ns != g->date.start_ns || s.end_ns != g->date.end_ns)
            continue;
        if (!best || report_name_compare(f, n, best) < 0)
            best = n;
    }
    return best ? best : g->members.at[0];
}

void group_measure(facts *f, group *g)
{
    bool wider = true;
    g->naming.count = 0;
    for (uint32_t i = 0; i < g->members.count; i++) {
        const report *r = report_of(f, g->members.at[i]);
        wider = wider && r->covers == THAW_WIDER;
        if (r->named)
            add(f, &g->naming, r->source);
    }
    numbers_unique(&g->naming);
    uint32_t unused;
    bool disagree;
    g->date = date_of(f, g->members.at, g->members.count, wider, &unused, &disagree);
    g->class = wider ? ITEM_WIDER : class_of_span(f, f->keys[g->key_index].kind, g->date);
    g->representative = group_representative(f, g);
}
