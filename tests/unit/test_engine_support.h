/*
 * test_engine_support.h - an engine with a few rules and a record of its alerts, and a stream of
 * reports for it: the n-th is a function of n. For the unit tests of the engine.
 */
#ifndef TEST_ENGINE_SUPPORT_H
#define TEST_ENGINE_SUPPORT_H

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
#include "test_mix.h"

#define DAY INT64_C(86400)
#define NS INT64_C(1000000000)
#define START INT64_C(1700006400)

static const char RULES[] =
    "rules:\n"
    "  - rule: mass-release\n    by: [country]\n"
    "    select:\n      freed: {kind: release, where: status != \"rumoured\", within: 72h}\n"
    "    when: freed.sum >= 60\n    severity: warning\n    title: \"{country}: {freed.sum} "
    "freed\"\n"
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
    static const char *const ACTIONS[] = {"imposed",  "amended", "licensed",
                                          "delisted", "imposed", "extended"};
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
    assert_int_equal(
        thaw_body_open(&reader, body.data, body.size, &thaw_limits_default, at_ns, &error), 0);
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

static int on_saved(void *context, engine_saved_kind kind, uint64_t number, int64_t at_ns,
                    const uint8_t *bytes, size_t len)
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
        assert_int_equal(engine_load(e, k->all[i].kind, k->all[i].number, k->all[i].at_ns,
                                     k->all[i].bytes, k->all[i].len),
                         0);
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
    assert_int_equal(
        engine_save(s->e, &(engine_retention){horizon_ns, INT64_MIN}, on_saved, k, &dropped), 0);
    if (k->count) {
        engine *e = engine_anew(s, k);
        engine_free(s->e);
        s->e = e;
    }
    return dropped;
}

/* ---- comparing ---------------------------------------------------------------------- */

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
        if (a->lines[i].len == b->lines[i].len &&
            !memcmp(a->lines[i].bytes, b->lines[i].bytes, a->lines[i].len))
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

static int64_t day_ns(uint64_t n)
{
    return (START + (int64_t)(n / 8) * DAY) * NS + (int64_t)(n % 8) * 3600 * NS;
}

#endif
