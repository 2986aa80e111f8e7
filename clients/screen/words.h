/*
 * words.h - how single values read: sizes, lengths of time, instants, and the colour of a state.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "screen/screen.h"

/* Each writes NUL-terminated text of less than `room` bytes and returns its length. */
size_t words_bytes(uint64_t bytes, char *text, size_t room); /* "3.4 MiB" */
size_t words_duration(int64_t duration_ns, char *text,
                      size_t room);                        /* "2 d 3 h", "1.5 s", "40 µs" */
size_t words_time(int64_t at_ns, char *text, size_t room); /* "2025-12-13 10:00:00Z" */

/* The colour for the value of a key (state, severity, status, disagrees ...). */
colour words_colour(const char *key, const char *value);

#endif
