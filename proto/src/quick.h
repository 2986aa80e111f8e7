/*
 * quick.h - the common case of an event: pairs of known keys, once each, with sound values in
 * their common encodings, taken in one run over the bytes.
 *
 * What the quick way takes, the general way (field.h) takes with the same result; what it does not
 * take it leaves to it, and says nothing about. It checks all bounds itself and nests at most
 * WIRE_QUICK_NESTING arrays and maps, the event's own map among them.
 */
#ifndef WIRE_QUICK_H
#define WIRE_QUICK_H

#include "cursor.h"
#include "thaw.h"

#define WIRE_QUICK_NESTING 4 /* event, list of persons, person, list of ids */

/* Takes at most `pairs` pairs at the cursor whose keys are not in *seen (KEY_BIT), and adds their
 * keys to it; returns how many. The cursor stands before the first pair that was not taken. */
uint32_t wire_quick_pairs(const thaw_limits *limits, uint32_t pairs, wire_cursor *cursor,
                          uint64_t *seen, thaw_event *event);

#endif
