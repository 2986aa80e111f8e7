/* error.h - building the sentence of a thaw_error. */
#ifndef WIRE_ERROR_H
#define WIRE_ERROR_H

#include "cursor.h"
#include "thaw.h"

/* Fills *error (which may be NULL) and returns the code, so that a check can end with it. */
thaw_code wire_error(thaw_error *error, thaw_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Describes the value at `cursor` for "found ...": `-3`, `"abc"`, `an array of 3`. */
#define WIRE_DESCRIBE_BYTES 96
void wire_describe(char out[WIRE_DESCRIBE_BYTES], wire_cursor cursor);

/* The field that a check is about, down to an element of a list and a key or an element in it;
 * an index below 0 and an inner name of NULL are left out. */
typedef struct wire_where {
    const char *name;
    int index;
    const char *inner;
    int inner_index;
} wire_where;

/* "WHERE: found VALUE, expected EXPECTED", the value being read at `value`. */
thaw_code wire_error_value(thaw_error *error, thaw_code code, const wire_where *where,
                           wire_cursor value, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
