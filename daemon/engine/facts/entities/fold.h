/*
 * fold.h - what one step after another makes of a measure: its state, since when, until when.
 *
 *   fold s = fold_new(f, now_ns);
 *   fold_step(&s, &step, step.start_ns);   // in order of time (course.c)
 *   fold_done(&s);                         // s.v is what it is
 */
#ifndef FACTS_FOLD_H
#define FACTS_FOLD_H

#include "facts/entities/entities.h"
#include "facts/entities/history.h"

/* What stood when the last program that a party or sector was listed under ended. */
typedef struct standing {
    bool ended; /* and only so: nobody has said yet what became of it by itself */
    measure_state state;
    int64_t since_ns, licence_ends_ns, measure_ends_ns, extended_at_ns;
} standing;

/* Called for each turn, with whether the measure stands after it. */
typedef void (*turn_fn)(void *context, const turn *t, bool stands);

/* The fold while it runs. */
typedef struct fold {
    facts *f;
    measure_view v;
    numbers programs; /* symbols: those it is listed under */
    int64_t now_ns, licence_ends_ns, measure_ends_ns;
    int64_t licence_at_ns;  /* when the step that licensed or suspended it was first told */
    int64_t extended_at_ns; /* when its extension was first told; TIME_UNKNOWN: it was not extended */
    int64_t next_ns;        /* least end ahead of the clock so far; INT64_MAX: none */
    uint16_t since_days;    /* days of the date that it is in force since, where they are several */
    /* what stood before a removal, in case a listing of the same day makes it a move */
    int64_t removed_ns, since_before_removal_ns;
    bool stood_before_removal;
    standing before_end;
    turn_fn on_turn; /* NULL: nobody wants to know */
    void *context;
} fold;

fold fold_new(facts *f, int64_t now_ns);
/* Lets run out what ends at or before a step, and the clock. */
void fold_come_to(fold *s, int64_t at_ns);
/* A step on the measure itself; on a program alone. It takes effect at an instant: its start, or later. */
void fold_step(fold *s, const measure_step *st, int64_t at_ns);
void fold_pass(fold *s, const measure_step *st); /* a step that changes nothing */
void fold_step_of_program(fold *s, const measure_step *st, int64_t at_ns);
/* Lets run out what ends by the clock, and lets go of what the fold holds. */
void fold_done(fold *s);

/* Whether it is in force, under a licence or suspended. */
bool fold_stands(const fold *s);
bool fold_is_paused(const fold *s); /* under a licence, or suspended */

#endif
