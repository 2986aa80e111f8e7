/* Times and dates: what is read, what is refused, and the intervals they stand for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "thaw.h"

#define S INT64_C(1000000000)
#define DAY (86400 * S)

static thaw_date parsed(const char *text)
{
    thaw_date date = {0};

    if (thaw_date_parse(text, strlen(text), &date) != 0)
        fail_msg("refused: %s", text);
    return date;
}

static void reads_times(void **state)
{
    static const struct {
        const char *text;
        int64_t at_ns;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T23:59:59.5Z", -S / 2},
        {"1970-01-01T00:00:00.000000001Z", 1},
        {"1900-01-01T00:00:00Z", -2208988800 * S},
        {"2200-12-31T23:59:59.999999999Z", 7289654400 * S - 1},
        {"2016-12-31T23:59:60Z", 1483228800 * S},
        {"2017-01-01T00:59:60+01:00", 1483228800 * S},
        {"2000-02-29T12:00:00-05:30", 951845400 * S},
        {"2025-12-13T10:00:00-00:00", 1765620000 * S},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        thaw_date date = parsed(cases[i].text);
        assert_int_equal(date.precision, THAW_INSTANT);
        assert_false(date.approximate);
        assert_true(date.at_ns == cases[i].at_ns);
    }
}

static void refuses_what_is_no_date(void **state)
{
    static const char *const cases[] = {
        "",
        "~",
        "202",
        "20250",
        "2025-",
        "2025-1",
        "2025-13",
        "2025-00",
        "2025-02-29",
        "1900-02-29",
        "2025-04-31",
        "2025-01-00",
        "2025-1-01",
        "2025-01-01~~",
        "2025-01-01T",
        "2025-01-01T10:00Z",
        "2025-01-01T10:00:00",
        "2025-01-01T10:00:00Z~",
        "2025-01-01T24:00:00Z",
        "2025-01-01T10:60:00Z",
        "2025-01-01T10:00:61Z",
        "2025-01-01T10:00:60Z",
        "2025-01-01T10:00:00.Z",
        "2025-01-01T10:00:00.1234567890Z",
        "2025-01-01T10:00:00+24:00",
        "2025-01-01T10:00:00+01:60",
        "2025-01-01T10:00:00+0100",
        "2025-01-01 10:00:00Z",
        "2025-W01",
        "+2025",
        "2025-01-01?",
        "20250101",
        " 2025",
        "2025 ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        thaw_date date = {.at_ns = 42};
        if (thaw_date_parse(cases[i], strlen(cases[i]), &date) != -EINVAL)
            fail_msg("taken: %s", cases[i]);
        assert_true(date.at_ns == 42);
    }
}

static void refuses_years_out_of_range(void **state)
{
    static const char *const cases[] = {"1899",
                                        "2201",
                                        "0000",
                                        "9999",
                                        "1899-12",
                                        "2201-01-01",
                                        "1899-12-31T23:59:59Z",
                                        "2201-01-01T00:00:00Z",
                                        "1900-01-01T00:00:00+00:01",
                                        "2200-12-31T23:59:59-00:01"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        thaw_date date;
        if (thaw_date_parse(cases[i], strlen(cases[i]), &date) != -ERANGE)
            fail_msg("not out of range: %s", cases[i]);
    }
}

static void knows_the_intervals(void **state)
{
    static const struct {
        const char *text, *start, *end;
    } cases[] = {
        {"2025-12-13", "2025-12-13", "2025-12-14"},
        {"2024-02-29", "2024-02-29", "2024-03-01"},
        {"2025-12", "2025-12", "2026-01"},
        {"2024-02", "2024-02-01", "2024-03-01"},
        {"2025", "2025", "2026"},
        {"2025-05-10~", "2025-04-26", "2025-05-25"},
        {"2025-01~", "2024-12", "2025-03"},
        {"2025-12~", "2025-11", "2026-02"},
        {"2025~", "2024", "2027"},
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        thaw_date date = parsed(cases[i].text);
        int64_t start_ns, end_ns;
        thaw_date_interval(&date, &start_ns, &end_ns);
        assert_true(start_ns == parsed(cases[i].start).at_ns);
        assert_true(end_ns == parsed(cases[i].end).at_ns);
    }
}

static void widens_at_the_ends_of_the_range(void **state)
{
    thaw_date first = parsed("1900~"), last = parsed("2200~");
    int64_t start_ns, end_ns;

    (void)state;
    thaw_date_interval(&first, &start_ns, &end_ns);
    assert_true(start_ns == parsed("1900").at_ns - 365 * DAY);
    thaw_date_interval(&last, &start_ns, &end_ns);
    assert_true(end_ns == parsed("2200").at_ns + (365 + 365) * DAY);
}

static void writes_what_it_reads(void **state)
{
    static const char *const cases[] = {"2025",
                                        "2025~",
                                        "2025-07",
                                        "2025-07~",
                                        "2025-12-13",
                                        "2025-12-13~",
                                        "1900-01-01",
                                        "2200-12-31",
                                        "2000-02-29",
                                        "2025-12-13T10:00:00Z",
                                        "1969-12-31T23:59:59.999999999Z",
                                        "1900-01-01T00:00:00.5Z",
                                        "2038-01-19T03:14:08.000001Z"};
    char text[THAW_DATE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        thaw_date date = parsed(cases[i]);
        assert_int_equal(thaw_date_format(&date, text), strlen(cases[i]));
        assert_string_equal(text, cases[i]);
    }
    assert_int_equal(thaw_date_format(&(thaw_date){0}, text), 0);
    assert_string_equal(text, "");
}

/* Every day of the range, one after the other, against a calendar that only counts. */
static void counts_every_day(void **state)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t at_ns = -2208988800 * S;
    char text[THAW_DATE_TEXT], wanted[THAW_DATE_TEXT];

    (void)state;
    for (int year = 1900; year <= 2200; year++) {
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= days[month - 1] + (month == 2 && leap); day++) {
                snprintf(wanted, sizeof(wanted), "%04d-%02d-%02d", year, month, day);
                thaw_date date = parsed(wanted);
                assert_true(date.at_ns == at_ns);
                thaw_date_format(&date, text);
                assert_string_equal(text, wanted);
                at_ns += DAY;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_times),
        cmocka_unit_test(refuses_what_is_no_date),
        cmocka_unit_test(refuses_years_out_of_range),
        cmocka_unit_test(knows_the_intervals),
        cmocka_unit_test(widens_at_the_ends_of_the_range),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(counts_every_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
