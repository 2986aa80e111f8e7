/* test_engine_retain.c - an engine that drops its past, against one that keeps everything: the same
 * alerts, the same totals, the same answers to repeats, and the same again when made anew. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine.h"
#include "rules/rules.h"

#define DAY INT64_C(86400)
#define NS INT64_C(1000000000)
#define START INT64_C(1700006400)

static const char RULES[] =
    "rules:\n"
    "  - rule: mass-release\n    by: [country]\n"
    "    select:\n      freed: {kind: release, where: status != \"rumoured\", within: 72h}\n"
    "    when: freed.sum >= 60\n    severity: warning\n    title: \"{country}: {freed.sum} freed\"\n"
    "  - rule: largest\n    by: [country]\n"
    "    select:\n      big: {kind: release, where: largest, within: 5d}\n"
    "    when: big.count > 0\n    severity: info\n    title: \"{big.max}\"\n"
    "  - rule: nobody\n    by: []\n    keep_for: 1d\n"
    "    select:\n      held: {kind: detention, within: 30d}\n"
    "    when: held.count == 0\n    for: 2d\n    severity: info\n    title: none\n";

typedef struct log_line {
    uint8_t *bytes;
    size_t len;
} log_line;
typedef struct subject {
    engine *e;
    log_line *lines;
    size_t count, capacity;
} subject;

static void on_alert(void *context, const thaw_alert *alert)
{
    subject *s = context;
    msgpack_sbuffer body;
    msgpack_packer out;
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    thaw_alert_pack(alert, &out);
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 64;
        s->lines = reallocarray(s->lines, s->capacity, sizeof *s->lines);
        assert_non_null(s->lines);
    }
    s->lines[s->count].len = body.size;
    s->lines[s->count++].bytes = (uint8_t *)msgpack_sbuffer_release(&body);
}

static rules *rules_make(void)
{
    rules_complaints complaints = {0};
    rules *set = NULL;
    int r = rules_load_text("test", RULES, sizeof RULES - 1, NULL, false, &set, &complaints);
    if (r < 0)
        print_error("%s\n", complaints.count ? rules_complaint_text(&complaints.at[0]) : "?");
    assert_int_equal(r, 0);
    rules_complaints_done(&complaints);
    return set;
}

static engine *engine_make(subject *s)
{
    engine_sink sink = {.context = s, .alert = on_alert};
    engine *e;
    assert_int_equal(engine_new(&engine_config_default, &sink, &e), 0);
    return e;
}

static void subject_start(subject *s)
{
    *s = (subject){0};
    s->e = engine_make(s);
    assert_int_equal(engine_set_rules(s->e, rules_make(), false, NULL, NULL), 0);
}

static void subject_end(subject *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->lines[i].bytes);
    free(s->lines);
    engine_free(s->e);
}

/* ---- events ------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 32);
}

static void put_text(msgpack_packer *out, const char *key, const char *text)
{
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_str_with_body(out, text, strlen(text));
}
static void put_int(msgpack_packer *out, const char *key, int64_t value)
{
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_int64(out, value);
}

static void put_party(msgpack_packer *out, const char *key, uint64_t who)
{
    char name[32], id[32];
    snprintf(name, sizeof name, "Name %llu", (unsigned long long)who);
    snprintf(id, sizeof id, "x:%llu", (unsigned long long)who);
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_array(out, 1);
    msgpack_pack_map(out, 2);
    put_text(out, "name", name);
    msgpack_pack_str_with_body(out, "ids", 3);
    msgpack_pack_array(out, 1);
    msgpack_pack_str_with_body(out, id, strlen(id));
}

/* The n-th report, published on day n / 8: about that day, or a few days before. */
static void event_make(uint64_t n, msgpack_sbuffer *body)
{
    static const char *const COUNTRIES[] = {"BY", "RU", "VE"};
    static const char *const AUTHORITIES[] = {"US", "EU"};
    static const char *const ACTIONS[] = {"imposed", "amended", "licensed", "delisted", "imposed", "extended"};
    uint64_t x = mix(n);
    int64_t day = START + (int64_t)(n / 8) * DAY, when = day - (int64_t)(x % 4) * DAY / 2;
    char id[32], source[16], old[32];
    msgpack_packer out;
    unsigned kind = (unsigned)(x >> 8) % 16;
    snprintf(id, sizeof id, "r%llu", (unsigned long long)n);
    snprintf(source, sizeof source, "s%llu", (unsigned long long)(n % 5));
    snprintf(old, sizeof old, "r%llu", (unsigned long long)(n >= 10 ? n - 10 : n + 1000000));
    msgpack_packer_init(&out, body, msgpack_sbuffer_write);
    msgpack_pack_map(&out, kind == 0 ? 6 : kind < 8 ? 9 : kind < 10 ? 8 : kind < 14 ? 9 : 8);
    put_text(&out, "id", id);
    put_text(&out, "source", source);
    put_text(&out, "country", COUNTRIES[(x >> 16) % 3]);
    put_int(&out, "reported_at", day);
    if (kind == 0) {
        put_text(&out, "kind", "retraction");
        put_text(&out, "retracts", old);
        return;
    }
    put_int(&out, "occurred_at", when);
    if (kind < 8) {
        put_text(&out, "kind", "release");
        put_text(&out, "form", kind < 4 ? "pardon" : "amnesty");
        put_text(&out, "status", kind == 1 ? "rumoured" : "confirmed");
        put_int(&out, "count", (int64_t)(x >> 24) % 50);
    } else if (kind < 10) {
        put_text(&out, "kind", "detention");
        put_int(&out, "count", 1);
        put_party(&out, "persons", (x >> 24) % 40);
    } else if (kind < 14) {
        put_text(&out, "kind", "sanction");
        put_text(&out, "authority", AUTHORITIES[(x >> 20) % 2]);
        put_text(&out, "action", ACTIONS[(x >> 24) % 6]);
        put_party(&out, "targets", (x >> 30) % 12);
    } else {
        put_text(&out, "kind", "release");
        put_int(&out, "count", 1);
        put_party(&out, "persons", (x >> 24) % 40);
    }
}

static engine_verdict give(subject *s, uint64_t n, int64_t at_ns)
{
    msgpack_sbuffer body;
    thaw_body reader;
    thaw_event event = {0};
    thaw_error error = {0};
    engine_verdict verdict = {0};
    msgpack_sbuffer_init(&body);
    event_make(n, &body);
    assert_int_equal(thaw_body_open(&reader, body.data, body.size, &thaw_limits_default, at_ns, &error), 0);
    int r = thaw_body_next(&reader, &event, &error);
    if (r != 1)
        print_error("%s\n", error.message);
    assert_int_equal(r, 1);
    assert_int_equal(engine_apply(s->e, &event, 1, at_ns, &verdict), 0);
    msgpack_sbuffer_destroy(&body);
    return verdict;
}

/* ---- dropping ----------------------------------------------------------------------- */

typedef struct kept {
    engine_saved_kind kind;
    uint64_t number;
    int64_t at_ns;
    uint8_t *bytes;
    size_t len;
} kept;
typedef struct keeping {
    kept *all;
    size_t count, capacity, reports;
} keeping;

static int on_saved(void *context, engine_saved_kind kind, uint64_t number, int64_t at_ns, const uint8_t *bytes, size_t len)
{
    keeping *k = context;
    if (k->count == k->capacity) {
        k->capacity = k->capacity ? 2 * k->capacity : 64;
        k->all = reallocarray(k->all, k->capacity, sizeof *k->all);
    }
    kept *one = &k->all[k->count++];
    *one = (kept){kind, number, at_ns, malloc(len ? len : 1), len};
    memcpy(one->bytes, bytes, len);
    k->reports += kind == ENGINE_SAVED_REPORT;
    return 0;
}

static engine *engine_anew(subject *s, const keeping *k)
{
    engine *e = engine_make(s);
    for (size_t i = 0; i < k->count; i++)
        assert_int_equal(engine_load(e, k->all[i].kind, k->all[i].number, k->all[i].at_ns, k->all[i].bytes, k->all[i].len), 0);
    assert_int_equal(engine_load_end(e, rules_make()), 0);
    return e;
}

static void keeping_end(keeping *k)
{
    for (size_t i = 0; i < k->count; i++)
        free(k->all[i].bytes);
    free(k->all);
}

static engine_dropped drop(subject *s, int64_t horizon_ns, keeping *k)
{
    engine_dropped dropped = {0};
    *k = (keeping){0};
    assert_int_equal(engine_save(s->e, &(engine_retention){horizon_ns, INT64_MIN}, on_saved, k, &dropped), 0);
    if (k->count) {
        engine *e = engine_anew(s, k);
        engine_free(s->e);
        s->e = e;
    }
    return dropped;
}

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
        if ((key.size == 8 && !memcmp(key.ptr, "released", 8)) || (key.size == 8 && !memcmp(key.ptr, "detained", 8)))
            used += (size_t)msgpack_object_print_buffer(into + used, 65535 - used, u.data.via.map.ptr[i].val);
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
        bool measures = kv->key.via.str.size == 8 && memcmp(kv->key.via.str.ptr, "measures", 8) == 0;
        if (!measures && (kv->key.via.str.size != 7 || memcmp(kv->key.via.str.ptr, "persons", 7) != 0))
            continue;
        for (uint32_t m = 0; m < kv->val.via.array.size && count < 512; m++) {
            char *line = lines[count], *tail;
            line[msgpack_object_print_buffer(line, sizeof lines[0] - 1, kv->val.via.array.ptr[m])] = '\0';
            if ((tail = strstr(line, "\"releases\"")) != NULL || (tail = strstr(line, "\"turns\"")) != NULL)
                *tail = '\0'; /* how often and how it came about is history */
            count += measures ? strstr(line, "\"delisted\"") == NULL && strstr(line, "\"lifted\"") == NULL &&
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

static void line_print(const log_line *line)
{
    msgpack_unpacked u;
    size_t at = 0;
    msgpack_unpacked_init(&u);
    if (msgpack_unpack_next(&u, (char *)line->bytes, line->len, &at) == MSGPACK_UNPACK_SUCCESS)
        msgpack_object_print(stderr, u.data);
    fputc('\n', stderr);
    msgpack_unpacked_destroy(&u);
}

static void lines_equal(const subject *a, const subject *b, size_t from)
{
    for (size_t i = from; i < a->count && i < b->count; i++) {
        if (a->lines[i].len == b->lines[i].len && !memcmp(a->lines[i].bytes, b->lines[i].bytes, a->lines[i].len))
            continue;
        line_print(&a->lines[i]);
        line_print(&b->lines[i]);
        fail_msg("alert change %zu differs", i + 1);
    }
    for (size_t i = a->count; i < b->count; i++)
        line_print(&b->lines[i]);
    for (size_t i = b->count; i < a->count; i++)
        line_print(&a->lines[i]);
    assert_int_equal(a->count, b->count);
}

/* ---- the tests ---------------------------------------------------------------------- */

enum { REPORTS = 8 * 500 };

static int64_t day_ns(uint64_t n)
{
    return (START + (int64_t)(n / 8) * DAY) * NS + (int64_t)(n % 8) * 3600 * NS;
}

/* With windows shorter than what is kept, nobody can tell from the alerts that anything was dropped. */
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
    assert_true(dropped > REPORTS / 2);
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
    assert_int_equal(thaw_body_open(&reader, body.data, body.size, &thaw_limits_default, day_ns(n), &error), 0);
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
        cmocka_unit_test(alerts_are_the_same),
        cmocka_unit_test(made_anew_it_goes_on),
        cmocka_unit_test(what_stands_is_held),
        cmocka_unit_test(what_was_dropped_is_known),
        cmocka_unit_test(foreign_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
