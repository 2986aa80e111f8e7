/*
 * journal_private.h - the journal's inside: how records and chunks look, and the parts that its
 * files share. Nobody outside daemon/journal includes it.
 *
 * The environment has five tables, all but `meta` keyed by a native 64-bit number without holes:
 *
 *   base     1, 2, 3 ...       -> what stands for the log before: its head, then blocks of records
 *   log      chunk number      -> chunk of batches, reports, advances, rule sets, in their order
 *   alerts   seq               -> one alert change
 *   rejects  number            -> one reject; a ring of the last JOURNAL_REJECTS_KEPT
 *   meta     "head"            -> format version, epoch, where log and alerts begin
 *
 * One record (all numbers little-endian; a value may stand at any even address, so nothing is
 * read through a typed pointer):
 *
 *    0        8        16       24     28     29     30     32          32 + len   (8)
 *   ┌────────┬────────┬────────┬──────┬──────┬──────┬──────┬───────────┬─────────┐
 *   │checksum│ number │ batch  │ len  │ kind │flags │ zero │ body      │ zeroes  │
 *   └────────┴────────┴────────┴──────┴──────┴──────┴──────┴───────────┴─────────┘
 *    XXH3-64 of everything from offset 8 to 32 + len
 *
 *   batch    number = batch; body = received_at_ns
 *   report   number = journal_seq; body = the event's map as it came
 *   advance  number = batch; body = now_ns
 *   rules    number = batch; body = at_ns, packed rule set
 *   alert    number = seq; body = topic_len (u32), 0 (u32), topic, body
 *   reject   number; body = received_at_ns, code, message_len, endpoint_len, bytes_len (u16 each),
 *            message NUL endpoint NUL bytes
 *   head     number = 0; body = see journal_head
 *   base head  number = 1, batch = the last one before; body = chunk, report, batch, received_at_ns
 *            that the log before ended with, number of records
 *   block    number = its key, batch as the base head; body = records, whose bodies are
 *            at_ns, bytes
 *
 * One chunk is one value of `log`: a header and as many records as fit 16 pages (one record at
 * least). A value a record would cost a tree descent and a node each; a chunk costs one for
 * about 280 reports, and both writing and replay run at the speed of memory. A chunk is cut only
 * between records, may begin in the middle of a batch, and says what a reader must know to start
 * there. Report n is found by halving over the chunks' `report_base`: no second index exists that
 * could disagree with the log.
 *
 *    0        8        16          24      32            40       44       48     52     56    64
 *   ┌────────┬────────┬───────────┬───────┬─────────────┬────────┬────────┬──────┬──────┬─────┐
 *   │checksum│ number │report_base│ batch │received_at  │records │reports │bytes │magic │ 0   │
 * records…
 *   └────────┴────────┴───────────┴───────┴─────────────┴────────┴────────┴──────┴──────┴─────┘
 *    XXH3-64 of 8..64  last report  batch and its received_at in force   of the records
 *                      before it    before the first record
 */
#ifndef JOURNAL_PRIVATE_H
#define JOURNAL_PRIVATE_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "journal.h"

#define JOURNAL_FORMAT 1u
#define JOURNAL_CHUNK_MAGIC 0x676c6874u /* "thlg" */
#define JOURNAL_RECORD_HEADER 32u
#define JOURNAL_CHUNK_HEADER 64u
#define JOURNAL_CHUNK_BYTES (16u * 4096u - 16u) /* 16 pages less LMDB's header of the first */
#define JOURNAL_BODY_MAX (64u << 20)            /* of one record */
#define JOURNAL_REJECTS_KEPT 10000u
#define JOURNAL_REJECT_BYTES 4096u
#define JOURNAL_ERROR_BYTES 512u

/* Kinds of records beside journal_record_kind. */
enum {
    JOURNAL_KIND_ALERT = 16,
    JOURNAL_KIND_REJECT,
    JOURNAL_KIND_HEAD,
    JOURNAL_KIND_END,
    JOURNAL_KIND_BASE_HEAD,
    JOURNAL_KIND_BLOCK
};

/* ---- format (format.c) ----------------------------------------------------------- */

typedef struct journal_item { /* a record, read */
    uint64_t number, batch;
    const uint8_t *body;
    size_t body_len;
    size_t bytes; /* header, body and padding */
    uint8_t kind;
} journal_item;

typedef struct journal_chunk {
    uint64_t number, report_base, batch;
    int64_t received_at_ns;
    uint32_t records, reports, bytes;
    const uint8_t *data; /* the records */
} journal_chunk;

typedef struct journal_head {
    uint32_t format;
    uint8_t epoch[16];
    int64_t created_ns;
    uint64_t first_chunk,
        first_alert; /* numbers where the tables begin: what is before is dropped */
} journal_head;
#define JOURNAL_HEAD_BODY 48u

typedef struct journal_base { /* how the log before the base ended; all 0 without one */
    uint64_t chunk, report, batch, records;
    int64_t received_at_ns;
} journal_base;
#define JOURNAL_BASE_BODY 40u
#define JOURNAL_BLOCK_BYTES (JOURNAL_CHUNK_BYTES - JOURNAL_RECORD_HEADER)

uint64_t journal_get64(const void *p);
uint32_t journal_get32(const void *p);
uint16_t journal_get16(const void *p);
void journal_put64(void *p, uint64_t value);
void journal_put32(void *p, uint32_t value);
void journal_put16(void *p, uint16_t value);
uint64_t journal_checksum(const void *data, size_t len);

size_t journal_record_bytes(size_t body_len); /* with header and padding */
/* Fills header and padding around a body that already stands at `at` + header. */
void journal_record_seal(uint8_t *at, uint8_t kind, uint64_t number, uint64_t batch,
                         size_t body_len);
/* Reads the record at the front of `len` bytes. -EBADMSG: cut, or the checksum fails. */
int journal_record_parse(const uint8_t *at, size_t len, journal_item *ret_item);
/* -EBADMSG: not a chunk of that number (any, if 0), or of another length than it says. */
int journal_chunk_parse(const void *data, size_t len, uint64_t number, journal_chunk *ret_chunk);
void journal_chunk_seal(uint8_t *at, const journal_chunk *chunk);
void journal_head_write(uint8_t *at, const journal_head *head); /* a whole record */
int journal_head_parse(const void *data, size_t len, journal_head *ret_head);
void journal_base_write(uint8_t *at, const journal_base *base); /* a whole record */
int journal_base_parse(const void *data, size_t len, journal_base *ret_base);
uint64_t journal_base_mark_of(const journal_base *base);
/* A block: the value as a record; its inner records follow each other in item->body. */
int journal_block_parse(const MDB_val *value, uint64_t number, journal_item *ret_item);
/* The inner record at *offset, moving it. -EBADMSG: damaged. */
int journal_block_step(const journal_item *block, size_t *offset, journal_record *ret_record);

typedef struct journal_place { /* where a walk through the log stands */
    uint64_t report, batch;    /* the last ones seen */
    int64_t received_at_ns;
    uint32_t record, offset; /* in the chunk */
} journal_place;

/* The record at `place`, checked against its checksum and what must follow; moves place behind
 * it. -EBADMSG and nothing moves. place->offset must be less than chunk->bytes. */
int journal_chunk_step(const journal_chunk *chunk, journal_place *place,
                       journal_record *ret_record);

/* ---- groups: what waits to be written -------------------------------------------- */

typedef struct journal_arena {
    uint8_t *bytes;
    size_t len, cap;
    uint32_t idle; /* rounds that needed little of it */
} journal_arena;

/* Room for `more` bytes behind len, or -ENOMEM and nothing changed. */
int journal_arena_reserve(journal_arena *arena, size_t more, const journal_faults *faults);
void journal_arena_free(journal_arena *arena);
/* Empties it, and gives the memory back where many rounds needed much less. */
void journal_arena_reset(journal_arena *arena);

typedef struct journal_group {
    journal_arena base;                 /* it goes first, and instead of everything before */
    journal_arena log, alerts, rejects; /* sealed records, one behind another */
    uint64_t first_alert;               /* 0: no alert changes go */
    uint64_t ticket;                    /* the last one in it */
} journal_group;

size_t journal_group_bytes(const journal_group *group);

/* ---- the object ------------------------------------------------------------------ */

typedef struct journal_tail { /* what the environment ends with */
    uint64_t chunk, report, batch, alert, reject;
    int64_t received_at_ns; /* of the last batch */
    bool torn;              /* the log goes on behind it, but is damaged there; readers only */
} journal_tail;

/* The file `lock`, which names who has it, and the state folder itself, which nobody takes for a leftover and
 * removes; -1: not held. */
typedef struct journal_lock {
    int file, folder;
} journal_lock;

struct journal {
    char *folder; /* the state folder */
    char *path;   /* folder/journal */
    bool read_only, sync, threaded;
    const journal_faults *faults;
    journal_lock lock;
    int event_fd, witness_fd;

    MDB_env *env;
    MDB_dbi base_table, log, alerts, rejects, meta;
    size_t page_bytes;
    uint64_t queue_max;
    pthread_rwlock_t map_lock; /* readers share it while a transaction is open; growing excludes */
    bool unmapped;             /* growing failed, and LMDB had given the old map up */
    journal_head head;         /* first_chunk and first_alert: the writer's */
    journal_base base;         /* the writer's, and the loop thread's while nothing waits */
    char epoch[33];

    /* the loop thread's */
    journal_group open;
    bool batch_open;
    uint64_t last_report, last_alert, last_reject, last_batch, last_ticket;

    /* between the threads, under mutex */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    journal_group waiting;
    bool stop;

    /* the writer's */
    journal_group writing;
    journal_tail tail;

    char failed_text[JOURNAL_ERROR_BYTES]; /* written once, before `failed` is set */
    atomic_int failed;                     /* negative errno */
    atomic_uint_fast64_t durable, queued, commits, map_bytes, used_bytes, live_bytes, base_report,
        base_mark, first_alert;
    atomic_uint_fast64_t done_reports, done_alerts, done_rejects, done_batches;
    atomic_int_fast64_t commit_ns_last, commit_ns_max;
};

int journal_fault_at(const journal_faults *faults, journal_fault point); /* 0 or errno > 0 */

/* ---- the system (system.c) ------------------------------------------------------- */

/* Negative errno for what LMDB returned. */
int journal_errno(int rc);
/* Begins to read; where all slots are taken, those of readers that died are let go. What LMDB
 * returned. */
int journal_txn_read(MDB_env *env, MDB_txn **ret_txn);
/* LMDB calls a write that was cut short EIO; mostly the disk is full: ENOSPC, where it has not even that many bytes. */
int journal_write_error(const char *path, int rc, size_t bytes);
/* What to do about a negative errno, to follow its text; "" where there is nothing to say. */
const char *journal_remedy(int r);
int journal_folder_sync(const journal_faults *faults, const char *path);

/* ---- opening (journal.c) --------------------------------------------------------- */

/* As journal_open, for folder/name; where it is locked, the caller holds the lock already;
 * with `preset` a new journal begins with that head. */
int journal_head_make(journal_head *ret_head);
int journal_open_named(const journal_config *config, const char *name, bool locked,
                       const journal_head *preset, journal **ret_journal, char *error);
int journal_lock_take(const char *folder, journal_lock *ret_lock, char *error);
void journal_lock_give(journal_lock *lock);

/* ---- environment (env.c) --------------------------------------------------------- */

/* Makes the data file of a new journal, with its tables and this head. */
int journal_env_create(journal *j, uint64_t map_bytes, const journal_head *head, char *error);
/* Opens path's environment and its tables. Fills env, tables, head, tail, page size. */
int journal_env_open(journal *j, uint64_t map_bytes, char *error);
/* A read transaction under the map lock; end with journal_read_end. */
int journal_read_begin(journal *j, MDB_txn **ret_txn, char *error);
void journal_read_end(journal *j, MDB_txn *txn);
/* Larger map; no transaction may be open in this thread. */
int journal_map_grow(journal *j);

/* ---- reading (read.c) ------------------------------------------------------------ */

typedef struct journal_alert {
    uint64_t seq;
    const uint8_t *topic, *body;
    size_t topic_len, body_len;
} journal_alert;
int journal_alert_parse(const MDB_val *value, uint64_t seq, journal_alert *ret_alert);
int journal_reject_parse(const MDB_val *value, uint64_t number, journal_reject *ret_reject);

/* ---- commit (commit.c) ----------------------------------------------------------- */

/* Again with a larger map, as often as it needs; every other failure is final: what LMDB says, in the
 * step that failed. What the journal holds (tail, head, base) moves only if the transaction holds. */
int journal_group_write(journal *j, const journal_group *group, const char **ret_step);

/* ---- writer (writer.c) ----------------------------------------------------------- */

int journal_writer_start(journal *j);
void journal_writer_stop(journal *j);

/* ---- witness (witness.c) --------------------------------------------------------- */

/* What the journal was seen to hold after some commit: a lower bound, so that a file that fell
 * back behind it (an old copy put in place, a damaged meta page, a file cut to nothing) is
 * refused instead of numbers being given twice. Written after each commit without a sync of its
 * own: being behind, or lost, harms nothing. */
typedef struct journal_witness {
    uint8_t epoch[16];
    uint64_t chunk, report, batch, alert, reject;
} journal_witness;

/* 0 filled; -ENOENT none; -EBADMSG one that is damaged. */
int journal_witness_read(const char *path, journal_witness *ret_witness);
int journal_witness_open(journal *j, char *error);
int journal_witness_write(journal *j, const journal_tail *tail);
/* -EBADMSG: the tail is behind the witness (where it is torn, reading names the place). */
int journal_witness_compare(const journal_witness *witness, const journal_head *head,
                            const journal_tail *tail, const char *path, char *error);

/* ---- children (child.c) ---------------------------------------------------------- */

void journal_child_prepare(void); /* first thing in a child that may crash */
int journal_child_end(pid_t child, int *ret_status);
size_t journal_read_all(int fd, void *buffer, size_t size); /* until size, end or error */

/* ---- pages (page.c) -------------------------------------------------------------- */

#define JOURNAL_PAGE_HEADER 16u

typedef enum journal_page_kind { /* LMDB's flags */
    JOURNAL_PAGE_BRANCH = 1,
    JOURNAL_PAGE_LEAF = 2,
    JOURNAL_PAGE_VALUE = 4 /* the first of those that one value fills */
} journal_page_kind;

/* Whether a page of a tree says of itself what is so. */
bool journal_page_right(const uint8_t *page, uint64_t number, journal_page_kind kind, size_t page_bytes);
/* The same of a value's first page. */
bool journal_value_pages_right(const uint8_t *page, uint64_t number, size_t value_bytes, size_t page_bytes);

/* ---- probe (probe.c) ------------------------------------------------------------- */

enum {
    JOURNAL_PROBE_ALONE = 1, /* nobody writes meanwhile */
    JOURNAL_PROBE_VALUES = 2 /* the heads of values' pages, too: each has to be read */
};

/* Walks the environment's trees in a child process, so that damage which makes LMDB crash ends
 * the child and not the daemon. -EBADMSG with `error`: the tree is damaged. */
int journal_probe(const char *path, unsigned how, char *error);

/* ---- scan (scan.c) --------------------------------------------------------------- */

/* Everything that is whole, in the order of the tables; damage is told and passed over. */
typedef struct journal_scan {
    const journal_watch *watch;
    journal_summary summary;
    char *error; /* the first damage */
    const char *path;
    /* A whole record, as it stands; returns 0 or a negative errno that ends the scan. */
    int (*on_record)(void *context, const uint8_t *bytes, size_t len);
    void *context;
    uint64_t total_bytes, done_bytes;
    uint64_t next_block, next_chunk, next_alert, next_reject; /* expected; 0: any */
    uint64_t generation;                                      /* of the base: its batch */
    journal_place place;
    bool has_witness; /* read before anything else */
    journal_witness witness;
} journal_scan;

int journal_scan_head(journal_scan *scan, const MDB_val *value);
int journal_scan_base(journal_scan *scan, uint64_t number, const MDB_val *value);
int journal_scan_chunk(journal_scan *scan, uint64_t number, const MDB_val *value);
int journal_scan_alert(journal_scan *scan, uint64_t number, const MDB_val *value);
int journal_scan_reject(journal_scan *scan, uint64_t number, const MDB_val *value);
/* Through the tree, which the caller has probed. */
int journal_scan_tree(journal_scan *scan);
/* Through the bytes of the data file, without LMDB. */
int journal_scan_file(journal_scan *scan);

#endif
