/*
 * ftm.h - FollowTheMoney entities: read line by line, and the last word on each kept,
 * reduced.
 *
 *   ftm_entities s = {.file = source_name(from)};
 *   ftm_read(&s, from, false, p);  then  ftm_settle(&s, false, p);
 *   ... s.at[0 .. s.count) in order of ids ...
 *   ftm_done(&s);
 *
 * Memory: what is used of parties and sanctions, a few hundred bytes each. At most 16
 * million entities.
 */
#ifndef IMPORT_FTM_H
#define IMPORT_FTM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"
#include "text.h"
#include "thaw.h"

enum { FTM_VALUES_MAX = 4096 }; /* values of one property that are looked at */

/* The last word on an id. */
typedef struct ftm_entity {
    const char *id;
    size_t number;    /* in order of arrival */
    const char *json; /* reduced; NULL: deleted, or neither a party nor a sanction */
    uint64_t line;
    bool needed; /* the owner's: by a record, now or later */
} ftm_entity;

typedef struct ftm_entities {
    const char *file; /* the caller's; stands in problems */
    ftm_entity *at;
    size_t count, room;
    pool texts;                     /* all strings of the entities; others may be put beside them */
    char last_seen[THAW_DATE_TEXT]; /* the greatest of all that were read; "" */
} ftm_entities;

/* Reads all lines of a source: entities, or with change the operations ADD, MOD and DEL on them.
 * -EBADMSG with the problem, -ENOMEM. */
int ftm_read(ftm_entities *s, source *from, bool change, problem *p);
/* Takes one entity (NULL: the id is deleted), which may have been reduced before. -ENOMEM. */
int ftm_add(ftm_entities *s, const char *id, const json_t *e, uint64_t line);
/* Puts them in order of ids, only the last word on each; without change a second word is a problem. */
int ftm_settle(ftm_entities *s, bool change, problem *p);
void ftm_done(ftm_entities *s);

/* A member of an object, "" where it is no text. */
const char *ftm_text(const json_t *object, const char *key);
/* The n-th value of a property; NULL behind the last. */
const char *ftm_property(const json_t *entity, const char *name, size_t n);
/* The values of an array in order, each once, joined; at most FTM_VALUES_MAX of them. -ENOMEM. */
int ftm_values_join(const json_t *values, const char *separator, text *to);
bool ftm_is_sanction(const json_t *e);

#endif
