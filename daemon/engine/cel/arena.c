/* arena.c: memory that is freed all at once. Each chunk is half of what there is, so that a program
 * of three nodes is small and one of a hundred thousand constants takes few calls. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CHUNK_BYTES 512
#define GROWN_CHUNK_BYTES ((size_t)1 << 20)
#define KEPT_CHUNK_BYTES ((size_t)64 << 10)
#define ALIGN_BYTES 8

struct arena_chunk {
    struct arena_chunk *next;
    size_t size_bytes, used_bytes;
    _Alignas(16) unsigned char data[];
};

/* Of an object that the arena owns, in the arena itself. */
struct arena_guest {
    struct arena_guest *next;
    void *object;
    void (*leave)(void *object);
};

static struct arena_chunk *chunk_new(struct arena *arena, size_t need_bytes)
{
    size_t size = arena->first_bytes > 0 ? arena->first_bytes : FIRST_CHUNK_BYTES;
    if (arena->head != NULL)
        size = arena->held_bytes / 2 < GROWN_CHUNK_BYTES ? arena->held_bytes / 2 : GROWN_CHUNK_BYTES;
    if (size < need_bytes)
        size = need_bytes;
    if (arena->max_bytes > 0 && (arena->held_bytes > arena->max_bytes || size > arena->max_bytes - arena->held_bytes)) {
        size = need_bytes; /* the last bytes before the limit need not be a whole chunk */
        if (arena->held_bytes > arena->max_bytes || size > arena->max_bytes - arena->held_bytes) {
            arena->over_limit = true;
            return NULL;
        }
    }

    struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL)
        return NULL;
    chunk->size_bytes = size;
    chunk->used_bytes = 0;
    chunk->next = arena->head;
    arena->head = chunk;
    arena->held_bytes += size;
    return chunk;
}

void *cel_arena_alloc(struct arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    size_t need = (size_bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
    struct arena_chunk *chunk = arena->head;

    if (chunk == NULL || chunk->size_bytes - chunk->used_bytes < need) {
        chunk = chunk_new(arena, need);
        if (chunk == NULL)
            return NULL;
    }
    void *memory = chunk->data + chunk->used_bytes;
    chunk->used_bytes += need;
    return memory;
}

void *cel_arena_copy(struct arena *arena, const void *data, size_t size_bytes)
{
    void *memory = cel_arena_alloc(arena, size_bytes);

    if (memory != NULL && size_bytes > 0)
        memcpy(memory, data, size_bytes);
    return memory;
}

int cel_arena_take(struct arena *arena, void *object, void (*leave)(void *object))
{
    struct arena_guest *guest = cel_arena_alloc(arena, sizeof(*guest));

    if (guest == NULL) {
        leave(object);
        return -ENOMEM;
    }
    *guest = (struct arena_guest){arena->guests, object, leave};
    arena->guests = guest;
    return 0;
}

static void guests_leave(struct arena *arena)
{
    for (struct arena_guest *guest = arena->guests; guest != NULL; guest = guest->next)
        guest->leave(guest->object);
    arena->guests = NULL;
}

void cel_arena_reset(struct arena *arena)
{
    struct arena_chunk *kept = NULL;

    guests_leave(arena);

    for (struct arena_chunk *chunk = arena->head, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        if (kept == NULL && chunk->size_bytes <= KEPT_CHUNK_BYTES)
            kept = chunk;
        else
            free(chunk);
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used_bytes = 0;
    }
    arena->head = kept;
    arena->held_bytes = kept != NULL ? kept->size_bytes : 0;
    arena->over_limit = false;
}

void cel_arena_clear(struct arena *arena)
{
    guests_leave(arena);
    for (struct arena_chunk *chunk = arena->head, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    arena->head = NULL;
    arena->held_bytes = 0;
    arena->over_limit = false;
}
