/* read.c - replay of the log, alert changes, rejects. Nothing is delivered whose checksum
 * and number were not looked at. */
#include "journal_private.h"

#include <errno.h>
#include <string.h>

static int record_damaged(const journal *j, const journal_chunk *chunk, const journal_place *place,
                          char *error)
{
    snprintf(error, JOURNAL_ERROR_BYTES,
             "journal %.200s: table log, the record after report %llu (record %u of chunk %llu) is "
             "damaged: check the journal, export what is readable, or restore a copy",
             j->path, (unsigned long long)place->report, place->record + 1,
             (unsigned long long)chunk->number);
    return -EBADMSG;
}

static int value_damaged(const journal *j, const char *table, const char *what, uint64_t number,
                         char *error)
{
    snprintf(error, JOURNAL_ERROR_BYTES,
             "journal %.200s: table %s, %s %llu is damaged: check the journal, export what is "
             "readable, or restore a copy",
             j->path, table, what, (unsigned long long)number);
    return -EBADMSG;
}

static int lmdb_failed(const journal *j, const char *table, int rc, char *error)
{
    snprintf(error, JOURNAL_ERROR_BYTES, "journal %.200s: table %s: %s", j->path, table,
             mdb_strerror(rc));
    return journal_errno(rc);
}

static uint64_t key_number(const MDB_val *key)
{
    uint64_t number;
    memcpy(&number, key->mv_data, sizeof number);
    return number;
}

static int chunk_get(const journal *j, MDB_cursor *cursor, uint64_t number,
                     journal_chunk *ret_chunk, char *error)
{
    MDB_val key = {sizeof number, &number}, value;

    int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_KEY);
    if (rc != 0)
        return lmdb_failed(j, "log", rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc, error);
    if (journal_chunk_parse(value.mv_data, value.mv_size, number, ret_chunk) < 0)
        return value_damaged(j, "log", "chunk", number, error);
    return 0;
}

/* The chunk to begin with for what stands behind report `from`: that which holds `from`, or the
 * first. *ret_chunk stays 0 where the log is empty. */
static int log_find(const journal *j, MDB_cursor *cursor, uint64_t from, uint64_t *ret_first,
                    uint64_t *ret_last, char *error)
{
    MDB_val key, value;
    journal_chunk chunk = {0};

    int rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : lmdb_failed(j, "log", rc, error);
    uint64_t last = key_number(&key);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc != 0)
        return lmdb_failed(j, "log", rc, error);
    uint64_t low = key_number(&key), high = last;
    int r = chunk_get(j, cursor, low, &chunk, error);
    if (r < 0)
        return r;
    if (from < chunk.report_base) {
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: reports up to %llu are no longer kept", j->path,
                 (unsigned long long)chunk.report_base);
        return -ENODATA;
    }
    /* low is the first chunk, or has report_base < from; every chunk above high has not. */
    while (low < high && from > chunk.report_base) {
        uint64_t middle = low + (high - low + 1) / 2;
        journal_chunk probe = {0};
        r = chunk_get(j, cursor, middle, &probe, error);
        if (r < 0)
            return r;
        if (probe.report_base < from)
            low = middle;
        else
            high = middle - 1;
    }
    *ret_first = low;
    *ret_last = last;
    return 0;
}

/* Delivers what of a chunk stands behind report `from`. > 0: the callback wants no more. */
static int chunk_deliver(const journal *j, const journal_chunk *chunk, uint64_t from,
                         journal_place *place, journal_record_fn on_record, void *context,
                         char *error)
{
    while (place->offset < chunk->bytes) {
        journal_record record;
        bool behind = place->report >= from;
        if (journal_chunk_step(chunk, place, &record) < 0)
            return record_damaged(j, chunk, place, error);
        int r = behind ? on_record(context, &record) : 0;
        if (r != 0)
            return r;
    }
    return place->record == chunk->records ? 0 : record_damaged(j, chunk, place, error);
}

static int log_deliver(const journal *j, MDB_cursor *cursor, uint64_t from,
                       journal_record_fn on_record, void *context, char *error)
{
    uint64_t first = 0, last = 0;
    journal_place place = {0};

    int r = log_find(j, cursor, from, &first, &last, error);
    for (uint64_t number = first; r == 0 && number != 0 && number <= last; number++) {
        journal_chunk chunk = {0};
        r = chunk_get(j, cursor, number, &chunk, error);
        if (r < 0)
            return r;
        if (number == first)
            place = (journal_place){.report = chunk.report_base,
                                    .batch = chunk.batch,
                                    .received_at_ns = chunk.received_at_ns};
        if (chunk.report_base != place.report || chunk.batch != place.batch)
            return value_damaged(j, "log", "chunk", number, error);
        place.offset = place.record = 0;
        r = chunk_deliver(j, &chunk, from, &place, on_record, context, error);
    }
    return r;
}

/* ---- one table, open to be read ----------------------------------------------------- */

typedef struct opened {
    MDB_txn *txn; /* NULL: there is nothing to close */
    MDB_cursor *cursor;
} opened;

static int table_open(journal *j, MDB_dbi table, const char *name, opened *ret_opened, char *error)
{
    *ret_opened = (opened){NULL, NULL};
    int r = journal_read_begin(j, &ret_opened->txn, error);
    if (r < 0)
        return r;
    int rc = mdb_cursor_open(ret_opened->txn, table, &ret_opened->cursor);
    return rc != 0 ? lmdb_failed(j, name, rc, error) : 0;
}

static void table_close(journal *j, opened *t)
{
    if (t->cursor != NULL)
        mdb_cursor_close(t->cursor);
    if (t->txn != NULL)
        journal_read_end(j, t->txn);
}

/* ---- the base ----------------------------------------------------------------------- */

static int block_deliver(const journal *j, const journal_item *block, journal_record_fn on_record,
                         void *context, char *error)
{
    int r = 0;

    for (size_t offset = 0; r == 0 && offset < block->body_len;) {
        journal_record record;
        if (journal_block_step(block, &offset, &record) < 0)
            return value_damaged(j, "base", "block", block->number, error);
        r = on_record(context, &record);
    }
    return r;
}

static int base_deliver(const journal *j, MDB_txn *txn, journal_record_fn on_record, void *context,
                        journal_base *ret_base, char *error)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t expected = 1;
    int r = 0;

    *ret_base = (journal_base){0};
    int rc = mdb_cursor_open(txn, j->base_table, &cursor);
    if (rc != 0)
        return lmdb_failed(j, "base", rc, error);
    while (r == 0 && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        journal_item block;
        uint64_t number = key_number(&key);
        if (number != expected++)
            r = value_damaged(j, "base", "block", number, error);
        else if (number == 1 ? journal_base_parse(value.mv_data, value.mv_size, ret_base) < 0
                             : journal_block_parse(&value, number, &block) < 0)
            r = value_damaged(j, "base", "block", number, error);
        else if (number > 1 && on_record != NULL)
            r = block_deliver(j, &block, on_record, context, error);
        else if (on_record == NULL)
            break;
    }
    mdb_cursor_close(cursor);
    return r != 0 || rc == MDB_NOTFOUND || rc == 0 ? r : lmdb_failed(j, "base", rc, error);
}

int journal_read_base(journal *j, journal_record_fn on_record, void *context, char error[512])
{
    MDB_txn *txn;
    journal_base base;

    int r = journal_read_begin(j, &txn, error);
    if (r < 0)
        return r;
    r = base_deliver(j, txn, on_record, context, &base, error);
    journal_read_end(j, txn);
    return r > 0 ? 0 : r;
}

typedef struct kept_reading {
    journal_record_fn on_record;
    void *context;
    uint64_t from;
} kept_reading;

/* What the base keeps, as reports. */
static int on_kept(void *context, const journal_record *record)
{
    const kept_reading *in = context;
    journal_record report = *record;

    if (record->kind != JOURNAL_BASE_REPORT || record->number <= in->from)
        return 0;
    report.kind = JOURNAL_REPORT;
    return in->on_record(in->context, &report);
}

/* The base first, where it reaches so far; then the log. */
static int all_deliver(const journal *j, MDB_txn *txn, MDB_cursor *cursor, uint64_t from,
                       journal_record_fn on_record, void *context, char *error)
{
    kept_reading kept = {on_record, context, from};
    journal_base base;

    int r = base_deliver(j, txn, NULL, NULL, &base, error);
    if (r == 0 && from < base.report)
        r = base_deliver(j, txn, on_kept, &kept, &base, error);
    if (r != 0)
        return r;
    return log_deliver(j, cursor, from > base.report ? from : base.report, on_record, context,
                       error);
}

int journal_read(journal *j, uint64_t from, journal_record_fn on_record, void *context,
                 char error[512])
{
    opened t;

    int r = table_open(j, j->log, "log", &t, error);
    if (r == 0)
        r = all_deliver(j, t.txn, t.cursor, from, on_record, context, error);
    table_close(j, &t);
    return r > 0 ? 0 : r;
}

int journal_alert_parse(const MDB_val *value, uint64_t seq, journal_alert *ret_alert)
{
    journal_item item;

    if (journal_record_parse(value->mv_data, value->mv_size, &item) < 0 ||
        item.kind != JOURNAL_KIND_ALERT || item.number != seq || item.bytes != value->mv_size ||
        item.body_len < 8)
        return -EBADMSG;
    uint32_t topic_len = journal_get32(item.body);
    if (topic_len > item.body_len - 8)
        return -EBADMSG;
    *ret_alert = (journal_alert){.seq = seq,
                                 .topic = item.body + 8,
                                 .topic_len = topic_len,
                                 .body = item.body + 8 + topic_len,
                                 .body_len = item.body_len - 8 - topic_len};
    return 0;
}

static int alerts_find(const journal *j, MDB_cursor *cursor, uint64_t from, MDB_val *key,
                       MDB_val *value, char *error)
{
    int rc = mdb_cursor_get(cursor, key, value, MDB_FIRST);
    uint64_t first = rc == 0 ? key_number(key) : atomic_load(&j->first_alert);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return lmdb_failed(j, "alerts", rc, error);
    if (from + 1 < first) {
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: alert changes before %llu are no longer kept", j->path,
                 (unsigned long long)first);
        return -ENODATA;
    }
    if (rc == MDB_NOTFOUND)
        return 1;
    uint64_t number = from + 1;
    *key = (MDB_val){sizeof number, &number};
    rc = mdb_cursor_get(cursor, key, value, MDB_SET_KEY);
    if (rc == MDB_NOTFOUND)
        return 1;
    return rc != 0 ? lmdb_failed(j, "alerts", rc, error) : 0;
}

static int alerts_deliver(const journal *j, MDB_cursor *cursor, uint64_t from,
                          journal_alert_fn on_alert, void *context, char *error)
{
    MDB_val key, value;
    uint64_t expected = from + 1;

    if (from == UINT64_MAX)
        return 0;
    int r = alerts_find(j, cursor, from, &key, &value, error);
    while (r == 0) {
        journal_alert alert;
        if (key_number(&key) != expected || journal_alert_parse(&value, expected, &alert) < 0)
            return value_damaged(j, "alerts", "alert change", expected, error);
        r = on_alert(context, alert.seq, alert.topic, alert.topic_len, alert.body, alert.body_len);
        if (r != 0)
            return r;
        expected++;
        int rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        if (rc != 0)
            return rc == MDB_NOTFOUND ? 0 : lmdb_failed(j, "alerts", rc, error);
    }
    return r;
}

int journal_read_alerts(journal *j, uint64_t from, journal_alert_fn on_alert, void *context,
                        char error[512])
{
    opened t;

    int r = table_open(j, j->alerts, "alerts", &t, error);
    if (r == 0)
        r = alerts_deliver(j, t.cursor, from, on_alert, context, error);
    table_close(j, &t);
    return r > 0 ? 0 : r;
}

int journal_reject_parse(const MDB_val *value, uint64_t number, journal_reject *ret_reject)
{
    journal_item item;

    if (journal_record_parse(value->mv_data, value->mv_size, &item) < 0 ||
        item.kind != JOURNAL_KIND_REJECT || item.number != number || item.bytes != value->mv_size ||
        item.body_len < 18)
        return -EBADMSG;
    const uint8_t *at = item.body;
    size_t message_len = journal_get16(at + 10), endpoint_len = journal_get16(at + 12);
    size_t bytes_len = journal_get16(at + 14);
    const uint8_t *message = at + 16, *endpoint = message + message_len + 1;
    if (item.body_len != 16 + message_len + 1 + endpoint_len + 1 + bytes_len ||
        message[message_len] != 0 || endpoint[endpoint_len] != 0)
        return -EBADMSG;
    *ret_reject = (journal_reject){.number = number,
                                   .received_at_ns = (int64_t)journal_get64(at),
                                   .code = (thaw_code)journal_get16(at + 8),
                                   .message = (const char *)message,
                                   .endpoint = (const char *)endpoint,
                                   .bytes = endpoint + endpoint_len + 1,
                                   .bytes_len = bytes_len};
    return 0;
}

/* The last entry with a number below `before`; 0: the last of all. */
static int cursor_before(MDB_cursor *cursor, uint64_t before, MDB_val *key, MDB_val *value)
{
    int rc = MDB_NOTFOUND;

    *key = (MDB_val){sizeof(before), &before};
    if (before > 0)
        rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    return mdb_cursor_get(cursor, key, value, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
}

static int rejects_deliver(const journal *j, MDB_cursor *cursor, uint64_t before, uint32_t limit,
                           journal_reject_fn on_reject, void *context, char *error)
{
    MDB_val key, value;
    int rc = cursor_before(cursor, before, &key, &value);

    for (uint32_t count = 0; rc == 0 && count < limit; count++) {
        journal_reject reject;
        uint64_t number = key_number(&key);
        if (journal_reject_parse(&value, number, &reject) < 0)
            return value_damaged(j, "rejects", "reject", number, error);
        int r = on_reject(context, &reject);
        if (r != 0)
            return r;
        rc = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    }
    return rc != 0 && rc != MDB_NOTFOUND ? lmdb_failed(j, "rejects", rc, error) : 0;
}

int journal_read_rejects(journal *j, uint64_t before, uint32_t limit, journal_reject_fn on_reject,
                         void *context, char error[512])
{
    opened t;

    int r = table_open(j, j->rejects, "rejects", &t, error);
    if (r == 0)
        r = rejects_deliver(j, t.cursor, before, limit, on_reject, context, error);
    table_close(j, &t);
    return r > 0 ? 0 : r;
}
