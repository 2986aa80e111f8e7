/*
 * totals.c - aggregates of a selection in a group. What can be kept up to date is; what cannot
 * (an extreme that leaves, distinct things) is counted anew when it is asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

void totals_add(totals *t, const entry *e)
{
    t->count++;
    if (e->has_count) {
        bool first = !t->with_count++;
        t->sum = time_add(t->sum, e->count); /* saturates: counts are non-negative */
        t->low = time_add(t->low, e->low);
        t->high = time_add(t->high, e->high);
        t->min = first || e->count < t->min ? e->count : t->min;
        t->max = first || e->count > t->max ? e->count : t->max;
    }
    if (e->has_at) {
        bool first = !t->with_at++;
        t->first = first || e->at_ns < t->first ? e->at_ns : t->first;
        t->last = first || e->at_ns > t->last ? e->at_ns : t->last;
    }
}

/* What leaves may have been an extreme: that costs a count anew only where an expression asks for it. */
static void extremes_take(group *g, const entry *e)
{
    const totals *t = &g->totals[e->selection];
    const uint32_t bit = 1u << e->selection, asked = g->rule->selections[e->selection].aggregates;
    if (e->has_count && (e->count == t->min || e->count == t->max) &&
        asked & (1u << AGG_MIN | 1u << AGG_MAX | 1u << AGG_SPREAD))
        g->stale |= bit;
    if (e->has_at && (e->at_ns == t->first || e->at_ns == t->last) && asked & (1u << AGG_FIRST | 1u << AGG_LAST))
        g->stale |= bit;
    if (asked & 0xfu << AGG_DISTINCT_FIRST)
        g->stale |= bit;
}

static void tally_drop(rules *set, group *g, size_t s)
{
    if (!g->tallies)
        return;
    tally_free(set, g->tallies[s]);
    g->tallies[s] = NULL;
}

void totals_enter(rules *set, group *g, const entry *e)
{
    totals *t = &g->totals[e->selection];
    tally *y = g->tallies ? g->tallies[e->selection] : NULL;
    totals_add(t, e);
    if (y && tally_add(y, e)) {
        tally_tell(y, t);
        return;
    }
    tally_drop(set, g, e->selection);
    if (y || g->rule->selections[e->selection].aggregates & 0xfu << AGG_DISTINCT_FIRST)
        g->stale |= 1u << e->selection;
}

void totals_take(rules *set, group *g, const entry *e)
{
    totals *t = &g->totals[e->selection];
    tally *y = g->tallies ? g->tallies[e->selection] : NULL;
    t->count--;
    if (e->has_count) {
        t->with_count--;
        if (t->sum == INT64_MAX || t->low == INT64_MAX || t->high == INT64_MAX)
            g->stale |= 1u << e->selection;
        t->sum -= e->count;
        t->low -= e->low;
        t->high -= e->high;
    }
    t->with_at -= e->has_at;
    if (!y) {
        extremes_take(g, e);
    } else if (tally_take(y, e)) {
        tally_tell(y, t);
    } else {
        tally_drop(set, g, e->selection);
        g->stale |= 1u << e->selection;
    }
}

/* ---- distinct things ---------------------------------------------------------------- */

static int scratch_room(rules *set, size_t hashes)
{
    size_t size = 64;
    while (size < hashes * 2)
        size *= 2;
    if (size > set->scratch_size) {
        free(set->scratch);
        free(set->links);
        set->scratch = calloc(size, sizeof *set->scratch);
        set->links = calloc(size, sizeof *set->links);
        set->scratch_size = set->scratch && set->links ? size : 0;
        return set->scratch_size ? 0 : -ENOMEM;
    }
    memset(set->scratch, 0, size * sizeof *set->scratch);
    return 0;
}

typedef struct distinct_set {
    uint64_t *slots;
    uint32_t *links; /* of people: slots of one person lead to one slot */
    size_t mask;
    int64_t count;
} distinct_set;

static int distinct_open(rules *set, size_t hashes, distinct_set *d)
{
    if (hashes > UINT32_MAX / 4 || scratch_room(set, hashes) < 0)
        return -ENOMEM;
    *d = (distinct_set){.slots = set->scratch, .links = set->links, .mask = 63};
    while (d->mask + 1 < hashes * 2)
        d->mask = d->mask * 2 + 1;
    return 0;
}

static size_t distinct_put(distinct_set *d, uint64_t hash)
{
    size_t at = (hash >> 1) & d->mask;
    while (d->slots[at] && d->slots[at] != hash)
        at = (at + 1) & d->mask;
    if (!d->slots[at]) {
        d->count++;
        d->slots[at] = hash;
        d->links[at] = (uint32_t)at;
    }
    return at;
}

static size_t distinct_root(distinct_set *d, size_t at)
{
    while (d->links[at] != at)
        at = d->links[at] = d->links[d->links[at]];
    return at;
}

/* The people of one fact (facts_people): who shares an id with another fact's person is that person. */
static void distinct_put_people(distinct_set *d, const uint64_t hashes[], size_t count)
{
    size_t person = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = distinct_root(d, distinct_put(d, hashes[i] | 1));
        if (hashes[i] & 1) {
            person = at;
            continue;
        }
        person = distinct_root(d, person);
        if (at == person)
            continue;
        d->links[at] = (uint32_t)person;
        d->count--;
    }
}

static const uint64_t *entry_distinct(const entry *e, size_t place)
{
    const uint64_t *at = e->distinct;
    for (size_t d = 0; d < place; d++)
        at += e->distinct_counts[d];
    return at;
}

static void distinct_put_entry(distinct_set *d, const entry *e, size_t place)
{
    const uint64_t *hashes = entry_distinct(e, place);
    if (place == AGG_PERSONS_PLACE)
        distinct_put_people(d, hashes, e->distinct_counts[place]);
    else
        for (size_t i = 0; i < e->distinct_counts[place]; i++)
            (void)distinct_put(d, hashes[i]);
}

/* ---- walking ------------------------------------------------------------------------ */

typedef struct walk {
    const rules *set;
    const group *g;
    totals_of which;
    size_t selection;
    const entry *at;
    bool in_gone;
} walk;

static bool walk_takes(const walk *w, const entry *e)
{
    const group *g = w->g;
    if (w->in_gone) {
        if (e->selection != w->selection || w->which == TOTALS_NOW)
            return false;
        return w->which == TOTALS_BEFORE ||
               (e->correction && e->from_ns <= w->set->now_ns && w->set->now_ns < e->to_ns);
    }
    if (!e->active)
        return false;
    if (w->which == TOTALS_NOW || e->round != g->round)
        return true;
    return w->which == TOTALS_NEWS && !e->correction;
}

static const entry *walk_next(walk *w)
{
    for (;;) {
        while (w->at) {
            const entry *e = w->at;
            w->at = e->next;
            if (walk_takes(w, e))
                return e;
        }
        if (w->in_gone || w->which == TOTALS_NOW)
            return NULL;
        w->in_gone = true;
        w->at = w->g->gone;
    }
}

static walk walk_start(const rules *set, const group *g, size_t s, totals_of which)
{
    return (walk){.set = set, .g = g, .which = which, .selection = s, .at = g->entries[s]};
}

static int count_distinct(rules *set, const group *g, size_t s, totals_of which, size_t place, totals *t)
{
    size_t hashes = 0;
    walk w = walk_start(set, g, s, which);
    for (const entry *e; (e = walk_next(&w));)
        hashes += e->distinct_counts[place];
    distinct_set d;
    if (distinct_open(set, hashes, &d) < 0)
        return -ENOMEM;
    w = walk_start(set, g, s, which);
    for (const entry *e; (e = walk_next(&w));)
        distinct_put_entry(&d, e, place);
    t->distinct[place] = d.count;
    return 0;
}

/* What is kept of a large one; NULL: nothing is. */
static tally *tally_make(rules *set, group *g, size_t s)
{
    tally_drop(set, g, s);
    tally *y = tally_new(set, g, s);
    if (y && !g->tallies && !(g->tallies = calloc(g->rule->selections_count, sizeof(tally *)))) {
        tally_free(set, y);
        return NULL;
    }
    if (y)
        g->tallies[s] = y;
    return y;
}

static void count_numbers(const rules *set, const group *g, size_t s, totals_of which, totals *t)
{
    *t = (totals){0};
    walk w = walk_start(set, g, s, which);
    for (const entry *e; (e = walk_next(&w));)
        totals_add(t, e);
}

static int count_selection(rules *set, const group *g, size_t s, totals_of which, totals *t)
{
    count_numbers(set, g, s, which, t);
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++)
        if (g->rule->selections[s].aggregates & 1u << (AGG_DISTINCT_FIRST + place) &&
            count_distinct(set, g, s, which, place, t) < 0)
            return -ENOMEM;
    return 0;
}

int totals_refresh(rules *set, group *g)
{
    for (size_t s = 0; g->stale && s < g->rule->selections_count; s++) {
        const tally *y = g->stale & 1u << s ? tally_make(set, g, s) : NULL;
        if (y) {
            count_numbers(set, g, s, TOTALS_NOW, &g->totals[s]);
            tally_tell(y, &g->totals[s]);
        } else if (g->stale & 1u << s && count_selection(set, g, s, TOTALS_NOW, &g->totals[s]) < 0) {
            return -ENOMEM;
        }
    }
    g->stale = 0;
    return 0;
}

int totals_read(rules *set, group *g, totals_of which, totals all[])
{
    if (which == TOTALS_NOW && totals_refresh(set, g) < 0)
        return -ENOMEM;
    for (size_t s = 0; s < g->rule->selections_count; s++) {
        if (which == TOTALS_NOW)
            all[s] = g->totals[s];
        else if (count_selection(set, g, s, which, &all[s]) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Adds the distinct things of loose entries (those of a record). */
int totals_distinct_add(rules *set, totals *t, uint32_t aggregates, const entry *const entries[], size_t count)
{
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++) {
        size_t hashes = 0;
        if (!(aggregates & 1u << (AGG_DISTINCT_FIRST + place)))
            continue;
        for (size_t i = 0; i < count; i++)
            hashes += entries[i]->distinct_counts[place];
        distinct_set d;
        if (distinct_open(set, hashes, &d) < 0)
            return -ENOMEM;
        for (size_t i = 0; i < count; i++)
            distinct_put_entry(&d, entries[i], place);
        t->distinct[place] = d.count;
    }
    return 0;
}

/* ---- values ------------------------------------------------------------------------- */

static struct cel_value time_value(const totals *t, int64_t at_ns)
{
    if (!t->with_at)
        return cel_error_value("the selection is empty");
    int64_t seconds = at_ns / INT64_C(1000000000), nanos = at_ns % INT64_C(1000000000);
    if (nanos < 0) {
        seconds--;
        nanos += INT64_C(1000000000);
    }
    return cel_timestamp(seconds, (int32_t)nanos);
}

struct cel_value totals_value(const totals *t, aggregate a)
{
    switch (a) {
    case AGG_COUNT:
        return cel_int(t->count);
    case AGG_PERSONS:
    case AGG_SOURCES:
    case AGG_VOICES:
    case AGG_REPORTS:
        return cel_int(t->distinct[a - AGG_DISTINCT_FIRST]);
    case AGG_FIRST:
        return time_value(t, t->first);
    case AGG_LAST:
        return time_value(t, t->last);
    case AGG_SUM:
        return cel_int(t->sum);
    case AGG_MIN:
        return cel_int(t->with_count ? t->min : 0);
    case AGG_MAX:
        return cel_int(t->with_count ? t->max : 0);
    case AGG_SPREAD:
        return cel_int(t->with_count ? t->max - t->min : 0);
    case AGG_LOW:
        return cel_int(t->low);
    case AGG_HIGH:
        return cel_int(t->high);
    default:
        return cel_error_value("no such aggregate");
    }
}
