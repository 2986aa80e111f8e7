/* test_cel_text.c: what expressions do with text: patterns, times and durations as they are written,
 * time zones, and values as they are shown. */
#include "test_cel_support.h"

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
        {"[^\\d\\D]", "1a", false},
        {"^\\pL+ \\p{Cyrillic}+$", "Minsk Мінск", true},
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
        "\\p{Nothing}",
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
        TEST(test_patterns),
        TEST(test_patterns_that_are_refused),
        TEST(test_times_as_text),
        TEST(test_format_cuts_between_characters),
        TEST(test_zones_may_be_missing_or_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
