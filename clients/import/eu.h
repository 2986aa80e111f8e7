/*
 * eu.h - annexes of an EU regulation as CSV with a header line, as OpenSanctions transcribes them.
 */
#ifndef IMPORT_EU_H
#define IMPORT_EU_H

#include "record.h"
#include "source.h"

/* Reads the one source into an empty list and finishes it. -EBADMSG with the problem, -ENOMEM. */
int eu_read(source *const sources[], size_t count, list *ret_list, problem *p);

#endif
