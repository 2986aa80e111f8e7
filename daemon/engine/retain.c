/* retain.c - an engine as records, and an engine made of them: see engine.h. */
#include <errno.h>
#include <stdlib.h>

#include "engine_internal.h"

#define PART_BYTES (1u << 20) /* of a state, in one record */
#define STATE_MAGIC 0x3165746174736874u

typedef struct saving {
    engine_saved_fn on_record;
    void *context;
} saving;

static int hand_identities(void *context, const uint8_t *packed, size_t len)
{
    saving *s = context;
    return s->on_record(s->context, ENGINE_SAVED_IDENTITIES, 0, 0, packed, len);
}

static int hand_report(void *context, uint64_t seq, int64_t known_at_ns, const uint8_t *bytes, size_t len)
{
    saving *s = context;
    return s->on_record(s->context, ENGINE_SAVED_REPORT, seq, known_at_ns, bytes, len);
}

static int hand_state(const saving *s, const saved_out *out)
{
    int r = 0;
    for (size_t at = 0; r == 0 && at < out->len; at += PART_BYTES) {
        size_t len = out->len - at < PART_BYTES ? out->len - at : PART_BYTES;
        r = s->on_record(s->context, ENGINE_SAVED_STATE, 0, 0, out->bytes + at, len);
    }
    return r;
}

static int save_planned(engine *e, const engine_retention *what, const uint8_t *plan, const saving *s)
{
    facts_sink sink = {hand_identities, hand_report, (void *)s};
    saved_out out = {0};
    saved_put_number(&out, STATE_MAGIC);
    saved_put_number(&out, (uint64_t)e->now_ns);
    saved_put_number(&out, e->alert_seq);
    saved_put_number(&out, e->rules != NULL);
    int r = facts_save_state(e->facts, plan, what->horizon_ns, &out);
    if (r == 0 && e->rules)
        r = rules_save(e->rules, &out);
    if (r == 0)
        r = out.failed ? -ENOMEM : hand_state(s, &out);
    if (r == 0)
        r = facts_save_rest(e->facts, plan, what->ids_from_ns, &sink);
    free(out.bytes);
    return r;
}

int engine_save(engine *e, const engine_retention *what, engine_saved_fn on_record, void *context,
                engine_dropped *ret_dropped)
{
    saving s = {on_record, context};
    facts_dropped dropped;
    uint8_t *plan;
    int r = facts_plan(e->facts, what->horizon_ns, &plan, &dropped);
    if (r < 0)
        return r;
    if (dropped.reports)
        r = save_planned(e, what, plan, &s);
    free(plan);
    if (r == 0)
        *ret_dropped = (engine_dropped){dropped.incidents, dropped.reports};
    return r;
}

int engine_horizon_for_bytes(engine *e, uint64_t bytes, int64_t *ret_horizon_ns)
{
    return facts_horizon_for_bytes(e->facts, bytes, ret_horizon_ns);
}

/* ---- and back ----------------------------------------------------------------------- */

/* All parts of the state are there: the facts' is taken in, that of the alerts waits for the facts. */
static int take_state(engine *e)
{
    saved_in in = {e->saved.bytes, e->saved.len, e->saved.failed};
    if (e->saved_taken)
        return 0;
    if (saved_get_number(&in) != STATE_MAGIC)
        return -EBADMSG;
    e->now_ns = (int64_t)saved_get_number(&in);
    e->alert_seq = saved_get_number(&in);
    bool ruled = saved_get_number(&in);
    int r = facts_load_state(e->facts, &in);
    e->saved_taken = true;
    e->saved_lives = ruled ? e->saved.len - in.left : e->saved.len;
    return r;
}

static int take_report(engine *e, uint64_t number, int64_t at_ns, const uint8_t *bytes, size_t len)
{
    thaw_body body;
    thaw_event event = {0};
    thaw_error error;
    if (thaw_body_begin(&body, bytes, len, &thaw_limits_stored, 0, &error) < 0 ||
        thaw_body_next(&body, &event, &error) != 1)
        return -EBADMSG;
    return facts_add_kept(e->facts, &event, number, at_ns);
}

int engine_load(engine *e, engine_saved_kind kind, uint64_t number, int64_t at_ns, const uint8_t *bytes, size_t len)
{
    if (kind == ENGINE_SAVED_STATE) {
        if (e->saved_taken)
            return -EBADMSG;
        saved_put(&e->saved, bytes, len);
        return e->saved.failed ? -ENOMEM : 0;
    }
    int r = take_state(e);
    if (r < 0)
        return r;
    if (kind == ENGINE_SAVED_IDENTITIES)
        return facts_load_identities(e->facts, bytes, len);
    return kind == ENGINE_SAVED_REPORT ? take_report(e, number, at_ns, bytes, len) : -EBADMSG;
}

int engine_load_end(engine *e, rules *set)
{
    rules_sink sink = {e, engine_on_alert, e->sink.stopwatch_ns};
    int r = take_state(e);
    if (r < 0)
        return r;
    bool ruled = e->saved_lives < e->saved.len;
    if (ruled != (set != NULL))
        return -EBADMSG;
    r = facts_settle(e->facts, e->now_ns);
    saved_in in = {e->saved.bytes + e->saved_lives, e->saved.len - e->saved_lives, false};
    if (r == 0 && set)
        r = rules_load_lives(set, e->facts, e->now_ns, &sink, &in);
    if (r < 0)
        return r;
    e->rules = set;
    free(e->saved.bytes);
    e->saved = (saved_out){0};
    return 0;
}
