/* check.c: names into slots, and types: what can only fail is refused when the text is compiled.
 *
 * In a lenient compilation types are left to the evaluation, and an unknown name becomes a node
 * that fails when (and only when) it is evaluated. */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct checker {
    struct compiler *compiler;
    struct {
        struct cel_text name;
        struct cel_type type;
    } locals[CEL_LOCAL_MAX_COUNT];
    uint32_t local_count;
};

static struct cel_type check(struct checker *checker, struct node *node);

static bool is_lenient(const struct checker *checker)
{
    return (checker->compiler->flags & CEL_LENIENT) != 0;
}

static bool failed(const struct checker *checker)
{
    return checker->compiler->status < 0;
}

/* A value that is not known, or a type error that is reported already. */
static struct cel_type unknown_type(void)
{
    return cel_type_of(CEL_DYN);
}

/* A name that does not exist: an error now, or whenever the node is evaluated. */
static struct cel_type __attribute__((format(printf, 3, 4)))
name_error(struct checker *checker, struct node *node, const char *format, ...)
{
    char text[sizeof(checker->compiler->error->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!is_lenient(checker)) {
        cel_compiler_fail(checker->compiler, -EINVAL, node->place, "%s", text);
        return unknown_type();
    }
    const char *kept = cel_arena_copy(&checker->compiler->program->arena, text, strlen(text) + 1);
    if (kept == NULL)
        cel_compiler_no_memory(checker->compiler);
    node->op = OP_FAILURE;
    node->arg_count = 0;
    node->constant = cel_error_value(kept != NULL ? kept : "");
    return unknown_type();
}

/* What a node does cannot be done (at its place), or an operand is not what it should be (at its begin). */
static struct cel_type __attribute__((format(printf, 4, 5)))
type_error(struct checker *checker, uint32_t place, struct cel_type result, const char *format, ...)
{
    char text[sizeof(checker->compiler->error->text)];
    va_list args;

    if (is_lenient(checker))
        return result;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    cel_compiler_fail(checker->compiler, -EINVAL, place, "%s", text);
    return result;
}

/* Names. */

static bool find_local(const struct checker *checker, const struct node *node, uint32_t *ret_local)
{
    if (node->is_root)
        return false;
    for (uint32_t i = checker->local_count; i > 0; i--) {
        struct cel_text name = checker->locals[i - 1].name;
        if (name.len == node->name.len && memcmp(name.data, node->name.data, name.len) == 0) {
            *ret_local = i - 1;
            return true;
        }
    }
    return false;
}

static struct cel_type become_slot(struct node *node, uint32_t slot, struct cel_type type)
{
    node->op = OP_SLOT;
    node->arg_count = 0;
    node->slot = slot;
    return type;
}

static struct cel_type become_type(struct node *node, enum cel_kind kind)
{
    node->op = OP_CONSTANT;
    node->arg_count = 0;
    node->constant = (struct cel_value){.kind = CEL_TYPE, .type = kind};
    return cel_type_of(CEL_TYPE);
}

static struct cel_type unknown_name(struct checker *checker, struct node *node)
{
    const char *nearest = cel_env_suggest(checker->compiler->env, node->name);
    int len = node->name.len > 60 ? 60 : (int)node->name.len;

    if (text_is(node->name, "now"))
        return name_error(checker, node,
                          "there is no now: the windows within, before and ahead of a selection "
                          "say what is recent, and for says how long a condition must hold");
    if (nearest != NULL)
        return name_error(checker, node, "unknown name '%.*s', did you mean '%s'?", len, node->name.data, nearest);
    if (is_lenient(checker))
        return name_error(checker, node, "unknown name '%.*s'", len, node->name.data);
    return name_error(checker, node, "unknown name '%.*s'; a text is written in quotes, \"%.*s\"", len, node->name.data,
                      len, node->name.data);
}

/* Of a name that something is asked of: a selection is meant, no text. */
static struct cel_type unknown_owner(struct checker *checker, struct node *node)
{
    char names[160];

    if (text_is(node->name, "now") || is_lenient(checker) ||
        cel_env_suggest(checker->compiler->env, node->name) != NULL)
        return unknown_name(checker, node);
    cel_env_list_names(checker->compiler->env, names, sizeof(names));
    return name_error(checker, node, "unknown name '%.*s', known are: %s",
                      node->name.len > 60 ? 60 : (int)node->name.len, node->name.data, names);
}

static bool is_unknown(struct checker *checker, const struct node *node)
{
    struct cel_type type;
    uint32_t slot;

    return node->op == OP_NAME && !find_local(checker, node, &slot) &&
           cel_env_find(checker->compiler->env, node->name, &slot, &type) == NAME_UNKNOWN &&
           cel_type_by_name(node->name.data, node->name.len) == CEL_ERROR;
}

static struct cel_type check_name(struct checker *checker, struct node *node)
{
    uint32_t slot;
    struct cel_type type;

    if (find_local(checker, node, &slot)) {
        node->op = OP_LOCAL;
        node->slot = slot;
        return checker->locals[slot].type;
    }
    switch (cel_env_find(checker->compiler->env, node->name, &slot, &type)) {
    case NAME_SLOT:
        return become_slot(node, slot, type);
    case NAME_STRUCT: {
        char fields[160];
        cel_env_list_fields(checker->compiler->env, node->name, fields, sizeof(fields));
        return name_error(checker, node, "'%.*s' is no value, its fields are: %s", (int)node->name.len, node->name.data,
                          fields);
    }
    case NAME_UNKNOWN:
        break;
    }
    enum cel_kind kind = cel_type_by_name(node->name.data, node->name.len);
    if (kind != CEL_ERROR)
        return become_type(node, kind);
    return unknown_name(checker, node);
}

/* The kind that google.protobuf.Timestamp, as selections, stands for. */
static enum cel_kind find_qualified_type(const struct node *node)
{
    const struct node *package = node->args[0];

    if (package->op != OP_SELECT || !text_is(package->name, "protobuf") || package->args[0]->op != OP_NAME ||
        !text_is(package->args[0]->name, "google"))
        return CEL_ERROR;
    if (text_is(node->name, "Timestamp"))
        return CEL_TIMESTAMP;
    return text_is(node->name, "Duration") ? CEL_DURATION : CEL_ERROR;
}

static struct cel_type unknown_field(struct checker *checker, struct node *node, struct cel_text owner)
{
    const char *nearest = cel_env_suggest_field(checker->compiler->env, owner, node->name);
    int len = node->name.len > 60 ? 60 : (int)node->name.len;
    char fields[120];

    if (nearest != NULL)
        return name_error(checker, node, "'%.*s' has no field '%.*s', did you mean '%s'?", (int)owner.len, owner.data,
                          len, node->name.data, nearest);
    cel_env_list_fields(checker->compiler->env, owner, fields, sizeof(fields));
    return name_error(checker, node, "'%.*s' has no field '%.*s', its fields are: %s", (int)owner.len, owner.data, len,
                      node->name.data, fields);
}

static struct cel_type check_select(struct checker *checker, struct node *node)
{
    struct node *operand = node->args[0];
    enum cel_kind kind = find_qualified_type(node);
    char text[TYPE_TEXT_BYTES];
    uint32_t slot;
    struct cel_type type;

    if (kind != CEL_ERROR)
        return become_type(node, kind);
    if (operand->op == OP_NAME && !find_local(checker, operand, &slot) &&
        cel_env_find(checker->compiler->env, operand->name, &slot, &type) == NAME_STRUCT) {
        if (cel_env_find_field(checker->compiler->env, operand->name, node->name, &slot, &type))
            return become_slot(node, slot, type);
        return unknown_field(checker, node, operand->name);
    }
    type = is_unknown(checker, operand) ? unknown_owner(checker, operand) : check(checker, operand);
    if (failed(checker))
        return unknown_type();
    if (operand->op == OP_FAILURE) { /* says more than that its field is missing */
        *node = *operand;
        return unknown_type();
    }
    return name_error(checker, node, "a value of type %s has no field '%.*s'", cel_type_text(type, text),
                      node->name.len > 60 ? 60 : (int)node->name.len, node->name.data);
}

static struct cel_type check_has(struct checker *checker, struct node *node)
{
    struct node *field = node->args[0];

    check(checker, field);
    if (failed(checker) || field->op == OP_SLOT)
        return cel_type_of(CEL_BOOL);
    if (field->op == OP_FAILURE) { /* an unknown field is an error, not an absent one */
        node->op = OP_FAILURE;
        node->arg_count = 0;
        node->constant = field->constant;
        return unknown_type();
    }
    return name_error(checker, node, "has() takes a field, as in has(freed.min)");
}

/* Operators. */

static struct cel_type check_logic(struct checker *checker, struct node *node)
{
    char text[TYPE_TEXT_BYTES];

    for (uint32_t i = 0; i < node->arg_count; i++) {
        struct cel_type type = check(checker, node->args[i]);
        if (failed(checker))
            break;
        if (!cel_type_is(type, CEL_BOOL))
            type_error(checker, node->args[i]->begin, cel_type_of(CEL_BOOL), "'%s' takes bool, found %s",
                       cel_op_sign(node->op), cel_type_text(type, text));
    }
    return cel_type_of(CEL_BOOL);
}

static struct cel_type check_choice(struct checker *checker, struct node *node)
{
    struct cel_type condition = check(checker, node->args[0]);
    struct cel_type chosen = check(checker, node->args[1]);
    struct cel_type other = check(checker, node->args[2]);
    char a[TYPE_TEXT_BYTES], b[TYPE_TEXT_BYTES];

    if (failed(checker))
        return unknown_type();
    struct cel_type result = cel_type_join(chosen, other);
    if (!cel_type_is(condition, CEL_BOOL))
        return type_error(checker, node->args[0]->begin, result, "the condition of '?' must be bool, found %s",
                          cel_type_text(condition, a));
    if (result.kind == CEL_DYN && chosen.kind != CEL_DYN && other.kind != CEL_DYN)
        return type_error(checker, node->args[2]->begin, result,
                          "both results of '?' must have one type, found %s and %s", cel_type_text(chosen, a),
                          cel_type_text(other, b));
    return result;
}

/* How what seems to be meant is written, where one side is a time, a time span or a list and the other is not. */
static const char *what_is_meant(struct cel_type left, struct cel_type right)
{
    if (!cel_type_is(left, CEL_STRING) && !cel_type_is(left, CEL_INT)) {
        struct cel_type other = left;
        left = right;
        right = other;
    }
    if (cel_type_is(left, CEL_STRING) && cel_type_is(right, CEL_TIMESTAMP))
        return ": write timestamp(\"2024-07-01T00:00:00Z\")";
    if ((cel_type_is(left, CEL_STRING) || cel_type_is(left, CEL_INT)) && cel_type_is(right, CEL_DURATION))
        return ": write duration(\"72h\")";
    if (cel_type_is(left, CEL_STRING) && cel_type_is(right, CEL_LIST))
        return ": in asks, as in \"x\" in [\"x\", \"y\"]";
    return cel_type_is(left, CEL_INT) && cel_type_is(right, CEL_LIST) ? ": size(...) is how many are in a list" : "";
}

static struct cel_type check_equality(struct checker *checker, struct node *node)
{
    struct cel_type left = check(checker, node->args[0]);
    struct cel_type right = check(checker, node->args[1]);
    char a[TYPE_TEXT_BYTES], b[TYPE_TEXT_BYTES];

    if (failed(checker) || cel_type_can_equal(left, right))
        return cel_type_of(CEL_BOOL);
    return type_error(checker, node->place, cel_type_of(CEL_BOOL), "%s and %s are never equal ('%s')%s",
                      cel_type_text(left, a), cel_type_text(right, b), cel_op_sign(node->op),
                      what_is_meant(left, right));
}

static struct cel_type check_order(struct checker *checker, struct node *node)
{
    struct cel_type left = check(checker, node->args[0]);
    struct cel_type right = check(checker, node->args[1]);
    char a[TYPE_TEXT_BYTES], b[TYPE_TEXT_BYTES];

    if (failed(checker) || cel_type_can_order(left, right))
        return cel_type_of(CEL_BOOL);
    return type_error(checker, node->place, cel_type_of(CEL_BOOL), "'%s' cannot compare %s with %s%s",
                      cel_op_sign(node->op), cel_type_text(left, a), cel_type_text(right, b),
                      what_is_meant(left, right));
}

static struct cel_type check_in(struct checker *checker, struct node *node)
{
    struct cel_type left = check(checker, node->args[0]);
    struct cel_type right = check(checker, node->args[1]);
    char a[TYPE_TEXT_BYTES], b[TYPE_TEXT_BYTES];

    if (failed(checker))
        return unknown_type();
    if (!cel_type_is(right, CEL_LIST))
        return type_error(checker, node->args[1]->begin, cel_type_of(CEL_BOOL), "'in' looks into a list, found %s",
                          cel_type_text(right, b));
    if (!cel_type_can_equal(left, cel_type_element(right)))
        return type_error(checker, node->place, cel_type_of(CEL_BOOL), "no %s is in a %s ('in')",
                          cel_type_text(left, a), cel_type_text(right, b));
    return cel_type_of(CEL_BOOL);
}

static const struct arithmetic {
    enum node_op op;
    enum cel_kind left, right, result;
} arithmetic[] = {
    {OP_ADD, CEL_INT, CEL_INT, CEL_INT},
    {OP_ADD, CEL_UINT, CEL_UINT, CEL_UINT},
    {OP_ADD, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE},
    {OP_ADD, CEL_STRING, CEL_STRING, CEL_STRING},
    {OP_ADD, CEL_BYTES, CEL_BYTES, CEL_BYTES},
    {OP_ADD, CEL_LIST, CEL_LIST, CEL_LIST},
    {OP_ADD, CEL_TIMESTAMP, CEL_DURATION, CEL_TIMESTAMP},
    {OP_ADD, CEL_DURATION, CEL_TIMESTAMP, CEL_TIMESTAMP},
    {OP_ADD, CEL_DURATION, CEL_DURATION, CEL_DURATION},
    {OP_SUBTRACT, CEL_INT, CEL_INT, CEL_INT},
    {OP_SUBTRACT, CEL_UINT, CEL_UINT, CEL_UINT},
    {OP_SUBTRACT, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE},
    {OP_SUBTRACT, CEL_TIMESTAMP, CEL_DURATION, CEL_TIMESTAMP},
    {OP_SUBTRACT, CEL_TIMESTAMP, CEL_TIMESTAMP, CEL_DURATION},
    {OP_SUBTRACT, CEL_DURATION, CEL_DURATION, CEL_DURATION},
    {OP_MULTIPLY, CEL_INT, CEL_INT, CEL_INT},
    {OP_MULTIPLY, CEL_UINT, CEL_UINT, CEL_UINT},
    {OP_MULTIPLY, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE},
    {OP_DIVIDE, CEL_INT, CEL_INT, CEL_INT},
    {OP_DIVIDE, CEL_UINT, CEL_UINT, CEL_UINT},
    {OP_DIVIDE, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE},
    {OP_MODULO, CEL_INT, CEL_INT, CEL_INT},
    {OP_MODULO, CEL_UINT, CEL_UINT, CEL_UINT},
};

static struct cel_type check_arithmetic(struct checker *checker, struct node *node)
{
    struct cel_type left = check(checker, node->args[0]);
    struct cel_type right = check(checker, node->args[1]);
    char a[TYPE_TEXT_BYTES], b[TYPE_TEXT_BYTES];
    enum cel_kind result = CEL_ERROR;

    if (failed(checker))
        return unknown_type();
    for (size_t i = 0; i < ARRAY_LENGTH(arithmetic); i++) {
        const struct arithmetic *row = &arithmetic[i];
        if (row->op != node->op || !cel_type_is(left, row->left) || !cel_type_is(right, row->right))
            continue;
        result = result == CEL_ERROR || result == row->result ? row->result : CEL_DYN;
    }
    if (result == CEL_LIST)
        return cel_type_join(left, right);
    if (result != CEL_ERROR)
        return cel_type_of(result);
    bool mixed = left.kind != right.kind && cel_kind_is_number(left.kind) && cel_kind_is_number(right.kind);
    return type_error(checker, node->place, unknown_type(), "'%s' does not take %s and %s%s", cel_op_sign(node->op),
                      cel_type_text(left, a), cel_type_text(right, b),
                      mixed ? "; convert one with int() or double()" : "");
}

static struct cel_type check_negate(struct checker *checker, struct node *node)
{
    struct cel_type type = check(checker, node->args[0]);
    char text[TYPE_TEXT_BYTES];

    if (failed(checker) || cel_type_is(type, CEL_INT) || type.kind == CEL_DOUBLE)
        return type;
    return type_error(checker, node->place, unknown_type(), "'-' does not take %s", cel_type_text(type, text));
}

static struct cel_type check_index(struct checker *checker, struct node *node)
{
    struct cel_type list = check(checker, node->args[0]);
    struct cel_type index = check(checker, node->args[1]);
    char text[TYPE_TEXT_BYTES];

    if (failed(checker))
        return unknown_type();
    if (!cel_type_is(list, CEL_LIST))
        return type_error(checker, node->place, unknown_type(), "'[]' takes an element of a list, found %s",
                          cel_type_text(list, text));
    if (!cel_type_is(index, CEL_INT) && index.kind != CEL_UINT)
        return type_error(checker, node->args[1]->begin, cel_type_element(list),
                          "the index of a list is an int, found %s", cel_type_text(index, text));
    return cel_type_element(list);
}

static struct cel_type check_list(struct checker *checker, struct node *node)
{
    struct cel_type element = cel_type_of(CEL_DYN);

    for (uint32_t i = 0; i < node->arg_count; i++) {
        struct cel_type type = check(checker, node->args[i]);
        if (failed(checker))
            return unknown_type();
        element = i == 0 ? type : cel_type_join(element, type);
    }
    return cel_type_list(element.nullable ? CEL_DYN : element.kind);
}

/* Functions. */

static struct cel_type wrong_arguments(struct checker *checker, struct node *node)
{
    char types[160] = "", text[TYPE_TEXT_BYTES];
    size_t used = 0;

    for (uint32_t i = 0; i < node->arg_count; i++) {
        int len = snprintf(types + used, sizeof(types) - used, "%s%s", i > 0 ? ", " : "",
                           cel_type_text(node->args[i]->type, text));
        if (len < 0 || (size_t)len >= sizeof(types) - used)
            break;
        used += (size_t)len;
    }
    return type_error(checker, node->place, unknown_type(), "%s%.*s() does not take (%s)", node->is_method ? "." : "",
                      (int)node->name.len, node->name.data, types);
}

static struct cel_type unknown_function(struct checker *checker, struct node *node)
{
    const char *nearest = cel_function_suggest(node->name);
    int len = node->name.len > 60 ? 60 : (int)node->name.len;

    if (nearest != NULL)
        return name_error(checker, node, "unknown function '%.*s', did you mean '%s'?", len, node->name.data, nearest);
    return name_error(checker, node, "unknown function '%.*s'", len, node->name.data);
}

static struct cel_type check_call(struct checker *checker, struct node *node)
{
    size_t overload_count;
    const struct function *overloads = cel_function_find(node->name, &overload_count);
    struct cel_type result = cel_type_of(CEL_ERROR);

    if (overloads == NULL)
        return unknown_function(checker, node);
    for (uint32_t i = 0; i < node->arg_count; i++)
        check(checker, node->args[i]);
    if (failed(checker))
        return unknown_type();
    for (size_t i = 0; i < overload_count; i++) {
        if (!cel_function_takes(&overloads[i], node))
            continue;
        struct cel_type type = cel_type_of(overloads[i].result);
        result = result.kind == CEL_ERROR ? type : cel_type_join(result, type);
    }
    if (node->arg_count == 0 || node->arg_count > FUNCTION_ARG_MAX)
        return name_error(checker, node, "%.*s() does not take %u arguments", (int)node->name.len, node->name.data,
                          node->arg_count);
    node->function = overloads;
    return result.kind == CEL_ERROR ? wrong_arguments(checker, node) : result;
}

static struct cel_type macro_result(const struct node *node, struct cel_type list, struct cel_type body)
{
    switch ((enum macro)node->macro) {
    case MACRO_FILTER:
        return list.kind == CEL_LIST ? list : cel_type_of(CEL_LIST);
    case MACRO_MAP:
        return cel_type_list(body.nullable ? CEL_DYN : body.kind);
    default:
        return cel_type_of(CEL_BOOL);
    }
}

static struct cel_type check_macro(struct checker *checker, struct node *node)
{
    struct cel_type list = check(checker, node->args[0]);
    char text[TYPE_TEXT_BYTES];

    if (failed(checker))
        return unknown_type();
    if (!cel_type_is(list, CEL_LIST))
        type_error(checker, node->place, unknown_type(), "this macro takes a list, found %s",
                   cel_type_text(list, text));
    if (checker->local_count == CEL_LOCAL_MAX_COUNT) {
        cel_compiler_fail(checker->compiler, -E2BIG, node->begin, "macros are nested more than %d levels deep",
                          CEL_LOCAL_MAX_COUNT);
        return unknown_type();
    }
    node->local = checker->local_count;
    checker->locals[checker->local_count].name = node->name;
    checker->locals[checker->local_count++].type = cel_type_element(list);
    struct cel_type body = cel_type_of(CEL_DYN);
    for (uint32_t i = 1; i < node->arg_count && !failed(checker); i++) {
        bool is_condition = node->macro != MACRO_MAP || i + 1 < node->arg_count;
        body = check(checker, node->args[i]);
        if (!failed(checker) && is_condition && !cel_type_is(body, CEL_BOOL))
            type_error(checker, node->args[i]->begin, cel_type_of(CEL_BOOL),
                       "the condition of a macro must be bool, found %s", cel_type_text(body, text));
    }
    checker->local_count--;
    return macro_result(node, list, body);
}

static struct cel_type check_op(struct checker *checker, struct node *node)
{
    switch ((enum node_op)node->op) {
    case OP_CONSTANT:
        return cel_type_of_value(&node->constant);
    case OP_NAME:
        return check_name(checker, node);
    case OP_SELECT:
        return check_select(checker, node);
    case OP_HAS:
        return check_has(checker, node);
    case OP_LIST:
        return check_list(checker, node);
    case OP_INDEX:
        return check_index(checker, node);
    case OP_CALL:
        return check_call(checker, node);
    case OP_MACRO:
        return check_macro(checker, node);
    case OP_CHOOSE:
        return check_choice(checker, node);
    case OP_OR:
    case OP_AND:
    case OP_NOT:
        return check_logic(checker, node);
    case OP_NEGATE:
        return check_negate(checker, node);
    case OP_EQ:
    case OP_NE:
        return check_equality(checker, node);
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        return check_order(checker, node);
    case OP_IN:
        return check_in(checker, node);
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_MODULO:
        return check_arithmetic(checker, node);
    case OP_FAILURE:
    case OP_SLOT:
    case OP_LOCAL:
        break;
    }
    return unknown_type();
}

static struct cel_type check(struct checker *checker, struct node *node)
{
    node->type = check_op(checker, node);
    return node->type;
}

int cel_program_check(struct compiler *compiler)
{
    struct checker checker = {.compiler = compiler};
    struct node *root = compiler->program->root;
    char text[TYPE_TEXT_BYTES];

    struct cel_type type = check(&checker, root);
    if (compiler->status == 0 && (compiler->flags & CEL_WANT_BOOL) && !cel_type_is(type, CEL_BOOL))
        type_error(&checker, root->begin, type, "a condition must be bool, this is %s", cel_type_text(type, text));
    return compiler->status;
}
