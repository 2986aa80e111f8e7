/*
 * ledger_cells.h - cells of the ledger that take more than one value of a row.
 */
#ifndef LEDGER_CELLS_H
#define LEDGER_CELLS_H

#include <msgpack.h>

/* Each writes less than `room` bytes of `text` and returns how many. */

/* "2021-12-02", "2025-01": since when a measure or a person is what it is, as vague as it was said. */
size_t ledger_cell_since(const msgpack_object *row, char *text, size_t room);
/* "in_force 2021-12-02", "in_force" of what was so already: what a measure or a person was before what it is, and from when. */
size_t ledger_cell_before(const msgpack_object *row, char *text, size_t room);
/* "2027-02-28": the last day on which something holds that runs out at `expires_at`. */
size_t ledger_cell_last_day(const msgpack_object *row, char *text, size_t room);
/* "number", "a part", "day": where the sources of an incident disagree. */
size_t ledger_cell_differs(const msgpack_object *row, char *text, size_t room);
/* "release", "US eased", "talks promised": what an incident is. */
size_t ledger_cell_what(const msgpack_object *row, char *text, size_t room);
/* "52", "52 (51-52)": its count. */
size_t ledger_cell_count(const msgpack_object *row, char *text, size_t room);
/* "178", ">= 430", "~ 350": what a total states; "252 (202-252)": what the ledger has for it. */
size_t ledger_cell_total(const msgpack_object *row, char *text, size_t room);
size_t ledger_cell_ledger(const msgpack_object *row, char *text, size_t room);
/* "only pardon", "without sentences served, since 2024-07-03": how a total would fit. */
size_t ledger_cell_fits(const msgpack_object *row, char *text, size_t room);

#endif
