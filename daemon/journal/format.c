/* format.c - records, chunks and the head as bytes; the drawing is in journal_private.h. */
#include "journal_private.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <xxhash.h>

uint64_t journal_get64(const void *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return le64toh(value);
}

uint32_t journal_get32(const void *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return le32toh(value);
}

uint16_t journal_get16(const void *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return le16toh(value);
}

void journal_put64(void *p, uint64_t value)
{
    value = htole64(value);
    memcpy(p, &value, sizeof value);
}

void journal_put32(void *p, uint32_t value)
{
    value = htole32(value);
    memcpy(p, &value, sizeof value);
}

void journal_put16(void *p, uint16_t value)
{
    value = htole16(value);
    memcpy(p, &value, sizeof value);
}

uint64_t journal_checksum(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}

size_t journal_record_bytes(size_t body_len)
{
    return JOURNAL_RECORD_HEADER + ((body_len + 7) & ~(size_t)7);
}

void journal_record_seal(uint8_t *at, uint8_t kind, uint64_t number, uint64_t batch,
                         size_t body_len)
{
    size_t bytes = journal_record_bytes(body_len);

    journal_put64(at + 8, number);
    journal_put64(at + 16, batch);
    journal_put32(at + 24, (uint32_t)body_len);
    at[28] = kind;
    at[29] = 0;
    journal_put16(at + 30, 0);
    memset(at + JOURNAL_RECORD_HEADER + body_len, 0, bytes - JOURNAL_RECORD_HEADER - body_len);
    journal_put64(at, journal_checksum(at + 8, JOURNAL_RECORD_HEADER - 8 + body_len));
}

int journal_record_parse(const uint8_t *at, size_t len, journal_item *ret_item)
{
    if (len < JOURNAL_RECORD_HEADER)
        return -EBADMSG;
    uint32_t body_len = journal_get32(at + 24);
    if (body_len > JOURNAL_BODY_MAX || journal_record_bytes(body_len) > len)
        return -EBADMSG;
    if (journal_get64(at) != journal_checksum(at + 8, JOURNAL_RECORD_HEADER - 8 + body_len))
        return -EBADMSG;
    for (size_t i = JOURNAL_RECORD_HEADER + body_len; i < journal_record_bytes(body_len); i++)
        if (at[i] != 0)
            return -EBADMSG;

    *ret_item = (journal_item){.number = journal_get64(at + 8),
                               .batch = journal_get64(at + 16),
                               .body = at + JOURNAL_RECORD_HEADER,
                               .body_len = body_len,
                               .bytes = journal_record_bytes(body_len),
                               .kind = at[28]};
    return 0;
}

void journal_chunk_seal(uint8_t *at, const journal_chunk *chunk)
{
    journal_put64(at + 8, chunk->number);
    journal_put64(at + 16, chunk->report_base);
    journal_put64(at + 24, chunk->batch);
    journal_put64(at + 32, (uint64_t)chunk->received_at_ns);
    journal_put32(at + 40, chunk->records);
    journal_put32(at + 44, chunk->reports);
    journal_put32(at + 48, chunk->bytes);
    journal_put32(at + 52, JOURNAL_CHUNK_MAGIC);
    journal_put64(at + 56, 0);
    journal_put64(at, journal_checksum(at + 8, JOURNAL_CHUNK_HEADER - 8));
}

int journal_chunk_parse(const void *data, size_t len, uint64_t number, journal_chunk *ret_chunk)
{
    const uint8_t *at = data;

    if (len < JOURNAL_CHUNK_HEADER || journal_get32(at + 52) != JOURNAL_CHUNK_MAGIC ||
        journal_get64(at) != journal_checksum(at + 8, JOURNAL_CHUNK_HEADER - 8))
        return -EBADMSG;
    journal_chunk chunk = {.number = journal_get64(at + 8),
                           .report_base = journal_get64(at + 16),
                           .batch = journal_get64(at + 24),
                           .received_at_ns = (int64_t)journal_get64(at + 32),
                           .records = journal_get32(at + 40),
                           .reports = journal_get32(at + 44),
                           .bytes = journal_get32(at + 48),
                           .data = at + JOURNAL_CHUNK_HEADER};
    if ((number != 0 && chunk.number != number) ||
        len != JOURNAL_CHUNK_HEADER + (size_t)chunk.bytes)
        return -EBADMSG;
    *ret_chunk = chunk;
    return 0;
}

void journal_head_write(uint8_t *at, const journal_head *head)
{
    uint8_t *body = at + JOURNAL_RECORD_HEADER;

    journal_put32(body, head->format);
    journal_put32(body + 4, 0);
    memcpy(body + 8, head->epoch, sizeof head->epoch);
    journal_put64(body + 24, (uint64_t)head->created_ns);
    journal_put64(body + 32, head->first_chunk);
    journal_put64(body + 40, head->first_alert);
    journal_record_seal(at, JOURNAL_KIND_HEAD, 0, 0, JOURNAL_HEAD_BODY);
}

int journal_head_parse(const void *data, size_t len, journal_head *ret_head)
{
    journal_item item;

    if (journal_record_parse(data, len, &item) < 0 || item.kind != JOURNAL_KIND_HEAD ||
        item.body_len < 4)
        return -EBADMSG;
    journal_head head = {.format = journal_get32(item.body)};
    if (head.format != JOURNAL_FORMAT) { /* a later format may look different behind its number */
        *ret_head = head;
        return -EPROTONOSUPPORT;
    }
    if (item.body_len != JOURNAL_HEAD_BODY)
        return -EBADMSG;
    memcpy(head.epoch, item.body + 8, sizeof head.epoch);
    head.created_ns = (int64_t)journal_get64(item.body + 24);
    head.first_chunk = journal_get64(item.body + 32);
    head.first_alert = journal_get64(item.body + 40);
    *ret_head = head;
    return 0;
}

void journal_base_write(uint8_t *at, const journal_base *base)
{
    uint8_t *body = at + JOURNAL_RECORD_HEADER;

    journal_put64(body, base->chunk);
    journal_put64(body + 8, base->report);
    journal_put64(body + 16, base->batch);
    journal_put64(body + 24, (uint64_t)base->received_at_ns);
    journal_put64(body + 32, base->records);
    journal_record_seal(at, JOURNAL_KIND_BASE_HEAD, 1, base->batch, JOURNAL_BASE_BODY);
}

uint64_t journal_base_mark_of(const journal_base *base)
{
    uint8_t record[JOURNAL_RECORD_HEADER + JOURNAL_BASE_BODY];

    if (base->records == 0)
        return 0;
    journal_base_write(record, base);
    return journal_get64(record); /* its checksum */
}

int journal_base_parse(const void *data, size_t len, journal_base *ret_base)
{
    journal_item item;

    if (journal_record_parse(data, len, &item) < 0 || item.kind != JOURNAL_KIND_BASE_HEAD ||
        item.number != 1 || item.bytes != len || item.body_len != JOURNAL_BASE_BODY)
        return -EBADMSG;
    *ret_base = (journal_base){.chunk = journal_get64(item.body),
                               .report = journal_get64(item.body + 8),
                               .batch = journal_get64(item.body + 16),
                               .received_at_ns = (int64_t)journal_get64(item.body + 24),
                               .records = journal_get64(item.body + 32)};
    return item.batch == ret_base->batch ? 0 : -EBADMSG;
}

int journal_block_parse(const MDB_val *value, uint64_t number, journal_item *ret_item)
{
    journal_item item;

    if (journal_record_parse(value->mv_data, value->mv_size, &item) < 0 ||
        item.kind != JOURNAL_KIND_BLOCK || item.number != number || item.bytes != value->mv_size)
        return -EBADMSG;
    *ret_item = item;
    return 0;
}

int journal_block_step(const journal_item *block, size_t *offset, journal_record *ret_record)
{
    journal_item item;

    if (journal_record_parse(block->body + *offset, block->body_len - *offset, &item) < 0 ||
        item.kind < JOURNAL_BASE_STATE || item.kind > JOURNAL_BASE_REPORT || item.body_len < 8)
        return -EBADMSG;
    *offset += item.bytes;
    *ret_record = (journal_record){.kind = (journal_record_kind)item.kind,
                                   .number = item.number,
                                   .at_ns = (int64_t)journal_get64(item.body),
                                   .body = item.body + 8,
                                   .body_len = item.body_len - 8};
    return 0;
}

/* Whether a record is the next of its chunk, with a body long enough for what is read of it. */
static bool item_follows(const journal_item *item, const journal_place *place)
{
    switch (item->kind) {
    case JOURNAL_BATCH:
        return item->number == place->batch + 1 && item->batch == item->number &&
               item->body_len == 8;
    case JOURNAL_REPORT:
        return item->batch == place->batch && item->number == place->report + 1;
    case JOURNAL_ADVANCE:
    case JOURNAL_RULES:
        return item->batch == place->batch && item->body_len >= 8;
    default:
        return false;
    }
}

int journal_chunk_step(const journal_chunk *chunk, journal_place *place, journal_record *ret_record)
{
    journal_item item;

    if (journal_record_parse(chunk->data + place->offset, chunk->bytes - place->offset, &item) < 0)
        return -EBADMSG;
    journal_record record = {.kind = (journal_record_kind)item.kind,
                             .number = item.number,
                             .batch = item.batch,
                             .at_ns = place->received_at_ns,
                             .body = item.body,
                             .body_len = item.body_len};
    if (!item_follows(&item, place))
        return -EBADMSG;
    if (item.kind != JOURNAL_REPORT) { /* their bodies begin with an instant */
        record.at_ns = (int64_t)journal_get64(item.body);
        record.body += 8;
        record.body_len -= 8;
    }
    if (item.kind == JOURNAL_BATCH) {
        place->batch = item.number;
        place->received_at_ns = record.at_ns;
    }
    place->report += item.kind == JOURNAL_REPORT;
    place->record++;
    place->offset += item.bytes;
    *ret_record = record;
    return 0;
}
