/*
 * name_sets.h - reports on one set of printed names, and reports of the opposite kind (name_sets.c).
 */
#ifndef FACTS_NAME_SETS_H
#define FACTS_NAME_SETS_H

#include "facts/state/state.h"

#define PEOPLE_NS (60 * DAY_NS) /* reports on the same people are one within it */

/* The set of names that an event prints as one string in text: a hash over the sorted names, each once. False: it names
 * nobody, or somebody by ids alone; f->failed on lack of memory. */
bool names_string(facts *f, const thaw_event *event, char text[16], thaw_str *ret_string);
/* The node of the set of printed names of a report on named people; 0: none. */
uint32_t names_node(facts *f, const report *r, const thaw_event *event);
/* The reports of such a node that start from then to then. */
void names_near(facts *f, uint32_t names, int64_t from_ns, int64_t to_ns, number_set *ret_reports);

/* Whether one is on the taking of people and the other on their freeing. */
bool is_opposite(const report *a, const report *b);
/* Whether a report of the kind opposite to that of r stands in a node from `from` to `to`, ends included. */
bool parted_in(const facts *f, const node *n, const report *r, int64_t from_ns, int64_t to_ns);

#endif
