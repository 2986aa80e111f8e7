/* test_rules_kinds.c - a rule can select facts of every kind, by each of their fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "facts/facts.h"
#include "rules/rules.h"

/* The number of warnings, or -errno. */
static int load(const char *text)
{
    rules *set = NULL;
    rules_complaints complaints = {0};
    int r = rules_load_text("test", text, strlen(text), NULL, true, &set, &complaints);

    for (size_t i = 0; i < complaints.count; i++)
        print_error("%s\n", complaints.at[i].text);
    if (r == 0) {
        rules_free(set);
        r = (int)complaints.count;
    }
    rules_complaints_done(&complaints);
    return r;
}

static void every_kind_and_field(void **state)
{
    (void)state;
    int kinds = 0;

    for (int k = 1; k < FACT_KIND_COUNT; k++) {
        const char *kind = fact_kind_name((fact_kind)k), *name;
        fact_field field;
        fact_type type;
        assert_non_null(kind);
        kinds++;
        for (size_t i = 0; fact_field_at((fact_kind)k, i, &name, &field, &type); i++) {
            char text[512], where[128];
            /* silent_for grows with the clock: only a constant bound tells when it acts */
            snprintf(where, sizeof where,
                     type == FACT_DURATION ? "%s > duration(\"72h\")" : "%s == %s", name, name);
            snprintf(text, sizeof text,
                     "rules:\n  - rule: x\n    by: [country]\n    select:\n"
                     "      s: {kind: %s, where: %s}\n    when: s.count > 0\n    title: t\n",
                     kind, where);
            assert_int_equal(load(text), 0);
        }
    }
    assert_int_equal(kinds, 9);
}

/* Warnings of a rule that selects facts by one word. */
static int by_word(const char *kind, const char *before, const char *word, const char *after)
{
    char text[512];
    snprintf(text, sizeof text,
             "rules:\n  - rule: x\n    by: [country]\n    select:\n"
             "      s: {kind: %s, where: '%s \"%s\" %s'}\n    when: s.count > 3\n    title: t\n",
             kind, before, word, after);
    return load(text);
}

#define EVERY_WORD(list, count, kind, before, after)                                               \
    do {                                                                                           \
        for (int i = 1; i < (count); i++)                                                          \
            assert_int_equal(by_word(kind, before, thaw_##list##_name((thaw_##list)i), after), 0); \
        assert_int_equal(by_word(kind, before, "no-such-word", after), 1);                         \
    } while (0)

/* A word that the protocol has is no slip of the pen. */
static void every_word_of_the_protocol(void **state)
{
    (void)state;
    EVERY_WORD(form, THAW_FORM_COUNT, "report", "form ==", "");
    EVERY_WORD(action, THAW_ACTION_COUNT, "report", "action ==", "");
    EVERY_WORD(stage, THAW_STAGE_COUNT, "report", "stage ==", "");
    EVERY_WORD(status, THAW_CONFIRMED + 1, "report", "status ==", "");
    EVERY_WORD(count_is, THAW_ABOUT + 1, "report", "count_is ==", "");
    EVERY_WORD(covers, THAW_WIDER + 1, "report", "covers ==", "");
    EVERY_WORD(of, THAW_OF_RELEASED + 1, "report", "of ==", "");
    EVERY_WORD(feed_state, THAW_FEED_BROKEN + 1, "report", "state ==", "");
    EVERY_WORD(action, THAW_ACTION_COUNT, "sanction", "action ==", "");
    EVERY_WORD(form, THAW_FORM_COUNT, "tally", "form ==", "");
    EVERY_WORD(form, THAW_FORM_COUNT, "release", "", "in forms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_and_field),
                                       cmocka_unit_test(every_word_of_the_protocol)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
