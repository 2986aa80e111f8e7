/*
 * retain.h - which reports stay though they are behind a horizon: FACTS.md, section 7.
 *
 *   held.c ──► what has to stay for what stands, now and by what is behind the horizon alone
 *   suffices.c ──► whether a plan that keeps it leaves everything as it is, and what else it needs
 *   retain.c ──► the plan: incidents go whole, until nothing more is needed
 *
 * A plan, and what is held, is a byte for each report: 1 stays, 0 does not have to.
 */
#ifndef FACTS_RETAIN_H
#define FACTS_RETAIN_H

#include "facts/entities/entities.h"
#include "facts/state/state.h"

static inline bool measure_stands(const measure_view *v)
{
    return v->state == MEASURE_PROPOSED || v->state == MEASURE_IN_FORCE || v->state == MEASURE_LICENSED ||
           v->state == MEASURE_SUSPENDED;
}

static inline bool person_is_held(const person_view *v)
{
    return v->status == PERSON_DETAINED || v->status == PERSON_REDETAINED;
}

/* Marks what the standing measures and the persons who are held need, by some reports (NULL: by all); and the last word
 * on each feed. */
void standing_hold(facts *f, const uint8_t *only, uint8_t *held);
void feeds_hold(facts *f, uint8_t *held);

/* What is behind the horizon, and of it what the plan keeps. What is said since then may still be corrected: an end
 * that is taken back leaves what stood before. */
typedef struct behind {
    uint8_t *all, *kept; /* a byte for each report: 1 of them */
} behind;

/* Whether a plan leaves something otherwise than it is; then what is needed besides is held, too. */
bool standing_check(facts *f, const uint8_t *plan, const behind *b, uint8_t *held);
/* Holds the acts that closed announcements which stay: without them they would be open again. */
bool acts_check(facts *f, const uint8_t *plan, uint8_t *held);

#endif
