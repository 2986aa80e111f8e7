/*
 * ahead.c - fetches what reports that are about to be taken in will touch.
 *
 * A report leads through its source to its feed and through its key to the incident that opened last and
 * that one's opener, each found by what stands in the one before; of many countries all of it is cold. So
 * several reports take each step together, and their misses wait beside one another. Everything here is a
 * guess: a wrong one costs a line of the cache. What was found is tried first when the report comes.
 */
#include "facts/incidents/digest.h"
#include "facts/memory/index.h"
#include "facts/state/state.h"

typedef struct path {
    uint64_t source_hash, authority_hash;
    uint32_t source, authority; /* symbols, 0: not known */
    uint64_t feed_hash, key_hash;
    uint32_t feed, key;
    const incident *hot;
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
    *p = (path){.source_hash = symbols_hash(event->source)};
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

static void path_incident(const facts *f, path *p)
{
    p->hot = p->key ? f->keys[p->key].hot : NULL;
    fetch_ahead(p->hot, sizeof *p->hot);
}

static void path_opener(const facts *f, const path *p)
{
    if (!p->hot)
        return;
    __builtin_prefetch(p->hot->digest);
    if (p->hot->items.count)
        __builtin_prefetch(p->hot->items.at + p->hot->items.count, 1);
    if (!(p->hot->opener & ITEM_GROUP) && p->hot->opener)
        fetch_ahead(report_of(f, p->hot->opener), sizeof(report));
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
        path_incident(f, &paths[i]);
    for (size_t i = 0; i < count; i++)
        path_opener(f, &paths[i]);
    for (size_t i = 0; i < count; i++)
        if (paths[i].hot)
            digest_fetch(paths[i].hot->digest, paths[i].source);
    for (size_t i = 0; i < count; i++)
        f->ahead[i] = (foreseen){ret_keys[i], paths[i].source, paths[i].feed, paths[i].key};
    f->ahead_count = (uint32_t)count;
    f->ahead_at = 0;
}
