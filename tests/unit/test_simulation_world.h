/*
 * test_simulation_world.h - engine and journal between two restarts, for test_simulation.c: what thawd does with
 * them, and how it reads the journal again.
 */
#ifndef TEST_SIMULATION_WORLD_H
#define TEST_SIMULATION_WORLD_H

#include "test_pages.h"
#include "test_simulation_disk.h"

#include "engine.h"
#include "rules/rules.h"

#define NS INT64_C(1000000000)
#define DAY (INT64_C(86400) * NS)
#define START (INT64_C(1700006400) * NS)
enum { STEPS = 120, REPORTS_MAX = 4000, ALERTS_MAX = 20000, IMAGE_BYTES = 8 << 20 };

static const char *const RULES[2] = {
    "rules:\n  - rule: many\n    by: [country]\n    select:\n      freed: {kind: release, within: "
    "5d}\n"
    "    when: freed.sum >= 30\n    severity: info\n    title: \"{freed.sum}\"\n"
    "  - rule: silence\n    by: []\n    keep_for: 12h\n    for: 1d\n    select:\n      held: "
    "{kind: detention, within: 3d}\n"
    "    when: held.count == 0\n    severity: info\n    title: nobody\n",
    "rules:\n  - rule: many\n    by: [country]\n    select:\n      freed: {kind: release, within: "
    "4d}\n"
    "    when: freed.sum >= 50\n    severity: warning\n    title: \"{freed.sum} freed\"\n"
    "  - rule: held\n    by: [country]\n    select:\n      held: {kind: detention, within: 6d}\n"
    "    when: held.count >= 2\n    severity: info\n    title: \"{held.count}\"\n"};

/* An alert change as it left, once its batch was durable. */
typedef struct given {
    uint8_t *bytes;
    size_t len;
} given;

/* As daemon/kept/image.c has it: the engine between two batches, and where in the journal that was. */
typedef struct image {
    pages pages;
    uint64_t report, batch, ticket, base_mark, rounds; /* steps until it is put in place */
    int rules;
} image;

/* A batch that was handed over: what may leave once its ticket is on the disk. */
typedef struct waiting {
    uint64_t ticket, alerts, batch, count, numbers[64], seqs[64];
} waiting;
enum { WAITING_MAX = 32 };

typedef struct world {
    uint64_t seed, random;
    char *folder;
    journal *j;
    engine *e;
    int64_t now_ns;
    int rules; /* which set is in force; -1: none */
    bool acked[REPORTS_MAX + 1];
    uint64_t acked_seq[REPORTS_MAX + 1];
    uint64_t next; /* report to be sent */
    given alerts[ALERTS_MAX];
    uint64_t alerts_count, durable_alerts, durable_batch, crashes, retentions;
    waiting queue[WAITING_MAX];
    uint64_t queued, last_ticket, durable_ticket;
    uint64_t stall, stalls; /* steps until the disk goes on, 0: it does; how often it did not */
    bool replaying;
    image child, placed,
        stale;                 /* being written; STATE/image; one of before the last dropped past */
    uint64_t started, refused; /* from an image; in spite of one */
} world;

static uint64_t chance(world *w, uint64_t below)
{
    w->random = mix(w->random + 1);
    return w->random % below;
}

/* ---- events, from their number alone ------------------------------------------------- */

static void put(msgpack_packer *out, const char *key, const char *text)
{
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_str_with_body(out, text, strlen(text));
}
static void put_number(msgpack_packer *out, const char *key, int64_t value)
{
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_int64(out, value);
}

static size_t event_bytes(uint64_t seed, uint64_t n, char *into)
{
    static const char *const COUNTRIES[] = {"BY", "RU", "VE"};
    uint64_t x = mix(seed * 100003 + n);
    int64_t day = START / NS + (int64_t)(n / 4) * 86400;
    char id[32], old[32];
    msgpack_sbuffer body;
    msgpack_packer out;
    snprintf(id, sizeof id, "r%llu", (unsigned long long)n);
    snprintf(old, sizeof old, "r%llu", (unsigned long long)(n - x % 7));
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    bool takes_back = x % 11 == 0 && n > 10;
    msgpack_pack_map(&out, takes_back ? 6 : 7);
    put(&out, "id", id);
    put(&out, "source", "s");
    put(&out, "country", COUNTRIES[(x >> 8) % 3]);
    put_number(&out, "reported_at", day);
    if (takes_back) {
        put(&out, "kind", "retraction");
        put(&out, "retracts", old);
    } else {
        put(&out, "kind", x % 5 ? "release" : "detention");
        put_number(&out, "occurred_at", day - (int64_t)(x >> 12) % 3 * 86400);
        put_number(&out, "count", (int64_t)(x >> 16) % 30);
    }
    size_t len = body.size;
    memcpy(into, body.data, len);
    msgpack_sbuffer_destroy(&body);
    return len;
}

/* ---- what thawd does ----------------------------------------------------------------- */

static void world_alert(void *context, const thaw_alert *alert)
{
    world *w = context;
    msgpack_sbuffer body;
    msgpack_packer out;
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    thaw_alert_pack(alert, &out);
    assert_true(alert->seq >= 1 && alert->seq < ALERTS_MAX);
    if (w->replaying &&
        alert->seq <= w->durable_alerts) { /* given out before: the same, or it was wrong */
        given *was = &w->alerts[alert->seq];
        assert_int_equal(body.size, was->len);
        assert_memory_equal(body.data, was->bytes, was->len);
        msgpack_sbuffer_destroy(&body);
        if (alert->seq <= journal_last_alert(w->j))
            return;
        fail_msg("alert change %llu was given out but is not in the journal",
                 (unsigned long long)alert->seq);
    }
    given *at = &w->alerts[alert->seq];
    free(at->bytes);
    at->len = body.size;
    at->bytes = (uint8_t *)msgpack_sbuffer_release(&body);
    w->alerts_count = alert->seq;
    if (w->replaying && alert->seq <= journal_last_alert(w->j))
        return; /* written, but its commit was not told of */
    assert_int_equal(journal_append_alert(w->j, alert->seq, "t", 1, at->bytes, at->len), 0);
}

static rules *rules_make(int which)
{
    rules_complaints complaints = {0};
    rules *set = NULL;
    assert_int_equal(
        rules_load_text("r", RULES[which], strlen(RULES[which]), NULL, false, &set, &complaints),
        0);
    rules_complaints_done(&complaints);
    return set;
}

static engine *world_engine(world *w)
{
    engine_sink sink = {.context = w, .alert = world_alert};
    engine *e;
    assert_int_equal(engine_new(&engine_config_default, &sink, &e), 0);
    return e;
}

/* What has become durable leaves; false: the disk failed before all of it was. */
static bool world_settle(world *w)
{
    bool held = durable_wait(w->j, w->last_ticket) == 0;
    w->durable_ticket = journal_durable(w->j);
    for (uint64_t i = 0; i < w->queued && w->queue[i].ticket <= w->durable_ticket; i++) {
        const waiting *q = &w->queue[i];
        w->durable_alerts = q->alerts;
        w->durable_batch = q->batch;
        for (uint64_t k = 0; k < q->count; k++) {
            w->acked[q->numbers[k]] = true;
            w->acked_seq[q->numbers[k]] = q->seqs[k];
        }
    }
    w->queued = 0;
    return held;
}

/* Hands over what is open, with what may leave then; waits for the disk where it goes on. */
static bool world_submit(world *w, waiting *what)
{
    if (journal_submit(w->j, w->now_ns, &what->ticket) < 0)
        return false;
    bool first = w->last_ticket == w->durable_ticket && what->ticket > w->last_ticket;
    what->alerts = w->alerts_count;
    what->batch = journal_last_batch(w->j);
    w->last_ticket = what->ticket;
    assert_true(w->queued < WAITING_MAX);
    w->queue[w->queued++] = *what;
    if (w->stall == 0)
        return world_settle(w);
    if (first)
        disk_await();
    return true;
}

static bool world_commit(world *w)
{
    return world_submit(w, &(waiting){.count = 0});
}

static void stall_begin(world *w)
{
    disk_close();
    w->stall = 1 + chance(w, 6);
    w->stalls++;
}

/* The disk goes on, or fails. */
static bool stall_end(world *w, int fail)
{
    w->stall = 0;
    disk_open(fail, 1 + chance(w, 2));
    return world_settle(w);
}

typedef struct replay {
    world *w;
    engine *e;
    uint64_t from_batch; /* what the image knows */
    thaw_event events[64];
    engine_verdict verdicts[64];
    char bytes[64][512];
    size_t count;
    int64_t at_ns;
    uint64_t first;
    rules *base_rules;
    bool based;
} replay;

static void events_open(replay *rp, size_t i, const void *bytes, size_t len)
{
    thaw_body body;
    thaw_error error;
    memcpy(rp->bytes[i], bytes, len);
    assert_int_equal(
        thaw_body_open(&body, rp->bytes[i], len, &thaw_limits_default, START + 10000 * DAY, &error),
        0);
    assert_int_equal(thaw_body_next(&body, &rp->events[i], &error), 1);
}

static void replay_flush(replay *rp)
{
    if (rp->count)
        assert_int_equal(engine_apply(rp->e, rp->events, rp->count, rp->at_ns, rp->verdicts), 0);
    for (size_t i = 0; i < rp->count; i++) {
        assert_int_equal(rp->verdicts[i].code, THAW_OK);
        assert_false(rp->verdicts[i].duplicate);
        assert_int_equal(rp->verdicts[i].journal_seq, rp->first + i);
    }
    rp->count = 0;
}

static int on_log(void *context, const journal_record *record)
{
    replay *rp = context;
    if (record->batch <= rp->from_batch)
        return 0;
    if (record->kind == JOURNAL_REPORT) {
        if (rp->count == 0)
            rp->first = record->number;
        events_open(rp, rp->count++, record->body, record->body_len);
        return 0;
    }
    replay_flush(rp);
    if (record->kind == JOURNAL_BATCH)
        rp->at_ns = record->at_ns;
    else if (record->kind == JOURNAL_ADVANCE)
        assert_int_equal(engine_advance(rp->e, record->at_ns), 0);
    else {
        if (record->at_ns != INT64_MIN)
            assert_int_equal(engine_advance(rp->e, record->at_ns), 0);
        rp->w->rules = record->body[0];
        assert_int_equal(engine_set_rules(rp->e, rules_make(record->body[0]), false, NULL, NULL),
                         0);
    }
    return 0;
}

static int on_base_record(void *context, const journal_record *record)
{
    static const engine_saved_kind KINDS[] = {[JOURNAL_BASE_STATE] = ENGINE_SAVED_STATE,
                                              [JOURNAL_BASE_IDENTITIES] = ENGINE_SAVED_IDENTITIES,
                                              [JOURNAL_BASE_REPORT] = ENGINE_SAVED_REPORT};
    replay *rp = context;
    rp->based = true;
    if (record->kind == JOURNAL_BASE_RULES) {
        rp->w->rules = record->body[0];
        rp->base_rules = rules_make(rp->w->rules);
        return 0;
    }
    return engine_load(rp->e, KINDS[record->kind], record->number, record->at_ns, record->body,
                       record->body_len);
}

/* Base and log, or what of it stands behind an image. */
static void replay_log(world *w, engine *e, const image *from)
{
    static replay rp;
    char error[512] = "";
    rp = (replay){.w = w, .e = e, .from_batch = from ? from->batch : 0};
    if (!from)
        assert_int_equal(journal_read_base(w->j, on_base_record, &rp, error), 0);
    if (rp.based)
        assert_int_equal(engine_load_end(e, rp.base_rules), 0);
    assert_int_equal(
        journal_read(w->j, from ? from->report : journal_base_report(w->j), on_log, &rp, error), 0);
    replay_flush(&rp);
}

#endif
