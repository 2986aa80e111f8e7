/*
 * commit.c - all that waits as one transaction: packed into chunks, with what goes, and committed, which syncs.
 */
#include "journal_private.h"

#include <string.h>

typedef struct cursors {
    MDB_txn *txn;
    MDB_cursor *base, *log, *alerts, *rejects;
    const uint8_t *map; /* address of page 0 */
} cursors;

static int value_append(const journal *j, MDB_cursor *cursor, uint64_t number, MDB_val *value)
{
    MDB_val key = {sizeof number, &number};
    int rc = journal_fault_at(j->faults, JOURNAL_FAULT_PUT);
    return rc != 0 ? rc : mdb_cursor_put(cursor, &key, value, MDB_APPEND | MDB_RESERVE);
}

/* Takes records off `from` until the chunk is full; they were sealed here, so their lengths
 * need no check. */
static void chunk_measure(const uint8_t *from, size_t len, journal_chunk *chunk, journal_tail *tail)
{
    size_t bytes = 0;

    while (bytes < len) {
        const uint8_t *at = from + bytes;
        size_t record = journal_record_bytes(journal_get32(at + 24));
        if (bytes > 0 && JOURNAL_CHUNK_HEADER + bytes + record > JOURNAL_CHUNK_BYTES)
            break;
        chunk->records++;
        if (at[28] == JOURNAL_REPORT) {
            chunk->reports++;
        } else if (at[28] == JOURNAL_BATCH) {
            tail->batch = journal_get64(at + 8);
            tail->received_at_ns = (int64_t)journal_get64(at + JOURNAL_RECORD_HEADER);
        }
        bytes += record;
    }
    chunk->bytes = (uint32_t)bytes;
    tail->report += chunk->reports;
}

static int log_write(const journal *j, MDB_cursor *cursor, const journal_arena *from,
                     journal_tail *tail)
{
    for (size_t offset = 0; offset < from->len;) {
        journal_chunk chunk = {.number = tail->chunk + 1,
                               .report_base = tail->report,
                               .batch = tail->batch,
                               .received_at_ns = tail->received_at_ns};
        chunk_measure(from->bytes + offset, from->len - offset, &chunk, tail);
        MDB_val value = {JOURNAL_CHUNK_HEADER + (size_t)chunk.bytes, NULL};
        int rc = value_append(j, cursor, chunk.number, &value);
        if (rc != 0)
            return rc;
        journal_chunk_seal(value.mv_data, &chunk);
        memcpy((uint8_t *)value.mv_data + JOURNAL_CHUNK_HEADER, from->bytes + offset, chunk.bytes);
        offset += chunk.bytes;
        tail->chunk = chunk.number;
    }
    return 0;
}

/* One value a record; those numbered up to `skip` are passed over. */
static int records_write(const journal *j, MDB_cursor *cursor, const journal_arena *from,
                         uint64_t skip, uint64_t *last)
{
    for (size_t offset = 0; offset < from->len;) {
        const uint8_t *at = from->bytes + offset;
        size_t bytes = journal_record_bytes(journal_get32(at + 24));
        uint64_t number = journal_get64(at + 8);
        offset += bytes;
        *last = number;
        if (number <= skip)
            continue;
        MDB_val value = {bytes, NULL};
        int rc = value_append(j, cursor, number, &value);
        if (rc != 0)
            return rc;
        memcpy(value.mv_data, at, bytes);
    }
    return 0;
}

/* ---- what goes ----------------------------------------------------------------------- */

/* The head stands in a page of the file until this transaction writes it, and that begins with its number. */
static int map_find(const journal *j, cursors *c)
{
    MDB_val key = {4, "head"}, value;
    uint64_t number;

    int rc = mdb_get(c->txn, j->meta, &key, &value);
    if (rc != 0)
        return rc;
    const uint8_t *at = value.mv_data, *page = at - ((uintptr_t)at & (j->page_bytes - 1));
    memcpy(&number, page, sizeof number);
    c->map = page - number * j->page_bytes;
    return 0;
}

/* LMDB frees the pages that the first of them names. Behind a page's head begins only a value that has pages of
 * its own. */
static int value_check(const journal *j, const cursors *c, const MDB_val *value)
{
    size_t offset = (size_t)((uintptr_t)value->mv_data - (uintptr_t)c->map);
    MDB_envinfo info;

    (void)mdb_env_info(j->env, &info);
    if (offset >= info.me_mapsize /* in memory, of this transaction */ ||
        offset % j->page_bytes != JOURNAL_PAGE_HEADER)
        return 0;
    return journal_value_pages_right((const uint8_t *)value->mv_data - JOURNAL_PAGE_HEADER,
                                     offset / j->page_bytes, value->mv_size, j->page_bytes)
               ? 0
               : MDB_CORRUPTED;
}

static int table_empty(const journal *j, const cursors *c, MDB_cursor *cursor, MDB_dbi table)
{
    MDB_val key, value;
    int rc, checked = 0;

    while (checked == 0 && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        checked = value_check(j, c, &value);
    if (checked != 0 || rc != MDB_NOTFOUND)
        return checked != 0 ? checked : rc;
    return mdb_drop(c->txn, table, 0);
}

/* ---- the base ------------------------------------------------------------------------ */

/* As many records as fit a block, one at least. */
static size_t block_measure(const uint8_t *from, size_t len)
{
    size_t bytes = 0;

    while (bytes < len) {
        size_t record = journal_record_bytes(journal_get32(from + bytes + 24));
        if (bytes > 0 && bytes + record > JOURNAL_BLOCK_BYTES)
            break;
        bytes += record;
    }
    return bytes;
}

static uint64_t base_count(const journal_arena *from)
{
    uint64_t count = 0;

    for (size_t at = 0; at < from->len; count++)
        at += journal_record_bytes(journal_get32(from->bytes + at + 24));
    return count;
}

/* Blocks instead of the base and the log before: a base of its own size, and no more. */
static int base_write(const journal *j, const cursors *c, const journal_arena *from,
                      journal_base *base)
{
    uint64_t number = 1;
    MDB_val value = {JOURNAL_RECORD_HEADER + JOURNAL_BASE_BODY, NULL};

    int rc = journal_fault_at(j->faults, JOURNAL_FAULT_PUT);
    if (rc == 0)
        rc = table_empty(j, c, c->log, j->log);
    if (rc == 0)
        rc = table_empty(j, c, c->base, j->base_table);
    if (rc == 0)
        rc = value_append(j, c->base, number, &value);
    if (rc != 0)
        return rc;
    journal_base_write(value.mv_data, base);
    for (size_t offset = 0; rc == 0 && offset < from->len;) {
        size_t bytes = block_measure(from->bytes + offset, from->len - offset);
        value = (MDB_val){journal_record_bytes(bytes), NULL};
        rc = value_append(j, c->base, ++number, &value);
        if (rc != 0)
            return rc;
        memcpy((uint8_t *)value.mv_data + JOURNAL_RECORD_HEADER, from->bytes + offset, bytes);
        journal_record_seal(value.mv_data, JOURNAL_KIND_BLOCK, number, base->batch, bytes);
        offset += bytes;
    }
    return rc;
}

/* Drops the entries of a numbered table that come before keep_from. */
static int entries_trim(const journal *j, const cursors *c, MDB_cursor *cursor, uint64_t keep_from)
{
    MDB_val key, value;
    uint64_t number;
    int rc;

    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST)) == 0) {
        memcpy(&number, key.mv_data, sizeof number);
        if (number >= keep_from)
            return 0;
        rc = journal_fault_at(j->faults, JOURNAL_FAULT_PUT);
        if (rc == 0)
            rc = value_check(j, c, &value);
        if (rc == 0)
            rc = mdb_cursor_del(cursor, 0);
        if (rc != 0)
            return rc;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* What goes, before what comes; the head says where the tables begin from now on. */
static int past_drop(const journal *j, const cursors *c, const journal_group *group,
                     const journal_tail *tail, journal_head *head, journal_base *base)
{
    uint8_t bytes[JOURNAL_RECORD_HEADER + JOURNAL_HEAD_BODY];
    MDB_val key = {4, "head"}, value = {sizeof bytes, bytes};
    int rc = 0;

    if (group->base.len > 0) {
        *base = (journal_base){.chunk = tail->chunk,
                               .report = tail->report,
                               .batch = tail->batch,
                               .received_at_ns = tail->received_at_ns,
                               .records = base_count(&group->base)};
        head->first_chunk = tail->chunk + 1;
        rc = base_write(j, c, &group->base, base);
    }
    if (rc == 0 && group->first_alert > head->first_alert) {
        head->first_alert =
            group->first_alert <= tail->alert + 1 ? group->first_alert : tail->alert + 1;
        rc = entries_trim(j, c, c->alerts, head->first_alert);
    }
    if (rc == 0)
        rc = journal_fault_at(j->faults, JOURNAL_FAULT_PUT);
    journal_head_write(bytes, head);
    return rc != 0 ? rc : mdb_put(c->txn, j->meta, &key, &value, 0);
}

static int rejects_write(const journal *j, const cursors *c, const journal_arena *from,
                         journal_tail *tail)
{
    uint64_t last = tail->reject;

    for (size_t offset = 0; offset < from->len; last++)
        offset += journal_record_bytes(journal_get32(from->bytes + offset + 24));
    uint64_t keep_from = last > JOURNAL_REJECTS_KEPT ? last - JOURNAL_REJECTS_KEPT + 1 : 1;
    int rc = entries_trim(j, c, c->rejects, keep_from);
    return rc != 0 ? rc : records_write(j, c->rejects, from, keep_from - 1, &tail->reject);
}

static int cursors_open(const journal *j, cursors *c)
{
    int rc = mdb_cursor_open(c->txn, j->base_table, &c->base);
    if (rc == 0)
        rc = mdb_cursor_open(c->txn, j->log, &c->log);
    if (rc == 0)
        rc = mdb_cursor_open(c->txn, j->alerts, &c->alerts);
    if (rc == 0)
        rc = mdb_cursor_open(c->txn, j->rejects, &c->rejects);
    return rc != 0 ? rc : map_find(j, c);
}

/* What the tables take that retention can make smaller. */
static int live_measure(const journal *j, MDB_txn *txn, uint64_t *ret_bytes)
{
    MDB_dbi tables[] = {j->base_table, j->log, j->alerts};
    MDB_stat stat;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof tables[0]; i++) {
        rc = mdb_stat(txn, tables[i], &stat);
        if (rc == 0)
            *ret_bytes += (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
                          stat.ms_psize;
    }
    return rc;
}

/* What the journal holds once a group is committed. */
typedef struct reached {
    journal_tail tail;
    journal_head head;
    journal_base base;
    uint64_t live_bytes;
} reached;

static int group_put(journal *j, cursors *c, const journal_group *group, reached *to)
{
    int rc = cursors_open(j, c);
    if (rc == 0 && (group->base.len > 0 || group->first_alert > 0))
        rc = past_drop(j, c, group, &to->tail, &to->head, &to->base);
    if (rc == 0)
        rc = log_write(j, c->log, &group->log, &to->tail);
    if (rc == 0)
        rc = records_write(j, c->alerts, &group->alerts, 0, &to->tail.alert);
    if (rc == 0 && group->rejects.len > 0)
        rc = rejects_write(j, c, &group->rejects, &to->tail);
    if (rc == 0)
        rc = live_measure(j, c->txn, &to->live_bytes);
    return rc;
}

static void group_held(journal *j, const reached *to)
{
    j->tail = to->tail;
    j->head = to->head;
    j->base = to->base;
    atomic_store(&j->live_bytes, to->live_bytes);
    atomic_store(&j->base_report, to->base.report);
    atomic_store(&j->base_mark, journal_base_mark_of(&to->base));
    atomic_store(&j->first_alert, to->head.first_alert);
}

/* The group as one transaction. `tail` moves only if it holds. A reader that was killed (an export,
 * say) would keep every page of its day from being used again: LMDB does not look by itself. */
static int group_commit(journal *j, const journal_group *group, const char **ret_step)
{
    cursors c = {0};
    reached to = {.tail = j->tail, .head = j->head, .base = j->base};

    *ret_step = "begin";
    (void)mdb_reader_check(j->env, NULL);
    int rc = journal_fault_at(j->faults, JOURNAL_FAULT_BEGIN);
    if (rc == 0)
        rc = mdb_txn_begin(j->env, NULL, 0, &c.txn);
    if (rc != 0)
        return rc;
    *ret_step = "write";
    rc = group_put(j, &c, group, &to);
    if (rc == 0) {
        *ret_step = "commit";
        rc = journal_fault_at(j->faults, JOURNAL_FAULT_COMMIT);
    }
    if (rc != 0) {
        mdb_txn_abort(c.txn);
        return rc;
    }
    rc = mdb_txn_commit(c.txn);
    if (rc == 0) {
        *ret_step = "sync";
        rc = journal_fault_at(j->faults, JOURNAL_FAULT_SYNC);
    }
    if (rc == 0)
        group_held(j, &to);
    return rc;
}

int journal_group_write(journal *j, const journal_group *group, const char **ret_step)
{
    int rc;

    while ((rc = group_commit(j, group, ret_step)) == MDB_MAP_FULL) {
        *ret_step = "enlarge the map";
        rc = journal_map_grow(j);
        if (rc != 0)
            break;
    }
    return rc;
}
