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

static const struct verb verbs[] = {
    {"publish", NULL, 0, PUBLISH},
    {"snapshot", question_snapshot, K(TOPIC) | K(AFTER), READ},
    {"replay", question_replay, K(FROM) | K(LIMIT) | K(TOPIC), READ},
    {"events", question_events, K(FROM) | K(LIMIT) | K(COUNTRY) | K(KIND), READ},
    {"state", question_state, K(COUNTRY) | K(AT) | K(SINCE) | K(AFTER), READ},
    {"incidents", question_incidents, K(COUNTRY) | K(KIND) | K(SINCE) | K(LIMIT) | K(AFTER), READ},
    {"explain", question_explain, K(ALERT) | K(INCIDENT) | K(RULE) | K(GROUP) | K(AFTER), READ},
    {"rules", question_rules, 0, READ},
    {"rejects", question_rejects, K(LIMIT), READ},
    {"status", question_status, 0, READ | PUBLISH},
    {"reload", question_reload, K(DRY), 0},
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

/* One sound request, into the batch. */
static int take_question(thawd *d, question *q)
{
    if (q->verb->answer == NULL)
        return intake_publish(d, &q->from, &q->body);
    batch_add_question(&d->batch, q);
    return 0;
}

/* Where questions are slow, those that wait for an answer already leave room for one or two: in
 * every second pass requests that were held may take it, in the others those that come. */
static bool room_for_held(const thawd *d)
{
    size_t room = d->counters.passes % 2 == 0 ? BATCH_QUESTIONS_MAX : BATCH_QUESTIONS_MAX / 2;

    return d->batch.question_count < room && !batch_full(&d->batch);
}

/* The same for those whose clients have read. */
static int take_held(void *context, question *q)
{
    thawd *d = context;
    int r = take_question(d, q);

    return r == 0 && (d->batch.question_count >= BATCH_QUESTIONS_MAX / 2 || batch_full(&d->batch))
               ? 1
               : r;
}

/* Where some client is behind: which this one is. NULL: it need not be known. */
static reader *find_reader(thawd *d, envelope *from)
{
    if (d->held.count == 0 && readers_all_read(d->readers))
        return NULL;
    return readers_find(d->readers, zmq_msg_data(&from->route), zmq_msg_size(&from->route));
}

static int hold(thawd *d, reader *who, question *q)
{
    int r = held_add(&d->held, who, q);

    d->counters.requests_dropped += r == -ENOBUFS;
    return r == -ENOBUFS ? 0 : r;
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
    question q = {.verb = NULL};
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
    d->counters.requests_held++;
    return hold(d, who, &q);
}

int service_read(thawd *d)
{
    frames f;
    int r = room_for_held(d) ? held_release(&d->held, d->readers, take_held, d) : 0;

    while (r == 0 && !batch_full(&d->batch) && !batch_questions_full(&d->batch)) {
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

/* In the order in which they came; what a pass has no time for is left to the next, so that
 * reports, beats and the watchdog do not wait for a crowd of large questions. */
int service_answer(thawd *d)
{
    int64_t began_ns = instant_stopwatch_ns();
    size_t i = 0;
    int r = 0;

    for (; r == 0 && i < d->batch.question_count; i++) {
        question *q = &d->batch.questions[i];
        reader *who = find_reader(d, &q->from);
        if (i > 0 && instant_stopwatch_ns() - began_ns > ANSWER_NS_MAX)
            break;
        if (who == NULL || !readers_behind(d->readers, who)) {
            r = answer_one(d, q);
            continue;
        }
        r = hold(d, who, q);          /* it is behind by answers of this same pass */
        zmq_msg_init(&q->from.route); /* the batch closes what it has */
        zmq_msg_init(&q->body);
    }
    batch_questions_drop(&d->batch, i);
    if (d->batch.question_count > 0)
        pass_schedule(d);
    return r;
}
