/* test_engine_retain.c - an engine that drops its past, against one that keeps everything: the same
 * alerts, the same totals, the same answers to repeats, and the same again when made anew. */
#include "test_engine_support.h"

static char *people(subject *s, const char *country)
{
    engine_state_query q = {.country = country, .at_ns = INT64_MAX};
    msgpack_sbuffer body;
    msgpack_packer out;
    msgpack_unpacked u;
    size_t at = 0;
    static char text[2][65536];
    static int turn;
    char *into = text[turn++ % 2];
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    assert_int_equal(engine_write_state(s->e, &q, &out), 0);
    msgpack_unpacked_init(&u);
    assert_int_equal(msgpack_unpack_next(&u, body.data, body.size, &at), MSGPACK_UNPACK_SUCCESS);
    into[0] = '\0';
    size_t used = 0;
    for (uint32_t i = 0; i < u.data.via.map.size; i++) {
        msgpack_object_str key = u.data.via.map.ptr[i].key.via.str;
        if ((key.size == 8 && !memcmp(key.ptr, "released", 8)) ||
            (key.size == 8 && !memcmp(key.ptr, "detained", 8)))
            used += (size_t)msgpack_object_print_buffer(into + used, 65535 - used,
                                                        u.data.via.map.ptr[i].val);
    }
    msgpack_unpacked_destroy(&u);
    msgpack_sbuffer_destroy(&body);
    return into;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The measures of a country that stand and the people who are held, as sorted text. */
static char *standing(subject *s, const char *country)
{
    static char lines[512][8192], all[2][512 * 600];
    static int turn;
    engine_state_query q = {.country = country, .at_ns = INT64_MAX};
    msgpack_sbuffer body;
    msgpack_packer out;
    msgpack_unpacked u;
    size_t at = 0, count = 0;
    char *into = all[turn++ % 2];
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    assert_int_equal(engine_write_state(s->e, &q, &out), 0);
    msgpack_unpacked_init(&u);
    assert_int_equal(msgpack_unpack_next(&u, body.data, body.size, &at), MSGPACK_UNPACK_SUCCESS);
    for (uint32_t i = 0; i < u.data.via.map.size; i++) {
        msgpack_object_kv *kv = &u.data.via.map.ptr[i];
        bool measures =
            kv->key.via.str.size == 8 && memcmp(kv->key.via.str.ptr, "measures", 8) == 0;
        if (!measures &&
            (kv->key.via.str.size != 7 || memcmp(kv->key.via.str.ptr, "persons", 7) != 0))
            continue;
        for (uint32_t m = 0; m < kv->val.via.array.size && count < 512; m++) {
            char *line = lines[count], *tail;
            line[msgpack_object_print_buffer(line, sizeof lines[0] - 1, kv->val.via.array.ptr[m])] =
                '\0';
            if ((tail = strstr(line, "\"releases\"")) != NULL ||
                (tail = strstr(line, "\"turns\"")) != NULL)
                *tail = '\0'; /* how often and how it came about is history */
            count += measures ? strstr(line, "\"delisted\"") == NULL &&
                                    strstr(line, "\"lifted\"") == NULL &&
                                    strstr(line, "\"expired\"") == NULL
                              : strstr(line, "detained\"") != NULL;
        }
    }
    qsort(lines, count, sizeof lines[0], compare_texts);
    into[0] = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(strcat(into, lines[i]), "\n");
    msgpack_unpacked_destroy(&u);
    msgpack_sbuffer_destroy(&body);
    return into;
}

/* ---- sanctions told one by one ------------------------------------------------------- */

typedef struct said {
    const char *source, *action, *day, *ids; /* ids: of one target, a blank between two; NULL: none */
    const char *program, *expires;           /* NULL: none */
} said;

static void put_ids(msgpack_packer *out, const char *ids)
{
    const char *second = strchr(ids, ' ');
    size_t first_len = second ? (size_t)(second - ids) : strlen(ids);
    msgpack_pack_str_with_body(out, "targets", 7);
    msgpack_pack_array(out, 1);
    msgpack_pack_map(out, 1);
    msgpack_pack_str_with_body(out, "ids", 3);
    msgpack_pack_array(out, second ? 2 : 1);
    msgpack_pack_str_with_body(out, ids, first_len);
    if (second)
        msgpack_pack_str_with_body(out, second + 1, strlen(second + 1));
}

static void say(subject *s, const said *what)
{
    static int number;
    char id[32];
    msgpack_sbuffer body;
    msgpack_packer out;
    thaw_body reader;
    thaw_event event = {0};
    thaw_error error = {0};
    engine_verdict verdict = {0};
    snprintf(id, sizeof id, "said-%d", ++number);
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    msgpack_pack_map(&out, 7 + (what->ids != NULL) + (what->program != NULL) + (what->expires != NULL));
    put_text(&out, "id", id);
    put_text(&out, "source", what->source);
    put_text(&out, "country", "BY");
    put_text(&out, "kind", "sanction");
    put_text(&out, "authority", "US");
    put_text(&out, "action", what->action);
    put_text(&out, "occurred_at", what->day);
    if (what->ids)
        put_ids(&out, what->ids);
    if (what->program)
        put_text(&out, "program", what->program);
    if (what->expires)
        put_text(&out, "expires_at", what->expires);
    assert_int_equal(
        thaw_body_open(&reader, body.data, body.size, &thaw_limits_default, START * NS, &error), 0);
    if (thaw_body_next(&reader, &event, &error) != 1)
        fail_msg("%s", error.message);
    assert_int_equal(engine_apply(s->e, &event, 1, START * NS, &verdict), 0);
    assert_int_equal(verdict.code, 0);
    msgpack_sbuffer_destroy(&body);
}

/* Says it all to an engine that then drops what lies a day back, and to one that drops nothing: the same stands, also
 * after the last word. */
static void dropping_changes_nothing(const said *all, size_t count)
{
    subject whole, dropping;
    keeping k;
    subject_start(&whole);
    subject_start(&dropping);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count) {
            (void)drop(&dropping, (START - DAY) * NS, &k);
            keeping_end(&k);
            assert_string_equal(standing(&whole, "BY"), standing(&dropping, "BY"));
        }
        say(&whole, &all[i]);
        say(&dropping, &all[i]);
    }
    assert_string_equal(standing(&whole, "BY"), standing(&dropping, "BY"));
    subject_end(&whole);
    subject_end(&dropping);
}

/* ---- the tests ---------------------------------------------------------------------- */

enum { REPORTS = 8 * 500 };

/* With windows shorter than what is kept, nobody can tell from the alerts that anything was
 * dropped. */
static void alerts_are_the_same(void **state)
{
    (void)state;
    subject whole, dropping;
    uint64_t dropped = 0;
    subject_start(&whole);
    subject_start(&dropping);
    for (uint64_t n = 0; n < REPORTS; n++) {
        engine_verdict a = give(&whole, n, day_ns(n)), b = give(&dropping, n, day_ns(n));
        assert_int_equal(a.code, b.code);
        assert_int_equal(a.journal_seq, b.journal_seq);
        if (n % 600 == 599) {
            keeping k;
            dropped += drop(&dropping, day_ns(n) - 100 * DAY * NS, &k).reports;
            keeping_end(&k);
            for (int c = 0; c < 3; c++) {
                const char *code = c == 0 ? "BY" : c == 1 ? "RU" : "VE";
                assert_string_equal(people(&whole, code), people(&dropping, code));
            }
        }
        if (n % 50 == 0)
            lines_equal(&whole, &dropping, 0);
    }
    lines_equal(&whole, &dropping, 0);
    assert_true(whole.count > 100);
    assert_true(dropped > REPORTS / 3);
    assert_int_equal(engine_alert_seq(whole.e), engine_alert_seq(dropping.e));
    subject_end(&whole);
    subject_end(&dropping);
}

/* Made anew from the same records it is the same engine: also in what it does later. */
static void made_anew_it_goes_on(void **state)
{
    (void)state;
    subject a, b = {0};
    keeping k;
    uint64_t n = 0;
    subject_start(&a);
    for (; n < REPORTS / 2; n++)
        (void)give(&a, n, day_ns(n));
    size_t before = a.count;
    assert_true(drop(&a, day_ns(n) - 5 * DAY * NS, &k).incidents > 0);
    b.e = engine_anew(&b, &k);
    for (; n < REPORTS; n++) {
        engine_verdict x = give(&a, n, day_ns(n)), y = give(&b, n, day_ns(n));
        assert_int_equal(x.journal_seq, y.journal_seq);
    }
    assert_true(b.count > 20);
    assert_int_equal(a.count - before, b.count);
    for (size_t i = 0; i < b.count; i++)
        assert_memory_equal(a.lines[before + i].bytes, b.lines[i].bytes, b.lines[i].len);
    assert_int_equal(engine_now(a.e), engine_now(b.e));
    keeping_end(&k);
    subject_end(&a);
    subject_end(&b);
}

/* Measures that stand and people who are held are as they were, however old what they rest on. */
static void what_stands_is_held(void **state)
{
    (void)state;
    static const char *const CODES[] = {"BY", "RU", "VE"};
    subject s;
    uint64_t dropped = 0;
    subject_start(&s);
    for (uint64_t n = 0; n < REPORTS; n++) {
        (void)give(&s, n, day_ns(n));
        if (n % 500 != 499)
            continue;
        char *before[3];
        keeping k;
        for (int c = 0; c < 3; c++)
            before[c] = strdup(standing(&s, CODES[c]));
        dropped += drop(&s, day_ns(n) - 5 * DAY * NS, &k).reports;
        keeping_end(&k);
        for (int c = 0; c < 3; c++) {
            assert_true(before[c][0] != '\0');
            assert_string_equal(before[c], standing(&s, CODES[c]));
            free(before[c]);
        }
    }
    assert_true(dropped > REPORTS / 2);
    subject_end(&s);
}

/* START is in November 2023. */
static void what_is_said_of_a_program_is_held(void **state)
{
    (void)state;
    static const said extended[] = {
        {"s", "imposed", "2018-03-01", "x:1", "P", "2020-12-31"}, {"s", "extended", "2020-12-10", NULL, "P", "2021-12-31"},
        {"s", "extended", "2021-12-10", NULL, "P", "2022-12-31"}, {"s", "extended", "2022-12-10", NULL, "P", "2024-12-31"},
        {"s", "imposed", "2023-11-15", "x:9", "Q", NULL},         {"s", "licensed", "2023-11-16", "x:1", NULL, NULL},
    };
    static const said ended[] = {
        {"s", "imposed", "2018-03-01", "x:1", "P", NULL}, {"s", "imposed", "2018-03-01", "x:2", "P", NULL},
        {"s", "amended", "2019-03-01", "x:2", "Q", NULL}, {"s", "lifted", "2020-03-01", NULL, "P", NULL},
        {"s", "imposed", "2023-11-15", "x:9", "Q", NULL}, {"s", "licensed", "2023-11-16", "x:2", NULL, NULL},
    };
    dropping_changes_nothing(extended, sizeof extended / sizeof *extended);
    dropping_changes_nothing(ended, sizeof ended / sizeof *ended);
}

static void what_a_removal_removes_is_held(void **state)
{
    (void)state;
    static const said twice[] = {
        {"s", "imposed", "2018-03-01", "x:1", NULL, NULL},     {"s", "imposed", "2019-03-01", "x:2", NULL, NULL},
        {"t", "maintained", "2020-03-01", "x:1 x:2", NULL, NULL}, {"s", "delisted", "2023-11-16", "x:1", NULL, NULL},
    };
    static const said tied[] = {
        {"s", "imposed", "2018-03-01", "x:1", NULL, NULL},     {"s", "imposed", "2019-03-01", "x:2", NULL, NULL},
        {"s", "amended", "2020-03-01", "x:1 x:2", NULL, NULL}, {"t", "maintained", "2021-03-01", "x:1 x:2", NULL, NULL},
        {"s", "delisted", "2023-11-16", "x:1", NULL, NULL},
    };
    static const said gone[] = {
        {"s", "imposed", "2018-03-01", "x:1", NULL, NULL},     {"s", "imposed", "2019-03-01", "x:2", NULL, NULL},
        {"t", "maintained", "2020-03-01", "x:1 x:2", NULL, NULL}, {"s", "delisted", "2021-01-01", "x:1", NULL, NULL},
        {"s", "delisted", "2022-01-01", "x:2", NULL, NULL},       {"s", "imposed", "2023-11-16", "x:9", NULL, NULL},
    };
    dropping_changes_nothing(twice, sizeof twice / sizeof *twice);
    dropping_changes_nothing(tied, sizeof tied / sizeof *tied);
    dropping_changes_nothing(gone, sizeof gone / sizeof *gone);
}

static void what_is_vague_is_held_with_its_listing(void **state)
{
    (void)state;
    static const said all[] = {
        {"s", "imposed", "2022-03-05", "x:1", NULL, NULL},    {"t", "licensed", "2022-03", "x:1", NULL, NULL},
        {"s", "imposed", "2022-03-05", "x:2", NULL, NULL},    {"t", "delisted", "2022-03", "x:2", NULL, NULL},
        {"s", "reimposed", "2022-05-05", "x:2", NULL, NULL},  {"s", "imposed", "2023-11-15", "x:9", NULL, NULL},
        {"s", "maintained", "2023-11-16", "x:1", NULL, NULL},
    };
    dropping_changes_nothing(all, sizeof all / sizeof *all);
}

static void what_was_dropped_is_known(void **state)
{
    (void)state;
    subject s;
    keeping k;
    uint64_t n = 0;
    subject_start(&s);
    for (; n < 800; n++)
        (void)give(&s, n, day_ns(n));
    engine_dropped first = drop(&s, day_ns(n), &k);
    assert_true(first.reports > 300);
    assert_int_equal(k.reports, 800 - first.reports);
    keeping_end(&k);
    for (uint64_t i = 0; i < 800; i++) { /* each a duplicate under its number */
        engine_verdict v = give(&s, i, day_ns(n));
        assert_true(v.duplicate);
        assert_int_equal(v.journal_seq, i + 1);
    }
    assert_int_equal(engine_journal_seq(s.e), 800);
    engine_dropped again = drop(&s, day_ns(n), &k);
    assert_true(again.reports < 10); /* what held them is gone itself */
    keeping_end(&k);
    /* A report of before is refused and leaves no trace. */
    int64_t now = engine_now(s.e);
    engine_verdict v = {0};
    msgpack_sbuffer body;
    msgpack_packer out;
    thaw_body reader;
    thaw_event event = {0};
    thaw_error error;
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    msgpack_pack_map(&out, 5);
    put_text(&out, "id", "late");
    put_text(&out, "kind", "release");
    put_text(&out, "source", "s");
    put_text(&out, "country", "BY");
    put_int(&out, "occurred_at", START);
    assert_int_equal(
        thaw_body_open(&reader, body.data, body.size, &thaw_limits_default, day_ns(n), &error), 0);
    assert_int_equal(thaw_body_next(&reader, &event, &error), 1);
    assert_int_equal(engine_apply(s.e, &event, 1, now, &v), 0);
    assert_int_equal(v.code, THAW_TOO_OLD);
    assert_int_equal(v.journal_seq, 0);
    msgpack_sbuffer_destroy(&body);
    subject_end(&s);
}

/* Cut or foreign bytes are refused, never taken for something else. */
static void foreign_records_are_refused(void **state)
{
    (void)state;
    subject s;
    keeping k;
    subject_start(&s);
    for (uint64_t n = 0; n < 400; n++)
        (void)give(&s, n, day_ns(n));
    assert_true(drop(&s, day_ns(400), &k).reports > 0);
    assert_int_equal(k.all[0].kind, ENGINE_SAVED_STATE);
    for (size_t cut = 0; cut < k.all[0].len; cut += 1 + cut / 9) {
        subject t = {0};
        engine *e = engine_make(&t);
        rules *set = rules_make();
        int r = engine_load(e, ENGINE_SAVED_STATE, 0, 0, k.all[0].bytes, cut);
        if (r == 0)
            r = engine_load_end(e, set);
        assert_int_equal(r, -EBADMSG);
        rules_free(set);
        engine_free(e);
        subject_end(&(subject){.lines = t.lines, .count = t.count});
    }
    keeping_end(&k);
    subject_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_are_the_same),         cmocka_unit_test(made_anew_it_goes_on),
        cmocka_unit_test(what_stands_is_held),         cmocka_unit_test(what_was_dropped_is_known),
        cmocka_unit_test(foreign_records_are_refused), cmocka_unit_test(what_is_said_of_a_program_is_held),
        cmocka_unit_test(what_is_vague_is_held_with_its_listing),
        cmocka_unit_test(what_a_removal_removes_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
