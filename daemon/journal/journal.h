/*
 * journal.h - what thawd keeps: one ordered log of reports, alert changes, rejects and rule-set
 * changes in an LMDB environment, written by a thread of its own.
 *
 *   loop thread                         journal thread
 *   journal_append_* ─► open batch
 *   journal_submit   ─► queue ───────►  takes all that waits, one transaction, one sync
 *   journal_fd wakes ◄── eventfd ─────  durable ticket rises
 *
 * A batch is what one pass of the loop took in, with the alert changes it caused: it becomes
 * durable as a whole. journal_submit numbers it (the ticket); acknowledgements and alerts of a
 * batch may leave once journal_durable() has reached its ticket. A commit starts as soon as the
 * one before is done and takes every batch that waits. A failed write or sync is final: the
 * journal reports it once (journal_failed) and accepts nothing more; the daemon ends.
 *
 * Records carry a checksum (XXH3, 64 bit) over their number and content; a record that fails it
 * is named by its table and number. LMDB's own pages carry none: a tree or file that is damaged
 * or cut is refused at opening with what to do.
 *
 * Ownership: append copies. Read callbacks get views that live until they return. All functions
 * but the thread's own are called from the loop thread; journal_read_* may also be called from a
 * process of its own on a journal opened read-only.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "thaw.h"

typedef struct journal journal;

/* Places where tests let the journal fail: what `at` returns there (an errno, or 0) is what the
 * operation is taken to have returned. Called from both threads. */
typedef enum journal_fault {
    JOURNAL_FAULT_ALLOC = 1, /* memory for what is appended or queued */
    JOURNAL_FAULT_BEGIN,     /* of a transaction */
    JOURNAL_FAULT_PUT,
    JOURNAL_FAULT_COMMIT, /* before anything is written */
    JOURNAL_FAULT_SYNC,   /* written, but the sync fails */
    JOURNAL_FAULT_GROW,   /* of the map */
    JOURNAL_FAULT_FOLDER  /* sync of a folder */
} journal_fault;
typedef struct journal_faults {
    int (*at)(void *context, journal_fault point);
    void *context;
} journal_faults;

typedef struct journal_config {
    const char *folder;           /* the state folder; the journal is folder/journal/ */
    bool read_only;               /* offline tools and online readers; takes no lock */
    uint64_t map_bytes;           /* first size of the map, 1 GiB; it grows by itself */
    uint64_t queue_bytes;         /* bound of what waits to be written, 64 MiB */
    bool sync;                    /* true; false only for benchmarks of the rest */
    const journal_faults *faults; /* NULL; for tests */
} journal_config;

extern const journal_config journal_config_default;

/* Opens or creates the journal, takes the lock on the state folder (a second daemon is refused
 * with -EBUSY and a text that says so), checks the head record, starts the writer.
 * -EBADMSG: damaged; -EPROTONOSUPPORT: of a format that this version does not know; -ENOENT: read_only, and there is
 * none; another -errno of the system. `error` (at least 512 bytes) says which file or record and what to do. */
int journal_open(const journal_config *config, journal **ret_journal, char error[512]);
/* Writes what waits, stops the thread, closes. NULL is fine; returns NULL. */
journal *journal_close(journal *j);

const char *journal_epoch(const journal *j);    /* 32 hex digits, made when it was created */
uint64_t journal_last_report(const journal *j); /* number of the last report, durable or not */
uint64_t journal_last_alert(const journal *j);  /* seq of the last alert change */
uint64_t journal_first_alert(const journal *j); /* seq of the first that is kept, or would be */

uint64_t journal_last_batch(const journal *j); /* number of the last batch of the log */

/* ---- writing ------------------------------------------------------------------------ */

/* Into the open batch. -EINVAL: journal_seq and alert seq must follow each other without holes;
 * -EMSGSIZE: beyond 64 MiB, the most of one record (half of it for the topic and the body of an alert
 * each); -EROFS; -ENOSPC: a write failed before; -ENOMEM. */
int journal_append_report(journal *j, uint64_t journal_seq, const thaw_event *event);
int journal_append_alert(journal *j, uint64_t seq, const void *topic, size_t topic_len,
                         const void *body, size_t body_len);
int journal_append_reject(journal *j, int64_t received_at_ns, thaw_code code, const char *message,
                          const char *endpoint, const void *bytes, size_t bytes_len);
/* The engine's clock moved without a report (deadline), or the rule set changed: replay needs both.
 * at_ns: the engine's clock at that moment, INT64_MIN before it has any. */
int journal_append_advance(journal *j, int64_t now_ns);
int journal_append_rules(journal *j, int64_t at_ns, const void *packed, size_t packed_len);

/* A base takes the place of the whole log before it, when the past is dropped: the engine's state
 * and the reports that are kept (engine_save). Records of a kind from JOURNAL_BASE_STATE on, in the
 * order in which they are to be read; they become durable with the open batch, which they begin,
 * and with them everything before goes. -EBUSY: something of before waits still to be written, or
 * is open. */
int journal_append_base(journal *j, int kind, uint64_t number, int64_t at_ns, const void *body,
                        size_t body_len);
/* With the open batch alert changes before this seq go. */
void journal_trim_alerts(journal *j, uint64_t first_alert);

/* Closes the open batch (received_at_ns is that of all its reports) and queues it. The ticket is
 * 1, 2, 3 ...; an empty batch gets the last ticket. -ENOSPC: the journal has failed. */
int journal_submit(journal *j, int64_t received_at_ns, uint64_t *ret_ticket);

int journal_fd(const journal *j);     /* readable when the durable ticket rose or it failed */
uint64_t journal_durable(journal *j); /* clears the fd */
bool journal_full(const journal *j);  /* more than queue_bytes wait: stop reading input */
/* 0, or the negative errno of the write or sync that failed, with its text. */
int journal_failed(const journal *j, const char **ret_text);

/* ---- reading ------------------------------------------------------------------------ */

typedef enum journal_record_kind {
    JOURNAL_BATCH = 1, /* opens a batch: number, received_at_ns */
    JOURNAL_REPORT,
    JOURNAL_ADVANCE,
    JOURNAL_RULES,
    /* of a base; number and at_ns as they were appended */
    JOURNAL_BASE_STATE,
    JOURNAL_BASE_RULES, /* the packed rule set in force */
    JOURNAL_BASE_IDENTITIES,
    JOURNAL_BASE_REPORT /* number: its journal_seq, at_ns: received at */
} journal_record_kind;

typedef struct journal_record {
    journal_record_kind kind;
    uint64_t number;     /* of the batch, or the journal_seq of a report */
    uint64_t batch;      /* the batch it belongs to */
    int64_t at_ns;       /* received_at of the batch; the instant of an advance */
    const uint8_t *body; /* the event's map; the packed rule set */
    size_t body_len;
} journal_record;

/* Walks reports with journal_seq > from, and what stands between them, in order; the callback
 * returns 0 to go on, > 0 to stop. -EBADMSG: a record is damaged, `error` names it. What a base
 * keeps comes as reports of batch 0; what it dropped is left out. */
typedef int (*journal_record_fn)(void *context, const journal_record *record);
/* Walks the records of the base; none where there is no base. */
int journal_read_base(journal *j, journal_record_fn on_record, void *context, char error[512]);
/* The number up to which reports stand in the base or were dropped; 0: there is no base. */
uint64_t journal_base_report(const journal *j);
/* Tells bases apart, also those of one report with the same numbers kept below; 0: there is none. */
uint64_t journal_base_mark(const journal *j);
int journal_read(journal *j, uint64_t from, journal_record_fn on_record, void *context,
                 char error[512]);

/* Alert changes with seq > from, in order. -ENODATA: `from` + 1 is no longer kept. */
typedef int (*journal_alert_fn)(void *context, uint64_t seq, const void *topic, size_t topic_len,
                                const void *body, size_t body_len);
int journal_read_alerts(journal *j, uint64_t from, journal_alert_fn on_alert, void *context,
                        char error[512]);

typedef struct journal_reject {
    uint64_t number;
    int64_t received_at_ns;
    thaw_code code;
    const char *message, *endpoint; /* NUL-terminated */
    const uint8_t *bytes;           /* at most 4 KiB of the message */
    size_t bytes_len;
} journal_reject;
/* The last `limit` rejects with numbers below `before` (0: of all), the newest first. */
typedef int (*journal_reject_fn)(void *context, const journal_reject *reject);
int journal_read_rejects(journal *j, uint64_t before, uint32_t limit, journal_reject_fn on_reject,
                         void *context, char error[512]);

/* Counters, as of now. */
typedef struct journal_counters {
    uint64_t reports, alerts, rejects, batches, commits;
    uint64_t queue_bytes, map_bytes, used_bytes;
    uint64_t live_bytes; /* of the file: what log, base and alert changes take */
    int64_t commit_ns_last, commit_ns_max;
} journal_counters;
void journal_count(const journal *j, journal_counters *ret_counters);

/* ---- tools: for the offline verbs, on a state folder -------------------------------- */

typedef struct journal_summary {
    uint64_t batches, reports, alerts, rejects; /* that are whole; reports of the log */
    uint64_t kept;                              /* reports in the base */
    uint64_t bytes;                             /* of the data file */
    uint64_t damaged;                           /* places reported to `damage` */
    uint64_t left_out;                          /* dropped reports, of which a new journal keeps nothing */
    bool tree_damaged;
} journal_summary;

/* Both may be NULL. `number` is that of the report, alert change or reject (of the one before
 * where the damaged one cannot say its own); 0 for what has none. */
typedef struct journal_watch {
    void (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void (*damage)(void *context, const char *table, uint64_t number, const char *text);
    void *context;
} journal_watch;

/* Reads everything and compares every checksum and number. Works beside a running daemon.
 * 0: whole. -EBADMSG: damaged, each place told to `damage`, the first also in `error`. */
int journal_check(const char *folder, const journal_watch *watch, journal_summary *ret_summary,
                  char error[512]);

/* Writes all records that are whole as one stream (a preface, the head, the base, log, alert
 * changes, rejects, an end record with their numbers; records look as they do in the journal).
 * Works beside a running daemon, and on a damaged journal: with a damaged tree the data file is
 * searched for records instead. 0, or -EBADMSG when something was left out (the stream is complete
 * otherwise), or another error when it could not be written. */
int journal_export(const char *folder, FILE *out, const journal_watch *watch,
                   journal_summary *ret_summary, char error[512]);

/* Makes a journal from such a stream, in a state folder that has none; it appears whole or not at
 * all. -EEXIST: it has one. JOURNAL_AS_IT_IS: epoch and numbers stay, and a stream with holes is refused (-EBADMSG).
 * JOURNAL_RENUMBERED: reports and batches are numbered anew under a new epoch, the alert changes are
 * left out, and of a base only the reports are taken. JOURNAL_REPORTS: the same, and without the
 * rule sets and the settings that stand with them, for a thawd that cannot take those. */
typedef enum journal_taken { JOURNAL_AS_IT_IS, JOURNAL_RENUMBERED, JOURNAL_REPORTS } journal_taken;
int journal_import(const char *folder, FILE *in, journal_taken taken, const journal_watch *watch,
                   journal_summary *ret_summary, char error[512]);

/* Rewrites the data file without its free pages and puts it in place of the old one. Takes the
 * lock: the daemon must not run. The summary's `bytes` is the new size. */
int journal_compact(const char *folder, const journal_watch *watch, journal_summary *ret_summary,
                    char error[512]);

/* What these have made as root in a state folder is given to the folder's owner; for whoever called one of them. */
void journal_owner_keep(const char *folder);

#endif
