/*
 * publisher.c - acknowledged publishing.
 *
 * Requests are numbered; those under way lie in a ring whose place is the number modulo the
 * window, from the oldest without an answer to the newest. A monitor tells when the connection
 * is lost: what was sent over it has to be sent again at once, and not when its time is up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "link.h"

#define WINDOW_DEFAULT 64
#define WINDOW_MAX 65536
#define RESEND_DEFAULT_MS 5000
#define RESEND_MAX_MS 30000
#define ANSWERS_A_POLL 1000

typedef struct pending {
    uint8_t *body; /* NULL: answered, the place is free */
    size_t body_len;
    uint64_t tag;
    int64_t due_ms; /* when it is sent (again) */
    uint32_t wait_ms;
} pending;

struct thaw_publisher {
    wire_link link;
    thaw_ack_fn ack;
    void *ack_context;
    pending *ring;
    uint32_t window, resend_ms;
    uint64_t oldest, next; /* numbers: oldest without answer, next to be given */
    size_t count;          /* of pending */
    int64_t due_ms;        /* the earliest of the ring's, or later */
};

int thaw_publisher_new(const thaw_publisher_options *options, thaw_publisher **ret_publisher)
{
    uint32_t window = options->window ? options->window : WINDOW_DEFAULT;
    thaw_publisher *publisher;
    int r;

    if (window > WINDOW_MAX)
        return -EINVAL;
    publisher = calloc(1, sizeof(*publisher));
    if (!publisher)
        return -ENOMEM;
    publisher->window = window;
    publisher->resend_ms = options->resend_ms ? options->resend_ms : RESEND_DEFAULT_MS;
    publisher->ack = options->ack;
    publisher->ack_context = options->context;
    publisher->due_ms = INT64_MAX;
    publisher->ring = calloc(window, sizeof(*publisher->ring));
    r = publisher->ring ? wire_link_open(&publisher->link, &options->connection, ZMQ_DEALER)
                        : -ENOMEM;
    if (r) {
        thaw_publisher_free(publisher);
        return r;
    }
    *ret_publisher = publisher;
    return 0;
}

thaw_publisher *thaw_publisher_free(thaw_publisher *publisher)
{
    if (!publisher)
        return NULL;
    wire_link_close(&publisher->link);
    for (uint32_t i = 0; publisher->ring && i < publisher->window; i++)
        free(publisher->ring[i].body);
    free(publisher->ring);
    free(publisher);
    return NULL;
}

size_t thaw_publisher_pending(const thaw_publisher *publisher)
{
    return publisher->count;
}

static pending *pending_at(thaw_publisher *publisher, uint64_t number)
{
    return &publisher->ring[number % publisher->window];
}

int thaw_publisher_send(thaw_publisher *publisher, const void *body, size_t body_len, uint64_t tag)
{
    uint8_t *copy;

    if (publisher->next - publisher->oldest >= publisher->window)
        return -EAGAIN;
    copy = malloc(body_len ? body_len : 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, body, body_len);
    *pending_at(publisher, publisher->next++) =
        (pending){copy, body_len, tag, 0, publisher->resend_ms};
    publisher->count++;
    publisher->due_ms = 0;
    return 0;
}

/* Sends all that is due. What finds no connection stays due; the socket tells when there is
 * one. */
static int send_due(thaw_publisher *publisher, int64_t now_ms, bool *ret_blocked)
{
    int64_t earliest = INT64_MAX;

    *ret_blocked = false;
    if (publisher->due_ms > now_ms)
        return 0;
    for (uint64_t number = publisher->oldest; number != publisher->next; number++) {
        pending *one = pending_at(publisher, number);
        if (one->body && one->due_ms <= now_ms && !*ret_blocked) {
            int r =
                wire_link_request(&publisher->link, "publish", number, one->body, one->body_len);
            if (r && r != -EAGAIN)
                return r;
            *ret_blocked = r == -EAGAIN;
            if (!r) {
                one->due_ms = now_ms + one->wait_ms;
                one->wait_ms = one->wait_ms < RESEND_MAX_MS / 2 ? one->wait_ms * 2 : RESEND_MAX_MS;
            }
        }
        if (one->body && one->due_ms < earliest)
            earliest = one->due_ms;
    }
    publisher->due_ms = earliest;
    return 0;
}

/* All that was sent over a connection that is gone is due. */
static void send_again(thaw_publisher *publisher)
{
    for (uint64_t number = publisher->oldest; number != publisher->next; number++) {
        pending *one = pending_at(publisher, number);
        one->due_ms = 0;
        one->wait_ms = publisher->resend_ms;
    }
    publisher->due_ms = publisher->count ? 0 : INT64_MAX;
}

static bool ack_read(thaw_ack *ack, const void *body, size_t len)
{
    static const wire_slot slots[] = {
        {"accepted", SLOT_UINT, true, offsetof(thaw_ack, accepted)},
        {"duplicates", SLOT_UINT, true, offsetof(thaw_ack, duplicates)},
        {"rejected", SLOT_MAPS, true, offsetof(thaw_ack, rejected)},
        {"journal_seq", SLOT_UINT, false, offsetof(thaw_ack, journal_seq)},
    };

    return wire_body_read("reply", body, len, slots, 4, ack, NULL) == 0;
}

/* Hands out the answer to one request; 1, or 0 where it was none or is to be asked again. */
static int take_answer(thaw_publisher *publisher, wire_answer *answer, int64_t now_ms)
{
    const void *body = zmq_msg_data(&answer->body);
    size_t len = zmq_msg_size(&answer->body);
    thaw_ack ack = {0};

    if (answer->number - publisher->oldest >= publisher->next - publisher->oldest)
        return 0; /* answered before: it had been sent twice */
    pending *one = pending_at(publisher, answer->number);
    if (!one->body)
        return 0;
    if (!answer->ok)
        wire_reply_error(body, len, &ack.code, &ack.message);
    if (ack.code == THAW_UNAVAILABLE || (answer->ok && !ack_read(&ack, body, len))) {
        one->due_ms = now_ms + publisher->resend_ms;
        return 0;
    }
    ack.tag = one->tag;
    ack.body = one->body;
    ack.body_len = one->body_len;
    one->body = NULL;
    publisher->count--;
    while (publisher->oldest != publisher->next && !pending_at(publisher, publisher->oldest)->body)
        publisher->oldest++;
    if (publisher->ack)
        publisher->ack(publisher->ack_context, &ack);
    free((void *)ack.body);
    return 1;
}

static int take_answers(thaw_publisher *publisher)
{
    int64_t now_ms = wire_clock_ms();
    wire_answer answer;
    int acks = 0;

    for (int i = 0; i < ANSWERS_A_POLL; i++) {
        int r = wire_link_answer(&publisher->link, &answer);
        if (r < 0)
            return r;
        if (r == 0)
            break;
        acks += take_answer(publisher, &answer, now_ms);
        zmq_msg_close(&answer.body);
    }
    return acks;
}

int thaw_publisher_poll(thaw_publisher *publisher, int timeout_ms)
{
    int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : wire_clock_ms() + timeout_ms;

    for (;;) {
        bool blocked;
        int64_t now_ms = wire_clock_ms();
        if (wire_link_tend(&publisher->link, now_ms))
            send_again(publisher);
        int r = send_due(publisher, now_ms, &blocked);
        if (r)
            return r;
        r = take_answers(publisher);
        if (r || now_ms >= deadline_ms)
            return r;
        int64_t until =
            !blocked && publisher->due_ms < deadline_ms ? publisher->due_ms : deadline_ms;
        if (publisher->link.again_ms < until)
            until = publisher->link.again_ms;
        zmq_pollitem_t items[] = {
            {.socket = publisher->link.socket,
             .events = (short)(ZMQ_POLLIN | (blocked ? ZMQ_POLLOUT : 0))},
            {.socket = publisher->link.monitor, .events = ZMQ_POLLIN},
        };
        if (zmq_poll(items, 2,
                     until == INT64_MAX ? -1
                     : until > now_ms   ? (long)(until - now_ms)
                                        : 0) < 0)
            return -zmq_errno();
    }
}

int thaw_publisher_flush(thaw_publisher *publisher, int timeout_ms)
{
    int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : wire_clock_ms() + timeout_ms;

    while (publisher->count > 0) {
        int64_t left = deadline_ms == INT64_MAX ? -1 : deadline_ms - wire_clock_ms();
        if (left < 0 && deadline_ms != INT64_MAX)
            return publisher->link.refused ? -EACCES : -ETIMEDOUT;
        int r = thaw_publisher_poll(publisher, (int)left);
        if (r < 0)
            return r;
    }
    return 0;
}

bool thaw_rejection_next(thaw_list *list, thaw_rejection *ret_rejection)
{
    struct raw {
        thaw_rejection rejection;
        thaw_str code;
    } raw = {0};
    static const wire_slot slots[] = {
        {"index", SLOT_UINT, true, offsetof(struct raw, rejection.index)},
        {"id", SLOT_STR, false, offsetof(struct raw, rejection.id)},
        {"code", SLOT_STR, true, offsetof(struct raw, code)},
        {"message", SLOT_STR, false, offsetof(struct raw, rejection.message)},
    };
    wire_cursor cursor = wire_cursor_over(list->data, list->bytes);

    if (!list->data || list->count == 0 || !wire_skip(&cursor) ||
        wire_body_read("rejection", list->data, (size_t)(cursor.at - list->data), slots, 4, &raw,
                       NULL) != 0)
        return false;
    list->bytes -= (uint32_t)(cursor.at - list->data);
    list->data = cursor.at;
    list->count--;
    raw.rejection.code = THAW_INVALID;
    thaw_code_parse(raw.code.data, raw.code.len, &raw.rejection.code);
    *ret_rejection = raw.rejection;
    return true;
}
