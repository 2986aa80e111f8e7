/* batch.c - see batch.h. */
#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

int batch_init(batch *b)
{
    batch made = {
        .bodies = calloc(BATCH_MESSAGES_MAX, sizeof(*made.bodies)),
        .requests = calloc(BATCH_MESSAGES_MAX, sizeof(*made.requests)),
    };

    if (made.bodies == NULL || made.requests == NULL) {
        batch_done(&made);
        return -ENOMEM;
    }
    *b = made;
    return 0;
}

void batch_settle(batch *b)
{
    for (size_t i = 0; i < b->request_count; i++) {
        envelope_done(&b->requests[i].from);
        free(b->requests[i].rejected);
    }
    b->count = b->request_count = b->rejected_count = 0;
}

void batch_clear(batch *b)
{
    batch_settle(b);
    for (size_t i = 0; i < b->body_count; i++)
        zmq_msg_close(&b->bodies[i]);
    b->body_count = b->bytes = 0;
}

void batch_done(batch *b)
{
    batch_clear(b);
    free(b->events);
    free(b->origins);
    free(b->verdicts);
    free(b->bodies);
    free(b->requests);
    *b = (batch){.events = NULL};
}

bool batch_full(const batch *b)
{
    return b->body_count >= BATCH_MESSAGES_MAX || b->request_count >= BATCH_MESSAGES_MAX ||
           b->count + b->rejected_count >= BATCH_EVENTS_MAX || b->bytes >= BATCH_BYTES_MAX;
}

void batch_add_body(batch *b, zmq_msg_t *body)
{
    zmq_msg_t *place = &b->bodies[b->body_count++];

    zmq_msg_init(place);
    zmq_msg_move(place, body);
    b->bytes += zmq_msg_size(place);
}

uint32_t batch_add_request(batch *b, envelope *from)
{
    batch_request *r = &b->requests[b->request_count];

    *r = (batch_request){.accepted = 0};
    envelope_move(&r->from, from);
    return (uint32_t)b->request_count++;
}

static int grow_events(batch *b)
{
    size_t need = b->capacity + 1, events = b->capacity, origins = events, verdicts = events;

    if (room_for(&b->events, &events, need, sizeof(*b->events)) < 0 ||
        room_for(&b->origins, &origins, need, sizeof(*b->origins)) < 0 ||
        room_for(&b->verdicts, &verdicts, need, sizeof(*b->verdicts)) < 0)
        return -ENOMEM;
    b->capacity = events;
    return 0;
}

thaw_event *batch_next_event(batch *b)
{
    if (b->count == b->capacity && grow_events(b) < 0)
        return NULL;
    return &b->events[b->count];
}

void batch_keep_event(batch *b, uint32_t request, uint32_t index)
{
    b->origins[b->count++] = (batch_origin){request, index};
}

int batch_reject(batch *b, uint32_t request, uint32_t index, thaw_str id, const thaw_error *error)
{
    batch_request *r = &b->requests[request];
    batch_rejected *place;

    if (r->rejected_count == r->rejected_capacity) {
        size_t wanted = r->rejected_capacity == 0 ? 4 : r->rejected_capacity * 2;
        place = reallocarray(r->rejected, wanted, sizeof(*place));
        if (place == NULL)
            return -ENOMEM;
        r->rejected = place;
        r->rejected_capacity = wanted;
    }
    b->rejected_count++;
    place = &r->rejected[r->rejected_count++];
    place->index = index;
    place->error = *error;
    place->id_len = 0;
    if (id.data != NULL && id.len <= sizeof(place->id)) {
        memcpy(place->id, id.data, id.len);
        place->id_len = (uint8_t)id.len;
    }
    return 0;
}

static int compare_rejected(const void *a, const void *b)
{
    const batch_rejected *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

void batch_sort_rejected(batch_request *r)
{
    if (r->rejected_count > 1)
        qsort(r->rejected, r->rejected_count, sizeof(*r->rejected), compare_rejected);
}
