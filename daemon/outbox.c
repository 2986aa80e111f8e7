/* outbox.c - see outbox.h. */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ASIDE_COUNT_MAX 16384                  /* replies set aside for slow clients */
#define ASIDE_NS_MAX (INT64_C(5) * 1000000000) /* how long a reply is tried again */

typedef struct item {
    uint64_t ticket; /* 0: of the open batch */
    uint64_t seq;
    int64_t since_ns; /* when it was set aside */
    outbox_target target;
    frames message;
} item;

/* A queue in one block of memory: [head, tail) are in use. */
typedef struct queue {
    item *items;
    size_t head, tail, capacity;
} queue;

struct outbox {
    void *sockets[OUTBOX_TARGETS];
    uint64_t bytes_max, bytes, alert_seq;
    size_t sealed; /* items before this index have their ticket */
    queue waiting, aside;
    outbox_counters counters;
    outbox_leaves_fn leaves;
    void *context;
};

int outbox_new(void *const sockets[OUTBOX_TARGETS], uint64_t bytes_max, outbox **ret_outbox)
{
    outbox *o = calloc(1, sizeof(*o));

    if (o == NULL)
        return -ENOMEM;
    memcpy(o->sockets, sockets, sizeof(o->sockets));
    o->bytes_max = bytes_max;
    *ret_outbox = o;
    return 0;
}

static void queue_done(queue *q)
{
    for (size_t i = q->head; i < q->tail; i++)
        frames_done(&q->items[i].message);
    free(q->items);
}

outbox *outbox_free(outbox *o)
{
    if (o == NULL)
        return NULL;
    queue_done(&o->waiting);
    queue_done(&o->aside);
    free(o);
    return NULL;
}

/* `to` holds nothing. */
static void item_move(item *to, item *from)
{
    to->ticket = from->ticket;
    to->seq = from->seq;
    to->since_ns = from->since_ns;
    to->target = from->target;
    frames_move(&to->message, &from->message);
}

/* Room for one more at the tail; what was sent is closed up first. Returns by how much the
 * indices fell, or -ENOMEM. */
static ssize_t queue_make_room(queue *q)
{
    size_t count = q->tail - q->head, shift = q->head;
    size_t capacity = q->capacity == 0 ? 64 : q->capacity * 2;
    item *items;

    if (q->tail < q->capacity)
        return 0;
    if (q->head > q->capacity / 2) {
        for (size_t i = 0; i < count; i++)
            item_move(&q->items[i], &q->items[q->head + i]);
        q->head = 0;
        q->tail = count;
        return (ssize_t)shift;
    }
    items = calloc(capacity, sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        item_move(&items[i], &q->items[q->head + i]);
    free(q->items);
    *q = (queue){items, 0, count, capacity};
    return (ssize_t)shift;
}

int outbox_place(outbox *o, frames **ret_message)
{
    ssize_t shift = queue_make_room(&o->waiting);

    if (shift < 0)
        return -ENOMEM;
    o->sealed -= (size_t)shift;
    *ret_message = &o->waiting.items[o->waiting.tail].message;
    (*ret_message)->kept = (*ret_message)->count = (*ret_message)->bytes = 0;
    return 0;
}

void outbox_put(outbox *o, outbox_target target, uint64_t seq)
{
    item *place = &o->waiting.items[o->waiting.tail++];

    o->bytes += place->message.bytes;
    place->ticket = 0;
    place->seq = seq;
    place->target = target;
}

void outbox_tell(outbox *o, outbox_leaves_fn leaves, void *context)
{
    o->leaves = leaves;
    o->context = context;
}

void outbox_seal(outbox *o, uint64_t ticket)
{
    for (; o->sealed < o->waiting.tail; o->sealed++)
        o->waiting.items[o->sealed].ticket = ticket;
}

/* Counts what became of a message that left or could not; true: it is done with. */
static bool settle(outbox *o, const item *it, int r)
{
    if (r == 0)
        o->counters.sent[it->target]++;
    else if (it->target == OUTBOX_ALERTS)
        o->counters.alerts_unsent++; /* it stands in the journal: replay has it */
    else if (r == -EAGAIN)
        return false;
    else
        o->counters.unroutable++;
    if (it->target == OUTBOX_ALERTS)
        o->alert_seq = it->seq;
    return true;
}

static void set_aside(outbox *o, item *it, int64_t now_ns)
{
    if (o->aside.tail - o->aside.head >= ASIDE_COUNT_MAX || queue_make_room(&o->aside) < 0) {
        o->counters.dropped++;
        o->bytes -= it->message.bytes;
        frames_done(&it->message);
        return;
    }
    o->counters.stalled++;
    it->since_ns = now_ns;
    item_move(&o->aside.items[o->aside.tail++], it);
}

static void flush_aside(outbox *o, int64_t now_ns)
{
    size_t to = o->aside.head;

    for (size_t i = o->aside.head; i < o->aside.tail; i++) {
        item *it = &o->aside.items[i];
        bool done = settle(o, it, frames_send(o->sockets[it->target], &it->message));
        if (!done && now_ns - it->since_ns > ASIDE_NS_MAX) {
            o->counters.dropped++;
            done = true;
        }
        if (done) {
            o->bytes -= it->message.bytes;
            frames_done(&it->message);
        } else if (to++ != i) {
            item_move(&o->aside.items[to - 1], it);
        }
    }
    o->aside.tail = to;
    if (o->aside.head == o->aside.tail)
        o->aside.head = o->aside.tail = 0;
}

void outbox_flush(outbox *o, uint64_t durable, int64_t now_ns)
{
    queue *q = &o->waiting;

    flush_aside(o, now_ns);
    while (q->head < o->sealed && q->items[q->head].ticket <= durable) {
        item *it = &q->items[q->head++];
        if (it->target == OUTBOX_ALERTS && o->leaves != NULL)
            o->leaves(o->context, &it->message);
        if (!settle(o, it, frames_send(o->sockets[it->target], &it->message))) {
            set_aside(o, it, now_ns);
            continue;
        }
        o->bytes -= it->message.bytes;
        frames_done(&it->message);
    }
    if (q->head == q->tail)
        q->head = q->tail = o->sealed = 0;
}

bool outbox_full(const outbox *o)
{
    return o->bytes > o->bytes_max;
}

bool outbox_waiting(const outbox *o)
{
    return o->aside.head < o->aside.tail;
}

uint64_t outbox_bytes(const outbox *o)
{
    return o->bytes;
}

uint64_t outbox_alert_seq(const outbox *o)
{
    return o->alert_seq;
}

void outbox_set_alert_seq(outbox *o, uint64_t seq)
{
    o->alert_seq = seq;
}

const outbox_counters *outbox_count(const outbox *o)
{
    return &o->counters;
}
