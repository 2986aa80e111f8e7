/*
 * bonds.h - what binds one report to others: a name of an incident, or named people (bonds.c).
 */
#ifndef FACTS_BONDS_H
#define FACTS_BONDS_H

#include "facts/state/state.h"

#define PEOPLE_NS (60 * DAY_NS) /* reports on the same people are one within it */

/* A report that bears a name of an incident, or names people, comes in or goes: into the nodes it is known by. */
void named_tie(facts *f, uint32_t number, const thaw_event *event, bool enter);
void names_tie(facts *f, uint32_t number, const thaw_event *event, bool enter);

/* Calls for every report that this one is tied to by itself. */
typedef void (*tied_fn)(facts *f, uint32_t number, uint32_t other, void *context);
void ties_each(facts *f, uint32_t number, tied_fn on_tied, void *context);
/* Every node by which a report on named people may be tied. */
void people_nodes(facts *f, uint32_t number, const thaw_event *event, number_set *nodes);
/* The node of the set of printed names of a report on named people; 0: none. */
uint32_t names_node(facts *f, const report *r, const thaw_event *event);
/* The reports of such a node that start from then to then. */
void names_near(facts *f, uint32_t names, int64_t from_ns, int64_t to_ns, number_set *ret_reports);
/* Whether a report of the kind opposite to that of r stands in a node from `from` to `to`, ends included. */
bool parted_in(const facts *f, const node *n, const report *r, int64_t from_ns, int64_t to_ns);
/* Whether another report may be tied to this one by people; whether it is on their taking instead of their freeing,
 * or the other way round; and whether no report that is tied by the node is dated before this one. */
bool tieable(const report *r, const report *other);
bool is_opposite(const report *a, const report *b);
bool earliest_in(const facts *f, const report *r, const node *n);

#endif
