/*
 * known.h - what is read of facts while facts_read_known is in force (known.c).
 */
#ifndef FACTS_KNOWN_H
#define FACTS_KNOWN_H

#include "facts/state/state.h"

bool report_is_read(facts *f, uint32_t number); /* nor left out of a plan (f->only) */
void reports_read(facts *f, numbers *list);     /* keeps those that were known */

/* The report that one withdraws or replaces; 0: it is not known, or there is none. */
uint32_t report_before(facts *f, uint32_t number);

#endif
