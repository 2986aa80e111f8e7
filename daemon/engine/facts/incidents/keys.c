/* keys.c - the clustering keys, and the incidents of sharp items of each: a list in order of opening, and a tree over it. */
#include <assert.h>

#include "facts/incidents/incidents.h"

static bool key_is(const key *k, uint8_t kind, const char code[2], uint8_t discriminator, uint32_t authority)
{
    return k->kind == kind && k->country[0] == code[0] && k->country[1] == code[1] &&
           k->discriminator == discriminator && k->authority == authority;
}

uint32_t key_find(const facts *f, uint8_t kind, const char code[2], uint8_t discriminator, uint32_t authority)
{
    uint64_t hash = key_hash(kind, code, discriminator, authority);
    uint32_t cursor = 0, i;
    while ((i = index_next(&f->keys_index, hash, &cursor)))
        if (key_is(&f->keys[i], kind, code, discriminator, authority))
            break;
    return i;
}

uint32_t key_index_of(facts *f, uint8_t kind, const char code[2], uint8_t discriminator, uint32_t authority)
{
    if (f->keys_last && key_is(&f->keys[f->keys_last], kind, code, discriminator, authority))
        return f->keys_last;
    uint32_t i = key_find(f, kind, code, discriminator, authority);
    if (i)
        return f->keys_last = i;
    i = grow(f, (void **)&f->keys, &f->keys_count, &f->keys_capacity, sizeof *f->keys);
    f->keys[i] =
        (key){.kind = kind, .discriminator = discriminator, .country = {code[0], code[1]}, .authority = authority};
    RB_INIT(&f->keys[i].sharp);
    if (i && index_put(&f->keys_index, key_hash(kind, code, discriminator, authority), i, &f->held) < 0)
        f->failed = -ENOMEM;
    if (i)
        add(f, &country_of(f, code)->keys, i);
    return i;
}

/* ---- the tree -------------------------------------------------------------------------- */

/* Places in the tree are known by the neighbours (incidents_insert): it never asks. */
static int incident_compare(const incident *a, const incident *b)
{
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

/* The tree's functions, of which not all are used. */
#define __unused __attribute__((unused))
RB_GENERATE_STATIC(incident_tree, incident, node, incident_compare)

incident *incidents_next(incident *inc)
{
    return inc->next;
}

incident *incidents_first(key *k)
{
    return k->first;
}

incident *incidents_from(const key *k, int64_t start_ns)
{
    incident *found = NULL;
    for (incident *at = RB_ROOT(&k->sharp); at;) {
        if (at->start_ns >= start_ns) {
            found = at;
            at = RB_LEFT(at, node);
        } else {
            at = RB_RIGHT(at, node);
        }
    }
    return found;
}

/* Puts an incident behind `before` (NULL: in front of all). Its neighbours being known, its place
 * in the tree needs no search: to the right of the one before, or else to the left of the one behind. */
void incidents_insert(key *k, incident *inc, incident *before)
{
    incident *behind = before ? before->next : k->first;
    inc->prev = before;
    inc->next = behind;
    *(before ? &before->next : &k->first) = inc;
    if (behind)
        behind->prev = inc;
    if (!before && !behind) {
        RB_INSERT(incident_tree, &k->sharp, inc);
    } else if (before && !RB_RIGHT(before, node)) {
        RB_SET(inc, before, node);
        RB_RIGHT(before, node) = inc;
        incident_tree_RB_INSERT_COLOR(&k->sharp, inc);
    } else {
        assert(behind); /* whoever has a right child is not the last */
        RB_SET(inc, behind, node);
        RB_LEFT(behind, node) = inc;
        incident_tree_RB_INSERT_COLOR(&k->sharp, inc);
    }
    k->sharp_count++;
}

void incidents_remove(key *k, incident *inc)
{
    *(inc->prev ? &inc->prev->next : &k->first) = inc->next;
    if (inc->next)
        inc->next->prev = inc->prev;
    RB_REMOVE(incident_tree, &k->sharp, inc);
    k->sharp_count--;
}
