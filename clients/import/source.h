/*
 * source.h - a list as a file: plain or gzip, or stdin ("-"), read once and within bounds. A byte
 * order mark (UTF-8) in front goes; a ZIP archive is refused.
 */
#ifndef IMPORT_SOURCE_H
#define IMPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "problem.h"

typedef struct source source;

/* 0; -ENOENT, -EACCES ... where it cannot be opened: nothing is known of the list then. `most`
 * bounds the bytes after unpacking. */
int source_open(const char *path, uint64_t most, source **ret_source);
/* The same over bytes in memory (for tests), which must outlive it. */
int source_of_bytes(const char *name, const void *data, size_t len, source **ret_source);
source *source_close(source *s);

const char *source_name(const source *s); /* the path, or "stdin" */

/* When the list was fetched, as a date or time: what the file's name says ("2021-12-02",
 * "20240527194702", "2021-07"), made exact by the file's time where that is of the same day; else
 * the file's time; for a pipe the time at which it was opened. At least THAW_DATE_TEXT bytes. */
void source_date(const source *s, char *ret_text);
/* The date that a name carries; false where there is none. */
bool source_date_of_name(const char *path, char *ret_text);

/* What stands at the front, without taking it; nothing where it cannot be read. Lives until the
 * next call. */
void source_peek(source *s, const char **ret_data, size_t *ret_len);

/* Reads all of it into memory with a NUL behind it; the caller frees. 0, -EBADMSG, -ENOMEM. */
int source_all(source *s, char **ret_data, size_t *ret_len, problem *p);

enum { SOURCE_LINE_MAX = 32 * 1024 * 1024 };

/* 1: the next line without its end (a CR before it goes too), NUL behind it, until the next call;
 * *ret_ended says whether it had an end. 0: no more. -EBADMSG, -ENOMEM. */
int source_line(source *s, char **ret_line, size_t *ret_len, bool *ret_ended, problem *p);
uint64_t source_line_number(const source *s); /* of the last line, from 1 */

#endif
