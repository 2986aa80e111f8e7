/* test_rules_limits.c - a rule that reaches a limit says so by an alert of its own, until rules are
 * loaded anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <msgpack.h>

#include "engine.h"
#include "rules/rules.h"

static const char text[] = "rules:\n"
                           "  - rule: one\n"
                           "    by: [country]\n"
                           "    select: {freed: {kind: release}}\n"
                           "    when: freed.count > 100\n";

typedef struct seen {
    char ids[16][128], titles[16][256];
    uint8_t states[16];
    size_t count;
} seen;

static void on_alert(void *context, const thaw_alert *alert)
{
    seen *s = context;
    assert_true(s->count < 16);
    snprintf(s->ids[s->count], sizeof s->ids[0], "%.*s", (int)alert->id.len, alert->id.data);
    snprintf(s->titles[s->count], sizeof s->titles[0], "%.*s", (int)alert->title.len,
             alert->title.data);
    s->states[s->count++] = alert->state;
}

static rules *load_text(const char *yaml, uint32_t groups, uint32_t facts)
{
    rules_complaints complaints = {.at = NULL};
    rules_limits limits = rules_limits_default;
    rules *set = NULL;
    limits.groups = groups;
    limits.facts = facts;
    assert_int_equal(rules_load_text("text", yaml, strlen(yaml), &limits, false, &set, &complaints),
                     0);
    rules_complaints_done(&complaints);
    return set;
}

static rules *load(uint32_t groups, uint32_t facts)
{
    return load_text(text, groups, facts);
}

static engine *start(seen *s, uint32_t groups, uint32_t facts)
{
    engine_sink sink = {.context = s, .alert = on_alert};
    engine *e = NULL;
    assert_int_equal(engine_new(&engine_config_default, &sink, &e), 0);
    assert_int_equal(engine_set_rules(e, load(groups, facts), false, NULL, NULL), 0);
    return e;
}

static void put(msgpack_packer *out, const char *key, const char *value)
{
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_str_with_body(out, value, strlen(value));
}

static void tell_of(engine *e, const char *source, const char *incident, const char *id,
                    const char *country, int64_t now_ns)
{
    msgpack_sbuffer data;
    msgpack_packer out;
    thaw_body body;
    thaw_event event;
    thaw_error error;
    engine_verdict verdict;
    msgpack_sbuffer_init(&data);
    msgpack_packer_init(&out, &data, msgpack_sbuffer_write);
    msgpack_pack_map(&out, 6);
    put(&out, "id", id);
    put(&out, "kind", "release");
    put(&out, "country", country);
    put(&out, "source", source);
    put(&out, "incident", incident);
    put(&out, "occurred_at", "2025-05-01");
    assert_int_equal(
        thaw_body_open(&body, data.data, data.size, &thaw_limits_default, INT64_MAX / 2, &error),
        0);
    assert_int_equal(thaw_body_next(&body, &event, &error), 1);
    assert_int_equal(engine_apply(e, &event, 1, now_ns, &verdict), 0);
    assert_int_equal(verdict.code, THAW_OK);
    msgpack_sbuffer_destroy(&data);
}

static void tell(engine *e, const char *id, const char *country, int64_t now_ns)
{
    tell_of(e, "s", id, id, country, now_ns);
}

static void groups_are_bounded(void **state)
{
    (void)state;
    seen s = {.count = 0};
    engine *e = start(&s, 2, 100);
    tell(e, "1", "AA", 1);
    tell(e, "2", "BB", 2);
    assert_int_equal(s.count, 0);
    tell(e, "3", "CC", 3);
    tell(e, "4", "DD", 4);
    assert_int_equal(s.count, 1); /* once, not for each */
    assert_string_equal(s.ids[0], "thaw-limit:one:1");
    assert_non_null(strstr(s.titles[0], "limit of 2 groups"));
    engine_free(e);
}

static void facts_are_bounded_and_a_reload_begins_anew(void **state)
{
    (void)state;
    seen s = {.count = 0};
    engine *e = start(&s, 100, 2);
    tell(e, "1", "AA", 1);
    tell(e, "2", "AA", 2);
    assert_int_equal(s.count, 0);
    tell(e, "3", "AA", 3);
    assert_int_equal(s.count, 1);
    assert_non_null(strstr(s.titles[0], "limit of 2 facts"));
    assert_int_equal(engine_set_rules(e, load(100, 100), false, NULL, NULL), 0);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.ids[1], "thaw-limit:one:1");
    assert_int_equal(s.states[1], THAW_RESOLVED);
    engine_free(e);
}

/* The import of a history under rules with windows: what is past for good is watched by none. */
static void what_is_past_takes_no_group(void **state)
{
    static const char recent[] = "rules:\n"
                                 "  - rule: one\n"
                                 "    by: [country]\n"
                                 "    select: {freed: {kind: release, within: 2d}}\n"
                                 "    when: freed.count > 0\n";
    const int64_t now_ns = INT64_C(1770000000000000000); /* 2026 */
    (void)state;
    seen s = {.count = 0};
    engine_sink sink = {.context = &s, .alert = on_alert};
    engine *e = NULL;
    assert_int_equal(engine_new(&engine_config_default, &sink, &e), 0);
    assert_int_equal(engine_set_rules(e, load_text(recent, 2, 100), false, NULL, NULL), 0);
    tell(e, "1", "AA", now_ns);
    tell(e, "2", "BB", now_ns);
    tell(e, "3", "CC", now_ns);
    assert_int_equal(engine_set_rules(e, load_text(recent, 1, 100), false, NULL, NULL), 0);
    tell(e, "4", "DD", now_ns);
    assert_int_equal(s.count, 0);
    engine_free(e);
}

enum { TOLD = 100 };

typedef struct listed {
    char facts[THAW_ALERT_LIST_MAX][64];
    size_t count;
} listed;

static void on_listed(void *context, const thaw_alert *alert)
{
    listed *l = context;
    thaw_list facts = alert->facts;
    thaw_str fact;
    for (l->count = 0; thaw_str_next(&facts, &fact); l->count++)
        snprintf(l->facts[l->count], sizeof l->facts[0], "%.*s", (int)fact.len, fact.data);
}

/* What an alert lists of more facts of one instant than it can list. */
static void list_of_many(bool backwards, listed *ret_listed)
{
    static const char many[] =
        "rules:\n  - rule: many\n    by: [country]\n    select: {told: {kind: report}}\n"
        "    when: told.count >= 100\n";
    engine_sink sink = {.context = ret_listed, .alert = on_listed};
    rules_complaints complaints = {.at = NULL};
    rules *set = NULL;
    engine *e = NULL;
    char id[16];
    assert_int_equal(engine_new(&engine_config_default, &sink, &e), 0);
    assert_int_equal(rules_load_text("text", many, strlen(many), NULL, false, &set, &complaints),
                     0);
    rules_complaints_done(&complaints);
    assert_int_equal(engine_set_rules(e, set, false, NULL, NULL), 0);
    for (int n = 0; n < TOLD; n++) {
        snprintf(id, sizeof id, "%d", backwards ? TOLD - 1 - n : n);
        tell(e, id, "BY", n + 1);
    }
    engine_free(e);
}

static void a_cut_list_holds_the_same_in_any_order_of_reports(void **state)
{
    (void)state;
    listed forwards = {.count = 0}, backwards = {.count = 0};
    list_of_many(false, &forwards);
    list_of_many(true, &backwards);
    assert_int_equal(forwards.count, THAW_ALERT_LIST_MAX);
    assert_int_equal(backwards.count, THAW_ALERT_LIST_MAX);
    for (size_t i = 0; i < THAW_ALERT_LIST_MAX; i++)
        assert_string_equal(forwards.facts[i], backwards.facts[i]);
}

typedef struct grounds {
    uint32_t facts, reports, sources;
    char last[16];
} grounds;

static void on_grounds(void *context, const thaw_alert *alert)
{
    grounds *g = context;
    thaw_list sources = alert->sources;
    thaw_str source;
    *g = (grounds){alert->facts.count, alert->reports.count, alert->sources.count, ""};
    while (thaw_str_next(&sources, &source))
        snprintf(g->last, sizeof g->last, "%.*s", (int)source.len, source.data);
}

/* One that reports without end must not hide who confirmed it. */
static void a_source_is_listed_whose_report_is_not(void **state)
{
    static const char confirmed[] =
        "rules:\n  - rule: confirmed\n    by: [country]\n    select: {freed: {kind: release}}\n"
        "    when: freed.sources >= 2\n";
    grounds g = {.facts = 0};
    engine_sink sink = {.context = &g, .alert = on_grounds};
    rules_complaints complaints = {.at = NULL};
    rules *set = NULL;
    engine *e = NULL;
    char id[16];
    (void)state;
    assert_int_equal(engine_new(&engine_config_default, &sink, &e), 0);
    assert_int_equal(
        rules_load_text("text", confirmed, strlen(confirmed), NULL, false, &set, &complaints), 0);
    rules_complaints_done(&complaints);
    assert_int_equal(engine_set_rules(e, set, false, NULL, NULL), 0);
    for (int n = 0; n < TOLD; n++) {
        snprintf(id, sizeof id, "%d", n);
        tell_of(e, "wire", "it", id, "BY", n + 1);
    }
    tell_of(e, "witness", "it", "1", "BY", TOLD + 1);
    assert_int_equal(g.facts, 1);
    assert_int_equal(g.reports, THAW_ALERT_LIST_MAX);
    assert_int_equal(g.sources, 2);
    assert_string_equal(g.last, "witness");
    engine_free(e);
}

/* An upgrade must not keep thawd from its own journal. */
static void rules_of_a_journal_pass_what_is_refused_now(void **state)
{
    static const char *const doubtful[] = {
        "rules:\n  - rule: a\n    severity: warnin\n    by: []\n    select: {x: {kind: release}}\n"
        "    when: x.count > 0\n",
        "rules:\n  - rule: a\n    by: []\n    select: {x: {kind: release, where: 'count > 5 && "
        "count < 3'}}\n"
        "    when: x.count > 0\n"};
    (void)state;
    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++) {
        rules_limits limits = rules_limits_default;
        for (int once = 0; once < 2; once++) {
            rules_complaints complaints = {.at = NULL};
            rules *set = NULL;
            limits.accepted_once = once;
            assert_int_equal(rules_load_text("text", doubtful[i], strlen(doubtful[i]), &limits,
                                             false, &set, &complaints),
                             once ? 0 : -EINVAL);
            rules_complaints_done(&complaints);
            rules_free(set);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_bounded),
        cmocka_unit_test(what_is_past_takes_no_group),
        cmocka_unit_test(a_cut_list_holds_the_same_in_any_order_of_reports),
        cmocka_unit_test(a_source_is_listed_whose_report_is_not),
        cmocka_unit_test(rules_of_a_journal_pass_what_is_refused_now),
        cmocka_unit_test(facts_are_bounded_and_a_reload_begins_anew)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
