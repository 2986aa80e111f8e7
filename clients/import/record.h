/*
 * record.h - a list of sanctioned parties in one shape for all feeds.
 *
 * A record is what the list holds under one key of its own (a number, a reference): texts, of
 * which "" says that the list gives none. A list is its records, in order of their keys once it is
 * finished. All text is owned by the list.
 */
#ifndef IMPORT_RECORD_H
#define IMPORT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "problem.h"
#include "text.h"
#include "thaw.h"

typedef enum record_field {
    RECORD_KEY,   /* identity within the list */
    RECORD_OTHER, /* other keys of the same record, one a line: former ones, numbers */
    RECORD_GROUP, /* part of the list (an annex); two records of one group are two parties */
    RECORD_NAME,
    RECORD_TYPE,      /* person, entity, vessel, aircraft ... */
    RECORD_AUTHORITY, /* US, EU, UN ... */
    RECORD_COUNTRIES, /* whose sanctions these are, separated by blanks: "BY RU" */
    RECORD_PROGRAMS,  /* separated by ", " */
    RECORD_SECTOR,    /* the kind of measure, where the list has several */
    RECORD_LISTED,    /* date of the listing */
    RECORD_UPDATED,   /* date of the last amendment */
    RECORD_EXPIRES,
    RECORD_IDS, /* identifiers of the party, one a line; '?' in front: in doubt; '~': those of it,
                 * and of records that it took over, that the list gives it no more */
    RECORD_DETAILS, /* FORM:HASH of all else; only details of one form are compared */
    RECORD_ALIASES, /* the same, of files that may be absent */
    RECORD_ADDRESSES,
    RECORD_FIELDS
} record_field;

typedef struct record {
    const char *at[RECORD_FIELDS];
    uint64_t line; /* where it stood in the file; 0: remembered */
} record;

typedef struct list {
    record *at;
    size_t count, room;
    char **raw; /* lines of JSON that the importer remembers beside its records */
    size_t raw_count, raw_room;
    /* Who left earlier, each with its KEY, AUTHORITY, IDS, the day as UPDATED, and as COUNTRIES
     * those in which it is not back; NULL: nobody. */
    struct list *gone;
    /* Records of parties that the list holds no more but says something of, each with its KEY alone,
     * finished; NULL: none. Not remembered. */
    struct list *claimed;
    pool texts;
    char date[THAW_DATE_TEXT];    /* what the list itself says it is of; "" */
    char reached[THAW_DATE_TEXT]; /* the latest day that it or a list before it says; "" */
    char fetched[THAW_DATE_TEXT]; /* when the file was fetched */
    char name[80];                /* which list of its kind: "32006R0765"; "" */
} list;

enum {
    RECORDS_MAX = 8 * 1000 * 1000,
    RECORD_TEXT_MAX = 64 * 1024,
    RECORD_ID_DOUBT = '?',
    RECORD_ID_EARLIER = '~'
};

/* Adds a record with no text; NULL: no memory, or RECORDS_MAX. */
record *records_add(list *l, uint64_t line);
/* Sets a text (copied, cleaned but for line ends in lists). -ENOMEM. */
int record_set(list *l, record *r, record_field field, const char *text, size_t len);
int record_put(list *l, record *r, record_field field, const char *string);

/* Adds a line to remember. -ENOMEM. */
int records_add_raw(list *l, const char *line, size_t len);

/* The records of those who left, made where there are none yet; NULL: no memory. */
list *records_gone(list *l);

/* The same of those that are spoken of and not held. */
list *records_claimed(list *l);

/* The day of a list: what it says, else when it was fetched. */
const char *records_date(const list *l);

/* Sorts by key and marks identifiers that two records of one group bear: they are certain of
 * neither. -EBADMSG: a key stands twice, or a record has none. -ENOMEM. */
int records_finish(list *l, const char *file, problem *p);

/* Marks what was in doubt in the list before: that one of two namesakes has left does not say whose
 * their identifier was. And the number of a document or register with which another record that
 * still stands was told earlier: it would tie the two. -ENOMEM. */
int records_doubt(list *l, const list *before);

/* Keeps the identifiers of `from`, which were told with it, as earlier ones of a record of its
 * party; `all`: also those that the record bears itself. -ENOMEM. */
int record_ids_keep(list *l, record *to, const record *from, bool all);

/* Whether a record has earlier identifiers, which another one (NULL: none) has not. */
bool record_has_earlier(const record *r, const record *other);

/* Whether an identifier may be told, and parties compared by it: it is not marked. */
bool record_id_is_certain(const char *id);

/* The record of a key in a finished list; NULL. */
record *records_find(const list *l, const char *key);
void records_done(list *l);

#endif
