/*
 * saved.h - the bytes in which the engine's parts write what they must know again: numbers of eight
 * bytes, least first, and texts with their length in front. The reader never leaves its bytes; what
 * does not fit sets `failed`, and everything read after that is zero.
 *
 * A writer keeps all that it was given, or hands it on piece by piece where somebody takes it.
 */
#ifndef ENGINE_SAVED_H
#define ENGINE_SAVED_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "thaw.h"

typedef int (*saved_hand_fn)(void *context, const void *bytes, size_t len);

typedef struct saved_out {
    uint8_t *bytes; /* the owner's, to be freed */
    size_t len, capacity;
    bool failed;        /* no memory; with `hand`: or it took no more, see `error` */
    saved_hand_fn hand; /* NULL: everything is kept; a negative answer ends the writing */
    void *context;
    uint64_t handed; /* bytes that it took so far */
    int error;       /* its negative answer */
} saved_out;

#define SAVED_PIECE (1u << 20)

static inline void saved_hand(saved_out *out, const void *data, size_t len)
{
    int r = out->failed || len == 0 ? 0 : out->hand(out->context, data, len);
    out->handed += len;
    if (r < 0) {
        out->failed = true;
        out->error = r;
    }
}

/* Hands on what is still kept. */
static inline void saved_flush(saved_out *out)
{
    saved_hand(out, out->bytes, out->len);
    out->len = 0;
}

static inline void saved_put(saved_out *out, const void *data, size_t len)
{
    if (out->hand && out->len + len > SAVED_PIECE) {
        saved_flush(out);
        if (len > SAVED_PIECE) {
            saved_hand(out, data, len);
            return;
        }
    }
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

/* Zeroes until the next multiple of `step`, a power of two, of all that was written. */
static inline void saved_put_until(saved_out *out, size_t step)
{
    static const uint8_t zeroes[256];
    for (size_t more = (size_t)(-(out->handed + out->len)) & (step - 1); more && !out->failed;) {
        size_t part = more < sizeof zeroes ? more : sizeof zeroes;
        saved_put(out, zeroes, part);
        more -= part;
    }
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

/* So many bytes as they stand; NULL where there are not so many. */
static inline const uint8_t *saved_get(saved_in *in, uint64_t len)
{
    if (in->failed || len > in->left) {
        in->failed = true;
        return NULL;
    }
    const uint8_t *at = in->at;
    in->at += len;
    in->left -= len;
    return at;
}

/* Leaves out what stands before the next multiple of `step` of the address. */
static inline void saved_get_until(saved_in *in, size_t step)
{
    (void)saved_get(in, (uint64_t)(-(uintptr_t)in->at) & (step - 1));
}

#endif
