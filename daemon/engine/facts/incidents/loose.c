/*
 * loose.c - the vague and wider items of a key, in order, and which of them have to do with what changed.
 *
 * They never move the incidents of sharp items, so they are placed after those, all that overlap anew whenever one of
 * them or a sharp incident beside them changed.
 */
#include "facts/incidents/loose.h"

#include <stdlib.h>
#include <string.h>

#include "facts/incidents/incidents.h"
#include "facts/state/state.h"
#include "lower_bound.h"

void loose_put(facts *f, uint32_t key_index, item it)
{
    numbers *loose = &f->keys[key_index].loose;
    span s = item_span(f, it);
    if (s.start_ns != TIME_UNKNOWN && s.end_ns - s.start_ns > f->keys[key_index].loose_longest_ns)
        f->keys[key_index].loose_longest_ns = s.end_ns - s.start_ns;
    uint32_t low = 0, high = loose->count;
    LOWER_BOUND(low, high, item_compare(f, loose->at[middle], it) < 0);
    add(f, loose, it);
    if (f->failed)
        return;
    memmove(&loose->at[low + 1], &loose->at[low], (loose->count - 1 - low) * sizeof *loose->at);
    loose->at[low] = it;
}

static int64_t sum_bounded(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

#define LOOKS_MAX 32u /* at items, for whether one is near */

/* What changed in a key; items that are placed meanwhile change nothing for others. */
typedef struct spans {
    span at[sizeof((key *)0)->loose_changed / sizeof(span)];
    uint32_t count;
} spans;

/* Whether something changed that reaches into a stretch of time: a sharp incident is shorter than twice the
 * tolerance, and a wider item belongs to one that opened within the tolerance before it. */
static bool loose_concerned(const facts *f, const key *k, const spans *changed, span s)
{
    int64_t reach = 2 * f->config.tolerance_ns[k->kind];
    for (uint32_t i = 0; i < changed->count; i++) {
        span c = changed->at[i];
        if (sum_bounded(c.start_ns, -reach) <= s.end_ns && s.start_ns <= sum_bounded(c.end_ns, reach))
            return true;
    }
    return s.start_ns == TIME_UNKNOWN;
}

/* How far apart items may lie and still have to do with each other: items of two stretches may meet in one sharp
 * incident, which matters where both bear names. */
static int64_t loose_gap(const facts *f, const key *k)
{
    for (uint32_t i = 0; i < k->loose.count; i++) {
        if (item_bears_name(f, k->loose.at[i]))
            return 2 * f->config.tolerance_ns[k->kind];
    }
    return 0;
}

/* The first item that starts then or later. */
static uint32_t loose_from(const facts *f, const key *k, int64_t start_ns)
{
    uint32_t low = 0, high = k->loose.count;
    LOWER_BOUND(low, high, item_start(f, k->loose.at[middle]) < start_ns);
    return low;
}

/* Where the stretch begins that an item is in: no item is longer than loose_longest_ns. */
static uint32_t stretch_begin(const facts *f, const key *k, uint32_t at, int64_t gap)
{
    for (uint32_t i = at; i-- > 0;) {
        int64_t start = item_start(f, k->loose.at[at]);
        if (sum_bounded(item_start(f, k->loose.at[i]), sum_bounded(k->loose_longest_ns, gap)) <= start)
            break;
        if (sum_bounded(item_span(f, k->loose.at[i]).end_ns, gap) > start)
            at = i;
    }
    return at;
}

/* Goes through the stretches of items that overlap each other from one of them on, as long as they start by an
 * instant. Returns the first item behind. */
static uint32_t loose_stretches(facts *f, uint32_t key_index, const spans *changed, uint32_t from, int64_t until_ns,
                                int64_t gap)
{
    key *k = &f->keys[key_index];
    uint32_t i = from;
    for (uint32_t end; i < k->loose.count && !f->failed; i = end) {
        span stretch = item_span(f, k->loose.at[i]);
        if (stretch.start_ns > until_ns)
            break;
        for (end = i + 1; end < k->loose.count; end++) {
            span s = item_span(f, k->loose.at[end]);
            if (s.start_ns >= sum_bounded(stretch.end_ns, gap))
                break;
            stretch.end_ns = s.end_ns > stretch.end_ns ? s.end_ns : stretch.end_ns;
        }
        if (loose_concerned(f, k, changed, stretch))
            loose_place(f, key_index, i, end - i);
        k = &f->keys[key_index];
    }
    return i;
}

static int span_order(const void *a_, const void *b_)
{
    const span *a = a_, *b = b_;
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

/* The undated ones, and what lies within reach of something that changed. */
static void loose_look(facts *f, uint32_t key_index)
{
    key *k = &f->keys[key_index];
    int64_t gap = loose_gap(f, k), reach = 2 * f->config.tolerance_ns[k->kind];
    spans changed = {.count = k->loose_changed_count};
    memcpy(changed.at, k->loose_changed, sizeof changed.at);
    qsort(changed.at, changed.count, sizeof *changed.at, span_order);
    uint32_t next = loose_stretches(f, key_index, &changed, 0, TIME_UNKNOWN, gap);
    for (uint32_t c = 0; c < changed.count; c++) {
        k = &f->keys[key_index];
        int64_t from_ns = sum_bounded(changed.at[c].start_ns, -reach);
        uint32_t from = loose_from(f, k, sum_bounded(from_ns, -k->loose_longest_ns));
        from = from < k->loose.count ? stretch_begin(f, k, from, gap) : from;
        next = loose_stretches(f, key_index, &changed, from > next ? from : next,
                               sum_bounded(changed.at[c].end_ns, reach), gap);
    }
}

/* Whether a vague or wider item is within reach of an incident, as loose_concerned has it; true where it would take
 * long to know. */
static bool loose_near(const facts *f, const key *k, const incident *inc)
{
    const int64_t reach = 2 * f->config.tolerance_ns[k->kind];
    const int64_t from_ns = sum_bounded(inc->start_ns, -reach), to_ns = sum_bounded(inc->span_end_ns, reach);
    if (!k->loose.count || item_start(f, k->loose.at[0]) == TIME_UNKNOWN)
        return k->loose.count;
    uint32_t from = loose_from(f, k, sum_bounded(from_ns, -k->loose_longest_ns)), i = from;
    for (; i < k->loose.count && i - from < LOOKS_MAX && item_start(f, k->loose.at[i]) <= to_ns; i++)
        if (item_span(f, k->loose.at[i]).end_ns >= from_ns)
            return true;
    return i - from == LOOKS_MAX;
}

void loose_settle(facts *f)
{
    for (uint32_t i = 0; i < f->dirty_incidents.count && !f->failed; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        const key *k = &f->keys[inc->key_index];
        incidents_ahead(f, i);
        if (inc->class != ITEM_SHARP)
            continue;
        if (inc->outlined.known ? k->loose.count > 0 : loose_near(f, k, inc))
            sharp_changed(f, inc);
        else
            inc->outlined.known = false; /* nothing was placed by it */
    }
    for (uint32_t i = 0; i < f->dirty_keys.count && !f->failed; i++) {
        key *k = &f->keys[f->dirty_keys.at[i]];
        loose_look(f, f->dirty_keys.at[i]);
        vague_sweep_out(f, k);
        k->loose_dirty = false;
        k->loose_changed_count = 0;
    }
    f->dirty_keys.count = 0;
}
