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
/* Same fields in `by`: only then do the groups of two definitions mean the same. */
bool rule_same_by(const rule *a, const rule *b);
/* Keeps a file's name as long as the set. NULL: no memory. */
const char *set_file(rules *set, const char *file);
/* Sorts the rules by id and numbers them; makes the rule of limits. -ENOMEM. */
int set_finish(rules *set);
/* Frees what was loaded; of one without state (live.c, which rules_free is in). */
rules *set_free(rules *set);

#endif
