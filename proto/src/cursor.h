/*
 * cursor.h - a bounded reader over MessagePack bytes.
 *
 * A cursor never reads outside [at, end) and never allocates. Its error is sticky: after the
 * first failure every read fails, so that a caller may test once at the end of a run of reads.
 */
#ifndef WIRE_CURSOR_H
#define WIRE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "thaw.h"

/* The deepest nesting that any configuration may admit: it bounds the stack of every walk. */
#define WIRE_NESTING_MAX 32

typedef struct wire_cursor {
    const uint8_t *at, *end;
    bool failed;
} wire_cursor;

typedef enum wire_type {
    WIRE_NIL = 0,
    WIRE_BOOL,
    WIRE_UINT, /* zero or above, whatever its encoding */
    WIRE_INT,  /* below zero */
    WIRE_FLOAT,
    WIRE_STR,
    WIRE_BIN,
    WIRE_EXT,
    WIRE_ARRAY,
    WIRE_MAP
} wire_type;

/* One value; of an array or a map only its head: the elements follow at the cursor. */
typedef struct wire_item {
    uint8_t type; /* wire_type */
    int8_t ext;   /* type of an ext */
    uint32_t len; /* bytes of a str, bin, ext; elements of an array; pairs of a map */
    union {
        bool boolean;
        uint64_t u;
        int64_t i;
        double f;
        const uint8_t *bytes;
    };
} wire_item;

static inline uint16_t wire_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t wire_be64(const uint8_t *p)
{
    return (uint64_t)wire_be32(p) << 32 | wire_be32(p + 4);
}

static inline wire_cursor wire_cursor_over(const uint8_t *data, size_t len)
{
    return (wire_cursor){.at = data, .end = data != NULL ? data + len : NULL};
}

/* Reads the value, or the head of the array or map, at the cursor. False: the bytes end in its
 * middle, or it opens with the byte that MessagePack never uses. */
bool wire_read(wire_cursor *cursor, wire_item *ret_item);

/* Passes over one value with all that is in it; needs no stack, however deep it is. */
bool wire_skip(wire_cursor *cursor);

/* A str of up to 65 535 bytes at `at`: returns where it ends, or NULL where there is none. */
static inline const uint8_t *wire_quick_str(const uint8_t *at, const uint8_t *end,
                                            thaw_str *ret_str)
{
    size_t left = (size_t)(end - at), head = 1, len;

    if (left < 2)
        return NULL;
    if ((at[0] & 0xe0) == 0xa0) {
        len = at[0] & 0x1f;
    } else if (at[0] == 0xd9) {
        head = 2;
        len = at[1];
    } else if (at[0] == 0xda && left >= 3) {
        head = 3;
        len = wire_be16(at + 1);
    } else {
        return NULL;
    }
    if (left - head < len)
        return NULL;
    ret_str->data = (const char *)at + head;
    ret_str->len = (uint32_t)len;
    return at + head + len;
}

/* Reads a str of up to 65 535 bytes without the general reader; falls back to it for others and
 * fails, leaving the cursor where it was and not failed, where the value is no str. */
static inline bool wire_read_str(wire_cursor *cursor, thaw_str *ret_str)
{
    const uint8_t *past = cursor->failed ? NULL : wire_quick_str(cursor->at, cursor->end, ret_str);
    wire_cursor ahead;
    wire_item item;

    if (past) {
        cursor->at = past;
        return true;
    }
    ahead = *cursor;
    if (!wire_read(&ahead, &item) || item.type != WIRE_STR)
        return false;
    ret_str->data = (const char *)item.bytes;
    ret_str->len = item.len;
    *cursor = ahead;
    return true;
}

/* What wire_shape found. */
typedef enum wire_verdict {
    WIRE_SOUND = 0,
    WIRE_TRUNCATED, /* the bytes end within a value */
    WIRE_RESERVED,  /* byte 0xc1 */
    WIRE_COUNT,     /* a count that cannot fit into the bytes that follow */
    WIRE_TRAILING,  /* bytes after the value */
    WIRE_DEEP       /* arrays and maps within each other beyond the limit */
} wire_verdict;

/* Walks all bytes as exactly one value with at most `nesting` (<= WIRE_NESTING_MAX) arrays and
 * maps within each other. *ret_at is the offset of what was wrong; set only then. */
wire_verdict wire_shape(const uint8_t *data, size_t len, unsigned nesting, size_t *ret_at);

/* The seconds and nanoseconds of a timestamp (ext -1, any of its three forms); false where the
 * item is none, or its nanoseconds are above 999 999 999. */
bool wire_timestamp(const wire_item *item, int64_t *ret_seconds, uint32_t *ret_nanoseconds);

/* A time or a date: a str, whole or float seconds, a timestamp. -EINVAL: it is none; -ERANGE: it lies
 * outside the years 1900 to 2200. */
int wire_date(const wire_item *item, thaw_date *ret_date);

#endif
