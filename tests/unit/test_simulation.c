/*
 * test_simulation.c - engine and journal as thawd drives them, under a clock and a disk of the
 * test's own: a seed gives a course of arrivals, repeats, deadlines, exchanges of rules, dropped
 * pasts, a disk that stalls while batches gather, commits that fail before or after they are written, images that are begun, put in place
 * some steps later or never, damaged, of a past that was dropped since or of a batch that was lost,
 * and restarts. After each restart and at the end:
 *
 *   - what was acknowledged is there, once, and a repeat of it is a duplicate under the
 *     same number;
 *   - what was not may be there; nothing else is;
 *   - the alert changes that were given out are those that an engine gives that took the same steps
 *     in peace, byte for byte and number for number, and no number is given twice;
 *   - an engine that started from an image and the log behind it answers everything that can be asked
 *     as one does that read the whole log, and an image that cannot be used is known as such.
 *
 * THAW_SEED=n runs that one course, THAW_SEEDS=n so many; the seed of a failure is printed.
 */
#include "test_journal_support.h"

#include <pthread.h>
#include <sys/mman.h>

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

/* As daemon/image.c has it: the engine between two batches, and where in the journal that was. */
typedef struct image {
    uint8_t *bytes; /* NULL: there is none */
    size_t len, capacity;
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

/* The disk. While it stalls, the first group stands before its transaction and the others gather behind it:
 * two commits, whatever the threads do. */
static int fail_at;        /* journal_fault, 0: none */
static uint64_t fail_from; /* the first group of a stall that fails: 1 or 2 */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    bool closed, arrived;
    uint64_t groups;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static int world_fault(void *context, journal_fault point)
{
    (void)context;
    pthread_mutex_lock(&disk.mutex);
    if (point == JOURNAL_FAULT_BEGIN) {
        disk.groups++;
        disk.arrived = true;
        pthread_cond_broadcast(&disk.moved);
        while (disk.closed)
            pthread_cond_wait(&disk.moved, &disk.mutex);
    }
    bool fails = (int)point == fail_at && disk.groups >= fail_from;
    pthread_mutex_unlock(&disk.mutex);
    return fails ? EIO : 0;
}

static void disk_close(void)
{
    pthread_mutex_lock(&disk.mutex);
    disk.closed = true;
    disk.arrived = false;
    disk.groups = 0;
    pthread_mutex_unlock(&disk.mutex);
}

static void disk_open(int fail, uint64_t from)
{
    pthread_mutex_lock(&disk.mutex);
    disk.closed = false;
    fail_at = fail;
    fail_from = from;
    pthread_cond_broadcast(&disk.moved);
    pthread_mutex_unlock(&disk.mutex);
}

static void disk_await(void)
{
    pthread_mutex_lock(&disk.mutex);
    while (!disk.arrived)
        pthread_cond_wait(&disk.moved, &disk.mutex);
    pthread_mutex_unlock(&disk.mutex);
}
static const journal_faults FAULTS = {world_fault, NULL};

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

/* ---- images, as daemon/image.c writes and reads them ---------------------------------- */

static void image_end(image *im)
{
    if (im->bytes)
        assert_int_equal(munmap(im->bytes, im->capacity), 0);
    *im = (image){.bytes = NULL};
}

static int on_image_bytes(void *context, const void *bytes, size_t len)
{
    image *im = context;
    if (im->len + len > im->capacity)
        return -ENOSPC;
    memcpy(im->bytes + im->len, bytes, len);
    im->len += len;
    return 0;
}

static uint8_t *pages_map(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    return pages;
}

/* Between two batches, whether the last one is on the disk or not. */
static image image_take(world *w)
{
    image im = {.bytes = pages_map(IMAGE_BYTES),
                .capacity = IMAGE_BYTES,
                .report = journal_last_report(w->j),
                .batch = journal_last_batch(w->j),
                .ticket = w->last_ticket,
                .base_mark = journal_base_mark(w->j),
                .rules = w->rules,
                .rounds = chance(w, 12)};
    assert_int_equal(engine_image_save(w->e, on_image_bytes, &im), 0);
    return im;
}

static image image_copy(const image *from)
{
    image im = *from;
    if (im.bytes)
        im.bytes = memcpy(pages_map(im.capacity), from->bytes, im.len);
    return im;
}

/* What thawd's loop does between two batches; `held`: the disk has not failed. */
static void image_look(world *w, bool held)
{
    w->child.rounds -= w->child.rounds > 0;
    if (w->child.bytes && w->child.rounds == 0 && w->durable_ticket >= w->child.ticket) {
        image_end(&w->placed);
        w->placed = w->child;
        w->child = (image){.bytes = NULL};
    }
    if (engine_now(w->e) == INT64_MIN || chance(w, 10) != 0)
        return;
    if (!held &&
        journal_last_batch(w->j) > w->durable_batch) { /* thawd waits; it is seen all the same */
        image_end(&w->placed);
        w->placed = image_take(w);
    } else if (held && !w->child.bytes) {
        w->child = image_take(w);
    }
}

/* Before the past is dropped. One is kept: as if it were put back by hand. */
static void image_forget(world *w)
{
    image_end(&w->child);
    if (!w->placed.bytes)
        return;
    image_end(&w->stale);
    w->stale = w->placed;
    w->placed = (image){.bytes = NULL};
}

/* Where no image may be used, `im` is one that has something wrong. */
static int image_load_into(world *w, const image *im, size_t len, engine **ret_engine)
{
    rules *set = im->rules < 0 ? NULL : rules_make(im->rules);
    engine *e = world_engine(w);
    uint8_t *pages = pages_map(len ? len : 1);
    memcpy(pages, im->bytes, len);
    int r = engine_image_load(e, set, pages, len);
    if (r < 0) {
        rules_free(set);
        engine_free(e);
        return r;
    }
    *ret_engine = e;
    return 0;
}

static bool image_fits(const world *w, const image *im)
{
    return im->report <= journal_last_report(w->j) && im->batch <= journal_last_batch(w->j) &&
           im->base_mark == journal_base_mark(w->j);
}

/* Cut, or with one bit flipped. */
static void damaged_is_refused(world *w)
{
    engine *e;
    size_t at = (size_t)chance(w, w->placed.len);
    if (chance(w, 2) == 0) {
        assert_int_equal(image_load_into(w, &w->placed, at, &e), -EBADMSG);
    } else {
        w->placed.bytes[at] ^= (uint8_t)(1u << chance(w, 8));
        assert_int_equal(image_load_into(w, &w->placed, w->placed.len, &e), -EBADMSG);
    }
}

/* False: there is none that can be used, and everything is to be read. */
static bool start_from_image(world *w)
{
    if (w->stale.bytes && !w->placed.bytes && chance(w, 3) == 0)
        w->placed = image_copy(&w->stale);
    if (!w->placed.bytes)
        return false;
    bool fits = image_fits(w, &w->placed), damaged = fits && chance(w, 8) == 0;
    if (damaged)
        damaged_is_refused(w);
    if (!fits || damaged) {
        w->refused++;
        image_end(&w->placed);
        return false;
    }
    assert_int_equal(image_load_into(w, &w->placed, w->placed.len, &w->e), 0);
    w->rules = w->placed.rules;
    w->alerts_count = engine_alert_seq(w->e);
    replay_log(w, w->e, &w->placed);
    w->started++;
    return true;
}

/* All that can be asked but what only this process's life knows. */
static void answers_write(engine *e, msgpack_sbuffer *into)
{
    static const char *const CODES[] = {NULL, "BY", "RU", "VE"};
    engine_incidents_query all = {.limit = 1000000};
    msgpack_packer out;
    msgpack_packer_init(&out, into, msgpack_sbuffer_write);
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        engine_state_query q = {.country = CODES[i], .at_ns = INT64_MAX};
        msgpack_pack_int(&out, engine_write_state(e, &q, &out));
    }
    assert_int_equal(engine_write_incidents(e, &all, &out), 0);
    assert_int_equal(engine_write_snapshot(e, (thaw_str){"", 0}, (thaw_str){NULL, 0}, 0, &out), 0);
    msgpack_pack_uint64(&out, engine_journal_seq(e));
    msgpack_pack_uint64(&out, engine_alert_seq(e));
    msgpack_pack_uint64(&out, engine_reports_held(e));
    msgpack_pack_int64(&out, engine_next_deadline(e));
    msgpack_pack_int64(&out, engine_now(e));
}

/* Duplicates move the clock too, and are not journaled: nothing was due meanwhile. */
static void compare_with_replay(world *w)
{
    engine *e = world_engine(w);
    msgpack_sbuffer mine, theirs;
    int rules_now = w->rules;
    w->replaying = true;
    replay_log(w, e, NULL);
    assert_int_equal(engine_advance(e, engine_now(w->e)), 0);
    w->replaying = false;
    assert_int_equal(w->rules, rules_now);
    msgpack_sbuffer_init(&mine);
    msgpack_sbuffer_init(&theirs);
    answers_write(w->e, &mine);
    answers_write(e, &theirs);
    assert_int_equal(mine.size, theirs.size);
    assert_memory_equal(mine.data, theirs.data, mine.size);
    msgpack_sbuffer_destroy(&mine);
    msgpack_sbuffer_destroy(&theirs);
    engine_free(e);
}

static void world_start(world *w)
{
    journal_config config = journal_config_default;
    char error[512] = "";
    config.folder = w->folder;
    config.map_bytes = 1 << 20;
    config.sync = false;
    config.faults = &FAULTS;
    disk_open(0, 0);
    assert_int_equal(journal_open(&config, &w->j, error), 0);
    w->rules = -1;
    w->replaying = true;
    w->alerts_count = 0;
    bool imaged = start_from_image(w);
    if (!imaged) {
        w->e = world_engine(w);
        replay_log(w, w->e, NULL);
    }
    w->replaying = false;
    w->alerts_count = engine_alert_seq(w->e);
    assert_true(engine_alert_seq(w->e) >= w->durable_alerts);
    assert_int_equal(engine_alert_seq(w->e), journal_last_alert(w->j));
    assert_int_equal(engine_journal_seq(w->e), journal_last_report(w->j));
    w->durable_alerts = w->alerts_count;
    w->durable_batch = journal_last_batch(w->j);
    w->queued = w->last_ticket = w->durable_ticket = w->stall = 0;
    if (engine_now(w->e) > w->now_ns)
        w->now_ns = engine_now(w->e);
    if (imaged)
        compare_with_replay(w);
}

static void world_stop(world *w)
{
    image_end(&w->child); /* its writer ends with thawd */
    w->j = journal_close(w->j);
    w->e = engine_free(w->e);
}

/* ---- the steps ----------------------------------------------------------------------- */

/* What was due until now, before anything else of now: duplicates alone are not journaled, and what
 * their time brings must be. */
static bool act_deadlines(world *w)
{
    if (engine_now(w->e) == INT64_MIN || engine_next_deadline(w->e) > w->now_ns)
        return true;
    assert_int_equal(engine_advance(w->e, w->now_ns), 0);
    assert_int_equal(journal_append_advance(w->j, w->now_ns), 0);
    return world_commit(w);
}

/* A batch: new reports, and some that were sent before. */
static bool step_publish(world *w)
{
    static replay rp;
    uint64_t numbers[64], count = 1 + chance(w, 12);
    char bytes[512];
    for (uint64_t i = 0; i < count; i++) {
        bool again = w->next > 0 && chance(w, 4) == 0;
        numbers[i] = again ? w->next - 1 - chance(w, w->next < 60 ? w->next : 60) : w->next;
        w->next += !again && w->next < REPORTS_MAX;
        size_t len = event_bytes(w->seed, numbers[i], bytes);
        events_open(&rp, i, bytes, len);
    }
    w->now_ns += (int64_t)chance(w, 1000) * NS;
    int64_t dated = START + (int64_t)(w->next / 4) * DAY;
    if (dated > w->now_ns)
        w->now_ns = dated;
    if (!act_deadlines(w))
        return false;
    assert_int_equal(engine_apply(w->e, rp.events, count, w->now_ns, rp.verdicts), 0);
    for (uint64_t i = 0; i < count; i++) {
        const engine_verdict *v = &rp.verdicts[i];
        if (v->code == THAW_TOO_OLD) {
            assert_false(w->acked[numbers[i]]);
            continue;
        }
        assert_int_equal(v->code, THAW_OK);
        if (w->acked[numbers[i]]) {
            assert_true(v->duplicate);
            assert_int_equal(v->journal_seq, w->acked_seq[numbers[i]]);
        }
        if (!v->duplicate)
            assert_int_equal(journal_append_report(w->j, v->journal_seq, &rp.events[i]), 0);
    }
    waiting what = {.count = 0};
    for (uint64_t i = 0; i < count; i++)
        if (rp.verdicts[i].code == THAW_OK) {
            what.numbers[what.count] = numbers[i];
            what.seqs[what.count++] = rp.verdicts[i].journal_seq;
        }
    return world_submit(w, &what);
}

static bool step_advance(world *w)
{
    w->now_ns += (int64_t)chance(w, 100000) * NS;
    return act_deadlines(w);
}

static bool step_rules(world *w)
{
    uint8_t packed = (uint8_t)chance(w, 2);
    assert_int_equal(engine_set_rules(w->e, rules_make(packed), false, NULL, NULL), 0);
    w->rules = packed;
    assert_int_equal(journal_append_rules(w->j, engine_now(w->e), &packed, 1), 0);
    return world_commit(w);
}

typedef struct dropping {
    world *w;
    engine *made;
} dropping;

static int on_saved(void *context, engine_saved_kind kind, uint64_t number, int64_t at_ns,
                    const uint8_t *bytes, size_t len)
{
    static const int KINDS[] = {[ENGINE_SAVED_STATE] = JOURNAL_BASE_STATE,
                                [ENGINE_SAVED_IDENTITIES] = JOURNAL_BASE_IDENTITIES,
                                [ENGINE_SAVED_REPORT] = JOURNAL_BASE_REPORT};
    dropping *dr = context;
    uint8_t packed = (uint8_t)dr->w->rules;
    if (!dr->made) {
        dr->made = world_engine(dr->w);
        if (dr->w->rules >= 0)
            assert_int_equal(journal_append_base(dr->w->j, JOURNAL_BASE_RULES, 0, 0, &packed, 1),
                             0);
    }
    assert_int_equal(journal_append_base(dr->w->j, KINDS[kind], number, at_ns, bytes, len), 0);
    return engine_load(dr->made, kind, number, at_ns, bytes, len);
}

static bool step_drop(world *w)
{
    engine_retention what = {w->now_ns - (int64_t)(7 + chance(w, 20)) * DAY, INT64_MIN};
    engine_dropped dropped = {0};
    dropping dr = {.w = w};
    if (w->stall > 0 && !stall_end(w, 0)) /* everything before must be on the disk */
        return false;
    image_forget(w);
    assert_int_equal(engine_save(w->e, &what, on_saved, &dr, &dropped), 0);
    if (!dr.made)
        return true;
    assert_int_equal(engine_load_end(dr.made, w->rules >= 0 ? rules_make(w->rules) : NULL), 0);
    engine_free(w->e);
    w->e = dr.made;
    w->retentions++;
    return world_commit(w);
}

static bool step(world *w)
{
    uint64_t what = chance(w, 20);
    if (what < 12)
        return step_publish(w);
    if (what < 16)
        return step_advance(w);
    return what < 18 ? step_rules(w) : step_drop(w);
}

/* The course of a seed. */
static void world_run(world *w, uint64_t seed)
{
    static const int FAILS[] = {JOURNAL_FAULT_BEGIN, JOURNAL_FAULT_PUT, JOURNAL_FAULT_COMMIT,
                                JOURNAL_FAULT_SYNC};
    *w = (world){.seed = seed, .random = seed, .folder = folder_make(), .now_ns = START};
    world_start(w);
    for (int i = 0; i < STEPS; i++) {
        bool fails = chance(w, 8) == 0, stops = chance(w, 15) == 0;
        int fail = fails ? FAILS[chance(w, 4)] : 0;
        if (w->stall == 0 && chance(w, 10) == 0)
            stall_begin(w);
        if (w->stall == 0)
            disk_open(fail, 0);
        bool held = step(w);
        if (w->stall > 0 && (--w->stall == 0 || stops))
            held = stall_end(w, stops && !fails ? JOURNAL_FAULT_BEGIN : fail);
        assert_true(held || fails || stops);
        image_look(w, held);
        if (held && !stops)
            continue;
        w->crashes++;
        world_stop(w);
        world_start(w);
    }
    if (w->stall > 0)
        assert_true(stall_end(w, 0));
    world_stop(w);
    world_start(w);
    for (uint64_t n = 0; n < w->next; n++) { /* all of it is known, once */
        static replay rp;
        char bytes[512];
        if (!w->acked[n])
            continue;
        size_t len = event_bytes(seed, n, bytes);
        events_open(&rp, 0, bytes, len);
        assert_int_equal(engine_apply(w->e, rp.events, 1, w->now_ns, rp.verdicts), 0);
        assert_int_equal(rp.verdicts[0].code, THAW_OK);
        assert_true(rp.verdicts[0].duplicate);
        assert_int_equal(rp.verdicts[0].journal_seq, w->acked_seq[n]);
    }
    world_stop(w);
}

static void world_end(world *w)
{
    for (uint64_t i = 0; i < ALERTS_MAX; i++)
        free(w->alerts[i].bytes);
    image_end(&w->placed);
    image_end(&w->stale);
    folder_remove(w->folder);
}

static void courses_hold(void **state)
{
    (void)state;
    static world w;
    const char *one = getenv("THAW_SEED"), *many = getenv("THAW_SEEDS");
    uint64_t first = one ? strtoull(one, NULL, 10) : 1, count = one    ? 1
                                                                : many ? strtoull(many, NULL, 10)
                                                                       : 15;
    uint64_t crashes = 0, retentions = 0, alerts = 0, started = 0, refused = 0, stalls = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        fprintf(stderr, "\rseed %llu ", (unsigned long long)seed);
        world_run(&w, seed);
        crashes += w.crashes;
        retentions += w.retentions;
        alerts += w.durable_alerts;
        started += w.started;
        refused += w.refused;
        stalls += w.stalls;
        world_end(&w);
    }
    fprintf(stderr, "\n");
    assert_true(crashes > 0 && alerts > 0 && stalls > 0);
    assert_true(one || (retentions > 0 && started > 0 && refused > 0));
    print_message("%llu courses: %llu crashes, %llu stalls, %llu starts from an image, %llu in "
                  "spite of one, %llu "
                  "pasts dropped, %llu alert changes\n",
                  (unsigned long long)count, (unsigned long long)crashes,
                  (unsigned long long)stalls, (unsigned long long)started,
                  (unsigned long long)refused, (unsigned long long)retentions,
                  (unsigned long long)alerts);
}

/* The same seed, the same course: alert changes byte for byte. */
static void a_seed_reproduces(void **state)
{
    (void)state;
    static world a, b;
    world_run(&a, 7);
    world_run(&b, 7);
    assert_int_equal(a.durable_alerts, b.durable_alerts);
    assert_int_equal(a.crashes, b.crashes);
    for (uint64_t i = 1; i <= a.durable_alerts; i++) {
        assert_int_equal(a.alerts[i].len, b.alerts[i].len);
        assert_memory_equal(a.alerts[i].bytes, b.alerts[i].bytes, a.alerts[i].len);
    }
    world_end(&a);
    world_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(courses_hold),
                                       cmocka_unit_test(a_seed_reproduces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
