/*
 * ties.c - the entities that ids make of nodes: they join where a report bears several of their ids, and part when
 * it goes.
 *
 *   node "wd:Q1" ──┐
 *                  ├── entity (a person, a measure)
 *   node "un:77" ──┘
 */
#include <stdlib.h>

#include "facts/entities/entities.h"
#include "facts/entities/mentions.h"
#include "facts/entities/steps.h"
#include "lower_bound.h"

static uint32_t entity_new(facts *f, uint32_t scope)
{
    uint32_t i = f->entities_free.count
                     ? f->entities_free.at[--f->entities_free.count]
                     : grow(f, (void **)&f->entities, &f->entities_count, &f->entities_capacity, sizeof *f->entities);
    if (i)
        f->entities[i] = (entity){.scope = scope, .used = true, .deadline_ns = INT64_MAX};
    return i;
}

/* The incidents whose number of parties may change because entities joined or parted. */
static void node_mark_incidents(facts *f, const node *n)
{
    for (uint32_t i = 0; i < n->count; i++) {
        const report *r = report_of(f, n->mentions[i].report);
        item it = r->kind == THAW_SANCTION ? report_item(f, n->mentions[i].report) : 0;
        uint32_t incident = it ? item_incident(f, it) : 0;
        if (incident) {
            f->incidents[incident]->sharp_valid = false;
            incident_touch(f, f->incidents[incident]);
            if (f->keys[r->key_index].loose.count)
                key_mark_loose(f, r->key_index, SPAN_ALL); /* counts that vague ones must agree with */
        }
    }
}

/* Of which fact a node was when the batch began: that is said now by whatever has it when things settle. */
static void node_note_was(facts *f, const node *n)
{
    uint32_t cursor = 0;
    if (!n->entity || n->entity >= f->entities_count || !f->entities[n->entity].handle ||
        index_next(&f->nodes_were, n->hash, &cursor))
        return;
    if (index_put(&f->nodes_were, n->hash, n->entity, &f->held) < 0)
        f->failed = -ENOMEM;
}

static uint32_t node_was_of(const facts *f, uint64_t hash)
{
    uint32_t cursor = 0, n = index_next(&f->nodes_index, hash, &cursor);
    uint32_t entity = n ? f->nodes[n].entity : 0;
    if (entity && f->entities[entity].handle)
        return entity;
    cursor = 0;
    return index_next(&f->nodes_were, hash, &cursor);
}

void node_note_retold(facts *f, uint64_t before, uint64_t after)
{
    uint32_t entity = node_was_of(f, before), known, cursor = 0;
    while ((known = index_next(&f->nodes_were, after, &cursor)) && known != entity)
        ;
    if (entity && !known && index_put(&f->nodes_were, after, entity, &f->held) < 0)
        f->failed = -ENOMEM;
}

/* Moves the nodes of one entity to another; the emptied one ends when things settle. */
static void entity_absorb(facts *f, uint32_t into, uint32_t from)
{
    entity *a = &f->entities[into], *b = &f->entities[from];
    for (uint32_t i = 0; i < b->nodes.count; i++) {
        node *n = &f->nodes[b->nodes.at[i]];
        node_note_was(f, n);
        n->entity = into;
        add(f, &a->nodes, b->nodes.at[i]);
        node_mark_incidents(f, n);
    }
    b->nodes.count = 0;
    measure_forget(f, a);
    measure_forget(f, b);
    a->named_by = 0;
    a->fingerprint = 0; /* those that came bear its name from now on */
    entity_mark(f, into);
    entity_mark(f, from);
    a->correction = a->correction || b->handle; /* two facts become one */
}

uint32_t entities_join(facts *f, uint32_t a, uint32_t b)
{
    if (a == b)
        return a;
    bool larger = f->entities[b].nodes.count > f->entities[a].nodes.count;
    entity_absorb(f, larger ? b : a, larger ? a : b);
    return larger ? b : a;
}

static uint32_t entity_of_node(facts *f, uint32_t i)
{
    node *n = &f->nodes[i];
    if (!n->entity) {
        uint32_t e = entity_new(f, n->scope);
        f->entities[e].steps_known = true; /* there are none but those that come now */
        n = &f->nodes[i];
        n->entity = e;
        add(f, &f->entities[e].nodes, i);
    }
    return n->entity;
}

/* Whether it may be by this mention that an entity is named, and no longer as it is known to be. */
static bool names_earlier(facts *f, const entity *e, mention m)
{
    thaw_party party;
    if (e->named_by == NAMED_BY_NONE)
        return mention_party(f, m, &party) && party.name.data;
    return e->named_by && report_of(f, m.report)->start_ns <= report_of(f, e->named_by)->start_ns;
}

uint32_t mention_add(facts *f, uint32_t scope, const thaw_str strings[], uint32_t count, mention m, bool tie)
{
    uint32_t together = 0, first = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = node_make(f, scope, strings[i]);
        if (!n)
            return 0;
        node_put(f, n, m);
        first = first ? first : n;
        if (!tie)
            continue;
        uint32_t e = entity_of_node(f, n);
        if (names_earlier(f, &f->entities[e], m))
            f->entities[e].named_by = 0;
        together = together ? entities_join(f, together, e) : e;
        entity_mark(f, together);
    }
    if (tie && together && f->scopes[scope].kind == SCOPE_MEASURE)
        measure_came(f, &f->entities[together], m.report);
    return first;
}

/* ---- what hangs together -------------------------------------------------------------- */

/* Nodes are marked while they are gathered, so that thousands are no more than each once. */
static void found_put(facts *f, numbers *found, const numbers *nodes)
{
    for (uint32_t i = 0; i < nodes->count; i++) {
        node *n = &f->nodes[nodes->at[i]];
        if (!n->found)
            add(f, found, nodes->at[i]);
        n->found = true;
    }
}

static void found_unmark(facts *f, const numbers *found)
{
    for (uint32_t i = 0; i < found->count; i++)
        f->nodes[found->at[i]].found = false;
}

static uint64_t mention_hash(mention m)
{
    return scramble((uint64_t)m.report << 32 | m.party);
}

/* A mention stands in each node that it ties, and is asked for them once. */
static bool is_asked(facts *f, hash_index *asked, mention m)
{
    uint64_t hash = mention_hash(m);
    uint32_t cursor = 0;
    if (index_next(asked, hash, &cursor))
        return true;
    if (index_put(asked, hash, 1, &f->held) < 0)
        f->failed = -ENOMEM;
    return false;
}

/* Appends what the mentions of a node tie it to, as nodes of the same scope; of the reports marked with 1. */
static void node_spread(facts *f, uint32_t i, const uint8_t *only, hash_index *asked, numbers *found)
{
    const node *n = &f->nodes[i];
    numbers near = {0};
    for (uint32_t j = 0; j < n->count; j++) {
        if (only[n->mentions[j].report] != 1 || is_asked(f, asked, n->mentions[j]))
            continue;
        near.count = 0;
        mention_nodes(f, n->scope, n->mentions[j], &near);
        found_put(f, found, &near);
    }
    numbers_done(&near, &f->held);
}

/* ---- parting -------------------------------------------------------------------------- *
 * A mention stands in each node that it ties: the nodes tell which of them share one, and no report is read. */

typedef struct shared {
    uint32_t node, other;
} shared;
typedef struct shared_list {
    shared *at; /* in order, in both directions */
    uint32_t count, capacity;
} shared_list;

static int shared_order(const void *a_, const void *b_)
{
    const shared *a = a_, *b = b_;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (a->other > b->other) - (a->other < b->other);
}

static void shared_add(facts *f, shared_list *list, uint32_t a, uint32_t b)
{
    const shared *last = list->count ? &list->at[list->count - 1] : NULL;
    if (last && last->node == b && last->other == a)
        return; /* as the mention before */
    if (array_reserve((void **)&list->at, &list->capacity, (size_t)list->count + 2, sizeof *list->at, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    list->at[list->count++] = (shared){a, b};
    list->at[list->count++] = (shared){b, a};
}

static void shared_read(facts *f, const numbers *nodes, shared_list *list)
{
    hash_index first = {0}; /* node by mention */
    for (uint32_t i = 0; nodes->count > 1 && i < nodes->count; i++) {
        const node *n = &f->nodes[nodes->at[i]];
        for (uint32_t j = 0; j < n->count; j++) {
            uint32_t cursor = 0, other = index_next(&first, mention_hash(n->mentions[j]), &cursor);
            if (other)
                shared_add(f, list, nodes->at[i], other);
            else if (index_put(&first, mention_hash(n->mentions[j]), nodes->at[i], &f->held) < 0)
                f->failed = -ENOMEM;
        }
    }
    index_done(&first, &f->held);
    if (list->count > 1)
        qsort(list->at, list->count, sizeof *list->at, shared_order);
}

/* Appends the nodes that share a mention with one. */
static void shared_spread(facts *f, const shared_list *list, uint32_t i, numbers *found)
{
    uint32_t low = 0, high = list->count;
    LOWER_BOUND(low, high, list->at[middle].node < i);
    for (; low < list->count && list->at[low].node == i; low++)
        found_put(f, found, &(numbers){.at = &list->at[low].other, .count = 1});
}

/* All that hangs together with a node (parties.c knows the strings of a party). */
static void entity_spread(facts *f, uint32_t start, const shared_list *list, numbers *found)
{
    numbers near = {0};
    uint32_t party = 0;
    add(f, &near, start);
    found_put(f, found, &near);
    for (uint32_t i = 0; i < found->count; i++) {
        shared_spread(f, list, found->at[i], found);
        uint32_t of = links_party(f, found->at[i]);
        if (of == 0 || of == party)
            continue; /* its nodes are there */
        party = of;
        near.count = 0;
        links_tied(f, f->nodes[start].scope, of, &near);
        found_put(f, found, &near);
    }
    found_unmark(f, found);
    numbers_done(&near, &f->held);
}

/* Nodes that nothing mentions any more. */
static void nodes_end(facts *f, const numbers *nodes, uint32_t entity)
{
    for (uint32_t i = 0; i < nodes->count; i++) {
        node *n = &f->nodes[nodes->at[i]];
        if (n->count || n->entity != entity)
            continue;
        node_note_was(f, n); /* who revises a report names the same ones: it may come back */
        node_end(f, nodes->at[i]);
    }
}

/* Parts an entity whose ties may have gone: what hangs together stays together. */
static void entity_part(facts *f, uint32_t index)
{
    numbers left = f->entities[index].nodes, found = {0};
    shared_list list = {0};
    nodes_end(f, &left, index);
    shared_read(f, &left, &list);
    f->entities[index].nodes = (numbers){0};
    f->entities[index].torn = false;
    bool first = true;
    for (uint32_t i = 0; i < left.count; i++) {
        if (f->nodes[left.at[i]].count == 0 || f->nodes[left.at[i]].entity != index)
            continue;
        found.count = 0;
        entity_spread(f, left.at[i], &list, &found);
        uint32_t e = first ? index : entity_new(f, f->entities[index].scope);
        f->entities[e].fingerprint = 0;
        f->entities[e].named_by = 0;
        for (uint32_t j = 0; j < found.count; j++) {
            if (!first) {
                node_note_was(f, &f->nodes[found.at[j]]);
                node_mark_incidents(f, &f->nodes[found.at[j]]);
            }
            f->nodes[found.at[j]].entity = first ? UINT32_MAX : e;
            add(f, &f->entities[e].nodes, found.at[j]);
        }
        entity_mark(f, e);
        if (!first)
            f->entities[e].correction = true;
        first = false;
    }
    entity *e = &f->entities[index];
    for (uint32_t j = 0; j < e->nodes.count; j++)
        f->nodes[e->nodes.at[j]].entity = index;
    entity_mark(f, index);
    array_free((void **)&list.at, &list.capacity, sizeof *list.at, &f->held);
    numbers_done(&left, &f->held);
    numbers_done(&found, &f->held);
}

void entity_tear(facts *f, uint32_t index)
{
    entity *e = &f->entities[index];
    if (e->torn)
        return;
    e->torn = true;
    measure_forget(f, e);
    add(f, &f->torn_entities, index);
}

void entities_mend(facts *f, scope_kind kind)
{
    numbers *torn = &f->torn_entities;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < torn->count; i++)
        if (f->scopes[f->entities[torn->at[i]].scope].kind == kind)
            entity_part(f, torn->at[i]);
        else
            torn->at[kept++] = torn->at[i];
    torn->count = kept;
}

uint32_t mention_take(facts *f, uint32_t scope, const thaw_str strings[], uint32_t count, mention m, bool tie)
{
    uint32_t e = 0;
    bool empty = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = node_find(f, scope, strings[i]);
        if (!n)
            continue;
        node_take(f, n, m);
        e = f->nodes[n].entity;
        empty = empty || f->nodes[n].count == 0;
        f->entities[e].named_by = 0;
        if (tie)
            entity_mark(f, e);
    }
    if (tie && e && (empty || count > 1))
        entity_tear(f, e);
    else if (tie && e && f->scopes[scope].kind == SCOPE_MEASURE)
        measure_went(f, &f->entities[e], m.report);
    for (uint32_t i = 0; i < count && !tie; i++) {
        uint32_t n = node_find(f, scope, strings[i]);
        if (n && f->nodes[n].count == 0)
            node_end(f, n);
    }
    return 0;
}

static bool node_is_kept(const node *n, const uint8_t *only)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (only[n->mentions[i].report] == 1)
            return true;
    return false;
}

bool entity_hangs_together(facts *f, const entity *e, const uint8_t *only, bool whole)
{
    numbers found = {0}, first = {0};
    hash_index asked = {0};
    uint32_t kept = 0;
    for (uint32_t i = 0; e->nodes.count > 1 && i < e->nodes.count; i++) {
        if (!whole && !node_is_kept(&f->nodes[e->nodes.at[i]], only))
            continue;
        if (!kept++)
            add(f, &first, e->nodes.at[i]);
    }
    found_put(f, &found, &first);
    for (uint32_t i = 0; kept > 1 && i < found.count; i++)
        node_spread(f, found.at[i], only, &asked, &found);
    found_unmark(f, &found);
    bool together = kept < 2 || found.count == kept;
    numbers_done(&found, &f->held);
    numbers_done(&first, &f->held);
    index_done(&asked, &f->held);
    return together;
}
