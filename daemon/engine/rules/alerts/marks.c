/*
 * marks.c - what is to be looked at once all changes of a round are in: groups, and alerts that a correction touched.
 */
#include <errno.h>
#include <stdlib.h>

#include "rules/state.h"

int group_dirty(rules *set, group *g)
{
    if (g->dirty)
        return 0;
    if (room_for(&set->dirty, &set->dirty_capacity, set->dirty_count + 1, sizeof(group *)) < 0)
        return -ENOMEM;
    set->dirty[set->dirty_count++] = g;
    g->dirty = true;
    return 0;
}

static void causes_add(uint64_t causes[RULES_CAUSES_MAX], uint32_t *count, const fact_change *change)
{
    for (uint32_t i = 0; i < change->causes_count && *count < RULES_CAUSES_MAX; i++) {
        uint32_t j = 0;
        while (j < *count && causes[j] != change->causes[i])
            j++;
        if (j == *count)
            causes[(*count)++] = change->causes[i];
    }
}

int group_correct(group *g, const fact_change *change)
{
    if (!change->correction)
        return 0;
    g->corrected = true;
    if (!g->causes && !(g->causes = calloc(RULES_CAUSES_MAX, sizeof *g->causes)))
        return -ENOMEM;
    causes_add(g->causes, &g->causes_count, change);
    return 0;
}

int record_touch(rules *set, record *r, const fact_change *change)
{
    if (!r->causes && !(r->causes = calloc(RULES_CAUSES_MAX, sizeof *r->causes)))
        return -ENOMEM;
    causes_add(r->causes, &r->causes_count, change);
    if (r->touched)
        return 0;
    r->touched = true;
    if (!r->alert)
        return group_dirty(set, r->group); /* looked at with its group */
    r->touched_next = set->touched;
    set->touched = r;
    return 0;
}
