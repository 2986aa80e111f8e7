/*
 * records.c - what an alert stood on when its condition last held. As long as the alert is kept, a
 * correction of one of these facts asks again whether it would have stood.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

static bool before_round(const group *g, const entry *e)
{
    return e->active && e->round != g->round;
}

/* What went in this round is from now on said by the fact that took its place, if one did. */
static void ground_add(rules *set, record *r, const entry *e)
{
    ground *one = &r->grounds[r->count++];
    fact_node *heir = e->fact->gone && e->fact->heir ? fact_node_find(set, e->fact->heir) : NULL;
    one->record = r;
    one->selection = e->selection;
    one->fact = heir ? heir : e->fact;
    one->fact->references++;
    one->fact_next = one->fact->grounds;
    one->fact->grounds = one;
}

/* The state before this round: what was active and had not just come, and what has gone. */
int record_new(rules *set, group *g, record **ret_record)
{
    size_t count = 0;
    for (size_t s = 0; s < g->rule->selections_count; s++)
        for (entry *e = g->entries[s]; e; e = e->next)
            count += before_round(g, e);
    for (entry *e = g->gone; e; e = e->next)
        count++;
    bool partial = count > set->limits.recorded_facts;
    if (partial)
        count = 0;
    record *r = calloc(1, sizeof *r + count * sizeof r->grounds[0]);
    if (!r)
        return -ENOMEM;
    r->group = g;
    r->partial = partial;
    r->known = set->known;
    r->true_at_ns = set->now_ns == INT64_MIN ? INT64_MIN : set->now_ns - 1;
    for (size_t s = 0; !partial && s < g->rule->selections_count; s++)
        for (entry *e = g->entries[s]; e; e = e->next)
            if (before_round(g, e))
                ground_add(set, r, e);
    for (entry *e = partial ? NULL : g->gone; e; e = e->next)
        ground_add(set, r, e);
    *ret_record = r;
    return 0;
}

static void record_leave_facts(rules *set, record *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        ground **at = &r->grounds[i].fact->grounds;
        while (*at != &r->grounds[i])
            at = &(*at)->fact_next;
        *at = r->grounds[i].fact_next;
        node_release(set, r->grounds[i].fact);
    }
    r->count = 0;
}

void record_forget(rules *set, record *r)
{
    record_leave_facts(set, r);
    r->partial = true;
}

record *record_free(rules *set, record *r)
{
    if (!r)
        return NULL;
    record_leave_facts(set, r);
    if (r->alert)
        for (record **at = &set->touched; r->touched && *at; at = &(*at)->touched_next)
            if (*at == r) {
                *at = r->touched_next;
                break;
            }
    alert_text_free(r->alert);
    free(r->causes);
    free(r);
    return NULL;
}

void group_keep_record(rules *set, group *g, record *r)
{
    r->next = g->records;
    g->records = r;
    if (r->alert->state == THAW_WITHDRAWN)
        record_leave_facts(set, r); /* nothing can be taken from it any more */
    if (++g->records_count <= set->limits.recorded_alerts)
        return;
    record **at = &g->records;
    while ((*at)->next)
        at = &(*at)->next;
    record *oldest = *at;
    *at = NULL;
    g->records_count--;
    record_free(set, oldest);
}

/* ---- asking again ------------------------------------------------------------------- */

typedef struct again {
    const group *group;
    bool found;
} again;

static int in_group(void *context, group *g)
{
    again *a = context;
    a->found |= g == a->group || group_same_but_id(g, a->group); /* the fact may bear another id now */
    return 0;
}

/* The open fact in one selection, as of then; NULL: it is not in it. */
static int selection_entry(rules *set, const record *r, uint8_t index, entry **ret_entry)
{
    const selection *s = &r->group->rule->selections[index];
    again a = {.group = r->group};
    bool matches;
    *ret_entry = NULL;
    int res = view_matches(set, s, &matches);
    if (res < 0 || !matches)
        return res;
    res = groups_of_fact(set, r->group->rule, s, in_group, &a);
    if (res < 0 || !a.found)
        return res;
    entry *e = entry_new(set, s, index);
    if (!e)
        return -ENOMEM;
    if (r->true_at_ns < e->from_ns || r->true_at_ns >= e->to_ns)
        entry_free(set, e);
    else
        *ret_entry = e;
    return 0;
}

/* A recorded fact as what was known then says now: a correction may have brought it from one selection into
 * another. */
static int ground_entries(rules *set, const record *r, const fact_node *fact, entry *entries[])
{
    const rule *one = r->group->rule;
    int res = 0;
    if (fact->gone)
        return 0;
    view_open(set, fact->handle, r->true_at_ns);
    if (view_value(&set->view, FIELD_ID)->kind != CEL_STRING)
        return set->view.no_memory ? -ENOMEM : 0; /* nothing that was known is of it any more */
    for (size_t s = 0; res == 0 && s < one->selections_count; s++)
        if (one->selections[s].kind == set->view.kind)
            res = selection_entry(set, r, (uint8_t)s, &entries[s]);
    return res;
}

static int record_totals(rules *set, const record *r, entry **entries, totals all[])
{
    const rule *one = r->group->rule;
    const entry **theirs = calloc(r->count + 1, sizeof *theirs);
    int res = theirs ? 0 : -ENOMEM;
    for (size_t s = 0; res == 0 && s < one->selections_count; s++) {
        size_t count = 0;
        for (uint32_t i = 0; i < r->count; i++) {
            const entry *e = entries[i * one->selections_count + s];
            if (!e)
                continue;
            totals_add(&all[s], e);
            theirs[count++] = e;
        }
        res = totals_distinct_add(set, &all[s], one->selections[s].aggregates, theirs, count);
    }
    free(theirs);
    return res;
}

/* A fact counts once, in however many selections it was, and where it was merged with another. */
static bool seen_before(const ground *at)
{
    for (const ground *one = at->fact->grounds; one; one = one->fact_next)
        if (one->record == at->record && one < at)
            return true;
    return false;
}

static int record_asked(rules *set, const record *r, bool *ret_holds)
{
    totals all[RULES_SELECTIONS_MAX] = {0};
    const size_t each = r->group->rule->selections_count, count = r->count * each;
    entry **entries = calloc(count + 1, sizeof *entries);
    int res = entries ? 0 : -ENOMEM;
    for (uint32_t i = 0; res == 0 && i < r->count; i++)
        if (!seen_before(&r->grounds[i]))
            res = ground_entries(set, r, r->grounds[i].fact, &entries[i * each]);
    if (res == 0)
        res = record_totals(set, r, entries, all);
    if (res == 0) {
        scope s = {.rule = r->group->rule, .by = r->group->by, .all = all};
        *ret_holds = false;
        if (!scope_empty(&s))
            res = scope_holds(set, &s, r->group->rule->when, ret_holds);
    }
    for (size_t i = 0; entries && i < count; i++)
        entry_free(set, entries[i]);
    free(entries);
    return res;
}

int record_holds(rules *set, record *r, bool *ret_holds)
{
    *ret_holds = true;
    if (r->partial)
        return 0;
    facts_read_known(set->facts, r->known);
    int res = record_asked(set, r, ret_holds);
    facts_read_known(set->facts, 0);
    return res;
}
