/*
 * similar.h - pairs of names that are close (skeleton.h), of any number of names.
 */
#ifndef FACTS_SIMILAR_H
#define FACTS_SIMILAR_H

#include "facts/answers/skeleton.h"

typedef struct name_pair {
    uint32_t first, second; /* places of two names, first < second */
} name_pair;

/* The first `most` pairs in order, into memory of the caller's, and whether there are or may be others. 0; -ENOMEM. For
 * what the names have in common some `bytes` are taken at most; names for which that is not enough, the last ones, are
 * left out.
 * Of n names some 50 n steps, and more for names of more than four words; where it would take far more, as with names
 * made for that, some pairs are left out, the same for the same names. */
int similar_find(const named names[], uint32_t count, uint32_t most, size_t bytes, name_pair **ret_pairs,
                 uint32_t *ret_count, bool *ret_more);

#endif
