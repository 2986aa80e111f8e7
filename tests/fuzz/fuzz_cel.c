/* fuzz_cel.c: any text as an expression. Beyond not failing: what compiles with type checking means
 * the same without it, and what breaks a constraint is never true. */
#include "cel/cel.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct cel_value names[] = {{.kind = CEL_STRING, .text = {"a", 1}},
                                         {.kind = CEL_STRING, .text = {"bc", 2}}};
static const struct cel_field fields[] = {{"count", {.kind = CEL_INT}},
                                          {"min", {.kind = CEL_DOUBLE}}};

static void resolve(void *context, uint32_t slot, struct cel_value *ret_value)
{
    const struct cel_value values[] = {
        {.kind = CEL_INT, .integer = 3},
        {.kind = CEL_STRING, .text = {"abc", 3}},
        {.kind = CEL_BOOL, .boolean = true},
        {.kind = CEL_LIST, .list = {names, 2}},
        {.kind = CEL_TIMESTAMP, .seconds = 1720000000, .nanos = 5},
        {.kind = CEL_INT, .integer = INT64_MIN},
        cel_error_value("the selection is empty"),
    };

    (void)context;
    *ret_value = values[slot];
}

static int look(void *context, const struct cel_part *part)
{
    char buffer[64];

    (void)context;
    cel_value_format(&part->value, buffer, sizeof(buffer));
    return 0;
}

/* Whether one of the values is the slot's (or is in it); an error is equal to nothing. */
static bool holds(const struct cel_constraint *constraint)
{
    struct cel_value slot;

    resolve(NULL, constraint->slot, &slot);
    for (size_t i = 0; i < constraint->value_count; i++) {
        if (!constraint->contains && cel_value_equal(&slot, &constraint->values[i]))
            return true;
        for (size_t j = 0; constraint->contains && slot.kind == CEL_LIST && j < slot.list.count;
             j++)
            if (cel_value_equal(&slot.list.items[j], &constraint->values[i]))
                return true;
    }
    return false;
}

static struct cel_env *make_env(void)
{
    static const struct cel_field variables[] = {
        {"i", {.kind = CEL_INT}},       {"s", {.kind = CEL_STRING}},
        {"b", {.kind = CEL_BOOL}},      {"l", {.kind = CEL_LIST, .element = CEL_STRING}},
        {"t", {.kind = CEL_TIMESTAMP}},
    };
    struct cel_env *env = NULL;
    uint32_t slot;

    if (cel_env_new(&env) < 0)
        abort();
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        cel_env_declare(env, variables[i].name, variables[i].type, &slot);
    cel_env_declare_struct(env, "f", fields, 2, &slot);
    return env;
}

/* Evaluates to text; empty where it does not compile. */
static void run(const struct cel_env *env, struct cel_evaluator *evaluator, const char *text,
                size_t len, unsigned flags, char *buffer, size_t size_bytes)
{
    struct cel_program *program;
    struct cel_error error;
    struct cel_value value;
    size_t count;

    buffer[0] = '\0';
    if (cel_compile(env, text, len, flags, &program, &error) < 0)
        return;
    if (cel_eval(evaluator, program, resolve, NULL, &value) < 0)
        abort();
    cel_value_format(&value, buffer, size_bytes);
    const struct cel_constraint *constraints = cel_program_constraints(program, &count);
    for (size_t i = 0; i < count; i++)
        if (!holds(&constraints[i]) && value.kind == CEL_BOOL && value.boolean)
            abort();
    cel_explain(evaluator, program, resolve, NULL, look, NULL);
    cel_program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char strict[200], lenient[200];
    struct cel_evaluator *evaluator = NULL;
    struct cel_env *env = make_env();

    if (cel_evaluator_new(&evaluator) < 0)
        abort();
    cel_evaluator_set_steps(evaluator, 20000);
    run(env, evaluator, (const char *)data, size, 0, strict, sizeof(strict));
    run(env, evaluator, (const char *)data, size, CEL_LENIENT, lenient, sizeof(lenient));
    if (strict[0] != '\0' && strcmp(strict, lenient) != 0)
        abort();
    cel_evaluator_free(evaluator);
    cel_env_free(env);
    return 0;
}
