/* replay.c - reports through an engine of one's own. */
#include "trials/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "forms/pack.h"
#include "room.h"
#include "thaw.h"

/* ---- alerts ------------------------------------------------------------------------- */

static replay_alert *alert_free(replay_alert *a)
{
    if (a == NULL)
        return NULL;
    msgpack_zone_destroy(&a->zone);
    free(a->bytes);
    free(a->id);
    free(a);
    return NULL;
}

static replay_alert *alert_find(const replay *r, thaw_str id, uint64_t hash)
{
    uint32_t cursor = 0, place;
    while ((place = index_next(&r->places, hash, &cursor)) != 0) {
        replay_alert *a = r->alerts[place - 1];
        if (strlen(a->id) == id.len && memcmp(a->id, id.data, id.len) == 0)
            return a;
    }
    return NULL;
}

static replay_alert *alert_new(replay *r, const thaw_alert *alert, uint64_t hash)
{
    uint64_t held = 0; /* nobody asks */
    if (room_for(&r->alerts, &r->capacity, r->count + 1, sizeof *r->alerts) < 0)
        return NULL;
    replay_alert *a = calloc(1, sizeof *a);
    if (a == NULL || !msgpack_zone_init(&a->zone, 1024)) {
        free(a);
        return NULL;
    }
    a->id = strndup(alert->id.data, alert->id.len);
    if (a->id == NULL || index_put(&r->places, hash, (uint32_t)r->count + 1, &held) < 0)
        return alert_free(a);
    a->fired_at_ns = alert->at_ns;
    r->alerts[r->count++] = a;
    return a;
}

static void on_alert(void *context, const thaw_alert *alert)
{
    replay *r = context;
    const uint64_t hash = XXH3_64bits(alert->id.data, alert->id.len);
    replay_alert *a = alert_find(r, alert->id, hash);
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (r->failed < 0)
        return;
    if (a == NULL)
        a = alert_new(r, alert, hash);
    if (a == NULL || thaw_alert_encode(alert, &bytes, &len) < 0) {
        r->failed = -ENOMEM;
        return;
    }
    free(a->bytes);
    a->bytes = bytes;
    msgpack_zone_clear(&a->zone);
    r->failed = pack_decode(bytes, len, &a->zone, &a->body);
    a->state = alert->state;
    a->seq = alert->seq;
    a->rev = alert->rev;
    a->changed_at_ns = alert->at_ns;
}

/* ---- the engine --------------------------------------------------------------------- */

int replay_new(engine_clock clock, rules *set, replay *ret_replay)
{
    engine_config config = engine_config_default;
    engine_sink sink = {.context = ret_replay, .alert = on_alert};
    *ret_replay = (replay){.engine = NULL, .limits = thaw_limits_stored};
    config.clock = clock;
    int result = engine_new(&config, &sink, &ret_replay->engine);
    if (result == 0)
        result = engine_set_rules(ret_replay->engine, set, false, NULL, NULL);
    if (result != 0) {
        rules_free(set);
        replay_done(ret_replay);
    }
    return result;
}

void replay_done(replay *r)
{
    uint64_t held = 0;
    engine_free(r->engine);
    for (size_t i = 0; i < r->count; i++)
        alert_free(r->alerts[i]);
    free(r->alerts);
    index_done(&r->places, &held);
    *r = (replay){.engine = NULL};
}

typedef struct problems {
    replay_problem_fn on_problem;
    void *context;
} problems;

static void problem_tell(const problems *p, size_t index, const char *message)
{
    if (p->on_problem != NULL)
        p->on_problem(p->context, index, message);
}

/* Decodes what can be decoded; places[] says which event of the batch each one is. */
static size_t batch_decode(const replay *r, const replay_event events[], size_t count,
                           const problems *p, thaw_event decoded[], size_t places[])
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        thaw_body body;
        thaw_error error;
        if (thaw_body_open(&body, events[i].bytes, events[i].len, &r->limits, r->now_ns, &error) <
                0 ||
            thaw_body_next(&body, &decoded[used], &error) <= 0) {
            problem_tell(p, i, error.message);
            continue;
        }
        places[used++] = i;
    }
    return used;
}

static const char *verdict_text(const engine_verdict *v)
{
    if (v->code == THAW_CONFLICT)
        return "the source has sent this id before, with other content";
    return v->code == THAW_OK ? NULL : thaw_code_name(v->code);
}

int replay_batch(replay *r, const replay_event events[], size_t count, int64_t received_at_ns,
                 replay_problem_fn on_problem, void *context)
{
    problems p = {on_problem, context};
    thaw_event *decoded = calloc(count + 1, sizeof *decoded);
    engine_verdict *verdicts = calloc(count + 1, sizeof *verdicts);
    size_t *places = calloc(count + 1, sizeof *places);
    int result = decoded != NULL && verdicts != NULL && places != NULL ? 0 : -ENOMEM;
    if (result == 0) {
        size_t used = batch_decode(r, events, count, &p, decoded, places);
        result = engine_apply(r->engine, decoded, used, received_at_ns, verdicts);
        r->rejected += count - used;
        for (size_t i = 0; result == 0 && i < used; i++) {
            const char *text = verdict_text(&verdicts[i]);
            if (text != NULL)
                problem_tell(&p, places[i], text);
            r->rejected += text != NULL;
            r->reports += text == NULL && !verdicts[i].duplicate;
        }
    }
    free(places);
    free(verdicts);
    free(decoded);
    return result != 0 ? result : r->failed;
}

int replay_advance(replay *r, int64_t now_ns)
{
    int result = engine_advance(r->engine, now_ns);
    return result != 0 ? result : r->failed;
}

/* ---- rules -------------------------------------------------------------------------- */

int replay_rules(const char *const paths[], size_t count, rules **ret_set)
{
    rules_complaints complaints = {.at = NULL};
    int result = rules_load(paths, count, NULL, false, ret_set, &complaints);
    for (size_t i = 0; i < complaints.count; i++) {
        char *text = rules_complaint_text(&complaints.at[i]);
        fputs(text != NULL ? text : "out of memory\n", stderr);
        free(text);
    }
    rules_complaints_done(&complaints);
    return result;
}

size_t replay_place_len(const char *id)
{
    const char *colon = strrchr(id, ':');
    return colon != NULL ? (size_t)(colon - id) : strlen(id);
}
