/*
 * client.h - what all verbs of the client program share: exit codes, and how it complains.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdint.h>

/* How a verb ends; the program's exit code. */
enum client_exit {
    CLIENT_DONE = 0,     /* done */
    CLIENT_NOT_SO = 1,   /* the thing asked for is not so: refused, rejected, not found */
    CLIENT_USAGE = 2,    /* wrong usage */
    CLIENT_NO_ANSWER = 3 /* no connection, or no answer in time */
};

/* Writes "thaw: TEXT" and a newline to stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The known name that is nearest to what was typed, by edit distance; NULL where none is near.
 * `names` ends with NULL. */
const char *nearest_name(const char *typed, const char *const names[]);

/* CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds. */
int64_t monotonic_ns(void);
int64_t realtime_ns(void);

#endif
