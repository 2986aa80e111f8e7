/*
 * lower_bound.h - binary search for the first place behind all that stand before what is sought.
 */
#ifndef SHARED_LOWER_BOUND_H
#define SHARED_LOWER_BOUND_H

/* Leaves in `low` the first of the places [low, high) of which `before`, a condition on the place `middle`, is
 * false; `high` where it is true of all. It must be true of none behind one of which it is false. */
#define LOWER_BOUND(low, high, before)                                                                                 \
    while ((low) < (high)) {                                                                                           \
        const __typeof__(low) middle = (low) + ((high) - (low)) / 2;                                                   \
        if (before)                                                                                                    \
            (low) = middle + 1;                                                                                        \
        else                                                                                                           \
            (high) = middle;                                                                                           \
    }

#endif
