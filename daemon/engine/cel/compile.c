/* compile.c: from text to program, and the life of a program. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a program of so much text needs, about: rule sets hold a hundred thousand of them. */
#define PROGRAM_FIRST_BYTES 192
#define ARENA_BYTES_PER_TEXT_BYTE 14
#define GUESSED_TEXT_MAX_BYTES 4096

static int refuse_text(struct cel_error *error, int status, const char *text)
{
    *error = (struct cel_error){.line = 1, .column = 1};
    snprintf(error->text, sizeof(error->text), "%s", text);
    return status;
}

static int program_new(const char *text, size_t len, struct cel_program **ret_program)
{
    struct cel_program *program = calloc(1, sizeof(*program));

    if (program == NULL)
        return -ENOMEM;
    size_t guess = len < GUESSED_TEXT_MAX_BYTES ? len : GUESSED_TEXT_MAX_BYTES;
    program->arena.first_bytes = PROGRAM_FIRST_BYTES + guess * ARENA_BYTES_PER_TEXT_BYTE;
    program->text = (struct cel_text){cel_arena_copy(&program->arena, text, len), len};
    if (program->text.data == NULL) {
        cel_program_free(program);
        return -ENOMEM;
    }
    *ret_program = program;
    return 0;
}

static int build(struct compiler *compiler)
{
    struct cel_text text = compiler->program->text;
    size_t valid_bytes = cel_utf8_check(text.data, text.len);

    if (valid_bytes < text.len)
        return cel_compiler_fail(compiler, -EINVAL, valid_bytes, "found a byte that is not UTF-8");
    int r = cel_program_parse(compiler);
    if (r == 0)
        r = cel_program_check(compiler);
    if (r == 0)
        r = cel_program_fold(compiler);
    if (r == 0)
        r = cel_program_find_slots(compiler);
    if (r == 0)
        r = cel_program_find_constraints(compiler);
    return r;
}

int cel_compile(const struct cel_env *env, const char *text, size_t len, unsigned flags,
                struct cel_program **ret_program, struct cel_error *ret_error)
{
    struct compiler compiler = {.env = env, .flags = flags, .error = ret_error};

    *ret_error = (struct cel_error){0};
    if (len > CEL_SOURCE_MAX_BYTES)
        return refuse_text(ret_error, -E2BIG, "the expression has more than 16 MiB");
    if (program_new(text, len, &compiler.program) < 0)
        return refuse_text(ret_error, -ENOMEM, "out of memory");
    int r = cel_evaluator_new(&compiler.evaluator);
    if (r < 0)
        refuse_text(ret_error, r, "out of memory");
    else
        r = build(&compiler);
    cel_evaluator_free(compiler.evaluator);
    if (r < 0) {
        cel_program_free(compiler.program);
        return r;
    }
    *ret_program = compiler.program;
    return 0;
}

struct cel_program *cel_program_free(struct cel_program *program)
{
    if (program == NULL)
        return NULL;
    cel_arena_clear(&program->arena);
    free(program);
    return NULL;
}

struct cel_text cel_program_text(const struct cel_program *program)
{
    return program->text;
}

bool cel_program_constant(const struct cel_program *program, bool *ret_verdict)
{
    const struct node *root = program->root;

    if (root->op != OP_CONSTANT || root->constant.kind != CEL_BOOL)
        return false;
    *ret_verdict = root->constant.boolean;
    return true;
}
