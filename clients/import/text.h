/*
 * text.h - the small work on foreign text that all importers share.
 */
#ifndef IMPORT_TEXT_H
#define IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* ---- strings that live as long as their list ---------------------------------------- */

typedef struct pool {
    struct pool_chunk *first;
    size_t bytes, most; /* held; at most (0: POOL_BYTES_MAX) */
} pool;

#define POOL_BYTES_MAX ((size_t)2 << 30)

/* A copy with NUL. NULL: no memory, or the bound is reached. */
const char *pool_text(pool *p, const char *text, size_t len);
void pool_done(pool *p);

/* ---- a growing buffer --------------------------------------------------------------- */

typedef struct text {
    char *data; /* NUL-terminated once anything was added */
    size_t len, room;
    bool failed; /* memory was short: what it holds is not whole */
} text;

void text_add(text *t, const char *data, size_t len);
void text_put(text *t, const char *string);
/* Adds `separator` first unless the text is empty. */
void text_join(text *t, const char *separator, const char *data, size_t len);
void text_clear(text *t);
const char *text_get(const text *t); /* "" while empty */
void text_done(text *t);
/* Does something (NULL: nothing) with each of several; true: memory was short for one of them. */
bool texts_each(text *const all[], size_t count, void (*act)(text *));

/* ---- bytes -------------------------------------------------------------------------- */

/* Copies at most len bytes (up to NUL) as valid UTF-8 without control characters, runs of blanks
 * as one, none at the ends; cut to less than `room` bytes on a character. Returns the length. */
size_t text_clean(const char *from, size_t len, char *to, size_t room);

/* Letters and digits of any script in lower case (ASCII), everything between as one '-'. */
size_t text_slug(const char *from, char *to, size_t room);

/* Without the blanks at both ends. */
void text_trim(const char **from, size_t *len);

bool text_equals_fold(const char *a, size_t len, const char *b); /* ASCII case does not count */

/* XXH3-64 as 16 hex digits. */
void text_hash(const char *data, size_t len, char hex[17]);

/* The next item of a list with a separator of one character: false at the end. */
bool text_next(const char **list, char separator, const char **ret_item, size_t *ret_len);
/* Whether a list separated by blanks holds a word, one of lines a line. */
bool text_has_word(const char *words, const char *word, size_t len);
bool text_has_line(const char *lines, const char *line, size_t len);

#endif
