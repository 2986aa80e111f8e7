/* test_engine_breath.c - while the engine goes through all it has, it says again and again that it goes on. */
#include "test_engine_support.h"

enum { REPORTS = 6000 };

static uint64_t breaths;

static void on_breath(void *context)
{
    assert_non_null(context);
    breaths++;
}

/* How often since the last time. */
static uint64_t breaths_taken(void)
{
    uint64_t taken = breaths;
    breaths = 0;
    return taken;
}

static void write_state(engine *e, int64_t at_ns)
{
    engine_state_query q = {.country = "BY", .at_ns = at_ns};
    msgpack_sbuffer body;
    msgpack_packer out;
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    assert_int_equal(engine_write_state(e, &q, &out), 0);
    msgpack_sbuffer_destroy(&body);
}

static void breathes_at_all_that_is_long(void **state)
{
    subject s = {0}, silent;
    engine_sink sink = {.context = &s, .alert = on_alert, .breathe = on_breath};
    keeping k;
    (void)state;
    subject_start(&silent);
    assert_int_equal(engine_new(&engine_config_default, &sink, &s.e), 0);
    assert_int_equal(engine_set_rules(s.e, rules_make(), false, NULL, NULL), 0);
    for (uint64_t n = 0; n < REPORTS; n++) {
        (void)give(&s, n, day_ns(n));
        (void)give(&silent, n, day_ns(n));
    }
    lines_equal(&s, &silent, 0);
    assert_in_range(breaths_taken(), 1, REPORTS / 100); /* each report changes some facts */
    assert_int_equal(engine_set_rules(s.e, rules_make(), false, NULL, NULL), 0);
    assert_true(breaths_taken() > 0);
    write_state(s.e, day_ns(REPORTS));
    assert_true(breaths_taken() > 2);
    (void)drop(&s, day_ns(REPORTS / 2), &k);
    keeping_end(&k);
    subject_end(&s);
    subject_end(&silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(breathes_at_all_that_is_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
