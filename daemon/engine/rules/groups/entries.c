/*
 * entries.c - facts in selections: coming, entering the window, leaving it, going.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

/* ---- facts -------------------------------------------------------------------------- */

fact_node *fact_node_find(const rules *set, fact_handle handle)
{
    return table_get(&set->fact_nodes, handle);
}

fact_node *node_get(rules *set, fact_handle handle)
{
    fact_node *node = fact_node_find(set, handle);
    if (!node) {
        node = calloc(1, sizeof *node);
        if (!node || table_put(&set->fact_nodes, handle, node) < 0) {
            free(node);
            return NULL;
        }
        node->handle = handle;
    }
    node->references++;
    return node;
}

void node_release(rules *set, fact_node *node)
{
    if (--node->references)
        return;
    (void)table_take(&set->fact_nodes, node->handle);
    free(node);
}

/* ---- windows ------------------------------------------------------------------------ */

/* When a fact of that time is in the window: from <= now < to. */
static void window_of(const selection *s, int64_t at_ns, entry *e)
{
    if (!s->has_within && !s->has_before && !s->has_ahead) {
        e->from_ns = INT64_MIN;
        e->to_ns = INT64_MAX;
        return;
    }
    if (!e->has_at) {
        e->from_ns = e->to_ns = INT64_MAX; /* what has no time is in no window */
        return;
    }
    if (s->has_ahead) {
        e->from_ns = s->ahead_ns == INT64_MAX ? INT64_MIN : time_add(at_ns, -s->ahead_ns);
        e->to_ns = at_ns;
        return;
    }
    e->from_ns = s->has_before ? time_add(at_ns, s->before_ns) : at_ns;
    e->to_ns = s->has_within ? time_add(at_ns, s->within_ns) : INT64_MAX;
}

/* ---- making ------------------------------------------------------------------------- */

static entry *entry_alloc(rules *set, size_t hashes)
{
    entry *e = hashes ? NULL : set->spare;
    if (e) {
        set->spare = e->next;
        set->spare_count--;
        return e;
    }
    e = malloc(entry_bytes(hashes));
    set->held += e ? entry_bytes(hashes) : 0;
    return e;
}

void entry_free(rules *set, entry *e)
{
    size_t hashes = 0;
    for (size_t place = 0; e && place < AGG_DISTINCT_COUNT; place++)
        hashes += e->distinct_counts[place];
    if (!e || hashes || set->spare_count >= RULES_SPARE_MAX) {
        set->held -= e ? entry_bytes(hashes) : 0;
        free(e);
        return;
    }
    e->next = set->spare;
    set->spare = e;
    set->spare_count++;
}

/* The distinct things that the rule counts; -ENOMEM. */
static int distinct_of(fact_view *v, uint32_t aggregates, const view_things *ret_all[AGG_DISTINCT_COUNT],
                       size_t *ret_hashes)
{
    *ret_hashes = 0;
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++) {
        ret_all[place] = NULL;
        if (!(aggregates & 1u << (AGG_DISTINCT_FIRST + place)))
            continue;
        if (!(ret_all[place] = view_things_of(v, (aggregate)(AGG_DISTINCT_FIRST + place))))
            return -ENOMEM;
        *ret_hashes += ret_all[place]->count;
    }
    return 0;
}

static void distinct_fill(entry *e, const fact_view *v, const view_things *const all[AGG_DISTINCT_COUNT])
{
    size_t used = 0;
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++) {
        if (!all[place] || !all[place]->count)
            continue;
        memcpy(e->distinct + used, v->hashes + all[place]->first, all[place]->count * sizeof e->distinct[0]);
        e->distinct_counts[place] = all[place]->count;
        used += all[place]->count;
    }
}

bool window_over(rules *set, const selection *s)
{
    entry e = {.to_ns = 0};
    e.has_at = view_time(&set->view, s->at, &e.at_ns);
    window_of(s, e.at_ns, &e);
    return set->now_ns >= e.to_ns;
}

static void entry_numbers(entry *e, fact_view *v, const selection *s)
{
    e->has_at = view_time(v, s->at, &e->at_ns);
    e->id_hash = view_id_hash(v);
    const struct cel_value *value = s->count_field == FIELD_NONE ? NULL : view_value(v, s->count_field);
    if (!value || value->kind != CEL_INT)
        return;
    e->has_count = true;
    e->count = e->low = e->high = value->integer;
    if ((value = view_value(v, FIELD_LOW))->kind == CEL_INT)
        e->low = value->integer;
    if ((value = view_value(v, FIELD_HIGH))->kind == CEL_INT)
        e->high = value->integer;
}

entry *entry_new(rules *set, const selection *s, uint8_t index)
{
    fact_view *v = &set->view;
    const view_things *things[AGG_DISTINCT_COUNT];
    size_t hashes;
    if (distinct_of(v, s->aggregates, things, &hashes) < 0)
        return NULL;
    entry *e = entry_alloc(set, hashes);
    if (!e)
        return NULL;
    *e = (entry){.due.type = DEADLINE_ENTRY, .selection = index};
    distinct_fill(e, v, things);
    entry_numbers(e, v, s);
    window_of(s, e->at_ns, e);
    if (v->no_memory) {
        entry_free(set, e);
        return NULL;
    }
    return e;
}

bool entry_same(const entry *a, const entry *b)
{
    size_t hashes = 0;
    for (size_t d = 0; d < AGG_DISTINCT_COUNT; d++) {
        if (a->distinct_counts[d] != b->distinct_counts[d])
            return false;
        hashes += a->distinct_counts[d];
    }
    return a->selection == b->selection && a->has_at == b->has_at && a->at_ns == b->at_ns &&
           a->has_count == b->has_count && a->count == b->count && a->low == b->low && a->high == b->high &&
           a->id_hash == b->id_hash && a->from_ns == b->from_ns && a->to_ns == b->to_ns &&
           !memcmp(a->distinct, b->distinct, hashes * sizeof a->distinct[0]);
}

/* ---- coming and going --------------------------------------------------------------- */

static int entry_schedule(rules *set, entry *e)
{
    int64_t next = set->now_ns < e->from_ns ? e->from_ns : e->to_ns;
    return deadline_set(&set->deadlines, &e->due, next);
}

static void entry_activate(rules *set, entry *e)
{
    group *g = e->group;
    e->active = true;
    totals_enter(set, g, e);
    newest_add(g->newest, e);
}

int entry_link(rules *set, entry *e, fact_node *node, group *g, bool correction)
{
    e->group = g;
    if (entry_schedule(set, e) < 0 || group_dirty(set, g) < 0) {
        deadline_clear(&set->deadlines, &e->due);
        return -ENOMEM;
    }
    node->references++;
    e->fact = node;
    e->fact_next = node->entries;
    if (e->fact_next)
        e->fact_next->fact_prev = e;
    node->entries = e;
    e->next = g->entries[e->selection];
    if (e->next)
        e->next->prev = e;
    g->entries[e->selection] = e;
    g->entries_count++;
    g->rule->facts_count++;
    e->round = g->round;
    e->correction = correction;
    if (e->from_ns <= set->now_ns && set->now_ns < e->to_ns)
        entry_activate(set, e);
    return 0;
}

static void entry_unlink(rules *set, entry *e)
{
    group *g = e->group;
    if (e->fact_prev)
        e->fact_prev->fact_next = e->fact_next;
    else
        e->fact->entries = e->fact_next;
    if (e->fact_next)
        e->fact_next->fact_prev = e->fact_prev;
    if (e->prev)
        e->prev->next = e->next;
    else
        g->entries[e->selection] = e->next;
    if (e->next)
        e->next->prev = e->prev;
    e->prev = e->next = NULL;
    g->entries_count--;
    g->rule->facts_count--;
    deadline_clear(&set->deadlines, &e->due);
    if (e->active) {
        totals_take(set, g, e);
        newest_take(g->newest, e);
    }
}

/* What came in this round leaves no trace; what was active before it is kept until its end. */
int entry_drop(rules *set, entry *e, bool correction)
{
    group *g = e->group;
    bool keep = e->active && e->round != g->round;
    entry_unlink(set, e);
    if (!keep) {
        node_release(set, e->fact);
        entry_free(set, e);
    } else {
        e->correction = correction;
        e->next = g->gone;
        g->gone = e;
    }
    return group_dirty(set, g);
}

void group_forget_gone(rules *set, group *g)
{
    while (g->gone) {
        entry *next = g->gone->next;
        node_release(set, g->gone->fact);
        entry_free(set, g->gone);
        g->gone = next;
    }
}

int entry_due(rules *set, entry *e)
{
    if (set->now_ns >= e->to_ns)
        return entry_drop(set, e, false);
    if (!e->active) {
        e->round = e->group->round;
        e->correction = false;
        entry_activate(set, e);
    }
    int res = entry_schedule(set, e);
    return res < 0 ? res : group_dirty(set, e->group);
}
