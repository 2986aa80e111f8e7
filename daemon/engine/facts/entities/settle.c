/* settle.c - persons and measures as facts: their names, their ids, and what of them changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "facts/entities/entities.h"
#include "facts/entities/steps.h"
#include "facts/state/state.h"
#include "lower_bound.h"

/* ---- what there is to see ----------------------------------------------------------- */

static uint64_t name_hash(facts *f, uint32_t index)
{
    entity *e = &f->entities[index];
    if (!e->named_by) {
        uint32_t by;
        thaw_str name = entity_name_look(f, index, &by);
        e->name_hash = XXH3_64bits(name.data, name.len);
        e->named_by = by ? by : NAMED_BY_NONE;
    }
    return e->name_hash;
}

static uint64_t mentions_hash(facts *f, const entity *e)
{
    uint64_t h = 0;
    for (uint32_t i = 0; i < e->nodes.count; i++)
        h += f->nodes[e->nodes.at[i]].hash + f->nodes[e->nodes.at[i]].sum;
    return h;
}

static uint64_t person_fingerprint(facts *f, uint32_t index)
{
    const entity *e = &f->entities[index];
    person_view v;
    person_look(f, e, &v);
    uint64_t h = mix(mentions_hash(f, e), name_hash(f, index));
    h = mix(h, (uint64_t)v.status | (uint64_t)v.contradiction << 8);
    h = mix(h, (uint64_t)v.since_ns);
    return mix(h, (uint64_t)v.releases << 32 | v.detentions) | 1;
}

static uint64_t measure_fingerprint(facts *f, uint32_t index, bool *ret_stands)
{
    entity *e = &f->entities[index];
    measure_view v;
    measure_look(f, e, f->now_ns, &v);
    e->deadline_ns = v.next_ns != TIME_UNKNOWN && v.next_ns > f->now_ns ? v.next_ns : INT64_MAX;
    *ret_stands = v.state != MEASURE_NONE;
    uint32_t party = measure_party(f, e);
    uint64_t h = mix(mentions_hash(f, e), party ? name_hash(f, party) : 0);
    h = mix(h, (uint64_t)v.state);
    h = mix(h, (uint64_t)v.since_ns);
    return mix(h, (uint64_t)v.expires_ns) | 1;
}

/* ---- whose nodes came to whom --------------------------------------------------------- */

/* The facts of which nodes of an entity were, by the entities; in order of those. */
typedef struct arrival {
    uint32_t to;
    fact_handle from;
} arrival;

typedef struct arrived {
    arrival *all;
    fact_handle *handles; /* the same, without `to` */
    uint32_t count;
} arrived;

static int arrival_compare(const void *a_, const void *b_)
{
    const arrival *a = a_, *b = b_;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return (a->from > b->from) - (a->from < b->from);
}

/* The entity that a node is of now; 0: it is gone. */
static uint32_t node_is_of(const facts *f, uint64_t hash)
{
    uint32_t cursor = 0, n = index_next(&f->nodes_index, hash, &cursor);
    return n ? f->nodes[n].entity : 0;
}

static void arrived_read(facts *f, arrived *ret_arrived)
{
    const hash_index *were = &f->nodes_were;
    *ret_arrived = (arrived){0};
    if (!were->live)
        return;
    arrived a = {.all = calloc(were->live, sizeof *a.all), .handles = calloc(were->live, sizeof *a.handles)};
    if (!a.all || !a.handles) {
        f->failed = -ENOMEM;
        free(a.all);
        free(a.handles);
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < were->size; i++) {
        uint32_t from = were->slots[i].value, to = from ? node_is_of(f, were->slots[i].hash) : 0;
        if (to && to != from)
            a.all[count++] = (arrival){to, f->entities[from].handle};
    }
    if (count > 1)
        qsort(a.all, count, sizeof *a.all, arrival_compare);
    for (uint32_t i = 0; i < count; i++)
        if (!i || arrival_compare(&a.all[i - 1], &a.all[i]) != 0) {
            a.handles[a.count] = a.all[i].from;
            a.all[a.count++] = a.all[i];
        }
    *ret_arrived = a;
}

static arrivals arrived_to(const arrived *a, uint32_t to)
{
    uint32_t low = 0, high = a->count, end;
    LOWER_BOUND(low, high, a->all[middle].to < to);
    for (end = low; end < a->count && a->all[end].to == to; end++)
        ;
    return (arrivals){.from = end > low ? a->handles + low : NULL, .from_count = end - low};
}

/* ---- settling ----------------------------------------------------------------------- */

static void entity_end(facts *f, uint32_t index)
{
    entity *e = &f->entities[index];
    if (e->handle) {
        tell(f, FACT_GONE, e->handle, true, &e->why);
        e = &f->entities[index];
        handle_drop(f, e->handle, index);
    }
    measure_forget(f, e);
    numbers_done(&e->nodes, &f->held);
    numbers_done(&e->why.corrections, &f->held);
    *e = (entity){0};
    add(f, &f->entities_free, index);
}

/* Whose name a correction changed is told of as corrected, whatever else came of it. */
static void measure_corrected(facts *f, entity *measure, const entity *party)
{
    measure->correction = measure->correction || party->correction;
    for (uint32_t i = 0; i < party->why.corrections.count && measure->why.corrections.count < CAUSES_MAX; i++)
        put(f, &measure->why.corrections, party->why.corrections.at[i]);
}

/* The measures on what a node of a party stands for: those of the same string, by country and authority. */
static void measures_mark(facts *f, const node *n, const entity *party)
{
    const thaw_str string = symbols_get(f->symbols, n->string);
    uint32_t last = 0;
    for (uint32_t i = 0; i < n->count; i++) {
        uint32_t scope = measure_scope(f, report_of(f, n->mentions[i].report), false);
        uint32_t measure = scope && scope != last ? f->nodes[node_find(f, scope, string)].entity : 0;
        last = scope;
        if (!measure)
            continue;
        if (!f->entities[measure].dirty) {
            entity_mark(f, measure);
            f->entities[measure].why.news = party->why.news;
        }
        measure_corrected(f, &f->entities[measure], party);
    }
}

/* The name of a party changed, perhaps: its measures show it. */
static void party_settle(facts *f, uint32_t index)
{
    entity *e = &f->entities[index];
    uint64_t name = name_hash(f, index) | 1;
    if (name == e->fingerprint)
        return;
    e->fingerprint = name;
    for (uint32_t i = 0; i < e->nodes.count; i++)
        measures_mark(f, &f->nodes[e->nodes.at[i]], e);
}

/* The same wherever it stands in the tables: of the country and the authority's name. */
static uint64_t scope_seed(const facts *f, const scope *sc)
{
    thaw_str authority = symbols_get(f->symbols, sc->detail);
    return mix((uint64_t)(uint8_t)sc->country[0] << 8 | (uint8_t)sc->country[1],
               authority.len ? XXH3_64bits(authority.data, authority.len) : 0);
}

static void entity_settle(facts *f, uint32_t index, const arrived *moved)
{
    uint8_t kind = f->scopes[f->entities[index].scope].kind;
    if (kind == SCOPE_PARTY) {
        party_settle(f, index);
        return;
    }
    uint32_t party = kind == SCOPE_MEASURE ? measure_party(f, &f->entities[index]) : 0;
    if (party && f->entities[party].dirty)
        party_settle(f, party); /* before it: why its name changed is why the measure does */
    bool stands = true;
    uint64_t fingerprint = kind == SCOPE_PERSON ? person_fingerprint(f, index) : measure_fingerprint(f, index, &stands);
    entity *e = &f->entities[index];
    thaw_str least = entity_least(f, e);
    e->id = XXH3_64bits_withSeed(least.data, least.len, scope_seed(f, &f->scopes[e->scope]));
    const arrivals from = arrived_to(moved, index);
    bool changed = fingerprint != e->fingerprint;
    e->fingerprint = fingerprint;
    if (!stands) {
        if (e->handle) {
            tell(f, FACT_GONE, e->handle, true, &e->why);
            handle_drop(f, e->handle, index);
            e->handle = 0;
        }
    } else if (!e->handle) {
        fact_handle handle = handle_new(f, kind == SCOPE_PERSON ? FACT_PERSON : FACT_MEASURE, index);
        e->handle = handle;
        tell_arrivals(f, FACT_APPEARED, handle, &from, e->correction, &e->why);
    } else if (changed || e->correction) {
        tell_arrivals(f, FACT_CHANGED, e->handle, &from, e->correction, &e->why);
    }
}

static bool entity_is_empty(const facts *f, const entity *e)
{
    for (uint32_t i = 0; i < e->nodes.count; i++)
        if (f->nodes[e->nodes.at[i]].count)
            return false;
    return true;
}

/* The least deadline, over the entities that have one: `timed` holds all of those, and some that had one. */
static void deadlines_settle(facts *f)
{
    uint32_t kept = 0;
    f->deadline_ns = INT64_MAX;
    for (uint32_t i = 0; i < f->timed.count; i++) {
        entity *e = &f->entities[f->timed.at[i]];
        e->timed = e->used && e->deadline_ns != INT64_MAX;
        if (!e->timed)
            continue;
        f->timed.at[kept++] = f->timed.at[i];
        if (e->deadline_ns < f->deadline_ns)
            f->deadline_ns = e->deadline_ns;
    }
    f->timed.count = kept;
}

/* They lie anywhere, and so do their nodes: fetched while others are worked on. */
static void entities_ahead(const facts *f, uint32_t i)
{
    const numbers *dirty = &f->dirty_entities;
    if (i + 16 < dirty->count)
        fetch_ahead(&f->entities[dirty->at[i + 16]], sizeof *f->entities);
    if (i + 12 < dirty->count)
        __builtin_prefetch(f->entities[dirty->at[i + 12]].nodes.at);
    if (i + 8 < dirty->count && f->entities[dirty->at[i + 8]].nodes.count)
        __builtin_prefetch(&f->nodes[f->entities[dirty->at[i + 8]].nodes.at[0]]);
    if (i + 4 < dirty->count && f->entities[dirty->at[i + 4]].nodes.count)
        __builtin_prefetch(f->nodes[f->entities[dirty->at[i + 4]].nodes.at[0]].mentions);
}

void entities_settle(facts *f)
{
    bool changed = false;
    arrived moved;
    arrived_read(f, &moved);
    f->cause = 0;
    f->cause_corrects = false;
    for (uint32_t i = 0; i < f->dirty_entities.count && !f->failed; i++) {
        entities_ahead(f, i);
        uint32_t index = f->dirty_entities.at[i];
        if (!f->entities[index].used)
            continue;
        if (entity_is_empty(f, &f->entities[index])) {
            changed = changed || f->entities[index].deadline_ns != INT64_MAX;
            entity_end(f, index);
            continue;
        }
        int64_t deadline_ns = f->entities[index].deadline_ns;
        entity_settle(f, index, &moved);
        entity *e = &f->entities[index];
        changed = changed || e->deadline_ns != deadline_ns;
        if (e->deadline_ns != INT64_MAX && !e->timed) {
            e->timed = true;
            add(f, &f->timed, index);
        }
        e->dirty = e->correction = false;
        e->why.news = 0;
        numbers_done(&e->why.corrections, &f->held);
    }
    f->dirty_entities.count = 0;
    index_done(&f->nodes_were, &f->held);
    free(moved.all);
    free(moved.handles);
    if (changed)
        deadlines_settle(f);
}
