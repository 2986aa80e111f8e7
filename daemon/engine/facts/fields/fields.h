/*
 * fields.h - what is read of facts: values, lists, the reports under them.
 */
#ifndef FACTS_FIELDS_H
#define FACTS_FIELDS_H

#include "facts/entities/entities.h"

/* The latest report of an incident that states FIELD_EXPIRES_AT, _EXPECTED_BY or _EXPECTED_COUNT, a rumour where nothing
 * else does; false: none does. */
bool incident_latest_event(facts *f, const incident *inc, fact_field field, thaw_event *ret_event);
/* What an incident comes to, now or as it was known. */
static inline const summary *incident_summary(const facts *f, const incident *inc)
{
    return f->known_at ? &f->known_summary : &inc->now;
}
/* A field that is a list over its reports (gather.c). */
void incident_list(facts *f, incident *inc, fact_field field, fact_value *ret);
/* Of a measure that was looked at: its state, since when, until when; false: the field is none of these. */
bool measure_shows(const measure_view *v, fact_field field, fact_value *ret);
void report_get(facts *f, uint32_t number, fact_field field, fact_value *ret);
/* The reports under a fact, the first reported first, each once; appended (each.c). */
void fact_reports_list(facts *f, fact_handle handle, numbers *list);
/* Whether there is anything of a fact while facts are read as they were known; of an incident f->known_summary is
 * then what there is (was_there.c). */
bool fact_is_read(facts *f, fact_handle handle);

#endif
