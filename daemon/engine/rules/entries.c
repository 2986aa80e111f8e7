/*
 * entries.c - facts in selections: coming, entering the window, leaving it, going.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

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

/* The distinct things that an aggregate counts of the open fact, of kinds that have no such field: a
 * report is one report of one source. */
static void distinct_value(fact_view *v, aggregate a, fact_value *ret)
{
    static const fact_field fields[] = {
        [AGG_SOURCES] = FIELD_SOURCES, [AGG_VOICES] = FIELD_VOICES, [AGG_REPORTS] = FIELD_REPORTS};
    ret->type = FACT_NONE;
    if (view_field(v, fields[a], ret) == 0 && ret->type != FACT_NONE)
        return;
    ret->type = FACT_NONE;
    if (v->kind != FACT_REPORT)
        return;
    if (a == AGG_VOICES && view_field(v, FIELD_ATTRIBUTED_TO, ret) == 0 && ret->type == FACT_STRING)
        return;
    ret->type = FACT_NONE;
    if ((a == AGG_VOICES || a == AGG_SOURCES) && view_field(v, FIELD_SOURCE, ret) < 0)
        ret->type = FACT_NONE;
    if (a == AGG_REPORTS && view_field(v, FIELD_ID, ret) < 0)
        ret->type = FACT_NONE;
}

/* What each aggregate counts of the open fact, as hashes. */
typedef struct distinct_things {
    uint64_t *people; /* see facts_people; owned */
    size_t people_count;
    fact_value values[AGG_DISTINCT_COUNT]; /* but of the people */
} distinct_things;

static size_t distinct_count(const distinct_things *d, size_t place)
{
    const fact_value *value = &d->values[place];
    size_t count = place == AGG_PERSONS_PLACE ? d->people_count
                   : value->type == FACT_STRINGS             ? value->strings.count
                                                             : value->type == FACT_STRING;
    return count > UINT16_MAX ? UINT16_MAX : count;
}

static int distinct_read(fact_view *v, uint32_t aggregates, distinct_things *d, size_t *ret_hashes)
{
    *d = (distinct_things){.people = NULL};
    *ret_hashes = 0;
    if (aggregates & 1u << AGG_PERSONS) {
        int res = facts_people(v->facts, v->handle, &d->people, &d->people_count);
        if (res < 0 && res != -ENOENT)
            return res;
    }
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++) {
        if (place != AGG_PERSONS_PLACE && aggregates & 1u << (AGG_DISTINCT_FIRST + place))
            distinct_value(v, (aggregate)(AGG_DISTINCT_FIRST + place), &d->values[place]);
        *ret_hashes += distinct_count(d, place);
    }
    return 0;
}

static void distinct_fill(entry *e, const distinct_things *d)
{
    size_t used = 0;
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++) {
        const fact_value *value = &d->values[place];
        const thaw_str *items = value->type == FACT_STRINGS ? value->strings.items : &value->string;
        size_t count = distinct_count(d, place);
        e->distinct_counts[place] = (uint16_t)count;
        for (size_t i = 0; i < count; i++)
            e->distinct[used++] = place == AGG_PERSONS_PLACE
                                      ? d->people[i]
                                      : XXH3_64bits(items[i].data, items[i].len) | 1;
    }
}

static void entry_numbers(entry *e, fact_view *v, const selection *s)
{
    fact_value value;
    if (view_field(v, s->at, &value) == 0 && value.type == FACT_TIME) {
        e->has_at = true;
        e->at_ns = value.at_ns;
    }
    if (s->count_field != FIELD_NONE && view_field(v, s->count_field, &value) == 0 &&
        value.type == FACT_INT) {
        e->has_count = true;
        e->count = e->low = e->high = value.number;
        if (view_field(v, FIELD_LOW, &value) == 0 && value.type == FACT_INT)
            e->low = value.number;
        if (view_field(v, FIELD_HIGH, &value) == 0 && value.type == FACT_INT)
            e->high = value.number;
    }
    if (view_field(v, FIELD_ID, &value) == 0 && value.type == FACT_STRING)
        e->id_hash = XXH3_64bits(value.string.data, value.string.len);
}

entry *entry_new(rules *set, const selection *s, uint8_t index)
{
    fact_view *v = &set->view;
    distinct_things things;
    size_t hashes;
    if (distinct_read(v, s->aggregates, &things, &hashes) < 0)
        return NULL;
    entry *e = calloc(1, sizeof *e + hashes * sizeof e->distinct[0]);
    if (!e) {
        free(things.people);
        return NULL;
    }
    e->due.type = DEADLINE_ENTRY;
    e->selection = index;
    distinct_fill(e, &things);
    free(things.people);
    entry_numbers(e, v, s);
    window_of(s, e->at_ns, e);
    if (v->no_memory) {
        free(e);
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
           a->has_count == b->has_count && a->count == b->count && a->low == b->low &&
           a->high == b->high && a->id_hash == b->id_hash && a->from_ns == b->from_ns &&
           a->to_ns == b->to_ns && !memcmp(a->distinct, b->distinct, hashes * sizeof a->distinct[0]);
}

/* ---- coming and going --------------------------------------------------------------- */

static int entry_schedule(rules *set, entry *e)
{
    int64_t next = set->now_ns < e->from_ns ? e->from_ns : e->to_ns;
    return deadline_set(&set->deadlines, &e->due, next);
}

static void entry_activate(entry *e)
{
    group *g = e->group;
    e->active = true;
    totals_add(&g->totals[e->selection], e);
    if (g->rule->selections[e->selection].aggregates & 0xfu << AGG_DISTINCT_FIRST)
        g->stale |= 1u << e->selection;
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
        entry_activate(e);
    return 0;
}

static void entry_unlink(rules *set, entry *e)
{
    group *g = e->group;
    entry **at = &e->fact->entries;
    while (*at != e)
        at = &(*at)->fact_next;
    *at = e->fact_next;
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
    if (e->active)
        totals_take(g, e);
}

/* What came in this round leaves no trace; what was active before it is kept until its end. */
int entry_drop(rules *set, entry *e, bool correction)
{
    group *g = e->group;
    bool keep = e->active && e->round != g->round;
    entry_unlink(set, e);
    if (!keep) {
        node_release(set, e->fact);
        free(e);
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
        free(g->gone);
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
        entry_activate(e);
    }
    int res = entry_schedule(set, e);
    return res < 0 ? res : group_dirty(set, e->group);
}
