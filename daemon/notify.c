/* notify.c - see notify.h. */
#include "notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define PATIENCE_US 30000000             /* asked for again well before it ends */
#define HELD_TOLD_NS INT64_C(5000000000) /* a slow sync is no problem; this long it is one */
#define BREATH_NS INT64_C(1000000000)

/* sd_notifyf() allocates: what has to arrive must not be lost for want of a few bytes. */
static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
    char text[768];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)sd_notify(0, text); /* no manager, or one that is gone: nothing to do */
}

void notify_phase(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    tell("STATUS=%s", text);
}

/* "; last problem (2026-11-24 19:07:11 UTC): ...", or nothing where there was none. */
static void problem_write(const log *l, char *text, size_t size)
{
    int64_t at_ns = 0;
    const char *problem = log_last_problem(l, &at_ns);
    time_t seconds = (time_t)(at_ns / 1000000000);
    char at[32] = "";
    struct tm tm;

    *text = '\0';
    if (*problem == '\0')
        return;
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(at, sizeof(at), "%F %T UTC", &tm);
    snprintf(text, size, "; last problem (%s): %s", at, problem);
}

static void send_living(thawd *d, const char *prefix)
{
    char problem[256];

    problem_write(d->log, problem, sizeof(problem));
    tell("%sSTATUS=Reports %" PRIu64 ", alerts firing %" PRIu64 ", rejected %" PRIu64 "%s", prefix,
         journal_last_report(d->journal), engine_alerts_firing(d->engine), d->counters.rejected, problem);
}

void notify_ready(thawd *d)
{
    send_living(d, "READY=1\n");
}

void notify_reloading(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    tell("RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reading the rules",
         (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=Saving and closing");
}

void notify_patience(void)
{
    tell("EXTEND_TIMEOUT_USEC=%d\nWATCHDOG=1", PATIENCE_US);
}

void notify_breath(void *context)
{
    thawd *d = context;
    int64_t now_ns = instant_stopwatch_ns();

    if (now_ns - d->breath_ns < BREATH_NS)
        return;
    d->breath_ns = now_ns;
    notify_patience();
}

/* The loop runs, or this would not be called. What is left to ask: does the disk take what it was
 * given? Only what waited at the last beat already has had the time. */
static bool progressed(thawd *d)
{
    bool moved = d->durable >= d->fed_ticket || d->durable > d->fed_durable;

    d->fed_durable = d->durable;
    d->fed_ticket = d->ticket;
    if (moved)
        d->fed = d->now.mono;
    return moved;
}

void notify_living(thawd *d)
{
    int64_t held_ns;

    if (progressed(d)) {
        send_living(d, "WATCHDOG=1\n");
        return;
    }
    held_ns = d->now.mono.ns - d->fed.ns;
    if (held_ns >= HELD_TOLD_NS)
        log_say(d->log, SAY_WATCHDOG_HELD, NULL,
                "the disk has taken nothing for %d s while batches wait; the watchdog is not fed",
                (int)(held_ns / 1000000000));
    send_living(d, "");
}
