/* errors.c: what is said where a text does not compile, or an evaluation has no answer. */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cel_lexer_fail(struct lexer *lexer, size_t offset_bytes, const char *format, ...)
{
    va_list args;

    lexer->error->offset_bytes = offset_bytes;
    va_start(args, format);
    vsnprintf(lexer->error->text, sizeof(lexer->error->text), format, args);
    va_end(args);
    return -EINVAL;
}

/* Line and column of the error's offset. */
static void locate(struct cel_error *error, struct cel_text text)
{
    size_t offset = error->offset_bytes < text.len ? error->offset_bytes : text.len;
    size_t line_begin = 0;

    error->line = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text.data[i] != '\n')
            continue;
        error->line++;
        line_begin = i + 1;
    }
    error->column = (unsigned)cel_utf8_count(text.data + line_begin, offset - line_begin) + 1;
}

int cel_compiler_fail(struct compiler *compiler, int status, size_t offset_bytes, const char *format, ...)
{
    va_list args;

    if (compiler->status < 0)
        return compiler->status;
    compiler->status = status;
    compiler->error->offset_bytes = offset_bytes;
    if (format != NULL) { /* otherwise the text is there already */
        va_start(args, format);
        vsnprintf(compiler->error->text, sizeof(compiler->error->text), format, args);
        va_end(args);
    }
    size_t len = cel_utf8_check(compiler->error->text, strlen(compiler->error->text));
    compiler->error->text[len] = '\0'; /* no half character where it was cut */
    locate(compiler->error, compiler->program->text);
    return status;
}

int cel_compiler_no_memory(struct compiler *compiler)
{
    if (compiler->status == 0)
        cel_compiler_fail(compiler, -ENOMEM, 0, "out of memory");
    return compiler->status;
}

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
