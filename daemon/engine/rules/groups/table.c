/*
 * table.c - from 64-bit keys to pointers: open addressing, no tombs (what follows moves up).
 */
#include <errno.h>
#include <stdlib.h>

#include "rules/internal.h"

static size_t table_home(const table *t, uint64_t key)
{
    /* Handles are small numbers: spread them (Fibonacci hashing). */
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (t->size - 1);
}

static table_slot *table_find(const table *t, uint64_t key)
{
    size_t at = table_home(t, key);
    while (t->slots[at].value && t->slots[at].key != key)
        at = (at + 1) & (t->size - 1);
    return &t->slots[at];
}

void *table_get(const table *t, uint64_t key)
{
    return t->size ? table_find(t, key)->value : NULL;
}

void table_fetch(const table *t, uint64_t key)
{
    if (t->size)
        __builtin_prefetch(&t->slots[table_home(t, key)]);
}

static int table_grow(table *t)
{
    size_t size = t->size ? t->size * 2 : 64;
    table grown = {.slots = calloc(size, sizeof *grown.slots), .size = size, .used = t->used};
    if (!grown.slots)
        return -ENOMEM;
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i].value)
            *table_find(&grown, t->slots[i].key) = t->slots[i];
    free(t->slots);
    *t = grown;
    return 0;
}

int table_expect(table *t, size_t count)
{
    size_t size = 64;
    while ((count + 1) * 3 > size * 2)
        size *= 2;
    t->slots = calloc(size, sizeof *t->slots);
    t->size = t->slots ? size : 0;
    return t->slots ? 0 : -ENOMEM;
}

int table_put(table *t, uint64_t key, void *value)
{
    if ((t->used + 1) * 3 > t->size * 2 && table_grow(t) < 0)
        return -ENOMEM;
    table_slot *slot = table_find(t, key);
    if (!slot->value)
        t->used++;
    *slot = (table_slot){key, value};
    return 0;
}

void *table_take(table *t, uint64_t key)
{
    if (!t->size)
        return NULL;
    table_slot *slot = table_find(t, key);
    void *value = slot->value;
    if (!value)
        return NULL;
    t->used--;
    size_t hole = (size_t)(slot - t->slots), mask = t->size - 1;
    for (size_t at = (hole + 1) & mask; t->slots[at].value; at = (at + 1) & mask) {
        size_t home = table_home(t, t->slots[at].key);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue; /* its home lies behind the hole */
        t->slots[hole] = t->slots[at];
        hole = at;
    }
    t->slots[hole].value = NULL;
    return value;
}

void table_done(table *t)
{
    free(t->slots);
    *t = (table){0};
}
