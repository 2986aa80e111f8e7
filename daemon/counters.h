/*
 * counters.h - what the daemon counts, as one table: a member here is a key in `status`.
 */
#ifndef DAEMON_COUNTERS_H
#define DAEMON_COUNTERS_H

#include <stdint.h>

#include "thaw.h"

/* name, what it counts */
#define COUNTERS(X)                                                                                \
    X(messages)          /* messages read from events */                                           \
    X(requests)          /* requests read from service */                                          \
    X(publishes)         /* of them publish */                                                     \
    X(refused)           /* requests answered with ERR */                                          \
    X(requests_held)     /* requests that waited until their client had read its answers */        \
    X(requests_dropped)  /* requests that even so found no room */                                 \
    X(requests_stale)    /* questions whose clients had gone before their turn */                  \
    X(events)            /* events found in messages and publish requests */                       \
    X(accepted)          /* of them journaled */                                                   \
    X(duplicates)        /* of them known already */                                               \
    X(rejected)          /* of them rejected; messages that could not be read count once */        \
    X(batches)           /* batches handed to the journal */                                       \
    X(passes)            /* rounds of the loop that did work */                                    \
    X(pressure)          /* times that input had to wait for the disk or for memory */             \
    X(alerts)            /* alert changes raised by the engine in this run */                      \
    X(beats)             /* beats sent */                                                          \
    X(subscriptions_in)  /* subscriptions that subscribers made */                                 \
    X(subscriptions_out) /* subscriptions that ended */                                            \
    X(replays)           /* questions for missed alerts */                                         \
    X(snapshots)         /* questions for the active alerts */                                     \
    X(reloads)           /* rule sets exchanged */                                                 \
    X(reload_failures)   /* rule sets refused */                                                   \
    X(retentions)        /* times that the past was dropped */                                     \
    X(dropped)           /* reports that were dropped by it */                                     \
    X(images)            /* images of the engine that were saved */                                \
    X(image_failures)    /* images that could not be written */                                    \
    X(denied)            /* clients and messages refused by key */                                 \
    X(turned_away)       /* connections for which there was no descriptor */                       \
    X(clock_falls)       /* times that the machine's clock went back */

typedef struct counters {
#define COUNTER_MEMBER(name) uint64_t name;
    COUNTERS(COUNTER_MEMBER)
#undef COUNTER_MEMBER
    uint64_t by_code[THAW_CODE_COUNT]; /* rejected events and messages, by code */
} counters;

#endif
