/*
 * broadcast.h - publishing to `events` without acknowledgement.
 */
#ifndef BROADCAST_H
#define BROADCAST_H

#include <stdint.h>

#include "arguments.h"
#include "forms/input.h"
#include "wire/connection.h"
#include "wire/publishing.h"

/* Sends the whole input, `batch` events of one topic a message at most. Waits for a subscriber
 * first; -ETIMEDOUT where there is none within the timeout. totals->accepted counts what was
 * handed to the socket, which says nothing about what thawd took. */
int broadcast_run(connection *c, const common_options *common, input *in, uint32_t batch_events,
                  const publishing_report *report, publishing_totals *totals);

#endif
