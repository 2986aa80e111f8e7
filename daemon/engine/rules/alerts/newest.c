/*
 * newest.c - what an alert lists: the newest facts of its group, in order of time.
 *
 * Of a large group the newest entries are kept in order from one evaluation to the next; otherwise
 * an alert over a million facts would look through all of them each time one comes. Twice as many
 * are kept as are listed, so that they are gathered anew only after many have gone. What is not
 * kept is older than all that is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lower_bound.h"
#include "rules/state.h"

#define SMALL_GROUP 512 /* of so many entries nothing is kept */

struct newest {
    size_t wanted; /* below, they are gathered anew */
    size_t count, capacity;
    bool whole;             /* there are no others */
    const entry *entries[]; /* the oldest first */
};

static int entry_order(const entry *a, const entry *b)
{
    int64_t x = a->has_at ? a->at_ns : INT64_MIN, y = b->has_at ? b->at_ns : INT64_MIN;
    if (x != y)
        return x < y ? -1 : 1;
    if (a->id_hash != b->id_hash)
        return a->id_hash < b->id_hash ? -1 : 1;
    if (a->fact->handle != b->fact->handle)
        return a->fact->handle < b->fact->handle ? -1 : 1;
    return (int)a->selection - (int)b->selection;
}

/* The first that is not older than that. */
static size_t newest_find(const newest *n, const entry *e)
{
    size_t low = 0, high = n->count;
    LOWER_BOUND(low, high, entry_order(n->entries[middle], e) < 0);
    return low;
}

void newest_add(newest *n, const entry *e)
{
    if (!n || (!n->whole && (!n->count || entry_order(e, n->entries[0]) < 0)))
        return;
    if (n->count > 0 && n->count == n->capacity) {
        n->whole = false;
        if (entry_order(e, n->entries[0]) < 0)
            return;
        memmove(&n->entries[0], &n->entries[1], --n->count * sizeof n->entries[0]);
    }
    size_t at = newest_find(n, e);
    memmove(&n->entries[at + 1], &n->entries[at], (n->count++ - at) * sizeof n->entries[0]);
    n->entries[at] = e;
}

void newest_take(newest *n, const entry *e)
{
    if (!n)
        return;
    for (size_t at = newest_find(n, e); at < n->count && entry_order(n->entries[at], e) == 0; at++)
        if (n->entries[at] == e) {
            memmove(&n->entries[at], &n->entries[at + 1], (--n->count - at) * sizeof n->entries[0]);
            return;
        }
}

static void newest_gather(newest *n, const group *g)
{
    n->count = 0;
    n->whole = true;
    for (size_t s = 0; s < g->rule->selections_count; s++)
        for (const entry *e = g->entries[s]; e; e = e->next)
            if (e->active)
                newest_add(n, e);
}

static int newest_ready(group *g)
{
    /* A fact may be in each selection. */
    size_t wanted = RULES_LISTED_MAX * g->rule->selections_count, capacity = wanted * 2;
    newest *n = g->newest;
    if (!n) {
        if (!(n = calloc(1, sizeof *n + capacity * sizeof n->entries[0])))
            return -ENOMEM;
        n->wanted = wanted;
        n->capacity = capacity;
        g->newest = n;
    }
    if (!n->whole && n->count < n->wanted)
        newest_gather(n, g);
    return 0;
}

/* ---- listing ------------------------------------------------------------------------ */

/* The newest of sorted entries, each fact once, in order of time. */
static size_t list_sorted(const entry *const entries[], size_t count, fact_handle all[RULES_LISTED_MAX])
{
    size_t used = 0;
    while (count > 0 && used < RULES_LISTED_MAX) {
        fact_handle handle = entries[--count]->fact->handle;
        size_t i = 0;
        while (i < used && all[i] != handle)
            i++;
        if (i == used)
            all[used++] = handle;
    }
    for (size_t i = 0; i < used / 2; i++) {
        fact_handle other = all[i];
        all[i] = all[used - 1 - i];
        all[used - 1 - i] = other;
    }
    return used;
}

static int compare_entries(const void *a, const void *b)
{
    return entry_order(*(const entry *const *)a, *(const entry *const *)b);
}

int newest_list(group *g, fact_handle all[RULES_LISTED_MAX], size_t *ret_count)
{
    const entry *small[SMALL_GROUP];
    size_t count = 0;
    if (g->entries_count > SMALL_GROUP) {
        if (newest_ready(g) < 0)
            return -ENOMEM;
        *ret_count = list_sorted(g->newest->entries, g->newest->count, all);
        return 0;
    }
    for (size_t s = 0; s < g->rule->selections_count; s++)
        for (const entry *e = g->entries[s]; e; e = e->next)
            if (e->active)
                small[count++] = e;
    if (count > 1)
        qsort(small, count, sizeof small[0], compare_entries);
    *ret_count = list_sorted(small, count, all);
    return 0;
}

/* ---- pages -------------------------------------------------------------------------- */

static void page_put(const entry *page[], size_t max, size_t *count, const entry *e)
{
    size_t low = 0, high = *count;
    LOWER_BOUND(low, high, entry_order(page[middle], e) > 0);
    if (low == max)
        return;
    *count -= *count == max;
    memmove(&page[low + 1], &page[low], (*count - low) * sizeof page[0]);
    page[low] = e;
    ++*count;
}

size_t newest_page(const group *g, uint8_t selection, bool active, const entry *after, const entry *page[], size_t max,
                   size_t *ret_count)
{
    size_t all = 0;
    *ret_count = 0;
    for (const entry *e = g->entries[selection]; e; e = e->next)
        if (e->active == active && (!after || entry_order(e, after) < 0)) {
            page_put(page, max, ret_count, e);
            all++;
        }
    return all;
}
