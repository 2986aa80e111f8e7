/* recovery.c - see recovery.h. */
#include "kept/recovery.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake.h"
#include "kept/image.h"
#include "notify.h"
#include "room.h"
#include "service/reload.h"

#define PATIENCE_NS INT64_C(1000000000) /* between two signs of life */
#define LOOK_UP_NS INT64_C(100000000)   /* between two looks at what waits for the loop */

/* The batch that is being collected: bodies one after the other, copied since the journal shows
 * each only for the call. */
typedef struct recovery {
    thawd *d;
    uint8_t *bytes;
    size_t bytes_len, bytes_capacity;
    size_t *ends; /* where each body ends */
    uint64_t *numbers;
    size_t count, capacity;
    thaw_event *events;
    engine_verdict *verdicts;
    int64_t received_at_ns;
    uint64_t done;
    image_place from;  /* what the image knows already */
    bool based;        /* the journal has a base */
    rules *base_rules; /* until they are the engine's */
    int64_t said_ns, looked_up_ns;
    char error[RULESET_ERROR_BYTES];
} recovery;

static int keep_body(recovery *rc, const journal_record *record)
{
    if (room_for(&rc->bytes, &rc->bytes_capacity, rc->bytes_len + record->body_len, 1) < 0)
        return -ENOMEM;
    memcpy(rc->bytes + rc->bytes_len, record->body, record->body_len);
    rc->bytes_len += record->body_len;
    return 0;
}

static int make_room(recovery *rc)
{
    size_t need = rc->count + 1, ends = rc->capacity, numbers = ends, events = ends,
           verdicts = ends;

    if (room_for(&rc->ends, &ends, need, sizeof(*rc->ends)) < 0 ||
        room_for(&rc->numbers, &numbers, need, sizeof(*rc->numbers)) < 0 ||
        room_for(&rc->events, &events, need, sizeof(*rc->events)) < 0 ||
        room_for(&rc->verdicts, &verdicts, need, sizeof(*rc->verdicts)) < 0)
        return -ENOMEM;
    rc->capacity = ends;
    return 0;
}

static int take_report(recovery *rc, const journal_record *record)
{
    int r = make_room(rc);

    if (r == 0)
        r = keep_body(rc, record);
    if (r < 0)
        return r;
    rc->numbers[rc->count] = record->number;
    rc->ends[rc->count++] = rc->bytes_len;
    return 0;
}

static int decode(recovery *rc)
{
    size_t start = 0;

    for (size_t i = 0; i < rc->count; i++) {
        thaw_body body;
        thaw_error error;
        if (thaw_body_begin(&body, rc->bytes + start, rc->ends[i] - start, &thaw_limits_stored, 0,
                            &error) < 0 ||
            thaw_body_next(&body, &rc->events[i], &error) <= 0) {
            snprintf(rc->error, sizeof(rc->error), "report %" PRIu64 " cannot be read: %s",
                     rc->numbers[i], error.message);
            return -EBADMSG;
        }
        start = rc->ends[i];
    }
    return 0;
}

static void say_progress(recovery *rc)
{
    if (rc->d->now.mono.ns - rc->said_ns < PATIENCE_NS)
        return;
    rc->said_ns = rc->d->now.mono.ns;
    notify_patience();
    notify_phase("Reading the journal: %" PRIu64 " of %" PRIu64 " reports", rc->done,
                 journal_last_report(rc->d->journal));
}

/* The signal that tells thawd to end, 0 where none came. It waits for the loop, and may have to for minutes. */
static int signal_to_end(void)
{
    sigset_t waiting;

    if (sigpending(&waiting) < 0)
        return 0;
    return sigismember(&waiting, SIGTERM) == 1  ? SIGTERM
           : sigismember(&waiting, SIGINT) == 1 ? SIGINT
                                                : 0;
}

/* From time to time, what goes on outside. -ECANCELED: thawd is told to end. */
static int look_up(recovery *rc)
{
    int number;

    instant_take(&rc->d->now);
    if (rc->d->now.mono.ns - rc->looked_up_ns < LOOK_UP_NS)
        return 0;
    rc->looked_up_ns = rc->d->now.mono.ns;
    say_progress(rc);
    number = signal_to_end();
    if (number == 0)
        return 0;
    log_say(rc->d->log, SAY_STOPPING, NULL, "thawd ends before it has read the journal: signal %s",
            number == SIGTERM ? "SIGTERM" : "SIGINT");
    return -ECANCELED;
}

/* Gives the collected batch to the engine. */
static int flush(recovery *rc)
{
    int r = rc->count == 0 ? 0 : decode(rc);

    if (r == 0 && rc->count > 0)
        r = engine_apply(rc->d->engine, rc->events, rc->count, rc->received_at_ns, rc->verdicts);
    for (size_t i = 0; r == 0 && i < rc->count; i++)
        if (rc->verdicts[i].code != THAW_OK || rc->verdicts[i].journal_seq != rc->numbers[i]) {
            snprintf(rc->error, sizeof(rc->error),
                     "report %" PRIu64 " is not taken again: %s, number %" PRIu64, rc->numbers[i],
                     rc->verdicts[i].code == THAW_OK ? "accepted"
                                                     : thaw_code_name(rc->verdicts[i].code),
                     rc->verdicts[i].journal_seq);
            return -EBADMSG;
        }
    rc->done += rc->count;
    rc->count = rc->bytes_len = 0;
    return r < 0 ? r : look_up(rc);
}

static int take_rules(recovery *rc, const journal_record *record)
{
    thawd *d = rc->d;
    ruleset set = {.packed = malloc(record->body_len), .packed_len = record->body_len};
    int r;

    if (set.packed == NULL)
        return -ENOMEM;
    memcpy(set.packed, record->body, record->body_len);
    if (!ruleset_same_meaning(set.packed, set.packed_len, &d->config, rc->error))
        r = -EINVAL;
    else
        /* packed lives on in d or is freed below. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        r = ruleset_unpack(set.packed, set.packed_len, &set.set, rc->error);
    if (r < 0) {
        ruleset_done(&set);
        return r;
    }
    /* What is no report may have moved the clock before: duplicates, rejects. */
    r = record->at_ns == INT64_MIN ? 0 : engine_advance(d->engine, record->at_ns);
    if (r == 0)
        r = engine_set_rules(d->engine, set.set, false, NULL, NULL);
    if (r == 0) {
        free(d->rules_packed);
        d->rules_packed = set.packed;
        d->rules_packed_len = set.packed_len;
        return d->failure;
    }
    ruleset_done(&set);
    return r;
}

/* ---- the base ------------------------------------------------------------------------ */

static int take_base_rules(recovery *rc, const journal_record *record)
{
    thawd *d = rc->d;

    if (!ruleset_same_meaning(record->body, record->body_len, &d->config, rc->error))
        return -EINVAL;
    int r = ruleset_unpack(record->body, record->body_len, &rc->base_rules, rc->error);
    if (r < 0)
        return r;
    d->rules_packed = malloc(record->body_len);
    if (d->rules_packed == NULL)
        return -ENOMEM;
    memcpy(d->rules_packed, record->body, record->body_len);
    d->rules_packed_len = record->body_len;
    return 0;
}

static int on_base_record(void *context, const journal_record *record)
{
    static const engine_saved_kind kinds[] = {[JOURNAL_BASE_STATE] = ENGINE_SAVED_STATE,
                                              [JOURNAL_BASE_IDENTITIES] = ENGINE_SAVED_IDENTITIES,
                                              [JOURNAL_BASE_REPORT] = ENGINE_SAVED_REPORT};
    recovery *rc = context;
    int r;

    rc->based = true;
    rc->done += record->kind == JOURNAL_BASE_REPORT;
    r = rc->done % 10000 == 0 ? look_up(rc) : 0;
    if (r < 0)
        return r;
    if (record->kind == JOURNAL_BASE_STATE)
        rc->d->retained_ns = record->at_ns;
    if (record->kind == JOURNAL_BASE_RULES)
        return take_base_rules(rc, record);
    return engine_load(rc->d->engine, kinds[record->kind], record->number, record->at_ns,
                       record->body, record->body_len);
}

static int replay_base(recovery *rc, char error[512])
{
    thawd *d = rc->d;
    int r = journal_read_base(d->journal, on_base_record, rc, error);

    if (r == 0 && rc->based)
        r = engine_load_end(d->engine, rc->base_rules);
    if (r == 0 && rc->based)
        rc->base_rules = NULL;
    if (r == 0 && engine_journal_seq(d->engine) != journal_base_report(d->journal)) {
        snprintf(rc->error, sizeof(rc->error),
                 "the base ends with report %" PRIu64 " and should with %" PRIu64,
                 engine_journal_seq(d->engine), journal_base_report(d->journal));
        r = -EBADMSG;
    }
    return r < 0 ? r : d->failure;
}

/* ---- the log ------------------------------------------------------------------------- */

static int on_record(void *context, const journal_record *record)
{
    recovery *rc = context;
    int r;

    if (record->batch <= rc->from.batch)
        return 0;
    if (record->kind == JOURNAL_REPORT)
        return take_report(rc, record);
    r = flush(rc);
    if (r < 0)
        return r;
    switch (record->kind) {
    case JOURNAL_BATCH:
        rc->received_at_ns = record->at_ns;
        return 0;
    case JOURNAL_ADVANCE:
        return engine_advance(rc->d->engine, record->at_ns);
    case JOURNAL_RULES:
        return take_rules(rc, record);
    default:
        return 0;
    }
}

#define OTHER_VERSION                                                                              \
    "this journal was written by another version: start it with that one, or carry the reports "   \
    "over into a new state folder (thaw journal export, then import --reports)"

/* What replay gave must be what was published, or numbers and revisions would be given twice. */
static int check_alerts(recovery *rc)
{
    uint64_t kept = journal_last_alert(rc->d->journal), given = engine_alert_seq(rc->d->engine);
    uint64_t differs = replayed_compare(&rc->d->replayed, rc->d->journal);

    if (differs > 0)
        snprintf(rc->error, sizeof(rc->error),
                 "of the reports comes another alert change %" PRIu64 " than was published; " OTHER_VERSION,
                 differs);
    else if (given < kept)
        snprintf(rc->error, sizeof(rc->error),
                 "the reports give %" PRIu64 " alert changes, but %" PRIu64 " were published; " OTHER_VERSION,
                 given, kept);
    return differs > 0 || given < kept ? -EBADMSG : 0;
}

/* Whether to read everything instead of what stands behind the image: not once it raised something
 * new. */
static bool may_read_all(const thawd *d, const image_place *from, int r)
{
    return from != NULL && r != -ENOMEM && r != -ECANCELED && d->failure == 0 &&
           engine_alert_seq(d->engine) <= journal_last_alert(d->journal);
}

/* What stands behind the image; without one all of it. */
static int replay_from(thawd *d, const image_place *from)
{
    recovery rc = {.d = d, .error = ""};
    char error[512] = "";
    uint64_t report = journal_base_report(d->journal);
    int r = 0;

    if (from != NULL) {
        rc.from = *from;
        report = rc.done = from->report;
    } else {
        r = replay_base(&rc, error);
    }
    if (r == 0)
        r = journal_read(d->journal, report, on_record, &rc, error);
    if (r == 0)
        r = flush(&rc);
    if (r == 0)
        r = check_alerts(&rc);
    if (r < 0 && r != -ECANCELED && !may_read_all(d, from, r))
        log_say(d->log, SAY_RECOVERY_FAILED, NULL, "the journal cannot be applied: %s",
                rc.error[0] != '\0' ? rc.error
                : error[0] != '\0'  ? error
                                    : strerror(-r));
    replayed_done(&d->replayed);
    rules_free(rc.base_rules);
    free(rc.bytes);
    free(rc.ends);
    free(rc.numbers);
    free(rc.events);
    free(rc.verdicts);
    return r;
}

/* Where an image turns out to be of no use only now, nothing is lost but time. */
static int replay(thawd *d)
{
    image_place from;
    int r = image_load(d, &from);
    int64_t began_ns = instant_stopwatch_ns();
    bool imaged = r == 0;

    if (imaged)
        r = replay_from(d, &from);
    if (imaged && r < 0 && may_read_all(d, &from, r)) {
        r = image_refuse(d);
        imaged = false;
    }
    if (!imaged && (r == 0 || r == -ENOENT))
        r = replay_from(d, NULL);
    image_owe(d, instant_stopwatch_ns() - began_ns);
    return r;
}

/* The rules of today. Where they cannot be read but the journal knows a set, that one stays:
 * reports must not be lost for a typing error in a rule. */
static int set_rules(thawd *d)
{
    char error[RULESET_ERROR_BYTES] = "out of memory";
    ruleset set;
    int r = ruleset_load(&d->config, &set, error);

    if (r == 0)
        ruleset_tell_beyond(&set, &d->config, d->log);
    if (r == 0 && reload_in_force(d, &set)) {
        ruleset_done(&set); /* in force already */
        return 0;
    }
    if (r == 0)
        return reload_apply(d, &set, NULL, NULL);
    if (r != -EINVAL || d->rules_packed == NULL) {
        log_say(d->log, SAY_RELOAD_FAILED, NULL, "%s", error);
        return r;
    }
    d->counters.reload_failures++;
    log_say(d->log, SAY_RELOAD_FAILED, NULL,
            "the rules cannot be read, those of the last run stay in force: %s", error);
    return 0;
}

/* A clock that goes on where the journal ends, a day later at most, is right; where nothing is known, there is nothing to
 * lose by it (retention.c). */
static void trust_clock(thawd *d)
{
    int64_t known_ns = engine_now(d->engine);

    if (known_ns == INT64_MIN || d->now.machine_ns - INSTANT_DAY_NS < known_ns)
        instant_trust(&d->now);
}

/* Nothing is received before what came earlier, also where the machine's clock was ahead then. */
static void hold_clock(thawd *d)
{
    int64_t ahead_ns;

    (void)instant_take(&d->now);
    trust_clock(d);
    if (d->config.clock != ENGINE_CLOCK_WALL || engine_now(d->engine) <= d->now.wall_ns)
        return;
    d->now.wall_ns = engine_now(d->engine);
    ahead_ns = d->now.wall_ns - d->now.machine_ns;
    if (ahead_ns < INSTANT_FALL_NS)
        return;
    d->counters.clock_falls++;
    log_say(d->log, SAY_CLOCK_BACK, NULL,
            "the machine's clock is %" PRId64 " s behind what the journal ends with; received_at stays at its latest value "
            "until the clock has caught up",
            ahead_ns / 1000000000);
}

/* With the wall clock there is time before the first report, too: that none comes is what a rule may wait for. */
static int begin_time(thawd *d)
{
    if (d->config.clock != ENGINE_CLOCK_WALL || engine_now(d->engine) != INT64_MIN)
        return 0;
    int r = engine_advance(d->engine, d->now.wall_ns);
    if (r == 0)
        r = d->failure;
    return r < 0 ? r : journal_append_advance(d->journal, d->now.wall_ns);
}

int recovery_run(thawd *d)
{
    char from[64] = "";
    int r;

    log_say(d->log, SAY_RECOVERING, NULL,
            "reading the journal in %s: %" PRIu64 " reports, %" PRIu64 " alert changes",
            d->config.state, journal_last_report(d->journal), journal_last_alert(d->journal));
    notify_phase("Reading the journal");
    d->replaying = true;
    outbox_set_alert_seq(d->outbox, journal_last_alert(d->journal));
    r = replay(d);
    d->replaying = r < 0;
    if (r == 0)
        r = set_rules(d);
    if (r == 0)
        hold_clock(d);
    if (r == 0)
        r = begin_time(d);
    if (r == 0)
        r = intake_commit(d);
    if (d->image.report > 0)
        snprintf(from, sizeof(from), ", from an image at report %" PRIu64, d->image.report);
    if (r == 0)
        log_say(d->log, SAY_RECOVERED, &(log_fields){.seq = engine_alert_seq(d->engine)},
                "the journal has been read: %" PRIu64 " reports, alert %" PRIu64 " is the last%s",
                engine_journal_seq(d->engine), engine_alert_seq(d->engine), from);
    return r;
}
