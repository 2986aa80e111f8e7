/*
 * un.h - the consolidated list of the UN Security Council, as XML.
 */
#ifndef IMPORT_UN_H
#define IMPORT_UN_H

#include "record.h"
#include "source.h"

/* Reads the one source into an empty list and finishes it. -EBADMSG with the problem, -ENOMEM. */
int un_read(source *const sources[], size_t count, list *ret_list, problem *p);

#endif
