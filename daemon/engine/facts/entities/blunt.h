/*
 * blunt.h - what is told with a longer date than somewhere else: FACTS.md, section 5.
 */
#ifndef FACTS_BLUNT_H
#define FACTS_BLUNT_H

#include "facts/state/state.h"

/* Marks the steps of one object, in their order, that tell less exactly what another of them tells: they change nothing.
 * Which removals are idle (still_listed.h) is to be known. */
void steps_blunt(facts *f, measure_step *at, uint32_t count);

#endif
