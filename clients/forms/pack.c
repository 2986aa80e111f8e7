/*
 * pack.c - small helpers around MessagePack.
 */
#include "forms/pack.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "thaw.h"

/* What a first byte announces: `head` bytes of header (its own included) and either `tail` bytes
 * of content, or `items` further values. */
typedef struct lead {
    size_t head;
    uint64_t tail, items;
    bool nests;
} lead;

static uint64_t big_endian(const uint8_t *data, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | data[i];
    return value;
}

static size_t head_bytes(uint8_t first)
{
    /* 0xc0 .. 0xdf: bytes of the header, the first included; 0: never used. */
    static const uint8_t heads[32] = {1, 0, 1, 1, 2, 3, 5, 3,  4,  6, 5, 9, 2, 3, 5, 9,
                                      2, 3, 5, 9, 3, 4, 6, 10, 18, 2, 3, 5, 3, 5, 3, 5};
    return first >= 0xc0 && first <= 0xdf ? heads[first - 0xc0] : 1;
}

/* The header must be there in full. */
static lead lead_read(const uint8_t *data, size_t head)
{
    lead l = {.head = head};
    uint8_t first = data[0];
    if (first >= 0x80 && first <= 0x8f)
        l = (lead){head, 0, 2 * (uint64_t)(first & 0x0f), true};
    else if (first >= 0x90 && first <= 0x9f)
        l = (lead){head, 0, first & 0x0f, true};
    else if (first >= 0xa0 && first <= 0xbf)
        l.tail = first & 0x1f;
    else if (first >= 0xc4 && first <= 0xc6) /* bin */
        l.tail = big_endian(data + 1, head - 1);
    else if (first >= 0xc7 && first <= 0xc9) /* ext: length, then one byte of type */
        l.tail = big_endian(data + 1, head - 2);
    else if (first >= 0xd9 && first <= 0xdb) /* str */
        l.tail = big_endian(data + 1, head - 1);
    else if (first == 0xdc || first == 0xdd)
        l = (lead){head, 0, big_endian(data + 1, head - 1), true};
    else if (first == 0xde || first == 0xdf)
        l = (lead){head, 0, 2 * big_endian(data + 1, head - 1), true};
    return l;
}

ssize_t pack_measure(const uint8_t *data, size_t len, unsigned depth_max)
{
    uint64_t open[PACK_DEPTH_MAX + 1] = {1}; /* values still to come at each depth */
    unsigned depth = 0;
    size_t at = 0;
    for (;;) {
        while (open[depth] == 0) {
            if (depth == 0)
                return (ssize_t)at;
            depth--;
        }
        if (at >= len)
            return 0;
        size_t head = head_bytes(data[at]);
        if (head == 0)
            return -EBADMSG;
        if (head > len - at)
            return 0;
        lead l = lead_read(data + at, head);
        if (l.tail > len - at - head)
            return 0;
        at += head + (size_t)l.tail;
        open[depth]--;
        if (!l.nests)
            continue;
        if (depth + 1 > depth_max || depth + 1 > PACK_DEPTH_MAX)
            return -EBADMSG;
        if (l.items > 0)
            open[++depth] = l.items;
    }
}

size_t pack_array_open(const uint8_t *data, size_t len, uint32_t *ret_count)
{
    if (len == 0)
        return 0;
    bool is_array = (data[0] & 0xf0) == 0x90 || data[0] == 0xdc || data[0] == 0xdd;
    size_t head = head_bytes(data[0]);
    if (!is_array || head > len)
        return 0;
    *ret_count = (uint32_t)lead_read(data, head).items;
    return head;
}

int pack_decode(const void *data, size_t len, msgpack_zone *zone, msgpack_object *ret_object)
{
    size_t offset = 0;
    ssize_t measured = pack_measure(data, len, PACK_DEPTH_MAX - 1);
    if (measured <= 0 || (size_t)measured != len)
        return -EBADMSG;
    msgpack_unpack_return result = msgpack_unpack(data, len, &offset, zone, ret_object);
    if (result == MSGPACK_UNPACK_NOMEM_ERROR)
        return -ENOMEM;
    return result == MSGPACK_UNPACK_SUCCESS || result == MSGPACK_UNPACK_EXTRA_BYTES ? 0 : -EBADMSG;
}

bool pack_str_equals(const msgpack_object *object, const char *text)
{
    return object != NULL && object->type == MSGPACK_OBJECT_STR &&
           object->via.str.size == strlen(text) &&
           memcmp(object->via.str.ptr, text, object->via.str.size) == 0;
}

const msgpack_object *pack_get(const msgpack_object *map, const char *key)
{
    if (map == NULL || map->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->via.map.size; i++)
        if (pack_str_equals(&map->via.map.ptr[i].key, key))
            return &map->via.map.ptr[i].val;
    return NULL;
}

uint64_t pack_get_uint(const msgpack_object *map, const char *key, uint64_t fallback)
{
    const msgpack_object *value = pack_get(map, key);
    return value != NULL && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? value->via.u64
                                                                           : fallback;
}

const char *pack_get_str(const msgpack_object *map, const char *key, size_t *ret_len)
{
    const msgpack_object *value = pack_get(map, key);
    if (value == NULL || value->type != MSGPACK_OBJECT_STR) {
        *ret_len = 0;
        return "";
    }
    *ret_len = value->via.str.size;
    return value->via.str.ptr;
}

bool pack_is(const msgpack_object *map, const char *key, const char *text)
{
    return pack_str_equals(pack_get(map, key), text);
}

static int float_time(double seconds, int64_t *ret_ns)
{
    if (!isfinite(seconds) || fabs(seconds) > 9e9)
        return -EINVAL;
    *ret_ns = (int64_t)(seconds * 1e9);
    return 0;
}

int pack_time(const msgpack_object *object, int64_t *ret_ns)
{
    msgpack_timestamp stamp;
    thaw_date date;
    switch (object->type) {
    case MSGPACK_OBJECT_EXT:
        if (!msgpack_object_to_timestamp(object, &stamp) || stamp.tv_nsec > 999999999 ||
            stamp.tv_sec > 9000000000 || stamp.tv_sec < -9000000000)
            return -EINVAL;
        *ret_ns = stamp.tv_sec * 1000000000 + stamp.tv_nsec;
        return 0;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return float_time((double)object->via.u64, ret_ns);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return float_time((double)object->via.i64, ret_ns);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return float_time(object->via.f64, ret_ns);
    case MSGPACK_OBJECT_STR:
        if (thaw_date_parse(object->via.str.ptr, object->via.str.size, &date) != 0)
            return -EINVAL;
        *ret_ns = date.at_ns;
        return 0;
    default:
        return -EINVAL;
    }
}

int pack_get_time(const msgpack_object *map, const char *key, int64_t *ret_ns)
{
    const msgpack_object *value = pack_get(map, key);
    return value == NULL ? -ENOENT : pack_time(value, ret_ns);
}
