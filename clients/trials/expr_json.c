/* expr_json.c: see expr_json.h. */
#include "trials/expr_json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/files/zonefile.h"

struct reader {
    bool plain;
    char *problem;
    size_t problem_bytes;
};

static int value_read(struct reader *reader, const json_t *json, unsigned depth,
                      struct cel_value *ret_value);

static int __attribute__((format(printf, 3, 4)))
wrong(struct reader *reader, int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(reader->problem, reader->problem_bytes, format, args);
    va_end(args);
    return status;
}

/* Reading. */

static int read_int(struct reader *reader, const json_t *json, struct cel_value *ret_value)
{
    char *end;

    if (json_is_integer(json)) {
        *ret_value = cel_int(json_integer_value(json));
        return 0;
    }
    const char *text = json_string_value(json);
    if (text == NULL || strspn(text, "-0123456789") != strlen(text))
        return wrong(reader, -EINVAL, "an int is a decimal string, as {\"int\": \"5\"}");
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE)
        return wrong(reader, -ERANGE, "\"%.40s\" is no 64-bit int", text);
    *ret_value = cel_int(number);
    return 0;
}

static int read_uint(struct reader *reader, const json_t *json, struct cel_value *ret_value)
{
    const char *text = json_string_value(json);
    char *end;

    *ret_value = (struct cel_value){.kind = CEL_UINT};
    if (json_is_integer(json) && json_integer_value(json) >= 0) {
        ret_value->unsigned_integer = (uint64_t)json_integer_value(json);
        return 0;
    }
    if (text == NULL || *text == '\0' || strspn(text, "0123456789") != strlen(text))
        return wrong(reader, -EINVAL, "a uint is a decimal string, as {\"uint\": \"5\"}");
    errno = 0;
    ret_value->unsigned_integer = strtoull(text, &end, 10);
    return errno == ERANGE ? wrong(reader, -ERANGE, "\"%.40s\" is no 64-bit uint", text) : 0;
}

static int read_double(struct reader *reader, const json_t *json, struct cel_value *ret_value)
{
    static const struct {
        const char *text;
        double real;
    } words[] = {
        {"inf", INFINITY},        {"Infinity", INFINITY}, {"+inf", INFINITY}, {"-inf", -INFINITY},
        {"-Infinity", -INFINITY}, {"nan", NAN},           {"NaN", NAN},
    };
    const char *text = json_string_value(json);

    if (json_is_number(json)) {
        *ret_value = cel_double(json_number_value(json));
        return 0;
    }
    for (size_t i = 0; text != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i].text) != 0)
            continue;
        *ret_value = cel_double(words[i].real);
        return 0;
    }
    return wrong(reader, -EINVAL, "a double is a number, \"inf\", \"-inf\" or \"nan\"");
}

static int read_time(struct reader *reader, const json_t *json, struct cel_value *ret_value,
                     int (*parse)(const char *, size_t, struct cel_value *), const char *what)
{
    const char *text = json_string_value(json);

    if (text == NULL || parse(text, json_string_length(json), ret_value) < 0)
        return wrong(reader, -EINVAL, "expected %s", what);
    return 0;
}

static int read_bytes(struct reader *reader, const json_t *json, struct cel_value *ret_value)
{
    const char *text = json_string_value(json);
    size_t len = json_string_length(json) / 2;

    if (text == NULL || strspn(text, "0123456789abcdef") != len * 2 ||
        json_string_length(json) % 2 != 0)
        return wrong(reader, -EINVAL, "bytes are hexadecimal digits, as {\"bytes\": \"00ff\"}");
    char *data = malloc(len + 1);
    if (data == NULL)
        return wrong(reader, -ENOMEM, "out of memory");
    sodium_hex2bin((unsigned char *)data, len, text, len * 2, NULL, NULL, NULL);
    *ret_value = (struct cel_value){.kind = CEL_BYTES, .text = {data, len}};
    return 0;
}

static int read_type(struct reader *reader, const json_t *json, struct cel_value *ret_value)
{
    const char *name = json_string_value(json);

    for (int kind = CEL_NULL; name != NULL && kind < CEL_DYN; kind++) {
        if (strcmp(cel_kind_name((enum cel_kind)kind), name) != 0)
            continue;
        *ret_value = (struct cel_value){.kind = CEL_TYPE, .type = (enum cel_kind)kind};
        return 0;
    }
    return wrong(reader, -EINVAL, "expected the name of a type, as {\"type\": \"int\"}");
}

static int read_list(struct reader *reader, const json_t *json, unsigned depth,
                     struct cel_value *ret_value)
{
    size_t count = json_array_size(json);

    if (!json_is_array(json))
        return wrong(reader, -EINVAL, "a list is an array, as {\"list\": [{\"int\": \"5\"}]}");
    if (depth == 0)
        return wrong(reader, -EINVAL, "lists are nested more than %d levels deep",
                     EXPR_JSON_DEPTH_MAX);
    *ret_value = cel_list(NULL, 0);
    if (count == 0)
        return 0;
    struct cel_value *items = calloc(count, sizeof(*items));
    if (items == NULL)
        return wrong(reader, -ENOMEM, "out of memory");
    *ret_value = cel_list(items, count);
    for (size_t i = 0; i < count; i++) {
        int r = value_read(reader, json_array_get(json, i), depth - 1, &items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static struct cel_value string_value(const json_t *json)
{
    return cel_string(json_string_value(json), json_string_length(json));
}

static int read_typed(struct reader *reader, const char *type, const json_t *json, unsigned depth,
                      struct cel_value *ret_value)
{
    if (strcmp(type, "bool") == 0 && json_is_boolean(json)) {
        *ret_value = cel_bool(json_is_true(json));
        return 0;
    }
    if (strcmp(type, "string") == 0 && json_is_string(json)) {
        *ret_value = string_value(json);
        return 0;
    }
    if (strcmp(type, "null") == 0) {
        *ret_value = cel_null();
        return 0;
    }
    if (strcmp(type, "int") == 0)
        return read_int(reader, json, ret_value);
    if (strcmp(type, "uint") == 0)
        return read_uint(reader, json, ret_value);
    if (strcmp(type, "double") == 0)
        return read_double(reader, json, ret_value);
    if (strcmp(type, "list") == 0)
        return read_list(reader, json, depth, ret_value);
    if (strcmp(type, "timestamp") == 0)
        return read_time(reader, json, ret_value, cel_timestamp_parse,
                         "a timestamp as \"2024-07-01T09:00:00Z\"");
    if (strcmp(type, "duration") == 0)
        return read_time(reader, json, ret_value, cel_duration_parse, "a duration as \"1h30m\"");
    if (strcmp(type, "bytes") == 0)
        return read_bytes(reader, json, ret_value);
    if (strcmp(type, "type") == 0)
        return read_type(reader, json, ret_value);
    return wrong(reader, -EINVAL,
                 "\"%.40s\" is no type, or its value does not fit; expected one of bool, int, "
                 "uint, double, string, bytes, null, list, timestamp, duration, type",
                 type);
}

static int read_plain(struct reader *reader, const json_t *json, unsigned depth,
                      struct cel_value *ret_value)
{
    switch (json_typeof(json)) {
    case JSON_ARRAY:
        return read_list(reader, json, depth, ret_value);
    case JSON_STRING:
        *ret_value = string_value(json);
        return 0;
    case JSON_INTEGER:
        *ret_value = cel_int(json_integer_value(json));
        return 0;
    case JSON_REAL:
        *ret_value = cel_double(json_real_value(json));
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        *ret_value = cel_bool(json_is_true(json));
        return 0;
    default:
        *ret_value = cel_null();
        return 0;
    }
}

static int value_read(struct reader *reader, const json_t *json, unsigned depth,
                      struct cel_value *ret_value)
{
    if (!json_is_object(json)) {
        if (reader->plain)
            return read_plain(reader, json, depth, ret_value);
        return wrong(reader, -EINVAL, "expected a typed value, as {\"int\": \"5\"}");
    }
    if (json_object_size(json) != 1)
        return wrong(reader, -EINVAL,
                     "expected an object with one key, the type, as {\"int\": \"5\"}");
    void *member = json_object_iter((json_t *)json);
    return read_typed(reader, json_object_iter_key(member), json_object_iter_value(member), depth,
                      ret_value);
}

int expr_value_from_json(const json_t *json, bool plain, struct cel_value *ret_value, char *problem,
                         size_t problem_bytes)
{
    struct reader reader = {.plain = plain, .problem = problem, .problem_bytes = problem_bytes};

    *ret_value = cel_null();
    return value_read(&reader, json, EXPR_JSON_DEPTH_MAX, ret_value);
}

void expr_value_clear(struct cel_value *value)
{
    if (value->kind == CEL_BYTES)
        free((char *)value->text.data);
    for (size_t i = 0; value->kind == CEL_LIST && i < value->list.count; i++)
        expr_value_clear((struct cel_value *)&value->list.items[i]);
    if (value->kind == CEL_LIST)
        free((struct cel_value *)value->list.items);
    *value = cel_null();
}

/* Writing. */

static json_t *wrap(const char *type, json_t *json)
{
    json_t *object = json_object();

    if (json == NULL || object == NULL || json_object_set_new(object, type, json) < 0) {
        json_decref(object);
        return NULL; /* json_object_set_new() released json */
    }
    return object;
}

static json_t *double_json(double real)
{
    if (isnan(real))
        return json_string("nan");
    if (isinf(real))
        return json_string(real > 0 ? "inf" : "-inf");
    return json_real(real);
}

/* Typed JSON; {"error": "..."} of an error. NULL where memory is short. */
static json_t *value_to_json(const struct cel_value *value);

static json_t *list_json(const struct cel_value *value)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < value->list.count; i++) {
        if (json_array_append_new(array, value_to_json(&value->list.items[i])) == 0)
            continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *bytes_json(struct cel_text text)
{
    char *hex = malloc(text.len * 2 + 1);

    if (hex == NULL)
        return NULL;
    sodium_bin2hex(hex, text.len * 2 + 1, (const unsigned char *)text.data, text.len);
    json_t *json = json_stringn(hex, text.len * 2);
    free(hex);
    return json;
}

static json_t *value_to_json(const struct cel_value *value)
{
    char text[CEL_TIME_TEXT_BYTES];

    switch (value->kind) {
    case CEL_NULL:
        return wrap("null", json_true());
    case CEL_BOOL:
        return wrap("bool", json_boolean(value->boolean));
    case CEL_INT:
        snprintf(text, sizeof(text), "%" PRId64, value->integer);
        return wrap("int", json_string(text));
    case CEL_UINT:
        snprintf(text, sizeof(text), "%" PRIu64, value->unsigned_integer);
        return wrap("uint", json_string(text));
    case CEL_DOUBLE:
        return wrap("double", double_json(value->real));
    case CEL_STRING:
        return wrap("string", json_stringn(value->text.data, value->text.len));
    case CEL_BYTES:
        return wrap("bytes", bytes_json(value->text));
    case CEL_TIMESTAMP:
        return wrap("timestamp", json_stringn(text, cel_timestamp_text(value, text)));
    case CEL_DURATION:
        return wrap("duration", json_stringn(text, cel_duration_text(value, text)));
    case CEL_LIST:
        return wrap("list", list_json(value));
    case CEL_TYPE:
        return wrap("type", json_string(cel_kind_name(value->type)));
    case CEL_ERROR:
    case CEL_DYN:
        break;
    }
    return wrap("error", json_stringn(value->text.data, value->text.len));
}

/* One kind, and equal; NaN is NaN here. */
static bool value_same(const struct cel_value *a, const struct cel_value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CEL_DOUBLE && isnan(a->real))
        return isnan(b->real);
    if (a->kind != CEL_LIST)
        return cel_value_equal(a, b);
    if (a->list.count != b->list.count)
        return false;
    for (size_t i = 0; i < a->list.count; i++)
        if (!value_same(&a->list.items[i], &b->list.items[i]))
            return false;
    return true;
}

/* Evaluation. */

struct variables {
    struct cel_env *env;
    struct cel_evaluator *evaluator;
    struct cel_value *values; /* by slot */
    size_t count;
};

static void variables_clear(struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++)
        expr_value_clear(&variables->values[i]);
    free(variables->values);
    cel_evaluator_free(variables->evaluator);
    cel_env_free(variables->env);
}

static int variables_read(struct variables *variables, const json_t *bindings, char *problem,
                          size_t problem_bytes)
{
    const char *name;
    json_t *json;
    uint32_t slot;

    json_object_foreach((json_t *)bindings, name, json)
    {
        int r = cel_env_declare(variables->env, name, (struct cel_type){.kind = CEL_DYN}, &slot);
        if (r == -EINVAL || r == -E2BIG)
            snprintf(problem, problem_bytes,
                     r == -EINVAL ? "\"%.60s\" is not the name of a variable"
                                  : "too many variables at \"%.60s\"",
                     name);
        if (r < 0)
            return r == -ENOMEM ? r : -EINVAL;
        variables->count++; /* the slots count up from 0 */
        r = expr_value_from_json(json, true, &variables->values[slot], problem, problem_bytes);
        if (r < 0)
            return r == -ENOMEM ? r : -EINVAL;
    }
    return 0;
}

static int variables_init(struct variables *variables, const json_t *bindings, char *problem,
                          size_t problem_bytes)
{
    if (cel_env_new(&variables->env) < 0 || cel_evaluator_new(&variables->evaluator) < 0)
        return -ENOMEM;
    variables->values = calloc(json_object_size(bindings) + 1, sizeof(*variables->values));
    if (variables->values == NULL)
        return -ENOMEM;
    cel_env_set_zones(variables->env, zonefile_load, NULL);
    return variables_read(variables, bindings, problem, problem_bytes);
}

static void resolve(void *context, uint32_t slot, struct cel_value *ret_value)
{
    const struct variables *variables = context;

    *ret_value = variables->values[slot];
}

static json_t *syntax_json(const struct cel_error *error)
{
    char text[sizeof(error->text) + 32];

    snprintf(text, sizeof(text), "%u:%u: %s", error->line, error->column, error->text);
    return wrap("error", json_string(text));
}

static int run(struct variables *variables, const char *text, size_t len, json_t **ret_result)
{
    struct cel_program *program;
    struct cel_error error;
    struct cel_value value;

    int r = cel_compile(variables->env, text, len, CEL_LENIENT, &program, &error);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        *ret_result = syntax_json(&error);
        return *ret_result != NULL ? 0 : -ENOMEM;
    }
    r = cel_eval(variables->evaluator, program, resolve, variables, &value);
    if (r == 0) {
        json_t *typed = value_to_json(&value);
        *ret_result = value.kind == CEL_ERROR ? typed : wrap("value", typed);
        r = *ret_result != NULL ? 0 : -ENOMEM;
    }
    cel_program_free(program);
    return r;
}

int expr_evaluate(const char *text, size_t len, const json_t *bindings, json_t **ret_result,
                  char *problem, size_t problem_bytes)
{
    struct variables variables = {0};

    int r = variables_init(&variables, bindings, problem, problem_bytes);
    if (r == 0)
        r = run(&variables, text, len, ret_result);
    variables_clear(&variables);
    return r;
}

int expr_result_matches(const json_t *result, const json_t *expected_case)
{
    const json_t *expected = json_object_get(expected_case, "value");
    const json_t *found = json_object_get(result, "value");
    struct cel_value a = cel_null(), b = cel_null();
    char problem[160];

    if (json_is_true(json_object_get(expected_case, "error")))
        return found == NULL;
    if (expected == NULL)
        return -EINVAL;
    if (found == NULL)
        return 0;
    /* The analyzer loses the items of a list inside the union. */
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc) */
    int r = expr_value_from_json(expected, false, &a, problem, sizeof(problem));
    if (r == 0)
        r = expr_value_from_json(found, false, &b, problem, sizeof(problem));
    if (r == 0)
        r = value_same(&a, &b);
    expr_value_clear(&a);
    expr_value_clear(&b);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    return r < 0 ? -EINVAL : r;
}
