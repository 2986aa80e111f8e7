/* service.c - see service.h. */
#include "service/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../proto/src/text.h"
#include "intake.h"
#include "schedule.h"
#include "sockets/auth.h"

#define K(key) KEY_BIT(KEY_##key)
#define ROLE_BIT(role) (1u << (role))
#define PUBLISH ROLE_BIT(ROLE_PUBLISH)
#define READ ROLE_BIT(ROLE_READ)

#define ANSWER_NS_MAX 50000000 /* of a pass; the question that crosses the line is answered still */
#define RELEASE_MAX 32         /* of those that were held */

static const struct verb verbs[] = {
    {"publish", NULL, 0, PUBLISH, WAITING_SMALL},
    {"snapshot", question_snapshot, K(TOPIC) | K(AFTER), READ, WAITING_SMALL},
    {"replay", question_replay, K(FROM) | K(LIMIT) | K(TOPIC), READ, WAITING_SMALL},
    {"events", question_events, K(FROM) | K(LIMIT) | K(COUNTRY) | K(KIND), READ, WAITING_LARGE},
    {"state", question_state, K(COUNTRY) | K(AT) | K(SINCE) | K(AFTER), READ, WAITING_LARGE},
    {"incidents", question_incidents, K(COUNTRY) | K(KIND) | K(SINCE) | K(LIMIT) | K(AFTER), READ,
     WAITING_LARGE},
    {"explain", question_explain, K(ALERT) | K(INCIDENT) | K(RULE) | K(GROUP) | K(AFTER), READ,
     WAITING_LARGE},
    {"rules", question_rules, 0, READ, WAITING_SMALL},
    {"rejects", question_rejects, K(FROM) | K(LIMIT), READ, WAITING_SMALL},
    {"status", question_status, 0, READ | PUBLISH, WAITING_SMALL},
    {"reload", question_reload, K(DRY), 0, WAITING_SMALL},
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const verb *find_verb(thaw_str name, thaw_error *error)
{
    char quoted[48], known[160] = "";

    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strlen(verbs[i].name) == name.len && memcmp(verbs[i].name, name.data, name.len) == 0)
            return &verbs[i];
    wire_text_quote(quoted, sizeof(quoted), name.data, name.len);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        strncat(known, " ", sizeof(known) - strlen(known) - 1);
        strncat(known, verbs[i].name, sizeof(known) - strlen(known) - 1);
    }
    question_fail(error, THAW_UNKNOWN_VERB, "found the verb %s, expected one of%s", quoted, known);
    return NULL;
}

static int refuse(thawd *d, envelope *from, const thaw_error *error)
{
    log_fields fields = {.code = log_str(thaw_code_name(error->code)),
                         .endpoint = log_str("service")};
    int r = reply_error(d, from, error);

    log_say(d->log, SAY_REQUEST_REFUSED, &fields, "request refused as %s: %s",
            thaw_code_name(error->code), error->message);
    envelope_done(from);
    return r;
}

/* Whether a client of that role, whose key still counts, may use the verb. */
static bool is_permitted(const verb *v, endpoint_role role, bool revoked, thaw_error *error)
{
    if (revoked) {
        question_fail(error, THAW_DENIED,
                      "the key of this client is no longer among curve.clients");
        return false;
    }
    if (role == ROLE_ALL || (v->roles & ROLE_BIT(role)) != 0)
        return true;
    question_fail(error, THAW_DENIED, "found the verb %s at an address that is for %s only",
                  v->name, role == ROLE_READ ? "reading" : "publishing");
    return false;
}

/* One sound request: into the batch, or to those that wait. */
static int take_question(thawd *d, question *q)
{
    if (q->verb->answer == NULL)
        return intake_publish(d, &q->from, &q->body);
    waiting_add(&d->waiting, q->verb->row, q);
    return 0;
}

static bool room_for_more(const thawd *d)
{
    return !batch_full(&d->batch) && !waiting_full(&d->waiting);
}

typedef struct release {
    thawd *d;
    size_t count;
} release;

/* The same for those whose clients have read: few at a time, for the first may make its client be
 * behind again. */
static int take_held(void *context, question *q)
{
    release *one = context;
    int r = take_question(one->d, q);

    return r == 0 && (++one->count == RELEASE_MAX || !room_for_more(one->d)) ? 1 : r;
}

/* Where some client is behind: which this one is. NULL: it need not be known. */
static reader *find_reader(thawd *d, envelope *from)
{
    if (d->held.count == 0 && readers_all_read(d->readers))
        return NULL;
    return readers_find(d->readers, zmq_msg_data(&from->route), zmq_msg_size(&from->route));
}

/* What does not fit, or finds no memory, is dropped. */
static void hold(thawd *d, reader *who, question *q)
{
    d->counters.requests_held += !q->was_held;
    q->was_held = true;
    d->counters.requests_dropped += held_add(&d->held, who, q) < 0;
}

static int check_size(const thawd *d, const question *q, thaw_error *error)
{
    size_t size = zmq_msg_size(&q->body);

    if (q->verb->answer == NULL || size <= d->config.request_bytes)
        return 0;
    return question_fail(error, THAW_TOO_LARGE, "found a body of %zu bytes, expected at most %ju",
                         size, (uintmax_t)d->config.request_bytes);
}

/* One request: into the batch, held, or answered with ERR at once. */
static int take_request(thawd *d, frames *f)
{
    question q = {.verb = NULL, .fd = -1};
    thaw_error error;
    thaw_str name = {NULL, 0};
    size_t body = 0;
    endpoint_role role = d->service.has_domain ? auth_role(f) : ROLE_ALL; /* else none has a role */
    bool revoked = auth_is_revoked(d->auth, f);
    reader *who;

    d->counters.requests++;
    if (revoked)
        auth_log_revoked(d->auth, f, "service");
    if (request_open(f, &q.from, &name, &body, &error) < 0)
        return refuse(d, &q.from, &error);
    q.fd = zmq_msg_get(&f->part[f->kept - 1], ZMQ_SRCFD);
    q.verb = find_verb(name, &error);
    if (q.verb == NULL || !is_permitted(q.verb, role, revoked, &error))
        return refuse(d, &q.from, &error);
    zmq_msg_init(&q.body);
    if (body > 0)
        zmq_msg_move(&q.body, &f->part[body]);
    if (check_size(d, &q, &error) < 0) {
        zmq_msg_close(&q.body);
        return refuse(d, &q.from, &error);
    }
    who = find_reader(d, &q.from);
    if (who == NULL || (who->held == 0 && !readers_behind(d->readers, who)))
        return take_question(d, &q);
    hold(d, who, &q);
    return 0;
}

/* Where there is little room, those that were held and those that come take turns. */
static bool held_first(const thawd *d)
{
    return d->counters.passes % 2 == 0;
}

static int read_requests(thawd *d)
{
    frames f;
    int r = 0;

    for (size_t i = 0; r == 0 && i < BATCH_MESSAGES_MAX && room_for_more(d); i++) {
        r = frames_receive(d->service.socket, &f);
        if (r == -EAGAIN)
            return 0;
        if (r < 0)
            return r;
        r = take_request(d, &f);
        frames_done(&f);
    }
    return r;
}

int service_read(thawd *d)
{
    release released = {.d = d};
    int r = held_first(d) ? 0 : read_requests(d);

    if (r == 0 && room_for_more(d))
        r = held_release(&d->held, d->readers, take_held, &released);
    return r == 0 && held_first(d) ? read_requests(d) : r;
}

static int answer_one(thawd *d, question *q)
{
    request_values values;
    reply_body body;
    msgpack_packer out;
    thaw_error error;
    int r = request_parse(zmq_msg_data(&q->body), zmq_msg_size(&q->body), q->verb->allowed, &values,
                          &error);

    reply_body_init(&body, d->config.reply_bytes, &out);
    if (r == 0)
        r = q->verb->answer(d, &values, &body, &out, &error);
    if (r == 0 || body.over)
        return reply_ok(d, &q->from, &body);
    reply_body_done(&body);
    return r == -EBADMSG ? reply_error(d, &q->from, &error) : r;
}

/* Done though its client has gone, as a report is taken in. */
static bool acts(const verb *v)
{
    return v->answer == question_reload;
}

/* One whose turn has come: answered, or held again, or nobody is there any more. */
static int answer_next(thawd *d, question *q)
{
    reader *who = find_reader(d, &q->from);
    int r;

    if (!acts(q->verb) && question_is_stale(q)) {
        d->counters.requests_stale++;
        r = 0;
    } else if (who != NULL && readers_behind(d->readers, who)) {
        hold(d, who, q);
        return 0;
    } else {
        r = answer_one(d, q);
    }
    question_done(q);
    return r;
}

/* At least one, and others until the time is up. */
static int answer_row(thawd *d, waiting_row row, int64_t until_ns)
{
    question q;
    int r = 0;

    do {
        if (!waiting_take(&d->waiting, row, &q))
            return 0;
        r = answer_next(d, &q);
    } while (r == 0 && instant_stopwatch_ns() < until_ns);
    return r;
}

/* What a pass has no time for is left to the next, so that reports, beats and the watchdog do not
 * wait for a crowd of large questions. */
int service_answer(thawd *d)
{
    int64_t until_ns = instant_stopwatch_ns() + ANSWER_NS_MAX;
    int r = answer_row(d, WAITING_SMALL, until_ns);

    if (r == 0)
        r = answer_row(d, WAITING_LARGE, until_ns);
    if (waiting_count(&d->waiting) > 0)
        pass_schedule(d);
    return r;
}
