/* fuzz_engine.c: any bytes as the course of an engine. Each byte is a step or fills in a report:
 * reports of a few words, so that they meet, correct and withdraw one another; time that passes;
 * rules exchanged, a past dropped, an image taken over. Every question is answered at the end,
 * every alert is one that a subscriber can read, and who goes on from an image answers as before
 * it. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"
#include "forms/pack.h"
#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOUR_NS INT64_C(3600000000000)
#define DAY_NS (24 * HOUR_NS)
#define BEGIN_NS INT64_C(1709251200000000000) /* 2024-03-01 */

enum { BATCH_MAX = 12, STEPS_MAX = 400, ASKED_MAX = 5 };

static void expect(int truth)
{
    if (!truth)
        abort();
}

/* ---- the input ---------------------------------------------------------------------- */

typedef struct course {
    const uint8_t *at, *end;
    engine *engine;
    engine_clock clock;
    unsigned set; /* of rules */
    int64_t now_ns;
    msgpack_sbuffer batch[BATCH_MAX];
    size_t count;
    unsigned asked; /* all questions, so often: they cost more than all else */
    uint64_t seq;
} course;

static uint8_t take(course *c)
{
    return c->at < c->end ? *c->at++ : 0;
}

/* ---- reports ------------------------------------------------------------------------ */

#define RELEASE 0x01
#define DETENTION 0x02
#define SANCTION 0x04
#define TALKS 0x08
#define TALLY 0x10
#define FEED 0x20
#define RETRACTION 0x40
#define PEOPLE (RELEASE | DETENTION)
#define EVERY 0x7f
#define HAPPENING (EVERY & ~(FEED | RETRACTION))

/* The words that a key may have; required of the kinds in `always`. */
typedef struct words {
    const char *key;
    uint8_t kinds, always;
    const char *const words[9];
} words;

static const words texts[] = {
    {"id", EVERY, EVERY, {"a", "b", "c", "d", "e", "f", "g", "h"}},
    {"source", EVERY, EVERY, {"s", "t", "u"}},
    {"country", EVERY, EVERY, {"BY", "RU", "BY"}},
    {"attributed_to", EVERY, 0, {"t", "v"}},
    {"status", HAPPENING, 0, {"rumoured", "announced", "confirmed"}},
    {"revises", HAPPENING, 0, {"a", "b", "c", "d", "e", "f", "g", "h"}},
    {"retracts", RETRACTION, RETRACTION, {"a", "b", "c", "d", "e", "f", "g", "h"}},
    {"incident", EVERY & ~RETRACTION, 0, {"one", "two", "shared:one", "shared:two"}},
    {"count_is", PEOPLE, 0, {"exact", "at_least", "about"}},
    {"covers", PEOPLE, 0, {"event", "part", "wider"}},
    {"part",
     PEOPLE,
     0,
     {"destination=LT", "destination=PL", "category=political", "category=women"}},
    {"of", TALLY, 0, {"detained", "released"}},
    {"category", TALLY, 0, {"political", "women"}},
    {"form",
     RELEASE | TALLY,
     0,
     {"pardon", "amnesty", "sentence_served", "exchange", "deportation"}},
    {"destination", RELEASE, 0, {"LT", "PL"}},
    {"authority", SANCTION, SANCTION, {"US", "EU"}},
    {"action",
     SANCTION,
     SANCTION,
     {"proposed", "imposed", "extended", "eased", "licensed", "suspended", "lifted", "delisted"}},
    {"program", SANCTION, 0, {"P", "Q"}},
    {"sector", SANCTION, 0, {"potash", "air"}},
    {"state", FEED, FEED, {"ok", "broken"}},
    {"stage",
     TALKS,
     TALKS,
     {"reported", "demanded", "offered", "promised", "agreed", "denied", "collapsed"}},
    {"title", EVERY, 0, {"", "one", "\xd0\xbe\xd0\xb4\xd0\xb8\xd0\xbd"}},
    {"producer", EVERY, 0, {"p", "q"}},
    {"occurred_at",
     HAPPENING,
     0,
     {"2024-03", "2024", "2024-02-28~", "2024-02-27", "2024-02-28T10:00:00Z", "1900-01-01",
      "2024-03-02", "2024-01~"}},
    {"reported_at",
     EVERY,
     0,
     {"2024-03", "2024-02-28", "2024-02-29", "2024-03-01T10:00:00Z", "2024-03-02", "2024-03-10",
      "2023-11-01"}},
    {"since", TALLY, 0, {"2024-01-01", "2024", "2024-02", "2023-07~"}},
    {"expires_at", SANCTION, 0, {"2024-03-05", "2024-03-20T00:00:00Z", "2200-12-31", "1900"}},
    {"expected_by", TALKS, 0, {"2024-03-03", "2024-04", "2200"}},
};

static const uint64_t numbers[] = {0, 1, 2, 3, 10, 52, 53, 1000000, UINT64_MAX >> 1};

static void put_text(msgpack_packer *out, const char *text)
{
    msgpack_pack_str_with_body(out, text, strlen(text));
}

static uint32_t put_number(course *c, msgpack_packer *out, const char *key)
{
    uint8_t byte = take(c);

    if (byte & 1)
        return 0;
    put_text(out, key);
    msgpack_pack_uint64(out, numbers[byte / 2 % (sizeof numbers / sizeof *numbers)]);
    return 1;
}

static uint32_t put_words(course *c, msgpack_packer *out, const words *w, uint8_t kind)
{
    size_t count = 0;
    uint8_t byte = (w->kinds & kind) != 0 ? take(c) : 1;

    while (count < 9 && w->words[count] != NULL)
        count++;
    if ((w->kinds & kind) == 0 || ((w->always & kind) == 0 && (byte & 1) != 0))
        return 0;
    put_text(out, w->key);
    put_text(out, w->words[byte / 2 % count]);
    return 1;
}

/* Of each person or party one byte: the name, and which of three ids. */
static uint32_t put_people(course *c, msgpack_packer *out, const char *key)
{
    static const char *const names[] = {"Ales B",   "Bales A", "Maria K", "MARIA K",
                                        "Maryja K", "X",       "Y",       "Z"};
    static const char *const ids[] = {"w:1", "w:2", "w:3"};
    uint32_t count = take(c) % 4;

    if (count == 0)
        return 0;
    put_text(out, key);
    msgpack_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t byte = take(c);
        msgpack_pack_map(out, 2);
        put_text(out, "name");
        put_text(out, names[byte & 7]);
        put_text(out, "ids");
        msgpack_pack_array(out, (uint32_t)__builtin_popcount(byte >> 3 & 7));
        for (unsigned k = 0; k < 3; k++)
            if (byte & (8u << k))
                put_text(out, ids[k]);
    }
    return count > 0;
}

static uint32_t put_keys(course *c, msgpack_packer *out)
{
    static const char *const kinds[] = {"release", "detention", "sanction",  "talks",
                                        "tally",   "feed",      "retraction"};
    unsigned number = take(c) % 7;
    uint8_t kind = (uint8_t)(1u << number);
    uint32_t pairs = 1;

    put_text(out, "kind");
    put_text(out, kinds[number]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        pairs += put_words(c, out, &texts[i], kind);
    if (kind & (PEOPLE | TALLY | SANCTION))
        pairs += put_number(c, out, "count");
    if (kind & TALKS)
        pairs += put_number(c, out, "expected_count");
    if (kind & (PEOPLE | TALKS | TALLY))
        pairs += put_people(c, out, "persons");
    if (kind & SANCTION)
        pairs += put_people(c, out, "targets");
    return pairs + put_number(c, out, "producer_seq");
}

static void report(course *c)
{
    msgpack_sbuffer body, *event;
    msgpack_packer out;

    if (c->count == BATCH_MAX)
        return;
    event = &c->batch[c->count++];
    msgpack_sbuffer_init(&body);
    msgpack_sbuffer_init(event);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    uint32_t pairs = put_keys(c, &out);
    msgpack_packer_init(&out, event, msgpack_sbuffer_write);
    msgpack_pack_map(&out, pairs);
    msgpack_sbuffer_write(event, body.data, body.size);
    msgpack_sbuffer_destroy(&body);
}

/* ---- rules -------------------------------------------------------------------------- */

static const char *const sets[] = {
    "rules:\n"
    "  - rule: after\n    by: [country]\n    select:\n"
    "      freed: {kind: release, where: status != \"rumoured\", within: 14d}\n"
    "      eased: {kind: sanction, where: effect in [\"relief\", \"removal\"], within: 14d}\n"
    "    when: freed.sum > 20 || freed.count > 0 && eased.count > 0 && eased.last >= freed.first\n"
    "    until: freed.count == 0\n    keep_for: 2d\n    severity: warning\n"
    "    title: \"{country} {freed.sum} {eased.first}\"\n"
    "  - rule: differs\n    by: [country]\n    select:\n"
    "      d: {kind: release, where: disagrees || largest || \"LT\" in destinations}\n"
    "    when: d.count > 0 && d.spread >= 1\n    severity: info\n    title: \"{d.min} {d.max}\"\n"
    "  - rule: twice\n    by: [person]\n    select:\n"
    "      p: {kind: person, where: contradiction || status == \"detained\"}\n"
    "    when: p.count > 0\n    severity: info\n    title: \"{person}\"\n"
    "  - rule: licence\n    by: [authority, party]\n    select:\n"
    "      m: {kind: measure, where: state == \"licensed\", ahead: 7d, at: expires_at}\n"
    "    when: m.count > 0\n    severity: info\n    title: \"{party}\"\n"
    "  - rule: promised\n    by: [country]\n    select:\n"
    "      t: {kind: talks, where: stage == \"promised\", within: 60d}\n"
    "      f: {kind: release, before: 1d}\n"
    "    when: t.count > 0 && f.count == 0\n    for: 2d\n    severity: info\n    title: none\n"
    "  - rule: silent\n    by: [source]\n    select:\n"
    "      f: {kind: feed, where: broken || silent_for > duration(\"72h\")}\n"
    "    when: f.count > 0\n    severity: info\n    title: \"{source}\"\n"
    "  - rule: total\n    by: [country, source]\n    select:\n"
    "      t: {kind: tally, where: state == \"differs\"}\n"
    "    when: t.count > 0\n    severity: info\n    title: \"{t.sum}\"\n"
    "  - rule: said\n    by: []\n    select:\n"
    "      r: {kind: report, where: source == \"s\", within: 5d, at: reported_at}\n"
    "    when: r.count >= 2\n    severity: info\n    title: \"{r.voices}\"\n",
    "rules:\n"
    "  - rule: after\n    by: [country]\n    select:\n"
    "      freed: {kind: release, within: 14d}\n"
    "    when: freed.persons > 1 || freed.voices > 1\n    severity: warning\n    title: "
    "\"{country}\"\n"
    "  - rule: twice\n    by: [person]\n    select:\n"
    "      p: {kind: person, where: contradiction || status == \"detained\"}\n"
    "    when: p.count > 0\n    for: 1h\n    severity: critical\n    title: \"{person}\"\n"
    "  - rule: nobody\n    by: []\n    select:\n      held: {kind: detention, within: 3d}\n"
    "    when: held.count == 0\n    severity: info\n    title: none\n",
};

static rules *rules_make(unsigned number)
{
    rules_complaints complaints = {.at = NULL};
    const char *text = sets[number];
    rules *set = NULL;
    int r = rules_load_text("fuzz", text, strlen(text), NULL, false, &set, &complaints);

    if (r < 0 && complaints.count > 0)
        fputs(rules_complaint_text(&complaints.at[0]), stderr);
    expect(r == 0);
    rules_complaints_done(&complaints);
    return set;
}

static void on_alert(void *context, const thaw_alert *alert)
{
    course *c = context;
    thaw_alert again;
    thaw_error error;
    uint8_t *bytes;
    size_t len;

    expect(alert->seq == ++c->seq);
    expect(thaw_alert_encode(alert, &bytes, &len) == 0);
    expect(thaw_alert_decode(&again, bytes, len, &error) == 0);
    expect(again.state == alert->state && again.because.count == alert->because.count);
    free(bytes);
}

static engine *engine_make(course *c)
{
    engine_config config = engine_config_default;
    engine_sink sink = {.context = c, .alert = on_alert};
    engine *e;

    config.clock = c->clock;
    expect(engine_new(&config, &sink, &e) == 0);
    return e;
}

/* ---- questions ---------------------------------------------------------------------- */

static void ask_all(course *c, msgpack_packer *out)
{
    static const char *const countries[] = {NULL, "BY", "RU"};
    engine_incidents_query all = {.limit = 1000};
    const thaw_str none = {NULL, 0};

    for (size_t i = 0; i < 3; i++) {
        engine_state_query query = {.country = countries[i], .at_ns = INT64_MAX};
        int r = engine_write_state(c->engine, &query, out);
        expect(r == 0 || r == -ENOENT);
    }
    expect(engine_write_incidents(c->engine, &all, out) == 0);
    expect(engine_write_counters(c->engine, out) == 0);
    expect(engine_write_rules(c->engine, out) == 0);
    expect(engine_write_snapshot(c->engine, none, none, 0, out) == 0);
}

/* As it was known at an earlier moment. */
static void ask_then(course *c)
{
    msgpack_sbuffer bytes;
    msgpack_packer out;
    engine_state_query query = {
        .country = take(c) & 1 ? "BY" : NULL,
        .at_ns = BEGIN_NS + take(c) % 40 * DAY_NS,
        .since = {BEGIN_NS - take(c) * DAY_NS, THAW_DAY, false},
    };

    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&out, &bytes, msgpack_sbuffer_write);
    int r = engine_write_state(c->engine, &query, &out);
    expect(r == 0 || r == -ENOENT);
    msgpack_sbuffer_destroy(&bytes);
}

/* Each incident or alert of a list in an answer. */
static void explain(course *c, const msgpack_object *answer, const char *list, msgpack_packer *out)
{
    const engine_explain_query query = {.bytes = 1 << 16};
    const msgpack_object *all = pack_get(answer, list);

    expect(all != NULL && all->type == MSGPACK_OBJECT_ARRAY);
    for (uint32_t i = 0; i < all->via.array.size; i++) {
        size_t len;
        const char *id = pack_get_str(&all->via.array.ptr[i], "id", &len);
        thaw_str text = {id, (uint32_t)len};
        expect((list[0] == 'a' ? engine_write_explain_alert(c->engine, text, &query, out)
                               : engine_write_explain_incident(c->engine, text, &query, out)) == 0);
    }
}

static void explain_all(course *c, msgpack_packer *out)
{
    engine_incidents_query all = {.limit = 1000};
    const engine_explain_query query = {.bytes = 1 << 16};
    const thaw_str none = {NULL, 0};

    for (int i = 0; i < 2; i++) {
        msgpack_sbuffer answer;
        msgpack_packer into;
        msgpack_zone zone;
        msgpack_object object;
        msgpack_sbuffer_init(&answer);
        msgpack_packer_init(&into, &answer, msgpack_sbuffer_write);
        expect((i == 0 ? engine_write_incidents(c->engine, &all, &into)
                       : engine_write_snapshot(c->engine, none, none, 0, &into)) == 0);
        expect(msgpack_zone_init(&zone, 4096));
        expect(pack_decode(answer.data, answer.size, &zone, &object) == 0);
        explain(c, &object, i == 0 ? "incidents" : "alerts", out);
        msgpack_zone_destroy(&zone);
        msgpack_sbuffer_destroy(&answer);
    }
    expect(engine_write_explain_rule(c->engine, (thaw_str){"after", 5}, (const uint8_t *)"BY", 2,
                                     &query, out) <= 0);
}

static msgpack_sbuffer answers(course *c)
{
    msgpack_sbuffer bytes;
    msgpack_packer out;

    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&out, &bytes, msgpack_sbuffer_write);
    ask_all(c, &out);
    explain_all(c, &out);
    return bytes;
}

/* ---- steps -------------------------------------------------------------------------- */

static void batch(course *c)
{
    thaw_event events[BATCH_MAX];
    engine_verdict verdicts[BATCH_MAX];
    size_t count = 0;
    thaw_body body;
    thaw_error error;

    for (size_t i = 0; i < c->count; i++)
        if (thaw_body_open(&body, c->batch[i].data, c->batch[i].size, &thaw_limits_default,
                           c->now_ns, &error) == 0 &&
            thaw_body_next(&body, &events[count], &error) == 1)
            count++;
    expect(engine_apply(c->engine, events, count, c->now_ns, verdicts) == 0);
    for (size_t i = 0; i < c->count; i++)
        msgpack_sbuffer_destroy(&c->batch[i]);
    c->count = 0;
    expect(engine_next_deadline(c->engine) > engine_now(c->engine));
}

static int on_bytes(void *context, const void *bytes, size_t len)
{
    return msgpack_sbuffer_write(context, bytes, len) == 0 ? 0 : -ENOMEM;
}

static void take_over(course *c)
{
    msgpack_sbuffer image, before, after;

    batch(c);
    if (engine_now(c->engine) == INT64_MIN)
        return;
    before = answers(c);
    msgpack_sbuffer_init(&image);
    expect(engine_image_save(c->engine, on_bytes, &image) == 0);
    uint8_t *pages =
        mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(pages != MAP_FAILED);
    memcpy(pages, image.data, image.size);
    engine_free(c->engine);
    c->engine = engine_make(c);
    expect(engine_image_load(c->engine, rules_make(c->set), pages, image.size) == 0);
    after = answers(c);
    expect(before.size == after.size && memcmp(before.data, after.data, after.size) == 0);
    msgpack_sbuffer_destroy(&image);
    msgpack_sbuffer_destroy(&before);
    msgpack_sbuffer_destroy(&after);
}

static int on_saved(void *context, engine_saved_kind kind, uint64_t number, int64_t at_ns,
                    const uint8_t *bytes, size_t len)
{
    return engine_load(context, kind, number, at_ns, bytes, len);
}

/* What is kept goes into a new engine record by record. */
static void drop(course *c)
{
    engine_retention what = {BEGIN_NS + (take(c) % 64 - 32) * DAY_NS, INT64_MIN};
    engine_dropped dropped = {0, 0};
    engine *e = engine_make(c);

    batch(c);
    expect(engine_save(c->engine, &what, on_saved, e, &dropped) == 0);
    if (dropped.incidents + dropped.reports == 0) {
        engine_free(e);
        return;
    }
    engine_free(c->engine);
    c->engine = e;
    expect(engine_load_end(e, rules_make(c->set)) == 0);
}

static void reload(course *c)
{
    batch(c);
    c->set = !c->set;
    rules *set = rules_make(c->set);
    expect(engine_set_rules(c->engine, set, true, NULL, NULL) == 0);
    expect(engine_set_rules(c->engine, set, false, NULL, NULL) == 0);
}

static void step(course *c)
{
    uint8_t byte = take(c);

    switch (byte % 16) {
    case 9:
        c->now_ns += byte / 16 * HOUR_NS;
        batch(c);
        break;
    case 10:
        c->now_ns += byte / 16 * DAY_NS;
        expect(engine_advance(c->engine, c->now_ns) == 0);
        break;
    case 11:
        if (c->asked++ < ASKED_MAX)
            take_over(c);
        break;
    case 12:
        drop(c);
        break;
    case 13:
        reload(c);
        break;
    case 14:
        if (c->asked++ < ASKED_MAX)
            ask_then(c);
        break;
    default:
        report(c);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    course c = {.at = data, .end = data + size, .now_ns = BEGIN_NS};

    c.clock = take(&c) & 1 ? ENGINE_CLOCK_REPORTED : ENGINE_CLOCK_WALL;
    c.engine = engine_make(&c);
    expect(engine_set_rules(c.engine, rules_make(0), false, NULL, NULL) == 0);
    for (int i = 0; i < STEPS_MAX && c.at < c.end; i++)
        step(&c);
    batch(&c);
    take_over(&c);
    engine_free(c.engine);
    return 0;
}
