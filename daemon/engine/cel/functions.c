/* functions.c: the table of functions, and those on strings and lists. */
#include "internal.h"

#include <errno.h>
#include <string.h>

#define BYTES_PER_STEP 64

static struct cel_value size_of_string(const struct call *call)
{
    struct cel_text text = call->args[0].text;

    if (cel_evaluator_spend(call->evaluator, text.len / BYTES_PER_STEP))
        return cel_evaluator_exhausted();
    return cel_int((int64_t)cel_utf8_count(text.data, text.len));
}

static struct cel_value size_of_bytes(const struct call *call)
{
    return cel_int((int64_t)call->args[0].text.len);
}

static struct cel_value size_of_list(const struct call *call)
{
    return cel_int((int64_t)call->args[0].list.count);
}

static struct cel_value string_contains(const struct call *call)
{
    struct cel_text text = call->args[0].text, part = call->args[1].text;

    if (cel_evaluator_spend(call->evaluator, (text.len + part.len) / BYTES_PER_STEP))
        return cel_evaluator_exhausted();
    return cel_bool(part.len == 0 || memmem(text.data, text.len, part.data, part.len) != NULL);
}

static struct cel_value string_starts_with(const struct call *call)
{
    struct cel_text text = call->args[0].text, part = call->args[1].text;

    return cel_bool(part.len == 0 ||
                    (part.len <= text.len && memcmp(text.data, part.data, part.len) == 0));
}

static struct cel_value string_ends_with(const struct call *call)
{
    struct cel_text text = call->args[0].text, part = call->args[1].text;

    return cel_bool(part.len == 0 ||
                    (part.len <= text.len &&
                     memcmp(text.data + text.len - part.len, part.data, part.len) == 0));
}

#define PATTERN_COMPILE_STEPS 5000

static struct cel_value match(struct cel_evaluator *evaluator, const struct pattern *pattern,
                              struct cel_text text)
{
    if (cel_evaluator_spend(evaluator, pattern_cost_steps(pattern, text.len)))
        return cel_evaluator_exhausted();
    int r = pattern_matches(pattern, text.data, text.len);
    return r < 0 ? cel_evaluator_no_memory(evaluator) : cel_bool(r > 0);
}

static struct cel_value string_matches(const struct call *call)
{
    struct cel_evaluator *evaluator = call->evaluator;
    struct cel_text text = call->args[0].text, pattern = call->args[1].text;
    struct pattern_problem problem;
    struct pattern *made;

    if (call->node->pattern != NULL)
        return match(evaluator, call->node->pattern, text);
    /* A pattern that is not constant is compiled for each evaluation. */
    if (cel_evaluator_spend(evaluator, PATTERN_COMPILE_STEPS))
        return cel_evaluator_exhausted();
    int r = pattern_new(pattern.data, pattern.len, &made, &problem);
    if (r == 0)
        r = cel_arena_take(&evaluator->scratch, made, pattern_leave);
    if (r == -ENOMEM)
        return cel_evaluator_no_memory(evaluator);
    if (r < 0)
        return cel_error_format(evaluator, "the pattern of matches() is wrong: %s", problem.text);
    return match(evaluator, made, text);
}

#define ANY 0xffff
#define BOOL KIND_BIT(CEL_BOOL)
#define INT KIND_BIT(CEL_INT)
#define UINT KIND_BIT(CEL_UINT)
#define DOUBLE KIND_BIT(CEL_DOUBLE)
#define STRING KIND_BIT(CEL_STRING)
#define BYTES KIND_BIT(CEL_BYTES)
#define TIME KIND_BIT(CEL_TIMESTAMP)
#define SPAN KIND_BIT(CEL_DURATION)
#define LIST KIND_BIT(CEL_LIST)

#define SELECTOR(name, run)                                                                        \
    {name, true, 1, {TIME, 0}, CEL_INT, run},                                                      \
    {                                                                                              \
        name, true, 2, {TIME, STRING}, CEL_INT, run                                                \
    }

/* The rows of one name stand together; thaw-rules(5) names the functions. */
static const struct function functions[] = {
    {"bool", false, 1, {BOOL | STRING, 0}, CEL_BOOL, cel_convert_bool},
    {"bytes", false, 1, {BYTES | STRING, 0}, CEL_BYTES, cel_convert_bytes},
    {"contains", true, 2, {STRING, STRING}, CEL_BOOL, string_contains},
    {"double", false, 1, {INT | UINT | DOUBLE | STRING, 0}, CEL_DOUBLE, cel_convert_double},
    {"duration", false, 1, {SPAN | STRING, 0}, CEL_DURATION, cel_convert_duration},
    {"dyn", false, 1, {ANY, 0}, CEL_DYN, cel_convert_same},
    {"endsWith", true, 2, {STRING, STRING}, CEL_BOOL, string_ends_with},
    SELECTOR("getDate", cel_select_date),
    SELECTOR("getDayOfMonth", cel_select_day_of_month),
    SELECTOR("getDayOfWeek", cel_select_day_of_week),
    SELECTOR("getDayOfYear", cel_select_day_of_year),
    SELECTOR("getFullYear", cel_select_full_year),
    SELECTOR("getHours", cel_select_hours),
    {"getHours", true, 1, {SPAN, 0}, CEL_INT, cel_select_hours},
    SELECTOR("getMilliseconds", cel_select_milliseconds),
    {"getMilliseconds", true, 1, {SPAN, 0}, CEL_INT, cel_select_milliseconds},
    SELECTOR("getMinutes", cel_select_minutes),
    {"getMinutes", true, 1, {SPAN, 0}, CEL_INT, cel_select_minutes},
    SELECTOR("getMonth", cel_select_month),
    SELECTOR("getSeconds", cel_select_seconds),
    {"getSeconds", true, 1, {SPAN, 0}, CEL_INT, cel_select_seconds},
    {"int", false, 1, {INT | UINT | DOUBLE | STRING | TIME, 0}, CEL_INT, cel_convert_int},
    {"matches", true, 2, {STRING, STRING}, CEL_BOOL, string_matches},
    {"matches", false, 2, {STRING, STRING}, CEL_BOOL, string_matches},
    {"size", true, 1, {STRING, 0}, CEL_INT, size_of_string},
    {"size", true, 1, {BYTES, 0}, CEL_INT, size_of_bytes},
    {"size", true, 1, {LIST, 0}, CEL_INT, size_of_list},
    {"size", false, 1, {STRING, 0}, CEL_INT, size_of_string},
    {"size", false, 1, {BYTES, 0}, CEL_INT, size_of_bytes},
    {"size", false, 1, {LIST, 0}, CEL_INT, size_of_list},
    {"startsWith", true, 2, {STRING, STRING}, CEL_BOOL, string_starts_with},
    {"string",
     false,
     1,
     {BOOL | INT | UINT | DOUBLE | STRING | BYTES | TIME | SPAN, 0},
     CEL_STRING,
     cel_convert_string},
    {"timestamp", false, 1, {TIME | STRING | INT, 0}, CEL_TIMESTAMP, cel_convert_timestamp},
    {"type", false, 1, {ANY, 0}, CEL_TYPE, cel_convert_type},
    {"uint", false, 1, {INT | UINT | DOUBLE | STRING, 0}, CEL_UINT, cel_convert_uint},
};

const struct function *cel_function_find(struct cel_text name, size_t *ret_count)
{
    const struct function *first = NULL;

    *ret_count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        if (strlen(functions[i].name) != name.len ||
            memcmp(functions[i].name, name.data, name.len) != 0)
            continue;
        if (first == NULL)
            first = &functions[i];
        (*ret_count)++;
    }
    return first;
}

const char *cel_function_suggest(struct cel_text name)
{
    const char *nearest = NULL;
    unsigned best = UINT32_MAX;

    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++)
        if (cel_name_is_nearer(name, functions[i].name, &best))
            nearest = functions[i].name;
    return nearest;
}

bool cel_function_takes(const struct function *function, const struct node *call)
{
    if (function->is_method != call->is_method || function->arg_count != call->arg_count)
        return false;
    for (uint32_t i = 0; i < call->arg_count; i++) {
        enum cel_kind kind = call->args[i]->type.kind;
        if (kind != CEL_DYN && !(function->args[i] & KIND_BIT(kind)))
            return false;
    }
    return true;
}

static bool takes_values(const struct function *function, const struct node *node,
                         const struct cel_value *args)
{
    if (function->is_method != node->is_method || function->arg_count != node->arg_count)
        return false;
    for (uint32_t i = 0; i < node->arg_count; i++)
        if (!(function->args[i] & KIND_BIT(args[i].kind)))
            return false;
    return true;
}

struct cel_value cel_function_call(struct cel_evaluator *evaluator, const struct node *node,
                                   const struct cel_value *args)
{
    struct call call = {.evaluator = evaluator, .node = node, .args = args};
    const struct function *end = functions + ARRAY_LENGTH(functions);

    for (const struct function *function = node->function;
         function < end && strcmp(function->name, node->function->name) == 0; function++)
        if (takes_values(function, node, args))
            return function->run(&call); /* cppcheck-suppress returnDanglingLifetime */
    return cel_error_overload(evaluator, node->function->name, args, node->arg_count);
}
