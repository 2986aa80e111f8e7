/* scan.c - reads everything that is whole, and names what is not. */
#include "journal_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void scan_damage(journal_scan *scan, const char *table, uint64_t number, const char *text)
{
    if (scan->summary.damaged++ == 0)
        snprintf(scan->error, JOURNAL_ERROR_BYTES, "journal %.200s: table %s, near %llu: %.160s",
                 scan->path, table, (unsigned long long)number, text);
    if (scan->watch != NULL && scan->watch->damage != NULL)
        scan->watch->damage(scan->watch->context, table, number, text);
}

static int scan_record(journal_scan *scan, const uint8_t *bytes, size_t len)
{
    return scan->on_record != NULL ? scan->on_record(scan->context, bytes, len) : 0;
}

static void scan_progress(journal_scan *scan, size_t more)
{
    scan->done_bytes += more;
    if (scan->watch != NULL && scan->watch->progress != NULL)
        scan->watch->progress(scan->watch->context, scan->done_bytes, scan->total_bytes);
}

int journal_scan_head(journal_scan *scan, const MDB_val *value)
{
    journal_head head;

    int r = journal_head_parse(value->mv_data, value->mv_size, &head);
    if (r == -EPROTONOSUPPORT)
        return r;
    if (r < 0) {
        scan_damage(scan, "meta", 0, "the head record is damaged");
        return 0;
    }
    if (scan->next_chunk == 0)
        scan->next_chunk = head.first_chunk;
    if (scan->next_alert == 0)
        scan->next_alert = head.first_alert;
    return scan_record(scan, value->mv_data, value->mv_size);
}

static void scan_block(journal_scan *scan, const journal_item *block)
{
    for (size_t offset = 0; offset < block->body_len;) {
        journal_record record;
        if (journal_block_step(block, &offset, &record) < 0) {
            scan_damage(scan, "base", block->number, "a record of this block is damaged");
            return;
        }
        scan->summary.kept += record.kind == JOURNAL_BASE_REPORT;
    }
}

/* What is whole of a damaged block, as a block: each of its records has a checksum of its own. */
static int block_rest(journal_scan *scan, uint64_t number, const MDB_val *value)
{
    const uint8_t *at = value->mv_data;
    size_t used = JOURNAL_RECORD_HEADER;
    uint8_t *made = malloc(journal_record_bytes(value->mv_size));
    int r = 0;

    if (made == NULL)
        return -ENOMEM;
    for (size_t offset = JOURNAL_RECORD_HEADER; offset + JOURNAL_RECORD_HEADER <= value->mv_size;) {
        journal_item item;
        journal_record record;
        size_t step = 0;
        if (journal_record_parse(at + offset, value->mv_size - offset, &item) < 0 ||
            item.batch != scan->generation ||
            journal_block_step(&(journal_item){.body = at + offset, .body_len = item.bytes}, &step,
                               &record) < 0) {
            offset += 8;
            continue;
        }
        memcpy(made + used, at + offset, item.bytes);
        used += item.bytes;
        offset += item.bytes;
        scan->summary.kept += record.kind == JOURNAL_BASE_REPORT;
    }
    if (used > JOURNAL_RECORD_HEADER) {
        journal_record_seal(made, JOURNAL_KIND_BLOCK, number, scan->generation,
                            used - JOURNAL_RECORD_HEADER);
        r = scan_record(scan, made, used);
    }
    free(made);
    return r;
}

int journal_scan_base(journal_scan *scan, uint64_t number, const MDB_val *value)
{
    journal_base base;
    journal_item block;

    if (scan->next_block != 0 && number != scan->next_block)
        scan_damage(scan, "base", scan->next_block, "blocks from this one on are missing");
    scan->next_block = number + 1;
    scan_progress(scan, value->mv_size);
    if (number == 1 && journal_base_parse(value->mv_data, value->mv_size, &base) == 0) {
        scan->place.report = base.report;
        scan->place.batch = scan->generation = base.batch;
        scan->place.received_at_ns = base.received_at_ns;
        return scan_record(scan, value->mv_data, value->mv_size);
    }
    if (number == 1) {
        scan_damage(scan, "base", number, "its head is damaged");
        return 0;
    }
    if (journal_block_parse(value, number, &block) < 0 || block.batch != scan->generation) {
        scan_damage(scan, "base", number, "a record of this block is damaged");
        return block_rest(scan, number, value);
    }
    scan_block(scan, &block);
    return scan_record(scan, value->mv_data, value->mv_size);
}

/* Where records go on behind a damaged one: the next place at which one passes its checksum and
 * is none of the past. */
static bool place_resume(const journal_chunk *chunk, journal_place *place)
{
    journal_item item;

    for (uint32_t offset = place->offset + 8; offset < chunk->bytes; offset += 8) {
        if (journal_record_parse(chunk->data + offset, chunk->bytes - offset, &item) < 0 ||
            item.kind < JOURNAL_BATCH || item.kind > JOURNAL_RULES || item.batch < place->batch)
            continue;
        if (item.kind == JOURNAL_REPORT && item.number <= place->report)
            continue;
        place->offset = offset;
        place->batch = item.kind == JOURNAL_BATCH ? item.batch - 1 : item.batch;
        return true;
    }
    return false;
}

/* Behind a gap nobody knows which number the next report has: it says so itself, as long as it does not
 * go back. Whether the gap is behind us then. */
static bool gap_close(const journal_chunk *chunk, journal_place *place)
{
    journal_item item;

    if (journal_record_parse(chunk->data + place->offset, chunk->bytes - place->offset, &item) <
            0 ||
        item.kind != JOURNAL_REPORT || item.number <= place->report)
        return false;
    place->report = item.number - 1;
    return true;
}

static int chunk_records(journal_scan *scan, const journal_chunk *chunk)
{
    journal_place *place = &scan->place;
    journal_record record;
    bool gap = false;

    while (place->offset < chunk->bytes) {
        uint32_t from = place->offset;
        if (gap)
            gap = !gap_close(chunk, place);
        if (journal_chunk_step(chunk, place, &record) < 0) {
            scan_damage(scan, "log", place->report, "the record after this report is damaged");
            gap = true;
            if (!place_resume(chunk, place))
                return 0;
            continue;
        }
        scan->summary.batches += record.kind == JOURNAL_BATCH;
        scan->summary.reports += record.kind == JOURNAL_REPORT;
        int r = scan_record(scan, chunk->data + from, place->offset - from);
        if (r < 0)
            return r;
    }
    return 0;
}

int journal_scan_chunk(journal_scan *scan, uint64_t number, const MDB_val *value)
{
    journal_chunk chunk;
    journal_place *place = &scan->place;

    if (scan->next_chunk != 0 && number != scan->next_chunk)
        scan_damage(scan, "log", place->report, "chunks after this report are missing");
    bool follows = number == scan->next_chunk;
    scan->next_chunk = number + 1;
    scan_progress(scan, value->mv_size);
    place->offset = place->record = 0;

    if (journal_chunk_parse(value->mv_data, value->mv_size, number, &chunk) < 0) {
        scan_damage(scan, "log", place->report,
                    "the head of the chunk after this report is damaged");
        if (value->mv_size < JOURNAL_CHUNK_HEADER || value->mv_size > UINT32_MAX)
            return 0;
        chunk = (journal_chunk){.bytes = (uint32_t)value->mv_size - JOURNAL_CHUNK_HEADER,
                                .data = (const uint8_t *)value->mv_data + JOURNAL_CHUNK_HEADER};
        return chunk_records(scan, &chunk);
    }
    bool first = place->report == 0 && place->batch == 0 && scan->summary.damaged == 0;
    if (follows && !first && scan->summary.damaged == 0 &&
        (chunk.report_base != place->report || chunk.batch != place->batch))
        scan_damage(scan, "log", place->report, "the chunk after this report does not follow it");
    place->report = chunk.report_base;
    place->batch = chunk.batch;
    place->received_at_ns = chunk.received_at_ns;
    return chunk_records(scan, &chunk);
}

/* The numbers of a table follow each other; `missing`: what is said where they do not. */
static void number_follow(journal_scan *scan, const char *table, uint64_t *next, uint64_t number,
                          const char *missing)
{
    if (*next != 0 && number != *next)
        scan_damage(scan, table, *next, missing);
    *next = number + 1;
}

int journal_scan_alert(journal_scan *scan, uint64_t number, const MDB_val *value)
{
    journal_alert alert;

    number_follow(scan, "alerts", &scan->next_alert, number,
                  "alert changes from this one on are missing");
    scan_progress(scan, value->mv_size);
    if (journal_alert_parse(value, number, &alert) < 0) {
        scan_damage(scan, "alerts", number, "this alert change is damaged");
        return 0;
    }
    scan->summary.alerts++;
    return scan_record(scan, value->mv_data, value->mv_size);
}

int journal_scan_reject(journal_scan *scan, uint64_t number, const MDB_val *value)
{
    journal_reject reject;

    number_follow(scan, "rejects", &scan->next_reject, number,
                  "rejects from this one on are missing");
    scan_progress(scan, value->mv_size);
    if (journal_reject_parse(value, number, &reject) < 0) {
        scan_damage(scan, "rejects", number, "this reject is damaged");
        return 0;
    }
    scan->summary.rejects++;
    return scan_record(scan, value->mv_data, value->mv_size);
}

static int table_scan(journal_scan *scan, MDB_txn *txn, const char *name,
                      int (*on_value)(journal_scan *, uint64_t, const MDB_val *))
{
    MDB_cursor *cursor;
    MDB_dbi table;
    MDB_val key, value;
    int r = 0;

    int rc = mdb_dbi_open(txn, name, MDB_INTEGERKEY, &table);
    if (rc == 0)
        rc = mdb_cursor_open(txn, table, &cursor);
    if (rc != 0)
        return journal_errno(rc);
    while (r == 0 && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        uint64_t number = 0;
        if (key.mv_size == sizeof number)
            memcpy(&number, key.mv_data, sizeof number);
        r = on_value(scan, number, &value);
    }
    mdb_cursor_close(cursor);
    if (r == 0 && rc != MDB_NOTFOUND)
        r = journal_errno(rc);
    return r;
}

/* What the journal was seen to hold must be there. */
static void witness_scan(journal_scan *scan)
{
    const journal_witness *witness = &scan->witness;

    if (!scan->has_witness)
        return;
    if (witness->report > scan->place.report || witness->batch > scan->place.batch)
        scan_damage(scan, "log", scan->place.report,
                    "reports after this one are gone: the file `witness` knows more");
    if (scan->next_alert != 0 && witness->alert >= scan->next_alert)
        scan_damage(scan, "alerts", scan->next_alert,
                    "alert changes from this one on are gone: `witness` knows more");
    if (scan->next_reject != 0 && witness->reject >= scan->next_reject)
        scan_damage(scan, "rejects", scan->next_reject,
                    "rejects from this one on are gone: `witness` knows more");
}

static int tables_scan(journal_scan *scan, MDB_txn *txn)
{
    MDB_dbi meta;
    MDB_val key = {4, "head"}, value;

    int rc = mdb_dbi_open(txn, "meta", 0, &meta);
    if (rc == 0)
        rc = mdb_get(txn, meta, &key, &value);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return journal_errno(rc);
    int r = 0;
    if (rc == MDB_NOTFOUND)
        scan_damage(scan, "meta", 0, "the head record is missing");
    else
        r = journal_scan_head(scan, &value);
    if (r == 0)
        r = table_scan(scan, txn, "base", journal_scan_base);
    if (r == 0)
        r = table_scan(scan, txn, "log", journal_scan_chunk);
    if (r == 0)
        r = table_scan(scan, txn, "alerts", journal_scan_alert);
    if (r == 0)
        r = table_scan(scan, txn, "rejects", journal_scan_reject);
    if (r == 0)
        witness_scan(scan);
    return r;
}

int journal_scan_tree(journal_scan *scan)
{
    MDB_env *env;
    MDB_envinfo info;
    MDB_stat stat;
    MDB_txn *txn;

    int rc = mdb_env_create(&env);
    if (rc != 0)
        return journal_errno(rc);
    rc = mdb_env_set_maxdbs(env, 5);
    if (rc == 0)
        rc = mdb_env_open(env, scan->path, MDB_RDONLY | MDB_NOTLS, 0600);
    if (rc == 0)
        rc = journal_txn_read(env, &txn);
    int r = journal_errno(rc);
    if (rc == 0) {
        (void)mdb_env_info(env, &info);
        (void)mdb_env_stat(env, &stat);
        scan->total_bytes = (info.me_last_pgno + 1) * stat.ms_psize;
        scan->summary.bytes = scan->total_bytes;
        r = tables_scan(scan, txn);
        mdb_txn_abort(txn);
    }
    mdb_env_close(env);
    if (r < 0 && scan->summary.damaged == 0)
        snprintf(scan->error, JOURNAL_ERROR_BYTES, "journal %.200s: cannot be read: %s", scan->path,
                 rc < 0 ? mdb_strerror(rc) : strerror(-r));
    return r;
}
