/*
 * batch.h - the events of one publish request, and where each came from.
 */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forms/input.h"

typedef struct batch_origin {
    const char *file;
    uint64_t line;
    size_t offset; /* of the event in the body, its array header not counted */
} batch_origin;

typedef struct batch {
    struct batch *next;
    uint64_t id;
    int64_t sent_ns; /* 0: not sent yet */
    unsigned sent_count;
    uint8_t *body; /* BATCH_HEAD bytes of room for the header, then the events */
    size_t len, capacity;
    batch_origin *origins;
    uint32_t count, room;
} batch;

enum { BATCH_HEAD = 3, BATCH_EVENTS_MAX = 10000, BATCH_BYTES = 1024 * 1024 };

/* A batch with room for `room` events. NULL: no memory. */
batch *batch_new(uint32_t room);
batch *batch_free(batch *b);

/* Whether another event of len bytes still fits: by number, and by BATCH_BYTES unless it is the
 * first. */
bool batch_fits(const batch *b, size_t len);
int batch_add(batch *b, const input_event *event); /* -ENOMEM */

/* The body as it goes out: the event itself, or an array of them. */
const uint8_t *batch_body(batch *b, size_t *ret_len);

/* A new batch of the events from index `from` on, `count` of them. NULL: no memory. */
batch *batch_part(const batch *b, uint32_t from, uint32_t count);

#endif
