/*
 * pages.h - large blocks of zeroed memory, their pages made present at once.
 *
 * A block that fills up piece by piece takes a page fault for each of its pages: with 200-byte
 * reports that was a fifth of all the time of the engine. One call for the whole block costs a
 * fraction of it.
 */
#ifndef FACTS_PAGES_H
#define FACTS_PAGES_H

#include <stddef.h>

/* NULL: no memory. */
void *pages_new(size_t bytes);
/* bytes: as it was asked for. NULL is fine. */
void pages_free(void *pages, size_t bytes);
/* Memory from malloc() of which so much will be written at once: its pages are made present. */
void pages_expect(void *memory, size_t bytes);
size_t pages_size(void); /* of one */

#endif
