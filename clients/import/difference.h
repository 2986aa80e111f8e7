/*
 * difference.h - what happened between two lists, record by record.
 *
 * A record that stays is never delisted, whatever else of it changed; one that leaves while its
 * party stands on in the list under another record is `maintained`, not delisted. A record is the
 * same where its key is, or where one of the two bears the other's key among its other keys.
 */
#ifndef IMPORT_DIFFERENCE_H
#define IMPORT_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

typedef enum step_kind {
    STEP_IMPOSED,    /* only in the new list */
    STEP_AMENDED,    /* in both, changed */
    STEP_MAINTAINED, /* only in the old list, its party still in the new one */
    STEP_DELISTED    /* only in the old list */
} step_kind;

typedef struct step {
    step_kind kind;
    const record *before, *after; /* NULL where there is none */
    const record *beside;         /* maintained: the party's other record, of this list or another;
                                   * imposed: the record of the same party that leaves on this day
                                   * (a move), or NULL */
    const char *left; /* imposed: the last day on which the party left earlier; amended: on
                           * which an entry left that this one is now tied to; or NULL */
} step;

typedef struct difference {
    step *at;
    size_t count;
    size_t imposed, amended, maintained, delisted;
} difference;

/* Compares two finished lists. Records of the new one take over the countries that they had:
 * as long as a party is listed it is told of in each country in which it was. The new list takes over
 * who left earlier, with those who leave now. `elsewhere` are the records of other lists of the same
 * kind and who left those: a party that stands there in all countries of a record is maintained when
 * the record leaves. -ENOMEM. */
int difference_make(const list *before, list *after, const list *elsewhere,
                    difference *ret_difference);
void difference_done(difference *d);

/* When a date begins: in nanoseconds, and its day, counted from 1970; INT64_MIN where it is none. */
int64_t date_start_ns(const char *date);
int64_t date_day(const char *date);

/* The fields that differ between two records of one key, as bits 1 << RECORD_... */
unsigned record_changes(const record *before, const record *after);

#endif
