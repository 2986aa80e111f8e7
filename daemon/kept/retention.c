/* retention.c - see retention.h. */
#include "kept/retention.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "intake.h"
#include "kept/image.h"
#include "kept/new_engine.h"
#include "notify.h"
#include "ruleset.h"

#define LOOKS_AN_AGE 16
#define WAIT_MS 100
#define PATIENCE_NS INT64_C(1000000000)

/* ---- when, and how far --------------------------------------------------------------- */

/* What is dropped never comes back: a machine's clock that is years ahead for a while must not age the past. */
static bool clock_trusted(const thawd *d)
{
    return d->config.clock != ENGINE_CLOCK_WALL || instant_is_even(&d->now);
}

/* Time as ages count: after such a while the engine's stands still ahead of the machine's. */
static int64_t age_now(const thawd *d)
{
    int64_t now_ns = engine_now(d->engine);

    return d->config.clock == ENGINE_CLOCK_WALL && d->now.machine_ns < now_ns ? d->now.machine_ns : now_ns;
}

static bool due_by_age(const thawd *d, int64_t now_ns)
{
    int64_t age_ns = d->config.retain_age_ns;

    if (age_ns == INT64_MAX || now_ns < INT64_MIN + age_ns)
        return false;
    return d->retained_ns == INT64_MIN || now_ns - d->retained_ns >= age_ns / LOOKS_AN_AGE;
}

static uint64_t live_bytes_max(const thawd *d)
{
    return d->config.retain_bytes / 8 * 3;
}

/* What could not be dropped the last time is not tried again before something came. */
static bool due_by_size(const thawd *d, uint64_t live_bytes)
{
    uint64_t size = d->config.retain_bytes;

    return size != UINT64_MAX && live_bytes > live_bytes_max(d) &&
           live_bytes > d->retained_bytes + size / 16;
}

static int horizon_find(thawd *d, bool by_age, bool by_size, int64_t now_ns,
                        int64_t *ret_horizon_ns)
{
    int64_t horizon_ns = by_age ? now_ns - d->config.retain_age_ns : INT64_MIN, size_ns = INT64_MIN;
    int r = by_size ? engine_horizon_for_bytes(d->engine, d->config.retain_bytes / 16 * 3, &size_ns)
                    : 0;

    if (size_ns > now_ns)
        size_ns = now_ns;
    *ret_horizon_ns = size_ns > horizon_ns ? size_ns : horizon_ns;
    return r;
}

/* ---- alert changes ------------------------------------------------------------------- */

static int on_alert(void *context, uint64_t seq, const void *topic, size_t topic_len,
                    const void *body, size_t body_len)
{
    thaw_alert alert;
    thaw_error error;

    (void)seq;
    (void)topic;
    (void)topic_len;
    if (thaw_alert_decode(&alert, body, body_len, &error) < 0)
        return -EBADMSG;
    *(int64_t *)context = alert.at_ns;
    return 1; /* one is enough */
}

/* The first alert change that was made at the horizon or later; they are in order of time. */
static int first_alert_find(thawd *d, int64_t horizon_ns, uint64_t *ret_seq)
{
    uint64_t low = 1, high = journal_last_alert(d->journal) + 1;
    char error[512];

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t at_ns = INT64_MIN;
        int r = journal_read_alerts(d->journal, middle - 1, on_alert, &at_ns, error);
        if (r < 0 && r != -ENODATA) /* dropped before: older than any horizon */
            return r;
        if (at_ns < horizon_ns)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_seq = low;
    return 0;
}

/* ---- dropping ------------------------------------------------------------------------ */

typedef struct retaining {
    thawd *d;
    engine *made;
    rules *set; /* until it is the engine's */
    bool begun;
    uint64_t records;
    int64_t asked_ns; /* for patience */
} retaining;

/* By time: what one record costs hangs on what it withdraws. */
static void ask_patience(retaining *rt)
{
    int64_t now_ns = instant_stopwatch_ns();

    if (rt->asked_ns != 0 && now_ns - rt->asked_ns < PATIENCE_NS)
        return;
    rt->asked_ns = now_ns;
    notify_patience();
}

/* Something is dropped, and the image knows it still. A base begins with the rule set: whoever reads
 * it needs it for the rest. */
static int begin(retaining *rt)
{
    thawd *d = rt->d;
    char error[RULESET_ERROR_BYTES];
    int r = image_forget(d);

    rt->begun = true;
    if (r == 0)
        r = new_engine(d, &rt->made);
    if (r < 0 || d->rules_packed == NULL)
        return r;
    r = ruleset_unpack(d->rules_packed, d->rules_packed_len, &rt->set, error);
    if (r == 0)
        r = journal_append_base(d->journal, JOURNAL_BASE_RULES, 0, 0, d->rules_packed,
                                d->rules_packed_len);
    return r;
}

static int on_record(void *context, engine_saved_kind kind, uint64_t number, int64_t at_ns,
                     const uint8_t *bytes, size_t len)
{
    static const int kinds[] = {[ENGINE_SAVED_STATE] = JOURNAL_BASE_STATE,
                                [ENGINE_SAVED_IDENTITIES] = JOURNAL_BASE_IDENTITIES,
                                [ENGINE_SAVED_REPORT] = JOURNAL_BASE_REPORT};
    retaining *rt = context;
    int r = rt->begun ? 0 : begin(rt);

    rt->records++;
    ask_patience(rt);
    if (kind == ENGINE_SAVED_STATE) /* by it a restart knows when the past was looked at */
        at_ns = engine_now(rt->d->engine);
    if (r == 0)
        r = journal_append_base(rt->d->journal, kinds[kind], number, at_ns, bytes, len);
    return r < 0 ? r : engine_load(rt->made, kind, number, at_ns, bytes, len);
}

/* Everything before must be on the disk: the base takes its place. */
static int wait_for_disk(thawd *d)
{
    struct pollfd wait = {.fd = journal_fd(d->journal), .events = POLLIN};

    while ((d->durable = journal_durable(d->journal)) < d->ticket) {
        int r = journal_failed(d->journal, NULL);
        if (r < 0)
            return r;
        notify_patience();
        (void)poll(&wait, 1, WAIT_MS);
    }
    return 0;
}

static int exchange(retaining *rt, int64_t horizon_ns)
{
    thawd *d = rt->d;
    uint64_t first_alert = 0;
    int r = first_alert_find(d, horizon_ns, &first_alert);

    notify_patience();
    if (r == 0)
        r = engine_load_end(rt->made, rt->set);
    notify_patience();
    if (r < 0)
        return r;
    rt->set = NULL;
    engine_free(d->engine);
    d->engine = rt->made;
    rt->made = NULL;
    journal_trim_alerts(d->journal, first_alert);
    return intake_commit(d);
}

static int drop(thawd *d, int64_t horizon_ns)
{
    engine_retention what = {.horizon_ns = horizon_ns, .ids_from_ns = INT64_MIN};
    engine_dropped dropped = {0, 0};
    retaining rt = {.d = d};
    int64_t now_ns = engine_now(d->engine), began_ns;
    int r = wait_for_disk(d);

    if (d->config.retain_ids_ns != INT64_MAX && now_ns > INT64_MIN + d->config.retain_ids_ns)
        what.ids_from_ns = now_ns - d->config.retain_ids_ns;
    batch_clear(&d->batch);
    began_ns = instant_stopwatch_ns();
    if (r == 0)
        r = engine_save(d->engine, &what, on_record, &rt, &dropped);
    if (r == 0 && rt.begun)
        r = exchange(&rt, horizon_ns);
    if (r == 0 && rt.begun) {
        image_owe(d, instant_stopwatch_ns() - began_ns);
        d->counters.retentions++;
        d->counters.dropped += dropped.reports;
        log_say(d->log, SAY_RETAINED, NULL,
                "the past was dropped: %" PRIu64 " incidents with %" PRIu64 " reports; %" PRIu64
                " records are kept",
                dropped.incidents, dropped.reports, rt.records);
    }
    if (r < 0 && journal_failed(d->journal, NULL) == 0)
        log_say(d->log, SAY_INTERNAL, NULL, "the past cannot be dropped: %s", strerror(-r));
    rules_free(rt.set);
    engine_free(rt.made);
    return r;
}

/* What is left after all that may go went. */
static void note_left(thawd *d)
{
    journal_counters counters;

    journal_count(d->journal, &counters);
    d->retained_bytes = counters.live_bytes;
    bool was = d->retain_short;
    d->retain_short = counters.live_bytes > live_bytes_max(d);
    if (d->retain_short && !was)
        log_say(d->log, SAY_RETAIN_SHORT, NULL,
                "retain.size is %" PRIu64 " bytes, of which what is held may take %" PRIu64
                "; found %" PRIu64 " that must be held (measures in force, people held, ids); give "
                "a larger retain.size, or retain.ids",
                d->config.retain_bytes, live_bytes_max(d), counters.live_bytes);
}

int retention_look(thawd *d)
{
    int64_t now_ns = age_now(d), horizon_ns;
    journal_counters counters;

    if (now_ns == INT64_MIN)
        return 0;
    journal_count(d->journal, &counters);
    bool by_age = clock_trusted(d) && engine_reports_held(d->engine) > 0 && due_by_age(d, now_ns),
         by_size = due_by_size(d, counters.live_bytes);
    if (!by_age && !by_size)
        return 0;
    if (by_age)
        d->retained_ns = now_ns;
    int r = horizon_find(d, by_age, by_size, now_ns, &horizon_ns);
    if (r == 0 && horizon_ns != INT64_MIN)
        r = drop(d, horizon_ns);
    if (r == 0 && by_size)
        r = wait_for_disk(d);
    if (r == 0 && by_size)
        note_left(d);
    return r;
}
