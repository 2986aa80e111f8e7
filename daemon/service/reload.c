/* reload.c - see reload.h. */
#include "service/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intake.h"
#include "notify.h"
#include "service/service.h"
#include "sockets/auth.h"

static const char *const fates[] = {
    [RULES_UNCHANGED] = "unchanged", [RULES_KEPT] = "kept", [RULES_RECOMPUTED] = "recomputed",
    [RULES_REMOVED] = "removed",     [RULES_NEW] = "new",
};

bool reload_in_force(const thawd *d, const ruleset *set)
{
    return d->rules_packed != NULL && d->rules_packed_len == set->packed_len &&
           memcmp(d->rules_packed, set->packed, set->packed_len) == 0;
}

/* With the wall clock, what an exchange ends and begins does so now, and not when a report or a
 * deadline last moved the engine's clock; what was due was due under the old rules. */
static int time_passes(thawd *d)
{
    int r;

    if (d->config.clock != ENGINE_CLOCK_WALL || engine_now(d->engine) == INT64_MIN ||
        engine_now(d->engine) >= d->now.wall_ns)
        return 0;
    r = engine_advance(d->engine, d->now.wall_ns);
    if (r == 0)
        r = d->failure;
    if (r == 0)
        r = journal_append_advance(d->journal, d->now.wall_ns);
    if (r < 0)
        d->failure = r;
    return r;
}

static int journal_ruleset(thawd *d, ruleset *set)
{
    free(d->rules_packed);
    d->rules_packed = set->packed;
    d->rules_packed_len = set->packed_len;
    set->packed = NULL;
    return journal_append_rules(d->journal, engine_now(d->engine), d->rules_packed,
                                d->rules_packed_len);
}

int reload_apply(thawd *d, ruleset *set, rules_change_fn on_change, void *context)
{
    /* The same again changes nothing, unless a limit left out what may be watched now: then it is an exchange, and
     * replay must make it, too. */
    if (reload_in_force(d, set) && !engine_rules_limited(d->engine)) {
        int told = engine_set_rules(d->engine, set->set, true, on_change, context);
        ruleset_done(set);
        return told;
    }
    int r = time_passes(d);

    if (r == 0)
        r = engine_set_rules(d->engine, set->set, false, on_change, context);
    if (r == 0) {
        set->set = NULL; /* the engine's now */
        r = d->failure;
    }
    if (r == 0)
        r = d->failure = journal_ruleset(d, set); /* they are in force: no way back */
    ruleset_done(set);
    return r;
}

static void log_change(void *context, const rules_change *change)
{
    thawd *d = context;
    log_fields fields = {.rule = log_str(change->rule)};

    if (change->fate != RULES_UNCHANGED)
        log_say(d->log, SAY_RULE_CHANGED, &fields, "rule %s: %s, %u active alert%s", change->rule,
                fates[change->fate], change->active, change->active == 1 ? "" : "s");
}

static void refuse(thawd *d, const char *error)
{
    d->counters.reload_failures++;
    log_say(d->log, SAY_RELOAD_FAILED, NULL, "the old rules and keys stay: %s", error);
    notify_phase("Rules and keys could not be read again, the old ones stay; see the log");
}

static int exchange(thawd *d, ruleset *set, rules_change_fn on_change, void *context)
{
    size_t count = rules_count(set->set);

    ruleset_tell_beyond(set, &d->config, d->log);
    int r = reload_apply(d, set, on_change, context);

    if (r == -ENOMEM && d->failure == 0)
        refuse(d, "out of memory");
    if (r == 0)
        r = d->failure = intake_commit(d);
    if (r == 0) {
        d->counters.reloads++;
        log_say(d->log, SAY_RELOADED, NULL, "%zu rule%s in force", count,
                count == 1 ? " is" : "s are");
    }
    return r;
}

/* The keys of the clients: curve.clients as it stands in the configuration now, and what it names. Whatever else has
 * changed there waits for the next start, also that there are no keys at all any more. */
static int read_keys_again(thawd *d, bool dry, char error[RULESET_ERROR_BYTES])
{
    config now;
    int r;

    if (d->config.curve_server == NULL)
        return 0;
    r = config_load(d->config.file, &now, error);
    if (r < 0)
        return r;
    r = now.curve_server == NULL ? 0 : auth_reload(d->auth, &now, dry, error);
    config_done(&now);
    return r;
}

/* What a reload reads, all of it checked before any of it counts: the rules, and the keys of those
 * that may connect. */
static int read_again(thawd *d, bool dry, ruleset *set, char error[RULESET_ERROR_BYTES])
{
    int r = ruleset_load(&d->config, set, error);

    if (r == 0) {
        r = read_keys_again(d, dry, error);
        if (r < 0)
            ruleset_done(set);
    }
    return r;
}

int reload_now(thawd *d)
{
    char error[RULESET_ERROR_BYTES] = "out of memory";
    ruleset set;
    int r;

    notify_reloading();
    r = read_again(d, false, &set, error);
    if (r < 0)
        refuse(d, error);
    r = r < 0 ? 0 : exchange(d, &set, log_change, d); /* what was refused has changed nothing */
    notify_ready(d);
    if (r == -EINVAL || r == -ENOMEM)
        return d->failure; /* said already, nothing changed */
    return r;
}

/* ---- the verb ---------------------------------------------------------------------------- */

typedef struct change_list {
    thawd *d; /* NULL: dry */
    reply_body items;
    msgpack_packer out;
    uint32_t count, left_out; /* the latter: for which there was no room */
} change_list;

/* What one change and the rest of the answer take, at most. */
#define CHANGE_BYTES 512

static void pack_change(void *context, const rules_change *change)
{
    change_list *list = context;

    if (list->d != NULL)
        log_change(list->d, change);
    if (list->items.size + CHANGE_BYTES > list->items.max) {
        list->left_out++;
        return;
    }
    list->count++;
    msgpack_pack_map(&list->out, 3);
    pack_text(&list->out, "rule");
    pack_text(&list->out, change->rule);
    pack_text(&list->out, "fate");
    pack_text(&list->out, fates[change->fate]);
    pack_count(&list->out, "active", change->active);
}

/* The exchange is done: the answer must not fail for its size. */
static void pack_changes(change_list *list, bool dry, reply_body *body, msgpack_packer *out)
{
    msgpack_pack_map(out, list->left_out > 0 ? 3 : 2);
    pack_text(out, "dry");
    dry ? msgpack_pack_true(out) : msgpack_pack_false(out);
    if (list->left_out > 0)
        pack_count(out, "left_out", list->left_out);
    pack_text(out, "rules");
    msgpack_pack_array(out, list->count);
    reply_body_add(body, &list->items);
}

static int change_rules(thawd *d, ruleset *set, bool dry, change_list *list)
{
    int r;

    if (!dry)
        return exchange(d, set, pack_change, list);
    r = engine_set_rules(d->engine, set->set, true, pack_change, list);
    ruleset_done(set);
    return r;
}

int question_reload(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                    thaw_error *error)
{
    char text[RULESET_ERROR_BYTES] = "out of memory";
    change_list list = {.d = v->dry ? NULL : d};
    ruleset set;
    int r = read_again(d, v->dry, &set, text);

    if (r < 0) {
        if (!v->dry)
            refuse(d, text);
        return question_fail(error, r == -ENOMEM ? THAW_UNAVAILABLE : THAW_INVALID, "%.230s", text);
    }
    reply_body_init(&list.items, d->config.reply_bytes, &list.out);
    r = change_rules(d, &set, v->dry, &list);
    if (r == 0)
        pack_changes(&list, v->dry, body, out);
    reply_body_done(&list.items);
    if (r == -ENOMEM && d->failure == 0)
        return question_fail(error, THAW_UNAVAILABLE, "out of memory; the old rules run on");
    return r;
}
