/* fuzz_place.c: any lines as the `after` of questions: where an earlier page ended. The first byte
 * of a line says which question. It is refused with nothing packed, or what comes is one value, and
 * the pages behind it come to an end. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "forms/json.h"
#include "forms/pack.h"
#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BEGIN_NS INT64_C(1709251200000000000) /* 2024-03-01 */
#define DAY_NS INT64_C(86400000000000)

enum { REPORTS = 24, LINES_MAX = 40, PAGES_MAX = 200, PAGE_BYTES = 300, PLACE_BYTES_MAX = 1024 };

static const char rules_text[] =
    "rules:\n"
    "  - rule: freed\n    by: [country]\n    select:\n"
    "      r: {kind: release, within: 30d}\n      m: {kind: measure}\n"
    "    when: r.count > 0\n    severity: info\n    title: \"{r.sum}\"\n"
    "  - rule: gone\n    by: [country]\n    select:\n"
    "      r: {kind: release, within: 10d}\n"
    "    when: r.count > 0\n    severity: info\n    title: \"{r.sum}\"\n";

static void expect(int truth)
{
    if (!truth)
        abort();
}

/* ---- an engine that has something to tell ------------------------------------------------ */

static void on_alert(void *context, const thaw_alert *alert)
{
    (void)context;
    (void)alert;
}

static void report(engine *e, int number)
{
    static const char *const forms[] = {
        "{\"kind\":\"release\",\"country\":\"BY\",\"source\":\"s%d\",\"id\":\"%d\",\"occurred_at\":"
        "\"2024-02-%02d\","
        "\"persons\":[{\"name\":\"Ales Sheva\"},{\"name\":\"Person %d\"}]}",
        "{\"kind\":\"sanction\",\"country\":\"BY\",\"source\":\"s%d\",\"id\":\"%d\",\"occurred_"
        "at\":\"2024-02-%02d\","
        "\"authority\":\"US\",\"action\":\"imposed\",\"targets\":[{\"name\":\"Party %d\"}]}",
        "{\"kind\":\"talks\",\"country\":\"BY\",\"source\":\"s%d\",\"id\":\"%d\",\"occurred_at\":"
        "\"2024-02-%02d\","
        "\"stage\":\"promised\",\"expected_count\":%d}",
        "{\"kind\":\"feed\",\"country\":\"BY\",\"source\":\"s%d\",\"id\":\"%d\",\"reported_at\":"
        "\"2024-02-%02d\","
        "\"state\":\"broken\",\"note\":\"%d\"}"};
    char text[512], error[JSON_ERROR_BYTES];
    msgpack_sbuffer packed;
    thaw_event event;
    thaw_body body;
    thaw_error refused;
    engine_verdict verdict;

    int len =
        snprintf(text, sizeof text, forms[number % 4], number % 5, number, number % 28 + 1, number);
    msgpack_sbuffer_init(&packed);
    expect(json_read(text, (size_t)len, &packed, error) == 0);
    expect(thaw_body_open(&body, packed.data, packed.size, &thaw_limits_default, BEGIN_NS,
                          &refused) == 0);
    expect(thaw_body_next(&body, &event, &refused) == 1);
    expect(engine_apply(e, &event, 1, BEGIN_NS + number, &verdict) == 0 && verdict.code == THAW_OK);
    msgpack_sbuffer_destroy(&packed);
}

static engine *engine_make(void)
{
    engine_config config = engine_config_default;
    engine_sink sink = {.alert = on_alert};
    rules_complaints complaints = {.at = NULL};
    rules *set = NULL;
    engine *e;

    config.clock = ENGINE_CLOCK_WALL;
    expect(engine_new(&config, &sink, &e) == 0);
    expect(rules_load_text("fuzz", rules_text, sizeof rules_text - 1, NULL, false, &set,
                           &complaints) == 0);
    rules_complaints_done(&complaints);
    expect(engine_set_rules(e, set, false, NULL, NULL) == 0);
    for (int i = 0; i < REPORTS; i++)
        report(e, i);
    expect(engine_advance(e, BEGIN_NS + 5 * DAY_NS) == 0);
    return e;
}

/* ---- questions ---------------------------------------------------------------------------- */

enum { ASK_STATE, ASK_INCIDENTS, ASK_ALERT, ASK_ENDED, ASK_RULE, ASK_SNAPSHOT, QUESTIONS };

static int ask(engine *e, unsigned question, thaw_str after, msgpack_packer *out)
{
    const engine_state_query state = {
        .country = "BY", .at_ns = INT64_MAX, .list_bytes = PAGE_BYTES, .after = after};
    const engine_incidents_query incidents = {.bytes = PAGE_BYTES, .after = after};
    const engine_explain_query explain = {.after = after, .bytes = PAGE_BYTES};
    const thaw_str none = {NULL, 0};

    switch (question) {
    case ASK_STATE:
        return engine_write_state(e, &state, out);
    case ASK_INCIDENTS:
        return engine_write_incidents(e, &incidents, out);
    case ASK_ALERT:
        return engine_write_explain_alert(e, (thaw_str){"freed:BY:1", 10}, &explain, out);
    case ASK_ENDED:
        return engine_write_explain_alert(e, (thaw_str){"gone:BY:1", 9}, &explain, out);
    case ASK_RULE:
        return engine_write_explain_rule(e, (thaw_str){"freed", 5},
                                         (const uint8_t *)"\xa2"
                                                          "BY",
                                         3, &explain, out);
    default:
        return engine_write_snapshot(e, none, after, 1, out);
    }
}

/* Where the next page begins: the first `next` in the answer or in a map or list of it. False:
 * there is none. NOLINTNEXTLINE(misc-no-recursion) */
static bool next_find(const msgpack_object *o, char next[PLACE_BYTES_MAX + 1], size_t *ret_len)
{
    size_t len;
    if (o->type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < o->via.array.size; i++)
            if (next_find(&o->via.array.ptr[i], next, ret_len))
                return true;
        return false;
    }
    if (o->type != MSGPACK_OBJECT_MAP)
        return false;
    const char *text = pack_get_str(o, "next", &len);
    if (len > 0) {
        expect(len <= PLACE_BYTES_MAX);
        memcpy(next, text, len);
        *ret_len = len;
        return true;
    }
    for (uint32_t i = 0; i < o->via.map.size; i++)
        if (next_find(&o->via.map.ptr[i].val, next, ret_len))
            return true;
    return false;
}

/* One page; whether there is one behind it, and where. */
static bool page(engine *e, unsigned question, char place[PLACE_BYTES_MAX + 1], size_t *len)
{
    msgpack_sbuffer answer;
    msgpack_packer out;
    msgpack_zone zone;
    msgpack_object object;
    char *text = malloc(*len + 1); /* of its size, so that a read behind it shows */

    expect(text != NULL);
    memcpy(text, place, *len);
    msgpack_sbuffer_init(&answer);
    msgpack_packer_init(&out, &answer, msgpack_sbuffer_write);
    int r = ask(e, question, (thaw_str){text, (uint32_t)*len}, &out);
    expect(r == 0 || (r == -EBADMSG && answer.size == 0));
    bool more = false;
    if (r == 0) {
        expect(pack_measure((const uint8_t *)answer.data, answer.size, PACK_DEPTH_MAX) ==
               (ssize_t)answer.size);
        expect(msgpack_zone_init(&zone, 4096) &&
               pack_decode(answer.data, answer.size, &zone, &object) == 0);
        more = next_find(&object, place, len);
        msgpack_zone_destroy(&zone);
    }
    msgpack_sbuffer_destroy(&answer);
    free(text);
    return more;
}

/* One line: the question and the place. */
static void walk(engine *e, const uint8_t *line, size_t size)
{
    char place[PLACE_BYTES_MAX + 1];
    size_t len = size - 1;
    int pages = 0;

    if (size == 0 || len > PLACE_BYTES_MAX || memchr(line + 1, '\0', len) != NULL)
        return;
    memcpy(place, line + 1, len);
    while (page(e, line[0] % QUESTIONS, place, &len))
        expect(++pages < PAGES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;
    engine *e = engine_make();

    for (int i = 0; i < LINES_MAX && at < end; i++) {
        const uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((line_end != NULL ? line_end : end) - at);
        walk(e, at, len);
        at += len + (line_end != NULL);
    }
    engine_free(e);
    return 0;
}
