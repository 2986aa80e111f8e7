/*
 * packed.h - strings, counts and instants as MessagePack.
 */
#ifndef SHARED_PACKED_H
#define SHARED_PACKED_H

#include <msgpack.h>
#include <stdint.h>
#include <string.h>

#include "thaw.h"

static inline void pack_str(msgpack_packer *out, thaw_str s)
{
    msgpack_pack_str_with_body(out, s.data, s.len);
}

static inline void pack_text(msgpack_packer *out, const char *text)
{
    msgpack_pack_str_with_body(out, text, strlen(text));
}

static inline void pack_count(msgpack_packer *out, const char *key, uint64_t count)
{
    pack_text(out, key);
    msgpack_pack_uint64(out, count);
}

static inline void pack_instant(msgpack_packer *out, int64_t ns)
{
    int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
    if (rest < 0) {
        seconds--;
        rest += 1000000000;
    }
    msgpack_timestamp stamp = {.tv_sec = seconds, .tv_nsec = (uint32_t)rest};
    msgpack_pack_timestamp(out, &stamp);
}

#endif
