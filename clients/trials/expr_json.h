/* expr_json.h: values of expressions as typed JSON, and expressions as JSON objects.
 *
 * A typed value is an object with one key: {"int": "5"}, {"bool": true}, {"double": 1.5} (or "inf",
 * "-inf", "nan"), {"string": "a"}, {"null": true}, {"list": [...]}, {"uint": "5"},
 * {"timestamp": "2024-07-01T09:00:00Z"}, {"duration": "90s"}, {"bytes": "6869"} (hexadecimal),
 * {"type": "int"}. */
#ifndef THAW_EXPR_JSON_H
#define THAW_EXPR_JSON_H

#include "cel/cel.h"

#include <jansson.h>

#define EXPR_JSON_DEPTH_MAX 100

/* Reads typed JSON, and plain JSON (true, 5 as int, 5.0 as double, "a", null, [...]) where plain
 * is set. Strings stay in json, which must outlive the value; lists and bytes are allocated: the
 * caller releases them with expr_value_clear(), also after a failure. problem tells what is wrong.
 * Returns 0, -EINVAL, -ERANGE, -ENOMEM. */
int expr_value_from_json(const json_t *json, bool plain, struct cel_value *ret_value, char *problem,
                         size_t problem_bytes);
void expr_value_clear(struct cel_value *value);

/* Evaluates text with the members of bindings (typed or plain JSON, or NULL) as variables, without
 * type checking, named time zones from the machine. An expression that does not compile gives an
 * error value too, with "line:column: " in front of the text. *ret_result is {"value": typed} or
 * {"error": "text"}; the caller owns it. Returns 0; -EINVAL with problem for bindings that are no
 * values; -ENOMEM. */
int expr_evaluate(const char *text, size_t len, const json_t *bindings, json_t **ret_result,
                  char *problem, size_t problem_bytes);

/* Compares a result of expr_evaluate() with what a conformance case expects, its members value and
 * error. Returns 1, 0, or -EINVAL where the case expects neither or its value is wrong. */
int expr_result_matches(const json_t *result, const json_t *expected_case);

#endif
