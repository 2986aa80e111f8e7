/*
 * set.h - a set of rules as a whole: making, filling, ending it.
 */
#ifndef RULES_SET_H
#define RULES_SET_H

#include "rules/internal.h"

/* An empty set, with the environments of all kinds. -ENOMEM. */
int set_new(const rules_limits *limits, rules **ret_set);
/* Ids are unique: -EEXIST with *ret_other. Takes the rule over on success. */
int set_add(rules *set, rule *one, const rule **ret_other);
rule *set_find(const rules *set, const char *id, size_t len);
/* Keeps a file's name as long as the set. NULL: no memory. */
const char *set_file(rules *set, const char *file);
/* Sorts the rules by id and numbers them; makes the rule of limits. -ENOMEM. */
int set_finish(rules *set);
/* Drops all state of a set, so that it is as loaded. */
void set_clear(rules *set);

#endif
