/* slabs.c - see slabs.h. */
#include "facts/memory/slabs.h"

#include <stdlib.h>
#include <string.h>

#include "facts/memory/array.h"
#include "facts/memory/pages.h"

#define BLOCK_BYTES (256u << 10)

void *slabs_take(slabs *p, size_t size)
{
    void *object = p->returned;
    uint64_t held = 0;
    if (object) {
        p->returned = *(void **)object;
        return memset(object, 0, size);
    }
    if (!p->blocks_count || p->used == BLOCK_BYTES / size) {
        if (array_reserve((void **)&p->blocks, &p->blocks_capacity, (size_t)p->blocks_count + 1, sizeof *p->blocks,
                          &held) < 0 ||
            !(p->blocks[p->blocks_count] = pages_new(BLOCK_BYTES)))
            return NULL;
        p->blocks_count++;
        p->used = 0;
    }
    return (char *)p->blocks[p->blocks_count - 1] + p->used++ * size;
}

void slabs_give(slabs *p, void *object)
{
    *(void **)object = p->returned;
    p->returned = object;
}

void slabs_done(slabs *p)
{
    for (uint32_t i = 0; i < p->blocks_count; i++)
        pages_free(p->blocks[i], BLOCK_BYTES);
    free(p->blocks);
    *p = (slabs){0};
}
