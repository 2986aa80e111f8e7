/* write.h - small pieces of replies: strings, times, dates, named values. */
#ifndef FACTS_WRITE_H
#define FACTS_WRITE_H

#include "facts/entities/history.h"
#include "facts/state/state.h"

void write_str(msgpack_packer *out, thaw_str s);        /* absent: nil */
void write_text(msgpack_packer *out, const char *text); /* NULL: nil */
void write_key(msgpack_packer *out, const char *key);
void write_time(msgpack_packer *out, int64_t at_ns); /* TIME_UNKNOWN: nil */
void write_uint(msgpack_packer *out, const char *key, uint64_t n);
void write_count(msgpack_packer *out, const char *key, bool has, uint64_t n); /* else nil */
void write_bool(msgpack_packer *out, const char *key, bool b);
/* A date the way reports state dates: "2025-12-13", "2025-12~", an instant as RFC 3339; nil: none. */
void write_date(facts *f, msgpack_packer *out, const report *r);
/* One line of `incidents`. */
void write_incident(facts *f, msgpack_packer *out, incident *inc);
/* The array of `history` of a measure or person. */
void write_history(facts *f, msgpack_packer *out, history *h);

#endif
