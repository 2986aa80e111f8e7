/*
 * bonds.h - what binds one report to others: a name of an incident, or named people (bonds.c).
 */
#ifndef FACTS_BONDS_H
#define FACTS_BONDS_H

#include "facts/incidents/name_sets.h"

/* A report that bears a name of an incident, or names people, comes in or goes: into the nodes it is known by. */
void named_tie(facts *f, uint32_t number, const thaw_event *event, bool enter);
void names_tie(facts *f, uint32_t number, const thaw_event *event, bool enter);

/* Calls for every report that this one is tied to by itself. */
typedef void (*tied_fn)(facts *f, uint32_t number, uint32_t other, void *context);
void ties_each(facts *f, uint32_t number, tied_fn on_tied, void *context);
/* Every node by which a report on named people may be tied. */
void people_nodes(facts *f, uint32_t number, const thaw_event *event, number_set *nodes);
/* Whether another report may be tied to this one by people; and whether no report that is tied by the node is dated
 * before this one. */
bool tieable(const report *r, const report *other);
bool earliest_in(const facts *f, const report *r, const node *n);

#endif
