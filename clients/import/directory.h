/*
 * directory.h - the records of a list by an item of one of their fields: by name, by key, by identifier.
 */
#ifndef IMPORT_DIRECTORY_H
#define IMPORT_DIRECTORY_H

#include "record.h"

/* An item, a view into the list. */
typedef struct entry {
    const char *text;
    size_t len;
    size_t record; /* its index in the list */
} entry;

typedef struct directory {
    entry *at; /* in order; free() ends it */
    size_t count;
} directory;

/* All items of a field of the records that have no partner (partner NULL: of all records). -ENOMEM. */
int directory_make(const list *l, record_field field, const size_t *partner,
                   directory *ret_directory);
/* The entries of a text: the first (NULL: there is none), and how many. */
const entry *directory_find(const directory *d, const char *text, size_t len, size_t *ret_n);

/* What was told earlier counts as what the list gives. */
void id_unmark(const char **id, size_t *len);

#endif
