/* loose.h - vague and wider items: what of it stays among loose.c, outlines.c and placing.c. */
#ifndef FACTS_LOOSE_H
#define FACTS_LOOSE_H

#include "facts/state/state.h"

/* It is looked at for a vague item: from now on a change of its outline concerns that item. */
const outline *sharp_look(facts *f, incident *inc);
/* An incident of sharp items changed: whether vague items have to do with that. */
void sharp_changed(facts *f, incident *inc);

/* Places some of a key's items anew, in order; none of the others has to do with them. */
void loose_place(facts *f, uint32_t key_index, uint32_t from, uint32_t count);
/* Ends the vague incidents that nothing stands in any more or whose opener joined another. */
void vague_sweep_out(facts *f, key *k);

#endif
