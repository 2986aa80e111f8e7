/*
 * steps.h - the steps of a measure: reports that say the same are one.
 */
#ifndef FACTS_STEPS_H
#define FACTS_STEPS_H

#include "facts/entities/entities.h"

/* The order of what begins together: a licence that comes with a listing stands, for there is nothing to license
 * before it. Removals are 0. */
int step_rank(uint8_t action);
/* Whether it reaches the parties and sectors listed under a program, where it is said of that program alone. */
bool step_reaches_listed(uint8_t action);
/* A removal comes first in its day, by whatever hour: with a listing it is a move. */
int step_compare(const facts *f, const measure_step *a, const measure_step *b);
/* Whether it lists, whatever was before (imposed, reimposed); whether it takes off the list; whether it needs a
 * measure that stands, as a removal, a licence and a suspension do. */
bool step_lists(const measure_step *st);
bool step_removes(const measure_step *st);
bool step_follows_a_listing(const measure_step *st);
/* Whether it is passed over: it is idle, blunt or an echo. The echo of a listing is not, for it lists where nothing is
 * licensed or suspended. */
bool step_is_passed(const measure_step *st);
/* The end of its date, and the beginning: with what `~` widens it by. */
int64_t step_until(const measure_step *st);
int64_t step_from(const measure_step *st);
/* Where a step stands among those of a measure, or would. */
uint32_t step_place(const facts *f, const entity *e, const measure_step *st);
/* What a report says as a step; false where it changes nothing (a rumour, one without a date). */
bool step_of(facts *f, uint32_t number, measure_step *ret_step);
/* A report came to it or went; and where others did too (entities joined or parted): all is read anew. */
void measure_came(facts *f, entity *e, uint32_t number);
void measure_went(facts *f, entity *e, uint32_t number);
void measure_forget(facts *f, entity *e);
/* Reads its steps from its reports, where they are not known. */
void steps_learn(facts *f, entity *e);
/* Whether there is a removal among those that are known. */
bool steps_remove(const entity *e);
/* A copy of an entity that learns its steps for itself: where only some reports are read they are others. */
entity *entity_apart(entity *copy);

#endif
