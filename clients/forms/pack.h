/*
 * pack.h - small helpers around MessagePack: measuring foreign bytes before anything is built
 * from them, and reading the maps of replies.
 */
#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <msgpack.h>

#include "packed.h"

enum { PACK_DEPTH_MAX = 32 };

/* Length in bytes of the one value at the front of data. 0: the bytes end before it does;
 * -EBADMSG: no MessagePack, or arrays and maps nested deeper than depth_max (at most
 * PACK_DEPTH_MAX). Allocates nothing. */
ssize_t pack_measure(const uint8_t *data, size_t len, unsigned depth_max);

/* Opens the array at the front of data: its header's length, and *ret_count. 0: no array. */
size_t pack_array_open(const uint8_t *data, size_t len, uint32_t *ret_count);

/* Decodes the one value that the bytes hold, wholly. The object points into data and zone, and
 * lives as long as both. -EBADMSG, -ENOMEM. */
int pack_decode(const void *data, size_t len, msgpack_zone *zone, msgpack_object *ret_object);

/* The value of a key in a map; NULL where the key is absent or the object is no map. */
const msgpack_object *pack_get(const msgpack_object *map, const char *key);
/* The same as a number, or `fallback`. */
uint64_t pack_get_uint(const msgpack_object *map, const char *key, uint64_t fallback);
/* The same as text: bytes of *ret_len; "" where absent or no str. Not NUL-terminated. */
const char *pack_get_str(const msgpack_object *map, const char *key, size_t *ret_len);
/* Whether the key holds this text. */
bool pack_is(const msgpack_object *map, const char *key, const char *text);
bool pack_str_equals(const msgpack_object *object, const char *text);
/* False, too, where there is none. */
static inline bool pack_is_array(const msgpack_object *object)
{
    return object != NULL && object->type == MSGPACK_OBJECT_ARRAY;
}
/* A time (timestamp, number of seconds, or text) as nanoseconds; -ENOENT absent, -EINVAL. */
int pack_get_time(const msgpack_object *map, const char *key, int64_t *ret_ns);
int pack_time(const msgpack_object *object, int64_t *ret_ns);

#endif
