/*
 * daemon.h - the one object that holds all of a running thawd, and the order in which its parts
 * work.
 *
 *   wake-up ─► pass:  time ─► what became durable leaves ─► who came and went ─► deadlines
 *                     ─► reload, retention, image ─► input into the batch ─► engine ─► journal
 *                     ─► questions answered ─► what rests on nothing unwritten leaves
 *
 * One thread runs all of it; the journal has a thread of its own (journal.h). Functions that take
 * a daemon return 0 or a negative errno; a negative errno from within a pass ends the process,
 * since what was promised could no longer be kept.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "batch.h"
#include "config/config.h"
#include "counters.h"
#include "engine.h"
#include "instant.h"
#include "journal.h"
#include "kept/replayed.h"
#include "log.h"
#include "outbox.h"
#include "service/held.h"
#include "service/readers.h"
#include "service/waiting.h"
#include "sockets/endpoint.h"
#include "sockets/zsock.h"

typedef struct auth auth;
typedef struct watch watch;
typedef struct upstream upstream;

/* What image.h keeps in mind. */
typedef struct image {
    int folder; /* the state folder; -1: no images */
    uint64_t report,
        batch;       /* the journal's end when the last one was begun, or read; 0: no such one */
    uint64_t ticket; /* of the last batch in it */
    uint64_t after;  /* none is begun before this ticket is on the disk */
    int64_t work_ns; /* what came since the image in place took the engine */
    int64_t begun_work_ns; /* of that, what the one being written knows */
    int64_t begun_ns;      /* monotonic, the one being written */
    int64_t took_ns;       /* the last one, to be written or read */
    int64_t rest_ns;       /* monotonic, no other before */
    int64_t last_ns;       /* monotonic, when a report was seen to have come last ... */
    uint64_t last_report;  /* ... and which */
    int64_t look_ns;       /* monotonic, whether the child got on */
    uint64_t seen_bytes;   /* that it had written at the last look */
    pid_t child;           /* writes it; 0: none */
    bool ended;            /* it did not get on */
    int done;              /* ends with the child */
    sd_event_source *source;
    bool written; /* to be put in place once its batch is on the disk */
} image;

typedef struct thawd {
    config config;
    log *log;
    instant now;
    monotime started, flushed; /* since the start; the log's last summary */
    counters counters;

    engine *engine;
    journal *journal;
    uint64_t ticket;  /* of the last batch handed to the journal */
    uint64_t durable; /* of the last batch that is on the disk */

    void *zmq;
    auth *auth;
    endpoint events, service, alerts;
    outbox *outbox;
    readers *readers;
    held held;       /* requests of clients that do not read */
    waiting waiting; /* questions that wait for their turn */

    sd_event *event;
    sd_event_source *pass_source, *journal_source, *deadline_source, *beat_source, *retry_source;
    zsock *events_in, *service_in, *alerts_in, *auth_in, *watch_in, *upstream_in;
    batch batch;
    watch *watch;
    upstream *upstream; /* NULL: none */

    uint8_t *rules_packed; /* the rule set as journaled: replay needs it */
    size_t rules_packed_len;

    uint64_t lost;                    /* answers that nobody took, as last told */
    unsigned timeless;                /* beats in a row at which there were reports and no time */
    uint64_t fed_durable, fed_ticket; /* what was durable, and what waited, at the last beat */
    monotime fed;                     /* the last beat at which the disk had moved */
    int64_t breath_ns;                /* when the manager was last told that long work goes on */

    int64_t retained_ns; /* by the engine's clock: when the past was last looked at; INT64_MIN */
    uint64_t retained_bytes; /* what was left when it was last dropped for its size */
    bool retain_short;       /* which was more than retain.size allows, and was said */

    image image;

    bool replaying;  /* alerts up to journal_last_alert are known already */
    replayed replayed; /* those that came of it again */
    bool pressed;    /* input waits */
    bool reload_asked; /* by SIGHUP: the next pass reads the rules */
    bool alert_sent; /* an alert left since the last beat */
    int failure;     /* what ends the process, or 0 */
    bool failure_told;
} thawd;

/* In order of start; each is undone by daemon_stop in reverse, whatever had been reached. */
int daemon_open_journal(thawd *d);
int daemon_make_engine(thawd *d);
int daemon_open_sockets(thawd *d); /* also the outbox and the watch */
int daemon_start_loop(thawd *d);
/* Runs until a signal or a failure. */
int daemon_run(thawd *d);
void daemon_stop(thawd *d);

#endif
