/*
 * subscription.c - following alerts so that none is missed.
 */
#include "wire/subscription.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "forms/pack.h"

enum { PAGE = 1000, EPOCH_BYTES = 129, FRAMES = 2, WAIT_MS = 1000, QUEUED = 100000, RENEWALS = 5 };
static const int64_t silence_ns = 5000000000;
static const char another_journal[] =
    "thawd has another journal, or an older copy of it; these are its active alerts";

typedef struct subscription {
    connection *connection;
    const common_options *common;
    const subscription_options *options;
    wire_link alerts;
    char epoch[EPOCH_BYTES];
    uint64_t last;      /* number up to which everything was delivered */
    uint64_t published; /* the last number that came over alerts */
    uint64_t head;      /* the last number that thawd had given out when it was asked */
    int64_t heard_ns;
    bool silent, done;
    bool seeking; /* the beginning or a time, which nothing was delivered of yet */
    bool cut;     /* it lies before what is kept */
} subscription;

static bool is_everything(const subscription *s)
{
    return strcmp(s->options->topic, "alert.") == 0;
}

__attribute__((format(printf, 2, 3))) static void remark(const subscription *s, const char *format,
                                                         ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    s->options->remark(s->options->context, text);
}

/* True: the epoch is the one that is being followed; an unset one is taken over. */
static bool epoch_same(subscription *s, const msgpack_object *body)
{
    size_t len = 0;
    const char *epoch = pack_get_str(body, "epoch", &len);
    if (len >= EPOCH_BYTES)
        len = EPOCH_BYTES - 1;
    if (s->epoch[0] == '\0') {
        memcpy(s->epoch, epoch, len);
        s->epoch[len] = '\0';
    }
    return strlen(s->epoch) == len && memcmp(s->epoch, epoch, len) == 0;
}

/* Delivers the alerts of a page with a number above `after` and up to `most`; returns the greatest
 * of the page. */
static uint64_t page_deliver(subscription *s, const msgpack_object *alerts, uint64_t after,
                             uint64_t most)
{
    uint64_t greatest = s->last;
    if (!pack_is_array(alerts))
        return greatest;
    for (uint32_t i = 0; i < alerts->via.array.size && !s->done; i++) {
        const msgpack_object *alert = &alerts->via.array.ptr[i];
        uint64_t seq = pack_get_uint(alert, "seq", 0);
        int64_t at_ns = INT64_MAX;
        pack_get_time(alert, "at", &at_ns);
        bool wanted = s->options->from != FROM_TIME || at_ns >= s->options->time_ns;
        if (s->cut && wanted && s->options->from == FROM_TIME)
            remark(s, "the changes before %" PRIu64 " are no longer kept", seq);
        s->cut = false; /* told, or nothing is missing: this one is older than what was asked for */
        if (seq > after && seq <= most && wanted)
            s->done = s->options->alert(s->options->context, alert);
        if (seq > greatest)
            greatest = seq;
    }
    return greatest;
}

static uint32_t page_size(const msgpack_object *alerts)
{
    return pack_is_array(alerts) ? alerts->via.array.size : 0;
}

/* ---- what is there ------------------------------------------------------------------ */

static void snapshot_request(const subscription *s, msgpack_sbuffer *body, const char *after,
                             size_t after_len)
{
    msgpack_packer packer;
    size_t pairs = (is_everything(s) ? 0 : 1) + (after_len > 0 ? 1 : 0);
    msgpack_packer_init(&packer, body, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, pairs);
    if (!is_everything(s)) {
        pack_text(&packer, "topic");
        pack_text(&packer, s->options->topic);
    }
    if (after_len > 0) {
        pack_text(&packer, "after");
        msgpack_pack_str_with_body(&packer, after, after_len);
    }
}

/* A snapshot stands for all that came before it was asked for: left in the queue, each message of a
 * journal that is no more would lead to a snapshot of its own. Numbers are compared from the next
 * message on. What comes while they are read is not waited for without end. */
static void queue_pass_over(subscription *s)
{
    zmq_msg_t frames[FRAMES];
    size_t count = 0;
    int result = s->alerts.socket != NULL ? 0 : -EAGAIN;
    for (int i = 0; (result == 0 || result == -EBADMSG) && i < 2 * QUEUED; i++) {
        result = parts_receive(s->alerts.socket, frames, FRAMES, &count);
        if (result == 0)
            frames_close(frames, count);
    }
    s->published = 0;
}

/* Where the pages of a snapshot have come to. */
typedef struct snapshot_place {
    char after[512]; /* the id of the last alert */
    size_t after_len;
    uint64_t seq; /* of the first page */
    bool begun;
} snapshot_place;

/* Moves on to the last alert of a page; false: it is not behind the page before, and what is asked
 * for with it would come for ever. */
static bool snapshot_move(snapshot_place *at, const msgpack_object *alert)
{
    size_t len = 0;
    const char *id = pack_get_str(alert, "id", &len);
    int order = memcmp(id, at->after, len < at->after_len ? len : at->after_len);
    if (len > sizeof at->after || order < 0 || (order == 0 && len <= at->after_len))
        return false;
    memcpy(at->after, id, len);
    at->after_len = len;
    return true;
}

/* Delivers one page. 1: others follow; 0: it was the last; -EPROTO, after a complaint. */
static int snapshot_page(subscription *s, snapshot_place *at, const msgpack_object *page,
                         bool again)
{
    const msgpack_object *alerts = pack_get(page, "alerts");
    const msgpack_object *more = pack_get(page, "more");
    bool is_last = more == NULL || more->type != MSGPACK_OBJECT_BOOLEAN || !more->via.boolean ||
                   page_size(alerts) == 0;
    if (!at->begun) {
        at->begun = true;
        at->seq = pack_get_uint(page, "seq", 0);
        if (again && s->options->reset != NULL)
            s->options->reset(s->options->context, s->epoch, at->seq);
    }
    page_deliver(s, alerts, 0, at->seq);
    if (!pack_is_array(alerts) ||
        (!is_last && !snapshot_move(at, &alerts->via.array.ptr[page_size(alerts) - 1]))) {
        complain("thawd does not tell all the alerts that are active");
        return -EPROTO;
    }
    return !is_last;
}

/* The active alerts, in pages by id; with `again` in place of what was delivered before. What
 * changes meanwhile is newer than the first page's seq and comes again. -ESTALE: a page is of
 * another journal than the first. */
static int snapshot_pages(subscription *s, bool again)
{
    snapshot_place at = {.begun = false};
    answer reply = {.open = false};
    int result = 1;
    queue_pass_over(s);
    s->epoch[0] = '\0';
    while (result > 0 && !s->done) {
        msgpack_sbuffer body;
        msgpack_sbuffer_init(&body);
        snapshot_request(s, &body, at.after, at.after_len);
        result = connection_try(s->connection, "snapshot", &body, &reply);
        msgpack_sbuffer_destroy(&body);
        if (result == 0)
            result =
                epoch_same(s, &reply.body) ? snapshot_page(s, &at, &reply.body, again) : -ESTALE;
    }
    if (result >= 0)
        s->last = at.seq;
    else if (result == -EREMOTEIO)
        connection_complain_refusal("snapshot", &reply.body);
    answer_free(&reply);
    return result < 0 ? result : 0;
}

/* Begins anew where thawd begins another journal between two pages, if what was delivered by then
 * can be taken back; but not without end. */
static int snapshot(subscription *s, bool again)
{
    int result = snapshot_pages(s, again);
    for (int i = 0; result == -ESTALE && s->options->reset != NULL && i < RENEWALS; i++) {
        remark(s, "%s", another_journal);
        result = snapshot_pages(s, true);
    }
    if (result != -ESTALE)
        return result;
    complain("thawd has begun another journal while it told its alerts; ask again");
    return -EPROTO;
}

/* ---- holes -------------------------------------------------------------------------- */

static int replay_page(subscription *s, answer *reply)
{
    msgpack_sbuffer body;
    msgpack_packer packer;
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&packer, &body, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, is_everything(s) ? 2 : 3);
    pack_text(&packer, "from");
    msgpack_pack_uint64(&packer, s->last);
    pack_text(&packer, "limit");
    msgpack_pack_uint64(&packer, PAGE);
    if (!is_everything(s)) {
        pack_text(&packer, "topic");
        pack_text(&packer, s->options->topic);
    }
    int result = connection_try(s->connection, "replay", &body, reply);
    msgpack_sbuffer_destroy(&body);
    return result;
}

/* Asked for the beginning, or for a time: moves on to the first change that is kept. False: that is not
 * what was asked for, or not known. */
static bool skip_gone(subscription *s)
{
    answer reply = {.open = false};
    uint64_t first = 0;
    if (s->seeking && connection_try(s->connection, "status", NULL, &reply) == 0) {
        const msgpack_object *journal = pack_get(&reply.body, "journal");
        first = journal != NULL ? pack_get_uint(journal, "first_alert", 0) : 0;
    }
    answer_free(&reply);
    if (first <= s->last + 1)
        return false;
    if (s->last > 0)
        remark(s, "the changes after %" PRIu64 " up to %" PRIu64 " are no longer kept", s->last,
               first - 1);
    s->last = first - 1;
    s->cut = true;
    return true;
}

/* What was asked for is no longer kept: the active alerts stand for it. */
static int replay_gone(subscription *s, const msgpack_object *error)
{
    if (!pack_is(error, "code", "gone")) {
        connection_complain_refusal("replay", error);
        return -EREMOTEIO;
    }
    remark(s, "the changes after %" PRIu64 " are no longer kept; these are the active alerts",
           s->last);
    return snapshot(s, true);
}

/* Delivers a page and moves on to where thawd looked; true: more may follow. A page of a topic may
 * be empty though there is more. */
static bool replay_deliver(subscription *s, const msgpack_object *body)
{
    uint64_t before = s->last;
    uint64_t head = pack_get_uint(body, "head", 0);
    uint64_t next = pack_get_uint(body, "next", 0);
    s->last = page_deliver(s, pack_get(body, "alerts"), s->last, UINT64_MAX);
    s->head = head;
    if (next > s->last)
        s->last = next;
    if (s->last > before && s->last < head)
        return true;
    if (head > s->last)
        s->last = head;
    return false;
}

/* Delivers everything after s->last. -ESTALE: thawd has begun another journal. */
static int replay(subscription *s)
{
    answer reply = {.open = false};
    bool more = true;
    int result = 0;
    while (more && result == 0 && !s->done) {
        result = replay_page(s, &reply);
        if (result == -EREMOTEIO && pack_is(&reply.body, "code", "gone") && skip_gone(s))
            result = 0;
        else if (result == -EREMOTEIO)
            result = replay_gone(s, &reply.body);
        else if (result == 0 && !epoch_same(s, &reply.body))
            result = -ESTALE;
        else if (result == 0)
            more = replay_deliver(s, &reply.body);
    }
    answer_free(&reply);
    return result;
}

/* ---- following ---------------------------------------------------------------------- */

static int renew(subscription *s)
{
    remark(s, "%s", another_journal);
    return snapshot(s, true);
}

/* Fills a hole. That thawd does not answer now is no end: its next beat shows the hole again. */
static int heal(subscription *s)
{
    int result = replay(s);
    if (result == -ESTALE)
        result = renew(s);
    return connection_is_silence(result) ? 0 : result;
}

/* Numbers never fall over alerts (least: the lowest that may follow the last one): where one does,
 * the journal was put back to an older copy. */
static bool went_back(subscription *s, uint64_t seq, uint64_t least)
{
    s->published = seq;
    return seq < least;
}

static int alert_take(subscription *s, const msgpack_object *body)
{
    uint64_t seq = pack_get_uint(body, "seq", 0);
    bool back = went_back(s, seq, s->published + 1);
    if (!epoch_same(s, body) || back)
        return renew(s);
    if (seq <= s->last)
        return 0;
    if (seq != s->last + 1)
        return heal(s);
    s->last = seq;
    s->done = s->options->alert(s->options->context, body);
    return 0;
}

static int beat_take(subscription *s, const msgpack_object *body)
{
    uint64_t seq = pack_get_uint(body, "seq", 0);
    bool back = went_back(s, seq, s->published);
    if (!epoch_same(s, body) || back)
        return renew(s);
    return seq > s->last ? heal(s) : 0;
}

static int message_take(subscription *s, zmq_msg_t frames[], size_t count)
{
    msgpack_zone zone;
    msgpack_object body;
    if (count != FRAMES || !msgpack_zone_init(&zone, 4096))
        return 0;
    int result = pack_decode(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]), &zone, &body);
    if (result != 0)
        result = 0; /* not ours to judge: a hole that it leaves is filled */
    else if (frame_equals(&frames[0], "beat"))
        result = beat_take(s, &body);
    else
        result = alert_take(s, &body);
    msgpack_zone_destroy(&zone);
    return result;
}

static void silence_watch(subscription *s, bool heard)
{
    int64_t now_ns = monotonic_ns();
    if (heard) {
        if (s->silent)
            remark(s, "thawd is there again");
        s->silent = false;
        s->heard_ns = now_ns;
    } else if (!s->silent && now_ns - s->heard_ns > silence_ns) {
        remark(s, "nothing heard from %s for 5 seconds; waiting", s->common->alerts);
        s->silent = true;
    }
}

static int follow(subscription *s)
{
    s->heard_ns = monotonic_ns();
    while (!s->done) {
        zmq_pollitem_t item = {.socket = s->alerts.socket, .events = ZMQ_POLLIN};
        zmq_msg_t frames[FRAMES];
        size_t count = 0;
        int result = parts_receive(s->alerts.socket, frames, FRAMES, &count);
        if (result == -EAGAIN) {
            if (zmq_poll(&item, 1, WAIT_MS) < 0 && errno != EINTR)
                return -errno;
            wire_link_tend(&s->alerts, wire_clock_ms());
            silence_watch(s, item.revents != 0);
            s->done = s->options->deserted(s->options->context);
            continue;
        }
        if (result != 0)
            continue;
        silence_watch(s, true);
        result = message_take(s, frames, count);
        frames_close(frames, count);
        if (connection_is_silence(result))
            s->epoch[0] = '?'; /* a snapshot is still owed: no epoch is like this one */
        else if (result != 0)
            return result;
    }
    return 0;
}

static int begin(subscription *s)
{
    if (s->options->from == FROM_NOW)
        return snapshot(s, false);
    s->last = s->options->from == FROM_SEQ ? s->options->seq : 0;
    s->seeking = s->options->from != FROM_SEQ;
    int result = replay(s);
    s->seeking = s->cut = false;
    if (result == 0 && s->options->from == FROM_SEQ && s->options->seq > s->head)
        remark(s, "the last change is %" PRIu64 ", none is after %" PRIu64 " yet", s->head,
               s->options->seq);
    return result == -ESTALE ? renew(s) : result;
}

static int subscribe(subscription *s)
{
    int queued = QUEUED;
    const char *topic = s->options->topic;
    if (connection_open(s->connection, ZMQ_SUB, s->common->alerts, &s->alerts) != 0)
        return -EINVAL;
    if (zmq_setsockopt(s->alerts.socket, ZMQ_RCVHWM, &queued, sizeof queued) != 0 ||
        zmq_setsockopt(s->alerts.socket, ZMQ_SUBSCRIBE, topic, strlen(topic)) != 0 ||
        zmq_setsockopt(s->alerts.socket, ZMQ_SUBSCRIBE, "beat", 4) != 0)
        return -errno;
    return 0;
}

int subscription_run(connection *c, const common_options *common,
                     const subscription_options *options)
{
    subscription s = {.connection = c, .common = common, .options = options};
    int result = options->follow ? subscribe(&s) : 0;
    if (result == 0)
        result = begin(&s);
    if (result == 0 && options->follow && !s.done)
        result = follow(&s);
    wire_link_close(&s.alerts);
    if (connection_is_silence(result))
        connection_complain_silence(common, common->service, result);
    else if (result != 0 && result != -EREMOTEIO && result != -EINVAL && result != -EPROTO)
        complain("tail: %s", strerror(-result));
    return result == 0 ? CLIENT_DONE : result == -EREMOTEIO ? CLIENT_NOT_SO : CLIENT_NO_ANSWER;
}
