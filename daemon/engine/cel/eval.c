/* eval.c: walks the nodes of a program. Recursion is bounded by CEL_DEPTH_MAX, time by steps,
 * memory by the scratch arena, which is kept from one evaluation to the next. */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_FIRST_BYTES 4096

int cel_evaluator_new(struct cel_evaluator **ret_evaluator)
{
    struct cel_evaluator *evaluator = calloc(1, sizeof(*evaluator));

    if (evaluator == NULL)
        return -ENOMEM;
    evaluator->scratch.first_bytes = SCRATCH_FIRST_BYTES;
    evaluator->scratch.max_bytes = CEL_SCRATCH_MAX_BYTES;
    evaluator->step_max_count = CEL_STEP_MAX_COUNT;
    *ret_evaluator = evaluator;
    return 0;
}

struct cel_evaluator *cel_evaluator_free(struct cel_evaluator *evaluator)
{
    if (evaluator != NULL)
        cel_arena_clear(&evaluator->scratch);
    free(evaluator);
    return NULL;
}

void cel_evaluator_set_steps(struct cel_evaluator *evaluator, uint64_t step_max_count)
{
    evaluator->step_max_count = step_max_count > INT64_MAX ? INT64_MAX : (int64_t)step_max_count;
}

void *cel_evaluator_alloc(struct cel_evaluator *evaluator, size_t size_bytes)
{
    return cel_arena_alloc(&evaluator->scratch, size_bytes);
}

void cel_evaluator_begin(struct cel_evaluator *evaluator, cel_resolve_fn resolve, void *context)
{
    cel_arena_reset(&evaluator->scratch);
    evaluator->steps = evaluator->step_max_count;
    evaluator->no_memory = false;
    evaluator->resolve = resolve;
    evaluator->context = context;
}

uint64_t cel_evaluator_steps(const struct cel_evaluator *evaluator)
{
    int64_t left = evaluator->steps < 0 ? 0 : evaluator->steps;
    return (uint64_t)(evaluator->step_max_count - left);
}

bool cel_evaluator_spend(struct cel_evaluator *evaluator, uint64_t steps)
{
    if (steps > INT64_MAX || (int64_t)steps > evaluator->steps)
        evaluator->steps = -1;
    else
        evaluator->steps -= (int64_t)steps;
    return evaluator->steps < 0;
}

/* Errors. */

struct cel_value cel_error_value(const char *message)
{
    return (struct cel_value){.kind = CEL_ERROR, .text = {message, strlen(message)}};
}

struct cel_value cel_evaluator_exhausted(void)
{
    return cel_error_value("the evaluation took too many steps");
}

struct cel_value cel_evaluator_no_memory(struct cel_evaluator *evaluator)
{
    if (evaluator->scratch.over_limit)
        return cel_error_value("the evaluation made too many values");
    evaluator->no_memory = true;
    return cel_error_value("out of memory");
}

struct cel_value cel_error_format(struct cel_evaluator *evaluator, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t len = cel_utf8_check(text, strlen(text)); /* a cut may have gone through a character */
    const char *kept = cel_arena_copy(&evaluator->scratch, text, len);
    if (kept == NULL)
        return cel_evaluator_no_memory(evaluator);
    return (struct cel_value){.kind = CEL_ERROR, .text = {kept, len}};
}

struct cel_value cel_error_overload(struct cel_evaluator *evaluator, const char *what, const struct cel_value *args,
                                    size_t arg_count)
{
    if (arg_count == 1)
        return cel_error_format(evaluator, "no such overload: '%s' with %s", what, cel_kind_name(args[0].kind));
    return cel_error_format(evaluator, "no such overload: '%s' with %s and %s", what, cel_kind_name(args[0].kind),
                            cel_kind_name(args[1].kind));
}

/* Nodes. */

/* One deciding operand gives the result, whatever the others are; otherwise the first error is
 * it. A value that is no bool counts as an error. */
static struct cel_value evaluate_logic(struct cel_evaluator *evaluator, const struct node *node)
{
    bool deciding = node->op == OP_OR;
    struct cel_value error = {0};
    bool has_error = false;

    for (uint32_t i = 0; i < node->arg_count; i++) {
        struct cel_value value = cel_evaluate(evaluator, node->args[i]);
        if (value.kind == CEL_BOOL && value.boolean == deciding)
            return value;
        if (value.kind == CEL_BOOL || has_error)
            continue;
        has_error = true;
        error = value.kind == CEL_ERROR ? value : cel_error_overload(evaluator, cel_op_sign(node->op), &value, 1);
    }
    return has_error ? error : cel_bool(!deciding);
}

static struct cel_value evaluate_not(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value value = cel_evaluate(evaluator, node->args[0]);

    if (value.kind == CEL_BOOL)
        return cel_bool(!value.boolean);
    return value.kind == CEL_ERROR ? value : cel_error_overload(evaluator, "!", &value, 1);
}

static struct cel_value evaluate_choice(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value condition = cel_evaluate(evaluator, node->args[0]);

    if (condition.kind == CEL_ERROR)
        return condition;
    if (condition.kind != CEL_BOOL)
        return cel_error_overload(evaluator, "?:", &condition, 1);
    return cel_evaluate(evaluator, node->args[condition.boolean ? 1 : 2]);
}

static struct cel_value evaluate_list(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value *items = cel_arena_alloc(&evaluator->scratch, node->arg_count * sizeof(struct cel_value));

    if (items == NULL)
        return cel_evaluator_no_memory(evaluator);
    for (uint32_t i = 0; i < node->arg_count; i++) {
        items[i] = cel_evaluate(evaluator, node->args[i]);
        if (items[i].kind == CEL_ERROR)
            return items[i];
    }
    return cel_list(items, node->arg_count);
}

static struct cel_value evaluate_call(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value args[FUNCTION_ARG_MAX];

    for (uint32_t i = 0; i < node->arg_count; i++) {
        args[i] = cel_evaluate(evaluator, node->args[i]);
        if (args[i].kind == CEL_ERROR)
            return args[i];
    }
    return cel_function_call(evaluator, node, args);
}

static struct cel_value evaluate_binary(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value left = cel_evaluate(evaluator, node->args[0]);

    if (left.kind == CEL_ERROR)
        return left;
    if (node->op == OP_IN && node->set != NULL)
        return cel_bool(cel_value_set_has(node->set, &left));
    struct cel_value right = cel_evaluate(evaluator, node->args[1]);
    if (right.kind == CEL_ERROR)
        return right;
    return cel_operate(evaluator, node->op, &left, &right);
}

static struct cel_value evaluate_slot(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value value;

    if (evaluator->resolve == NULL)
        return cel_error_value("variables have no values here");
    value = cel_error_value("the variable has no value");
    evaluator->resolve(evaluator->context, node->slot, evaluator, &value);
    return value;
}

/* A field is there where it has a value that is not null. */
static struct cel_value evaluate_has(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value value = cel_evaluate(evaluator, node->args[0]);

    return cel_bool(value.kind != CEL_ERROR && value.kind != CEL_NULL);
}

static struct cel_value evaluate_negate(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value value = cel_evaluate(evaluator, node->args[0]);

    return value.kind == CEL_ERROR ? value : cel_operate_negate(evaluator, &value);
}

struct cel_value cel_evaluate(struct cel_evaluator *evaluator, const struct node *node)
{
    if (--evaluator->steps < 0)
        return cel_evaluator_exhausted();
    switch ((enum node_op)node->op) {
    case OP_CONSTANT:
    case OP_FAILURE:
        return node->constant;
    case OP_SLOT:
        return evaluate_slot(evaluator, node);
    case OP_LOCAL:
        return evaluator->locals[node->slot];
    case OP_HAS:
        return evaluate_has(evaluator, node);
    case OP_LIST:
        return evaluate_list(evaluator, node);
    case OP_CALL:
        return evaluate_call(evaluator, node);
    case OP_MACRO:
        return cel_evaluate_macro(evaluator, node);
    case OP_CHOOSE:
        return evaluate_choice(evaluator, node);
    case OP_OR:
    case OP_AND:
        return evaluate_logic(evaluator, node);
    case OP_NOT:
        return evaluate_not(evaluator, node);
    case OP_NEGATE:
        return evaluate_negate(evaluator, node);
    case OP_NAME:
    case OP_SELECT:
        return cel_error_value("the name was not resolved");
    default:
        return evaluate_binary(evaluator, node);
    }
}

int cel_eval(struct cel_evaluator *evaluator, const struct cel_program *program, cel_resolve_fn resolve, void *context,
             struct cel_value *ret_value)
{
    cel_evaluator_begin(evaluator, resolve, context);
    struct cel_value value = cel_evaluate(evaluator, program->root);
    if (evaluator->no_memory)
        return -ENOMEM;
    *ret_value = value;
    return 0;
}
