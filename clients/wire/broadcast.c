/*
 * broadcast.c - publishing to `events` without acknowledgement.
 *
 * The socket is an XPUB: unlike a PUB it tells when the subscription of thawd has arrived, so that
 * a short run does not speak before anybody listens, and it waits instead of dropping while the
 * pipe is full.
 */
#include "wire/broadcast.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "forms/pack.h"
#include "wire/batch.h"

enum { TOPIC_BYTES = 32, SETTLE_MS = 100 };

typedef struct broadcast {
    wire_link link;
    batch *current;
    char topic[TOPIC_BYTES];
    uint32_t batch_events;
    publishing_totals *totals;
} broadcast;

static int flush_batch(broadcast *b)
{
    size_t len = 0;
    if (b->current == NULL || b->current->count == 0)
        return 0;
    const uint8_t *body = batch_body(b->current, &len);
    if (zmq_send(b->link.socket, b->topic, strlen(b->topic), ZMQ_SNDMORE) < 0 ||
        zmq_send(b->link.socket, body, len, 0) < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    b->totals->accepted += b->current->count;
    b->current = batch_free(b->current);
    return 0;
}

/* KIND.COUNTRY; "-" stands for what the event does not say, which thawd will refuse. */
static int topic_make(const input_event *event, char topic[TOPIC_BYTES])
{
    msgpack_zone zone;
    msgpack_object map;
    size_t kind_len = 0;
    size_t country_len = 0;
    if (!msgpack_zone_init(&zone, 2048))
        return -ENOMEM;
    int result = pack_decode(event->bytes, event->len, &zone, &map);
    if (result == -EBADMSG) { /* nested too deep for it, and for thawd */
        map = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
        result = 0;
    }
    if (result == 0) {
        const char *kind = pack_get_str(&map, "kind", &kind_len);
        const char *country = pack_get_str(&map, "country", &country_len);
        snprintf(topic, TOPIC_BYTES, "%.*s.%.*s",
                 kind_len > 0 ? (int)(kind_len < 16 ? kind_len : 16) : 1, kind_len > 0 ? kind : "-",
                 country_len > 0 ? (int)(country_len < 8 ? country_len : 8) : 1,
                 country_len > 0 ? country : "-");
    }
    msgpack_zone_destroy(&zone);
    return result;
}

static int event_send(broadcast *b, const input_event *event)
{
    char topic[TOPIC_BYTES];
    int result = topic_make(event, topic);
    if (result != 0)
        return result;
    if (b->current != NULL && (strcmp(topic, b->topic) != 0 || !batch_fits(b->current, event->len)))
        result = flush_batch(b);
    if (result == 0 && b->current == NULL) {
        b->current = batch_new(b->batch_events);
        memcpy(b->topic, topic, sizeof topic);
    }
    if (b->current == NULL)
        return result != 0 ? result : -ENOMEM;
    return batch_add(b->current, event);
}

/* Waits for the first subscription, and a moment for those that come with it. */
static int subscriber_wait(wire_link *link, int64_t timeout_ns)
{
    long wait_ms = (long)(timeout_ns / 1000000);
    int found = 0;
    for (;;) {
        zmq_pollitem_t item = {.socket = link->socket, .events = ZMQ_POLLIN};
        char subscription[512];
        int ready = zmq_poll(&item, 1, wait_ms);
        if (ready < 0 && errno != EINTR)
            return -errno;
        wire_link_tend(link, wire_clock_ms());
        if (ready == 0 && found == 0)
            return link->refused ? -EACCES : -ETIMEDOUT;
        if (ready == 0)
            return 0;
        if (ready > 0 &&
            zmq_recv(link->socket, subscription, sizeof subscription, ZMQ_DONTWAIT) > 0)
            found++;
        wait_ms = found > 0 ? SETTLE_MS : wait_ms;
    }
}

static int input_send(broadcast *b, input *in, const publishing_report *report)
{
    for (;;) {
        input_event event;
        input_problem problem;
        int got = input_next(in, &event, &problem);
        if (got == 0)
            return flush_batch(b);
        int result = 0;
        if (got == 1) {
            b->totals->read++;
            result = event_send(b, &event);
        } else if (got == -EAGAIN) {
            result = flush_batch(b);
            input_fill(in);
        } else if (got == -EBADMSG || got == -EIO) {
            b->totals->read += got == -EBADMSG;
            b->totals->rejected += got == -EBADMSG;
            b->totals->unreadable += got == -EIO;
            report->rejected(report->context, &problem, "", 0);
        } else {
            result = got;
        }
        if (result != 0)
            return result;
    }
}

int broadcast_run(connection *c, const common_options *common, input *in, uint32_t batch_events,
                  const publishing_report *report, publishing_totals *totals)
{
    int on = 1;
    int patience_ms = (int)(common->timeout_ns / 1000000);
    broadcast b = {.batch_events = batch_events, .totals = totals};
    if (connection_open(c, ZMQ_XPUB, common->events, &b.link) != 0)
        return -EINVAL;
    int result = 0;
    if (zmq_setsockopt(b.link.socket, ZMQ_XPUB_NODROP, &on, sizeof on) != 0 ||
        zmq_setsockopt(b.link.socket, ZMQ_SNDTIMEO, &patience_ms, sizeof patience_ms) != 0 ||
        zmq_setsockopt(b.link.socket, ZMQ_LINGER, &patience_ms, sizeof patience_ms) != 0)
        result = -errno;
    if (result == 0)
        result = subscriber_wait(&b.link, common->timeout_ns);
    if (result == 0)
        result = input_send(&b, in, report);
    batch_free(b.current);
    wire_link_close(&b.link);
    return result;
}
