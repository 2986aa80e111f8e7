/* macros.c: exists, all, exists_one, filter and map, over the elements of a list. */
#include "internal.h"

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

struct cel_value cel_evaluate_macro(struct cel_evaluator *evaluator, const struct node *node)
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
