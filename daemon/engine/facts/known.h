/*
 * known.h - what is read of facts while facts_read_known is in force (known.c).
 */
#ifndef FACTS_KNOWN_H
#define FACTS_KNOWN_H

#include "internal.h"

bool report_is_read(facts *f, uint32_t number); /* nor left out of a plan (f->only) */
void reports_read(facts *f, numbers *list);     /* keeps those that were known */
/* Whether there is anything of it; of an incident f->known_summary is then what there is. */
bool fact_is_read(facts *f, fact_handle handle);

#endif
