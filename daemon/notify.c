/* notify.c - see notify.h. */
#include "notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define PATIENCE_US 30000000 /* asked for again well before it ends */

void notify_phase(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)sd_notifyf(0, "STATUS=%s", text); /* no manager, or one that is gone: nothing to do */
}

static void send_living(thawd *d, const char *prefix)
{
    const char *problem = log_last_problem(d->log);

    (void)sd_notifyf(
        0, "%sSTATUS=Reports %" PRIu64 ", alerts firing %" PRIu64 ", rejected %" PRIu64 "%s%.200s",
        prefix, journal_last_report(d->journal), engine_alerts_firing(d->engine),
        d->counters.rejected, *problem == '\0' ? "" : "; last problem: ", problem);
}

void notify_ready(thawd *d)
{
    send_living(d, "READY=1\n");
}

void notify_reloading(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reading the rules",
                     (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=Saving and closing");
}

void notify_patience(void)
{
    (void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%d\nWATCHDOG=1", PATIENCE_US);
}

/* The loop runs, or this would not be called. What is left to ask: does the disk take what it was
 * given? Only what waited at the last beat already has had the time. */
static bool progressed(thawd *d)
{
    bool moved = d->durable >= d->fed_ticket || d->durable > d->fed_durable;

    d->fed_durable = d->durable;
    d->fed_ticket = d->ticket;
    return moved;
}

void notify_living(thawd *d)
{
    if (progressed(d)) {
        send_living(d, "WATCHDOG=1\n");
        return;
    }
    log_say(d->log, SAY_WATCHDOG_HELD, NULL,
            "the disk has taken nothing since the last beat while batches wait; the watchdog is "
            "not fed");
    send_living(d, "");
}
