/*
 * live.c - the state of a set beside what was loaded: built over facts, and dropped.
 */
#include <errno.h>
#include <stdlib.h>

#include "rules/set.h"
#include "rules/state.h"

void set_clear(rules *set)
{
    successors_forget(set);
    for (size_t i = 0; i <= set->rules_count; i++) {
        rule *one = i < set->rules_count ? set->rules[i] : set->limit_rule;
        while (one && one->groups)
            group_free(set, one->groups);
        if (!one)
            continue;
        one->firing_count = one->pending_count = 0;
        one->groups_full = one->facts_full = false;
    }
    for (size_t i = 0; i < set->fact_nodes.size; i++)
        for (fact_node *node; (node = set->fact_nodes.slots[i].value) && node->watches;)
            node_end_watches(set, node);
    while (set->spare) {
        entry *next = set->spare->next;
        set->held -= entry_bytes(0);
        free(set->spare);
        set->spare = next;
    }
    set->spare_count = 0;
    pasts_done(set);
    listings_done(set);
    dispatch_done(set);
    view_done(&set->view);
    table_done(&set->fact_nodes);
    table_done(&set->groups);
    deadlines_done(&set->deadlines);
    free(set->dirty);
    free(set->heirs);
    free(set->full);
    free(set->noted);
    free(set->noted_numbers);
    free(set->successors);
    free(set->scratch);
    free(set->links);
    msgpack_sbuffer_destroy(&set->key);
    set->key = (msgpack_sbuffer){0};
    set->dirty = set->heirs = NULL;
    set->full = NULL;
    set->noted = NULL;
    set->noted_numbers = set->scratch = NULL;
    set->successors = NULL;
    set->links = NULL;
    set->dirty_count = set->dirty_capacity = set->heirs_count = set->heirs_capacity = 0;
    set->full_count = set->full_capacity = set->scratch_size = 0;
    set->noted_count = set->noted_capacity = set->noted_numbers_count = set->noted_numbers_capacity = 0;
    set->successors_capacity = 0;
    set->touched = NULL;
    set->facts = NULL;
    set->sink = (rules_sink){0};
    set->now_ns = INT64_MIN;
    set->failed = 0;
    set->firing_count = 0;
    set->seen_round = 0;
}

static int offer_one(void *context, fact_handle handle)
{
    facts_step(((rules *)context)->facts);
    return change_offer(context, handle);
}

/* A group without `by` is there without any fact: it can tell that something is missing. */
static int make_always(rules *set)
{
    for (size_t i = 0; i < set->rules_count; i++) {
        group *g;
        if (set->rules[i]->by_count)
            continue;
        int res = group_get(set, set->rules[i], NULL, &g);
        if (res == 0)
            res = group_dirty(set, g);
        if (res < 0 && res != -ENOSPC)
            return res;
    }
    return 0;
}

int state_build(rules *set, facts *f, int64_t now_ns)
{
    set->facts = f;
    set->known = facts_number(f);
    set->now_ns = now_ns;
    int res = dispatch_build(set);
    if (res == 0)
        res = make_always(set);
    for (int kind = 1; res == 0 && kind < FACT_KIND_COUNT; kind++)
        if (set->dispatch[kind].wanted)
            res = facts_each(f, (fact_kind)kind, NULL, offer_one, set);
    return res < 0 ? -ENOMEM : 0;
}

rules *rules_free(rules *set)
{
    if (set)
        set_clear(set);
    return set_free(set);
}
