/*
 * aliases.h - the ids that reports on one set of printed names bear, and those that one who bears an id has besides:
 * what parts reports on these names, or on the bearer of this id, is also who bears such an id (FACTS.md, section 2).
 */
#ifndef FACTS_ALIASES_H
#define FACTS_ALIASES_H

#include "facts/state/state.h"

/* A report on the names of that node has come; the node of that hash is gone. */
void aliases_learn(facts *f, uint32_t names, uint32_t number);
void aliases_forget(facts *f, uint64_t names_hash);
/* Whether an id that is borne by a report on the names, and near it in time, parts what starts at `from` and at `to`. */
bool aliases_part(facts *f, const node *names, const report *r, int64_t from_ns, int64_t to_ns);
/* The reports on the names of this one, which came or went, whose ties may be others because it bears ids. */
void aliases_told(facts *f, uint32_t number, number_set *ret_reports);
/* Whether the bearer of the id, by this one or by another that is borne with it near in time, is told of otherwise
 * between what starts at `from` and at `to`. */
bool id_parts(const facts *f, const node *id, const report *r, int64_t from_ns, int64_t to_ns);
/* The nodes of other ids that are borne with this one near the report. */
void ids_near(facts *f, const report *r, uint32_t id, number_set *ret_nodes);
/* The reports on those to whom this one, which came or went, gives several ids: their ties may be others by that. */
void ids_told(facts *f, uint32_t number, const thaw_event *event, number_set *ret_reports);

#endif
