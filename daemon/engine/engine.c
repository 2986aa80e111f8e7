/*
 * engine.c - the engine's clock, and the order in which facts and rules follow from a batch.
 */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

#define HOUR_NS 3600000000000LL

const engine_config engine_config_default = {
    .clock = ENGINE_CLOCK_WALL,
    .tolerance_release_ns = 36 * HOUR_NS,
    .tolerance_detention_ns = 36 * HOUR_NS,
    .tolerance_talks_ns = 36 * HOUR_NS,
    .tolerance_sanction_ns = 7 * 24 * HOUR_NS,
    .reports_max = 100000000,
    .bytes_max = UINT64_C(64) << 30,
};

/* ---- making and ending -------------------------------------------------------------- */

static void engine_on_change(void *context, const fact_change *change)
{
    engine *e = context;
    if (e->rules)
        rules_on_change(e->rules, change);
}

uint64_t engine_on_alert(void *context, const thaw_alert *alert)
{
    engine *e = context;
    thaw_alert numbered = *alert;
    numbered.seq = ++e->alert_seq;
    numbered.epoch = (thaw_str){e->config.epoch, (uint32_t)strlen(e->config.epoch)};
    if (e->sink.alert)
        e->sink.alert(e->sink.context, &numbered);
    return numbered.seq;
}

static bool config_is_possible(const engine_config *c)
{
    return c->tolerance_release_ns > 0 && c->tolerance_detention_ns > 0 && c->tolerance_talks_ns > 0 &&
           c->tolerance_sanction_ns > 0 && c->reports_max > 0 && c->bytes_max > 0 &&
           memchr(c->epoch, '\0', sizeof c->epoch);
}

int engine_new(const engine_config *config, const engine_sink *sink, engine **ret_engine)
{
    if (!config_is_possible(config))
        return -EINVAL;
    engine *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->config = *config;
    e->now_ns = INT64_MIN;
    if (sink)
        e->sink = *sink;
    facts_config fc = {.reports_max = config->reports_max,
                       .bytes_max = config->bytes_max,
                       .breathe = e->sink.breathe,
                       .breathe_context = e->sink.context};
    fc.tolerance_ns[THAW_RELEASE] = config->tolerance_release_ns;
    fc.tolerance_ns[THAW_DETENTION] = config->tolerance_detention_ns;
    fc.tolerance_ns[THAW_TALKS] = config->tolerance_talks_ns;
    fc.tolerance_ns[THAW_SANCTION] = config->tolerance_sanction_ns;
    int r = facts_new(&fc, engine_on_change, e, &e->facts);
    if (r < 0) {
        free(e);
        return r;
    }
    *ret_engine = e;
    return 0;
}

engine *engine_free(engine *e)
{
    if (!e)
        return NULL;
    rules_free(e->rules);
    facts_free(e->facts);
    free(e->saved.bytes);
    free(e);
    return NULL;
}

void engine_bound(engine *e)
{
    facts_bound(e->facts, e->rules ? rules_bytes(e->rules) : 0);
}

void engine_unbound(engine *e)
{
    facts_unbound(e->facts);
}

/* ---- the clock ---------------------------------------------------------------------- */

int64_t engine_next_deadline(const engine *e)
{
    int64_t facts_ns = facts_next_deadline(e->facts);
    int64_t rules_ns = e->rules ? rules_next_deadline(e->rules) : INT64_MAX;
    return facts_ns < rules_ns ? facts_ns : rules_ns;
}

/* What ends at one instant: first facts, then the rules that see them. */
static int engine_act(engine *e, int64_t at_ns)
{
    if (at_ns > e->now_ns)
        e->now_ns = at_ns;
    int r = facts_advance(e->facts, e->now_ns);
    if (r == 0 && e->rules)
        r = rules_advance(e->rules, e->now_ns);
    return r < 0 ? r : facts_failed(e->facts);
}

int engine_advance(engine *e, int64_t now_ns)
{
    int64_t deadline;
    while (e->now_ns != INT64_MIN && (deadline = engine_next_deadline(e)) <= now_ns) {
        int64_t before = e->now_ns;
        int r = engine_act(e, deadline);
        if (r < 0)
            return r;
        if (e->now_ns == before && engine_next_deadline(e) <= deadline)
            break; /* nothing moved: what is due acts with the next evaluation */
    }
    if (now_ns > e->now_ns)
        return engine_act(e, now_ns);
    return 0;
}

/* Facts and rules follow from what was taken in so far. */
static int engine_evaluate(engine *e)
{
    int r = facts_settle(e->facts, e->now_ns);
    if (r == 0 && e->rules)
        r = rules_evaluate(e->rules, e->now_ns);
    return r < 0 ? r : facts_failed(e->facts);
}

/* ---- reports in --------------------------------------------------------------------- */

/* With the clock of reports: a report that moves it closes what came before it. */
static int engine_follow(engine *e, const thaw_event *event, bool *pending)
{
    int64_t start, end;
    if (!event->reported_at.precision)
        return 0;
    thaw_date_interval(&event->reported_at, &start, &end);
    if (start <= e->now_ns)
        return 0;
    int r = *pending ? engine_evaluate(e) : 0;
    *pending = false;
    return r < 0 ? r : engine_advance(e, start);
}

int engine_apply(engine *e, const thaw_event events[], size_t count, int64_t received_at_ns, engine_verdict verdicts[])
{
    bool pending = false;
    thaw_hash keys[FACTS_AHEAD];
    int r = 0;
    if (e->config.clock == ENGINE_CLOCK_WALL)
        r = engine_advance(e, received_at_ns);
    for (size_t i = 0; r == 0 && i < count; i++) {
        facts_verdict verdict = {0};
        if (i % FACTS_AHEAD == 0)
            facts_look_ahead(e->facts, &events[i], count - i < FACTS_AHEAD ? count - i : FACTS_AHEAD, keys);
        thaw_hash key = keys[i % FACTS_AHEAD];
        if (e->config.clock == ENGINE_CLOCK_REPORTED && !facts_knows(e->facts, key) &&
            facts_refuse(e->facts, &events[i]) == THAW_OK)
            r = engine_follow(e, &events[i], &pending);
        if (r == 0)
            r = facts_add(e->facts, &events[i], key, e->now_ns, &verdict);
        verdicts[i] = (engine_verdict){verdict.code, verdict.duplicate, verdict.number};
        pending = pending || (verdict.code == THAW_OK && !verdict.duplicate);
    }
    return r < 0 || !pending ? r : engine_evaluate(e);
}

int64_t engine_now(const engine *e)
{
    return e->now_ns;
}

uint64_t engine_journal_seq(const engine *e)
{
    return facts_number(e->facts);
}

uint64_t engine_reports_held(const engine *e)
{
    return facts_held(e->facts);
}

int64_t engine_horizon(const engine *e)
{
    return facts_horizon(e->facts);
}

uint64_t engine_alert_seq(const engine *e)
{
    return e->alert_seq;
}

uint64_t engine_alerts_firing(const engine *e)
{
    return e->rules == NULL ? 0 : rules_firing(e->rules);
}

bool engine_rules_limited(const engine *e)
{
    return e->rules != NULL && rules_limited(e->rules);
}

/* ---- rules -------------------------------------------------------------------------- */

int engine_set_rules(engine *e, rules *set, bool dry, rules_change_fn on_change, void *context)
{
    rules_sink sink = {e, engine_on_alert, e->sink.stopwatch_ns};
    int r = rules_replace(e->rules, set, e->facts, e->now_ns, &sink, dry, on_change, context);
    if (r == 0 && !dry && facts_failed(e->facts) < 0)
        r = -ENOTRECOVERABLE; /* what was told of alerts may be wrong */
    if (r == -ENOMEM)
        (void)facts_read_failed(e->facts);
    if (r < 0 || dry)
        return r;
    rules_free(e->rules);
    e->rules = set;
    return 0;
}
