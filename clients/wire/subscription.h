/*
 * subscription.h - following alerts so that none is missed: subscribe, ask for what is there,
 * drop what is not newer, follow, and fill every hole by replay, also across a restart of thawd
 * or a new journal.
 */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>
#include <msgpack.h>

#include "wire/connection.h"

typedef enum subscription_from {
    FROM_NOW,       /* the active alerts, then what follows */
    FROM_SEQ,       /* every change with a greater number */
    FROM_BEGINNING, /* every change that is kept */
    FROM_TIME       /* every change made then or later that is kept */
} subscription_from;

typedef struct subscription_options {
    const char *topic; /* "alert." or longer; holes are filled within it */
    subscription_from from;
    uint64_t seq;
    int64_t time_ns;
    bool follow;
    /* Called with each alert in order; true ends the run. */
    bool (*alert)(void *context, const msgpack_object *alert);
    /* Called where alerts of before may have ended unseen (they are no longer kept, or thawd has
     * another journal): those that are active by that number follow. NULL: what was delivered
     * cannot be taken back, and another journal between two pages ends the run. */
    void (*reset)(void *context, const char *epoch, uint64_t seq);
    /* Called with remarks for people: a hole, silence, a new journal. */
    void (*remark)(void *context, const char *text);
    /* Asked about once a second while nothing comes: whether nobody is there to deliver to any more. */
    bool (*deserted)(void *context);
    void *context;
} subscription_options;

/* Runs until the callback ends it or, without follow, until what is there has been delivered.
 * Returns an exit code, after a complaint where it is not CLIENT_DONE. */
int subscription_run(connection *c, const common_options *common,
                     const subscription_options *options);

#endif
