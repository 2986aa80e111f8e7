/*
 * links.c - a party is one for all authorities: what ties its ids under one of them ties its measures under each.
 *
 *      US: node "o:9"   node "x:kali"        two measures of the US, until the EU names one party by both ids:
 *      EU: node "o:9" ── node "x:kali"       then they are one, and two again when that report goes
 *      all: node "o:9" ── node "x:kali"      (SCOPE_PARTY)
 */
#include "facts/entities/entities.h"
#include "facts/state/state.h"

void links_strings(facts *f, uint32_t party, numbers *strings)
{
    const entity *e = &f->entities[party];
    for (uint32_t i = 0; e->nodes.count > 1 && i < e->nodes.count; i++)
        add(f, strings, f->nodes[e->nodes.at[i]].string);
}

uint32_t node_living(const facts *f, uint32_t scope, uint32_t string)
{
    uint32_t n = node_find(f, scope, symbols_get(f->symbols, string));
    return n && f->nodes[n].count ? n : 0;
}

uint32_t links_party(facts *f, uint32_t node_)
{
    const scope *sc = &f->scopes[f->nodes[node_].scope];
    if (sc->kind != SCOPE_MEASURE)
        return 0;
    uint32_t all = scope_index(f, SCOPE_PARTY, sc->country, 0, false);
    uint32_t n = all ? node_find(f, all, symbols_get(f->symbols, f->nodes[node_].string)) : 0;
    return n ? f->nodes[n].entity : 0;
}

void links_tied(facts *f, uint32_t scope, uint32_t party, numbers *list)
{
    const numbers *nodes = &f->entities[party].nodes;
    for (uint32_t i = 0; i < nodes->count; i++) {
        uint32_t tied = node_living(f, scope, f->nodes[nodes->at[i]].string);
        if (tied)
            add(f, list, tied);
    }
}
