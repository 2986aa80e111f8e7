/*
 * echoes.h - steps that are told again, a little later, of what came to an end in between: FACTS.md, section 5.
 */
#ifndef FACTS_ECHOES_H
#define FACTS_ECHOES_H

#include "facts/state/state.h"

/* Marks the steps of a measure that are echoes; which of them are idle has to be known. */
void echoes_judge(facts *f, entity *e);

#endif
