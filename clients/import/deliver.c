/*
 * deliver.c - see deliver.h.
 */
#include "deliver.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "forms/json.h"
#include "forms/pack.h"
#include "wire/connection.h"

enum { BATCH_EVENTS = 100, WINDOW = 32 };

delivery delivery_begin(const import_options *options, const char *kind)
{
    return (delivery){.options = options,
                      .kind = kind,
                      .screen = publish_screen_open(options->common.json, options->quiet)};
}

static int events_print(const teller *t)
{
    size_t at = 0;
    int result = 0;
    msgpack_zone zone;
    if (!msgpack_zone_init(&zone, 8192))
        return -ENOMEM;
    while (result == 0 && at < t->events.size) {
        msgpack_object event;
        const char *from = t->events.data + at;
        ssize_t len = pack_measure((const uint8_t *)from, t->events.size - at, PACK_DEPTH_MAX);
        msgpack_zone_clear(&zone);
        result = len > 0 ? pack_decode(from, (size_t)len, &zone, &event) : -EBADMSG;
        if (result == 0)
            result = json_print(&event);
        at += len > 0 ? (size_t)len : 0;
    }
    msgpack_zone_destroy(&zone);
    if (result == 0 && fflush(stdout) != 0)
        result = -errno;
    return result;
}

/* A conflict is an event that was told before with another date, and what lies beyond thawd's
 * horizon stays beyond it: neither is mended by telling it again. */
static void on_rejected(void *context, const input_problem *what, const char *id, size_t id_len)
{
    delivery *d = context;
    bool too_old = strcmp(what->code, "too-old") == 0;
    d->too_old += too_old;
    if (too_old || strcmp(what->code, "conflict") == 0)
        return;
    d->blocking++;
    publish_screen_rejected(&d->screen, what, id, id_len);
}

static void on_progress(void *context, const publishing_totals *totals)
{
    publish_screen_progress(&((delivery *)context)->screen, totals);
}

static bool is_silence(int result)
{
    return connection_is_silence(result) || result == -ENOTCONN;
}

static int events_publish(delivery *d, const teller *t)
{
    const publishing_report report = {d, on_rejected, on_progress};
    const publishing_options options = {BATCH_EVENTS, WINDOW, 3000000000,
                                        d->options->common.timeout_ns,
                                        d->options->common.timeout_ns};
    connection *c = NULL;
    input *in = NULL;
    int result = connection_new(&d->options->common, &c);
    if (result == 0)
        result = input_new_bytes(d->kind, t->events.data, t->events.size, &in);
    if (result == 0)
        result = publishing_run(c, in, &options, &report, &d->totals);
    publish_screen_clear(&d->screen);
    if (d->too_old > 0)
        complain("import: thawd refused %" PRIu64 " events that lie before all that it keeps "
                 "(retain); it holds no measures by them",
                 d->too_old);
    if (is_silence(result))
        connection_complain_silence(&d->options->common, d->options->common.service, result);
    input_free(in);
    connection_free(c);
    return result;
}

int delivery_tell(delivery *d, const teller *t, bool again)
{
    if (d->options->common.json) {
        int result = events_print(t);
        if (result == 0)
            return CLIENT_DONE;
        complain("import: the events could not be written: %s", strerror(-result));
        return CLIENT_NOT_SO;
    }
    if (d->options->dry)
        return CLIENT_DONE;
    int result = events_publish(d, t);
    if (result == 0 && d->blocking == 0)
        return CLIENT_DONE;
    if (result == 0) {
        complain("import: thawd refused %" PRIu64 " events%s", d->blocking,
                 again ? "; the list stays untold, the next run tells it again" : "");
        return CLIENT_NOT_SO;
    }
    if (!is_silence(result) && result != -EINVAL)
        complain("import: %s", strerror(-result));
    complain(again ? "import: not everything was acknowledged; the next run tells it again, which "
                     "is safe"
                   : "import: thawd was not told that the list is broken");
    return CLIENT_NO_ANSWER;
}

uint64_t delivery_known(const delivery *d)
{
    return d->totals.duplicates + d->totals.rejected - d->blocking - d->too_old;
}
