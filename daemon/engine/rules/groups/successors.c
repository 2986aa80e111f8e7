/*
 * successors.c - facts to which reports of another went in a round: where an incident parts, or becomes one with
 * another, what alerts stood on is said by several facts, or by one that was there before.
 */
#include <errno.h>
#include <stddef.h>

#include "rules/state.h"

static bool is_successor(const rules *set, const fact_node *of, fact_handle to)
{
    uint32_t next = of->successors;
    while (next && set->successors[next - 1].to != to)
        next = set->successors[next - 1].next;
    return next != 0;
}

/* Alerts that stood on the one stand on the other, too. */
static int grounds_share(rules *set, const fact_node *of, fact_node *to, const fact_change *by)
{
    set->shares++;
    for (const ground *one = to->grounds; one; one = one->fact_next)
        one->record->shared = set->shares;
    for (ground *one = of->grounds; one; one = one->fact_next) {
        record *r = one->record;
        const ptrdiff_t place = one - r->grounds;
        int res = by->correction ? record_touch(set, r, by) : 0;
        if (res == 0 && r->shared != set->shares) {
            r->shared = set->shares;
            to->references++;
            res = ground_put(set, r, to, one->selection);
            if (res < 0)
                node_release(set, to);
            one = &r->grounds[place]; /* they may lie elsewhere now */
        }
        if (res < 0)
            return res;
    }
    return 0;
}

int fact_succeeded(rules *set, fact_handle of, const fact_change *by)
{
    fact_node *old = fact_node_find(set, of);
    if (!old || old->handle == by->handle || is_successor(set, old, by->handle))
        return 0;
    fact_node *node = node_get(set, by->handle);
    if (!node ||
        room_for(&set->successors, &set->successors_capacity, set->successors_count + 1, sizeof *set->successors) < 0) {
        if (node)
            node_release(set, node);
        return -ENOMEM;
    }
    set->successors[set->successors_count++] = (successor){.of = old, .to = by->handle, .next = old->successors};
    old->successors = (uint32_t)set->successors_count;
    old->references++;
    int res = grounds_share(set, old, node, by);
    node_release(set, node);
    return res;
}

void grounds_leave(rules *set, fact_node *gone)
{
    while (gone->grounds)
        ground_take(set, gone->grounds);
}

void successors_forget(rules *set)
{
    for (size_t i = 0; i < set->successors_count; i++) {
        fact_node *of = set->successors[i].of;
        of->successors = 0;
        node_release(set, of);
    }
    set->successors_count = 0;
}
