/*
 * hash.c - identity of events and of reports.
 *
 * The hash of an event's content is made of the hashes of its pairs, added up, so that their
 * order does not matter and nothing is sorted. A pair of a key and a plain value is hashed as
 * it stands in the message if it is written in the shortest form, as nearly all are; otherwise
 * the shortest form is written on the side. Lists and maps enter by their own hashes. The
 * journal keeps these hashes: what is computed here must never change.
 */
#include "cursor.h"
#include "hash.h"

#include <string.h>

#define HASH_DEPTH_MAX (WIRE_NESTING_MAX + 1)

/* Marks that keep the hashes of a list, of a map and of a pair with one of them apart. */
enum { MARK_LIST = 0x4c, MARK_MAP = 0x4d, MARK_PAIR = 0x50 };

static thaw_hash from_xxh(XXH128_hash_t hash)
{
    return (thaw_hash){hash.low64, hash.high64};
}

static thaw_hash hash_bytes(const void *data, size_t len)
{
    return from_xxh(XXH3_128bits(data, len));
}

static void put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static void put_be(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

/* Hash of a mark, a number and two hashes; of what a list or a map or a pair is made. */
static thaw_hash hash_join(uint8_t mark, uint64_t number, thaw_hash a, thaw_hash b)
{
    uint8_t bytes[41];

    bytes[0] = mark;
    put_le(bytes + 1, number, 8);
    put_le(bytes + 9, a.low, 8);
    put_le(bytes + 17, a.high, 8);
    put_le(bytes + 25, b.low, 8);
    put_le(bytes + 33, b.high, 8);
    return hash_bytes(bytes, sizeof(bytes));
}

/* Whether the value that begins at `at` is written in the shortest form; a container, a float
 * of 32 bits and a timestamp never count as such, whatever their form. Its bytes are there. */
static bool is_shortest(const uint8_t *at)
{
    uint8_t first = at[0];

    if (first < 0x80 || first >= 0xe0 || (first >= 0xa0 && first <= 0xbf))
        return true;
    switch (first) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
    case 0xc4:
    case 0xcb:
        return true;
    case 0xc5:
        return wire_be16(at + 1) > 0xff;
    case 0xcc:
        return at[1] > 0x7f;
    case 0xcd:
        return wire_be16(at + 1) > 0xff;
    case 0xce:
        return wire_be32(at + 1) > 0xffff;
    case 0xcf:
        return wire_be64(at + 1) > 0xffffffff;
    case 0xd9:
        return at[1] > 31;
    case 0xda:
        return wire_be16(at + 1) > 0xff;
    case 0xdb:
        return wire_be32(at + 1) > 0xffff;
    default:
        return false;
    }
}

/* The shortest head of a str or bin. */
static size_t put_head(uint8_t *out, wire_type type, uint32_t len)
{
    if (type == WIRE_STR && len <= 31) {
        out[0] = (uint8_t)(0xa0 | len);
        return 1;
    }
    unsigned size = len <= 0xff ? 0 : len <= 0xffff ? 1 : 2;
    out[0] = (uint8_t)((type == WIRE_STR ? 0xd9 : 0xc4) + size);
    put_be(out + 1, len, 1U << size);
    return 1 + ((size_t)1 << size);
}

/* The shortest form of a whole number. */
static size_t put_int(uint8_t *out, const wire_item *item)
{
    if (item->type == WIRE_UINT) {
        unsigned size = item->u <= 0xff ? 0 : item->u <= 0xffff ? 1 : item->u <= 0xffffffff ? 2 : 3;
        if (item->u <= 0x7f) {
            out[0] = (uint8_t)item->u;
            return 1;
        }
        out[0] = (uint8_t)(0xcc + size);
        put_be(out + 1, item->u, 1U << size);
        return 1 + ((size_t)1 << size);
    }
    if (item->i >= -32) {
        out[0] = (uint8_t)(int8_t)item->i;
        return 1;
    }
    unsigned size = item->i >= INT8_MIN    ? 0
                    : item->i >= INT16_MIN ? 1
                    : item->i >= INT32_MIN ? 2
                                           : 3;
    out[0] = (uint8_t)(0xd0 + size);
    put_be(out + 1, (uint64_t)item->i, 1U << size);
    return 1 + ((size_t)1 << size);
}

/* The head of an ext, and for a timestamp its seconds and nanoseconds in one form. */
static size_t put_ext(uint8_t *out, const wire_item *item)
{
    int64_t seconds;
    uint32_t nanoseconds;

    out[0] = 0xc9;
    out[1] = (uint8_t)item->ext;
    if (wire_timestamp(item, &seconds, &nanoseconds)) {
        put_be(out + 2, nanoseconds, 4);
        put_be(out + 6, (uint64_t)seconds, 8);
        return 14;
    }
    put_be(out + 2, item->len, 4);
    return 6;
}

/* Writes the shortest form of a plain value's head into out (at least 16 bytes); what follows
 * it in the message is in *ret_tail, of *ret_tail_len bytes. */
static size_t put_plain(uint8_t *out, const wire_item *item, const uint8_t **ret_tail,
                        size_t *ret_tail_len)
{
    uint64_t bits;
    int64_t seconds;
    uint32_t nanoseconds;

    *ret_tail = NULL;
    *ret_tail_len = 0;
    switch (item->type) {
    case WIRE_UINT:
    case WIRE_INT:
        return put_int(out, item);
    case WIRE_FLOAT:
        memcpy(&bits, &item->f, sizeof(bits));
        out[0] = 0xcb;
        put_be(out + 1, bits, 8);
        return 9;
    case WIRE_STR:
    case WIRE_BIN:
        *ret_tail = item->bytes;
        *ret_tail_len = item->len;
        return put_head(out, item->type, item->len);
    case WIRE_EXT:
        if (!wire_timestamp(item, &seconds, &nanoseconds)) {
            *ret_tail = item->bytes;
            *ret_tail_len = item->len;
        }
        return put_ext(out, item);
    default:
        out[0] = item->type == WIRE_NIL ? 0xc0 : item->boolean ? 0xc3 : 0xc2;
        return 1;
    }
}

/* Hash of plain values one behind the other, as if each were written in its shortest form.
 * Hashing in pieces gives what hashing at once gives, but slower. */
static thaw_hash hash_plain(const wire_item *items, unsigned count)
{
    XXH3_state_t state;
    uint8_t bytes[512];
    const uint8_t *tail;
    size_t used = 0, tail_len;
    bool pieces = false;

    for (unsigned i = 0; i < count; i++) {
        used += put_plain(bytes + used, &items[i], &tail, &tail_len);
        if (used + tail_len <= sizeof(bytes) - 16) { /* room for one more head */
            if (tail_len)
                memcpy(bytes + used, tail, tail_len);
            used += tail_len;
            continue;
        }
        if (!pieces)
            XXH3_128bits_reset(&state);
        pieces = true;
        XXH3_128bits_update(&state, bytes, used);
        XXH3_128bits_update(&state, tail, tail_len);
        used = 0;
    }
    if (!pieces)
        return hash_bytes(bytes, used);
    XXH3_128bits_update(&state, bytes, used);
    return from_xxh(XXH3_128bits_digest(&state));
}

static bool item_is_plain(const wire_item *item)
{
    return item->type != WIRE_ARRAY && item->type != WIRE_MAP;
}

static thaw_hash hash_map(wire_cursor *cursor, uint32_t pairs, unsigned depth);

static thaw_hash hash_value(wire_cursor *cursor, unsigned depth);

static thaw_hash hash_list(wire_cursor *cursor, uint32_t count, unsigned depth)
{
    thaw_hash hash = {0, 0};

    for (uint32_t i = 0; i < count && !cursor->failed; i++)
        hash = hash_join(MARK_LIST, i, hash, hash_value(cursor, depth));
    return hash_join(MARK_LIST, count, hash, (thaw_hash){0, 0});
}

/* Any value; a container takes its elements along. The depth is bounded for bytes that no
 * reader has validated. */
static thaw_hash hash_value(wire_cursor *cursor, unsigned depth)
{
    const uint8_t *start = cursor->at;
    wire_item item;

    if (depth > HASH_DEPTH_MAX || !wire_read(cursor, &item)) {
        cursor->failed = true;
        return (thaw_hash){0, 0};
    }
    if (item.type == WIRE_ARRAY)
        return hash_list(cursor, item.len, depth + 1);
    if (item.type == WIRE_MAP)
        return hash_map(cursor, item.len, depth + 1);
    if (is_shortest(start))
        return hash_bytes(start, (size_t)(cursor->at - start));
    return hash_plain(&item, 1);
}

/* A key and its value. */
static thaw_hash hash_pair(wire_cursor *cursor, unsigned depth)
{
    const uint8_t *start = cursor->at, *value;
    wire_cursor ahead;
    wire_item items[2];

    if (!wire_read(cursor, &items[0]) || !item_is_plain(&items[0]))
        return cursor->failed = true, (thaw_hash){0, 0};
    value = cursor->at;
    ahead = *cursor;
    if (!wire_read(&ahead, &items[1]))
        return cursor->failed = true, (thaw_hash){0, 0};
    if (!item_is_plain(&items[1])) {
        thaw_hash key =
            is_shortest(start) ? hash_bytes(start, (size_t)(value - start)) : hash_plain(items, 1);
        return hash_join(MARK_PAIR, 0, key, hash_value(cursor, depth));
    }
    *cursor = ahead;
    if (is_shortest(start) && is_shortest(value))
        return hash_bytes(start, (size_t)(cursor->at - start));
    return hash_plain(items, 2);
}

/* A pair whose value is nil is as if it were not there. */
static bool pair_is_nil(const wire_cursor *cursor)
{
    wire_cursor ahead = *cursor;

    return wire_skip(&ahead) && ahead.at < ahead.end && *ahead.at == 0xc0;
}

/* Where a pair of a short key and a short plain value ends, both written in the shortest form
 * as their first bytes tell, and the value not nil; NULL: have a closer look. */
static const uint8_t *pair_quick(const uint8_t *at, const uint8_t *end)
{
    thaw_str text;
    const uint8_t *value = *at < 0xc0 ? wire_quick_str(at, end, &text) : NULL;

    if (!value || value == end)
        return NULL;
    if (*value < 0x80 || *value >= 0xe0)
        return value + 1;
    if (*value == 0xcd && end - value >= 3 && value[1] > 0)
        return value + 3;
    const uint8_t *past = wire_quick_str(value, end, &text);
    return past && (*value < 0xc0 || text.len > 31) ? past : NULL;
}

static thaw_hash hash_map(wire_cursor *cursor, uint32_t pairs, unsigned depth)
{
    uint64_t low = 0, high = 0, count = 0;

    for (uint32_t i = 0; i < pairs && !cursor->failed && cursor->at < cursor->end; i++) {
        const uint8_t *past = pair_quick(cursor->at, cursor->end);
        if (past) {
            XXH128_hash_t quick = XXH3_128bits(cursor->at, (size_t)(past - cursor->at));
            low += quick.low64;
            high += quick.high64;
            cursor->at = past;
            count++;
        } else if (pair_is_nil(cursor)) {
            wire_skip(cursor);
            wire_skip(cursor);
        } else {
            thaw_hash pair = hash_pair(cursor, depth);
            low += pair.low;
            high += pair.high;
            count++;
        }
    }
    return hash_join(MARK_MAP, count, (thaw_hash){low, high}, (thaw_hash){0, 0});
}

thaw_hash thaw_event_content_hash(const thaw_event *event)
{
    wire_cursor cursor = wire_cursor_over(event->bytes, event->bytes_len);

    return hash_value(&cursor, 0);
}

thaw_hash thaw_report_key(thaw_str source, thaw_str id)
{
    uint8_t bytes[512];
    XXH3_state_t state;

    if ((uint64_t)source.len + id.len + 1 <= sizeof(bytes)) {
        memcpy(bytes, source.data, source.len);
        bytes[source.len] = 0;
        memcpy(bytes + source.len + 1, id.data, id.len);
        return hash_bytes(bytes, (size_t)source.len + 1 + id.len);
    }
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, source.data, source.len);
    XXH3_128bits_update(&state, "", 1);
    XXH3_128bits_update(&state, id.data, id.len);
    return from_xxh(XXH3_128bits_digest(&state));
}
