/*
 * readers.h - how much of its answers each client has not read yet.
 *
 * libzmq bounds what waits for a client by the number of messages, and tells nobody what they come
 * to in bytes. So each large answer is counted for its client from its making until the last who
 * holds it lets go: the outbox, or libzmq once it has written it to the connection, or has lost
 * the client. A client is behind where that is more than a share of memory.outbox; what it asks
 * then waits (held.h), so that nobody makes thawd hold gigabytes by not reading.
 */
#ifndef DAEMON_READERS_H
#define DAEMON_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct readers readers;
typedef struct unread unread; /* one answer */

/* One client. It stays where it is while something of it is unread or held. */
typedef struct reader reader;
struct reader {
    size_t held; /* requests that wait, for held.c */
    bool stays;  /* the same */
};

/* bytes_max: beyond it a client is behind. -ENOMEM. */
int readers_new(uint64_t bytes_max, readers **ret_readers);
/* When no answer is left: after libzmq's context has ended. */
readers *readers_free(readers *r);

/* The client behind a route, made where it is new; it may be gone at the next call, unless
 * something of it is unread or held. NULL: no memory. */
reader *readers_find(readers *r, const void *route, size_t len);
bool readers_behind(const readers *r, const reader *who);
bool readers_all_read(const readers *r); /* nobody can be behind */
uint64_t readers_unread(const readers *r);

/* Counts an answer; NULL: no memory, then it is not counted. */
unread *readers_owe(readers *r, const void *route, size_t len, size_t bytes);
/* It is no longer held; from any thread. NULL is fine. */
void readers_let_go(unread *u);

#endif
