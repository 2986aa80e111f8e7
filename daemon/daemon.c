/* daemon.c - starting in order of need, stopping in exactly the reverse order. See daemon.h. */
#include "daemon.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "failure.h"
#include "kept/image.h"
#include "kept/new_engine.h"
#include "notify.h"
#include "pass.h"
#include "publisher.h"
#include "schedule.h"
#include "sockets/auth.h"
#include "sockets/upstream.h"
#include "watch.h"

#define STOP_WAIT_MS 30000 /* for the disk, when stopping; systemd is asked for patience */
#define IO_THREADS 1       /* of libzmq: one moves more than the loop takes in */
#define UNREAD_SHARE 8     /* of memory.outbox: what one client may leave unread */

int daemon_open_journal(thawd *d)
{
    journal_config c = journal_config_default;
    char error[512] = "";
    int r;

    c.folder = d->config.state;
    c.map_bytes = d->config.map_bytes;
    c.queue_bytes = d->config.queue_bytes;
    notify_phase("Opening the journal");
    r = journal_open(&c, &d->journal, error);
    if (r < 0)
        log_say(d->log, SAY_JOURNAL_REFUSED, &(log_fields){.file = log_str(d->config.state)}, "%s",
                error[0] == '\0' ? strerror(-r) : error);
    return r;
}

int daemon_make_engine(thawd *d)
{
    int r = new_engine(d, &d->engine);

    d->retained_ns = INT64_MIN;
    if (r < 0)
        log_say(d->log, SAY_INTERNAL, NULL, "cannot make the engine: %s", strerror(-r));
    return r;
}

static int open_endpoint(thawd *d, endpoint *e, const char *name, int type,
                         const config_endpoint *addresses, const passed_sockets *passed)
{
    char error[SOCKET_ERROR_BYTES] = "";
    log_fields fields = {.endpoint = log_str(name)};
    int r = endpoint_open(e, name, d->zmq, type, addresses, &d->config, auth_keys(d->auth), passed,
                          error);

    if (r < 0) {
        log_say(d->log, SAY_ENDPOINT_FAILED, &fields, "%s", error);
        return r;
    }
    for (size_t i = 0; i < e->count; i++)
        log_say(d->log, SAY_BOUND, &fields, "%s is bound to %s", name, e->addresses[i]);
    return 0;
}

static int open_upstream(thawd *d)
{
    char error[SOCKET_ERROR_BYTES];
    int r = upstream_new(d->zmq, &d->events, &d->config.events.connect,
                         auth_keys(d->auth), d->log, &d->upstream, error);

    if (r < 0)
        log_say(d->log, SAY_ENDPOINT_FAILED, NULL, "%s", error);
    return r;
}

static int open_endpoints(thawd *d)
{
    passed_sockets passed = {0, NULL};
    char error[SOCKET_ERROR_BYTES] = "";
    int r = passed_take(&passed, error);

    if (r < 0)
        log_say(d->log, SAY_ENDPOINT_FAILED, NULL, "%s", error);
    if (r == 0) /* alerts first: nobody should miss what the first report raises */
        r = open_endpoint(d, &d->alerts, "alerts", ZMQ_XPUB, &d->config.alerts, &passed);
    if (r == 0)
        r = open_endpoint(d, &d->service, "service", ZMQ_ROUTER, &d->config.service, &passed);
    if (r == 0)
        r = open_endpoint(d, &d->events, "events", ZMQ_SUB, &d->config.events, &passed);
    passed_done(&passed);
    if (r == 0)
        r = open_upstream(d);
    return r;
}

int daemon_open_sockets(thawd *d)
{
    char error[SOCKET_ERROR_BYTES] = "";
    int r = 0;

    notify_phase("Binding the sockets");
    d->zmq = zmq_ctx_new();
    if (d->zmq == NULL)
        return -errno;
    zmq_ctx_set(d->zmq, ZMQ_IO_THREADS, IO_THREADS);
    zmq_ctx_set(d->zmq, ZMQ_MAX_SOCKETS, zmq_ctx_get(d->zmq, ZMQ_SOCKET_LIMIT));
    r = auth_new(d->zmq, &d->config, d->log, &d->counters, &d->auth, error);
    if (r < 0) {
        log_say(d->log, SAY_CONFIG_BAD, NULL, "%s", error);
        return r;
    }
    r = open_endpoints(d);
    if (r == 0) {
        void *sockets[OUTBOX_TARGETS] = {
            [OUTBOX_SERVICE] = d->service.socket, [OUTBOX_ALERTS] = d->alerts.socket};
        r = outbox_new(sockets, d->config.outbox_bytes, &d->outbox);
        if (r == 0)
            outbox_tell(d->outbox, publisher_leaves, d);
    }
    if (r == 0)
        r = readers_new(d->config.outbox_bytes / UNREAD_SHARE, &d->readers);
    d->held.bytes_max = d->config.outbox_bytes;
    if (r == 0)
        r = watch_new(d->zmq, d->alerts.socket, d->log, &d->watch);
    return r;
}

int daemon_start_loop(thawd *d)
{
    int r = batch_init(&d->batch);

    if (r == 0)
        r = waiting_init(&d->waiting);
    if (r == 0)
        r = sd_event_new(&d->event);
    if (r >= 0)
        r = pass_attach(d);
    if (r < 0)
        log_say(d->log, SAY_INTERNAL, NULL, "cannot make the loop: %s", strerror(-r));
    return r < 0 ? r : 0;
}

int daemon_run(thawd *d)
{
    int r;

    pass_schedule(d);
    r = sd_event_loop(d->event);
    return d->failure != 0 ? d->failure : r;
}

/* What was taken in is written, and what rests on it is sent, before the sockets close. */
static void settle(thawd *d)
{
    struct pollfd wait = {.fd = journal_fd(d->journal), .events = POLLIN};

    for (int waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms += 100) {
        d->durable = journal_durable(d->journal);
        if (d->durable >= d->ticket || journal_failed(d->journal, NULL) < 0)
            break;
        notify_patience();
        (void)poll(&wait, 1, 100);
    }
    if (journal_failed(d->journal, NULL) < 0)
        (void)failure_note(d, journal_failed(d->journal, NULL));
    instant_take(&d->now);
    outbox_flush(d->outbox, d->durable, d->now.mono.ns);
    publisher_beat(d);
}

void daemon_stop(thawd *d)
{
    bool ran = false;

    notify_stopping();
    if (d->event != NULL && d->outbox != NULL && d->journal != NULL && d->failure == 0) {
        settle(d);
        ran = true;
    }
    pass_detach(d);
    batch_done(&d->batch);
    waiting_done(&d->waiting);
    held_done(&d->held);
    d->event = sd_event_unref(d->event);
    d->watch = watch_free(d->watch);
    d->upstream = upstream_free(d->upstream);
    d->outbox = outbox_free(d->outbox);
    endpoint_close(&d->events);
    endpoint_close(&d->service);
    endpoint_close(&d->alerts);
    d->auth = auth_free(d->auth);
    if (d->zmq != NULL)
        zmq_ctx_term(d->zmq);
    d->zmq = NULL;
    d->readers = readers_free(d->readers);
    if (d->journal != NULL)
        image_stop(d, ran && d->durable >= d->ticket && journal_failed(d->journal, NULL) == 0);
    d->engine = engine_free(d->engine);
    d->journal = journal_close(d->journal);
    free(d->rules_packed);
    d->rules_packed = NULL;
}
