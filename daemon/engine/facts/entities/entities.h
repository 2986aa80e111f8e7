/*
 * entities.h - what reports name: nodes, the entities that shared ids make of them, persons and measures.
 */
#ifndef FACTS_ENTITIES_H
#define FACTS_ENTITIES_H

#include "facts/state/state.h"

/* ---- nodes (nodes.c) ---------------------------------------------------------------- */

uint64_t node_hash(uint32_t scope, thaw_str string);
uint32_t node_find(const facts *f, uint32_t scope, thaw_str string);
uint32_t node_make(facts *f, uint32_t scope, thaw_str string); /* finds it too; 0: no memory */
void node_end(facts *f, uint32_t i);
void node_put(facts *f, uint32_t i, mention m);
void node_take(facts *f, uint32_t i, mention m);
/* First place in the node's mentions at or behind (start, report). */
uint32_t node_place(const facts *f, const node *n, int64_t start_ns, uint32_t report);
/* Every mention under an entity, sorted by (start, report, party), each once; into two lists. */
void entity_mentions(facts *f, const entity *e, numbers *reports_, numbers *parties);

/* ---- parties of all authorities (links.c) ------------------------------------------- */

/* The strings (symbols) of a party, an entity of SCOPE_PARTY, appended where they are several. */
void links_strings(facts *f, uint32_t party, numbers *strings);
/* The node that a string is in a scope, where a living report mentions it there; 0: none. */
uint32_t node_living(const facts *f, uint32_t scope, uint32_t string);
/* The party that a node is of, where it is of a measure: an entity of SCOPE_PARTY; 0: none. */
uint32_t links_party(facts *f, uint32_t node_);
/* The living nodes that the strings of a party are in a scope of measures, appended. */
void links_tied(facts *f, uint32_t scope, uint32_t party, numbers *list);

/* ---- what nodes are tied to (ties.c) ------------------------------------------------ */

/* Adds a report's mention of these strings; with tie, they become one entity. Returns the node of the first.
 * mention_take takes it away and returns 0; entities that it tied are torn (entity_tear) until all mentions of the
 * report are taken and entities_mend has run. */
uint32_t mention_add(facts *f, uint32_t scope, const thaw_str strings[], uint32_t count, mention m, bool tie);
uint32_t mention_take(facts *f, uint32_t scope, const thaw_str strings[], uint32_t count, mention m, bool tie);
/* The node with the hash `after` tells from now on of the entity that the node with the hash `before` was of. */
void node_note_retold(facts *f, uint64_t before, uint64_t after);
/* Whether an entity would still be one, and not several, if there were only the reports marked with 1 in `only`. With
 * `whole` all its ids must hang together, else those that these reports mention. */
bool entity_hangs_together(facts *f, const entity *e, const uint8_t *only, bool whole);
/* Two entities become one, the larger, which is returned; the other ends when things settle. They may be one already. */
uint32_t entities_join(facts *f, uint32_t a, uint32_t b);
/* entity_tear notes an entity whose ties may have gone; entities_mend parts those of one kind of scope into what still
 * hangs together. Parties are mended before the measures that they tie. */
void entity_tear(facts *f, uint32_t index);
void entities_mend(facts *f, scope_kind kind);

/* ---- what a report names (mentions.c, named.c; parties.c) ---------------------------- */

/* The nodes that one mention ties together, put into a list. */
void mention_nodes(facts *f, uint32_t scope, mention m, numbers *list);
/* Those of all persons of a report. */
void persons_nodes(facts *f, uint32_t scope, uint32_t number, const thaw_event *event, number_set *nodes);
/* Entities of all elements of a report, appended. */
void report_entities(facts *f, uint32_t number, numbers *list);
/* That element itself; views into the report's text. */
bool mention_party(facts *f, mention m, thaw_party *ret_party);
/* A target of type `sector` with a name: the sector of that name, and no party. */
bool party_is_sector(const thaw_party *party);
/* The scope of a report's entities; 0: none. */
uint32_t report_scope(facts *f, const report *r, const thaw_event *event, bool make);
uint32_t measure_scope(facts *f, const report *r, bool make); /* of a sanction */
/* How many persons, of a sanction targets, a report names: what is known by one string is one. */
uint32_t parties_named(facts *f, const thaw_event *event);
/* bare_names.c: whether one of the targets has a name and no ids; and how many of the names that stand so in these
 * reports are also borne by a target with ids in one of them. */
bool names_bare(thaw_list targets);
uint32_t bare_names_known(facts *f, const uint32_t *numbers_, uint32_t count);
/* A living report is about to be replaced by one that is about to enter (retold.c). */
void persons_retold(facts *f, uint32_t number, uint32_t by);
void parties_enter(facts *f, uint32_t number, const thaw_event *event);
void parties_leave(facts *f, uint32_t number, const thaw_event *event);

/* ---- persons, measures (persons.c, measures.c, shown.c; settle.c) ------------------ */

void entities_settle(facts *f);

/* A person as the reports show them; an entity of SCOPE_PERSON. */
typedef enum person_status {
    PERSON_UNKNOWN,
    PERSON_RELEASED,
    PERSON_DEPORTED,
    PERSON_DETAINED,
    PERSON_REDETAINED
} person_status;
typedef struct person_view {
    person_status status;
    int64_t since_ns; /* TIME_UNKNOWN: not known */
    uint32_t releases, detentions;
    bool contradiction;
} person_view;
void person_look(facts *f, const entity *e, person_view *ret_view);
const char *person_status_name(person_status status); /* NULL: unknown */

/* A measure as it stands; an entity of SCOPE_MEASURE. */
typedef enum measure_state {
    MEASURE_NONE,
    MEASURE_PROPOSED,
    MEASURE_IN_FORCE,
    MEASURE_LICENSED,
    MEASURE_SUSPENDED,
    MEASURE_DELISTED,
    MEASURE_LIFTED,
    MEASURE_EXPIRED
} measure_state;
typedef struct measure_view {
    measure_state state;
    int64_t since_ns, expires_ns; /* TIME_UNKNOWN: none */
    int64_t next_ns;              /* when it next may change by itself; TIME_UNKNOWN: never */
} measure_view;
void measure_look(facts *f, entity *e, int64_t now_ns, measure_view *ret_view);
/* The same now, of only the reports that a plan keeps (kept/retain.h). */
void measure_look_at(facts *f, const entity *e, const uint8_t *only, measure_view *ret_view);
/* Called for each report on the measure, in order, with what it is after it. */
typedef void (*measure_told_fn)(void *context, uint32_t report, const measure_view *after);
void measure_tell(facts *f, entity *e, measure_told_fn on_step, void *context);
/* The reports on the programs that a party or sector is named under which reach it, appended. */
void measure_programs_said(facts *f, entity *e, numbers *reports_);
const char *measure_state_name(measure_state state); /* NULL: none */

/* The least string of an entity, prefix included: what it is known by whatever comes and goes. */
thaw_str entity_least(const facts *f, const entity *e);
/* The name an entity is shown by: printed in its earliest report, else its least id without prefix. */
thaw_str entity_name(facts *f, uint32_t index);
/* And the report, of those of a plan alone (f->only) where there is one; 0: none names it. */
thaw_str entity_name_look(facts *f, uint32_t index, uint32_t *ret_named_by);
uint32_t measure_party(facts *f, const entity *e); /* its entity of SCOPE_PARTY, 0: it is no party */
/* The sector (s) or program (p) that the measure is on; absent where it is on something else. */
thaw_str measure_object(const facts *f, const entity *e, char letter);
/* Whether it is on a party or sector, which may be listed under programs: on no program itself. */
bool measure_is_listed(const facts *f, const entity *e);

#endif
