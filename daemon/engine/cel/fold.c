/* fold.c: evaluates what is constant, and prepares what has a constant argument: patterns, time
 * zones, and the lists behind "in".
 *
 * A constant that fails is an error of the text (a wrong date, a wrong pattern), unless the
 * compilation is lenient: then it fails when evaluated. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOLDED_MAX_BYTES ((size_t)32 << 20) /* copies of values in one program */
#define FOLD_STEP_MAX_COUNT 100000
#define ZONE_NAME_MAX_BYTES 64
#define NO_LOCAL UINT32_MAX

struct folder {
    struct compiler *compiler;
    size_t copied_bytes;
};

/* What a node reads; it is closed, and can be evaluated now, where that is nothing. */
struct reads {
    bool slots;
    uint32_t lowest_local;
};

static bool is_closed(struct reads reads)
{
    return !reads.slots && reads.lowest_local == NO_LOCAL;
}

static bool is_constant(const struct node *node, enum cel_kind kind)
{
    return node->op == OP_CONSTANT && node->constant.kind == kind;
}

/* Copies, from the evaluator's memory into the program's. */

static bool take_bytes(struct folder *folder, size_t size_bytes)
{
    folder->copied_bytes += size_bytes;
    return folder->copied_bytes <= FOLDED_MAX_BYTES;
}

/* Returns 0, -E2BIG where the value is better computed again, -ENOMEM. */
static int keep_value(struct folder *folder, const struct cel_value *value, struct cel_value *ret_kept)
{
    struct arena *arena = &folder->compiler->program->arena;

    *ret_kept = *value;
    if (value->kind == CEL_STRING || value->kind == CEL_BYTES) {
        if (!take_bytes(folder, value->text.len))
            return -E2BIG;
        ret_kept->text.data = cel_arena_copy(arena, value->text.data, value->text.len);
        return ret_kept->text.data != NULL ? 0 : -ENOMEM;
    }
    if (value->kind != CEL_LIST)
        return 0;
    if (!take_bytes(folder, value->list.count * sizeof(*value)))
        return -E2BIG;
    struct cel_value *items = cel_arena_alloc(arena, value->list.count * sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < value->list.count; i++) {
        int r = keep_value(folder, &value->list.items[i], &items[i]);
        if (r < 0)
            return r;
    }
    ret_kept->list.items = items;
    return 0;
}

static void become_constant(struct node *node, struct cel_value value)
{
    node->op = OP_CONSTANT;
    node->arg_count = 0;
    node->constant = value;
}

/* A constant part that cannot work: an error of the text, or of every evaluation. */
static int refuse(struct folder *folder, struct node *node, const struct node *where, const char *what,
                  struct cel_text why)
{
    struct compiler *compiler = folder->compiler;
    int len = why.len > 180 ? 180 : (int)why.len;

    if (!(compiler->flags & CEL_LENIENT))
        return cel_compiler_fail(compiler, -EINVAL, where->place, "%s%.*s", what, len, why.data);
    const char *kept = cel_arena_copy(&compiler->program->arena, why.data, why.len);
    if (kept == NULL)
        return cel_compiler_no_memory(compiler);
    node->op = OP_FAILURE;
    node->arg_count = 0;
    node->constant = (struct cel_value){.kind = CEL_ERROR, .text = {kept, why.len}};
    return 0;
}

static int evaluate_closed(struct folder *folder, struct node *node)
{
    struct cel_evaluator *evaluator = folder->compiler->evaluator;
    struct cel_value kept;

    cel_evaluator_begin(evaluator, NULL, NULL);
    struct cel_value value = cel_evaluate(evaluator, node);
    if (evaluator->no_memory)
        return cel_compiler_no_memory(folder->compiler);
    if (evaluator->steps < 0 || evaluator->scratch.over_limit)
        return 0;
    if (value.kind == CEL_ERROR)
        return refuse(folder, node, node, "this constant fails: ", value.text);
    int r = keep_value(folder, &value, &kept);
    if (r == -ENOMEM)
        return cel_compiler_no_memory(folder->compiler);
    if (r == 0)
        become_constant(node, kept);
    return 0;
}

/* Preparations. */

static int prepare_pattern(struct folder *folder, struct node *node)
{
    struct arena *arena = &folder->compiler->program->arena;
    struct pattern_problem problem;
    struct pattern *made;

    if (!is_constant(node->args[1], CEL_STRING))
        return 0;
    struct cel_text text = node->args[1]->constant.text;
    int r = pattern_new(text.data, text.len, &made, &problem);
    if (r == 0)
        r = cel_arena_take(arena, made, pattern_leave);
    if (r == 0)
        node->pattern = made;
    if (r == -ENOMEM)
        return cel_compiler_no_memory(folder->compiler);
    if (r < 0)
        return refuse(folder, node, node->args[1],
                      "the pattern is wrong: ", (struct cel_text){problem.text, strlen(problem.text)});
    return 0;
}

static bool zone_name_is_sound(struct cel_text name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

    if (name.len == 0 || name.len > ZONE_NAME_MAX_BYTES || name.data[0] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '\0' || strchr(allowed, name.data[i]) == NULL)
            return false;
    return true;
}

static int refuse_zone(struct folder *folder, struct node *node, const char *why)
{
    return refuse(folder, node, node->args[1], "", (struct cel_text){why, strlen(why)});
}

static int prepare_zone(struct folder *folder, struct node *node)
{
    struct compiler *compiler = folder->compiler;
    char name[ZONE_NAME_MAX_BYTES + 1];
    const struct zone *zone = NULL;
    size_t byte_count = 0;
    void *bytes = NULL;
    int32_t offset;

    if (!is_constant(node->args[1], CEL_STRING))
        return 0;
    struct cel_text text = node->args[1]->constant.text;
    if (cel_zone_fixed_parse(text, &offset))
        return 0;
    if (!zone_name_is_sound(text))
        return refuse_zone(folder, node,
                           "unknown time zone; expected an offset as +02:00, UTC or a name as "
                           "Europe/Minsk");
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    int r = cel_env_load_zone(compiler->env, name, &bytes, &byte_count);
    if (r == 0)
        r = cel_zone_parse(&compiler->program->arena, bytes, byte_count, &zone);
    free(bytes);
    if (r == -ENOMEM)
        return cel_compiler_no_memory(compiler);
    if (r == -ENOSYS)
        return refuse_zone(folder, node, "there are no named time zones here; write an offset as +02:00");
    if (r < 0)
        return refuse_zone(folder, node, "unknown time zone: no rules for this name are installed");
    node->zone = zone;
    return 0;
}

static int prepare_call(struct folder *folder, struct node *node)
{
    if (node->arg_count != 2)
        return 0;
    if (strcmp(node->function->name, "matches") == 0)
        return prepare_pattern(folder, node);
    return strncmp(node->function->name, "get", 3) == 0 ? prepare_zone(folder, node) : 0;
}

static int prepare_in(struct folder *folder, struct node *node)
{
    const struct node *list = node->args[1];

    if (!is_constant(list, CEL_LIST))
        return 0;
    int r = cel_value_set_new(&folder->compiler->program->arena, &list->constant, &node->set);
    return r < 0 ? cel_compiler_no_memory(folder->compiler) : 0;
}

/* Simplifications of nodes that are not closed. */

/* A deciding constant is the result; others that are bool add nothing. */
static void simplify_logic(struct node *node)
{
    bool deciding = node->op == OP_OR;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < node->arg_count; i++) {
        struct node *arg = node->args[i];
        if (!is_constant(arg, CEL_BOOL)) {
            node->args[kept++] = arg;
        } else if (arg->constant.boolean == deciding) {
            become_constant(node, cel_bool(deciding));
            return;
        }
    }
    node->arg_count = kept;
}

static void simplify_choice(struct node *node)
{
    uint32_t begin = node->begin, end = node->end;

    if (!is_constant(node->args[0], CEL_BOOL))
        return;
    *node = *node->args[node->args[0]->constant.boolean ? 1 : 2];
    node->begin = begin;
    node->end = end;
}

static int fold(struct folder *folder, struct node *node, struct reads *ret_reads);

static int fold_args(struct folder *folder, struct node *node, struct reads *reads)
{
    for (uint32_t i = 0; i < node->arg_count; i++) {
        struct reads child = {.lowest_local = NO_LOCAL};
        int r = fold(folder, node->args[i], &child);
        if (r < 0)
            return r;
        reads->slots = reads->slots || child.slots;
        bool is_own = node->op == OP_MACRO && i > 0 && child.lowest_local >= node->local;
        if (!is_own && child.lowest_local < reads->lowest_local)
            reads->lowest_local = child.lowest_local;
    }
    return 0;
}

static int fold(struct folder *folder, struct node *node, struct reads *ret_reads)
{
    struct reads reads = {.slots = node->op == OP_SLOT || node->op == OP_FAILURE,
                          .lowest_local = node->op == OP_LOCAL ? node->slot : NO_LOCAL};

    int r = fold_args(folder, node, &reads);
    if (r == 0 && node->op == OP_CALL)
        r = prepare_call(folder, node);
    if (r == 0 && node->op == OP_IN)
        r = prepare_in(folder, node);
    if (r < 0)
        return r;
    if (node->op == OP_OR || node->op == OP_AND)
        simplify_logic(node);
    else if (node->op == OP_CHOOSE)
        simplify_choice(node);
    if (node->op == OP_FAILURE)
        reads.slots = true;
    else if (node->op == OP_CONSTANT)
        reads = (struct reads){.lowest_local = NO_LOCAL};
    else if (is_closed(reads))
        r = evaluate_closed(folder, node);
    if (node->op == OP_FAILURE)
        reads.slots = true;
    *ret_reads = reads;
    return r;
}

int cel_program_fold(struct compiler *compiler)
{
    struct folder folder = {.compiler = compiler};
    struct reads reads;

    cel_evaluator_set_steps(compiler->evaluator, FOLD_STEP_MAX_COUNT);
    return fold(&folder, compiler->program->root, &reads);
}
