/* test_cel.c: the expression language as the rule engine uses it: declared variables, type errors
 * with their place, constraints, explanation, limits. What expressions mean is the business of the
 * conformance cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cel/cel.h"
#include "../proto/src/zonefile.h"

#include <errno.h>
#include <math.h>
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

static int set_up(void **state)
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

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    fixture->evaluator = cel_evaluator_free(fixture->evaluator);
    fixture->env = cel_env_free(fixture->env);
    return 0;
}

static void resolve(void *context, uint32_t slot, struct cel_evaluator *evaluator,
                    struct cel_value *ret_value)
{
    struct fixture *fixture = context;

    (void)evaluator;
    assert_in_range(slot, 0, SLOT_TOTAL - 1);
    *ret_value = fixture->values[slot];
}

static struct cel_program *compile(struct fixture *fixture, const char *text, unsigned flags)
{
    struct cel_program *program = NULL;
    struct cel_error error;

    if (cel_compile(fixture->env, text, strlen(text), flags, &program, &error) < 0)
        fail_msg("%s: %u:%u: %s", text, error.line, error.column, error.text);
    return program;
}

/* Formats the value into a static buffer. */
static const char *evaluate(struct fixture *fixture, const char *text, unsigned flags)
{
    static char buffer[400];
    struct cel_program *program = compile(fixture, text, flags);
    struct cel_value value;

    assert_int_equal(cel_eval(fixture->evaluator, program, resolve, fixture, &value), 0);
    cel_value_format(&value, buffer, sizeof(buffer));
    cel_program_free(program);
    return buffer;
}

static void test_values(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"country", "\"BY\""},
        {"count + 1", "53"},
        {"count > 50 && country == 'BY'", "true"},
        {"freed.count * 2", "6"},
        {"freed.min > 3", "the selection is empty"},
        {"freed.min > 3 || freed.count > 2", "true"},
        {"freed.min > 3 && freed.count > 5", "false"},
        {"has(freed.min)", "false"},
        {"has(freed.count)", "true"},
        {"'wd:Q2' in ids", "true"},
        {"ids.exists(id, id in ['wd:Q2', 'x'])", "true"},
        {"ids.map(id, id.size())", "[5, 5]"},
        {"ids.map(id, id.endsWith('2'), id)", "[\"wd:Q2\"]"},
        {"ids.filter(id, id.contains('Q1'))", "[\"wd:Q1\"]"},
        {"ids.exists_one(id, id == 'wd:Q1')", "true"},
        {"ids.all(x, ids.exists(y, x == y))", "true"},
        {"[1].exists(country, country == 1)", "true"},
        {"['BY'].exists(country, .country == country)", "true"},
        {"any == null", "true"},
        {"name == null || name.size() > 3", "true"},
        {"name.size()", "no such overload: 'size' with null_type"},
        {"occurred_at - duration('24h') < occurred_at", "true"},
        {"occurred_at.getHours('Europe/Minsk')", "12"},
        {"occurred_at.getHours('+00:30')", "10"},
        {"timestamp('2500-07-01T12:00:00Z').getHours('Europe/Berlin')", "14"},
        {"timestamp('2500-01-01T12:00:00Z').getHours('Australia/Sydney')", "23"},
        {"string(occurred_at)", "\"2024-07-03T09:46:40Z\""},
        {"duration('1h30m1.5s')", "duration(\"5401.5s\")"},
        {"duration('-1ns')", "duration(\"-0.000000001s\")"},
        {"count > 50 ? 'many' : 'few'", "\"many\""},
        {"count > 51.5", "true"},
        {"any + 1", "no such overload: '+' with null_type and int"},
        {"1 / (count - 52)", "divide by zero"},
        {"9223372036854775807 + count", "9223372036854775807 + 52 is out of range"},
        {"ids[count]", "index 52 is not in a list of 2"},
        {"ids[1]", "\"wd:Q2\""},
        {"country.matches('^B[[:upper:]]$')", "true"},
        {"country.matches(country)", "true"},
        {"\"tab\\t\\\"\\u00e9\\x01\"", "\"tab\\t\\\"é\\x01\""},
        {"1e100", "1e+100"},
        {"[0.1, 100.0, -2.5e-7, 0.0]", "[0.1, 100.0, -2.5e-07, 0.0]"},
        {"b'a\\xff'", "b\"a\\xff\""},
        {"type(count) == int", "true"},
        {"count // a comment\n > 5", "true"},
        {"5u in [5.0]", "true"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(evaluate(*state, cases[i].text, 0), cases[i].value);
}

static void test_errors_have_a_place_and_a_reason(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
        const char *reason; /* a part of it */
    } cases[] = {
        {"", 1, 1, "expected a value, found the end"},
        {"count >", 1, 8, "expected a value, found the end"},
        {"count > )", 1, 9, "found ')'"},
        {"(count > 1", 1, 11, "')' for the '(' at offset 0"},
        {"country == 'BY", 1, 12, "does not end on its line"},
        {"disagrees &&\n country == 5", 2, 2, "string and int are never equal"},
        {"country == 'é' && count > 'x'", 1, 19, "'>' cannot compare int with string"},
        {"cuontry == 'BY'", 1, 1, "unknown name 'cuontry', did you mean 'country'?"},
        {"freed.cout > 1", 1, 1, "no field 'cout', did you mean 'count'?"},
        {"freed > 1", 1, 1, "its fields are: .count .sum .min .last"},
        {"occurred_at > now", 1, 15, "within, before and ahead"},
        {"country + 1 == 'x'", 1, 1, "'+' does not take string and int"},
        {"count + 1.5 > 2.0", 1, 1, "convert one with int() or double()"},
        {"count", 1, 1, "must be bool, this is int"},
        {"country.startWith('B')", 1, 1, "did you mean 'startsWith'?"},
        {"country.startsWith(5)", 1, 1, "does not take (string, int)"},
        {"count && disagrees", 1, 1, "'&&' takes bool, found int"},
        {"country in 'BY'", 1, 12, "'in' looks into a list"},
        {"country in [1, 2]", 1, 1, "no string is in a list(int)"},
        {"duration('14d') > duration('1h')", 1, 1, "the units are h, m, s"},
        {"occurred_at > timestamp('2024-07-01')", 1, 15, "2024-07-01T09:00:00Z"},
        {"country.matches('a(')", 1, 17, "expected ')'"},
        {"occurred_at.getHours('Mars/Base') > 1", 1, 22, "unknown time zone"},
        {"occurred_at.getHours('../passwd') > 1", 1, 22, "unknown time zone"},
        {"1 / 0 > 1 || disagrees", 1, 1, "divide by zero"},
        {"count > 99999999999999999999", 1, 9, "above 9223372036854775807"},
        {"country = 'BY'", 1, 9, "found '=' alone, expected '=='"},
        {"disagrees && true && while", 1, 22, "reserved word"},
        {"{'a': 1} == {}", 1, 1, "maps and messages are not part"},
        {"'\\q' == country", 1, 2, "unknown escape"},
        {"'\\ud800' == country", 1, 2, "no character"},
        {"ids.exists(1, true)", 1, 12, "a new name for the elements"},
        {"ids.exists(x, x)", 1, 15, "must be bool"},
        {"has(count)", 1, 1, "has() takes one field"},
        {"disagrees ? 1 : 'a'", 1, 17, "both results of '?' must have one type"},
        {"'caf\xc3' == country", 1, 5, "not UTF-8"},
        {"country == 'a'\x01", 1, 15, "control character 0x01"},
    };
    struct fixture *fixture = *state;
    struct cel_program *program = NULL;
    struct cel_error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int r = cel_compile(fixture->env, cases[i].text, strlen(cases[i].text), CEL_WANT_BOOL,
                            &program, &error);
        if (r != -EINVAL || strstr(error.text, cases[i].reason) == NULL ||
            error.line != cases[i].line || error.column != cases[i].column)
            fail_msg("%s: %d, %u:%u: %s", cases[i].text, r, error.line, error.column, error.text);
    }
    assert_null(program);
}

static void test_lenient_leaves_errors_to_the_evaluation(void **state)
{
    assert_string_equal(evaluate(*state, "unknown || true", CEL_LENIENT), "true");
    assert_string_equal(evaluate(*state, "unknown.f(1) && false", CEL_LENIENT), "false");
    assert_string_equal(evaluate(*state, "unknown.field > 1", CEL_LENIENT),
                        "unknown name 'unknown'");
    assert_string_equal(evaluate(*state, "country > 1", CEL_LENIENT),
                        "no such overload: '>' with string and int");
    assert_string_equal(evaluate(*state, "1 / 0", CEL_LENIENT), "divide by zero");
    assert_string_equal(evaluate(*state, "country.matches('(')", CEL_LENIENT),
                        "at offset 1: expected ')' to end the group");
    assert_string_equal(evaluate(*state, "true && 'x'", CEL_LENIENT),
                        "no such overload: '&&' with string");
}

static void test_environment_refuses_what_is_no_name(void **state)
{
    struct cel_env *env = ((struct fixture *)*state)->env;
    const struct cel_type int_type = {.kind = CEL_INT};
    uint32_t slot = 77;

    assert_int_equal(cel_env_declare(env, "", int_type, &slot), -EINVAL);
    assert_int_equal(cel_env_declare(env, "1a", int_type, &slot), -EINVAL);
    assert_int_equal(cel_env_declare(env, "a.b", int_type, &slot), -EINVAL);
    assert_int_equal(cel_env_declare(env, "count", int_type, &slot), -EEXIST);
    assert_int_equal(cel_env_declare_struct(env, "x", selection_fields, 0, &slot), -EINVAL);
    assert_int_equal(cel_env_declare_struct(env, "x", selection_fields, CEL_SLOT_MAX_COUNT, &slot),
                     -E2BIG);
    assert_int_equal(slot, 77);
    assert_null(cel_env_free(NULL));
    assert_null(cel_program_free(NULL));
    assert_null(cel_evaluator_free(NULL));
}

static void test_slots_are_those_that_are_read(void **state)
{
    struct cel_program *program =
        compile(*state, "freed.sum > 1 && count > 1 && count < 9 && (true || spread > 1.0)", 0);
    size_t count;

    const struct cel_slot *slots = cel_program_slots(program, &count);
    assert_int_equal(count, 2);
    assert_int_equal(slots[0].slot, SLOT_COUNT);
    assert_string_equal(slots[0].name, "count");
    assert_int_equal(slots[0].type.kind, CEL_INT);
    assert_int_equal(slots[1].slot, SLOT_FREED + 1);
    assert_string_equal(slots[1].name, "freed.sum");
    assert_int_equal(cel_program_type(program).kind, CEL_BOOL);
    assert_true(cel_program_bytes(program) > 0);
    cel_program_free(program);
}

static void test_constant_programs_are_known(void **state)
{
    static const struct {
        const char *text;
        bool is_constant, verdict;
    } cases[] = {
        {"1 + 1 == 2", true, true},
        {"count > 1 && 1 > 2", true, false},
        {"count > 1 || true", true, true},
        {"count > 1", false, false},
        {"[1, 2].all(x, x > 0)", true, true},
        {"[1, 2].all(x, x > count)", false, false},
        {"[[1]].exists(x, x.exists(y, y == x[0]))", true, true},
        {"true ? count > 1 : false", false, false},
        {"timestamp('2024-01-01T00:00:00Z') < timestamp(1720000000)", true, true},
        {"1 + 1", false, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cel_program *program = compile(*state, cases[i].text, 0);
        bool verdict = false;
        assert_int_equal(cel_program_constant(program, &verdict), cases[i].is_constant);
        assert_int_equal(verdict, cases[i].verdict);
        cel_program_free(program);
    }
}

/* The constraints as text: "slot=value,value;slot~value" with ~ for contains. */
static const char *constraints_text(struct fixture *fixture, const char *text)
{
    static char buffer[500];
    struct cel_program *program = compile(fixture, text, 0);
    size_t count, used = 0;

    buffer[0] = '\0';
    const struct cel_constraint *constraints = cel_program_constraints(program, &count);
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(buffer + used, sizeof(buffer) - used, "%s%u%s", i > 0 ? ";" : "",
                                 constraints[i].slot, constraints[i].contains ? "~" : "=");
        for (size_t j = 0; j < constraints[i].value_count; j++) {
            used += (size_t)snprintf(buffer + used, sizeof(buffer) - used, "%s", j > 0 ? "," : "");
            used +=
                cel_value_format(&constraints[i].values[j], buffer + used, sizeof(buffer) - used);
        }
    }
    cel_program_free(program);
    return buffer;
}

static void test_constraints_are_necessary_conditions(void **state)
{
    static const struct {
        const char *text, *constraints;
    } cases[] = {
        {"country == 'BY'", "0=\"BY\""},
        {"'BY' == country && count > 3", "0=\"BY\""},
        {"country in ['BY', 'RU'] && 52 == count", "0=\"BY\",\"RU\";1=52"},
        {"country == 'BY' || country == 'RU'", "0=\"BY\",\"RU\""},
        {"country == 'BY' || country in ['RU', 'UA'] && count == 2", "0=\"BY\",\"RU\",\"UA\""},
        {"country == 'BY' || count == 2", ""},
        {"country != 'BY'", ""},
        {"!(country == 'BY')", ""},
        {"country == 'BY' ? true : false", ""},
        {"disagrees && count > 1", "3=true"},
        {"!disagrees", "3=false"},
        {"'wd:Q1' in ids", "5~\"wd:Q1\""},
        {"'wd:Q1' in ids || 'wd:Q2' in ids", "5~\"wd:Q1\",\"wd:Q2\""},
        {"ids.exists(x, x == 'a' || x in ['b', 'c'])", "5~\"a\",\"b\",\"c\""},
        {"ids.exists(x, x == 'a' && country == 'BY')", "5~\"a\";0=\"BY\""},
        {"ids.all(x, x == 'a')", ""},
        {"ids.exists(x, ids.exists(y, y == 'a'))", "5~\"a\""},
        {"country in []", "0="},
        {"country == name", ""},
        {"(country == 'BY' && count == 1) || (count == 2 && country == 'RU')",
         "0=\"BY\",\"RU\";1=1,2"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(constraints_text(*state, cases[i].text), cases[i].constraints);
}

/* Collects "depth kind text = value (name = value) | ...". */
struct explanation {
    char text[600];
    size_t used;
    int result;
};

static int collect_part(void *context, const struct cel_part *part)
{
    struct explanation *explanation = context;
    char value[100];

    cel_value_format(&part->value, value, sizeof(value));
    explanation->used += (size_t)snprintf(
        explanation->text + explanation->used, sizeof(explanation->text) - explanation->used,
        "%u %d %.*s = %s", part->depth, part->kind, (int)part->text.len, part->text.data, value);
    for (size_t i = 0; i < part->slot_count; i++) {
        cel_value_format(&part->slots[i].value, value, sizeof(value));
        explanation->used += (size_t)snprintf(explanation->text + explanation->used,
                                              sizeof(explanation->text) - explanation->used,
                                              " (%s = %s)", part->slots[i].name, value);
    }
    explanation->used += (size_t)snprintf(explanation->text + explanation->used,
                                          sizeof(explanation->text) - explanation->used, "\n");
    return explanation->result;
}

static void test_explain_shows_every_part(void **state)
{
    struct fixture *fixture = *state;
    struct cel_program *program =
        compile(fixture, "count > 100 && (freed.min > 1 || country == 'RU')", CEL_WANT_BOOL);
    struct explanation explanation = {.used = 0};

    assert_int_equal(
        cel_explain(fixture->evaluator, program, resolve, fixture, collect_part, &explanation), 0);
    assert_string_equal(explanation.text,
                        "0 0 count > 100 && (freed.min > 1 || country == 'RU') = false\n"
                        "1 2 count > 100 = false (count = 52)\n"
                        "1 1 (freed.min > 1 || country == 'RU') = the selection is empty\n"
                        "2 2 freed.min > 1 = the selection is empty "
                        "(freed.min = the selection is empty)\n"
                        "2 2 country == 'RU' = false (country = \"BY\")\n");

    explanation = (struct explanation){.result = -ECANCELED};
    assert_int_equal(
        cel_explain(fixture->evaluator, program, resolve, fixture, collect_part, &explanation),
        -ECANCELED);
    cel_program_free(program);
}

#define WATCHED_COUNT 100000

/* "NAME in ['wd:Q0', 'wd:Q1', ...]" */
static char *watchlist(const char *prefix, const char *suffix)
{
    char *text = malloc(strlen(prefix) + strlen(suffix) + (size_t)WATCHED_COUNT * 16);
    size_t used = (size_t)sprintf(text, "%s", prefix);

    for (int i = 0; i < WATCHED_COUNT; i++)
        used += (size_t)sprintf(text + used, "%s'wd:Q%d'", i > 0 ? ", " : "", i * 7);
    sprintf(text + used, "%s", suffix);
    return text;
}

static void test_watchlist_of_a_hundred_thousand(void **state)
{
    struct fixture *fixture = *state;
    char *text = watchlist("country in [", "]");
    struct cel_program *program = compile(fixture, text, CEL_WANT_BOOL);
    struct cel_value value;
    char name[32];
    size_t count;

    cel_evaluator_set_steps(fixture->evaluator, 10); /* by hash, not by looking at each */
    for (int i = 0; i < 1000; i++) {
        int len = snprintf(name, sizeof(name), "wd:Q%d", i);
        fixture->values[SLOT_COUNTRY] = cel_string(name, (size_t)len);
        assert_int_equal(cel_eval(fixture->evaluator, program, resolve, fixture, &value), 0);
        assert_int_equal(value.kind, CEL_BOOL);
        assert_int_equal(value.boolean, i % 7 == 0);
    }
    const struct cel_constraint *constraints = cel_program_constraints(program, &count);
    assert_int_equal(count, 1);
    assert_int_equal(constraints[0].value_count, WATCHED_COUNT);
    cel_program_free(program);
    free(text);

    text = watchlist("ids.exists(id, id in [", "])");
    program = compile(fixture, text, CEL_WANT_BOOL);
    assert_int_equal(cel_eval(fixture->evaluator, program, resolve, fixture, &value), 0);
    assert_int_equal(value.kind, CEL_BOOL);
    assert_false(value.boolean);
    cel_program_free(program);
    free(text);
}

static void test_sets_follow_equality(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"count in [1, 2.5, 3u, 'a', null, 52.0, true, 7, 8, 9]", "true"},
        {"any in [1, 2, 3, 4, 5, 6, 7, 8, 9, null]", "true"},
        {"any in [1, 2, 3, 4, 5, 6, 7, 8, 9, false]", "false"},
        {"[1] in [1, 2, 3, 4, 5, 6, 7, 8, 9, [1.0]]", "true"},
        {"0.0 * spread in [1, 2, 3, 4, 5, 6, 7, 8, 9, -0.0]", "true"},
        {"spread / 0.0 - spread / 0.0 in [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.0 / 0.0]",
         "false"},
        {"occurred_at in [1,2,3,4,5,6,7,8].map(x, timestamp(1720000000 - 8 + x)) + "
         "[timestamp(3)]",
         "true"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(evaluate(*state, cases[i].text, CEL_LENIENT), cases[i].value);
}

static char *nested(const char *open, const char *middle, const char *close, int depth)
{
    size_t size = (strlen(open) + strlen(close)) * (size_t)depth + strlen(middle) + 1;
    char *text = malloc(size), *at = text;

    for (int i = 0; i < depth; i++)
        at = stpcpy(at, open);
    at = stpcpy(at, middle);
    for (int i = 0; i < depth; i++)
        at = stpcpy(at, close);
    return text;
}

static void test_depth_is_limited(void **state)
{
    static const struct {
        const char *open, *middle, *close;
    } forms[] = {
        {"(", "1", ")"},
        {"[", "1", "]"},
        {"!", "true", ""},
        {"-", "count", ""},
        {"", "1", "+1"},
        {"true ? 1 : ", "1", ""},
        {"size([", "1", "])"},
        {"ids[", "0", "]"},
        {"", "ids", ".a"},
        {"(", "true", " && false)"},
        {"[1].exists(x,", "true", ")"},
    };
    struct fixture *fixture = *state;
    struct cel_program *program = NULL;
    struct cel_error error;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char *text = nested(forms[i].open, forms[i].middle, forms[i].close, 100000);
        assert_int_equal(
            cel_compile(fixture->env, text, strlen(text), CEL_LENIENT, &program, &error), -E2BIG);
        assert_non_null(strstr(error.text, "more than"));
        free(text);
    }
    char *text = nested("(", "7", ")", 200);
    assert_string_equal(evaluate(fixture, text, 0), "7");
    free(text);
    text = nested("", "disagrees", " || disagrees", 20000); /* a chain is not deep */
    assert_string_equal(evaluate(fixture, text, 0), "false");
    free(text);
    assert_null(program);
}

static void test_size_is_limited(void **state)
{
    struct fixture *fixture = *state;
    struct cel_program *program = NULL;
    struct cel_error error;
    char *text = nested("", "[count", ", count", CEL_NODE_MAX_COUNT);

    assert_int_equal(cel_compile(fixture->env, text, strlen(text), 0, &program, &error), -E2BIG);
    free(text);
    text = malloc(CEL_SOURCE_MAX_BYTES + 1);
    memset(text, ' ', CEL_SOURCE_MAX_BYTES + 1);
    assert_int_equal(cel_compile(fixture->env, text, CEL_SOURCE_MAX_BYTES + 1, 0, &program, &error),
                     -E2BIG);
    free(text);
    assert_null(program);
}

static void test_work_is_limited(void **state)
{
    static const char *const texts[] = {
        "[1,2,3,4,5,6,7,8,9,0].all(a, [1,2,3,4,5,6,7,8,9,0].all(b, [1,2,3,4,5,6,7,8,9,0].all(c, "
        "[1,2,3,4,5,6,7,8,9,0].all(d, [1,2,3,4,5,6,7,8,9,0].all(e, a+b+c+d+e < count)))))",
        "[1,2,3,4,5,6,7,8,9,0].map(a, [1,2,3,4,5,6,7,8,9,0].map(b, [1,2,3,4,5,6,7,8,9,0].map(c, "
        "[1,2,3,4,5,6,7,8,9,0].map(d, [1,2,3,4,5,6,7,8,9,0].map(e, count + e))))) == []",
        "count in [1,2,3,4,5,6,7,8,9].map(x, x + count)",
        "country + country + country + country == 'x'",
        "country.matches('(a?){250}(a?){250}x')",
    };
    struct fixture *fixture = *state;
    char *name = nested("a", "", "", 3000);

    fixture->values[SLOT_COUNTRY] = cel_string(name, 3000);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cel_evaluator_set_steps(fixture->evaluator, i < 2 ? 100000 : i == 4 ? 5000 : 20);
        assert_string_equal(evaluate(fixture, texts[i], 0), "the evaluation took too many steps");
    }
    free(name);
}

static void test_memory_is_limited(void **state)
{
    struct fixture *fixture = *state;
    const size_t len = 1 << 20;
    char *name = malloc(len);

    memset(name, 'a', len);
    fixture->values[SLOT_COUNTRY] = cel_string(name, len);
    cel_evaluator_set_steps(fixture->evaluator, UINT64_MAX);
    assert_string_equal(
        evaluate(fixture, "[1,2,3,4,5,6,7,8,9].map(x, country + country).size()", 0),
        "the evaluation made too many values");
    assert_null(cel_evaluator_alloc(fixture->evaluator, CEL_SCRATCH_MAX_BYTES + 1));
    assert_non_null(cel_evaluator_alloc(fixture->evaluator, 100));
    free(name);
}

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"^a+$", "aaa", true},
        {"^a+$", "aab", false},
        {"(?i)минск", "В МИНСКЕ", true},
        {"\\bfree\\b", "set free.", true},
        {"\\bfree\\b", "freedom", false},
        {"(|x)$", "abc", true},
        {"^(\\B|y)z", "z", false},
        {"a.c", "a\nc", false},
        {"(?s)a.c", "a\nc", true},
        {"(?m)^b$", "a\nb\nc", true},
        {"[^\\d\\s]", "1 2", false},
        {"[]a-c-]+x", "]-bx", true},
        {"^(ab|c){2,3}$", "abcab", true},
        {"^(ab|c){2,3}$", "abcabc", false},
        {"^x{0}y*?$", "", true},
        {"\\Qa.b\\E+", "a.bbb", true},
        {"^(a*)*(a*)*(a*)*b$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
        {"\\x41\\x{1F600}", "A😀", true},
        {"a{,2}", "a{,2}", true},
        {"[[:alpha:]]+[[:^alpha:]]", "ab1", true},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture->values[SLOT_COUNTRY] = cel_string(cases[i].text, strlen(cases[i].text));
        fixture->values[SLOT_ANY] = cel_string(cases[i].pattern, strlen(cases[i].pattern));
        if (strcmp(evaluate(fixture, "country.matches(any)", 0),
                   cases[i].matches ? "true" : "false") != 0)
            fail_msg("%s with %s", cases[i].pattern, cases[i].text);
    }
}

static void test_patterns_that_are_refused(void **state)
{
    static const char *const patterns[] = {
        "(a",
        "a)",
        "*a",
        "a**",
        "a{2}{3}",
        "[a",
        "[z-a]",
        "\\",
        "\\1",
        "\\pL",
        "(?=a)",
        "(?<!a)",
        "a{1001}",
        "a{3,2}",
        "\\q",
        "\\xg",
        "\\x{110000}",
        "(?P<>a)",
        "((a{100}){100}){100}",
        "[[:no:]]",
        "[^\\d\\D]",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        fixture->values[SLOT_ANY] = cel_string(patterns[i], strlen(patterns[i]));
        const char *value = evaluate(fixture, "country.matches(any)", 0);
        if (strncmp(value, "the pattern of matches() is wrong: at offset", 44) != 0)
            fail_msg("%s: %s", patterns[i], value);
    }
}

static void test_times_as_text(void **state)
{
    static const struct {
        const char *text;
        int result;
        const char *written;
    } stamps[] = {
        {"2024-02-29T23:59:59.120Z", 0, "2024-02-29T23:59:59.12Z"},
        {"0001-01-01T00:00:00Z", 0, "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999999999Z", 0, "9999-12-31T23:59:59.999999999Z"},
        {"1969-12-31T23:00:00-01:00", 0, "1970-01-01T00:00:00Z"},
        {"0001-01-01T00:00:00+00:01", -ERANGE, NULL},
        {"2023-02-29T00:00:00Z", -EINVAL, NULL},
        {"2024-07-01", -EINVAL, NULL},
        {"2024-07-01T09:00:00", -EINVAL, NULL},
        {"2024-07-01T09:00:00.Z", -EINVAL, NULL},
        {"2024-07-01T09:00:00ZZ", -EINVAL, NULL},
        {"2024-13-01T09:00:00Z", -EINVAL, NULL},
    };
    static const struct {
        const char *text;
        int result;
        int64_t ns;
    } spans[] = {
        {"1h30m", 0, 5400000000000},
        {"-1.5s", 0, -1500000000},
        {"0", 0, 0},
        {"1.0000000019s", 0, 1000000001},
        {".5h", 0, 1800000000000},
        {"+2ms3us4ns", 0, 2003004},
        {"9223372036854775807ns", 0, INT64_MAX},
        {"-9223372036854775808ns", 0, INT64_MIN},
        {"9223372036854775808ns", -ERANGE, 0},
        {"99999999999999999999h", -ERANGE, 0},
        {"", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"5", -EINVAL, 0},
        {"1h ", -EINVAL, 0},
        {"--1s", -EINVAL, 0},
        {".s", -EINVAL, 0},
        {"1d", -EINVAL, 0},
    };
    char buffer[CEL_TIME_TEXT_BYTES];
    struct cel_value value;

    (void)state;
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
        assert_int_equal(cel_timestamp_parse(stamps[i].text, strlen(stamps[i].text), &value),
                         stamps[i].result);
        if (stamps[i].written == NULL)
            continue;
        assert_int_equal(cel_timestamp_text(&value, buffer), strlen(stamps[i].written));
        assert_string_equal(buffer, stamps[i].written);
    }
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        assert_int_equal(cel_duration_parse(spans[i].text, strlen(spans[i].text), &value),
                         spans[i].result);
        if (spans[i].result == 0)
            assert_int_equal(value.duration_ns, spans[i].ns);
    }
}

static void test_format_cuts_between_characters(void **state)
{
    struct cel_value value = cel_string("ééé", 6);
    char buffer[5];

    (void)state;
    assert_int_equal(cel_value_format(&value, NULL, 0), 8);
    assert_int_equal(cel_value_format(&value, buffer, sizeof(buffer)), 8);
    assert_string_equal(buffer, "\"é");
}

static int load_wrong_zone(void *context, const char *name, void **ret_bytes,
                           size_t *ret_byte_count)
{
    const char *text = context;

    (void)name;
    *ret_bytes = strdup(text);
    *ret_byte_count = strlen(text);
    return 0;
}

static void test_zones_may_be_missing_or_damaged(void **state)
{
    static char damaged[] = "TZif2 and then nothing that makes sense at all, not even a header";
    struct fixture *fixture = *state;
    const char *text = "occurred_at.getHours('Europe/Minsk') > 1";
    struct cel_program *program;
    struct cel_error error;

    cel_env_set_zones(fixture->env, NULL, NULL);
    assert_int_equal(cel_compile(fixture->env, text, strlen(text), 0, &program, &error), -EINVAL);
    assert_non_null(strstr(error.text, "no named time zones here"));
    cel_env_set_zones(fixture->env, load_wrong_zone, damaged);
    assert_int_equal(cel_compile(fixture->env, text, strlen(text), 0, &program, &error), -EINVAL);
    assert_non_null(strstr(error.text, "unknown time zone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_values),
        TEST(test_errors_have_a_place_and_a_reason),
        TEST(test_lenient_leaves_errors_to_the_evaluation),
        TEST(test_environment_refuses_what_is_no_name),
        TEST(test_slots_are_those_that_are_read),
        TEST(test_constant_programs_are_known),
        TEST(test_constraints_are_necessary_conditions),
        TEST(test_explain_shows_every_part),
        TEST(test_watchlist_of_a_hundred_thousand),
        TEST(test_sets_follow_equality),
        TEST(test_depth_is_limited),
        TEST(test_size_is_limited),
        TEST(test_work_is_limited),
        TEST(test_memory_is_limited),
        TEST(test_patterns),
        TEST(test_patterns_that_are_refused),
        TEST(test_times_as_text),
        TEST(test_format_cuts_between_characters),
        TEST(test_zones_may_be_missing_or_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
