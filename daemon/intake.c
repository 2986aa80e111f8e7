/* intake.c - see intake.h. */
#include "intake.h"

#include <errno.h>
#include <stdio.h>

#include "service/reply.h"
#include "sockets/auth.h"

#define REJECT_BYTES_MAX 4096 /* of a rejected message that are kept */

/* Counts, keeps and logs one rejected event or message. */
static int reject(thawd *d, const char *endpoint, const thaw_error *error, const thaw_event *event,
                  const void *bytes, size_t len)
{
    log_fields fields = {.code = log_str(thaw_code_name(error->code)),
                         .endpoint = log_str(endpoint)};

    if (event != NULL) {
        fields.event = event->id;
        fields.source = event->source;
        fields.producer = event->producer;
        if (event->country[0] != '\0')
            fields.country = (thaw_str){event->country, 2};
    }
    d->counters.rejected++;
    if (error->code < THAW_CODE_COUNT)
        d->counters.by_code[error->code]++;
    log_say(d->log, SAY_REJECTED, &fields,
            "rejected on %s as %s: \"%.*s\" of \"%.*s\"; `thaw rejects` shows it", endpoint,
            thaw_code_name(error->code), (int)fields.event.len,
            fields.event.data == NULL ? "" : fields.event.data, (int)fields.source.len,
            fields.source.data == NULL ? "" : fields.source.data);
    return journal_append_reject(d->journal, d->now.wall_ns, error->code, error->message, endpoint,
                                 bytes, len < REJECT_BYTES_MAX ? len : REJECT_BYTES_MAX);
}

/* Rejects one event: journal, counters, and the answer where somebody waits for one. */
static int reject_event(thawd *d, batch_origin origin, const thaw_error *error,
                        const thaw_event *event, const void *bytes, size_t len)
{
    const char *endpoint = origin.request == BATCH_NOBODY ? "events" : "service";
    int r = reject(d, endpoint, error, event, bytes, len);

    if (r == 0 && origin.request != BATCH_NOBODY)
        r = batch_reject(&d->batch, origin.request, origin.index, event->id, error);
    return r;
}

/* Decodes the events of a body that the batch already keeps. topic NULL: there is none. -EPROTO
 * with *error: the message as a whole is refused, and nothing of it stays in the batch. */
static int take_events(thawd *d, thaw_body *body, uint32_t request, const char *topic,
                       size_t topic_len, thaw_error *error)
{
    const size_t before = d->batch.count;

    for (;;) {
        batch_origin origin = {request, body->index};
        const uint8_t *start = body->next;
        thaw_event *event = batch_next_event(&d->batch);
        int r;
        if (event == NULL)
            return -ENOMEM;
        r = thaw_body_next(body, event, error);
        if (r > 0 && topic != NULL && thaw_topic_check(topic, topic_len, event, error) != THAW_OK)
            r = thaw_body_check(body, error) < 0 ? -EPROTO : -EBADMSG;
        if (r > 0) {
            batch_keep_event(&d->batch, request, origin.index);
            continue;
        }
        if (r == 0)
            d->counters.events += body->count;
        if (r == -EPROTO)
            d->batch.count = before;
        if (r != -EBADMSG)
            return r;
        r = reject_event(d, origin, error, event, start, (size_t)(body->next - start));
        if (r < 0)
            return r;
    }
}

static int reject_frames(thawd *d, const frames *f)
{
    thaw_error error = {.code = THAW_MALFORMED};
    size_t shown = f->kept > 1 ? 1 : 0;

    snprintf(error.message, sizeof(error.message), "found %zu frame%s, expected 2: topic and body",
             f->count, f->count == 1 ? "" : "s");
    return reject(d, "events", &error, NULL, frames_data(f, shown), frames_size(f, shown));
}

static int take_message(thawd *d, frames *f)
{
    thaw_body body;
    thaw_error error;
    zmq_msg_t *kept;
    int r;

    d->counters.messages++;
    if (f->count != 2)
        return reject_frames(d, f);
    batch_add_body(&d->batch, &f->part[1]);
    kept = &d->batch.bodies[d->batch.body_count - 1];
    r = thaw_body_begin(&body, zmq_msg_data(kept), zmq_msg_size(kept), &d->config.limits,
                        d->now.machine_ns, &error);
    if (r == 0)
        r = take_events(d, &body, BATCH_NOBODY, frames_data(f, 0), frames_size(f, 0), &error);
    if (r == -EBADMSG || r == -EPROTO)
        r = reject(d, "events", &error, NULL, zmq_msg_data(kept), zmq_msg_size(kept));
    return r;
}

int intake_read(thawd *d)
{
    frames f;
    int r = 0;

    while (r == 0 && !batch_full(&d->batch)) {
        r = frames_receive(d->events.socket, &f);
        if (r == -EAGAIN)
            return 0;
        if (r < 0)
            return r;
        if (auth_is_revoked(d->auth, &f))
            auth_log_revoked(d->auth, &f, "events");
        else
            r = take_message(d, &f);
        frames_done(&f);
    }
    return r;
}

/* A body that cannot be read at all: ERR for the whole request, which is the last of the batch. */
static int refuse_body(thawd *d, const thaw_error *error, zmq_msg_t *body)
{
    batch_request *request = &d->batch.requests[d->batch.request_count - 1];
    int r = reject(d, "service", error, NULL, zmq_msg_data(body), zmq_msg_size(body));

    if (r == 0)
        r = reply_error(d, &request->from, error);
    envelope_done(&request->from);
    d->batch.request_count--; /* answered */
    return r;
}

int intake_publish(thawd *d, envelope *from, zmq_msg_t *message)
{
    uint32_t index = batch_add_request(&d->batch, from);
    thaw_body body;
    thaw_error error;
    zmq_msg_t *kept;
    int r;

    d->counters.publishes++;
    batch_add_body(&d->batch, message);
    zmq_msg_close(message);
    kept = &d->batch.bodies[d->batch.body_count - 1];
    r = thaw_body_begin(&body, zmq_msg_data(kept), zmq_msg_size(kept), &d->config.limits,
                        d->now.machine_ns, &error);
    if (r == 0)
        r = take_events(d, &body, index, NULL, 0, &error);
    return r == -EBADMSG || r == -EPROTO ? refuse_body(d, &error, kept) : r;
}

static const char *const verdict_texts[THAW_CODE_COUNT] = {
    [THAW_CONFLICT] = "the source has already sent this id with other content; a correction is a "
                      "new id with `revises`",
    [THAW_LIMIT] = "no more reports can be held, but some that correct one that stands: raise "
                   "memory.reports or memory.bytes, or keep less (retain)",
};

/* The date that counts is that of the happening, else that of the report. */
static void tell_too_old(const thawd *d, const thaw_event *event, thaw_error *error)
{
    bool occurred = event->occurred_at.precision != THAW_ABSENT;
    char found[THAW_DATE_TEXT], earliest[THAW_DATE_TEXT];

    thaw_date_format(occurred ? &event->occurred_at : &event->reported_at, found);
    thaw_date_format(&(thaw_date){.at_ns = engine_horizon(d->engine), .precision = THAW_INSTANT},
                     earliest);
    snprintf(error->message, sizeof(error->message),
             "%s: found %s, expected it to start no earlier than %s, the horizon of retention",
             occurred ? "occurred_at" : "reported_at", found, earliest);
}

static void tell_verdict(const thawd *d, const thaw_event *event, thaw_error *error)
{
    const char *text = verdict_texts[error->code];

    if (error->code == THAW_TOO_OLD)
        tell_too_old(d, event, error);
    else
        snprintf(error->message, sizeof(error->message), "%s",
                 text == NULL ? "the engine did not take it" : text);
}

static void log_feed(thawd *d, const thaw_event *event)
{
    log_fields fields = {.country = {event->country, 2},
                         .source = event->source,
                         .event = event->id,
                         .producer = event->producer};

    if (event->kind == THAW_FEED && event->feed_state == THAW_FEED_BROKEN)
        log_say(d->log, SAY_FEED_BROKEN, &fields, "the feed \"%.*s\" is broken, says its importer",
                (int)event->source.len, event->source.data);
}

/* What the engine made of one event. */
static int settle_event(thawd *d, size_t i)
{
    const thaw_event *event = &d->batch.events[i];
    const engine_verdict *verdict = &d->batch.verdicts[i];
    batch_origin origin = d->batch.origins[i];
    batch_request *request =
        origin.request == BATCH_NOBODY ? NULL : &d->batch.requests[origin.request];
    thaw_error error = {.code = verdict->code};

    if (verdict->code != THAW_OK) {
        tell_verdict(d, event, &error);
        return reject_event(d, origin, &error, event, event->bytes, event->bytes_len);
    }
    if (request != NULL && verdict->journal_seq > request->journal_seq)
        request->journal_seq = verdict->journal_seq;
    if (verdict->duplicate) {
        d->counters.duplicates++;
        if (request != NULL)
            request->duplicates++;
        return 0;
    }
    d->counters.accepted++;
    if (request != NULL)
        request->accepted++;
    log_feed(d, event);
    return journal_append_report(d->journal, verdict->journal_seq, event);
}

static int answer_requests(thawd *d)
{
    for (size_t i = 0; i < d->batch.request_count; i++) {
        batch_request *request = &d->batch.requests[i];
        int r;
        batch_sort_rejected(request);
        r = reply_publish(d, request);
        if (r < 0)
            return r;
    }
    return 0;
}

static int apply(thawd *d)
{
    batch *b = &d->batch;
    int64_t began_ns = instant_stopwatch_ns();
    engine_bound(d->engine);
    int r = engine_apply(d->engine, b->events, b->count, d->now.wall_ns, b->verdicts);

    d->image.work_ns += instant_stopwatch_ns() - began_ns;
    return r;
}

int intake_commit(thawd *d)
{
    batch *b = &d->batch;
    int r = 0;

    if (b->count > 0)
        r = apply(d);
    for (size_t i = 0; r == 0 && i < b->count; i++)
        r = settle_event(d, i);
    if (r == 0)
        r = answer_requests(d);
    if (r == 0)
        r = d->failure;
    if (r == 0)
        r = journal_submit(d->journal, d->now.wall_ns, &d->ticket);
    if (r == 0) {
        d->counters.batches += b->count > 0;
        batch_settle(b);
        outbox_seal(d->outbox, d->ticket);
    }
    return r;
}
