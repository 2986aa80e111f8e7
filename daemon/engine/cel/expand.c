/* expand.c: calls that are no functions: has() and the macros over lists. */
#include "internal.h"

#include <errno.h>
#include <string.h>

/* has(e.f) asks about the selection, instead of making it. */
static int expand_has(struct compiler *compiler, struct node *call)
{
    if (call->arg_count != 1 || call->args[0]->op != OP_SELECT)
        return cel_compiler_fail(compiler, -EINVAL, call->begin, "has() takes one field, as in has(freed.min)");
    call->op = OP_HAS;
    return 0;
}

static bool find_macro(struct cel_text name, uint32_t arg_count, enum macro *ret_macro)
{
    static const struct {
        const char *name;
        uint32_t min_args, max_args;
        enum macro macro;
    } macros[] = {
        {"all", 2, 2, MACRO_ALL},       {"exists", 2, 2, MACRO_EXISTS},
        {"filter", 2, 2, MACRO_FILTER}, {"exists_one", 2, 2, MACRO_EXISTS_ONE},
        {"map", 2, 3, MACRO_MAP},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(macros); i++) {
        if (!text_is(name, macros[i].name))
            continue;
        *ret_macro = macros[i].macro;
        return arg_count >= macros[i].min_args && arg_count <= macros[i].max_args;
    }
    return false;
}

/* list.exists(x, condition): the operands become the list and what is evaluated with x. */
static int expand_macro(struct compiler *compiler, struct node *call, enum macro macro)
{
    const struct node *variable = call->args[1];
    int len = (int)call->name.len;

    if (variable->op != OP_NAME || variable->is_root)
        return cel_compiler_fail(compiler, -EINVAL, variable->begin,
                                 "the first argument of %.*s() is a new name for the elements, "
                                 "as in list.%.*s(x, x > 1)",
                                 len, call->name.data, len, call->name.data);
    call->op = OP_MACRO;
    call->macro = macro;
    call->name = variable->name;
    for (uint32_t i = 1; i + 1 < call->arg_count; i++)
        call->args[i] = call->args[i + 1];
    call->arg_count--;
    return 0;
}

int cel_expand_call(struct compiler *compiler, struct node *call)
{
    enum macro macro;

    if (!call->is_method)
        return text_is(call->name, "has") ? expand_has(compiler, call) : 0;
    if (find_macro(call->name, call->arg_count - 1, &macro))
        return expand_macro(compiler, call, macro);
    return 0;
}
