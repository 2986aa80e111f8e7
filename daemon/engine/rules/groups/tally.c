/*
 * tally.c - what makes that a selection of many entries in a group is not counted anew for each that comes or goes: how
 * often each of its distinct things is there, and its least and greatest values. After a silence ten thousand facts may
 * leave one window at ten thousand instants.
 *
 * It is made when a selection is counted, and kept up as long as it can tell: where the last of the values that it kept
 * has gone, a table is full, or an id goes that tied other ids to one person, the selection is counted again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lower_bound.h"
#include "rules/state.h"

#define GHOST UINT32_MAX

/* ---- the least of many values -------------------------------------------------------- */

typedef struct least {
    bool whole; /* there are no others; else the others are no less */
    size_t count, capacity;
    int64_t at[];
} least;

/* The first that is not less. */
static size_t least_find(const least *l, int64_t value)
{
    size_t low = 0, high = l->count;
    LOWER_BOUND(low, high, l->at[middle] < value);
    return low;
}

static void least_add(least *l, int64_t value)
{
    if (l->count == l->capacity)
        l->whole = false;
    if (!l->whole && (!l->count || value >= l->at[l->count - 1]))
        return;
    if (l->count == l->capacity)
        l->count--;
    size_t at = least_find(l, value);
    memmove(&l->at[at + 1], &l->at[at], (l->count++ - at) * sizeof l->at[0]);
    l->at[at] = value;
}

static void least_take(least *l, int64_t value)
{
    size_t at = least_find(l, value);
    if (at == l->count || l->at[at] != value)
        return;
    memmove(&l->at[at], &l->at[at + 1], (--l->count - at) * sizeof l->at[0]);
}

/* ---- how often each thing is there ---------------------------------------------------- */

typedef struct times {
    uint64_t *keys; /* 0: empty */
    uint32_t *count, *links;
    bool *joined; /* people: it was told together with others; else links and this are NULL */
    size_t mask, used;
    int64_t distinct;
} times;

static size_t times_bytes(const times *t)
{
    return t->keys ? (t->mask + 1) *
                         (sizeof *t->keys + sizeof *t->count + (t->links ? sizeof *t->links + sizeof *t->joined : 0))
                   : 0;
}

static void times_done(times *t)
{
    free(t->keys);
    free(t->count);
    free(t->links);
    free(t->joined);
    *t = (times){0};
}

static int times_open(times *t, size_t hashes, bool people)
{
    size_t size = 64;
    while (size < hashes * 4)
        size *= 2;
    *t = (times){.mask = size - 1};
    t->keys = hashes <= UINT32_MAX / 8 ? calloc(size, sizeof *t->keys) : NULL;
    t->count = t->keys ? calloc(size, sizeof *t->count) : NULL;
    t->links = t->keys && people ? calloc(size, sizeof *t->links) : NULL;
    t->joined = t->keys && people ? calloc(size, sizeof *t->joined) : NULL;
    if (t->count && (!people || (t->links && t->joined)))
        return 0;
    times_done(t);
    return -ENOMEM;
}

/* Where a thing stands, or is to stand; SIZE_MAX: there is no room. */
static size_t times_place(times *t, uint64_t key)
{
    size_t at = (key >> 1) & t->mask;
    while (t->keys[at] && t->keys[at] != key)
        at = (at + 1) & t->mask;
    if (t->keys[at])
        return at;
    if (t->used * 2 > t->mask)
        return SIZE_MAX;
    t->used++;
    t->keys[at] = key;
    if (t->links)
        t->links[at] = (uint32_t)at;
    return at;
}

static bool times_add(times *t, uint64_t key, size_t *ret_at)
{
    *ret_at = times_place(t, key);
    if (*ret_at == SIZE_MAX || t->count[*ret_at] >= GHOST - 1)
        return false;
    if (!t->count[*ret_at]++)
        t->distinct++;
    return true;
}

/* How often it is still there. */
static uint32_t times_take(times *t, uint64_t key)
{
    size_t at = times_place(t, key);
    if (at == SIZE_MAX || !t->count[at])
        return 0;
    if (!--t->count[at])
        t->distinct--;
    return t->count[at];
}

/* ---- people ---------------------------------------------------------------------------- */

/* The ids of one person as one fact tells them. */
typedef struct person {
    const uint64_t *ids;
    size_t count;
} person;

/* Of the people of an entry (facts_people) the next. */
static bool person_next(const uint64_t **at, const uint64_t *end, person *ret)
{
    *ret = (person){.ids = *at};
    while (*at < end && (!ret->count || !(**at & 1))) {
        ++*at;
        ret->count++;
    }
    return ret->count > 0;
}

static uint64_t person_key(const person *p)
{
    uint64_t key = 0;
    for (size_t i = 0; i < p->count; i++)
        key += (p->ids[i] | 1) * UINT64_C(0x9E3779B97F4A7C15);
    return key | 1;
}

static size_t person_root(times *t, size_t at)
{
    while (t->links[at] != at)
        at = t->links[at] = t->links[t->links[at]];
    return at;
}

static bool person_add(times *t, times *told, const person *p)
{
    size_t root = 0, at;
    if (p->count > 1 && !times_add(told, person_key(p), &at))
        return false;
    for (size_t i = 0; i < p->count; i++) {
        if (!times_add(t, p->ids[i] | 1, &at))
            return false;
        t->joined[at] |= p->count > 1;
        size_t theirs = person_root(t, at);
        if (i > 0)
            root = person_root(t, root);
        if (i > 0 && theirs != root) {
            t->links[theirs] = (uint32_t)root;
            t->distinct--;
        }
        root = i > 0 ? root : theirs;
    }
    return true;
}

/* What nobody tells any more; where others may be tied to it, it must not come again. */
static void id_goes(times *t, size_t at)
{
    t->count[at] = t->joined[at] ? GHOST : 0;
}

/* False: it may have tied others together. An id that one other tells too holds to that one. */
static bool person_take(times *t, times *told, const person *p)
{
    size_t shared = 0;
    bool again = p->count > 1 && times_take(told, person_key(p)) > 0;
    for (size_t i = 0; i < p->count; i++) {
        size_t at = times_place(t, p->ids[i] | 1);
        if (at == SIZE_MAX || !t->count[at] || t->count[at] == GHOST)
            return false;
        shared += t->count[at] > 1;
    }
    if (!again && shared > 1)
        return false;
    for (size_t i = 0; i < p->count; i++) {
        size_t at = times_place(t, p->ids[i] | 1);
        if (!--t->count[at])
            id_goes(t, at);
    }
    t->distinct -= !shared;
    return true;
}

/* ---- all of it -------------------------------------------------------------------------- */

enum { LEAST_FIRST, LEAST_LAST, LEAST_LOWEST, LEAST_HIGHEST, LEAST_KINDS };

struct tally {
    least *least[LEAST_KINDS];        /* NULL: not asked for */
    times things[AGG_DISTINCT_COUNT]; /* without keys: not asked for */
    times told;                       /* ids that people were told with, as one */
    uint64_t held;
};

void tally_free(rules *set, tally *y)
{
    if (!y)
        return;
    set->held -= y->held;
    for (size_t i = 0; i < LEAST_KINDS; i++)
        free(y->least[i]);
    for (size_t i = 0; i < AGG_DISTINCT_COUNT; i++)
        times_done(&y->things[i]);
    times_done(&y->told);
    free(y);
}

static uint32_t least_asked(uint32_t aggregates)
{
    const uint32_t spread = 1u << AGG_SPREAD;
    return (aggregates & 1u << AGG_FIRST ? 1u << LEAST_FIRST : 0) |
           (aggregates & 1u << AGG_LAST ? 1u << LEAST_LAST : 0) |
           (aggregates & (1u << AGG_MIN | spread) ? 1u << LEAST_LOWEST : 0) |
           (aggregates & (1u << AGG_MAX | spread) ? 1u << LEAST_HIGHEST : 0);
}

/* As many go, at least, as make a selection large, before they are gathered anew. */
static least *least_new(size_t large)
{
    const size_t capacity = large * 2;
    least *l = calloc(1, sizeof *l + capacity * sizeof l->at[0]);
    if (l)
        *l = (least){.whole = true, .capacity = capacity};
    return l;
}

static int tally_open(tally *y, uint32_t aggregates, size_t large, const size_t hashes[AGG_DISTINCT_COUNT])
{
    y->held = sizeof *y;
    for (size_t i = 0; i < LEAST_KINDS; i++) {
        if (!(least_asked(aggregates) & 1u << i))
            continue;
        if (!(y->least[i] = least_new(large)))
            return -ENOMEM;
        y->held += sizeof *y->least[i] + y->least[i]->capacity * sizeof y->least[i]->at[0];
    }
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++) {
        bool people = place == AGG_PERSONS_PLACE;
        if (!(aggregates & 1u << (AGG_DISTINCT_FIRST + place)))
            continue;
        if (times_open(&y->things[place], hashes[place], people) < 0 ||
            (people && times_open(&y->told, hashes[place], false) < 0))
            return -ENOMEM;
        y->held += times_bytes(&y->things[place]);
    }
    y->held += times_bytes(&y->told);
    return 0;
}

/* The value of an entry that a least is of, the greatest turned round; false: it has none. */
static bool least_value(const entry *e, size_t kind, int64_t *ret)
{
    bool by_time = kind == LEAST_FIRST || kind == LEAST_LAST;
    int64_t value = by_time ? e->at_ns : e->count;
    *ret = kind == LEAST_LAST || kind == LEAST_HIGHEST ? ~value : value;
    return by_time ? e->has_at : e->has_count;
}

static bool things_add(tally *y, size_t place, const uint64_t *hashes, size_t count)
{
    const uint64_t *at = hashes, *end = hashes + count;
    size_t where;
    person p;
    if (place == AGG_PERSONS_PLACE) {
        while (person_next(&at, end, &p))
            if (!person_add(&y->things[place], &y->told, &p))
                return false;
        return true;
    }
    for (; at < end; at++)
        if (!times_add(&y->things[place], *at, &where))
            return false;
    return true;
}

static bool things_take(tally *y, size_t place, const uint64_t *hashes, size_t count)
{
    const uint64_t *at = hashes, *end = hashes + count;
    person p;
    if (place == AGG_PERSONS_PLACE) {
        while (person_next(&at, end, &p))
            if (!person_take(&y->things[place], &y->told, &p))
                return false;
        return true;
    }
    for (; at < end; at++)
        (void)times_take(&y->things[place], *at);
    return true;
}

bool tally_add(tally *y, const entry *e)
{
    const uint64_t *hashes = e->distinct;
    int64_t value;
    for (size_t i = 0; i < LEAST_KINDS; i++)
        if (y->least[i] && least_value(e, i, &value))
            least_add(y->least[i], value);
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; hashes += e->distinct_counts[place++])
        if (y->things[place].keys && !things_add(y, place, hashes, e->distinct_counts[place]))
            return false;
    return true;
}

bool tally_take(tally *y, const entry *e)
{
    const uint64_t *hashes = e->distinct;
    int64_t value;
    for (size_t i = 0; i < LEAST_KINDS; i++) {
        if (y->least[i] && least_value(e, i, &value))
            least_take(y->least[i], value);
        if (y->least[i] && !y->least[i]->whole && !y->least[i]->count)
            return false;
    }
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; hashes += e->distinct_counts[place++])
        if (y->things[place].keys && !things_take(y, place, hashes, e->distinct_counts[place]))
            return false;
    return true;
}

static void least_tell(const tally *y, size_t kind, int64_t *into)
{
    const least *l = y->least[kind];
    if (l && l->count)
        *into = kind == LEAST_LAST || kind == LEAST_HIGHEST ? ~l->at[0] : l->at[0];
}

void tally_tell(const tally *y, totals *t)
{
    least_tell(y, LEAST_FIRST, &t->first);
    least_tell(y, LEAST_LAST, &t->last);
    least_tell(y, LEAST_LOWEST, &t->min);
    least_tell(y, LEAST_HIGHEST, &t->max);
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++)
        if (y->things[place].keys)
            t->distinct[place] = y->things[place].distinct;
}

/* For want of memory there is none, and all is counted anew as of a small one. */
tally *tally_new(rules *set, const group *g, size_t s)
{
    const uint32_t aggregates = g->rule->selections[s].aggregates;
    size_t count = 0, hashes[AGG_DISTINCT_COUNT] = {0};
    if (!least_asked(aggregates) && !(aggregates & 0xfu << AGG_DISTINCT_FIRST))
        return NULL;
    for (const entry *e = g->entries[s]; e; e = e->next) {
        count += e->active;
        for (size_t place = 0; e->active && place < AGG_DISTINCT_COUNT; place++)
            hashes[place] += e->distinct_counts[place];
    }
    tally *y = count && count >= set->limits.tallied ? calloc(1, sizeof *y) : NULL;
    bool whole = y && tally_open(y, aggregates, set->limits.tallied, hashes) == 0;
    set->held += y ? y->held : 0;
    for (const entry *e = g->entries[s]; whole && e; e = e->next)
        whole = !e->active || tally_add(y, e);
    if (whole)
        return y;
    tally_free(set, y);
    return NULL;
}
