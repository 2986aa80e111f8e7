/*
 * feed.h - what is particular to each kind of list.
 */
#ifndef IMPORT_FEED_H
#define IMPORT_FEED_H

#include "record.h"
#include "source.h"
#include "tell.h"

typedef struct feed {
    const char *kind;   /* "ofac" */
    const char *source; /* of its events */
    const char *voice;  /* attributed_to; NULL: by the authority of the record */
    const char *title;
    uint64_t bytes_max; /* of a file, unpacked */
    size_t files_max;
    const char *(*country_of_program)(const char *program, size_t len);
    /* A whole list: reads it into an empty one and finishes it. */
    int (*read)(source *const sources[], size_t count, list *ret_list, problem *p);
    /* NULL, or: whether the file is a change to the remembered list rather than a list, and reading
     * it as such. */
    bool (*is_change)(source *s);
    int (*change)(source *s, const list *before, list *ret_list, problem *p);
    /* NULL, or: the file tells of happenings and is no list; its reports go straight out. */
    int (*reports)(source *s, teller *t, problem *p);
} feed;

/* NULL: there is no such kind. */
const feed *feed_find(const char *kind);

#endif
