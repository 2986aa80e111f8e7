/*
 * tell.h - steps as events of the protocol, in MessagePack, one behind the other.
 *
 * An event's id is made of its content, so that the same difference makes the same events and
 * telling them again is a duplicate. Each event is checked with libthaw before it counts.
 */
#ifndef IMPORT_TELL_H
#define IMPORT_TELL_H

#include <stddef.h>
#include <msgpack.h>

#include "difference.h"
#include "problem.h"

/* What is the same for all events of a list. */
typedef struct teller {
    const char *source; /* "ofac-sdn" */
    const char *voice;  /* attributed_to; NULL: by authority */
    const char *title;  /* "OFAC SDN list" */
    char reported_at[THAW_DATE_TEXT];
    char fetched_at[THAW_DATE_TEXT];
    /* Whose sanctions a program is; NULL: it has no country. The member may be NULL. */
    const char *(*country_of_program)(const char *program, size_t len);
    msgpack_sbuffer events;
    size_t count;
} teller;

/* A report that an article tells of something. Texts are "" or NULL where there is none. */
typedef struct rumour {
    const char *kind, *country, *source, *voice;
    const char *occurred_at, *reported_at;
    const char *authority, *action, *stage, *title, *url, *note;
    const char *identity; /* what its id is made of */
} rumour;

void teller_open(teller *t);
void teller_done(teller *t);

/* One event for each country of the record. 0; -EINVAL: the protocol refuses it, with the reason;
 * -ENOMEM. */
int tell_step(teller *t, const step *s, problem *p);
int tell_rumour(teller *t, const rumour *r, problem *p);
/* The word on the list itself. */
int tell_feed(teller *t, bool ok, const char *title, const char *note, problem *p);

#endif
