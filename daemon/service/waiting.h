/*
 * waiting.h - questions that wait for their turn, in two rows.
 *
 * Those whose answer is small come before those that may look through all there is, so that who
 * looks after thawd, or heals a stream of alerts, does not wait for a crowd of large questions; and
 * the rows are long, so that reports behind such a crowd are read. Within a row the order is that in
 * which they came.
 */
#ifndef DAEMON_WAITING_H
#define DAEMON_WAITING_H

#include <stdbool.h>
#include <stddef.h>

#include "service/request.h"

#define WAITING_MAX 8192                    /* in each row */
#define WAITING_BYTES_MAX (8 * 1024 * 1024) /* of their bodies; the one that crosses it is taken */

typedef enum waiting_row { WAITING_SMALL, WAITING_LARGE, WAITING_ROWS } waiting_row;

typedef struct waiting {
    struct {
        question *items; /* a ring */
        size_t first, count;
    } rows[WAITING_ROWS];
    size_t bytes;
} waiting;

int waiting_init(waiting *w);  /* -ENOMEM */
void waiting_done(waiting *w); /* frees all; one of zeros is fine */

bool waiting_full(const waiting *w); /* no other may be added */
size_t waiting_count(const waiting *w);

/* Takes the question over; there must be room. */
void waiting_add(waiting *w, waiting_row row, question *q);
/* Gives the first one away; false: there is none. */
bool waiting_take(waiting *w, waiting_row row, question *ret_question);

#endif
