/*
 * image_tables.h - tables of objects as bytes, for an image (engine.h): as they stand in memory, and behind
 * each table what the lists in its objects hold.
 *
 *   capacity, count │ objects, their pointers without meaning │ list of the 1st, of the 2nd, ...
 *
 * Bytes of another build mean nothing, so an image is only read by the build that wrote it. A list is
 * a pointer and a count with the capacity right behind it, as array.h grows them.
 */
#ifndef FACTS_IMAGE_TABLES_H
#define FACTS_IMAGE_TABLES_H

#include "facts/memory/index.h"
#include "saved.h"

typedef struct image_list {
    size_t at, counts, size; /* where in the object pointer and count stand; size of an element */
} image_list;

void image_put(saved_out *out, const void *data, size_t len); /* with what makes it a multiple of 8 */
void image_get(saved_in *in, void *data, size_t len);
/* The same into memory of its own, of `capacity` bytes; NULL where that is 0, on failure in->failed. */
void *image_get_new(saved_in *in, size_t len, size_t capacity);

/* What the lists of one object hold; the object itself is written and read by the caller. */
void image_put_lists(saved_out *out, const void *object, const image_list lists[], size_t lists_count);
void image_get_lists(saved_in *in, void *object, const image_list lists[], size_t lists_count);

void image_put_table(saved_out *out, const void *table, uint32_t count, uint32_t capacity, size_t size,
                     const image_list lists[], size_t lists_count);
/* Frees the table that is there before. On failure all is such that it can be freed. */
void image_get_table(saved_in *in, void **table, uint32_t *count, uint32_t *capacity, size_t size,
                     const image_list lists[], size_t lists_count);

void image_put_index(saved_out *out, const hash_index *x);
void image_get_index(saved_in *in, hash_index *x);

#endif
