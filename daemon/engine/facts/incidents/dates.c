/* dates.c - the date of a set of reports: what most voices say, each once (FACTS.md, section 2). */
#include <stdlib.h>

#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

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
