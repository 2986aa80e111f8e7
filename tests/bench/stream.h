/*
 * stream.h - the reports that every benchmark sends, and what must come of them.
 *
 * A world of `countries` countries: in each something happens every three days of the stream's
 * time, and five sources report it. Reports of one happening stand a hundred reports apart, as
 * they do where many wires are read together. Every 64th happening is a mass release of 100 or
 * more people, which is what the rules of a benchmark (ruleset.py) fire on. The stream is a
 * function of its numbers: the same report i, the same bytes, about 200 of them.
 *
 *   block of 500 reports:  h0/0 h1/0 ... h99/0  h0/1 h1/1 ... h99/1  ...  h99/4
 *
 * Of a hundred happenings 65 are releases, 15 detentions, 15 steps against one party each and 5
 * talks. The last report of every 100th happening revises an earlier one of its source, and every
 * 500th happening ends with a retraction, so that correcting is part of the load.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_BYTES 200u /* of a report; at most STREAM_BYTES_MAX */
#define STREAM_BYTES_MAX 256u
#define STREAM_TOPIC_MAX 16u
#define STREAM_SOURCES 5u
#define STREAM_BLOCK 100u /* happenings whose reports are mixed */

typedef struct stream {
    uint32_t countries;   /* at most 676 */
    int64_t start_s;      /* the first happening, Unix seconds */
    uint32_t corrections; /* of 1000 happenings that end with a retraction; 2 where nothing is said;
                             0: there are no revisions either */
} stream;

/* A stream of `reports` reports that ends at end_s. */
stream stream_until(uint32_t countries, uint64_t reports, int64_t end_s);

/* Writes report i as MessagePack; returns its length. The topic gets its own and a NUL. */
size_t stream_report(const stream *s, uint64_t i, uint8_t bytes[STREAM_BYTES_MAX],
                     char topic[STREAM_TOPIC_MAX]);

/* What the first `reports` reports come to. */
typedef struct stream_sum {
    uint64_t happenings; /* incidents that they make */
    uint64_t mass;       /* of these the mass releases */
    uint64_t bytes;
} stream_sum;
stream_sum stream_expect(const stream *s, uint64_t reports);

/* The number of a report, from its id (as stream_report writes it); UINT64_MAX: none of ours. */
uint64_t stream_number(const char *id, size_t len);

#endif
