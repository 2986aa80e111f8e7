/*
 * read.h - reading rule files: what the files that load rules share.
 */
#ifndef RULES_READ_H
#define RULES_READ_H

#include <libfyaml.h>

#include "rules/files/conditions.h"
#include "rules/internal.h"

typedef struct reader {
    rules *set;
    rules_complaints *complaints;
    const char *file;
    const char *text; /* as it was written: what complaints show */
    size_t len;
    const quoted_text *quoted; /* what YAML is read from */
    bool with_warnings;
    bool no_memory;
    size_t rule_errors; /* of the rule being read */
    size_t line_offset; /* before which there are so many lines: see line_of */
    unsigned lines;
    unsigned fruitless; /* rules of which no values were found that make them true */
} reader;

/* complain.c. All take a format and its arguments; -EINVAL is returned for convenience. */
int complain_file(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
int complain_node(reader *r, struct fy_node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
int complain_offset(reader *r, size_t offset, const char *format, ...) __attribute__((format(printf, 3, 4)));
void warn_node(reader *r, struct fy_node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool complaints_full(const reader *r);
unsigned line_of(reader *r, size_t offset); /* from 1 */
/* Where in the file a node begins, and where the character `within` of a scalar's value stands. */
size_t node_offset(const reader *r, struct fy_node *node);
size_t scalar_offset(const reader *r, struct fy_node *node, size_t within);
/* The one of `names` that is nearest to what was written, or NULL where none is near. */
const char *rule_nearest_name(const char *written, size_t len, const char *const names[], size_t count);

/* The name of the i-th selection, as it is written. */
struct fy_node *selection_name(struct fy_node *select, size_t i);
/* A scalar's text; NULL where the node is none. */
const char *node_text(struct fy_node *node, size_t *ret_len);

/* read_selection.c: select of a rule, whose facts must have the fields of `by` (NULL: none). */
int read_selections(reader *r, struct fy_node *node, struct fy_node *by, rule *one);
int read_duration(reader *r, struct fy_node *node, const char *key, int64_t *ret_ns);
/* read_rule.c: one rule; 0 with *ret_rule NULL where it had errors, -ENOMEM. */
int read_rule(reader *r, struct fy_node *node, rule **ret_rule);

/* compile.c: texts into programs; complaints stand at the right place. */
int compile_condition(reader *r, const struct cel_env *env, struct fy_node *node, const char *what,
                      struct cel_program **ret_program);
int compile_template(reader *r, const struct cel_env *env, struct fy_node *node, text_template *ret);
/* An environment for when, until and texts: the group's fields and the selections of `select`. */
int compile_environment(reader *r, struct fy_node *select, rule *one, struct cel_env **ret_env);
void template_done(text_template *t);

/* suspect.c: what may not be wrong, but looks so. */
void suspect_where(reader *r, struct fy_node *node, fact_kind kind, const struct cel_program *where);
void suspect_rule(reader *r, struct fy_node *select, struct fy_node *when_node, struct fy_node *until_node,
                  const rule *one);
/* Refuses a condition that can never be true; -EINVAL. */
int refuse_impossible(reader *r, struct fy_node *node, const char *what, const struct cel_program *program);

/* trial.c: `when` over values that its selections might have. */
typedef struct trial_result {
    size_t tried, held;         /* how often it was true */
    size_t filled, filled_held; /* of these, with a fact in some selection */
} trial_result;
/* steps: how long is looked for values that make it true, where none at random do. -ENOMEM. */
int trial_run(struct cel_evaluator *evaluator, const rule *one, unsigned steps, trial_result *ret);
/* Whether it is true while no selection has a fact. -ENOMEM. */
int trial_empty(struct cel_evaluator *evaluator, const rule *one, bool *ret_holds);

rule *rule_free(rule *one);

#endif
