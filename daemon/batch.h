/*
 * batch.h - what one pass of the loop took in: reports for the engine, with the messages whose
 * bytes they point into and with those who wait for an answer.
 *
 * A batch owns the messages and envelopes it was given. It is used again for each pass; its
 * memory stays, bounded by the budgets of a pass.
 */
#ifndef DAEMON_BATCH_H
#define DAEMON_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "engine.h"
#include "service/request.h"
#include "thaw.h"

/* What one pass takes in at most, so that one flood starves nobody; the message that crosses a
 * line is still taken whole. */
#define BATCH_MESSAGES_MAX 4096
#define BATCH_EVENTS_MAX 16384
#define BATCH_BYTES_MAX (8 * 1024 * 1024)

#define BATCH_NOBODY UINT32_MAX /* no one waits: the event came over events */

/* One rejected event of a publish request. */
typedef struct batch_rejected {
    uint32_t index; /* in the request */
    thaw_error error;
    char id[128]; /* as far as it could be read */
    uint8_t id_len;
} batch_rejected;

/* A publish request that waits for its answer. */
typedef struct batch_request {
    envelope from;
    uint64_t accepted, duplicates, journal_seq;
    batch_rejected *rejected; /* in order of index */
    size_t rejected_count, rejected_capacity;
} batch_request;

/* Where an event came from. */
typedef struct batch_origin {
    uint32_t request; /* index, or BATCH_NOBODY */
    uint32_t index;   /* in its message */
} batch_origin;

typedef struct batch {
    thaw_event *events;
    batch_origin *origins;
    engine_verdict *verdicts;
    size_t count, capacity;
    /* Arrays of fixed size: small messages live within their zmq_msg_t, and events point into
     * them, so that they must not move. */
    zmq_msg_t *bodies;
    batch_request *requests;
    size_t body_count, request_count;
    size_t rejected_count; /* events of all requests: each is kept for the answer */
    size_t bytes;
} batch;

int batch_init(batch *b);  /* -ENOMEM */
void batch_done(batch *b); /* frees all; a batch of zeros is fine */
/* The events were applied and their senders answered: what is committed next in the same pass, for
 * a reload or a deadline, must not find them again. */
void batch_settle(batch *b);
void batch_clear(batch *b);      /* for the next pass */
bool batch_full(const batch *b); /* the budget of a pass is used up */

/* Each takes over what it is given; the batch must not be full. */
void batch_add_body(batch *b, zmq_msg_t *body);
uint32_t batch_add_request(batch *b, envelope *from);

/* The place for the next event, valid until the next call; NULL: no memory. batch_keep_event
 * makes it part of the batch. */
thaw_event *batch_next_event(batch *b);
void batch_keep_event(batch *b, uint32_t request, uint32_t index);

/* Notes a rejected event for the answer to its request. -ENOMEM. */
int batch_reject(batch *b, uint32_t request, uint32_t index, thaw_str id, const thaw_error *error);

/* Puts what was rejected before and after the engine saw it into the order of the request. */
void batch_sort_rejected(batch_request *r);

#endif
