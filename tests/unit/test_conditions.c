/* test_conditions.c - conditions in rule files stand as they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/files/conditions.h"

static void expect(const char *text, const char *expected)
{
    quoted_text q;
    assert_int_equal(conditions_quote(text, strlen(text), &q), 0);
    assert_string_equal(q.text, expected);
    assert_int_equal(q.len, strlen(expected));
    /* Whatever was put in, each other character is found where it was written. */
    size_t put_in = 0;
    for (size_t i = 0; i < q.len; i++) {
        if (put_in < q.inserted_count && q.inserted[put_in] == i) {
            put_in++;
            continue;
        }
        assert_int_equal(q.text[i], text[quoted_text_origin(&q, i)]);
    }
    assert_int_equal(put_in, q.inserted_count);
    quoted_text_done(&q);
}

static void a_list_within_a_flow_map(void **state)
{
    (void)state;
    expect("e: {kind: sanction, where: effect in [\"relief\", \"removal\"] && a == \"US\", within: "
           "14d}",
           "e: {kind: sanction, where: 'effect in [\"relief\", \"removal\"] && a == \"US\"', "
           "within: 14d}");
    expect("e: {where: f(a, b) && s == \"a,b}\"}", "e: {where: 'f(a, b) && s == \"a,b}\"'}");
    expect("e: {kind: x, where: a == 'b'}\nz: 1", "e: {kind: x, where: 'a == ''b'''}\nz: 1");
    expect("- {where: \"quoted\", at: x}", "- {where: \"quoted\", at: x}");
    expect("- {where: \"a\" in forms, at: x}", "- {where: '\"a\" in forms', at: x}");
    expect("- {where: a == r\"\\\", at: x}", "- {where: 'a == r\"\\\"', at: x}");
}

static void what_yaml_would_read_otherwise(void **state)
{
    (void)state;
    expect("when: !(a.count > 0)\n", "when: '!(a.count > 0)'\n");
    expect("when: a ? b : c # why\ntitle: x", "when: 'a ? b : c' # why\ntitle: x");
    expect("- when: x == \"a # b\"\r\n  title: y\r\n",
           "- when: 'x == \"a # b\"'\r\n  title: y\r\n");
    expect("when: [1, 2].exists(x, x > y)", "when: '[1, 2].exists(x, x > y)'");
    expect("when:    a\n", "when:    'a'\n");
}

static void lines_that_go_on(void **state)
{
    (void)state;
    expect("- rule: x\n  when: a &&\n    !b\n  title: t\n",
           "- rule: x\n  when: 'a &&\n    !b'\n  title: t\n");
    expect("- when: a\n  title: t", "- when: 'a'\n  title: t");
    expect("when: a\n\n  # remark\ntitle: t", "when: 'a'\n\n  # remark\ntitle: t");
}

static void what_is_left_alone(void **state)
{
    (void)state;
    expect("when: |\n  a: [b\n  when: c\nuntil: >\n  d\n",
           "when: |\n  a: [b\n  when: c\nuntil: >\n  d\n");
    expect("when: 'a'\nuntil: \"b\" # c\n", "when: 'a'\nuntil: \"b\" # c\n");
    expect("# when: a[\ntitle: \"when: b[\"\n", "# when: a[\ntitle: \"when: b[\"\n");
    expect("title: when is: it", "title: when is: it");
    expect("select: {when: {kind: release}}", "select: {when: {kind: release}}");
    expect("when:\n  a\nwhenever: x", "when:\n  a\nwhenever: x");
    expect("title: |\n  x\n   when: a[\n\nwhen: b[0]",
           "title: |\n  x\n   when: a[\n\nwhen: 'b[0]'");
    expect("{where: a[", "{where: a[");
    expect("", "");
}

/* Any bytes: no reading beyond the end, and nothing lost. */
static void any_text_keeps_its_characters(void **state)
{
    (void)state;
    static const char pieces[][8] = {"when: ", "where:", "{",  "}",  "[",      "]", ",",
                                     "'",      "\"",     "\n", "  ", "- ",     "#", "|\n",
                                     "\\",     "a",      ": ", "\r", "until: "};
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[128] = "";
        size_t len = 0;
        quoted_text q;
        for (int i = 0; i < 14; i++) {
            seed = seed * 1103515245u + 12345u;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        char *exact = malloc(len ? len : 1); /* no byte behind the end, for the sanitizer */
        memcpy(exact, text, len);
        assert_int_equal(conditions_quote(exact, len, &q), 0);
        size_t kept = 0, put_in = 0;
        for (size_t i = 0; i < q.len; i++) {
            if (put_in < q.inserted_count && q.inserted[put_in] == i)
                put_in++;
            else
                assert_int_equal(q.text[i], exact[kept++]);
        }
        assert_int_equal(kept, len);
        quoted_text_done(&q);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_within_a_flow_map),
        cmocka_unit_test(what_yaml_would_read_otherwise),
        cmocka_unit_test(lines_that_go_on),
        cmocka_unit_test(what_is_left_alone),
        cmocka_unit_test(any_text_keeps_its_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
