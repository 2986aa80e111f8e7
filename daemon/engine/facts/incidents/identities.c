/*
 * identities.c - the ids of incidents, and who goes on as whom.
 *
 * An incident is known outside by its id, a hash of its key and its earliest-dated report. The objects behind it come
 * and go as runs are cut; so first every touched object gets the id it should have, and one that takes over the id of
 * another takes over its fact.
 */
#include <xxhash.h>

#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

/* Least (start, name order), undated last; of all but wider reports. */
static uint32_t earliest_of(const facts *f, const numbers *list, uint32_t best)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const report *r = report_of(f, list->at[i]), *b = best ? report_of(f, best) : NULL;
        if (r->covers == THAW_WIDER)
            continue;
        bool undated = r->start_ns == TIME_UNKNOWN, best_undated = b && b->start_ns == TIME_UNKNOWN;
        if (!b || (best_undated && !undated) ||
            (undated == best_undated && (r->start_ns < b->start_ns || (r->start_ns == b->start_ns &&
                                                                       report_name_compare(f, list->at[i], best) < 0))))
            best = list->at[i];
    }
    return best;
}

static uint64_t incident_identity(const facts *f, const key *k, uint32_t earliest)
{
    const report *r = report_of(f, earliest);
    thaw_str authority = symbols_get(f->symbols, k->authority);
    uint64_t seed = (uint64_t)k->kind << 56 | (uint64_t)k->discriminator << 48 |
                    (uint64_t)(uint8_t)k->country[0] << 40 | (uint64_t)(uint8_t)k->country[1] << 32;
    if (authority.len)
        seed ^= XXH3_64bits(authority.data, authority.len);
    return XXH3_64bits_withSeed(&r->key, sizeof r->key, seed);
}

void identities_settle(facts *f)
{
    hash_index free_ids = {0};
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incidents_ahead(f, i);
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        uint64_t was = inc->now.id;
        inc->heir_of = 0;
        if (inc->used) {
            uint32_t before = inc->now.earliest;
            const numbers news = incident_news(f, inc);
            inc->now.earliest = earliest_of(f, &news, inc->whole ? 0 : before);
            if (inc->now.earliest != before)
                inc->now.id = incident_identity(f, &f->keys[inc->key_index], inc->now.earliest);
            if (inc->handle && inc->now.id == was) {
                inc->heir_of = inc->index;
                continue;
            }
        }
        if (inc->handle && index_put(&free_ids, was, inc->index, &f->held) < 0)
            f->failed = -ENOMEM;
    }
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        uint32_t cursor = 0;
        if (inc->used && !inc->heir_of)
            inc->heir_of = index_next(&free_ids, inc->now.id, &cursor);
    }
    index_done(&free_ids, &f->held);
}
