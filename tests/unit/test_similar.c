/* test_similar.c - pairs of close names: as comparing all with all finds them, of names made to be alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/answers/similar.h"

enum { NAMES_MAX = 400, NAME_ROOM = 120 };

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

/* Few syllables, so that many words are the same or nearly so; T, K and ch, vowels that go, marks, other scripts. */
static void word_draw(char *at)
{
    static const char *const syllables[] = {"ta",  "ka",  "cha", "si", "shi", "ra", "lo", "mu",
                                            "kho", "tsa", "ba",  "n",  "Юл",  "им", "é",  "-"};
    uint32_t count = 1 + draw(draw(8) ? 3 : 12);
    *at = '\0';
    for (uint32_t i = 0; i < count; i++)
        strcat(at, syllables[draw(sizeof syllables / sizeof *syllables)]);
    if (strlen(at) > 14)
        at[13] = '\0'; /* in the midst of a letter, too */
}

static void name_draw(char *at, const char *other)
{
    char word[80];
    uint32_t words = draw(12) ? 1 + draw(4) : 5 + draw(3);
    if (other && draw(2)) { /* that one with a letter changed, put in or left out */
        size_t len = strlen(other), place = draw((uint32_t)len + 1);
        snprintf(at, NAME_ROOM, "%.*s%s%s", (int)place, other, draw(2) ? "b" : "",
                 other + (place < len ? place + draw(2) : place));
        return;
    }
    *at = '\0';
    for (uint32_t i = 0; i < words; i++) {
        word_draw(word);
        strcat(strcat(at, i ? " " : ""), word);
    }
}

static void compare(const named *names, uint32_t count, uint32_t most)
{
    name_pair *pairs;
    uint32_t found, expected = 0;
    bool more;
    assert_int_equal(similar_find(names, count, most, SIZE_MAX, &pairs, &found, &more), 0);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count; j++) {
            if (!names_close(&names[i], &names[j]) || expected++ >= most)
                continue;
            if (expected > found || pairs[expected - 1].first != i ||
                pairs[expected - 1].second != j)
                fail_msg("pair %u: expected \"%s\" and \"%s\"", expected, names[i].name.data,
                         names[j].name.data);
        }
    assert_int_equal(found, expected < most ? expected : most);
    assert_int_equal(more, expected > most);
    free(pairs);
}

static void test_as_all_with_all(void **unused)
{
    static char texts[NAMES_MAX][NAME_ROOM];
    static named names[NAMES_MAX];
    uint64_t all = 0;
    (void)unused;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        state = seed;
        uint32_t count = draw(NAMES_MAX);
        for (uint32_t i = 0; i < count; i++) {
            name_draw(texts[i], i ? texts[draw(i)] : NULL);
            named_make((thaw_str){texts[i], (uint32_t)strlen(texts[i])}, &names[i]);
        }
        compare(names, count, 1u << draw(14));
        all += count;
    }
    assert_true(all > 10000);
}

static void test_all_alike(void **unused)
{
    enum { COUNT = 20000 };
    named *names = calloc(COUNT, sizeof *names), one;
    name_pair *pairs;
    uint32_t found;
    bool more;
    (void)unused;
    named_make((thaw_str){"Ahmad Khalil", 12}, &one);
    for (uint32_t i = 0; i < COUNT; i++)
        names[i] = one;
    assert_int_equal(similar_find(names, COUNT, 1000, SIZE_MAX, &pairs, &found, &more), 0);
    assert_int_equal(found, 1000);
    assert_true(more);
    for (uint32_t i = 0; i < found; i++)
        assert_true(pairs[i].first == 0 && pairs[i].second == i + 1);
    free(pairs);
    free(names);
}

/* Of names for which the bytes are not enough the last ones are left out, and that is said. */
static void test_few_bytes(void **unused)
{
    enum { COUNT = 300 };
    static char texts[COUNT][NAME_ROOM];
    static named names[COUNT];
    uint32_t found_last = 0;
    (void)unused;
    state = 7;
    for (uint32_t i = 0; i < COUNT; i++) {
        name_draw(texts[i], i ? texts[draw(i)] : NULL);
        named_make((thaw_str){texts[i], (uint32_t)strlen(texts[i])}, &names[i]);
    }
    for (size_t bytes = 0; bytes < 1000000; bytes = bytes * 2 + 1000) {
        name_pair *pairs;
        uint32_t found, expected = 0, last = 0;
        bool more;
        assert_int_equal(similar_find(names, COUNT, 1u << 20, bytes, &pairs, &found, &more), 0);
        for (uint32_t i = 0; i < found; i++)
            last = pairs[i].second > last ? pairs[i].second : last;
        for (uint32_t i = 0; i <= last && found;
             i++) /* of those up to the last one none is missing */
            for (uint32_t j = i + 1; j <= last; j++)
                expected += names_close(&names[i], &names[j]);
        assert_int_equal(found, expected);
        assert_true(found >= found_last && (bytes > 10000 || more));
        found_last = found;
        free(pairs);
        if (bytes > 500000) {
            assert_false(more);
            compare(names, COUNT, 1u << 20);
        }
    }
}

/* Names of two words of ten sounds, T or K each: all have the same keys, and hardly any are close. */
static void test_alike_to_the_keys_only(void **unused)
{
    enum { COUNT = 20000, SOME = 600, SOUNDS = 10 };
    static char texts[COUNT][NAME_ROOM];
    named *names = calloc(COUNT, sizeof *names);
    name_pair *pairs;
    uint32_t found;
    bool more;
    (void)unused;
    state = 1;
    for (uint32_t i = 0; i < COUNT; i++) {
        for (uint32_t sound = 0; sound < 2 * SOUNDS; sound++)
            strcat(strcat(texts[i], sound == SOUNDS ? " " : ""), draw(2) ? "ta" : "ka");
        named_make((thaw_str){texts[i], (uint32_t)strlen(texts[i])}, &names[i]);
    }
    compare(names, SOME, 1000); /* so few are compared all the same */
    assert_int_equal(similar_find(names, COUNT, 1000, SIZE_MAX, &pairs, &found, &more), 0);
    assert_true(more); /* of so many some are left out, and that is said */
    for (uint32_t i = 0; i < found; i++)
        assert_true(names_close(&names[pairs[i].first], &names[pairs[i].second]));
    free(pairs);
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_all_with_all),
        cmocka_unit_test(test_all_alike),
        cmocka_unit_test(test_few_bytes),
        cmocka_unit_test(test_alike_to_the_keys_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
