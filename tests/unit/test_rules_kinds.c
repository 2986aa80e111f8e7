/* test_rules_kinds.c - a rule can select facts of every kind, by each of their fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/facts.h"
#include "rules/rules.h"

static int load(const char *text)
{
    rules *set = NULL;
    rules_complaints complaints = {0};
    int r = rules_load_text("test", text, strlen(text), NULL, false, &set, &complaints);

    for (size_t i = 0; i < complaints.count; i++)
        print_error("%s\n", complaints.at[i].text);
    if (r == 0)
        rules_free(set);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_and_field)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
