/* lists.h - answers of facts_get that are lists of strings, built in rotating buffers. */
#ifndef FACTS_LISTS_H
#define FACTS_LISTS_H

#include "facts/state/state.h"

/* A list in the making. Strings are views. */
typedef struct list_maker {
    facts *f;
    thaw_str *items;
    uint32_t count, capacity;
    char *text;
    uint32_t text_used, text_capacity;
} list_maker;

void list_add(list_maker *m, thaw_str string);
/* Sorts, drops repeats and hands the list over to *ret_value; the maker is empty then. */
void list_finish(list_maker *m, fact_value *ret_value);
/* The strings of symbols that stand in their order already. */
void list_symbols(facts *f, const numbers *symbols_, fact_value *ret_value);

/* What a report names: ids and printed names of its persons or targets. */
void list_parties(list_maker *m, thaw_list parties);
/* The comma-separated parts of a sector. */
void list_sectors(list_maker *m, thaw_str sector);
/* Sources, voices, "source/id" of reports. */
typedef enum list_of { LIST_SOURCES, LIST_VOICES, LIST_NAMES } list_of;
void list_reports(facts *f, const numbers *reports_, list_of what, fact_value *ret_value);

/* Whether a report can add to that list; what its record shows need not be read in its text. */
static inline bool report_adds(const report *r, fact_field field)
{
    switch (field) {
    case FIELD_DESTINATIONS:
        return r->destination;
    case FIELD_PROGRAMS:
        return r->has_program;
    case FIELD_TARGETS:
        return r->has_targets;
    case FIELD_PERSONS:
        return r->kind != THAW_SANCTION && r->parties;
    case FIELD_PARTIES:
        return r->kind == THAW_SANCTION ? r->has_targets : r->kind == THAW_TALKS;
    default:
        return true;
    }
}

/* The same of all reports of an incident. */
static inline bool summary_adds(const summary *s, fact_field field)
{
    switch (field) {
    case FIELD_DESTINATIONS:
        return s->destination;
    case FIELD_PROGRAMS:
        return s->program;
    case FIELD_PERSONS:
    case FIELD_PARTIES:
        return s->names;
    default:
        return true;
    }
}

#endif
