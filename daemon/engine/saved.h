/*
 * saved.h - the bytes in which the engine's parts write what they must know again: numbers of eight
 * bytes, least first, and texts with their length in front. The reader never leaves its bytes; what
 * does not fit sets `failed`, and everything read after that is zero.
 */
#ifndef ENGINE_SAVED_H
#define ENGINE_SAVED_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "thaw.h"

typedef struct saved_out {
    uint8_t *bytes; /* the owner's, to be freed */
    size_t len, capacity;
    bool failed; /* no memory */
} saved_out;

static inline void saved_put(saved_out *out, const void *data, size_t len)
{
    if (out->capacity - out->len < len) {
        size_t wanted = (out->len + len) * 2 + 256;
        uint8_t *bigger = out->failed ? NULL : realloc(out->bytes, wanted);
        if (!bigger) {
            out->failed = true;
            return;
        }
        out->bytes = bigger;
        out->capacity = wanted;
    }
    if (len)
        memcpy(out->bytes + out->len, data, len);
    out->len += len;
}

static inline void saved_put_number(saved_out *out, uint64_t n)
{
    n = htole64(n);
    saved_put(out, &n, sizeof n);
}

static inline void saved_put_text(saved_out *out, const void *data, size_t len)
{
    saved_put_number(out, len);
    saved_put(out, data, len);
}

typedef struct saved_in {
    const uint8_t *at;
    size_t left;
    bool failed; /* cut, or not what was expected */
} saved_in;

static inline uint64_t saved_get_number(saved_in *in)
{
    uint64_t n = 0;
    if (in->failed || in->left < sizeof n) {
        in->failed = true;
        return 0;
    }
    memcpy(&n, in->at, sizeof n);
    in->at += sizeof n;
    in->left -= sizeof n;
    return le64toh(n);
}

/* A view into the bytes; an empty text has a place, too. */
static inline thaw_str saved_get_text(saved_in *in)
{
    uint64_t len = saved_get_number(in);
    if (in->failed || len > in->left || len > UINT32_MAX) {
        in->failed = true;
        return (thaw_str){"", 0};
    }
    thaw_str text = {(const char *)in->at, (uint32_t)len};
    in->at += len;
    in->left -= len;
    return text;
}

#endif
