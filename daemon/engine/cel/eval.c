/* eval.c: walks the nodes of a program. Recursion is bounded by CEL_DEPTH_MAX, time and memory by the evaluator. */
#include "internal.h"

#include <errno.h>

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
    evaluator->resolve(evaluator->context, node->slot, &value);
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

/* Macros: exists, all, exists_one, filter and map, over the elements of a list. */

/* Like || and && over the elements: one that decides hides the errors of the others. */
static struct cel_value any_or_all(struct cel_evaluator *evaluator, const struct node *node,
                                   const struct cel_value *list)
{
    bool deciding = node->macro == MACRO_EXISTS;
    struct cel_value error = {0};
    bool has_error = false;

    for (size_t i = 0; i < list->list.count; i++) {
        evaluator->locals[node->local] = list->list.items[i];
        struct cel_value value = cel_evaluate(evaluator, node->args[1]);
        if (evaluator->steps < 0)
            return cel_evaluator_exhausted();
        if (value.kind == CEL_BOOL && value.boolean == deciding)
            return value;
        if (value.kind == CEL_BOOL || has_error)
            continue;
        has_error = true;
        error = value.kind == CEL_ERROR ? value : cel_error_overload(evaluator, deciding ? "exists" : "all", &value, 1);
    }
    return has_error ? error : cel_bool(!deciding);
}

/* Whether the condition holds for the element in the local; false with the error. */
static bool condition_holds(struct cel_evaluator *evaluator, const struct node *condition, bool *ret_holds,
                            struct cel_value *ret_error)
{
    struct cel_value value = cel_evaluate(evaluator, condition);

    *ret_holds = value.kind == CEL_BOOL && value.boolean;
    if (value.kind == CEL_BOOL)
        return true;
    *ret_error = value.kind == CEL_ERROR ? value : cel_error_overload(evaluator, "condition", &value, 1);
    return false;
}

static struct cel_value exists_one(struct cel_evaluator *evaluator, const struct node *node,
                                   const struct cel_value *list)
{
    struct cel_value error;
    size_t count = 0;
    bool holds;

    for (size_t i = 0; i < list->list.count; i++) {
        evaluator->locals[node->local] = list->list.items[i];
        if (!condition_holds(evaluator, node->args[1], &holds, &error))
            return error;
        count += holds;
    }
    return cel_bool(count == 1);
}

static struct cel_value filter_or_map(struct cel_evaluator *evaluator, const struct node *node,
                                      const struct cel_value *list)
{
    bool is_filter = node->macro == MACRO_FILTER;
    const struct node *condition = is_filter || node->arg_count == 3 ? node->args[1] : NULL;
    const struct node *result = is_filter ? NULL : node->args[node->arg_count - 1];
    struct cel_value *items = cel_arena_alloc(&evaluator->scratch, list->list.count * sizeof(struct cel_value));
    struct cel_value error;
    size_t count = 0;
    bool holds = true;

    if (items == NULL)
        return cel_evaluator_no_memory(evaluator);
    for (size_t i = 0; i < list->list.count; i++) {
        evaluator->locals[node->local] = list->list.items[i];
        if (condition != NULL && !condition_holds(evaluator, condition, &holds, &error))
            return error;
        if (!holds)
            continue;
        items[count] = result != NULL ? cel_evaluate(evaluator, result) : list->list.items[i];
        if (items[count++].kind == CEL_ERROR)
            return items[count - 1];
    }
    return cel_list(items, count);
}

static struct cel_value evaluate_macro(struct cel_evaluator *evaluator, const struct node *node)
{
    struct cel_value list = cel_evaluate(evaluator, node->args[0]);

    if (list.kind == CEL_ERROR)
        return list;
    if (list.kind != CEL_LIST)
        return cel_error_overload(evaluator, "macro", &list, 1);
    switch ((enum macro)node->macro) {
    case MACRO_ALL:
    case MACRO_EXISTS:
        return any_or_all(evaluator, node, &list);
    case MACRO_EXISTS_ONE:
        return exists_one(evaluator, node, &list);
    case MACRO_FILTER:
    case MACRO_MAP:
        break;
    }
    return filter_or_map(evaluator, node, &list);
}

/* All nodes. */

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
        return evaluate_macro(evaluator, node);
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
