/*
 * listed.h - the facts under an alert and the reports under those, for explain, in pages.
 *
 * A list is the facts that are in a selection, the newest first; those that wait for its window; or those on which an
 * alert that has ended stood. A page has at most a thousand facts and ends behind the one with which it has reached
 * the bytes that are given; where it is not the last, `next` beside it says where the next one begins.
 */
#ifndef RULES_LISTED_H
#define RULES_LISTED_H

#include "rules/answers/growing.h"
#include "rules/internal.h"

typedef enum listed_of { LISTED_FACTS, LISTED_WAITING, LISTED_STOOD_ON } listed_of;

/* Where a page begins. */
typedef struct listed_place {
    listed_of of;
    uint8_t selection;
    bool has_after; /* behind this one, by time, hash of the id, and handle; false: at the newest */
    bool has_at;    /* false: it has no time, and they are behind all that have one */
    int64_t at_ns;
    uint64_t id_hash;
    fact_handle handle;
    uint32_t passed; /* of those on which an alert stood, in the order in which it has them */
} listed_place;

/* The `next` of a page; -EINVAL: it is none of that rule. */
int listed_place_read(const rule *one, thaw_str text, listed_place *ret_place);
/* Adds the page to a map: `facts`, `waiting` or `stood_on`; how many are behind it in `more` (of those that wait
 * `more_waiting`) and `next` (`next_waiting`), if any are. g NULL: the selection is empty; which then is no member if it
 * is not `facts`. */
void listed_write(rules *set, const group *g, const listed_place *from, size_t bytes, growing *out);
void listed_write_ground(rules *set, const record *r, const listed_place *from, size_t bytes, growing *out);

#endif
