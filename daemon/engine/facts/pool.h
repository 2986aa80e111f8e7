/*
 * pool.h - objects of one size, in blocks: no header for each, and neighbours in time are
 * neighbours in memory.
 */
#ifndef FACTS_POOL_H
#define FACTS_POOL_H

#include <stddef.h>
#include <stdint.h>

typedef struct pool {
    void **blocks;
    uint32_t blocks_count, blocks_capacity;
    uint32_t used;  /* objects taken of the last block */
    void *returned; /* objects given back, each holding the next */
} pool;

/* An object of `size` bytes (always the same of a pool, and at least that of a pointer), zeroed;
 * NULL: no memory. It stays where it is until it is given back. */
void *pool_take(pool *p, size_t size);
void pool_give(pool *p, void *object);
/* Frees all, taken or not; the pool is empty then. */
void pool_done(pool *p);

#endif
