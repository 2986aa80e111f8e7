/* test_cel_limits.c: expressions that are long, deep, costly or no expressions at all. */
#include "test_cel_support.h"

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
    free(name);
}

/* Every beginning of an expression, and every byte put into one: refused with a place inside of the
 * text, or read. */
static void test_hostile_text_is_refused_or_read(void **state)
{
    static const char text[] =
        "ids.exists(x, x in ['a\\x41', r'b']) && -count * 0x1F >= 1.5e3 || "
        "country.matches(\"\"\"^(a|b)*$\"\"\") ? !true : b'\\377' == b'' // c";
    struct fixture *fixture = *state;
    const size_t len = sizeof(text) - 1;
    char changed[sizeof(text)];

    for (size_t i = 0; i <= len * 257; i++) {
        struct cel_program *program = NULL;
        struct cel_error error = {.text = ""};
        size_t used = i <= len ? i : len;
        memcpy(changed, text, sizeof(text));
        if (i > len)
            changed[(i - len - 1) / 256] = (char)((i - len - 1) % 256);
        int r = cel_compile(fixture->env, changed, used, CEL_LENIENT, &program, &error);
        assert_true(r == 0 || r == -EINVAL);
        assert_int_equal(r == 0, program != NULL);
        assert_true(r == 0 || (error.text[0] != '\0' && error.offset_bytes <= used));
        cel_program_free(program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_watchlist_of_a_hundred_thousand),
        TEST(test_depth_is_limited),
        TEST(test_size_is_limited),
        TEST(test_work_is_limited),
        TEST(test_memory_is_limited),
        TEST(test_hostile_text_is_refused_or_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
