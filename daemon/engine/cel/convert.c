/* convert.c: the functions named after types. */
#include "internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUMBER_MAX_BYTES 512
#define SHOWN_BYTES 40

static struct cel_value bad_text(const struct call *call, const char *wanted)
{
    struct cel_text text = call->args[0].text;

    return cel_error_format(call->evaluator, "\"%.*s\" is not %s", text.len > SHOWN_BYTES ? SHOWN_BYTES : (int)text.len,
                            text.data, wanted);
}

static struct cel_value out_of_range(const struct call *call, const char *type)
{
    char shown[SHOWN_BYTES];

    cel_value_format(&call->args[0], shown, sizeof(shown));
    return cel_error_format(call->evaluator, "%s is out of the range of %s", shown, type);
}

/* Copies a number's text, which strtoX() wants terminated; false for what they would skip. */
static bool number_copy(struct cel_text text, char *buffer)
{
    if (text.len == 0 || text.len > NUMBER_MAX_BYTES || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(buffer, text.data, text.len);
    buffer[text.len] = '\0';
    return strchr(" \t\n\v\f\r", buffer[0]) == NULL;
}

struct cel_value cel_convert_int(const struct call *call)
{
    const struct cel_value *from = &call->args[0];
    char buffer[NUMBER_MAX_BYTES + 1], *end;

    switch (from->kind) {
    case CEL_UINT:
        if (from->unsigned_integer > INT64_MAX)
            return out_of_range(call, "int");
        return cel_int((int64_t)from->unsigned_integer);
    case CEL_DOUBLE: /* both ends are excluded, as a double cannot tell them from their neighbours */
        if (!(from->real > -9223372036854775808.0 && from->real < 9223372036854775808.0))
            return out_of_range(call, "int");
        return cel_int((int64_t)from->real);
    case CEL_TIMESTAMP:
        return cel_int(from->seconds);
    case CEL_STRING:
        if (!number_copy(from->text, buffer))
            return bad_text(call, "an int");
        errno = 0;
        long long number = strtoll(buffer, &end, 10);
        if (*end != '\0' || end == buffer)
            return bad_text(call, "an int");
        return errno == ERANGE ? out_of_range(call, "int") : cel_int(number);
    default:
        return *from;
    }
}

struct cel_value cel_convert_uint(const struct call *call)
{
    const struct cel_value *from = &call->args[0];
    struct cel_value value = {.kind = CEL_UINT};
    char buffer[NUMBER_MAX_BYTES + 1], *end;

    switch (from->kind) {
    case CEL_INT:
        if (from->integer < 0)
            return out_of_range(call, "uint");
        value.unsigned_integer = (uint64_t)from->integer;
        return value;
    case CEL_DOUBLE:
        if (!(from->real >= 0 && from->real < 18446744073709551616.0))
            return out_of_range(call, "uint");
        value.unsigned_integer = (uint64_t)from->real;
        return value;
    case CEL_STRING:
        if (!number_copy(from->text, buffer) || buffer[0] < '0' || buffer[0] > '9')
            return bad_text(call, "a uint");
        errno = 0;
        value.unsigned_integer = strtoull(buffer, &end, 10);
        if (*end != '\0')
            return bad_text(call, "a uint");
        return errno == ERANGE ? out_of_range(call, "uint") : value;
    default:
        return *from;
    }
}

/* Decimal numbers and the words for what is none; no hexadecimal, which strtod() would take. */
static bool parse_double(const char *text, double *ret_real)
{
    static const char *const words[] = {"inf", "infinity", "nan"};
    const char *digits = text + (*text == '+' || *text == '-');
    char *end;

    if (strspn(digits, "0123456789.eE+-") != strlen(digits)) {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
            known = known || strcasecmp(digits, words[i]) == 0;
        if (!known)
            return false;
    }
    *ret_real = strtod(text, &end);
    return end != text && *end == '\0';
}

struct cel_value cel_convert_double(const struct call *call)
{
    const struct cel_value *from = &call->args[0];
    char buffer[NUMBER_MAX_BYTES + 1];
    double real;

    switch (from->kind) {
    case CEL_INT:
        return cel_double((double)from->integer);
    case CEL_UINT:
        return cel_double((double)from->unsigned_integer);
    case CEL_STRING:
        if (!number_copy(from->text, buffer) || !parse_double(buffer, &real))
            return bad_text(call, "a double");
        if (isinf(real) && strpbrk(buffer, "0123456789") != NULL)
            return out_of_range(call, "double");
        return cel_double(real);
    default:
        return *from;
    }
}

static struct cel_value made_string(const struct call *call, const char *text, size_t len)
{
    const char *copy = cel_arena_copy(&call->evaluator->scratch, text, len);

    return copy != NULL ? cel_string(copy, len) : cel_evaluator_no_memory(call->evaluator);
}

struct cel_value cel_convert_string(const struct call *call)
{
    const struct cel_value *from = &call->args[0];
    char buffer[64];
    size_t len;

    switch (from->kind) {
    case CEL_BOOL:
        return from->boolean ? cel_string("true", 4) : cel_string("false", 5);
    case CEL_INT:
        len = (size_t)snprintf(buffer, sizeof(buffer), "%lld", (long long)from->integer);
        break;
    case CEL_UINT:
        len = (size_t)snprintf(buffer, sizeof(buffer), "%llu", (unsigned long long)from->unsigned_integer);
        break;
    case CEL_DOUBLE:
        len = cel_double_text(from->real, buffer, sizeof(buffer));
        break;
    case CEL_TIMESTAMP:
        len = cel_timestamp_text(from, buffer);
        break;
    case CEL_DURATION:
        len = cel_duration_text(from, buffer);
        break;
    case CEL_BYTES:
        if (cel_utf8_check(from->text.data, from->text.len) != from->text.len)
            return cel_error_format(call->evaluator, "the bytes are not UTF-8");
        return cel_string(from->text.data, from->text.len);
    default:
        return *from;
    }
    return made_string(call, buffer, len);
}

struct cel_value cel_convert_bytes(const struct call *call)
{
    return (struct cel_value){.kind = CEL_BYTES, .text = call->args[0].text};
}

struct cel_value cel_convert_bool(const struct call *call)
{
    static const struct {
        const char *text;
        bool boolean;
    } words[] = {
        {"1", true},  {"t", true},  {"T", true},  {"true", true},   {"TRUE", true},   {"True", true},
        {"0", false}, {"f", false}, {"F", false}, {"false", false}, {"FALSE", false}, {"False", false},
    };
    const struct cel_value *from = &call->args[0];

    if (from->kind == CEL_BOOL)
        return *from;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strlen(words[i].text) == from->text.len && memcmp(words[i].text, from->text.data, from->text.len) == 0)
            return cel_bool(words[i].boolean);
    return bad_text(call, "a bool; true, True, TRUE, t, 1 and false, False, FALSE, f, 0 are");
}

struct cel_value cel_convert_timestamp(const struct call *call)
{
    const struct cel_value *from = &call->args[0];
    struct cel_value value;

    switch (from->kind) {
    case CEL_INT:
        if (from->integer < TIMESTAMP_MIN_SECONDS || from->integer > TIMESTAMP_MAX_SECONDS)
            return out_of_range(call, "timestamp, the years 1 to 9999");
        return cel_timestamp(from->integer, 0);
    case CEL_STRING: {
        int r = cel_timestamp_parse(from->text.data, from->text.len, &value);
        if (r == -ERANGE)
            return out_of_range(call, "timestamp, the years 1 to 9999");
        if (r < 0)
            return bad_text(call, "a timestamp as 2024-07-01T09:00:00Z");
        return value;
    }
    default:
        return *from;
    }
}

struct cel_value cel_convert_duration(const struct call *call)
{
    const struct cel_value *from = &call->args[0];
    struct cel_value value;

    if (from->kind != CEL_STRING)
        return *from;
    int r = cel_duration_parse(from->text.data, from->text.len, &value);
    if (r == -ERANGE)
        return out_of_range(call, "duration, about 292 years");
    if (r < 0)
        return bad_text(call, "a duration as 1h30m; the units are h, m, s, ms, us and ns");
    return value;
}

struct cel_value cel_convert_same(const struct call *call)
{
    return call->args[0];
}

struct cel_value cel_convert_type(const struct call *call)
{
    return (struct cel_value){.kind = CEL_TYPE, .type = call->args[0].kind};
}
