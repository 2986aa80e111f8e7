/* constraints.c: necessary conditions on single slots, for an index of programs.
 *
 * A program is true only if every operand of its && is, and if one operand of its || is. So what
 * one operand of an && demands, the program demands; and what all operands of an || demand of one
 * slot, joined, the program demands. */
#include "internal.h"

#include <string.h>

#define FOUND_MAX_COUNT 8 /* of one node; more are dropped, which is sound */

struct demand {
    struct cel_constraint constraint;
    bool is_local; /* of a macro's variable: constraint.slot is its number */
};

struct found {
    struct demand items[FOUND_MAX_COUNT];
    size_t count;
};

static int find(struct compiler *compiler, const struct node *node, struct found *found);

static void add(struct found *found, const struct node *subject, bool contains, const struct cel_value *values,
                size_t value_count)
{
    if (found->count == FOUND_MAX_COUNT || (subject->op != OP_SLOT && subject->op != OP_LOCAL))
        return;
    found->items[found->count++] = (struct demand){
        .constraint = {.slot = subject->slot, .contains = contains, .values = values, .value_count = value_count},
        .is_local = subject->op == OP_LOCAL,
    };
}

static void find_bool(const struct node *subject, bool boolean, struct found *found)
{
    static const struct cel_value values[] = {{.kind = CEL_BOOL, .boolean = false},
                                              {.kind = CEL_BOOL, .boolean = true}};

    add(found, subject, false, &values[boolean], 1);
}

static void find_equality(const struct node *node, struct found *found)
{
    const struct node *left = node->args[0], *right = node->args[1];

    if (right->op == OP_CONSTANT)
        add(found, left, false, &right->constant, 1);
    else if (left->op == OP_CONSTANT)
        add(found, right, false, &left->constant, 1);
}

static void find_membership(const struct node *node, struct found *found)
{
    const struct node *left = node->args[0], *right = node->args[1];

    if (right->op == OP_CONSTANT && right->constant.kind == CEL_LIST)
        add(found, left, false, right->constant.list.items, right->constant.list.count);
    else if (left->op == OP_CONSTANT)
        add(found, right, true, &left->constant, 1);
}

/* slot.exists(x, ...): what is demanded of x must be in the slot. */
static int find_exists(struct compiler *compiler, const struct node *node, struct found *found)
{
    struct found inner = {.count = 0};

    if (node->macro != MACRO_EXISTS || node->args[0]->op != OP_SLOT)
        return 0;
    int r = find(compiler, node->args[1], &inner);
    for (size_t i = 0; r == 0 && i < inner.count; i++) {
        const struct demand *demand = &inner.items[i];
        if (demand->is_local && demand->constraint.slot == node->local && !demand->constraint.contains)
            add(found, node->args[0], true, demand->constraint.values, demand->constraint.value_count);
        else if (!demand->is_local && found->count < FOUND_MAX_COUNT)
            found->items[found->count++] = *demand;
    }
    return r;
}

static int find_all(struct compiler *compiler, const struct node *node, struct found *found)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < node->arg_count; i++)
        r = find(compiler, node->args[i], found);
    return r;
}

static const struct demand *find_same(const struct found *found, const struct demand *wanted)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].constraint.slot == wanted->constraint.slot &&
            found->items[i].constraint.contains == wanted->constraint.contains &&
            found->items[i].is_local == wanted->is_local)
            return &found->items[i];
    return NULL;
}

/* Joins the values of one demand over the alternatives; nothing where one does not make it. */
static int join(struct compiler *compiler, const struct found *alternatives, size_t count, const struct demand *wanted,
                struct found *found)
{
    struct demand joined = *wanted;
    size_t value_count = 0;

    for (size_t i = 0; i < count; i++) {
        const struct demand *same = find_same(&alternatives[i], wanted);
        if (same == NULL)
            return 0;
        value_count += same->constraint.value_count;
    }
    if (found->count == FOUND_MAX_COUNT || value_count > CEL_CONSTANT_MAX_COUNT)
        return 0;
    struct cel_value *values = cel_arena_alloc(&compiler->program->arena, value_count * sizeof(struct cel_value));
    if (values == NULL)
        return cel_compiler_no_memory(compiler);
    joined.constraint.values = values;
    joined.constraint.value_count = value_count;
    for (size_t i = 0; i < count; i++) {
        const struct cel_constraint *same = &find_same(&alternatives[i], wanted)->constraint;
        if (same->value_count > 0)
            memcpy(values, same->values, same->value_count * sizeof(*values));
        values += same->value_count;
    }
    found->items[found->count++] = joined;
    return 0;
}

static int find_any(struct compiler *compiler, const struct node *node, struct found *found)
{
    if (node->arg_count == 0)
        return 0;
    struct found *alternatives =
        cel_arena_alloc(&compiler->evaluator->scratch, node->arg_count * sizeof(*alternatives));
    if (alternatives == NULL)
        return 0; /* too many to look at: no condition, which is sound */
    memset(alternatives, 0, node->arg_count * sizeof(*alternatives));
    for (uint32_t i = 0; i < node->arg_count; i++) {
        int r = find(compiler, node->args[i], &alternatives[i]);
        if (r < 0 || alternatives[i].count == 0)
            return r;
    }
    for (size_t i = 0; i < alternatives[0].count; i++) {
        int r = join(compiler, alternatives, node->arg_count, &alternatives[0].items[i], found);
        if (r < 0)
            return r;
    }
    return 0;
}

static int find(struct compiler *compiler, const struct node *node, struct found *found)
{
    switch ((enum node_op)node->op) {
    case OP_AND:
        return find_all(compiler, node, found);
    case OP_OR:
        return find_any(compiler, node, found);
    case OP_MACRO:
        return find_exists(compiler, node, found);
    case OP_EQ:
        find_equality(node, found);
        return 0;
    case OP_IN:
        find_membership(node, found);
        return 0;
    case OP_SLOT:
        find_bool(node, true, found);
        return 0;
    case OP_NOT:
        find_bool(node->args[0], false, found);
        return 0;
    default:
        return 0;
    }
}

int cel_program_find_constraints(struct compiler *compiler)
{
    struct cel_program *program = compiler->program;
    struct found found = {.count = 0};

    cel_evaluator_begin(compiler->evaluator, NULL, NULL); /* its scratch is used */
    int r = find(compiler, program->root, &found);
    if (r < 0 || found.count == 0)
        return r;
    program->constraints = cel_arena_alloc(&program->arena, found.count * sizeof(struct cel_constraint));
    if (program->constraints == NULL)
        return cel_compiler_no_memory(compiler);
    for (size_t i = 0; i < found.count; i++)
        program->constraints[program->constraint_count++] = found.items[i].constraint;
    return 0;
}

const struct cel_constraint *cel_program_constraints(const struct cel_program *program, size_t *ret_count)
{
    *ret_count = program->constraint_count;
    return program->constraints;
}
