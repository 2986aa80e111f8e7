/*
 * ahead.c - fetches what reports that are about to be taken in will touch.
 *
 * A report leads through its source to its feed and through its key to an incident: the one that took the last
 * report, or down the tree the one that opened last before its date; and to that one's opener. Each is found by what
 * stands in the one before, and of many countries and days all of it is cold. So several reports take each step
 * together, and their misses wait beside one another. Everything here is a guess: a wrong one costs a line of the
 * cache. What was found is tried first when the report comes.
 */
#include "facts/incidents/digest.h"
#include "facts/memory/index.h"
#include "facts/state/state.h"

#define NEAR_NS (UINT64_C(2) * 86400 * 1000000000) /* the incident that took the last report is one to try */

typedef struct path {
    uint64_t source_hash, authority_hash;
    uint32_t source, authority; /* symbols, 0: not known */
    uint64_t feed_hash, key_hash;
    uint32_t feed, key;
    int64_t start_ns;   /* of its date, more or less */
    incident *incident; /* that it may come to */
    incident *down;     /* the next one on the way down the tree; NULL: at its end */
} path;

static void fetch_slot(const hash_index *x, uint64_t hash)
{
    if (x->size)
        __builtin_prefetch(&x->slots[hash & (x->size - 1)]);
}

static uint32_t found(const hash_index *x, uint64_t hash)
{
    uint32_t cursor = 0;
    return index_next(x, hash, &cursor);
}

static void path_begin(const facts *f, const thaw_event *event, path *p)
{
    const thaw_date *date = event->occurred_at.precision ? &event->occurred_at : &event->reported_at;
    *p = (path){.source_hash = symbols_hash(event->source), .start_ns = date->at_ns};
    symbols_fetch_slot(f->symbols, p->source_hash);
    if (event->kind == THAW_SANCTION) {
        p->authority_hash = symbols_hash(event->authority);
        symbols_fetch_slot(f->symbols, p->authority_hash);
    }
}

static void path_symbols(const facts *f, path *p)
{
    p->source = symbols_guess(f->symbols, p->source_hash);
    symbols_fetch_entry(f->symbols, p->source);
    if (p->authority_hash) {
        p->authority = symbols_guess(f->symbols, p->authority_hash);
        symbols_fetch_entry(f->symbols, p->authority);
    }
}

static void path_indexes(const facts *f, const thaw_event *event, path *p)
{
    symbols_fetch_text(f->symbols, p->source);
    p->feed_hash = feed_hash(p->source, country_find(f, event->country));
    p->key_hash = key_hash(event->kind, event->country, event_discriminator(event), p->authority);
    fetch_slot(&f->feeds_index, p->feed_hash);
    fetch_slot(&f->keys_index, p->key_hash);
}

static void path_records(const facts *f, path *p)
{
    p->feed = found(&f->feeds_index, p->feed_hash);
    p->key = found(&f->keys_index, p->key_hash);
    fetch_ahead(p->feed ? &f->feeds[p->feed] : NULL, sizeof *f->feeds);
    fetch_ahead(p->key ? &f->keys[p->key] : NULL, sizeof *f->keys);
}

/* The one that took the last item, and where the way down begins if that one is of another day. */
static void path_hot(const facts *f, path *p)
{
    p->incident = p->key ? f->keys[p->key].hot : NULL;
    p->down = p->key ? RB_ROOT(&f->keys[p->key].sharp) : NULL;
    __builtin_prefetch(p->incident);
    __builtin_prefetch(p->down);
}

static void path_far(path *p)
{
    if (p->incident && (uint64_t)p->incident->start_ns - (uint64_t)p->start_ns + NEAR_NS < 2 * NEAR_NS)
        p->down = NULL;
}

/* A step down; false at the end. */
static bool path_down(path *p)
{
    if (!p->down)
        return false;
    if (p->down->start_ns <= p->start_ns) {
        p->incident = p->down;
        p->down = RB_RIGHT(p->down, node);
    } else {
        p->down = RB_LEFT(p->down, node);
    }
    __builtin_prefetch(p->down);
    return true;
}

static void paths_down(path paths[], size_t count)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < count; i++)
            more |= path_down(&paths[i]);
    }
}

static void path_incident(const path *p)
{
    fetch_ahead(p->incident, sizeof *p->incident);
}

static void path_opener(const facts *f, const path *p)
{
    if (!p->incident)
        return;
    __builtin_prefetch(p->incident->digest);
    __builtin_prefetch(p->incident->next, 1); /* that one may begin too late, and another open in between */
    if (p->incident->items.count)
        __builtin_prefetch(p->incident->items.at + p->incident->items.count, 1);
    if (!(p->incident->opener & ITEM_GROUP) && p->incident->opener)
        fetch_ahead(report_of(f, p->incident->opener), sizeof(report));
}

void facts_look_ahead(facts *f, const thaw_event events[], size_t count, thaw_hash ret_keys[])
{
    path paths[FACTS_AHEAD];
    for (size_t i = 0; i < count; i++) {
        ret_keys[i] = facts_key(&events[i]);
        reports_prefetch(f->reports, ret_keys[i]);
        path_begin(f, &events[i], &paths[i]);
    }
    for (size_t i = 0; i < count; i++)
        path_symbols(f, &paths[i]);
    for (size_t i = 0; i < count; i++)
        path_indexes(f, &events[i], &paths[i]);
    for (size_t i = 0; i < count; i++)
        path_records(f, &paths[i]);
    for (size_t i = 0; i < count; i++)
        path_hot(f, &paths[i]);
    for (size_t i = 0; i < count; i++)
        path_far(&paths[i]);
    paths_down(paths, count);
    for (size_t i = 0; i < count; i++)
        path_incident(&paths[i]);
    for (size_t i = 0; i < count; i++)
        path_opener(f, &paths[i]);
    for (size_t i = 0; i < count; i++)
        if (paths[i].incident)
            digest_fetch(paths[i].incident->digest, paths[i].source);
    for (size_t i = 0; i < count; i++)
        f->ahead[i] = (foreseen){ret_keys[i], paths[i].source, paths[i].feed, paths[i].key, paths[i].incident};
    f->ahead_count = (uint32_t)count;
    f->ahead_at = 0;
}
