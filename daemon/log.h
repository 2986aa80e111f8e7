/*
 * log.h - what thawd says: to the journal with MESSAGE_ID and fields when systemd started it
 * ($JOURNAL_STREAM is our stderr), as plain lines to stderr otherwise.
 *
 * Each message belongs to a kind of message_ids.h, which gives its id and level. A kind may say
 * at most LOG_BURST lines per interval; the rest is counted and becomes one line when the
 * interval ends (log_flush), so that a flood costs neither the disk nor the reader.
 *
 * Texts and fields never hold names of persons: reports are named by source and id.
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdint.h>
#include <stdio.h>
#include <syslog.h>

#include "message_ids.h"
#include "thaw.h"

#define LOG_BURST 20       /* lines of one kind in one interval; then only counted */
#define LOG_INTERVAL_S 10  /* how often the daemon calls log_flush */
#define LOG_TEXT_BYTES 768 /* longest text; cut beyond */

typedef enum log_kind {
#define LOG_KIND(name, id, level, what) SAY_##name,
    MESSAGE_IDS(LOG_KIND)
#undef LOG_KIND
        SAY_COUNT
} log_kind;

/* The fixed fields of the journal; NULL data or 0: absent. */
typedef struct log_fields {
    thaw_str country, rule, alert, event, source, producer, code, endpoint, file;
    uint64_t seq;
} log_fields;

/* A view of a C string; absent for NULL. */
thaw_str log_str(const char *text);

typedef struct log log;

/* stream: where plain lines go when there is no journal (stderr). -ENOMEM. */
int log_new(FILE *stream, log **ret_log);
/* Says what was held back, then frees. NULL is fine; returns NULL. */
log *log_free(log *l);

/* Says one thing; fields may be NULL. Keeps errno. */
void log_say(log *l, log_kind kind, const log_fields *fields, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Ends an interval: one summary line for each kind that was cut. */
void log_flush(log *l);

uint64_t log_suppressed(const log *l); /* lines held back so far */
/* What the last message at warning or above was about, without any detail of it; "": there was
 * none. Static. Its time, by the machine's clock, goes to ret_at_ns, which may be NULL. */
const char *log_last_problem(const log *l, int64_t *ret_at_ns);

#endif
