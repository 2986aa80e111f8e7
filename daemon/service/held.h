/*
 * held.h - requests of clients that are behind with reading (readers.h), in the order in which
 * they came. Each is taken up once its client has read. What does not fit is dropped: its client
 * does not read answers anyway, and nothing of a request without an answer was promised.
 */
#ifndef DAEMON_HELD_H
#define DAEMON_HELD_H

#include <stddef.h>
#include <stdint.h>

#include "service/readers.h"
#include "service/request.h"

typedef struct held_request {
    question question;
    reader *from;
} held_request;

typedef struct held {
    held_request *items;
    size_t count, capacity;
    uint64_t bytes, bytes_max;
} held;

void held_done(held *h); /* frees all; one of zeros is fine */

/* Takes the request over (also on failure). -ENOBUFS: it does not fit and is dropped; -ENOMEM. */
int held_add(held *h, reader *from, question *q);

/* Takes a request over: 0; 1: there is no room for another in this pass; or a negative errno. */
typedef int (*held_take_fn)(void *context, question *q);

/* Hands out those whose clients have read. 0, or what `take` returned below 0. */
int held_release(held *h, const readers *r, held_take_fn take, void *context);

#endif
