/*
 * nodes.c - ids and names with the reports that mention them, and the entities that shared ids make.
 *
 *   node "wd:Q1" ──┐
 *                  ├── entity (a person, a measure)      a report that mentions both ids ties
 *   node "un:77" ──┘                                     them; when it goes, they may part again
 *
 * A node keeps its mentions in order of date, so that neighbours in time are found by a search.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "clusters.h"
#include "entities.h"
#include "internal.h"

/* ---- nodes -------------------------------------------------------------------------- */

static uint64_t node_hash(uint32_t scope, thaw_str string)
{
    return XXH3_64bits_withSeed(string.data, string.len, scope);
}

static uint32_t node_find_hashed(const facts *f, uint32_t scope, thaw_str string, uint64_t hash)
{
    uint32_t cursor = 0, i;
    while ((i = index_next(&f->nodes_index, hash, &cursor)))
        if (f->nodes[i].scope == scope && str_equal(symbols_get(f->symbols, f->nodes[i].string), string))
            return i;
    return 0;
}

uint32_t node_find(const facts *f, uint32_t scope, thaw_str string)
{
    return node_find_hashed(f, scope, string, node_hash(scope, string));
}

static uint32_t node_make(facts *f, uint32_t scope, thaw_str string)
{
    uint64_t hash = node_hash(scope, string);
    uint32_t i = node_find_hashed(f, scope, string, hash);
    if (i)
        return i;
    i = f->nodes_free.count ? f->nodes_free.at[--f->nodes_free.count]
                            : grow(f, (void **)&f->nodes, &f->nodes_count, &f->nodes_capacity, sizeof *f->nodes);
    if (!i)
        return 0;
    node *n = &f->nodes[i];
    *n = (node){.hash = hash, .scope = scope};
    if (symbols_put(f->symbols, string, &n->string) < 0 || index_put(&f->nodes_index, n->hash, i, &f->held) < 0)
        f->failed = -ENOMEM;
    return i;
}

static void node_end(facts *f, uint32_t i)
{
    node *n = &f->nodes[i];
    index_take(&f->nodes_index, n->hash, i);
    array_free((void **)&n->mentions, &n->capacity, sizeof *n->mentions, &f->held);
    *n = (node){0};
    add(f, &f->nodes_free, i);
}

static int mention_compare(const facts *f, mention a, int64_t start_ns, uint32_t report, uint32_t party)
{
    int64_t start = report_of(f, a.report)->start_ns;
    if (start != start_ns)
        return start < start_ns ? -1 : 1;
    if (a.report != report)
        return a.report < report ? -1 : 1;
    return (a.party > party) - (a.party < party);
}

static uint32_t mention_place(const facts *f, const node *n, int64_t start_ns, uint32_t report, uint32_t party)
{
    uint32_t low = 0, high = n->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (mention_compare(f, n->mentions[middle], start_ns, report, party) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t node_place(const facts *f, const node *n, int64_t start_ns, uint32_t report)
{
    return mention_place(f, n, start_ns, report, 0);
}

static uint64_t mention_hash(const node *n, mention m)
{
    return mix(m.report, mix(m.party, n->hash));
}

static void node_put(facts *f, uint32_t i, mention m)
{
    node *n = &f->nodes[i];
    uint32_t at = mention_place(f, n, report_of(f, m.report)->start_ns, m.report, m.party);
    if (at < n->count && n->mentions[at].report == m.report && n->mentions[at].party == m.party)
        return;
    if (array_reserve((void **)&n->mentions, &n->capacity, (size_t)n->count + 1, sizeof *n->mentions, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    memmove(&n->mentions[at + 1], &n->mentions[at], (n->count - at) * sizeof *n->mentions);
    n->mentions[at] = m;
    n->sum += mention_hash(n, m);
    n->count++;
}

static void node_take(facts *f, uint32_t i, mention m)
{
    node *n = &f->nodes[i];
    uint32_t at = mention_place(f, n, report_of(f, m.report)->start_ns, m.report, m.party);
    if (at >= n->count || n->mentions[at].report != m.report || n->mentions[at].party != m.party)
        return;
    memmove(&n->mentions[at], &n->mentions[at + 1], (n->count - at - 1) * sizeof *n->mentions);
    n->sum -= mention_hash(n, m);
    n->count--;
}

/* ---- entities ----------------------------------------------------------------------- */

static uint32_t entity_new(facts *f, uint32_t scope)
{
    uint32_t i = f->entities_free.count
                     ? f->entities_free.at[--f->entities_free.count]
                     : grow(f, (void **)&f->entities, &f->entities_count, &f->entities_capacity, sizeof *f->entities);
    if (i)
        f->entities[i] = (entity){.scope = scope, .used = true, .deadline_ns = INT64_MAX};
    return i;
}

void entity_mark(facts *f, uint32_t i)
{
    if (!i)
        return;
    entity *e = &f->entities[i];
    causes_note(f, &e->why);
    e->correction = e->correction || f->cause_corrects;
    if (!e->dirty) {
        e->dirty = true;
        add(f, &f->dirty_entities, i);
    }
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

/* Moves the nodes of one entity to another; the emptied one ends when things settle. */
static void entity_absorb(facts *f, uint32_t into, uint32_t from)
{
    entity *a = &f->entities[into], *b = &f->entities[from];
    for (uint32_t i = 0; i < b->nodes.count; i++) {
        node *n = &f->nodes[b->nodes.at[i]];
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
        uint32_t e = entity_of_node(f, n), named_by = f->entities[e].named_by;
        if (named_by && report_of(f, m.report)->start_ns <= report_of(f, named_by)->start_ns)
            f->entities[e].named_by = 0;
        together = together ? entities_join(f, together, e) : e;
        entity_mark(f, together);
    }
    if (tie && together && f->scopes[scope].kind == SCOPE_MEASURE)
        measure_came(f, &f->entities[together], m.report);
    return first;
}

/* The strings that a mention ties to a node, as nodes of the same scope (parties.c knows them). */
static void entity_spread(facts *f, uint32_t start, numbers *found)
{
    add(f, found, start);
    for (uint32_t i = 0; i < found->count; i++) {
        const node *n = &f->nodes[found->at[i]];
        for (uint32_t j = 0; j < n->count; j++)
            mention_nodes(f, n->scope, n->mentions[j], found);
        links_tied(f, found->at[i], found);
    }
}

void entity_part(facts *f, uint32_t index)
{
    numbers left = f->entities[index].nodes, found = {0};
    measure_forget(f, &f->entities[index]);
    f->entities[index].nodes = (numbers){0};
    bool first = true;
    for (uint32_t i = 0; i < left.count; i++) {
        if (f->nodes[left.at[i]].count == 0 || f->nodes[left.at[i]].entity != index)
            continue;
        found.count = 0;
        entity_spread(f, left.at[i], &found);
        uint32_t e = first ? index : entity_new(f, f->entities[index].scope);
        f->entities[e].fingerprint = 0;
        f->entities[e].named_by = 0;
        for (uint32_t j = 0; j < found.count; j++) {
            if (!first)
                node_mark_incidents(f, &f->nodes[found.at[j]]);
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
    numbers_done(&left, &f->held);
    numbers_done(&found, &f->held);
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
        entity_part(f, e);
    else if (tie && e && f->scopes[scope].kind == SCOPE_MEASURE)
        measure_went(f, &f->entities[e], m.report);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = node_find(f, scope, strings[i]);
        if (n && f->nodes[n].count == 0)
            node_end(f, n);
    }
    return 0;
}

/* ---- what an entity rests on -------------------------------------------------------- */

static bool node_is_kept(const node *n, const uint8_t *only)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (only[n->mentions[i].report] == 1)
            return true;
    return false;
}

bool entity_hangs_together(facts *f, const entity *e, const uint8_t *only, bool whole)
{
    numbers found = {0};
    uint32_t kept = 0;
    for (uint32_t i = 0; e->nodes.count > 1 && i < e->nodes.count; i++) {
        if (!whole && !node_is_kept(&f->nodes[e->nodes.at[i]], only))
            continue;
        if (!kept++)
            add(f, &found, e->nodes.at[i]);
    }
    for (uint32_t i = 0; kept > 1 && i < found.count; i++) {
        const node *n = &f->nodes[found.at[i]];
        for (uint32_t j = 0; j < n->count; j++)
            if (only[n->mentions[j].report] == 1)
                mention_nodes(f, n->scope, n->mentions[j], &found);
    }
    bool together = kept < 2 || found.count == kept;
    numbers_done(&found, &f->held);
    return together;
}

typedef struct ordered_mention {
    int64_t start_ns;
    mention m;
} ordered_mention;

static int ordered_mention_compare(const void *a_, const void *b_)
{
    const ordered_mention *a = a_, *b = b_;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->m.report != b->m.report)
        return a->m.report < b->m.report ? -1 : 1;
    return (a->m.party > b->m.party) - (a->m.party < b->m.party);
}

void entity_mentions(facts *f, const entity *e, numbers *reports_, numbers *parties)
{
    if (e->nodes.count == 1) {
        const node *n = &f->nodes[e->nodes.at[0]];
        for (uint32_t i = 0; i < n->count; i++) {
            add(f, reports_, n->mentions[i].report);
            add(f, parties, n->mentions[i].party);
        }
        return;
    }
    size_t total = 0;
    for (uint32_t i = 0; i < e->nodes.count; i++)
        total += f->nodes[e->nodes.at[i]].count;
    ordered_mention *all = total ? malloc(total * sizeof *all) : NULL;
    if (!all) {
        f->failed = total ? -ENOMEM : f->failed;
        return;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < e->nodes.count; i++) {
        const node *nd = &f->nodes[e->nodes.at[i]];
        for (uint32_t j = 0; j < nd->count; j++)
            all[n++] = (ordered_mention){report_of(f, nd->mentions[j].report)->start_ns, nd->mentions[j]};
    }
    qsort(all, n, sizeof *all, ordered_mention_compare);
    for (size_t i = 0; i < n; i++) {
        if (i && ordered_mention_compare(&all[i - 1], &all[i]) == 0)
            continue;
        add(f, reports_, all[i].m.report);
        add(f, parties, all[i].m.party);
    }
    free(all);
}
