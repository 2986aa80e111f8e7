/*
 * rows.h - comma separated rows out of memory: text fields in double quotes, "" for a quote, line
 * breaks within quotes allowed, CR LF or LF. Bounded by fields a row and bytes a field.
 */
#ifndef IMPORT_ROWS_H
#define IMPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "problem.h"

enum { ROW_FIELDS_MAX = 128, ROW_FIELD_BYTES_MAX = 256 * 1024 };

typedef struct rows {
    const char *name; /* of the file, for problems */
    char *next, *end; /* the bytes; fields are cut and unquoted in place */
    uint64_t line;    /* on which the last row began, from 1 */
    uint64_t lines;   /* line ends passed */
    bool ended;       /* the last row had a line end */
} rows;

typedef struct row {
    const char *at[ROW_FIELDS_MAX]; /* with NUL behind each */
    size_t count;
} row;

/* `data` has a writable byte behind its end. */
void rows_open(rows *r, const char *name, char *data, size_t len);

/* 1: the next row; 0: no more; -EBADMSG with the problem: a NUL, a quote that is not closed, text
 * behind a closing quote, too many or too long fields. */
int rows_next(rows *r, row *ret_row, problem *p);

#endif
