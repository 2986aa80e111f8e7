/*
 * subscriber.c - following alerts without missing one.
 *
 *   SNAPSHOT  subscribed, asking page after page. Live alerts wait in the socket's queue; what
 *             overflows it is a hole like any other.
 *   REPLAY    asking for what is newer than the position, which a beat, an alert or a page
 *             showed to exist.
 *   LIVE      taking what comes.
 *
 * With all topics the numbers have no holes, and the next one is handed out as it comes. With a
 * part of them holes are the rule and prove nothing: there an alert only says that there is
 * something to ask for, and all are handed out from replays, in order. Either way an alert of
 * another epoch leads back to SNAPSHOT.
 */
#include <errno.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "error.h"
#include "link.h"

#define TOPIC_BYTES_MAX 245 /* libzmq 4.3.4 loses subscriptions of 246 to 255 bytes */
#define EPOCH_BYTES_MAX 128
#define AFTER_BYTES_MAX 1024
#define REQUEST_DEFAULT_MS 3000
#define SILENT_DEFAULT_MS 10000
#define MESSAGES_A_POLL 1000
#define ALL_TOPICS "alert."

typedef enum phase { PHASE_SNAPSHOT, PHASE_REPLAY, PHASE_LIVE } phase;

struct thaw_subscriber {
    wire_link alerts, service;
    thaw_subscriber_options options; /* callbacks and times; its strings are not kept */
    char topic[TOPIC_BYTES_MAX + 1];
    bool filtered; /* a part of the topics */
    phase phase;
    char epoch[EPOCH_BYTES_MAX + 1];
    uint64_t seq;                    /* nothing up to here is missing */
    uint64_t known;                  /* the greatest number heard of in this epoch */
    uint64_t published;              /* the last number that came over alerts */
    char after[AFTER_BYTES_MAX + 1]; /* last id of the page before, while in SNAPSHOT */
    bool paging;
    bool anew;        /* it began again between two pages, and has no whole snapshot since */
    uint64_t number;  /* of the last request */
    bool asking;      /* it has no answer yet */
    int64_t asked_ms; /* when it was sent, or refused */
    int64_t heard_ms; /* when anything came: over alerts, or an answer */
    bool silent;
    int given;  /* alerts and turns of this poll */
    int handed; /* alerts of this poll */
    thaw_error error;
};

static void turn(thaw_subscriber *subscriber, thaw_turn what)
{
    subscriber->given++;
    if (subscriber->options.turn)
        subscriber->options.turn(subscriber->options.context, what);
}

static void hand_out(thaw_subscriber *subscriber, const thaw_alert *alert, bool snapshot)
{
    subscriber->given++;
    subscriber->handed++;
    subscriber->options.alert(subscriber->options.context, alert, snapshot);
}

static int subscriber_copy(thaw_subscriber *subscriber, const thaw_subscriber_options *options)
{
    const char *topic = options->topic ? options->topic : ALL_TOPICS;
    size_t len = strlen(topic), common = len < strlen(ALL_TOPICS) ? len : strlen(ALL_TOPICS);

    if (!options->alert || len > TOPIC_BYTES_MAX || memcmp(topic, ALL_TOPICS, common) != 0 ||
        (options->epoch && strlen(options->epoch) > EPOCH_BYTES_MAX))
        return -EINVAL;
    subscriber->options = *options;
    if (!options->request_ms)
        subscriber->options.request_ms = REQUEST_DEFAULT_MS;
    if (!options->silent_ms)
        subscriber->options.silent_ms = SILENT_DEFAULT_MS;
    /* A shorter prefix would take in the beat; all alerts are meant. */
    strcpy(subscriber->topic, len < strlen(ALL_TOPICS) ? ALL_TOPICS : topic);
    subscriber->filtered = len > strlen(ALL_TOPICS);
    if (options->epoch) {
        strcpy(subscriber->epoch, options->epoch);
        subscriber->seq = subscriber->known = options->seq;
        subscriber->phase = PHASE_REPLAY;
    }
    return 0;
}

static int subscribe(wire_link *link, const char *topic)
{
    return zmq_setsockopt(link->socket, ZMQ_SUBSCRIBE, topic, strlen(topic)) ? -zmq_errno() : 0;
}

int thaw_subscriber_new(const thaw_subscriber_options *options, thaw_subscriber **ret_subscriber)
{
    thaw_subscriber *subscriber = calloc(1, sizeof(*subscriber));
    int r;

    if (!subscriber)
        return -ENOMEM;
    r = subscriber_copy(subscriber, options);
    if (!r)
        r = wire_link_open(&subscriber->alerts, &options->alerts, ZMQ_SUB);
    if (!r)
        r = wire_link_open(&subscriber->service, &options->service, ZMQ_DEALER);
    if (!r)
        r = subscribe(&subscriber->alerts, subscriber->topic);
    if (!r)
        r = subscribe(&subscriber->alerts, THAW_BEAT_TOPIC);
    if (r) {
        thaw_subscriber_free(subscriber);
        return r;
    }
    subscriber->heard_ms = wire_clock_ms();
    subscriber->asked_ms = subscriber->heard_ms - subscriber->options.request_ms;
    *ret_subscriber = subscriber;
    return 0;
}

thaw_subscriber *thaw_subscriber_free(thaw_subscriber *subscriber)
{
    if (subscriber) {
        wire_link_close(&subscriber->service);
        wire_link_close(&subscriber->alerts);
        free(subscriber);
    }
    return NULL;
}

/* Who went on from the number of a snapshot would not be told of the pages that have not come. */
const char *thaw_subscriber_position(const thaw_subscriber *subscriber, uint64_t *ret_seq)
{
    bool whole = subscriber->phase != PHASE_SNAPSHOT;

    *ret_seq = whole ? subscriber->seq : 0;
    return whole ? subscriber->epoch : "";
}

const thaw_error *thaw_subscriber_error(const thaw_subscriber *subscriber)
{
    return &subscriber->error;
}

static void go(thaw_subscriber *subscriber, phase phase)
{
    subscriber->phase = phase;
    subscriber->asking = false;
    subscriber->paging = false;
    /* Whatever it is that has to be asked, it may be asked at once. */
    subscriber->asked_ms = wire_clock_ms() - subscriber->options.request_ms;
}

/* The last answer led nowhere: the next question waits until the time of one is up. */
static void ask_later(thaw_subscriber *subscriber)
{
    subscriber->asked_ms = wire_clock_ms();
}

static void heard_something(thaw_subscriber *subscriber)
{
    subscriber->heard_ms = wire_clock_ms();
    subscriber->silent = false;
}

/* ---- questions ---------------------------------------------------------------------- */

static int pack_text(msgpack_packer *packer, const char *text)
{
    size_t len = strlen(text);
    return msgpack_pack_str(packer, len) | msgpack_pack_str_body(packer, text, len);
}

static int pack_question(const thaw_subscriber *subscriber, msgpack_packer *packer)
{
    bool snapshot = subscriber->phase == PHASE_SNAPSHOT;
    int failed = msgpack_pack_map(packer, snapshot && !subscriber->paging ? 1 : 2);

    failed |= pack_text(packer, "topic") | pack_text(packer, subscriber->topic);
    if (!snapshot)
        failed |= pack_text(packer, "from") | msgpack_pack_uint64(packer, subscriber->seq);
    else if (subscriber->paging)
        failed |= pack_text(packer, "after") | pack_text(packer, subscriber->after);
    return failed;
}

static int send_question(thaw_subscriber *subscriber, int64_t now_ms)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    int r;

    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    r = pack_question(subscriber, &packer) ? -ENOMEM : 0;
    if (!r)
        r = wire_link_request(&subscriber->service,
                              subscriber->phase == PHASE_SNAPSHOT ? "snapshot" : "replay",
                              subscriber->number + 1, buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
    if (r)
        return r;
    subscriber->number++;
    subscriber->asking = true;
    subscriber->asked_ms = now_ms;
    return 0;
}

/* ---- answers ------------------------------------------------------------------------ */

typedef struct answer_body {
    thaw_str epoch;
    uint64_t seq;        /* of a snapshot */
    uint64_t head, next; /* of a replay; next is UINT64_MAX where it is not said */
    bool more;           /* of a snapshot */
    thaw_list alerts;
} answer_body;

static bool epoch_is(const thaw_subscriber *subscriber, thaw_str epoch)
{
    return strlen(subscriber->epoch) == epoch.len &&
           memcmp(subscriber->epoch, epoch.data, epoch.len) == 0;
}

static void heard_of(thaw_subscriber *subscriber, uint64_t seq)
{
    if (seq > subscriber->known)
        subscriber->known = seq;
}

/* Up to date, or more to ask for; `moved`: the position has changed since it was asked last. */
static void settle(thaw_subscriber *subscriber, bool moved)
{
    if (subscriber->known > subscriber->seq) {
        go(subscriber, PHASE_REPLAY);
        if (!moved)
            ask_later(subscriber);
        return;
    }
    subscriber->phase = PHASE_LIVE;
    subscriber->asking = false;
    turn(subscriber, THAW_TURN_SYNCED);
}

/* The first page says from where to follow. A later page that is newer shows that there is
 * something to replay. */
static bool page_begin(thaw_subscriber *subscriber, const answer_body *page)
{
    if (page->epoch.len == 0 || page->epoch.len > EPOCH_BYTES_MAX)
        return false;
    if (subscriber->paging)
        return epoch_is(subscriber, page->epoch);
    if (!epoch_is(subscriber, page->epoch))
        subscriber->published = 0;
    memcpy(subscriber->epoch, page->epoch.data, page->epoch.len);
    subscriber->epoch[page->epoch.len] = '\0';
    subscriber->seq = subscriber->known = page->seq;
    turn(subscriber, THAW_TURN_RESET);
    return true;
}

/* Whether the last alert of a page is behind the page before: what is asked for with one that is not would come for
 * ever. */
static bool page_leads_on(const thaw_subscriber *subscriber, thaw_str id)
{
    size_t before = subscriber->paging ? strlen(subscriber->after) : 0;
    int order = id.len ? memcmp(id.data, subscriber->after, id.len < before ? id.len : before) : 0;

    return id.len <= AFTER_BYTES_MAX && (order > 0 || (order == 0 && id.len > before));
}

/* Others follow the page that ends with that alert. */
static void page_follow(thaw_subscriber *subscriber, thaw_str id)
{
    bool leads_on = page_leads_on(subscriber, id);

    go(subscriber, PHASE_SNAPSHOT);
    if (leads_on) {
        snprintf(subscriber->after, sizeof(subscriber->after), "%.*s", (int)id.len, id.data);
        subscriber->paging = true;
        return;
    }
    wire_error(&subscriber->error, THAW_INVALID,
               "snapshot: found a page that is not behind the one before, expected a greater id");
    ask_later(subscriber);
}

static void take_page(thaw_subscriber *subscriber, answer_body *page)
{
    thaw_alert alert;
    thaw_str last = {0};
    int r;

    if (!page_begin(subscriber, page)) {
        bool at_once = subscriber->paging && !subscriber->anew;
        subscriber->anew = subscriber->paging;
        go(subscriber, PHASE_SNAPSHOT);
        if (!at_once)
            ask_later(subscriber);
        return;
    }
    heard_of(subscriber, page->seq);
    while ((r = thaw_alert_next(&page->alerts, &alert, &subscriber->error)) > 0) {
        last = alert.id;
        if (alert.seq > subscriber->seq)
            heard_of(subscriber, alert.seq); /* changed since the first page: replay brings it */
        else
            hand_out(subscriber, &alert, true);
    }
    if (r == 0 && page->more && last.data) {
        page_follow(subscriber, last);
        return;
    }
    subscriber->paging = subscriber->anew = false;
    settle(subscriber, true);
}

/* How far a replay is complete: up to `next` where the daemon says it, else up to its last alert,
 * and up to the head where it holds none. A page that leads nowhere must not be asked for again. */
static void replay_reached(thaw_subscriber *subscriber, const answer_body *replay, uint64_t before)
{
    if (replay->next != UINT64_MAX && replay->next > subscriber->seq)
        subscriber->seq = replay->next;
    if (subscriber->seq == before && replay->head > subscriber->seq)
        subscriber->seq = replay->head;
    heard_of(subscriber, subscriber->seq);
}

/* A page of the alerts after the position; settle asks for the next one where there is more. */
static void take_replay(thaw_subscriber *subscriber, answer_body *replay)
{
    uint64_t before = subscriber->seq;
    thaw_alert alert;
    int r;

    if (!epoch_is(subscriber, replay->epoch) || replay->head < subscriber->seq) {
        go(subscriber, PHASE_SNAPSHOT);
        return;
    }
    heard_of(subscriber, replay->head);
    while ((r = thaw_alert_next(&replay->alerts, &alert, &subscriber->error)) > 0) {
        if (alert.seq <= subscriber->seq)
            continue;
        subscriber->seq = alert.seq;
        hand_out(subscriber, &alert, false);
    }
    if (r == 0)
        replay_reached(subscriber, replay, before);
    settle(subscriber, subscriber->seq > before);
}

static int take_refusal(thaw_subscriber *subscriber, const void *body, size_t len)
{
    thaw_code code;
    thaw_str message;

    wire_reply_error(body, len, &code, &message);
    wire_error(&subscriber->error, code, "%.*s", (int)message.len,
               message.data ? message.data : "");
    if (code == THAW_GONE)
        go(subscriber, PHASE_SNAPSHOT);
    /* Anything else is asked again when the time of the question is up. */
    return code == THAW_DENIED ? -EACCES : 0;
}

static int take_answer(thaw_subscriber *subscriber, wire_answer *answer)
{
    static const wire_slot slots[] = {
        {"epoch", SLOT_STR, true, offsetof(answer_body, epoch)},
        {"seq", SLOT_UINT, false, offsetof(answer_body, seq)},
        {"head", SLOT_UINT, false, offsetof(answer_body, head)},
        {"next", SLOT_UINT, false, offsetof(answer_body, next)},
        {"more", SLOT_BOOL, false, offsetof(answer_body, more)},
        {"alerts", SLOT_MAPS, true, offsetof(answer_body, alerts)},
    };
    const void *body = zmq_msg_data(&answer->body);
    size_t len = zmq_msg_size(&answer->body);
    answer_body read = {.next = UINT64_MAX};

    if (!subscriber->asking || answer->number != subscriber->number)
        return 0;
    subscriber->asking = false;
    heard_something(subscriber);
    if (!answer->ok)
        return take_refusal(subscriber, body, len);
    if (wire_body_read("reply", body, len, slots, 6, &read, &subscriber->error) != 0)
        return 0; /* asked again when its time is up */
    if (subscriber->phase == PHASE_SNAPSHOT)
        take_page(subscriber, &read);
    else
        take_replay(subscriber, &read);
    return 0;
}

/* ---- what is published -------------------------------------------------------------- */

/* What an alert or a beat (least: the lowest number that may follow the last one) says about how
 * far the daemon is. Numbers never fall over alerts: where one does, the journal was put back to
 * an older copy, and what comes now are other alerts under numbers that were given out before.
 * False: nothing more is to be done with it. */
static bool heard(thaw_subscriber *subscriber, thaw_str epoch, uint64_t seq, uint64_t least)
{
    bool known = epoch_is(subscriber, epoch);

    subscriber->published = known ? seq : 0;
    if (!known || seq < least) {
        go(subscriber, PHASE_SNAPSHOT);
        return false;
    }
    heard_of(subscriber, seq);
    return seq > subscriber->seq;
}

static void take_alert(thaw_subscriber *subscriber, const void *body, size_t len)
{
    thaw_alert alert;

    if (thaw_alert_decode(&alert, body, len, &subscriber->error) != 0 ||
        !heard(subscriber, alert.epoch, alert.seq, subscriber->published + 1))
        return;
    if (subscriber->phase != PHASE_LIVE)
        return;
    if (subscriber->filtered || alert.seq != subscriber->seq + 1) {
        go(subscriber, PHASE_REPLAY);
        return;
    }
    subscriber->seq = alert.seq;
    hand_out(subscriber, &alert, false);
}

static void take_beat(thaw_subscriber *subscriber, const void *body, size_t len)
{
    thaw_beat beat;

    if (thaw_beat_decode(&beat, body, len, &subscriber->error) != 0 ||
        !heard(subscriber, beat.epoch, beat.seq, subscriber->published) ||
        subscriber->phase != PHASE_LIVE)
        return;
    go(subscriber, PHASE_REPLAY);
}

/* 1, 0 where none is there, -errno. */
static int take_message(thaw_subscriber *subscriber)
{
    zmq_msg_t topic, body;
    int r = wire_link_message(&subscriber->alerts, &topic, &body);

    if (r <= 0)
        return r;
    heard_something(subscriber);
    if (zmq_msg_size(&topic) == strlen(THAW_BEAT_TOPIC))
        take_beat(subscriber, zmq_msg_data(&body), zmq_msg_size(&body));
    else
        take_alert(subscriber, zmq_msg_data(&body), zmq_msg_size(&body));
    zmq_msg_close(&topic);
    zmq_msg_close(&body);
    return 1;
}

/* While a snapshot is under way the queue of the socket keeps what is published. */
static int take_messages(thaw_subscriber *subscriber)
{
    int r = 1;

    for (int i = 0; r > 0 && i < MESSAGES_A_POLL && subscriber->phase != PHASE_SNAPSHOT; i++)
        r = take_message(subscriber);
    return r < 0 ? r : 0;
}

static int take_answers(thaw_subscriber *subscriber)
{
    wire_answer answer;
    int r;

    while ((r = wire_link_answer(&subscriber->service, &answer)) > 0) {
        r = take_answer(subscriber, &answer);
        zmq_msg_close(&answer.body);
        if (r < 0)
            return r;
    }
    return r;
}

/* ---- the loop ----------------------------------------------------------------------- */

/* Sends the question of the phase, if there is one and its time has come. A snapshot stands for all that came before it
 * was asked for; left in the queue, each message of a journal that is no more would lead to a snapshot of its own. What
 * comes while they are read is not waited for without end. */
static int ask(thaw_subscriber *subscriber, int64_t now_ms)
{
    int r = 1;

    if (subscriber->phase == PHASE_LIVE ||
        now_ms - subscriber->asked_ms < (int64_t)subscriber->options.request_ms)
        return 0;
    for (int i = 0; r > 0 && i < 2 * WIRE_QUEUE_MESSAGES; i++)
        r = subscriber->phase == PHASE_SNAPSHOT && !subscriber->paging ? take_message(subscriber)
                                                                       : 0;
    return r < 0 ? r : send_question(subscriber, now_ms);
}

static void check_silence(thaw_subscriber *subscriber, int64_t now_ms)
{
    if (subscriber->silent ||
        now_ms - subscriber->heard_ms < (int64_t)subscriber->options.silent_ms)
        return;
    subscriber->silent = true;
    turn(subscriber, THAW_TURN_SILENT);
}

/* Looks after both connections; that the daemon refuses one is an error to be asked for. */
static void tend(thaw_subscriber *subscriber, int64_t now_ms)
{
    bool refused = subscriber->alerts.refused || subscriber->service.refused;

    wire_link_tend(&subscriber->alerts, now_ms);
    wire_link_tend(&subscriber->service, now_ms);
    if (!refused && (subscriber->alerts.refused || subscriber->service.refused))
        wire_error(&subscriber->error, THAW_DENIED, "the daemon refused the connection for its keys");
}

/* The next instant at which something is to be done without a message. */
static int64_t next_ms(const thaw_subscriber *subscriber, bool blocked, int64_t deadline_ms)
{
    const wire_link *links[] = {&subscriber->alerts, &subscriber->service};
    int64_t silent_ms = subscriber->heard_ms + subscriber->options.silent_ms;
    int64_t ask_ms = subscriber->asked_ms + subscriber->options.request_ms;

    if (!subscriber->silent && silent_ms < deadline_ms)
        deadline_ms = silent_ms;
    if (!blocked && subscriber->phase != PHASE_LIVE && ask_ms < deadline_ms)
        deadline_ms = ask_ms;
    for (size_t i = 0; i < 2; i++)
        if (links[i]->again_ms < deadline_ms)
            deadline_ms = links[i]->again_ms;
    return deadline_ms;
}

static int wait_for(thaw_subscriber *subscriber, bool blocked, int64_t until_ms)
{
    bool reading = subscriber->phase != PHASE_SNAPSHOT;
    int64_t now_ms = wire_clock_ms();
    long wait_ms = until_ms == INT64_MAX ? -1 : until_ms > now_ms ? (long)(until_ms - now_ms) : 0;
    zmq_pollitem_t items[] = {
        {.socket = subscriber->service.socket,
         .events = (short)(ZMQ_POLLIN | (blocked ? ZMQ_POLLOUT : 0))},
        {.socket = subscriber->service.monitor, .events = ZMQ_POLLIN},
        {.socket = subscriber->alerts.monitor, .events = ZMQ_POLLIN},
        {.socket = subscriber->alerts.socket, .events = ZMQ_POLLIN},
    };

    return zmq_poll(items, reading ? 4 : 3, wait_ms) < 0 ? -zmq_errno() : 0;
}

int thaw_subscriber_poll(thaw_subscriber *subscriber, int timeout_ms)
{
    int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : wire_clock_ms() + timeout_ms;
    int r;

    subscriber->given = subscriber->handed = 0;
    for (;;) {
        int64_t now_ms = wire_clock_ms();
        tend(subscriber, now_ms);
        r = ask(subscriber, now_ms);
        bool blocked = r == -EAGAIN;
        if (r < 0 && !blocked)
            return r;
        if ((r = take_answers(subscriber)) < 0 || (r = take_messages(subscriber)) < 0)
            return r;
        check_silence(subscriber, now_ms);
        if (subscriber->given > 0 || now_ms >= deadline_ms)
            return subscriber->handed;
        r = wait_for(subscriber, blocked, next_ms(subscriber, blocked, deadline_ms));
        if (r)
            return r;
    }
}
