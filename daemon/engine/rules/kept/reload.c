/*
 * reload.c - putting a set in the place of another. Start is a reload with nothing before it.
 */
#include <errno.h>
#include <string.h>

#include "rules/set.h"
#include "rules/state.h"

static rules_fate fate_of(const rule *old, const rule *one)
{
    if (!old)
        return RULES_NEW;
    if (old->full_hash == one->full_hash)
        return RULES_UNCHANGED;
    return old->meaning_hash == one->meaning_hash ? RULES_KEPT : RULES_RECOMPUTED;
}

static void tell(const rules *old, const rules *set, rules_change_fn on_change, void *context)
{
    for (size_t i = 0; i < set->rules_count; i++) {
        const rule *one = set->rules[i];
        const rule *before = old ? set_find(old, one->id, strlen(one->id)) : NULL;
        rules_change change = {one->id, fate_of(before, one), before ? before->firing_count : 0};
        on_change(context, &change);
    }
    for (size_t i = 0; old && i < old->rules_count; i++) {
        const rule *one = old->rules[i];
        rules_change change = {one->id, RULES_REMOVED, one->firing_count};
        if (!set_find(set, one->id, strlen(one->id)))
            on_change(context, &change);
    }
}

/* The groups of the new set that take over a life are made beforehand: after that nothing fails. */
static int make_heirs(rules *old, rules *set)
{
    for (size_t i = 0; i < old->rules_count; i++) {
        rule *one = set_find(set, old->rules[i]->id, strlen(old->rules[i]->id));
        if (!one || !rule_same_by(one, old->rules[i]))
            continue;
        for (group *g = old->rules[i]->groups; g; g = g->next) {
            if (g->state == LIFE_NONE && !g->number && !g->records)
                continue;
            facts_step(old->facts);
            int res = group_get(set, one, g->by, &g->heir);
            if (res == 0)
                res = group_dirty(set, g->heir);
            if (res == 0 && g->due.place)
                res = deadline_set(&set->deadlines, &g->heir->due, g->due.at_ns);
            if (res < 0 && res != -ENOSPC)
                return res;
            if (res < 0)
                g->heir = NULL;
        }
    }
    return 0;
}

/* Records name selections by number and facts by node: they move where the definition is the same,
 * and stay as mere history where it is not (or for want of memory). */
static void move_record(rules *old, rules *set, record *r, group *to, bool same)
{
    const uint64_t held = r->held + (r->alert ? r->alert->held : 0);
    set->held += held;
    old->held -= held;
    r->group = to;
    r->shared = 0; /* the new set counts its own */
    r->partial = r->partial || !same;
    for (uint32_t i = 0; i < r->count;) {
        fact_node *node = same ? node_get(set, r->grounds[i].fact->handle) : NULL;
        if (node) {
            ground_move(old, &r->grounds[i++], node);
            old->held -= sizeof(ground);
            set->held += sizeof(ground);
            continue;
        }
        r->partial = true;
        ground_take(old, &r->grounds[i]);
    }
}

static void move_life(rules *old, rules *set, group *g)
{
    group *to = g->heir;
    bool same = g->rule->meaning_hash == to->rule->meaning_hash;
    to->state = g->state;
    to->since_ns = g->since_ns;
    to->number = g->number;
    to->alert = g->alert;
    set->held += to->alert ? to->alert->held : 0;
    old->held -= to->alert ? to->alert->held : 0;
    to->basis = g->basis;
    to->records = g->records;
    to->records_count = g->records_count;
    for (record *r = g->records; r; r = r->next)
        move_record(old, set, r, to, same);
    if (to->basis)
        move_record(old, set, to->basis, to, same);
    if (g->state == LIFE_FIRING || g->state == LIFE_KEPT) {
        to->rule->firing_count++;
        set->firing_count++;
        g->rule->firing_count--;
        old->firing_count--;
    }
    to->rule->pending_count += g->state == LIFE_PENDING;
    g->state = LIFE_NONE;
    g->alert = NULL;
    g->basis = g->records = NULL;
    g->records_count = 0;
    g->heir = NULL;
}

static int end_rule(rules *old, const rules *set, rule *one)
{
    const rule *now = set_find(set, one->id, strlen(one->id));
    old->ended = now ? "the rule groups by other fields now" : "the rule was removed";
    for (group *g = one->groups; g; g = g->next)
        if (g->state == LIFE_FIRING || g->state == LIFE_KEPT) {
            int res = alert_end(old, g, false);
            if (res < 0)
                return res;
            facts_step(old->facts);
        }
    return 0;
}

static int end_removed(rules *old, rules *set)
{
    int res = 0;
    for (size_t i = 0; res == 0 && i < old->rules_count; i++)
        res = end_rule(old, set, old->rules[i]);
    old->ended = NULL;
    for (group *g = old->limit_rule->groups; res == 0 && g; g = g->next)
        if (g->state == LIFE_FIRING) {
            old->ended = "the rules were loaded anew";
            res = alert_end(old, g, false);
        }
    old->ended = NULL;
    return res;
}

/* The numbers of ended limit alerts go on. */
static int keep_limit_numbers(const rules *old, rules *set)
{
    for (const group *g = old->limit_rule->groups; g; g = g->next) {
        group *to;
        int res = group_get(set, set->limit_rule, g->by, &to);
        if (res < 0)
            return res;
        to->number = g->number;
    }
    return 0;
}

static void take_over(rules *old, rules *set)
{
    for (size_t i = 0; i < set->rules_count; i++) {
        const rule *before = set_find(old, set->rules[i]->id, strlen(set->rules[i]->id));
        set->rules[i]->recomputed = before && before->meaning_hash != set->rules[i]->meaning_hash;
    }
    for (size_t i = 0; i < old->rules_count; i++)
        for (group *g = old->rules[i]->groups; g; g = g->next)
            if (g->heir)
                move_life(old, set, g);
}

int rules_replace(rules *old, rules *set, facts *f, int64_t now_ns, const rules_sink *sink, bool dry,
                  rules_change_fn on_change, void *context)
{
    if (dry) {
        if (on_change)
            tell(old, set, on_change, context);
        return 0;
    }
    if (old && old->now_ns > now_ns)
        now_ns = old->now_ns;
    int res = state_build(set, f, now_ns);
    if (res == 0 && old)
        res = make_heirs(old, set);
    if (res == 0 && old)
        res = pasts_inherit(old, set);
    if (res == 0 && old)
        res = keep_limit_numbers(old, set);
    if (res == 0)
        res = facts_failed(f);
    if (res < 0) {
        for (size_t i = 0; old && i < old->rules_count; i++)
            for (group *g = old->rules[i]->groups; g; g = g->next)
                g->heir = NULL;
        set_clear(set);
        return res;
    }
    if (on_change)
        tell(old, set, on_change, context);
    set->sink = *sink;
    if (old) {
        take_over(old, set);
        res = end_removed(old, set);
    }
    if (res == 0 && now_ns != INT64_MIN)
        res = evaluate_dirty(set);
    for (size_t i = 0; i < set->rules_count; i++)
        set->rules[i]->recomputed = false;
    return res < 0 && old ? -ENOTRECOVERABLE : res;
}
