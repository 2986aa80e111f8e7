/*
 * batch.c - the events of one publish request.
 */
#include "wire/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

batch *batch_new(uint32_t room)
{
    batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->room = room;
    b->capacity = BATCH_HEAD + (size_t)room * 512;
    if (b->capacity > BATCH_BYTES)
        b->capacity = BATCH_BYTES;
    b->len = BATCH_HEAD;
    b->body = malloc(b->capacity);
    b->origins = calloc(room, sizeof *b->origins);
    return b->body != NULL && b->origins != NULL ? b : batch_free(b);
}

batch *batch_free(batch *b)
{
    if (b == NULL)
        return NULL;
    free(b->origins);
    free(b->body);
    free(b);
    return NULL;
}

bool batch_fits(const batch *b, size_t len)
{
    return b->count == 0 || (b->count < b->room && b->len + len <= BATCH_BYTES);
}

int batch_add(batch *b, const input_event *event)
{
    if (room_for(&b->body, &b->capacity, b->len + event->len, 1) < 0)
        return -ENOMEM;
    b->origins[b->count++] = (batch_origin){event->file, event->line, b->len - BATCH_HEAD};
    memcpy(b->body + b->len, event->bytes, event->len);
    b->len += event->len;
    return 0;
}

const uint8_t *batch_body(batch *b, size_t *ret_len)
{
    if (b->count == 1) {
        *ret_len = b->len - BATCH_HEAD;
        return b->body + BATCH_HEAD;
    }
    b->body[0] = 0xdc; /* array 16 */
    b->body[1] = (uint8_t)(b->count >> 8);
    b->body[2] = (uint8_t)b->count;
    *ret_len = b->len;
    return b->body;
}

batch *batch_part(const batch *b, uint32_t from, uint32_t count)
{
    batch *part = batch_new(count);
    for (uint32_t i = from; part != NULL && i < from + count; i++) {
        size_t end = i + 1 < b->count ? b->origins[i + 1].offset : b->len - BATCH_HEAD;
        const input_event event = {b->body + BATCH_HEAD + b->origins[i].offset,
                                   end - b->origins[i].offset, b->origins[i].file,
                                   b->origins[i].line};
        if (batch_add(part, &event) != 0)
            return batch_free(part);
    }
    return part;
}
