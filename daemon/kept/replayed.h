/*
 * replayed.h - whether a start gives the alert changes that were published: the same alert, revision and
 * state under each number.
 *
 *   replay ─► replayed_note() for each change that the engine gives again
 *   at its end: replayed_compare() with those that the journal has
 *
 * Another version may make something else of the same reports. It would go on with numbers and revisions
 * that subscribers know as those of something else, and as many changes may come of it by chance.
 *
 * The last REPLAYED_CHANGES are compared: one more or less before shifts the numbers of all that follow, and to
 * read all that were ever published would take as long as the reports.
 */
#ifndef DAEMON_REPLAYED_H
#define DAEMON_REPLAYED_H

#include "journal.h"
#include "thaw.h"

#define REPLAYED_CHANGES 10000u

typedef struct replayed {
    uint64_t *marks; /* of the change n at n modulo REPLAYED_CHANGES */
    uint64_t first, last; /* that were given again; 0: none */
} replayed;

/* -ENOMEM. */
int replayed_note(replayed *r, const thaw_alert *alert);
/* The number of the first that was published as another; 0: none, as far as the journal keeps them and they can be
 * read (`thaw journal check` finds those that cannot). */
uint64_t replayed_compare(const replayed *r, journal *j);
void replayed_done(replayed *r);

#endif
