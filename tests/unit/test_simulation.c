/*
 * test_simulation.c - engine and journal as thawd drives them, under a clock and a disk of the
 * test's own: a seed gives a course of arrivals, repeats, deadlines, exchanges of rules, dropped
 * pasts, a disk that stalls while batches gather, commits that fail before or after they are written,
 * images that are begun, put in place some steps later or never, damaged, of a past that was dropped
 * since or of a batch that was lost, and restarts. After each restart and at the end:
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
#include "test_simulation_images.h"

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
