/*
 * outbox.h - what may leave only when the disk has it.
 *
 * Replies and alerts are put in the order in which they arose. While a batch is open they have
 * no ticket; outbox_seal gives them that of the batch they rest on, and outbox_flush sends those
 * whose ticket is durable, in order. A question asked while writing is under way is held in the
 * same queue: an answer never tells of a state that a crash could take back.
 *
 * A reply that its peer has no room for is set aside and tried again for a while, so that one
 * slow client keeps nobody else waiting; then it is dropped and counted.
 */
#ifndef DAEMON_OUTBOX_H
#define DAEMON_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "sockets/frames.h"

typedef enum outbox_target { OUTBOX_SERVICE, OUTBOX_ALERTS, OUTBOX_TARGETS } outbox_target;

typedef struct outbox_counters {
    uint64_t sent[OUTBOX_TARGETS];
    uint64_t unroutable;    /* replies whose client had gone */
    uint64_t stalled;       /* replies that had to be tried again */
    uint64_t dropped;       /* replies given up: the client did not read */
    uint64_t alerts_unsent; /* alerts that the socket did not take */
} outbox_counters;

typedef struct outbox outbox;

/* sockets: one for each target; they stay the caller's. -ENOMEM. */
int outbox_new(void *const sockets[OUTBOX_TARGETS], uint64_t bytes_max, outbox **ret_outbox);
outbox *outbox_free(outbox *o);

/* The place of the next message, without a frame, to be filled with frames_add_*; valid until the next call of
 * outbox_place or outbox_flush. Whoever does not put it calls frames_done. -ENOMEM. */
int outbox_place(outbox *o, frames **ret_message);
/* Puts what was filled behind the others. seq is the number of an alert, 0 for a reply. */
void outbox_put(outbox *o, outbox_target target, uint64_t seq);

/* Is called with each alert that leaves, just before. */
typedef void (*outbox_leaves_fn)(void *context, const frames *message);
void outbox_tell(outbox *o, outbox_leaves_fn leaves, void *context);

/* Gives the ticket to all that has none yet. */
void outbox_seal(outbox *o, uint64_t ticket);

/* Sends what is durable, and what was set aside. now_ns is monotonic. */
void outbox_flush(outbox *o, uint64_t durable, int64_t now_ns);

bool outbox_full(const outbox *o);    /* more than bytes_max wait: take nothing new in */
bool outbox_waiting(const outbox *o); /* replies are set aside: flush again soon */
uint64_t outbox_bytes(const outbox *o);
uint64_t outbox_alert_seq(const outbox *o); /* number of the last alert that left */
/* Starts the count of outbox_alert_seq: alerts up to seq have left in an earlier life. */
void outbox_set_alert_seq(outbox *o, uint64_t seq);
const outbox_counters *outbox_count(const outbox *o);

#endif
