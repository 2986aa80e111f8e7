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

record *record_alloc(size_t grounds)
{
    record *r = grounds <= UINT32_MAX ? calloc(1, sizeof *r) : NULL;
    if (r && grounds && !(r->grounds = calloc(grounds, sizeof *r->grounds))) {
        free(r);
        return NULL;
    }
    if (r)
        r->capacity = (uint32_t)grounds;
    return r;
}

/* The first in the list of its fact. */
static void ground_link(ground *one, fact_node *fact)
{
    one->fact = fact;
    one->fact_prev = NULL;
    one->fact_next = fact->grounds;
    if (one->fact_next)
        one->fact_next->fact_prev = one;
    fact->grounds = one;
}

static void ground_unlink(const ground *one)
{
    if (one->fact_prev)
        one->fact_prev->fact_next = one->fact_next;
    else
        one->fact->grounds = one->fact_next;
    if (one->fact_next)
        one->fact_next->fact_prev = one->fact_prev;
}

/* It lies elsewhere now, and keeps its place in the list. */
static void ground_relink(ground *one)
{
    if (one->fact_prev)
        one->fact_prev->fact_next = one;
    else
        one->fact->grounds = one;
    if (one->fact_next)
        one->fact_next->fact_prev = one;
}

/* The lists of the facts name the grounds where they lie: each keeps its place in its list. */
static int record_room(record *r)
{
    if (r->count < r->capacity)
        return 0;
    uint32_t capacity = r->capacity ? r->capacity * 2 : 2;
    ground *grounds = r->capacity <= UINT32_MAX / 2 ? calloc(capacity, sizeof *grounds) : NULL;
    if (!grounds)
        return -ENOMEM;
    for (uint32_t i = 0; i < r->count; i++) {
        grounds[i] = r->grounds[i];
        ground_relink(&grounds[i]);
    }
    free(r->grounds);
    r->grounds = grounds;
    r->capacity = capacity;
    return 0;
}

int ground_put(rules *set, record *r, fact_node *fact, uint8_t selection)
{
    int res = record_room(r);
    if (res < 0)
        return res;
    ground *one = &r->grounds[r->count++];
    *one = (ground){.record = r, .selection = selection};
    ground_link(one, fact);
    set->held += sizeof *one;
    return 0;
}

void ground_move(rules *set, ground *one, fact_node *to)
{
    fact_node *fact = one->fact;
    ground_unlink(one);
    ground_link(one, to);
    node_release(set, fact);
}

static int ground_add(rules *set, record *r, fact_handle handle, uint8_t selection)
{
    fact_node *fact = node_get(set, handle);
    int res = fact ? ground_put(set, r, fact, selection) : -ENOMEM;
    if (res < 0 && fact)
        node_release(set, fact);
    return res;
}

/* An alert rested on the fact of an entry, and rests on it still unless it is gone. Where reports of it went to other
 * facts in this round, those say now what it said: the alert rests on them, too, even if no selection has them. */
static int grounds_add(rules *set, record *r, const entry *e)
{
    const fact_node *fact = e->fact;
    uint32_t next = fact->successors;
    int res = fact->gone ? 0 : ground_add(set, r, fact->handle, e->selection);
    for (; res == 0 && next; next = set->successors[next - 1].next)
        res = ground_add(set, r, set->successors[next - 1].to, e->selection);
    return res;
}

/* The state before this round: what was active and had not just come, and what has gone. Before a batch that is the
 * instant of the batch itself, at which the alert may have begun to fire; what is due at an instant ends with the one
 * before it. */
int record_new(rules *set, group *g, record **ret_record)
{
    size_t count = 0;
    for (size_t s = 0; s < g->rule->selections_count; s++)
        for (entry *e = g->entries[s]; e; e = e->next)
            count += before_round(g, e);
    for (entry *e = g->gone; e; e = e->next)
        count++;
    bool partial = count > set->limits.recorded_facts;
    record *r = record_alloc(partial ? 0 : count);
    if (!r)
        return -ENOMEM;
    r->group = g;
    r->partial = partial;
    r->known = set->known;
    r->true_at_ns = set->now_ns == INT64_MIN || set->batch ? set->now_ns : set->now_ns - 1;
    int res = 0;
    for (size_t s = 0; !partial && s < g->rule->selections_count; s++)
        for (entry *e = g->entries[s]; e && res == 0; e = e->next)
            if (before_round(g, e))
                res = grounds_add(set, r, e);
    for (entry *e = partial ? NULL : g->gone; e && res == 0; e = e->next)
        res = grounds_add(set, r, e);
    if (res < 0) {
        record_free(set, r);
        return res;
    }
    hold_record(set, r);
    *ret_record = r;
    return 0;
}

void ground_take(rules *set, ground *one)
{
    ground *last = &one->record->grounds[--one->record->count];
    fact_node *fact = one->fact;
    ground_unlink(one);
    if (last != one) {
        *one = *last;
        ground_relink(one);
    }
    set->held -= sizeof *one;
    node_release(set, fact);
}

static void record_leave_facts(rules *set, record *r)
{
    while (r->count)
        ground_take(set, &r->grounds[r->count - 1]);
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
    alert_let_go(set, r->alert);
    set->held -= r->held;
    free(r->causes);
    free(r->grounds);
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
