/*
 * un.h - the consolidated list of the UN Security Council, as XML.
 */
#ifndef IMPORT_UN_H
#define IMPORT_UN_H

#include "record.h"
#include "source.h"

/* The country of a UN_LIST_TYPE; NULL: the list is about none (Al-Qaida). Static. */
const char *un_country(const char *type, size_t len);

/* Reads the one source into an empty list and finishes it. -EBADMSG with the problem, -ENOMEM. */
int un_read(source *const sources[], size_t count, list *ret_list, problem *p);

#endif
