/*
 * live.c - the state of a set beside what was loaded: built over facts, and dropped.
 */
#include <errno.h>
#include <stdlib.h>

#include "rules/set.h"
#include "rules/state.h"

static void rule_clear(rules *set, rule *one)
{
    while (one->groups)
        group_free(set, one->groups);
    one->firing_count = one->pending_count = 0;
    one->limits = 0;
}

static void spare_free(rules *set)
{
    while (set->spare) {
        entry *next = set->spare->next;
        set->held -= entry_bytes(0);
        free(set->spare);
        set->spare = next;
    }
    set->spare_count = 0;
}

#define LIST_FREE(name) (free(set->name), set->name = NULL, set->name##_count = set->name##_capacity = 0)

static void lists_free(rules *set)
{
    LIST_FREE(dirty);
    LIST_FREE(heirs);
    LIST_FREE(full);
    noted_free(set);
    LIST_FREE(successors);
    free(set->scratch);
    set->scratch = NULL;
    set->scratch_size = 0;
    free(set->links);
    set->links = NULL;
    msgpack_sbuffer_destroy(&set->key);
    set->key = (msgpack_sbuffer){0};
}

void set_clear(rules *set)
{
    successors_forget(set);
    for (size_t i = 0; i < set->rules_count; i++)
        rule_clear(set, set->rules[i]);
    if (set->limit_rule)
        rule_clear(set, set->limit_rule);
    for (size_t i = 0; i < set->fact_nodes.size; i++)
        for (fact_node *node; (node = set->fact_nodes.slots[i].value) && node->watches;)
            node_end_watches(set, node);
    spare_free(set);
    pasts_done(set);
    listings_done(set);
    dispatch_done(set);
    view_done(&set->view);
    table_done(&set->fact_nodes);
    table_done(&set->groups);
    deadlines_done(&set->deadlines);
    lists_free(set);
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
