/* env.c - the LMDB environment: opening, its tables and how they end, reading, growing. */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TABLE_COUNT = 5, READERS_MAX = 126, LOCK_BYTES = 8192 /* of so many */, READ_TRIES = 1000 };
static const uint64_t GROW_STEP_MAX = UINT64_C(16) << 30;

static int env_error(const journal *j, const char *what, int rc, char *error)
{
    rc = journal_write_error(j->path, rc, 0);
    snprintf(error, JOURNAL_ERROR_BYTES, "journal %.200s: %s: %s%s", j->path, what,
             mdb_strerror(rc), rc > 0 ? journal_remedy(-rc) : "");
    return journal_errno(rc);
}

static int tables_open(journal *j, MDB_txn *txn, unsigned flags)
{
    int rc = mdb_dbi_open(txn, "meta", flags, &j->meta);
    if (rc == 0)
        rc = mdb_dbi_open(txn, "base", flags | MDB_INTEGERKEY, &j->base_table);
    if (rc == 0)
        rc = mdb_dbi_open(txn, "log", flags | MDB_INTEGERKEY, &j->log);
    if (rc == 0)
        rc = mdb_dbi_open(txn, "alerts", flags | MDB_INTEGERKEY, &j->alerts);
    if (rc == 0)
        rc = mdb_dbi_open(txn, "rejects", flags | MDB_INTEGERKEY, &j->rejects);
    return rc;
}

static int head_create(journal *j, MDB_txn *txn, const journal_head *head)
{
    uint8_t bytes[JOURNAL_RECORD_HEADER + JOURNAL_HEAD_BODY];
    MDB_val key = {4, "head"}, value = {sizeof bytes, bytes};

    journal_head_write(bytes, head);
    int rc = journal_fault_at(j->faults, JOURNAL_FAULT_PUT);
    return rc != 0 ? rc : mdb_put(txn, j->meta, &key, &value, MDB_NOOVERWRITE);
}

static int head_load(journal *j, MDB_txn *txn, char *error)
{
    MDB_val key = {4, "head"}, value;

    int rc = mdb_get(txn, j->meta, &key, &value);
    if (rc != 0)
        return env_error(j, "no head record", rc, error);
    int r = journal_head_parse(value.mv_data, value.mv_size, &j->head);
    if (r == -EPROTONOSUPPORT)
        snprintf(
            error, JOURNAL_ERROR_BYTES,
            "journal %.200s has format %u, this program knows %u: use the program that wrote it",
            j->path, j->head.format, JOURNAL_FORMAT);
    else if (r < 0)
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: the head record is damaged: restore it from a copy", j->path);
    return r;
}

/* First and last number of a table; both 0 where it is empty. -EBADMSG: they and the number of
 * entries do not fit each other. */
static int table_ends(const journal *j, MDB_txn *txn, MDB_dbi table, const char *name,
                      uint64_t *ret_first, uint64_t *ret_last, MDB_val *ret_value, char *error)
{
    MDB_cursor *cursor;
    MDB_stat stat;
    MDB_val key, first = {0}, last = {0};
    uint64_t numbers[2] = {0, 0};

    int rc = mdb_stat(txn, table, &stat);
    if (rc == 0)
        rc = mdb_cursor_open(txn, table, &cursor);
    if (rc != 0)
        return env_error(j, name, rc, error);
    rc = mdb_cursor_get(cursor, &key, &first, MDB_FIRST);
    if (rc == 0)
        memcpy(&numbers[0], key.mv_data, sizeof numbers[0]);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &last, MDB_LAST);
    if (rc == 0)
        memcpy(&numbers[1], key.mv_data, sizeof numbers[1]);
    mdb_cursor_close(cursor);
    bool empty = rc == MDB_NOTFOUND;
    if (rc != 0 && !empty)
        return env_error(j, name, rc, error);
    if (empty ? stat.ms_entries != 0
              : numbers[0] == 0 || numbers[1] < numbers[0] ||
                    numbers[1] - numbers[0] + 1 != stat.ms_entries) {
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: table %s runs from %llu to %llu but has %zu entries: "
                 "its tree is damaged",
                 j->path, name, (unsigned long long)numbers[0], (unsigned long long)numbers[1],
                 stat.ms_entries);
        return -EBADMSG;
    }
    *ret_first = numbers[0];
    *ret_last = numbers[1];
    *ret_value = last;
    return 0;
}

/* The last batch stands somewhere in the last chunk. A reader may go on with what is whole before
 * a damaged record; a writer may not, for it would number from it. */
static int tail_of_log(const journal *j, const MDB_val *value, journal_tail *tail, char *error)
{
    journal_chunk chunk = {0};
    journal_record record;

    int r = journal_chunk_parse(value->mv_data, value->mv_size, tail->chunk, &chunk);
    journal_place place = {
        .report = chunk.report_base, .batch = chunk.batch, .received_at_ns = chunk.received_at_ns};
    while (r == 0 && place.offset < chunk.bytes)
        r = journal_chunk_step(&chunk, &place, &record);
    tail->report = place.report;
    tail->batch = place.batch;
    tail->received_at_ns = place.received_at_ns;
    tail->torn = r < 0;
    if (r == 0 || j->read_only)
        return 0;
    snprintf(
        error, JOURNAL_ERROR_BYTES,
        "journal %.200s: table log, the record after report %llu is damaged, in the last chunk "
        "(%llu): export what is readable, or restore a copy",
        j->path, (unsigned long long)place.report, (unsigned long long)tail->chunk);
    return -EBADMSG;
}

/* The head of the base, if there is one. */
static int base_load(journal *j, MDB_txn *txn, char *error)
{
    uint64_t number = 1;
    MDB_val key = {sizeof number, &number}, value;

    j->base = (journal_base){0};
    int rc = mdb_get(txn, j->base_table, &key, &value);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc != 0)
        return env_error(j, "base", rc, error);
    if (journal_base_parse(value.mv_data, value.mv_size, &j->base) == 0)
        return 0;
    snprintf(error, JOURNAL_ERROR_BYTES,
             "journal %.200s: table base, the head is damaged: export what is readable, or restore "
             "a copy",
             j->path);
    return -EBADMSG;
}

/* Looks at how the tables end, and compares with how the head says that they begin. */
static int journal_tail_load(journal *j, MDB_txn *txn, journal_tail *ret_tail, char *error)
{
    journal_tail tail = {0};
    MDB_val value;
    uint64_t first_chunk = 0, first_alert = 0, first_reject = 0;

    int r = base_load(j, txn, error);
    if (r == 0)
        r = table_ends(j, txn, j->log, "log", &first_chunk, &tail.chunk, &value, error);
    if (r == 0 && tail.chunk == 0) { /* nothing since the base */
        tail.chunk = j->base.chunk;
        first_chunk = tail.chunk + 1;
        tail.report = j->base.report;
        tail.batch = j->base.batch;
        tail.received_at_ns = j->base.received_at_ns;
    } else if (r == 0)
        r = tail_of_log(j, &value, &tail, error);
    if (r == 0)
        r = table_ends(j, txn, j->alerts, "alerts", &first_alert, &tail.alert, &value, error);
    if (r == 0)
        r = table_ends(j, txn, j->rejects, "rejects", &first_reject, &tail.reject, &value, error);
    if (r < 0)
        return r;
    if (tail.alert == 0)
        tail.alert = j->head.first_alert - 1; /* all dropped, or none yet */
    if (first_chunk != j->head.first_chunk || first_chunk != j->base.chunk + 1) {
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: the log begins with chunk %llu, the head says %llu: its tree is "
                 "damaged",
                 j->path, (unsigned long long)first_chunk, (unsigned long long)j->head.first_chunk);
        return -EBADMSG;
    }
    if (first_alert != 0 && first_alert != j->head.first_alert) {
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: the alerts begin with %llu, the head says %llu: their tree is "
                 "damaged",
                 j->path, (unsigned long long)first_alert, (unsigned long long)j->head.first_alert);
        return -EBADMSG;
    }
    *ret_tail = tail;
    return 0;
}

/* One transaction: tables and head. */
static int tables_create(journal *j, const journal_head *head, char *error)
{
    MDB_txn *txn;

    int rc = journal_fault_at(j->faults, JOURNAL_FAULT_BEGIN);
    if (rc == 0)
        rc = mdb_txn_begin(j->env, NULL, 0, &txn);
    if (rc != 0)
        return env_error(j, "begin", rc, error);
    rc = tables_open(j, txn, MDB_CREATE);
    if (rc == 0)
        rc = head_create(j, txn, head);
    if (rc == 0)
        rc = journal_fault_at(j->faults, JOURNAL_FAULT_COMMIT);
    if (rc != 0)
        mdb_txn_abort(txn);
    else
        rc = mdb_txn_commit(txn);
    if (rc == 0)
        rc = journal_fault_at(j->faults, JOURNAL_FAULT_SYNC);
    return rc != 0 ? env_error(j, "create", rc, error) : 0;
}

/* LMDB maps its table of readers and writes into it at once: where there is no room for it, that is a SIGBUS. */
static int lock_make(const journal *j, const char *path)
{
    char place[4200];

    int n = snprintf(place, sizeof place, "%s/lock.mdb", path);
    int fd = n < 0 || (size_t)n >= sizeof place || j->read_only
                 ? -1
                 : open(place, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return 0; /* LMDB says why */
    int rc =
        fallocate(fd, 0, 0, LOCK_BYTES) < 0 && (errno == ENOSPC || errno == EDQUOT) ? errno : 0;
    close(fd);
    return rc;
}

static int env_make(journal *j, const char *path, uint64_t map_bytes, char *error)
{
    unsigned flags = MDB_NOTLS | (j->read_only ? MDB_RDONLY : 0) | (j->sync ? 0 : MDB_NOSYNC);

    int rc = mdb_env_create(&j->env);
    if (rc != 0)
        return env_error(j, "memory", rc, error);
    (void)mdb_env_set_maxdbs(j->env, TABLE_COUNT);
    (void)mdb_env_set_maxreaders(j->env, READERS_MAX);
    if (!j->read_only)
        rc = mdb_env_set_mapsize(j->env, map_bytes);
    if (rc == 0)
        rc = lock_make(j, path);
    if (rc == 0)
        rc = mdb_env_open(j->env, path, flags, 0600);
    return rc != 0 ? env_error(j, "cannot be opened", rc, error) : 0;
}

/* A data file appears whole or not at all: it is made in a folder beside it, and renamed. */
int journal_env_create(journal *j, uint64_t map_bytes, const journal_head *head, char *error)
{
    char folder[4096], data[4200], lock[4200], place[4200];

    int n = snprintf(folder, sizeof folder, "%s/creating", j->path);
    if (n < 0 || (size_t)n >= sizeof folder)
        return env_error(j, "create", ENAMETOOLONG, error);
    snprintf(data, sizeof data, "%s/data.mdb", folder);
    snprintf(lock, sizeof lock, "%s/lock.mdb", folder);
    snprintf(place, sizeof place, "%s/data.mdb", j->path);
    (void)unlink(data); /* of a creation that was interrupted */
    (void)unlink(lock);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return env_error(j, "create", errno, error);
    int r = env_make(j, folder, map_bytes, error);
    if (r == 0)
        r = tables_create(j, head, error);
    if (j->env != NULL)
        mdb_env_close(j->env);
    j->env = NULL;
    if (r == 0 && rename(data, place) < 0)
        r = env_error(j, "create", errno, error);
    (void)unlink(data);
    (void)unlink(lock);
    (void)rmdir(folder);
    if (r == 0 && (r = journal_folder_sync(j->faults, j->path)) < 0)
        (void)env_error(j, "sync", -r, error);
    return r;
}

static int tables_load(journal *j, char *error)
{
    MDB_txn *txn;

    int r = journal_read_begin(j, &txn, error);
    if (r < 0)
        return r;
    int rc = tables_open(j, txn, 0);
    if (rc != 0)
        r = env_error(j, "a table is missing", rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc, error);
    if (r == 0)
        r = head_load(j, txn, error);
    if (r == 0)
        r = journal_tail_load(j, txn, &j->tail, error);
    if (r < 0) {
        journal_read_end(j, txn);
        return r;
    }
    rc = mdb_txn_commit(txn); /* keeps the table handles */
    pthread_rwlock_unlock(&j->map_lock);
    return rc != 0 ? env_error(j, "tables", rc, error) : 0;
}

int journal_env_open(journal *j, uint64_t map_bytes, char *error)
{
    MDB_envinfo info;
    MDB_stat stat;

    int r = env_make(j, j->path, map_bytes, error);
    if (r < 0)
        return r;
    (void)mdb_reader_check(j->env, NULL); /* slots of readers that died */
    r = tables_load(j, error);
    if (r < 0)
        return r;
    (void)mdb_env_info(j->env, &info);
    (void)mdb_env_stat(j->env, &stat);
    j->page_bytes = stat.ms_psize;
    atomic_store(&j->map_bytes, info.me_mapsize);
    atomic_store(&j->used_bytes, (info.me_last_pgno + 1) * stat.ms_psize);
    return 0;
}

int journal_read_begin(journal *j, MDB_txn **ret_txn, char *error)
{
    *ret_txn = NULL;
    for (int tries = 1;; tries++) {
        pthread_rwlock_rdlock(&j->map_lock);
        int rc = j->unmapped ? ENOMEM : journal_txn_read(j->env, ret_txn);
        if (rc == 0)
            return 0;
        pthread_rwlock_unlock(&j->map_lock);
        if (rc != MDB_MAP_RESIZED || tries == READ_TRIES)
            return env_error(j, "cannot be read", rc, error);
        /* The daemon, another process, made it larger: take its size. */
        pthread_rwlock_wrlock(&j->map_lock);
        rc = mdb_env_set_mapsize(j->env, 0);
        j->unmapped = rc != 0;
        pthread_rwlock_unlock(&j->map_lock);
        if (rc != 0)
            return env_error(j, "cannot be mapped", rc, error);
    }
}

void journal_read_end(journal *j, MDB_txn *txn)
{
    mdb_txn_abort(txn);
    pthread_rwlock_unlock(&j->map_lock);
}

int journal_map_grow(journal *j)
{
    MDB_envinfo info;

    int rc = journal_fault_at(j->faults, JOURNAL_FAULT_GROW);
    if (rc != 0)
        return rc;
    pthread_rwlock_wrlock(&j->map_lock);
    (void)mdb_env_info(j->env, &info);
    uint64_t step = info.me_mapsize < GROW_STEP_MAX ? info.me_mapsize : GROW_STEP_MAX;
    rc = mdb_env_set_mapsize(j->env, info.me_mapsize + step);
    j->unmapped = rc != 0;
    if (rc == 0)
        (void)mdb_env_info(j->env, &info);
    pthread_rwlock_unlock(&j->map_lock);
    atomic_store(&j->map_bytes, info.me_mapsize);
    return rc;
}
