/*
 * instant.h - the time, taken once per wake-up.
 *
 * Wall time never goes back here: while the machine's clock stands behind what was already given
 * out, the latest is given again. Monotonic time is its own type, so that the two cannot be
 * mixed by accident.
 */
#ifndef DAEMON_INSTANT_H
#define DAEMON_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct monotime {
    int64_t ns;
} monotime;

typedef struct instant {
    int64_t wall_ns;    /* never going back */
    int64_t machine_ns; /* what the machine's clock says */
    monotime mono;
    monotime even_since; /* the machine's clock has made no jump, or was not looked at before (but see instant_trust) */
    int64_t apart_ns;    /* the machine's clock less the monotonic one */
} instant;

#define INSTANT_FALL_NS INT64_C(1000000000) /* smaller steps back are everyday adjustment */
#define INSTANT_JUMP_NS INT64_C(60000000000) /* so much at once, in either direction, is a jump */
#define INSTANT_DAY_NS INT64_C(86400000000000)
#define INSTANT_EVEN_NS INT64_C(600000000000) /* one that is wrong when the machine starts has been set by then */

/* Whether the machine's clock has run for a while without a jump; instant_trust: as if it had. */
bool instant_is_even(const instant *now);
void instant_trust(instant *now);

/* Takes the time; returns whether the machine's clock has fallen behind by more than a second
 * since the last call (once for each fall). */
bool instant_take(instant *now);

/* Monotonic, now: for what something took. */
int64_t instant_stopwatch_ns(void);

#endif
