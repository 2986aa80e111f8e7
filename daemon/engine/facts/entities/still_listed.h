/*
 * still_listed.h - removals that remove nothing: who says so still lists the party by other ids.
 */
#ifndef FACTS_STILL_LISTED_H
#define FACTS_STILL_LISTED_H

#include "facts/state/state.h"

/* Marks those steps of a measure as idle, where it is not known which are. */
void removals_judge(facts *f, entity *e);
/* The reports on a party of those sources that name it by several ids, and not all by one of them, appended: on them
 * rests what they may still remove. */
void removals_rest_on(facts *f, const entity *party, numbers *reports_);

#endif
