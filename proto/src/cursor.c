/* cursor.c - the bounded reader; see cursor.h. */
#include "cursor.h"

#include <string.h>

/* Bytes that a value takes as its first byte says, head included; 0 where the first byte alone
 * does not say it (long strings, containers, the reserved byte). */
#define FIXSTR(n) 1 + (n), 2 + (n), 3 + (n), 4 + (n), 5 + (n), 6 + (n), 7 + (n), 8 + (n)
#define ONES 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
#define NONE 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
static const uint8_t wire_fixed[256] = {
    ONES,      ONES,      ONES,       ONES,       /* 00 positive fixint */
    ONES,      ONES,      ONES,       ONES,       /* 40 */
    NONE,      NONE,                              /* 80 fixmap, 90 fixarray */
    FIXSTR(0), FIXSTR(8), FIXSTR(16), FIXSTR(24), /* a0 fixstr */
    1,         0,         1,          1,          /* c0 nil, reserved, false, true */
    0,         0,         0,                      /* c4 bin */
    0,         0,         0,                      /* c7 ext */
    5,         9,                                 /* ca float */
    2,         3,         5,          9,          /* cc uint */
    2,         3,         5,          9,          /* d0 int */
    3,         4,         6,          10,         /* d4 fixext 1, 2, 4, 8 */
    18,        0,         0,          0,          /* d8 fixext 16, d9 str */
    0,         0,         0,          0,          /* dc array, de map */
    ONES,      ONES                               /* e0 negative fixint */
};
#undef FIXSTR
#undef ONES
#undef NONE

/* Length of the string, binary or ext at `at`, head included; 0 where its head is cut. */
static uint64_t wire_long(const uint8_t *at, size_t left)
{
    switch (at[0]) {
    case 0xc4:
    case 0xd9:
        return left < 2 ? 0 : 2 + (uint64_t)at[1];
    case 0xc5:
    case 0xda:
        return left < 3 ? 0 : 3 + (uint64_t)wire_be16(at + 1);
    case 0xc6:
    case 0xdb:
        return left < 5 ? 0 : 5 + (uint64_t)wire_be32(at + 1);
    case 0xc7:
        return left < 2 ? 0 : 3 + (uint64_t)at[1];
    case 0xc8:
        return left < 3 ? 0 : 4 + (uint64_t)wire_be16(at + 1);
    case 0xc9:
        return left < 5 ? 0 : 6 + (uint64_t)wire_be32(at + 1);
    default:
        return 0;
    }
}

/* Head of the array or map at `at`: its own length in *ret_head (0: cut), and its count. */
static uint32_t wire_count(const uint8_t *at, size_t left, size_t *ret_head)
{
    if (at[0] < 0xa0) {
        *ret_head = 1;
        return at[0] & 0x0f;
    }
    if (at[0] & 1) {
        *ret_head = left < 5 ? 0 : 5;
        return left < 5 ? 0 : wire_be32(at + 1);
    }
    *ret_head = left < 3 ? 0 : 3;
    return left < 3 ? 0 : wire_be16(at + 1);
}

static bool wire_is_map(uint8_t first)
{
    return first < 0x90 || first >= 0xde;
}

static bool wire_is_container(uint8_t first)
{
    return (first & 0xe0) == 0x80 || (first >= 0xdc && first <= 0xdf);
}

/* What wire_shape keeps of the containers it stands in. */
typedef struct shape_stack {
    uint64_t due[WIRE_NESTING_MAX + 1]; /* values still due in each */
    unsigned depth, nesting;
} shape_stack;

/* Steps into the array or map at `at`; the values due in it are in *due then. */
static wire_verdict shape_enter(shape_stack *stack, const uint8_t **at, const uint8_t *end,
                                uint64_t *due)
{
    size_t left = (size_t)(end - *at), head;
    uint64_t values = wire_count(*at, left, &head);

    values <<= wire_is_map(**at);
    if (head == 0)
        return WIRE_TRUNCATED;
    if (values > left - head)
        return WIRE_COUNT;
    if (stack->depth == stack->nesting)
        return WIRE_DEEP;
    stack->due[stack->depth++] = *due - 1;
    *due = values;
    *at += head;
    return WIRE_SOUND;
}

/* One value whose first byte does not tell its length. */
static wire_verdict shape_long(shape_stack *stack, const uint8_t **at, const uint8_t *end,
                               uint64_t *due)
{
    if (*at == end)
        return WIRE_TRUNCATED;
    if (wire_is_container(**at))
        return shape_enter(stack, at, end, due);
    if (**at == 0xc1)
        return WIRE_RESERVED;
    uint64_t bytes = wire_long(*at, (size_t)(end - *at));
    if (bytes == 0 || bytes > (size_t)(end - *at))
        return WIRE_TRUNCATED;
    *at += bytes;
    --*due;
    return WIRE_SOUND;
}

/* Passes values until none is due at this level or one needs a closer look. */
static const uint8_t *shape_run(const uint8_t *at, const uint8_t *end, uint64_t *due)
{
    uint64_t left = *due;

    while (left > 0 && at < end) {
        /* Short strings are most of a message, and their length is quicker computed than
         * looked up. */
        size_t bytes = (*at & 0xe0) == 0xa0 ? 1 + (size_t)(*at & 0x1f) : wire_fixed[*at];
        if (bytes == 0 || bytes > (size_t)(end - at))
            break;
        at += bytes;
        left--;
    }
    *due = left;
    return at;
}

wire_verdict wire_shape(const uint8_t *data, size_t len, unsigned nesting, size_t *ret_at)
{
    const uint8_t *at = data, *end = data + len;
    shape_stack stack;
    uint64_t due = 1;
    wire_verdict verdict;

    stack.depth = 0;
    stack.nesting = nesting;
    for (;;) {
        at = shape_run(at, end, &due);
        if (due > 0) {
            if (at < end && wire_fixed[*at])
                verdict = WIRE_TRUNCATED;
            else
                verdict = shape_long(&stack, &at, end, &due);
        } else if (stack.depth > 0) {
            due = stack.due[--stack.depth];
            continue;
        } else if (at == end) {
            return WIRE_SOUND;
        } else {
            verdict = WIRE_TRAILING;
        }
        if (verdict) {
            *ret_at = (size_t)(at - data);
            return verdict;
        }
    }
}

bool wire_skip(wire_cursor *cursor)
{
    const uint8_t *at = cursor->at;

    if (cursor->failed)
        return false;
    for (uint64_t due = 1; due > 0; due--) {
        size_t left = (size_t)(cursor->end - at), head;
        if (left == 0)
            return cursor->failed = true, false;
        uint64_t bytes = wire_fixed[*at];
        if (bytes == 0 && wire_is_container(*at)) {
            uint64_t values = wire_count(at, left, &head);
            due += values << wire_is_map(*at);
            bytes = head;
        } else if (bytes == 0) {
            bytes = wire_long(at, left);
        }
        if (bytes == 0 || bytes > left || due - 1 > left)
            return cursor->failed = true, false;
        at += bytes;
    }
    cursor->at = at;
    return true;
}

/* A signed number of `bytes` bytes: below zero WIRE_INT, else WIRE_UINT. */
static void wire_set_int(wire_item *item, int64_t value)
{
    item->type = value < 0 ? WIRE_INT : WIRE_UINT;
    item->i = value;
}

static void wire_set_uint(wire_item *item, uint64_t value)
{
    item->type = WIRE_UINT;
    item->u = value;
}

static void wire_set_float32(wire_item *item, uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    item->type = WIRE_FLOAT;
    item->f = (double)value;
}

static void wire_set_float64(wire_item *item, uint64_t bits)
{
    item->type = WIRE_FLOAT;
    memcpy(&item->f, &bits, sizeof(item->f));
}

/* Numbers, booleans and nil, whose bytes are known to be there. */
static bool wire_set_scalar(wire_item *item, const uint8_t *at)
{
    switch (at[0]) {
    case 0xc0:
        item->type = WIRE_NIL;
        return true;
    case 0xc2:
    case 0xc3:
        item->type = WIRE_BOOL;
        item->boolean = at[0] == 0xc3;
        return true;
    case 0xca:
        return wire_set_float32(item, wire_be32(at + 1)), true;
    case 0xcb:
        return wire_set_float64(item, wire_be64(at + 1)), true;
    case 0xcc:
        return wire_set_uint(item, at[1]), true;
    case 0xcd:
        return wire_set_uint(item, wire_be16(at + 1)), true;
    case 0xce:
        return wire_set_uint(item, wire_be32(at + 1)), true;
    case 0xcf:
        return wire_set_uint(item, wire_be64(at + 1)), true;
    case 0xd0:
        return wire_set_int(item, (int8_t)at[1]), true;
    case 0xd1:
        return wire_set_int(item, (int16_t)wire_be16(at + 1)), true;
    case 0xd2:
        return wire_set_int(item, (int32_t)wire_be32(at + 1)), true;
    case 0xd3:
        return wire_set_int(item, (int64_t)wire_be64(at + 1)), true;
    default:
        return false;
    }
}

static void wire_set_bytes(wire_item *item, wire_type type, const uint8_t *bytes, size_t len)
{
    item->type = (uint8_t)type;
    item->bytes = bytes;
    item->len = (uint32_t)len;
}

/* A str, bin or ext of `bytes` bytes in all, known to be there. */
static void wire_set_long(wire_item *item, const uint8_t *at, size_t bytes)
{
    uint8_t first = at[0];
    size_t head;

    if (first >= 0xa0 && first <= 0xbf) {
        wire_set_bytes(item, WIRE_STR, at + 1, bytes - 1);
    } else if (first >= 0xd9) {
        head = 1 + ((size_t)1 << (first - 0xd9));
        wire_set_bytes(item, WIRE_STR, at + head, bytes - head);
    } else if (first <= 0xc6) {
        head = 1 + ((size_t)1 << (first - 0xc4));
        wire_set_bytes(item, WIRE_BIN, at + head, bytes - head);
    } else {
        head = first <= 0xc9 ? 2 + ((size_t)1 << (first - 0xc7)) : 2;
        item->ext = (int8_t)at[head - 1];
        wire_set_bytes(item, WIRE_EXT, at + head, bytes - head);
    }
}

bool wire_read(wire_cursor *cursor, wire_item *ret_item)
{
    const uint8_t *at = cursor->at;
    size_t left = (size_t)(cursor->end - at);

    if (cursor->failed || left == 0)
        return cursor->failed = true, false;
    uint8_t first = at[0];
    uint64_t bytes = wire_fixed[first];
    if (bytes == 0 && wire_is_container(first)) {
        size_t head;
        uint32_t count = wire_count(at, left, &head);
        if (head == 0 || ((uint64_t)count << wire_is_map(first)) > left - head)
            return cursor->failed = true, false;
        ret_item->type = wire_is_map(first) ? WIRE_MAP : WIRE_ARRAY;
        ret_item->len = count;
        cursor->at += head;
        return true;
    }
    if (bytes == 0)
        bytes = wire_long(at, left);
    if (bytes == 0 || bytes > left)
        return cursor->failed = true, false;
    cursor->at += bytes;
    if (first < 0x80)
        wire_set_uint(ret_item, first);
    else if (first >= 0xe0)
        wire_set_int(ret_item, (int8_t)first);
    else if (!wire_set_scalar(ret_item, at))
        wire_set_long(ret_item, at, (size_t)bytes);
    return true;
}

bool wire_timestamp(const wire_item *item, int64_t *ret_seconds, uint32_t *ret_nanoseconds)
{
    uint64_t packed, seconds, nanoseconds;

    if (item->type != WIRE_EXT || item->ext != -1)
        return false;
    switch (item->len) {
    case 4:
        seconds = wire_be32(item->bytes);
        nanoseconds = 0;
        break;
    case 8:
        packed = wire_be64(item->bytes);
        seconds = packed & 0x3ffffffffULL;
        nanoseconds = packed >> 34;
        break;
    case 12:
        nanoseconds = wire_be32(item->bytes);
        seconds = wire_be64(item->bytes + 4);
        break;
    default:
        return false;
    }
    if (nanoseconds > 999999999)
        return false;
    *ret_seconds = (int64_t)seconds;
    *ret_nanoseconds = (uint32_t)nanoseconds;
    return true;
}
