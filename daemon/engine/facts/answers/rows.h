/*
 * rows.h - the rows of a reply in an order that does not depend on how the reports arrived.
 *
 * Each row is packed into rows.out and closed with the key that it sorts by; rows of equal keys
 * are ordered by their bytes. rows_write packs the array and empties the rows.
 *
 *   rows r;
 *   rows_begin(&r);
 *   ... pack one value into &r.out; rows_key_str(&r, name); rows_end(&r); ...
 *   rows_write(f, &r, out);
 *
 * Lack of memory on the way shows in f->failed after rows_write, which then packs an empty array.
 */
#ifndef FACTS_ROWS_H
#define FACTS_ROWS_H

#include "facts/state/state.h"

typedef struct row {
    size_t at, len, key_at, key_len;
} row;

typedef struct rows {
    msgpack_sbuffer bytes, keys;
    msgpack_packer out;
    row *list;
    uint32_t count, capacity;
    size_t row_at, key_at; /* of the row that is open */
    bool failed;
} rows;

void rows_begin(rows *r);
/* Further parts of the open row's key, compared one after the other. */
void rows_key_str(rows *r, thaw_str text); /* absent: before all */
void rows_key_time(rows *r, int64_t at_ns);
void rows_end(rows *r);
void rows_write(facts *f, rows *r, msgpack_packer *out);

#endif
