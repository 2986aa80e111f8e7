/*
 * array.h - growing an array without losing it: the one place where sizes are multiplied.
 */
#ifndef FACTS_ARRAY_H
#define FACTS_ARRAY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Makes room for `need` elements of `size` bytes in *data, which holds *capacity; doubles. *held, a
 * counter of bytes, follows. -ENOMEM leaves everything as it was. */
static inline int array_reserve(void **data, uint32_t *capacity, size_t need, size_t size, uint64_t *held)
{
    if (need <= *capacity)
        return 0;
    size_t wanted = *capacity ? (size_t)*capacity * 2 : 4;
    if (wanted < need)
        wanted = need;
    if (wanted > UINT32_MAX)
        return -ENOMEM;
    void *grown = reallocarray(*data, wanted, size);
    if (!grown)
        return -ENOMEM;
    *held += (wanted - *capacity) * size;
    *data = grown;
    *capacity = (uint32_t)wanted;
    return 0;
}

static inline void array_free(void **data, uint32_t *capacity, size_t size, uint64_t *held)
{
    *held -= *capacity * size;
    free(*data);
    *data = NULL;
    *capacity = 0;
}

/* A list of numbers (of reports, of symbols ...). */
typedef struct numbers {
    uint32_t *at;
    uint32_t count, capacity;
} numbers;

static inline int numbers_push(numbers *n, uint32_t value, uint64_t *held)
{
    int r = array_reserve((void **)&n->at, &n->capacity, (size_t)n->count + 1, sizeof *n->at, held);
    if (r < 0)
        return r;
    n->at[n->count++] = value;
    return 0;
}

/* Adds a value unless it is there; for short lists. */
static inline int numbers_put(numbers *n, uint32_t value, uint64_t *held)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (n->at[i] == value)
            return 0;
    return numbers_push(n, value, held);
}

static inline bool numbers_hold(const numbers *n, uint32_t value)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (n->at[i] == value)
            return true;
    return false;
}

/* Takes a value out, keeping the order; false where it is not there. */
static inline int numbers_take(numbers *n, uint32_t value)
{
    for (uint32_t i = n->count; i-- > 0;)
        if (n->at[i] == value) {
            n->count--;
            for (; i < n->count; i++)
                n->at[i] = n->at[i + 1];
            return 1;
        }
    return 0;
}

static inline void numbers_done(numbers *n, uint64_t *held)
{
    array_free((void **)&n->at, &n->capacity, sizeof *n->at, held);
    n->count = 0;
}

#endif
