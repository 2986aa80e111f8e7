/* test_cel.c: the expression language as the rule engine uses it: declared variables, type errors with
 * their place, constraints, contradictions, explanation. What expressions mean is the business of the
 * conformance cases. */
#include "test_cel_support.h"

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
        {"timestamp('1969-12-31T23:59:59.5Z') - timestamp('2262-04-11T23:47:16Z')", "duration(\"-9223372036.5s\")"},
        {"timestamp('2262-04-11T23:47:16.5Z') - timestamp('1970-01-01T00:00:00Z')", "duration(\"9223372036.5s\")"},
        {"timestamp('2262-04-11T23:47:16Z') - timestamp('1969-12-31T23:59:59.2Z')", "duration(\"9223372036.8s\")"},
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
        {"disagrees &&\n country == 5", 2, 10, "string and int are never equal"},
        {"country == 'é' && count > 'x'", 1, 25, "'>' cannot compare int with string"},
        {"(count + 1) * 2 == 'x'", 1, 17, "int and string are never equal"},
        {"disagrees && country.size().foo", 1, 29, "a value of type int has no field 'foo'"},
        {"count > 1 and disagrees", 1, 11, "found 'and': write &&"},
        {"disagrees or disagrees", 1, 11, "write ||"},
        {"not disagrees", 1, 5, "write ! in its place"},
        {"country == BYR", 1, 12, "a text is written in quotes, \"BYR\""},
        {"other.count > 1", 1, 1, "unknown name 'other', known are: country count spread"},
        {"Freed.count > 1", 1, 1, "unknown name 'Freed', did you mean 'freed'?"},
        {"COUNTRY == 'BY'", 1, 1, "unknown name 'COUNTRY', did you mean 'country'?"},
        {"countries == 'BY'", 1, 1, "unknown name 'countries', did you mean 'country'?"},
        {"occurred_at > '2024-07-01'", 1, 13, "string: write timestamp(\"2024-07-01T00:00:00Z\")"},
        {"'2024' == occurred_at", 1, 8, "write timestamp(\"2024-07-01T00:00:00Z\")"},
        {"occurred_at - occurred_at > 3", 1, 27, "with int: write duration(\"72h\")"},
        {"occurred_at - occurred_at > 3d", 1, 30, "found 'd': write duration(\"72h\") for a time span"},
        {"ids > 2", 1, 5, "with int: size(...) is how many are in a list"},
        {"ids == 'a'", 1, 5, "are never equal ('=='): in asks, as in \"x\" in [\"x\", \"y\"]"},
        {"cuontry == 'BY'", 1, 1, "unknown name 'cuontry', did you mean 'country'?"},
        {"freed.cout > 1", 1, 7, "no field 'cout', did you mean 'count'?"},
        {"freed > 1", 1, 1, "its fields are: .count .sum .min .last"},
        {"occurred_at > now", 1, 15, "within, before and ahead"},
        {"country + 1 == 'x'", 1, 9, "'+' does not take string and int"},
        {"count + 1.5 > 2.0", 1, 7, "convert one with int() or double()"},
        {"count", 1, 1, "must be bool, this is int"},
        {"country.startWith('B')", 1, 9, "did you mean 'startsWith'?"},
        {"country.startsWith(5)", 1, 9, "does not take (string, int)"},
        {"count && disagrees", 1, 1, "'&&' takes bool, found int"},
        {"country in 'BY'", 1, 12, "'in' looks into a list"},
        {"country in [1, 2]", 1, 9, "no string is in a list(int)"},
        {"duration('14d') > duration('1h')", 1, 1, "the units are h, m, s"},
        {"occurred_at > timestamp('2024-07-01')", 1, 15, "2024-07-01T09:00:00Z"},
        {"country.matches('a(')", 1, 17, "missing )"},
        {"occurred_at.getHours('Mars/Base') > 1", 1, 22, "unknown time zone"},
        {"occurred_at.getHours('../passwd') > 1", 1, 22, "unknown time zone"},
        {"1 / 0 > 1 || disagrees", 1, 3, "divide by zero"},
        {"timestamp('2262-04-11T23:47:16Z') - timestamp('1969-12-31T23:59:59.1Z') > duration('0s')", 1, 35, "is out of range"},
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
                        "at offset 0: missing ): (");
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

static void test_contradictions_are_found(void **state)
{
    static const struct {
        const char *text, *about; /* NULL: it may be true */
        size_t offset;
    } cases[] = {
        {"count > 5 && count < 3", "count", 13},
        {"count > 5 && count < 5", "count", 13},
        {"count >= 5 && count < 5", "count", 14},
        {"count >= 5 && count <= 5", NULL, 0},
        {"count > 5 && count < 6", "count", 13},
        {"spread > 5.0 && spread < 6.0", NULL, 0},
        {"3 > count && 5 < count", "count", 13},
        {"count > 5 && !(count > 5)", "count", 14},
        {"spread > 5.0 && !(spread >= 2.0)", NULL, 0}, /* it could be NaN, for all that is known */
        {"count == 5 && count != 5", "count", 0},
        {"count in [1, 2] && count > 2", "count", 0},
        {"count in [1, 2, 3] && count > 2 && count != 3", "count", 0},
        {"count in [1, 2] && !(count in [1, 2.0])", "count", 0},
        {"country == 'BY' && country == 'RU'", "country", 19},
        {"country == 'BY' && country in ['RU', 'UA']", "country", 19},
        {"country < 'B' && country > 'R'", "country", 17},
        {"country < 'R' && country > 'B'", NULL, 0},
        {"disagrees && !disagrees", "disagrees", 14},
        {"!(disagrees || count > 5) && count > 7", "count", 29},
        {"name == null && name != null", "name", 0},
        {"occurred_at > timestamp('2025-01-01T00:00:00Z') && occurred_at < timestamp(0)",
         "occurred_at", 51},
        {"freed.count > 5 && freed.sum < 3", NULL, 0},
        {"freed.count > 5 && (freed.sum > 3 && freed.count < 2)", "freed.count", 37},
        {"(count > 5 && count < 3) || (count == 1 && count == 2)", "count", 43},
        {"(count > 5 && count < 3) || count == 1", NULL, 0},
        {"country == 'BY' && (count > 5 && count < 3 || count == 4 && count == 5)", "count", 60},
        {"count > 5 || count < 3", NULL, 0},
        {"any > 5 && any < 'a'", NULL, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cel_program *program = compile(*state, cases[i].text, CEL_WANT_BOOL);
        const char *name = NULL;
        size_t offset = 0;
        bool found = cel_program_contradicts(program, &offset, &name);
        if (found != (cases[i].about != NULL) || (found && strcmp(name, cases[i].about) != 0) ||
            offset != cases[i].offset)
            fail_msg("%s: %d, %s at %zu", cases[i].text, found, name ? name : "", offset);
        cel_program_free(program);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_values),
        TEST(test_errors_have_a_place_and_a_reason),
        TEST(test_lenient_leaves_errors_to_the_evaluation),
        TEST(test_environment_refuses_what_is_no_name),
        TEST(test_slots_are_those_that_are_read),
        TEST(test_constant_programs_are_known),
        TEST(test_constraints_are_necessary_conditions),
        TEST(test_contradictions_are_found),
        TEST(test_explain_shows_every_part),
        TEST(test_sets_follow_equality),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
