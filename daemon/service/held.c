/* held.c - see held.h. */
#include "service/held.h"

#include <errno.h>
#include <stdlib.h>

void held_done(held *h)
{
    for (size_t i = 0; i < h->count; i++)
        question_done(&h->items[i].question);
    free(h->items);
    *h = (held){.items = NULL};
}

static size_t item_bytes(const question *q)
{
    return sizeof(held_request) + zmq_msg_size(&q->body);
}

static int make_room(held *h)
{
    size_t wanted = h->capacity == 0 ? 64 : h->capacity * 2;
    held_request *items;

    if (h->count < h->capacity)
        return 0;
    items = calloc(wanted, sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < h->count; i++) {
        items[i].from = h->items[i].from;
        question_move(&items[i].question, &h->items[i].question);
    }
    free(h->items);
    h->items = items;
    h->capacity = wanted;
    return 0;
}

int held_add(held *h, reader *from, question *q)
{
    size_t bytes = item_bytes(q);
    int r = h->bytes + bytes > h->bytes_max ? -ENOBUFS : make_room(h);

    if (r < 0) {
        question_done(q);
        return r;
    }
    from->held++;
    h->bytes += bytes;
    h->items[h->count].from = from;
    question_move(&h->items[h->count++].question, q);
    return 0;
}

static int hand_out(held *h, held_request *item, held_take_fn take, void *context)
{
    h->bytes -= item_bytes(&item->question);
    item->from->held--;
    return take(context, &item->question);
}

int held_release(held *h, const readers *r, held_take_fn take, void *context)
{
    size_t to = 0;
    int result = 0;

    for (size_t i = 0; i < h->count; i++)
        h->items[i].from->stays = false;
    for (size_t i = 0; i < h->count; i++) {
        held_request *item = &h->items[i];
        if (result == 0 && !item->from->stays && !readers_behind(r, item->from)) {
            result = hand_out(h, item, take, context);
            continue;
        }
        item->from->stays = true;
        if (to != i) {
            h->items[to].from = item->from;
            question_move(&h->items[to].question, &item->question);
        }
        to++;
    }
    h->count = to;
    return result < 0 ? result : 0;
}
