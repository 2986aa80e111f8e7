/*
 * opensanctions.h - FollowTheMoney entities, one JSON object a line: whole lists
 * (entities.ftm.json) and changes to one (entities.delta.json).
 */
#ifndef IMPORT_OPENSANCTIONS_H
#define IMPORT_OPENSANCTIONS_H

#include <stdbool.h>

#include "record.h"
#include "source.h"

/* Reads a whole list into an empty one and finishes it. What is needed to apply a change to it
 * later stands in its raw lines. -EBADMSG with the problem, -ENOMEM. */
int opensanctions_read(source *const sources[], size_t count, list *ret_list, problem *p);

/* Whether the file is a change: by its name, or its first line. */
bool opensanctions_is_change(source *s);
/* The list that a change makes of the remembered one. */
int opensanctions_change(source *s, const list *before, list *ret_list, problem *p);

#endif
