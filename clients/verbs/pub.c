/*
 * pub.c - thaw pub: publish events and wait until they are durable.
 */
#include "verbs/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "forms/input.h"
#include "screen/publish_screen.h"
#include "thaw.h"
#include "wire/batch.h"
#include "wire/broadcast.h"
#include "wire/connection.h"

typedef struct pub {
    common_options common;
    input_format format;
    uint64_t batch, window;
    bool unacknowledged, check, quiet;
    publish_screen screen;
} pub;

/* ---- what people see ---------------------------------------------------------------- */

static void summary(pub *p, const publishing_totals *t)
{
    double seconds = (double)(monotonic_ns() - p->screen.begun_ns) / 1e9;
    const char *accepted = p->unacknowledged ? "sent" : p->check ? "valid" : "accepted";
    publish_screen_clear(&p->screen);
    if (p->common.json) {
        printf("{\"events\":%" PRIu64 ",\"%s\":%" PRIu64 ",\"duplicates\":%" PRIu64
               ",\"rejected\":%" PRIu64 ",\"journal_seq\":%" PRIu64 ",\"seconds\":%.3f}\n",
               t->read, accepted, t->accepted, t->duplicates, t->rejected, t->journal_seq, seconds);
        return;
    }
    if (p->quiet)
        return;
    printf("%" PRIu64 " event%s: %" PRIu64 " %s, ", t->read, t->read == 1 ? "" : "s", t->accepted,
           accepted);
    if (!p->unacknowledged && !p->check)
        printf("%" PRIu64 " known already, ", t->duplicates);
    printf("%" PRIu64 " rejected; %.2f s, %.0f a second", t->rejected, seconds,
           seconds > 0 ? (double)t->read / seconds : 0.0);
    if (t->resent > 0)
        printf("; %" PRIu64 " requests sent again", t->resent);
    puts(p->unacknowledged ? "; whether thawd took them is not known" : "");
}

/* ---- offline ------------------------------------------------------------------------ */

static void event_check(pub *p, const input_event *event, publishing_totals *t)
{
    thaw_body body;
    thaw_event decoded;
    thaw_error error = {.code = THAW_OK};
    memset(&decoded, 0, sizeof decoded);
    int result = thaw_body_open(&body, event->bytes, event->len, &thaw_limits_default,
                                realtime_ns(), &error);
    if (result == 0)
        result = thaw_body_next(&body, &decoded, &error);
    t->read++;
    t->accepted += result >= 0;
    if (result >= 0)
        return;
    input_problem problem = {
        .file = event->file, .line = event->line, .code = thaw_code_name(error.code)};
    snprintf(problem.message, sizeof problem.message, "%s", error.message);
    t->rejected++;
    publish_screen_rejected(&p->screen, &problem, decoded.id.data != NULL ? decoded.id.data : "",
                            decoded.id.len);
}

/* --check: what thawd would say to each event by itself. */
static int check_run(pub *p, input *in, publishing_totals *t)
{
    for (;;) {
        input_event event;
        input_problem problem;
        int got = input_next(in, &event, &problem);
        if (got == 0)
            return 0;
        if (got == 1) {
            event_check(p, &event, t);
        } else if (got == -EAGAIN) {
            input_fill(in);
        } else if (got == -EBADMSG || got == -EIO) {
            t->read += got == -EBADMSG;
            t->rejected += got == -EBADMSG;
            t->unreadable += got == -EIO;
            publish_screen_rejected(&p->screen, &problem, "", 0);
        } else {
            return got;
        }
    }
}

/* ---- the verb ----------------------------------------------------------------------- */

/* A thawd that is not there is soon known; one that is there may be busy with its disk. */
static int64_t answer_ns(const pub *p)
{
    const int64_t patient_ns = 30000000000;
    return p->common.timeout_ns == ARGUMENTS_TIMEOUT_NS ? patient_ns : p->common.timeout_ns;
}

static int online_run(pub *p, input *in, publishing_totals *t)
{
    const publishing_report report = {&p->screen, publish_screen_rejected, publish_screen_progress};
    const publishing_options options = {(uint32_t)p->batch, (uint32_t)p->window, 3000000000,
                                        p->common.timeout_ns, answer_ns(p)};
    connection *c = NULL;
    int result = connection_new(&p->common, &c);
    if (result != 0)
        return result;
    if (p->unacknowledged)
        result = broadcast_run(c, &p->common, in, (uint32_t)p->batch, &report, t);
    else
        result = publishing_run(c, in, &options, &report, t);
    connection_free(c);
    return result;
}

static int failed(pub *p, int result, const publishing_totals *t)
{
    publish_screen_clear(&p->screen);
    if (result == -ETIMEDOUT && !p->unacknowledged)
        p->common.timeout_ns = answer_ns(p);
    if (connection_is_silence(result) || result == -ENOTCONN)
        connection_complain_silence(
            &p->common, p->unacknowledged ? p->common.events : p->common.service, result);
    else if (result != -EINVAL)
        complain("pub: %s", strerror(-result));
    if (!p->unacknowledged && t->read > 0)
        complain("pub: %" PRIu64 " of the %" PRIu64
                 " events read so far are acknowledged; publishing the same "
                 "input again is safe",
                 t->accepted + t->duplicates, t->read);
    return CLIENT_NO_ANSWER;
}

static int pub_run(pub *p, const char *const paths[])
{
    publishing_totals totals = {0};
    input *in = NULL;
    p->screen = publish_screen_open(p->common.json, p->quiet);
    int result = input_new(paths, p->format, &in);
    if (result == 0)
        result = p->check ? check_run(p, in, &totals) : online_run(p, in, &totals);
    if (result == 0)
        summary(p, &totals);
    else
        result = failed(p, result, &totals);
    input_free(in);
    if (result != 0)
        return result;
    return totals.rejected + totals.unreadable > 0 ? CLIENT_NOT_SO : CLIENT_DONE;
}

static bool format_parse(const char *text, input_format *ret_format)
{
    if (text == NULL || strcmp(text, "auto") == 0)
        *ret_format = INPUT_AUTO;
    else if (strcmp(text, "json") == 0)
        *ret_format = INPUT_JSON;
    else if (strcmp(text, "msgpack") == 0)
        *ret_format = INPUT_MSGPACK;
    else
        return false;
    return true;
}

int verb_pub(int argc, char **argv)
{
    pub p = {.batch = 100, .window = 32};
    const char *format = NULL;
    const usage u = {
        "pub", "[FILE...]",
        "Publishes events, a JSON object a line or MessagePack, from files or stdin, and waits\n"
        "until thawd has them on disk. Events may be published again at will: thawd knows them by\n"
        "source and id. What is refused is shown with file, line and reason; then the exit code is "
        "1.\n\n"
        "--unacknowledged sends to `events` instead: nobody answers, and what thawd refuses, or "
        "misses\n"
        "because it is restarting, is lost to the sender ('thaw rejects' shows what was refused)."};
    const argument table[] = {
        {"batch", 'b', ARGUMENT_NUMBER, &p.batch, "N", "events in a request (100)", 1,
         BATCH_EVENTS_MAX},
        {"window", 'w', ARGUMENT_NUMBER, &p.window, "N", "requests in flight (32)", 1, 1000},
        {"format", 'f', ARGUMENT_TEXT, &format, "FORMAT", "json, msgpack or auto", 0, 0},
        {"check", 0, ARGUMENT_FLAG, &p.check, NULL, "only check the events, publish nothing", 0, 0},
        {"unacknowledged", 'u', ARGUMENT_FLAG, &p.unacknowledged, NULL,
         "send to `events`, without an answer", 0, 0},
        {"quiet", 'q', ARGUMENT_FLAG, &p.quiet, NULL, "no progress and no summary", 0, 0},
    };
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, sizeof table / sizeof table[0], &p.common, 0, 100000, argc,
                         argv, &first, &result))
        return result;
    if (!format_parse(format, &p.format)) {
        complain("pub: --format is '%s', expected json, msgpack or auto", format);
        return CLIENT_USAGE;
    }
    return pub_run(&p, (const char *const *)argv + first);
}
