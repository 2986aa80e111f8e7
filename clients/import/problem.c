/*
 * problem.c - why a list cannot be trusted.
 */
#include "problem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "text.h"

int problem_set(problem *p, const char *file, uint64_t line, const char *format, ...)
{
    char raw[sizeof p->text];
    va_list arguments;
    va_start(arguments, format);
    int head = line > 0 ? snprintf(raw, sizeof raw, "%.200s:%" PRIu64 ": ", file, line)
                        : snprintf(raw, sizeof raw, "%.200s: ", file);
    vsnprintf(raw + head, sizeof raw - (size_t)head, format, arguments);
    va_end(arguments);
    text_clean(raw, (size_t)-1, p->text, sizeof p->text);
    return -EBADMSG;
}
