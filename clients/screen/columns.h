/*
 * columns.h - tables for people: which keys of a reply's rows stand in which column, so that a
 * row fits a terminal. `--json` has everything.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <msgpack.h>

#include "screen/screen.h"

typedef enum column_form {
    COLUMN_VALUE, /* the first of the keys that has a value */
    COLUMN_WORDS, /* all that have one, a blank between them */
    COLUMN_ITEMS, /* how many items the array has */
    COLUMN_DAY,   /* a time without its hours */
    COLUMN_RANGE, /* "51-52": the numbers of two keys; empty where they are equal */
    /* of the ledger, each of several keys that it knows (ledger_cells.h); keys[0] is for the reader */
    COLUMN_WHAT,
    COLUMN_COUNT,
    COLUMN_SINCE,
    COLUMN_BEFORE,
    COLUMN_LAST_DAY,
    COLUMN_DIFFERS,
    COLUMN_TOTAL,
    COLUMN_LEDGER
} column_form;

enum { COLUMN_KEYS = 3 };

typedef struct column {
    const char *title; /* NULL ends a list of columns */
    column_form form;
    const char *keys[COLUMN_KEYS]; /* a dot goes into a map: "released.total.count" */
} column;

/* Prints the first `most` rows (0: all) of an array of maps, then how many there are besides.
 * False: the array is no such array, or is empty, and nothing was printed. */
bool columns_print(const screen *s, const msgpack_object *array, const column columns[],
                   unsigned indent, uint32_t most);

#endif
