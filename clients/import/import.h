/*
 * import.h - one run of an importer: read a list, compare it with the remembered one, tell the
 * difference, remember the list.
 *
 *   FILE -> list -> trusted? --no--> feed broken, exit 1, nothing else changes
 *                     | yes
 *              difference -> KIND.next -> events printed or acknowledged -> KIND.list
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "arguments.h"

typedef struct import_options {
    common_options common;
    const char *state; /* folder; NULL: the default one */
    const char *forget; /* a list of the kind that is read no more; NULL */
    const char *date;  /* of the list, where the user says it; NULL */
    bool initial;      /* a first list is told whole */
    bool dry;          /* only show: nothing is published or remembered */
    bool quiet;
    uint64_t shrink; /* per cent of the remembered records that may be missing at once */
} import_options;

/* The kinds, ending with NULL: "ofac" ... */
extern const char *const import_kinds[];

/* Whether a list cannot be of a date because it is to come. */
bool import_date_is_ahead(const char *text);

/* Runs an importer over its files (NULL at the end), or forgets a list. An exit code of client.h. */
int import_run(const char *kind, const import_options *options, const char *const paths[]);

#endif
