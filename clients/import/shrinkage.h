/*
 * shrinkage.h - whether so much of a list is gone at once that it must be the list's fault.
 */
#ifndef IMPORT_SHRINKAGE_H
#define IMPORT_SHRINKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "difference.h"

typedef struct shrinkage {
    const char *authority; /* whose records; NULL: of the whole list */
    size_t gone, all;
} shrinkage;

/* Looks for more than `percent` per cent, and more than a few, of the records of the whole list or
 * of one authority: a list of many sources that lacks one of them is as short as one that was cut.
 * 1: found; 0: not; -ENOMEM. */
int shrinkage_find(const list *before, const difference *d, uint64_t percent,
                   shrinkage *ret_shrinkage);

#endif
