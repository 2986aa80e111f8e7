/*
 * slabs.h - objects of one size, in blocks: no header for each, and neighbours in time are
 * neighbours in memory.
 */
#ifndef FACTS_SLABS_H
#define FACTS_SLABS_H

#include <stddef.h>
#include <stdint.h>

typedef struct slabs {
    void **blocks;
    uint32_t blocks_count, blocks_capacity;
    uint32_t used;  /* objects taken of the last block */
    void *returned; /* objects given back, each holding the next */
} slabs;

/* An object of `size` bytes (always the same of one slabs, and at least that of a pointer), zeroed;
 * NULL: no memory. It stays where it is until it is given back. */
void *slabs_take(slabs *p, size_t size);
void slabs_give(slabs *p, void *object);
/* Frees all, taken or not; it is empty then. */
void slabs_done(slabs *p);

#endif
