/*
 * index.h - a hash index: from 64-bit hashes to numbers of objects that stand in some array. The
 * caller compares the objects; the index only narrows the search and never fails to find.
 */
#ifndef FACTS_INDEX_H
#define FACTS_INDEX_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define INDEX_TOMB UINT32_MAX

typedef struct index_slot {
    uint64_t hash;
    uint32_t value; /* 0: empty; INDEX_TOMB: taken out */
} index_slot;

typedef struct hash_index {
    index_slot *slots;
    uint32_t size; /* a power of two, or 0 */
    uint32_t used; /* slots that are not empty, tombs included */
    uint32_t live;
} hash_index;

/* Walks the candidates of a hash: start with *cursor = 0; 0 at the end. */
static inline uint32_t index_next(const hash_index *x, uint64_t hash, uint32_t *cursor)
{
    while (x->size && *cursor < x->size) {
        const index_slot *s = &x->slots[(hash + (*cursor)++) & (x->size - 1)];
        if (!s->value)
            return 0;
        if (s->hash == hash && s->value != INDEX_TOMB)
            return s->value;
    }
    return 0;
}

static inline int index_resize(hash_index *x, uint32_t size, uint64_t *held)
{
    index_slot *slots = calloc(size, sizeof *slots);
    if (!slots)
        return -ENOMEM;
    for (uint32_t i = 0; i < x->size; i++) {
        if (!x->slots[i].value || x->slots[i].value == INDEX_TOMB)
            continue;
        uint64_t at = x->slots[i].hash;
        while (slots[at & (size - 1)].value)
            at++;
        slots[at & (size - 1)] = x->slots[i];
    }
    *held += (uint64_t)size * sizeof *slots - (uint64_t)x->size * sizeof *slots;
    free(x->slots);
    x->slots = slots;
    x->size = size;
    x->used = x->live;
    return 0;
}

static inline int index_put(hash_index *x, uint64_t hash, uint32_t value, uint64_t *held)
{
    if ((uint64_t)x->used * 3 >= (uint64_t)x->size * 2) {
        uint32_t size = x->size ? x->size : 16;
        while ((uint64_t)x->live * 2 >= size)
            size *= 2;
        if (index_resize(x, size, held) < 0)
            return -ENOMEM;
    }
    uint64_t at = hash;
    while (x->slots[at & (x->size - 1)].value && x->slots[at & (x->size - 1)].value != INDEX_TOMB)
        at++;
    if (!x->slots[at & (x->size - 1)].value)
        x->used++;
    x->slots[at & (x->size - 1)] = (index_slot){hash, value};
    x->live++;
    return 0;
}

static inline void index_take(hash_index *x, uint64_t hash, uint32_t value)
{
    for (uint32_t i = 0; i < x->size; i++) {
        index_slot *s = &x->slots[(hash + i) & (x->size - 1)];
        if (!s->value)
            return;
        if (s->hash == hash && s->value == value) {
            s->value = INDEX_TOMB;
            x->live--;
            return;
        }
    }
}

static inline void index_done(hash_index *x, uint64_t *held)
{
    *held -= (uint64_t)x->size * sizeof *x->slots;
    free(x->slots);
    *x = (hash_index){0};
}

#endif
