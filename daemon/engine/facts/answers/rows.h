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
 * rows_write_page packs a part of them, which begins where an earlier one ended: found by its key, so that
 * rows which come or go meanwhile move nothing else.
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
    const struct rows_place *from; /* of a page */
    size_t most;
    uint32_t behind; /* rows that were let go, all of them behind the page */
    bool whole;      /* more than `most` are no answer: once there are, no others are gathered, nor is their order */
    bool enough;     /* there are */
    bool failed;
} rows;

void rows_begin(rows *r);
/* Further parts of the open row's key, compared one after the other. */
void rows_key_str(rows *r, thaw_str text); /* absent: before all */
void rows_key_time(rows *r, int64_t at_ns);
void rows_end(rows *r);
void rows_write(facts *f, rows *r, msgpack_packer *out);

#define ROWS_KEY_BYTES 400                        /* of a key that a place has; the rest does not count in it */
#define ROWS_PLACE_TEXT (2 * ROWS_KEY_BYTES + 16) /* with its NUL */

/* Behind all rows whose keys sort before, and behind so many of those that have that key. */
typedef struct rows_place {
    uint8_t key[ROWS_KEY_BYTES];
    uint32_t len, same;
} rows_place;

/* As text, and back; -EINVAL. */
void rows_place_write(const rows_place *p, char text[ROWS_PLACE_TEXT]);
int rows_place_read(thaw_str text, rows_place *ret_place);

/* In the place of rows_begin, where only a page that begins there (NULL: at the first row) and takes about so many bytes
 * will be written (0: of any size): rows are let go when it is seen that they are behind it. */
void rows_begin_page(rows *r, const rows_place *from, size_t most);
/* The rows of the page, as an array of so many as come to so many bytes (0: to the end), and of one at least
 * behind a place: one that is larger goes on in a page of its own. How many are left, and if any, behind which place.
 * Empties the rows, as rows_write does. */
uint32_t rows_write_page(facts *f, rows *r, size_t bytes, msgpack_packer *out, rows_place *ret_end);

#endif
