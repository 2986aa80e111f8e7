/*
 * layout.h - any reply as text: maps as indented keys and values, arrays of maps as tables.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <msgpack.h>

#include "screen/screen.h"

/* Prints a value of any shape; a key's name decides how its number is written (`_bytes` as KiB,
 * MiB ..., `_ns` and `_s` as a length of time). A timestamp is a date and time. */
void layout_print(const screen *s, const msgpack_object *object);

/* Writes a value on one line into `text`: "LT", "18", "2025-12-13 10:00:00Z", "a, b, c",
 * "AP/BY-003, DW/BY-004", "country BY". Returns its length; longer text is cut with "...". */
size_t layout_cell(const char *key, const msgpack_object *value, char *text, size_t room);

/* Prints an array of maps as a table of the first 24 keys met, in their order. Absent values are
 * empty. False: it is no such array, or is empty, and nothing was printed. */
bool layout_table(const screen *s, const msgpack_object *array, unsigned indent);

#endif
