/*
 * records.c - what an alert stood on when its condition last held. As long as the alert is kept, a
 * correction of one of these facts asks again whether it would have stood (reconsider.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "rules/state.h"

static bool before_round(const group *g, const entry *e)
{
    return e->active && e->round != g->round;
}

/* What went in this round is from now on said by the fact that took its place, if one did, also where that is in no
 * selection any more. */
static int ground_add(rules *set, record *r, const entry *e)
{
    bool replaced = e->fact->gone && e->fact->heir;
    fact_node *fact = replaced ? node_get(set, e->fact->heir) : e->fact;
    if (!fact)
        return -ENOMEM;
    fact->references += !replaced; /* node_get took one */
    ground *one = &r->grounds[r->count++];
    one->record = r;
    one->selection = e->selection;
    one->fact = fact;
    one->fact_next = fact->grounds;
    fact->grounds = one;
    return 0;
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
    int res = 0;
    for (size_t s = 0; !partial && s < g->rule->selections_count; s++)
        for (entry *e = g->entries[s]; e && res == 0; e = e->next)
            if (before_round(g, e))
                res = ground_add(set, r, e);
    for (entry *e = partial ? NULL : g->gone; e && res == 0; e = e->next)
        res = ground_add(set, r, e);
    if (res < 0) {
        record_free(set, r);
        return res;
    }
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
