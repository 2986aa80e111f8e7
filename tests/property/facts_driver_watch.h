/*
 * facts_driver_watch.h - watches what the facts say of themselves.
 *
 * A watch prints every living fact in a canonical form, and holds the stream of changes against
 * it: each fact appears once, changes and goes only while it is there, and a fact of which no
 * change was told prints as it did before. An incident is corrected where reports left it or came
 * from another, and where something was taken back; else what comes is news. What is wrong is
 * collected as sentences.
 */
#ifndef FACTS_DRIVER_WATCH_H
#define FACTS_DRIVER_WATCH_H

#include <jansson.h>

#include "facts/facts.h"

typedef struct watched {
    fact_handle handle;
    bool living;
    char *text;              /* as last printed; owned */
    fact_change_type change; /* in this settle; 0: none */
    fact_handle replaces;
    bool correction;
    size_t reports; /* of an incident: how many it held when it was last printed */
} watched;

/* A report that another of its source withdrew or replaced in this batch. */
typedef struct taken {
    char name[300]; /* source/id */
    uint64_t by;    /* the number of that other */
} taken;

#define TAKEN_MAX 64

typedef struct watch {
    watched *all; /* every handle that was ever told of */
    size_t count, room;
    size_t changes;   /* told of since the last look */
    json_t *problems; /* array of str; borrowed */
    json_t *stood;    /* {report: handle of the incident it stood in at the last look}; owned */
    int64_t now_ns;   /* for facts_get */
    taken taken[TAKEN_MAX];
    size_t taken_count;
} watch;

/* A fact_change_fn; context is the watch. */
void watch_change(void *context, const fact_change *change);

/* A report came, of that number, that withdraws or replaces another. */
void watch_taken(watch *w, thaw_str source, thaw_str id, uint64_t by);

/* Looks at the facts after a settle. */
void watch_look(watch *w, facts *f);

/* The living facts as one JSON object {kind: [fact, ...]}, without handles, sorted by their text;
 * malloced. */
char *watch_print(const watch *w);

void watch_problem(watch *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void watch_clear(watch *w);

#endif
