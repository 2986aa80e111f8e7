/* pass.c - see pass.h. */
#include "pass.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/epoll.h>

#include "failure.h"
#include "intake.h"
#include "kept/image.h"
#include "kept/retention.h"
#include "notify.h"
#include "publisher.h"
#include "schedule.h"
#include "service/reload.h"
#include "service/service.h"
#include "sockets/accept.h"
#include "sockets/auth.h"
#include "sockets/upstream.h"
#include "watch.h"

#define RETRY_US 10000 /* between two looks at clients that do not read */
#define NS_PER_US 1000
#define TIMELESS_BEATS 2 /* without a time before it is told */

/* ---- the parts of a pass ----------------------------------------------------------------- */

static void take_time(thawd *d)
{
    if (!instant_take(&d->now))
        return;
    d->counters.clock_falls++;
    log_say(d->log, SAY_CLOCK_BACK, NULL,
            "the machine's clock went back; received_at stays at its latest value until the clock "
            "has caught up");
}

static int check_journal(thawd *d)
{
    d->durable = journal_durable(d->journal);
    return journal_failed(d->journal, NULL);
}

static void send_durable(thawd *d)
{
    uint64_t before = outbox_alert_seq(d->outbox);

    outbox_flush(d->outbox, d->durable, d->now.mono.ns);
    d->alert_sent |= outbox_alert_seq(d->outbox) != before;
    if (d->alert_sent && outbox_alert_seq(d->outbox) == engine_alert_seq(d->engine)) {
        d->alert_sent = false;
        publisher_beat(d); /* the burst is over: a lost last alert shows at once */
    }
}

/* With the wall clock, time passes without reports too. Replay needs to know of it. */
static int act_deadlines(thawd *d)
{
    int r;

    if (d->config.clock != ENGINE_CLOCK_WALL || engine_now(d->engine) == INT64_MIN ||
        engine_next_deadline(d->engine) > d->now.wall_ns)
        return 0;
    int64_t began_ns = instant_stopwatch_ns();
    r = engine_advance(d->engine, d->now.wall_ns);
    d->image.work_ns += instant_stopwatch_ns() - began_ns;
    if (r == 0)
        r = d->failure;
    if (r == 0)
        r = journal_append_advance(d->journal, d->now.wall_ns);
    return r == 0 ? intake_commit(d) : r;
}

/* Whether input may be read; says so when that changes. */
static bool input_open(thawd *d)
{
    bool pressed = journal_full(d->journal) || outbox_full(d->outbox);

    if (pressed != d->pressed) {
        d->pressed = pressed;
        d->counters.pressure += pressed;
        zsock_pause(d->events_in, pressed);
        zsock_pause(d->service_in, pressed);
        if (pressed)
            log_say(d->log, SAY_PRESSURE, NULL,
                    "input waits: the disk is behind, or clients do not read their replies");
        else
            log_say(d->log, SAY_PRESSURE_OVER, NULL, "input is read again");
    }
    return !pressed;
}

/* By turns first: what fills a pass by itself leaves the other endpoint the next. */
static int read_both(thawd *d)
{
    bool service_first = d->counters.passes % 2 == 0;
    int r = service_first ? service_read(d) : intake_read(d);

    if (r == 0)
        r = service_first ? intake_read(d) : service_read(d);
    return r;
}

static int take_input(thawd *d)
{
    int r = 0;

    batch_clear(&d->batch);
    if (!input_open(d))
        return 0;
    r = read_both(d);
    if (r == 0)
        r = intake_commit(d);
    if (r == 0)
        r = service_answer(d);
    outbox_seal(d->outbox, d->ticket);
    return r;
}

static int arm_deadline(thawd *d)
{
    int64_t at = engine_next_deadline(d->engine);
    int r;

    if (d->config.clock != ENGINE_CLOCK_WALL || at == INT64_MAX || at < 0)
        return sd_event_source_set_enabled(d->deadline_source, SD_EVENT_OFF);
    r = sd_event_source_set_time(d->deadline_source, (uint64_t)(at / NS_PER_US) + 1);
    return r < 0 ? r : sd_event_source_set_enabled(d->deadline_source, SD_EVENT_ONESHOT);
}

static int arm_retry(thawd *d)
{
    int r;

    if (!outbox_waiting(d->outbox) && d->held.count == 0)
        return sd_event_source_set_enabled(d->retry_source, SD_EVENT_OFF);
    r = sd_event_source_set_time(d->retry_source,
                                 (uint64_t)(d->now.mono.ns / NS_PER_US) + RETRY_US);
    return r < 0 ? r : sd_event_source_set_enabled(d->retry_source, SD_EVENT_ONESHOT);
}

static int reload_asked(thawd *d)
{
    if (!d->reload_asked)
        return 0;
    d->reload_asked = false;
    batch_clear(&d->batch);
    return reload_now(d);
}

static int run_pass(thawd *d)
{
    int r;

    d->counters.passes++;
    take_time(d);
    r = check_journal(d);
    if (r < 0)
        return r;
    send_durable(d);
    if (d->auth != NULL)
        auth_serve(d->auth);
    publisher_drain(d);
    watch_take(d->watch);
    upstream_take(d->upstream, d->now.mono.ns);
    r = act_deadlines(d);
    if (r == 0)
        r = reload_asked(d);
    if (r == 0)
        r = retention_look(d);
    if (r == 0)
        image_look(d);
    if (r == 0)
        r = take_input(d);
    if (r < 0)
        return r;
    send_durable(d); /* questions that rest on nothing unwritten are answered at once */
    r = arm_deadline(d);
    return r < 0 ? r : arm_retry(d);
}

/* ---- what asks for it -------------------------------------------------------------------- */

/* Ends the loop for a failure. */
static int finish(thawd *d, int r)
{
    return r >= 0 ? 0 : sd_event_exit(d->event, failure_note(d, r));
}

static int on_pass(sd_event_source *source, void *context)
{
    thawd *d = context;

    (void)source;
    return finish(d, run_pass(d));
}

static int on_journal(sd_event_source *source, int fd, uint32_t revents, void *context)
{
    (void)source;
    (void)fd;
    (void)revents;
    pass_schedule(context);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
    (void)source;
    (void)usec;
    pass_schedule(context);
    return 0;
}

/* Answers that nobody took: one line for those since the last look. */
static void tell_lost(thawd *d)
{
    const outbox_counters *o = outbox_count(d->outbox);
    uint64_t lost =
        o->unroutable + o->dropped + d->counters.requests_dropped + d->counters.requests_stale;

    if (lost > d->lost)
        log_say(d->log, SAY_REPLY_LOST, NULL,
                "%" PRIu64 " answer%s could not be delivered: the client had gone, or did not read",
                lost - d->lost, lost - d->lost == 1 ? "" : "s");
    d->lost = lost;
}

static void tell_turned_away(thawd *d)
{
    uint64_t before = d->counters.turned_away;

    d->counters.turned_away = accept_turned_away();
    if (d->counters.turned_away != before)
        log_say(d->log, SAY_TURNED_AWAY, NULL,
                "%" PRIu64 " connection%s turned away: no descriptor is left (LimitNOFILE=)",
                d->counters.turned_away - before, d->counters.turned_away - before == 1 ? " was" : "s were");
}

/* Without a time no rule is tried, which looks as if nothing had happened. The first reports of many may be without. */
static void tell_timeless(thawd *d)
{
    if (engine_now(d->engine) != INT64_MIN || journal_last_report(d->journal) == 0)
        d->timeless = 0;
    else if (d->timeless <= TIMELESS_BEATS && d->timeless++ == TIMELESS_BEATS)
        log_say(d->log, SAY_TIME_MISSING, NULL,
                "no report says when it was reported: with clock: reported there is no time before "
                "one does, and no rule is tried");
}

/* Beat, watchdog and the living line, and a look at the subscribers. */
static int on_beat(sd_event_source *source, uint64_t usec, void *context)
{
    thawd *d = context;
    uint64_t beat_us = (uint64_t)(d->config.beat_ns / NS_PER_US);
    int r;

    take_time(d);
    d->durable =
        journal_durable(d->journal); /* the watchdog asks for it; a pass sends what it freed */
    pass_schedule(d);
    publisher_beat(d);
    watch_look(d->watch);
    tell_lost(d);
    tell_turned_away(d);
    tell_timeless(d);
    notify_living(d);
    if (d->now.mono.ns - d->flushed.ns >= INT64_C(1000000000) * LOG_INTERVAL_S) {
        d->flushed = d->now.mono;
        log_flush(d->log);
    }
    r = sd_event_source_set_time(source, (uint64_t)(d->now.mono.ns / NS_PER_US) + beat_us);
    (void)usec;
    return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
    thawd *d = context;

    (void)source;
    log_say(d->log, SAY_STOPPING, NULL, "thawd ends: signal %s",
            info->ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    return sd_event_exit(d->event, 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
    thawd *d = context;

    (void)source;
    (void)info;
    d->reload_asked = true; /* however often it is asked for meanwhile: once */
    pass_schedule(d);
    return 0;
}

/* ---- attaching --------------------------------------------------------------------------- */

static int attach_sockets(thawd *d)
{
    int r = zsock_attach(d->event, d->events.socket, pass_schedule, d, &d->events_in);

    if (r == 0)
        r = zsock_attach(d->event, d->service.socket, pass_schedule, d, &d->service_in);
    if (r == 0)
        r = zsock_attach(d->event, d->alerts.socket, pass_schedule, d, &d->alerts_in);
    if (r == 0)
        r = zsock_attach(d->event, watch_socket(d->watch), pass_schedule, d, &d->watch_in);
    if (r == 0 && d->upstream != NULL)
        r = zsock_attach(d->event, upstream_socket(d->upstream), pass_schedule, d, &d->upstream_in);
    if (r == 0 && d->auth != NULL)
        r = zsock_attach(d->event, auth_socket(d->auth), pass_schedule, d, &d->auth_in);
    return r;
}

static int attach_timers(thawd *d)
{
    int r = sd_event_add_time(d->event, &d->deadline_source, CLOCK_REALTIME, 0, 1000, on_timer, d);

    if (r >= 0)
        r = sd_event_source_set_enabled(d->deadline_source, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_add_time(d->event, &d->retry_source, CLOCK_MONOTONIC, 0, 1000, on_timer, d);
    if (r >= 0)
        r = sd_event_source_set_enabled(d->retry_source, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_add_time(d->event, &d->beat_source, CLOCK_MONOTONIC, 0, 1000, on_beat, d);
    return r < 0 ? r : schedule_before_passes(d->beat_source);
}

static int attach_signal(thawd *d, int number, sd_event_signal_handler_t handler)
{
    sd_event_source *source = NULL;
    int r = sd_event_add_signal(d->event, &source, number, handler, d);

    if (r >= 0)
        r = schedule_before_passes(source);
    if (r >= 0)
        r = sd_event_source_set_floating(source, true); /* the loop keeps it */
    sd_event_source_unref(source);
    return r;
}

static int attach_signals(thawd *d)
{
    int r = attach_signal(d, SIGTERM, on_stop);

    if (r >= 0)
        r = attach_signal(d, SIGINT, on_stop);
    if (r >= 0)
        r = attach_signal(d, SIGHUP, on_reload);
    return r;
}

int pass_attach(thawd *d)
{
    int r = sd_event_add_defer(d->event, &d->pass_source, on_pass, d);

    if (r >= 0)
        r = attach_sockets(d);
    if (r >= 0)
        r = sd_event_add_io(d->event, &d->journal_source, journal_fd(d->journal), EPOLLIN,
                            on_journal, d);
    if (r >= 0)
        r = attach_timers(d);
    if (r >= 0)
        r = attach_signals(d);
    return r < 0 ? r : 0;
}

void pass_detach(thawd *d)
{
    d->events_in = zsock_detach(d->events_in);
    d->service_in = zsock_detach(d->service_in);
    d->alerts_in = zsock_detach(d->alerts_in);
    d->auth_in = zsock_detach(d->auth_in);
    d->watch_in = zsock_detach(d->watch_in);
    d->upstream_in = zsock_detach(d->upstream_in);
    d->pass_source = sd_event_source_disable_unref(d->pass_source);
    d->journal_source = sd_event_source_disable_unref(d->journal_source);
    d->deadline_source = sd_event_source_disable_unref(d->deadline_source);
    d->retry_source = sd_event_source_disable_unref(d->retry_source);
    d->beat_source = sd_event_source_disable_unref(d->beat_source);
}
