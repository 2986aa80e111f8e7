/*
 * publishing.c - acknowledged publishing.
 */
#include "wire/publishing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "forms/pack.h"
#include "wire/batch.h"

enum { REPLY_FRAMES = 3, RETRY_NS = 200000000, PROGRESS_NS = 200000000, WAIT_MS = 100 };

typedef struct queue {
    batch *first, *last;
    uint32_t count;
} queue;

typedef struct publishing {
    connection *connection;
    wire_link *service;
    input *in;
    const publishing_options *options;
    const publishing_report *report;
    publishing_totals *totals;
    batch *current;
    queue waiting, flying;
    uint64_t last_id;
    bool sent;                 /* thawd has been there */
    bool input_ended, starved; /* starved: the input has nothing whole at the moment */
    int64_t heard_ns;          /* when the last answer came, or the first request went */
    int64_t hold_ns;           /* nothing is sent before: thawd said unavailable */
    int64_t progress_ns;
    msgpack_zone zone;
} publishing;

static void queue_push(queue *q, batch *b)
{
    b->next = NULL;
    if (q->last != NULL)
        q->last->next = b;
    else
        q->first = b;
    q->last = b;
    q->count++;
}

static batch *queue_pop(queue *q)
{
    batch *b = q->first;
    if (b == NULL)
        return NULL;
    q->first = b->next;
    if (q->first == NULL)
        q->last = NULL;
    q->count--;
    return b;
}

/* Takes the batch of an id out of the queue; NULL where it is not there (any more). */
static batch *queue_take(queue *q, uint64_t id)
{
    batch *before = NULL;
    for (batch *b = q->first; b != NULL; before = b, b = b->next) {
        if (b->id != id)
            continue;
        if (before == NULL)
            return queue_pop(q);
        before->next = b->next;
        if (q->last == b)
            q->last = before;
        q->count--;
        return b;
    }
    return NULL;
}

static void queue_free(queue *q)
{
    for (batch *b = queue_pop(q); b != NULL; b = queue_pop(q))
        batch_free(b);
}

static void batch_queue(publishing *p, batch *b)
{
    b->id = ++p->last_id;
    queue_push(&p->waiting, b);
}

/* ---- input to batches --------------------------------------------------------------- */

static int current_flush(publishing *p)
{
    if (p->current != NULL && p->current->count > 0) {
        batch_queue(p, p->current);
        p->current = NULL;
    }
    return 0;
}

static int event_add(publishing *p, const input_event *event)
{
    if (p->current != NULL && !batch_fits(p->current, event->len))
        current_flush(p);
    if (p->current == NULL)
        p->current = batch_new(p->options->batch);
    if (p->current == NULL)
        return -ENOMEM;
    p->totals->read++;
    int result = batch_add(p->current, event);
    if (result == 0 && p->current->count == p->options->batch)
        current_flush(p);
    return result;
}

static bool window_open(const publishing *p)
{
    return p->waiting.count + p->flying.count < p->options->window;
}

/* Takes events until the window is full or the input has none. */
static int input_drain(publishing *p)
{
    p->starved = false;
    while (!p->input_ended && window_open(p)) {
        input_event event;
        input_problem problem;
        int got = input_next(p->in, &event, &problem);
        if (got == -EAGAIN) {
            p->starved = true;
            return 0;
        }
        if (got == -EBADMSG || got == -EIO) {
            p->totals->read += got == -EBADMSG;
            p->totals->rejected += got == -EBADMSG;
            p->totals->unreadable += got == -EIO;
            p->report->rejected(p->report->context, &problem, "", 0);
            continue;
        }
        if (got < 0)
            return got;
        p->input_ended = got == 0;
        int result = got == 1 ? event_add(p, &event) : current_flush(p);
        if (result != 0)
            return result;
    }
    return 0;
}

/* ---- requests out ------------------------------------------------------------------- */

static int batch_send(publishing *p, batch *b)
{
    char id[24];
    size_t len = 0;
    int id_len = snprintf(id, sizeof id, "%" PRIu64, b->id);
    const uint8_t *body = batch_body(b, &len);
    if (zmq_send(p->service->socket, "publish", 7, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return -errno;
    if (zmq_send(p->service->socket, id, (size_t)id_len, ZMQ_SNDMORE) < 0 ||
        zmq_send(p->service->socket, body, len, 0) < 0)
        return -errno;
    b->sent_ns = monotonic_ns();
    p->totals->resent += b->sent_count++ > 0;
    return 0;
}

static int waiting_send(publishing *p, int64_t now_ns)
{
    while (p->waiting.first != NULL && now_ns >= p->hold_ns) {
        int result = batch_send(p, p->waiting.first);
        if (result == -EAGAIN || result == -EINTR)
            return 0;
        if (result != 0)
            return result;
        queue_push(&p->flying, queue_pop(&p->waiting));
        p->sent = true;
    }
    return 0;
}

/* All that is in flight goes out again, in order. */
static void flying_recall(publishing *p)
{
    queue all = p->flying;
    if (all.first == NULL)
        return;
    p->flying = (queue){NULL, NULL, 0};
    if (p->waiting.first != NULL) {
        all.last->next = p->waiting.first;
        all.last = p->waiting.last;
        all.count += p->waiting.count;
    }
    p->waiting = all;
}

/* Where nothing was heard for a while. */
static void flying_resend(publishing *p, int64_t now_ns)
{
    const batch *oldest = p->flying.first;
    if (oldest != NULL && now_ns - p->heard_ns >= p->options->resend_ns &&
        now_ns - oldest->sent_ns >= p->options->resend_ns)
        flying_recall(p);
}

/* ---- answers in --------------------------------------------------------------------- */

static void event_rejected(publishing *p, const batch *b, uint64_t index,
                           const msgpack_object *body)
{
    size_t code_len = 0;
    size_t message_len = 0;
    size_t id_len = 0;
    char code_text[32];
    const char *code = pack_get_str(body, "code", &code_len);
    const char *message = pack_get_str(body, "message", &message_len);
    const char *id = pack_get_str(body, "id", &id_len);
    const batch_origin *origin = &b->origins[index < b->count ? index : 0];
    input_problem problem = {.file = origin->file, .line = origin->line, .code = code_text};
    snprintf(code_text, sizeof code_text, "%.*s", (int)code_len, code);
    snprintf(problem.message, sizeof problem.message, "%.*s", (int)message_len, message);
    p->totals->rejected++;
    p->report->rejected(p->report->context, &problem, id, id_len);
}

static void batch_accepted(publishing *p, const batch *b, const msgpack_object *body)
{
    const msgpack_object_array *rejected = &pack_get(body, "rejected")->via.array;
    uint64_t seq = pack_get_uint(body, "journal_seq", 0);
    p->totals->accepted += pack_get_uint(body, "accepted", 0);
    p->totals->duplicates += pack_get_uint(body, "duplicates", 0);
    if (seq > p->totals->journal_seq)
        p->totals->journal_seq = seq;
    for (uint32_t i = 0; i < rejected->size; i++) {
        const msgpack_object *one = &rejected->ptr[i];
        event_rejected(p, b, pack_get_uint(one, "index", 0), one);
    }
}

/* Whether an answer says of each event what became of it: else it acknowledges nothing. */
static bool batch_answered(const batch *b, const msgpack_object *body)
{
    const msgpack_object *rejected = pack_get(body, "rejected");
    uint64_t accepted = pack_get_uint(body, "accepted", UINT64_MAX);
    uint64_t duplicates = pack_get_uint(body, "duplicates", UINT64_MAX);
    return pack_is_array(rejected) && accepted <= b->count && duplicates <= b->count &&
           accepted + duplicates + rejected->via.array.size == b->count;
}

/* A request that was refused whole is halved until the event that is to blame stands alone. */
static int batch_refused(publishing *p, batch *b, const msgpack_object *body)
{
    if (pack_is(body, "code", "unavailable")) {
        p->hold_ns = monotonic_ns() + RETRY_NS;
        queue_push(&p->waiting, b);
        return 0;
    }
    if (b->count <= 1) {
        event_rejected(p, b, 0, body);
        batch_free(b);
        return 0;
    }
    uint32_t half = b->count / 2;
    batch *front = batch_part(b, 0, half);
    batch *back = batch_part(b, half, b->count - half);
    batch_free(b);
    if (front == NULL || back == NULL) {
        batch_free(front);
        batch_free(back);
        return -ENOMEM;
    }
    batch_queue(p, front);
    batch_queue(p, back);
    return 0;
}

static int answer_act(publishing *p, zmq_msg_t frames[])
{
    char id[24] = "";
    msgpack_object body = {.type = MSGPACK_OBJECT_NIL};
    size_t len = zmq_msg_size(&frames[1]);
    memcpy(id, zmq_msg_data(&frames[1]), len < sizeof id ? len : sizeof id - 1);
    uint64_t number = strtoull(id, NULL, 10);
    batch *b = queue_take(&p->flying, number);
    if (b == NULL)
        b = queue_take(&p->waiting, number); /* about to be sent again */
    if (b == NULL)
        return 0; /* the second answer to what was sent twice */
    msgpack_zone_clear(&p->zone);
    int result = pack_decode(zmq_msg_data(&frames[2]), zmq_msg_size(&frames[2]), &p->zone, &body);
    bool ok = frame_equals(&frames[0], "OK");
    if (result == 0 && ok && !batch_answered(b, &body))
        result = -EBADMSG;
    if (result == 0 && ok) {
        batch_accepted(p, b, &body);
        batch_free(b);
    } else if (result == 0) {
        result = batch_refused(p, b, &body);
    } else {
        batch_free(b);
    }
    return result;
}

static int answers_take(publishing *p, int64_t now_ns)
{
    for (;;) {
        zmq_msg_t frames[REPLY_FRAMES];
        size_t count = 0;
        int result = parts_receive(p->service->socket, frames, REPLY_FRAMES, &count);
        if (result == -EAGAIN || result == -EINTR)
            return 0;
        if (result != 0)
            return result;
        p->heard_ns = now_ns;
        result = count == REPLY_FRAMES ? answer_act(p, frames) : -EBADMSG;
        frames_close(frames, count);
        if (result != 0)
            return result;
    }
}

/* ---- the loop ----------------------------------------------------------------------- */

static bool input_ready(int fd)
{
    zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};
    return fd >= 0 && zmq_poll(&item, 1, 0) > 0;
}

/* Whether an answer has made room for what the input has. */
static bool input_due(const publishing *p)
{
    return !p->input_ended && !p->starved && window_open(p);
}

/* Sleeps until an answer, more input, or the next thing to do by time. */
static int publishing_wait(publishing *p)
{
    zmq_pollitem_t items[2] = {{.socket = p->service->socket, .events = ZMQ_POLLIN}};
    int count = 1;
    if (p->waiting.first != NULL && monotonic_ns() >= p->hold_ns)
        items[0].events |= ZMQ_POLLOUT;
    if (p->starved && input_fd(p->in) >= 0)
        items[count++] = (zmq_pollitem_t){.fd = input_fd(p->in), .events = ZMQ_POLLIN};
    if (zmq_poll(items, count, input_due(p) ? 0 : WAIT_MS) < 0 && errno != EINTR)
        return -errno;
    if (wire_link_tend(p->service, wire_clock_ms()))
        flying_recall(p); /* what went over a connection that is lost may be lost with it */
    if (count == 2 && items[1].revents != 0)
        input_fill(p->in);
    return 0;
}

static bool publishing_idle(const publishing *p)
{
    return p->waiting.first == NULL && p->flying.first == NULL;
}

static int publishing_step(publishing *p)
{
    bool idle = publishing_idle(p);
    int result = input_drain(p);
    /* What was read is not held back while the input pauses. */
    while (result == 0 && p->starved && input_ready(input_fd(p->in)) && window_open(p)) {
        input_fill(p->in);
        result = input_drain(p);
    }
    if (p->starved)
        current_flush(p);
    int64_t now_ns = monotonic_ns();
    if (idle)
        p->heard_ns = now_ns; /* nothing was due: the patience begins now */
    if (result == 0)
        result = answers_take(p, now_ns);
    flying_resend(p, now_ns);
    if (result == 0)
        result = waiting_send(p, now_ns);
    int64_t silent_ns = publishing_idle(p) ? 0 : now_ns - p->heard_ns;
    if (result == 0 && !p->sent && silent_ns > p->options->connect_ns)
        result = p->service->refused ? -EACCES : -ENOTCONN;
    if (result == 0 && silent_ns > p->options->timeout_ns)
        result = p->service->refused ? -EACCES : -ETIMEDOUT;
    if (now_ns - p->progress_ns > PROGRESS_NS) {
        p->progress_ns = now_ns;
        p->report->progress(p->report->context, p->totals);
    }
    return result;
}

int publishing_run(connection *c, input *in, const publishing_options *options,
                   const publishing_report *report, publishing_totals *totals)
{
    publishing p = {.connection = c,
                    .service = connection_service(c),
                    .in = in,
                    .options = options,
                    .report = report,
                    .totals = totals,
                    .heard_ns = monotonic_ns()};
    if (!msgpack_zone_init(&p.zone, 8192))
        return -ENOMEM;
    int result = 0;
    while (result == 0 && !(p.input_ended && publishing_idle(&p))) {
        result = publishing_step(&p);
        if (result == 0 && !(p.input_ended && publishing_idle(&p)))
            result = publishing_wait(&p);
    }
    msgpack_zone_destroy(&p.zone);
    batch_free(p.current);
    queue_free(&p.waiting);
    queue_free(&p.flying);
    return result;
}
