/*
 * replay.h - reports through an engine of one's own, and every alert that came of them: what the
 * offline verbs (rules test, backtest) have in common.
 *
 * Alerts are kept one by one, in the order in which they fired, each with its last state. Whatever
 * a rule does here it does in thawd: both are the same engine, told of the same instants.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

#include "engine.h"
#include "facts/memory/index.h"
#include "rules/rules.h"

/* One alert, from its first firing to its last change. */
typedef struct replay_alert {
    char *id; /* RULE:GROUP:N */
    int64_t fired_at_ns, changed_at_ns;
    uint64_t seq, rev;   /* of the last change */
    uint8_t state;       /* thaw_alert_state */
    msgpack_object body; /* as last published; points into what the alert owns */
    msgpack_zone zone;
    uint8_t *bytes;
} replay_alert;

typedef struct replay {
    engine *engine;
    replay_alert **alerts;
    size_t count, capacity;
    hash_index places; /* of an id's hash the place in alerts, from 1 */
    uint64_t reports, rejected;
    thaw_limits limits; /* of reports: thaw_limits_stored, until the caller sets others */
    int64_t now_ns;     /* the machine's clock, for limits.future_ns */
    int failed; /* -errno of a change that could not be kept */
} replay;

/* Takes the rules over, also on failure. -ENOMEM, -EINVAL. */
int replay_new(engine_clock clock, rules *set, replay *ret_replay);
void replay_done(replay *r);

/* One batch, received at that instant. Each event is a MessagePack map; on_problem (NULL: not wanted)
 * is told of each that was not taken, by its place in `events`, and why; the others go on. -ENOMEM,
 * or `failed`. */
typedef struct replay_event {
    const uint8_t *bytes;
    size_t len;
} replay_event;
typedef void (*replay_problem_fn)(void *context, size_t index, const char *message);
int replay_batch(replay *r, const replay_event events[], size_t count, int64_t received_at_ns,
                 replay_problem_fn on_problem, void *context);
int replay_advance(replay *r, int64_t now_ns);

/* Loads rule files and folders and prints to stderr what is wrong with them, but no
 * warnings. -EINVAL: errors were printed; -ENOMEM. */
int replay_rules(const char *const paths[], size_t count, rules **ret_set);

/* The id of an alert without its number: RULE:GROUP. */
size_t replay_place_len(const char *id);

#endif
