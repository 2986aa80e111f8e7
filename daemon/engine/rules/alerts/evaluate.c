/*
 * evaluate.c - time and changes: what has come due acts, what was noted is taken in, and then each
 * touched group is evaluated once, in order of rule and group.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

static int compare_groups(const void *a, const void *b)
{
    const group *x = *(group *const *)a, *y = *(group *const *)b;
    if (x->rule->index != y->rule->index)
        return x->rule->index < y->rule->index ? -1 : 1;
    return strcmp(x->text, y->text);
}

static void group_close_round(rules *set, group *g)
{
    group_forget_gone(set, g);
    g->round++;
    g->corrected = false;
    g->causes_count = 0;
    g->dirty = false;
    if (g->basis && g->basis->touched)
        g->basis->touched = false; /* the condition holds again: nothing was asked */
    if (group_idle(g))
        group_free(set, g);
}

/* In order of rule, group and alert: in which order corrections touched them depends on how often
 * the state was built anew. */
static int compare_records(const void *a, const void *b)
{
    const record *x = *(record *const *)a, *y = *(record *const *)b;
    int order = compare_groups(&x->group, &y->group);
    if (order)
        return order;
    return (x->alert->seq > y->alert->seq) - (x->alert->seq < y->alert->seq);
}

static int touched_sorted(rules *set, record ***ret_all, size_t *ret_count)
{
    size_t count = 0;
    for (const record *r = set->touched; r; r = r->touched_next)
        count++;
    record **all = count ? calloc(count, sizeof(*all)) : NULL;
    if (count && !all)
        return -ENOMEM;
    *ret_count = 0;
    while (set->touched) {
        record *r = set->touched;
        set->touched = r->touched_next;
        r->touched_next = NULL;
        r->touched = false;
        all[(*ret_count)++] = r;
    }
    if (count > 1)
        qsort(all, count, sizeof(*all), compare_records);
    *ret_all = all;
    return 0;
}

/* Resolved alerts whose ground was corrected. */
static int evaluate_records(rules *set)
{
    record **all = NULL;
    size_t count = 0;
    int res = touched_sorted(set, &all, &count);
    set->view.of_known = 0;
    for (size_t i = 0; i < count; i++) {
        record *r = all[i];
        bool holds = true;
        if (res == 0 && r->alert->state == THAW_RESOLVED)
            res = record_holds(set, r, &holds);
        if (res == 0 && !holds)
            res = alert_withdraw_record(set, r);
        r->causes_count = 0;
    }
    free(all);
    return res;
}

int evaluate_dirty(rules *set)
{
    int res = 0;
    set->listing_round++;
    if (set->dirty_count > 1)
        qsort(set->dirty, set->dirty_count, sizeof(group *), compare_groups);
    for (size_t i = 0; res == 0 && i < set->dirty_count; i++) {
        res = group_evaluate(set, set->dirty[i]);
        facts_step(set->facts);
    }
    if (res == 0)
        res = evaluate_records(set);
    for (size_t i = 0; i < set->dirty_count; i++)
        group_close_round(set, set->dirty[i]);
    set->dirty_count = 0;
    for (size_t i = 0; i < set->full_count; i++)
        if (res == 0)
            res = limit_tell(set, set->full[i]);
    set->full_count = 0;
    successors_forget(set);
    return res;
}

static int act(rules *set, deadline *due)
{
    switch (due->type) {
    case DEADLINE_ENTRY:
        return entry_due(set, (entry *)due);
    case DEADLINE_LIFE:
        return group_due(set, (group *)due);
    default:
        return watch_due(set, (watch *)due);
    }
}

/* All that is due at or before now_ns, instant by instant; those of now_ns itself are left for the
 * evaluation that follows where `leave_last`. */
static int act_until(rules *set, int64_t now_ns, bool leave_last)
{
    deadline *due;
    int res = 0;
    while (res == 0 && (due = deadline_first(&set->deadlines)) && due->at_ns <= now_ns) {
        set->now_ns = due->at_ns > set->now_ns ? due->at_ns : set->now_ns;
        int64_t instant = set->now_ns;
        while (res == 0 && (due = deadline_first(&set->deadlines)) && due->at_ns <= instant)
            res = act(set, due);
        if (res == 0 && !(leave_last && instant == now_ns))
            res = evaluate_dirty(set);
    }
    return res;
}

static int move(rules *set, int64_t now_ns, bool with_batch)
{
    if (now_ns == INT64_MIN || !set->facts)
        return set->failed;
    if (set->now_ns == INT64_MIN)
        set->now_ns = now_ns; /* the first time: nothing lies before it */
    if (now_ns < set->now_ns)
        now_ns = set->now_ns;
    int res = set->failed;
    if (res == 0)
        res = act_until(set, now_ns, !with_batch);
    set->now_ns = now_ns;
    set->batch = with_batch;
    if (res == 0)
        res = changes_apply(set);
    if (res == 0)
        res = evaluate_dirty(set);
    set->batch = false;
    set->known = facts_number(set->facts);
    if (res < 0)
        set->failed = res;
    return res;
}

int rules_evaluate(rules *set, int64_t now_ns)
{
    return move(set, now_ns, true);
}

int rules_advance(rules *set, int64_t now_ns)
{
    return move(set, now_ns, false);
}

int64_t rules_next_deadline(const rules *set)
{
    const deadline *due = deadline_first(&set->deadlines);
    return due ? due->at_ns : INT64_MAX;
}
