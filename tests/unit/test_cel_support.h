/* test_cel_support.h: an environment as the rule engine declares one, with a value for each name, and
 * expressions evaluated in it. For the unit tests of the expression language. */
#ifndef TEST_CEL_SUPPORT_H
#define TEST_CEL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cel/cel.h"
#include "rules/files/zonefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cel_field selection_fields[] = {
    {"count", {.kind = CEL_INT}},
    {"sum", {.kind = CEL_INT}},
    {"min", {.kind = CEL_INT}},
    {"last", {.kind = CEL_TIMESTAMP}},
};

enum slot {
    SLOT_COUNTRY,
    SLOT_COUNT,
    SLOT_SPREAD,
    SLOT_DISAGREES,
    SLOT_OCCURRED_AT,
    SLOT_IDS,
    SLOT_ANY,
    SLOT_NAME,
    SLOT_FREED,
    SLOT_FREED_MIN = SLOT_FREED + 2,
    SLOT_TOTAL = SLOT_FREED + 4,
};

struct fixture {
    struct cel_env *env;
    struct cel_evaluator *evaluator;
    struct cel_value values[SLOT_TOTAL];
    struct cel_value ids[2];
};

static inline int set_up(void **state)
{
    static struct fixture fixture;
    const struct {
        const char *name;
        struct cel_type type;
    } variables[] = {
        {"country", {.kind = CEL_STRING}},
        {"count", {.kind = CEL_INT}},
        {"spread", {.kind = CEL_DOUBLE}},
        {"disagrees", {.kind = CEL_BOOL}},
        {"occurred_at", {.kind = CEL_TIMESTAMP, .nullable = true}},
        {"ids", {.kind = CEL_LIST, .element = CEL_STRING}},
        {"any", {.kind = CEL_DYN}},
        {"name", {.kind = CEL_STRING, .nullable = true}},
    };
    uint32_t slot;

    fixture = (struct fixture){0};
    assert_int_equal(cel_env_new(&fixture.env), 0);
    assert_int_equal(cel_evaluator_new(&fixture.evaluator), 0);
    for (uint32_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        assert_int_equal(cel_env_declare(fixture.env, variables[i].name, variables[i].type, &slot),
                         0);
        assert_int_equal(slot, i);
    }
    assert_int_equal(cel_env_declare_struct(fixture.env, "freed", selection_fields, 4, &slot), 0);
    assert_int_equal(slot, SLOT_FREED);
    cel_env_set_zones(fixture.env, zonefile_load, NULL);
    fixture.ids[0] = cel_string("wd:Q1", 5);
    fixture.ids[1] = cel_string("wd:Q2", 5);
    fixture.values[SLOT_COUNTRY] = cel_string("BY", 2);
    fixture.values[SLOT_COUNT] = cel_int(52);
    fixture.values[SLOT_SPREAD] = cel_double(0.5);
    fixture.values[SLOT_DISAGREES] = cel_bool(false);
    fixture.values[SLOT_OCCURRED_AT] = cel_timestamp(1720000000, 0);
    fixture.values[SLOT_IDS] = cel_list(fixture.ids, 2);
    fixture.values[SLOT_ANY] = cel_null();
    fixture.values[SLOT_NAME] = cel_null();
    fixture.values[SLOT_FREED] = cel_int(3);
    fixture.values[SLOT_FREED + 1] = cel_int(60);
    fixture.values[SLOT_FREED_MIN] = cel_error_value("the selection is empty");
    fixture.values[SLOT_FREED + 3] = cel_timestamp(1720000000, 0);
    *state = &fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;

    fixture->evaluator = cel_evaluator_free(fixture->evaluator);
    fixture->env = cel_env_free(fixture->env);
    return 0;
}

static inline void resolve(void *context, uint32_t slot, struct cel_value *ret_value)
{
    struct fixture *fixture = context;

    assert_in_range(slot, 0, SLOT_TOTAL - 1);
    *ret_value = fixture->values[slot];
}

static inline struct cel_program *compile(struct fixture *fixture, const char *text, unsigned flags)
{
    struct cel_program *program = NULL;
    struct cel_error error;

    if (cel_compile(fixture->env, text, strlen(text), flags, &program, &error) < 0)
        fail_msg("%s: %u:%u: %s", text, error.line, error.column, error.text);
    return program;
}

/* Formats the value into a static buffer. */
static inline const char *evaluate(struct fixture *fixture, const char *text, unsigned flags)
{
    static char buffer[400];
    struct cel_program *program = compile(fixture, text, flags);
    struct cel_value value;

    assert_int_equal(cel_eval(fixture->evaluator, program, resolve, fixture, &value), 0);
    cel_value_format(&value, buffer, sizeof(buffer));
    cel_program_free(program);
    return buffer;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
