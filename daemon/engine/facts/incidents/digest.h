/*
 * digest.h - votes and dates of an incident of many reports, added up as they come (digest.c).
 */
#ifndef FACTS_DIGEST_H
#define FACTS_DIGEST_H

#include "facts/state/state.h"

/* NULL and f->failed on lack of memory. */
digest *digest_new(facts *f);
digest *digest_free(facts *f, digest *d);
/* Takes in a living report, once; wider ones have no part in it. */
void digest_add(facts *f, digest *d, uint32_t number);
/* The same of one that is only asked for dates. */
void digest_add_date(facts *f, digest *d, uint32_t number);
/* As count_reports() and date_of() over all reports that were added, but without parties of sanctions. */
void digest_count(facts *f, digest *d, counted *ret_counted);
span digest_date(const digest *d, uint32_t *ret_report);
days_said digest_days(const digest *d);
/* Asks for the memory that counting needs; and, with a voice, adding a report of it. NULL is fine. */
size_t digest_bytes(void); /* of the object itself */
void digest_fetch(const digest *d, uint32_t voice);

/* For an image (image_tables.h). */
void digest_put_image(const digest *d, saved_out *out);
digest *digest_get_image(saved_in *in); /* NULL and in->failed on lack of memory */

#endif
