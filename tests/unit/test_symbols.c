/* test_symbols.c - strings as numbers: equal ones are one, and their order is that of the strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "facts/memory/symbols.h"

static uint32_t put(symbols *s, const char *text)
{
    uint32_t symbol = 0;
    assert_int_equal(symbols_put(s, (thaw_str){text, (uint32_t)strlen(text)}, &symbol), 0);
    return symbol;
}

static void assert_order(const symbols *s, uint32_t a, uint32_t b)
{
    int said = symbols_compare(s, a, b), is = str_compare(symbols_get(s, a), symbols_get(s, b));
    assert_int_equal((said > 0) - (said < 0), (is > 0) - (is < 0));
}

/* Every pair of the first `count` symbols. */
static void assert_orders(const symbols *s, uint32_t count)
{
    for (uint32_t a = 1; a <= count; a++)
        for (uint32_t b = 1; b <= count; b++)
            assert_order(s, a, b);
}

static void equal_strings_are_one_symbol(void **state)
{
    (void)state;
    symbols *s;
    char text[16];
    assert_int_equal(symbols_new(&s), 0);
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 1; i <= 5000; i++) {
            snprintf(text, sizeof text, "name %u", i);
            assert_int_equal(put(s, text), i);
        }
    assert_int_equal(symbols_find(s, (thaw_str){"name 77", 7}), 77);
    assert_int_equal(symbols_find(s, (thaw_str){"name 0", 6}), 0);
    symbols_free(s);
}

/* A rank lies between those of its neighbours; where none is left there, all are given anew. */
static void ranks_say_the_order(void **state)
{
    static const char *const formats[] = {"%06u", "%u",
                                          "z%uz"}; /* rising, mixed, of several lengths */
    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        symbols *s;
        char text[16];
        assert_int_equal(symbols_new(&s), 0);
        for (uint32_t i = 1; i <= 400; i++) {
            snprintf(text, sizeof text, formats[f], f == 2 ? i * 7919 % 401 : i);
            put(s, text);
            if (i % 3)
                assert_int_equal(symbols_rank(s, i), 0);
            assert_int_equal(symbols_rank(s, i / 2), 0);
        }
        assert_orders(s, 400);
        symbols_free(s);
    }
}

static void those_beyond_the_limit_are_ordered_without_a_rank(void **state)
{
    (void)state;
    symbols *s;
    char text[16];
    assert_int_equal(symbols_new(&s), 0);
    for (uint32_t i = 1; i <= 66000; i++) {
        snprintf(text, sizeof text, "%06u", i);
        put(s, text);
        assert_int_equal(symbols_rank(s, i), 0);
    }
    for (uint32_t i = 1; i < 66000; i++)
        assert_order(s, i, i + 1);
    assert_order(s, 66000, 5);
    symbols_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_strings_are_one_symbol),
        cmocka_unit_test(ranks_say_the_order),
        cmocka_unit_test(those_beyond_the_limit_are_ordered_without_a_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
