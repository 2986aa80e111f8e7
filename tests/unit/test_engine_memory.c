/* test_engine_memory.c - memory that runs out while the engine answers a question: the question fails with -ENOMEM, or is
 * answered whole. The facts are as they were: the same question is answered as before, and the engine goes on as one
 * that was never asked. */
#include <malloc.h>

#include "engine_internal.h"
#include "facts/entities/entities.h"
#include "facts/entities/steps.h"
#include "facts/incidents/listed.h"
#include "facts/state/state.h"
#include "forms/json.h"
#define mix test_mix /* the facts have one of that name */
#include "test_engine_support.h"
#undef mix

/* ---- allocations that fail ---------------------------------------------------------- */

static uint64_t allocations, failing; /* 0: none fails */

static bool fails(void)
{
    return ++allocations == failing;
}

static int64_t live, live_most; /* bytes that are allocated */

static void *took(void *data)
{
    live += data ? (int64_t)malloc_usable_size(data) : 0;
    live_most = live > live_most ? live : live_most;
    return data;
}

static void *gave(void *data)
{
    live -= data ? (int64_t)malloc_usable_size(data) : 0;
    return data;
}

void __real_free(void *data);
void __wrap_free(void *data);
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_reallocarray(void *old, size_t count, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_reallocarray(void *old, size_t count, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : took(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : took(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *old, size_t bytes)
{
    void *moved = NULL;
    if (!fails()) {
        (void)gave(old);
        moved = took(__real_realloc(old, bytes));
    }
    return moved;
}

void *__wrap_reallocarray(void *old, size_t count, size_t bytes)
{
    void *moved = NULL;
    if (!fails()) {
        (void)gave(old);
        moved = took(__real_reallocarray(old, count, bytes));
    }
    return moved;
}

void __wrap_free(void *data)
{
    __real_free(gave(data));
}

/* ---- questions ---------------------------------------------------------------------- */

typedef struct question {
    const char *name;
    int (*ask)(engine *e, const char *argument, msgpack_packer *out);
    const char *argument;
} question;

static thaw_str text_of(const char *text)
{
    return (thaw_str){text, (uint32_t)strlen(text)};
}

static int ask_state(engine *e, const char *country, msgpack_packer *out)
{
    engine_state_query q = {.country = country, .at_ns = INT64_MAX};
    return engine_write_state(e, &q, out);
}

static int ask_state_of_then(engine *e, const char *country, msgpack_packer *out)
{
    engine_state_query q = {.country = country, .at_ns = day_ns(200), .list_bytes = 2000};
    return engine_write_state(e, &q, out);
}

static int ask_incidents(engine *e, const char *country, msgpack_packer *out)
{
    engine_incidents_query q = {.country = country, .limit = 50};
    return engine_write_incidents(e, &q, out);
}

static int explain_incident(engine *e, const char *id, msgpack_packer *out)
{
    return engine_write_explain_incident(e, text_of(id), &(engine_explain_query){.bytes = 1 << 20},
                                         out);
}

static int explain_alert(engine *e, const char *id, msgpack_packer *out)
{
    return engine_write_explain_alert(e, text_of(id), &(engine_explain_query){.bytes = 1 << 20},
                                      out);
}

static int explain_rule(engine *e, const char *rule, msgpack_packer *out)
{
    static const uint8_t by[] = "\xa2"
                                "BY",
                         none[] = "\xa1-";
    bool nobody = strcmp(rule, "nobody") == 0;
    return engine_write_explain_rule(e, text_of(rule), nobody ? none : by, nobody ? 2 : 3,
                                     &(engine_explain_query){.bytes = 1 << 20}, out);
}

static int ask_snapshot(engine *e, const char *topic, msgpack_packer *out)
{
    return engine_write_snapshot(e, text_of(topic), (thaw_str){NULL, 0}, 0, out);
}

static int ask_rules(engine *e, const char *unused, msgpack_packer *out)
{
    (void)unused;
    return engine_write_rules(e, out);
}

static int ask_counters(engine *e, const char *unused, msgpack_packer *out)
{
    (void)unused;
    return engine_write_counters(e, out);
}

typedef struct lists_asked {
    facts *f;
    msgpack_packer *out;
} lists_asked;

/* What rules read of incidents: lists that are kept from when they are first asked for. */
static int pack_lists(void *context, fact_handle handle)
{
    static const fact_field fields[] = {FIELD_PERSONS, FIELD_PARTIES, FIELD_SOURCES};
    const lists_asked *a = context;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        fact_value v = {0};
        int r = facts_get(a->f, handle, fields[i], 0, &v);
        if (r == -ENOMEM)
            return r;
        if (r < 0 || v.type != FACT_STRINGS)
            continue;
        msgpack_pack_array(a->out, v.strings.count);
        for (uint32_t k = 0; k < v.strings.count; k++)
            msgpack_pack_str_with_body(a->out, v.strings.items[k].data, v.strings.items[k].len);
    }
    return 0;
}

static int ask_lists(engine *e, const char *country, msgpack_packer *out)
{
    lists_asked a = {e->facts, out};
    int r = 0;
    for (fact_kind kind = FACT_RELEASE; r == 0 && kind <= FACT_SANCTION; kind++)
        r = facts_each(e->facts, kind, country, pack_lists, &a);
    int failed = facts_read_failed(e->facts);
    return r < 0 ? r : failed;
}

/* ---- one question, whatever fails ---------------------------------------------------- */

/* Nothing of a measure or an incident is known any more that can be read from its reports. */
static void forget(engine *e)
{
    for (uint32_t i = 1; i < e->facts->entities_count; i++) {
        measure_forget(e->facts, &e->facts->entities[i]);
        e->facts->entities[i].idle_known = false;
    }
    for (uint32_t i = 1; i < e->facts->incidents_count; i++)
        if (e->facts->incidents[i])
            e->facts->incidents[i]->listed = listed_free(e->facts, e->facts->incidents[i]->listed);
}

/* What takes the answer never lacks memory. */
static int take(void *context, const char *bytes, size_t len)
{
    msgpack_sbuffer *body = context;
    uint64_t was = failing;
    failing = 0;
    int r = msgpack_sbuffer_write(body, bytes, len);
    failing = was;
    return r;
}

static int ask(engine *e, const question *q, uint64_t at, msgpack_sbuffer *ret_body)
{
    msgpack_packer out;
    msgpack_sbuffer_init(ret_body);
    msgpack_packer_init(&out, ret_body, take);
    allocations = 0;
    failing = at;
    int r = q->ask(e, q->argument, &out);
    failing = 0;
    return r;
}

static void answered_as_before(engine *e, const question *q, uint64_t at,
                               const msgpack_sbuffer *before)
{
    msgpack_sbuffer body;
    int r = ask(e, q, 0, &body);
    if (r != 0 || body.size != before->size || memcmp(body.data, before->data, body.size) != 0)
        fail_msg("%s: after allocation %ju failed it is answered otherwise (%d)", q->name,
                 (uintmax_t)at, r);
    msgpack_sbuffer_destroy(&body);
}

/* How many of its allocations failed in turn. */
static uint64_t each_fails(engine *e, const question *q)
{
    msgpack_sbuffer before, body;
    uint64_t at = 0, tried = 0, made;
    bool reached;
    if (ask(e, q, 0, &before) != 0)
        fail_msg("%s: not answered", q->name);
    made = allocations;
    do {
        at += 1 + at / 64;
        forget(e);
        int r = ask(e, q, at, &body);
        reached = allocations >= at;
        if (r != -ENOMEM &&
            (r != 0 || body.size != before.size || memcmp(body.data, before.data, body.size) != 0))
            fail_msg("%s: allocation %ju fails, and it says %d and something else", q->name,
                     (uintmax_t)at, r);
        msgpack_sbuffer_destroy(&body);
        answered_as_before(e, q, at, &before);
        tried += reached;
    } while (reached);
    if (tried + 1 < made / 64)
        fail_msg("%s: tried %ju of %ju allocations", q->name, (uintmax_t)tried, (uintmax_t)made);
    msgpack_sbuffer_destroy(&before);
    return tried;
}

/* ---- reports of what event_make leaves out -------------------------------------------- */

static thaw_code give_json(subject *s, uint64_t n, const char *json)
{
    char error[JSON_ERROR_BYTES];
    msgpack_sbuffer body;
    thaw_body reader;
    thaw_event event = {0};
    thaw_error refused = {0};
    engine_verdict verdict = {0};
    msgpack_sbuffer_init(&body);
    assert_int_equal(json_read(json, strlen(json), &body, error), 0);
    assert_int_equal(
        thaw_body_open(&reader, body.data, body.size, &thaw_limits_default, day_ns(n), &refused),
        0);
    if (thaw_body_next(&reader, &event, &refused) != 1)
        fail_msg("%s: %s", json, refused.message);
    assert_int_equal(engine_apply(s->e, &event, 1, day_ns(n), &verdict), 0);
    msgpack_sbuffer_destroy(&body);
    return verdict.code;
}

/* Parts, persons of several ids and of close names, programs and those listed under them, talks, totals, feeds. */
static const char *const KINDS[] = {
    "\"kind\":\"release\",\"count\":#,\"covers\":\"part\",\"part\":\"category=c@\",\"incident\":"
    "\"shared:&\"",
    "\"kind\":\"release\",\"count\":#,\"incident\":\"shared:&\",\"destination\":\"LT\"",
    "\"kind\":\"detention\",\"persons\":[{\"name\":\"Anna Person@\",\"ids\":[\"a:@\",\"b:&\"]},"
    "{\"name\":\"Ana Person@\"}]",
    "\"kind\":\"sanction\",\"authority\":\"US\",\"action\":\"imposed\",\"program\":\"P@\","
    "\"targets\":"
    "[{\"name\":\"Firm &\",\"ids\":[\"f:&\",\"g:@\"]},{\"name\":\"Firm #\",\"ids\":[\"h:#\"]}]",
    "\"kind\":\"sanction\",\"authority\":\"US\",\"action\":\"suspended\",\"program\":\"P@\"",
    "\"kind\":\"sanction\",\"authority\":\"US\",\"action\":\"delisted\",\"targets\":[{\"name\":"
    "\"Firm &\",\"ids\":[\"f:&\"]}]",
    "\"kind\":\"tally\",\"of\":\"released\",\"count\":#,\"since\":\"2023-11\",\"category\":\"c@\"",
    "\"kind\":\"talks\",\"stage\":\"promised\",\"expected_count\":#,\"expected_by\":\"2024-12\","
    "\"parties\":[\"US\",\"BY\"]",
    "\"kind\":\"feed\",\"state\":\"broken\"",
};
enum { KINDS_COUNT = sizeof KINDS / sizeof *KINDS };

/* The text with a number for each #, @ and &. */
static void fill(const char *text, uint64_t x, char *ret, size_t size)
{
    size_t used = 0;
    for (; *text && used + 4 < size; text++) {
        unsigned number =
            *text == '#' ? (unsigned)(x % 60) : (unsigned)(x >> 10) % (*text == '@' ? 3 : 7);
        if (*text == '#' || *text == '@' || *text == '&')
            used += (size_t)snprintf(ret + used, size - used, "%u", number);
        else
            ret[used++] = *text;
    }
    ret[used] = '\0';
}

static void give_more(subject *s, uint64_t n)
{
    char rest[512], json[1024], dated[64];
    uint64_t x = test_mix(n);
    fill(KINDS[n % KINDS_COUNT], x, rest, sizeof rest);
    snprintf(dated, sizeof dated, ",\"occurred_at\":%jd",
             (intmax_t)(day_ns(n) / NS - (int64_t)(x >> 40) % (3 * DAY)));
    snprintf(json, sizeof json,
             "{\"id\":\"m%ju\",\"source\":\"t%ju\",\"country\":\"BY\",\"reported_at\":%jd,"
             "\"producer\":\"p\","
             "\"producer_seq\":%ju,%s%s}",
             (uintmax_t)n, (uintmax_t)(n % 4), (intmax_t)(day_ns(n) / NS), (uintmax_t)(2 * n), rest,
             n % KINDS_COUNT == KINDS_COUNT - 1 ? "" : dated);
    assert_int_equal(give_json(s, n, json), THAW_OK);
}

static void give_both(subject *s, uint64_t n)
{
    (void)give(s, n, day_ns(n));
    give_more(s, n);
}

/* ---- the tests ---------------------------------------------------------------------- */

enum { REPORTS = 300 };

/* The id of the first element of an answer's list that is longest. */
static void first_id(engine *e, const question *q, char *text, size_t size)
{
    msgpack_sbuffer body;
    msgpack_unpacked u;
    size_t at = 0;
    assert_int_equal(ask(e, q, 0, &body), 0);
    msgpack_unpacked_init(&u);
    assert_int_equal(msgpack_unpack_next(&u, body.data, body.size, &at), MSGPACK_UNPACK_SUCCESS);
    for (uint32_t i = 0; i < u.data.via.map.size; i++) {
        const msgpack_object *list = &u.data.via.map.ptr[i].val;
        for (uint32_t k = 0;
             list->type == MSGPACK_OBJECT_ARRAY && k < list->via.array.ptr[0].via.map.size; k++) {
            const msgpack_object_kv *kv = &list->via.array.ptr[0].via.map.ptr[k];
            if (kv->key.via.str.size == 2 && memcmp(kv->key.via.str.ptr, "id", 2) == 0)
                snprintf(text, size, "%.*s", (int)kv->val.via.str.size, kv->val.via.str.ptr);
        }
    }
    msgpack_unpacked_destroy(&u);
    msgpack_sbuffer_destroy(&body);
}

static void questions_that_lack_memory(void **state)
{
    subject asked, never;
    char incident[64] = "", alert[64] = "";
    question all[] = {
        {"snapshot", ask_snapshot, ""},
        {"incidents", ask_incidents, "BY"},
        {"explain of an incident", explain_incident, incident},
        {"explain of an alert", explain_alert, alert},
        {"explain of a rule", explain_rule, "largest"},
        {"explain of a rule without groups", explain_rule, "nobody"},
        {"rules", ask_rules, NULL},
        {"status", ask_counters, NULL},
        {"state of all", ask_state, NULL},
        {"state", ask_state, "BY"},
        {"state of a time past", ask_state_of_then, "BY"},
    };
    (void)state;
    subject_start(&asked);
    subject_start(&never);
    for (uint64_t n = 0; n < REPORTS; n++) {
        give_both(&asked, n);
        give_both(&never, n);
    }
    subject *both[] = {&asked, &never};
    for (size_t i = 0; i < 2; i++) {
        keeping k;
        assert_true(drop(both[i], day_ns(REPORTS / 4), &k).reports > 10);
        keeping_end(&k);
    }
    first_id(asked.e, &all[0], alert, sizeof alert);
    first_id(asked.e, &all[1], incident, sizeof incident);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        print_message("%s: %ju\n", all[i].name, (uintmax_t)each_fails(asked.e, &all[i]));
    for (uint64_t n = REPORTS; n < 2 * REPORTS; n++) {
        give_both(&asked, n);
        give_both(&never, n);
    }
    lines_equal(&asked, &never, 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        msgpack_sbuffer body;
        if (all[i].ask == ask_rules ||
            all[i].ask == ask_counters) /* how much memory is held, and what it cost */
            continue;
        (void)ask(never.e, &all[i], 0, &body);
        answered_as_before(asked.e, &all[i], 0, &body);
        msgpack_sbuffer_destroy(&body);
    }
    subject_end(&asked);
    subject_end(&never);
}

/* An engine that took in so many reports under other bounds than it has now. */
static void subject_bounded(subject *s, uint64_t reports, engine_config config)
{
    engine_sink sink = {.context = s, .alert = on_alert};
    *s = (subject){0};
    assert_int_equal(engine_new(&config, &sink, &s->e), 0);
    engine_unbound(s->e);
    for (uint64_t n = 0; n < reports; n++)
        give_both(s, n);
    engine_bound(s->e);
}

/* Of what was accepted under wider bounds none is left out of the past. */
static void a_past_of_more_reports_than_may_be_held(void **state)
{
    const question now = {"state of now, made anew", ask_state_of_then, "BY"};
    engine_config narrow = engine_config_default;
    subject wide, bounded;
    msgpack_sbuffer expected;
    (void)state;
    narrow.reports_max = 10;
    subject_bounded(&wide, REPORTS, engine_config_default);
    subject_bounded(&bounded, REPORTS, narrow);
    assert_int_equal(ask(wide.e, &now, 0, &expected), 0);
    answered_as_before(bounded.e, &now, 0, &expected);
    msgpack_sbuffer_destroy(&expected);
    subject_end(&wide);
    subject_end(&bounded);
}

/* It is refused, and all else is as it was. */
static void a_past_without_room(void **state)
{
    const question now = {"state", ask_state, "BY"},
                   then = {"state of a time past", ask_state_of_then, "BY"};
    engine_config narrow = engine_config_default;
    subject s;
    msgpack_sbuffer before, body;
    (void)state;
    subject_bounded(&s, REPORTS, narrow);
    narrow.bytes_max = facts_needed(s.e->facts);
    assert_int_equal(ask(s.e, &now, 0, &before), 0);
    assert_int_equal(ask(s.e, &then, 0, &body), 0);
    msgpack_sbuffer_destroy(&body);
    subject_end(&s);
    subject_bounded(&s, REPORTS, narrow);
    assert_int_equal(ask(s.e, &then, 0, &body), -ENOSPC);
    msgpack_sbuffer_destroy(&body);
    answered_as_before(s.e, &now, 0, &before);
    msgpack_sbuffer_destroy(&before);
    subject_end(&s);
}

/* One happening of many reports each, by many sources, that name others and one another again. */
static const char *const LISTED[] = {
    "\"kind\":\"detention\",\"persons\":[{\"name\":\"Person "
    "#\",\"ids\":[\"a:#\"]},{\"name\":\"Person @\"}]",
    "\"kind\":\"sanction\",\"authority\":\"US\",\"action\":\"imposed\",\"targets\":[{\"name\":"
    "\"Firm #\",\"ids\":["
    "\"f:#\"]}]",
};

static void give_listed(subject *s, uint64_t n)
{
    char rest[512], json[1024];
    fill(LISTED[n % 2], test_mix(n), rest, sizeof rest);
    snprintf(
        json, sizeof json,
        "{\"id\":\"l%ju\",\"source\":\"t%ju\",\"country\":\"BY\",\"occurred_at\":\"2023-11-15\","
        "\"incident\":\"shared:one\",%s}",
        (uintmax_t)n, (uintmax_t)(test_mix(n) % 50), rest);
    assert_int_equal(give_json(s, n, json), THAW_OK);
}

/* What could be read of a list before memory ran out does not pass for all of it, neither where it is made nor where
 * reports came to it. */
static void lists_that_lack_memory(void **state)
{
    const question lists = {"lists of incidents", ask_lists, "BY"};
    subject grown, whole;
    msgpack_sbuffer expected;
    (void)state;
    subject_start(&whole);
    for (uint64_t n = 0; n < REPORTS; n++)
        give_listed(&whole, n);
    assert_true(each_fails(whole.e, &lists) > 20);
    assert_int_equal(ask(whole.e, &lists, 0, &expected), 0);
    for (uint64_t at = 1; at < 40; at++) {
        subject_start(&grown);
        for (uint64_t n = 0; n < REPORTS; n++) {
            msgpack_sbuffer body;
            give_listed(&grown, n);
            if (n % 50 != 40 && n != REPORTS - 1)
                continue;
            (void)ask(grown.e, &lists, at, &body);
            msgpack_sbuffer_destroy(&body);
        }
        answered_as_before(grown.e, &lists, at, &expected);
        subject_end(&grown);
    }
    msgpack_sbuffer_destroy(&expected);
    subject_end(&whole);
}

/* A detention of so many whom nobody else names. */
static thaw_code give_persons(subject *s, uint64_t n, uint32_t count)
{
    const size_t size = 200 + 80 * (size_t)count;
    char *json = malloc(size);
    size_t used = (size_t)snprintf(
        json, size,
        "{\"id\":\"p%ju\",\"source\":\"t\",\"country\":\"BY\",\"kind\":\"detention\","
        "\"occurred_at\":%jd,\"persons\":[",
        (uintmax_t)n, (intmax_t)(day_ns(2 * n) / NS));
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t x = test_mix(n * count + i);
        used += (size_t)snprintf(json + used, size - used, "%s{\"name\":\"", i ? "," : "");
        for (unsigned letter = 0; letter < 16; letter++)
            used += (size_t)snprintf(json + used, size - used, "%s%c", letter == 8 ? " " : "",
                                     "bdfklmnprstvzagx"[x >> 4 * letter & 15]);
        used +=
            (size_t)snprintf(json + used, size - used, "\",\"ids\":[\"a:%016jx\"]}", (uintmax_t)x);
    }
    (void)snprintf(json + used, size - used, "]}");
    thaw_code code = give_json(s, 2 * n, json);
    free(json);
    return code;
}

static void subject_of_bytes(subject *s, uint64_t bytes)
{
    engine_config narrow = engine_config_default;
    engine_sink sink = {.context = s, .alert = on_alert};
    *s = (subject){0};
    narrow.bytes_max = bytes;
    assert_int_equal(engine_new(&narrow, &sink, &s->e), 0);
}

/* What an answer takes beside the facts follows memory.bytes and what the answer may be, and it says what is not in it. */
static void an_answer_beside_facts_that_fill_memory(void **state)
{
    enum { BYTES = 8 << 20, REPLY = 1 << 20 };
    subject s;
    msgpack_sbuffer body;
    msgpack_packer out;
    (void)state;
    subject_of_bytes(&s, BYTES);
    for (uint64_t n = 0; give_persons(&s, n, 200) == THAW_OK; n++)
        engine_bound(s.e);
    for (size_t list_bytes = 0; list_bytes <= REPLY / 16; list_bytes += REPLY / 16) {
        engine_state_query q = {
            .country = "BY", .at_ns = INT64_MAX, .bytes = REPLY, .list_bytes = list_bytes};
        msgpack_sbuffer_init(&body);
        msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
        live_most = live;
        const int64_t before = live;
        assert_int_equal(engine_write_state(s.e, &q, &out), 0);
        print_message("%zu persons, an answer of %zu bytes took %jd\n",
                      (size_t)s.e->facts->entities_count, body.size,
                      (intmax_t)(live_most - before));
        assert_true(live_most - before - (int64_t)body.alloc < BYTES / 2);
        assert_non_null(memmem(body.data, body.size, "\xa8possible\x80", 10));
        msgpack_sbuffer_destroy(&body);
    }
    subject_end(&s);
}

/* What memory.bytes bounds is what there is, also where what recurs elsewhere does not: sources, names, ids. */
static void all_that_is_held_is_counted(void **state)
{
    subject s;
    char json[400];
    (void)state;
    const int64_t before = live;
    subject_start(&s);
    for (uint64_t n = 0; n < 5000; n++) {
        snprintf(json, sizeof json,
                 "{\"id\":\"s%ju\",\"source\":\"%0100ju\",\"country\":\"BY\",\"kind\":\"release\","
                 "\"occurred_at\":%jd}",
                 (uintmax_t)n, (uintmax_t)n, (intmax_t)(day_ns(n % 100) / NS));
        assert_int_equal(give_json(&s, 100, json), THAW_OK);
    }
    const facts *f = s.e->facts;
    const uint64_t pages = reports_text_bytes(f->reports) + (5000 + REPORTS_CHUNK - 1) /
                                                                REPORTS_CHUNK * REPORTS_CHUNK *
                                                                sizeof(report);
    print_message("%jd bytes are allocated, %ju counted\n", (intmax_t)(live - before),
                  (uintmax_t)(facts_needed(f) - pages));
    assert_true((uint64_t)(live - before) < (facts_needed(f) - pages) * 5 / 4);
    subject_end(&s);
}

/* What so many reports without a time make an engine hold, and what it counts of it for its rules, while no report has
 * moved its clock. */
static int64_t held_without_a_clock(bool with_rules, uint64_t *ret_counted)
{
    engine_config config = engine_config_default;
    engine_sink sink = {0};
    subject s = {0};
    char json[200];
    config.clock = ENGINE_CLOCK_REPORTED;
    assert_int_equal(engine_new(&config, &sink, &s.e), 0);
    if (with_rules)
        assert_int_equal(engine_set_rules(s.e, rules_make(), false, NULL, NULL), 0);
    *ret_counted = with_rules ? rules_bytes(s.e->rules) : 0;
    int64_t held = live;
    for (uint64_t n = 0; n < 5000; n++) {
        snprintf(json, sizeof json,
                 "{\"id\":\"u%ju\",\"source\":\"s\",\"country\":\"BY\",\"kind\":\"talks\","
                 "\"stage\":\"offered\"}",
                 (uintmax_t)n);
        assert_int_equal(give_json(&s, 0, json), THAW_OK);
    }
    held = live - held;
    *ret_counted = with_rules ? rules_bytes(s.e->rules) - *ret_counted : 0;
    if (with_rules) { /* the first time that is told: what waited for it acts and is let go */
        assert_int_equal(give_json(&s, 0,
                                   "{\"id\":\"t\",\"source\":\"s\",\"country\":\"BY\",\"kind\":"
                                   "\"feed\",\"state\":\"ok\",\"reported_at\":1700006400}"),
                         THAW_OK);
        assert_true(rules_bytes(s.e->rules) < *ret_counted / 2);
    }
    subject_end(&s);
    return held;
}

static void what_waits_for_a_clock_is_counted(void **state)
{
    uint64_t counted;
    (void)state;
    const int64_t without = held_without_a_clock(false, &counted);
    const int64_t more = held_without_a_clock(true, &counted) - without;
    print_message("%jd bytes are allocated, %ju counted\n", (intmax_t)more, (uintmax_t)counted);
    assert_true(more > 0 && (uint64_t)more < counted * 5 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(questions_that_lack_memory),
                                       cmocka_unit_test(a_past_of_more_reports_than_may_be_held),
                                       cmocka_unit_test(a_past_without_room),
                                       cmocka_unit_test(lists_that_lack_memory),
                                       cmocka_unit_test(an_answer_beside_facts_that_fill_memory),
                                       cmocka_unit_test(all_that_is_held_is_counted),
                                       cmocka_unit_test(what_waits_for_a_clock_is_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
