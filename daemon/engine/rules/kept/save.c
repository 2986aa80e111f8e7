/*
 * save.c - the lives of alerts as bytes, and back: what a set of rules knows that does not follow from
 * the facts. Facts are named by kind and id (facts_name), since those made anew have other handles.
 *
 *   for each rule that has any: id, meaning, groups; each group: its key, life, alert, basis, records
 *   how far alerts were numbered by definitions that are gone (past.c)
 */
#include <errno.h>
#include <string.h>

#include "rules/set.h"
#include "rules/state.h"

#define LIVES_MAGIC 0x33736576696c6874u
#define LIVES_MAGIC_2 0x32736576696c6874u /* nothing of rules that are gone */
#define LIVES_MAGIC_1 0x31736576696c6874u /* nor do records say what was known */

static bool group_lives(const group *g)
{
    return g->state != LIFE_NONE || g->number || g->records;
}

/* ---- saving ------------------------------------------------------------------------- */

static int put_record(rules *set, saved_out *out, const record *r)
{
    int res = 0;
    saved_put_number(out, r != NULL);
    if (!r)
        return 0;
    alert_put(out, r->alert);
    saved_put_number(out, (uint64_t)r->true_at_ns);
    saved_put_number(out, r->known);
    saved_put_number(out, r->partial);
    saved_put_number(out, r->count);
    for (uint32_t i = 0; res == 0 && i < r->count; i++) {
        saved_put_number(out, r->grounds[i].selection);
        res = facts_name(set->facts, r->grounds[i].fact->handle, set->now_ns, out);
    }
    return res;
}

static int put_group(rules *set, saved_out *out, const group *g)
{
    saved_put_text(out, g->key, g->key_len);
    saved_put_number(out, g->state);
    saved_put_number(out, (uint64_t)g->since_ns);
    saved_put_number(out, g->number);
    saved_put_number(out, g->due.place != 0);
    saved_put_number(out, (uint64_t)g->due.at_ns);
    alert_put(out, g->alert);
    int res = put_record(set, out, g->basis);
    saved_put_number(out, g->records_count);
    for (const record *r = g->records; res == 0 && r; r = r->next)
        res = put_record(set, out, r);
    return res;
}

static int put_rule(rules *set, saved_out *out, const rule *one)
{
    uint64_t count = 0;
    int res = 0;
    for (const group *g = one->groups; g; g = g->next)
        count += group_lives(g);
    saved_put_text(out, one->id, strlen(one->id));
    saved_put_number(out, count);
    for (const group *g = one->groups; res == 0 && g; g = g->next)
        if (group_lives(g))
            res = put_group(set, out, g);
    return res;
}

int rules_save(rules *set, saved_out *out)
{
    int res = 0;
    saved_put_number(out, LIVES_MAGIC);
    saved_put_number(out, set->rules_count + 1);
    for (size_t i = 0; res == 0 && i < set->rules_count; i++)
        res = put_rule(set, out, set->rules[i]);
    if (res == 0)
        res = put_rule(set, out, set->limit_rule);
    pasts_put(set, out);
    return out->failed ? -ENOMEM : res;
}

/* ---- loading ------------------------------------------------------------------------ */

typedef struct loading {
    rules *set;
    saved_in *in;
    const facts_names *names;
    bool first_form;
} loading;

/* A ground whose fact is gone: with it the record is mere history. */
static int get_grounds(loading *l, record *r, uint64_t count)
{
    bool lost = false;
    for (uint64_t i = 0; i < count && !l->in->failed; i++) {
        uint64_t selection = saved_get_number(l->in);
        fact_handle handle = facts_names_find(l->names, l->in);
        fact_node *node = handle && !lost ? node_get(l->set, handle) : NULL;
        if (handle && !lost && !node)
            return -ENOMEM;
        lost = lost || !handle || selection >= r->group->rule->selections_count;
        if (node && ground_put(l->set, r, node, (uint8_t)selection) < 0) {
            node_release(l->set, node);
            return -ENOMEM;
        }
    }
    if (lost)
        record_forget(l->set, r);
    return 0;
}

static int get_record(loading *l, group *g, record **ret_record)
{
    saved_in *in = l->in;
    alert_text *alert;
    *ret_record = NULL;
    if (!saved_get_number(in))
        return 0;
    int res = alert_get(in, &alert);
    if (res < 0)
        return res;
    int64_t true_at_ns = (int64_t)saved_get_number(in);
    uint64_t known = l->first_form ? UINT64_MAX : saved_get_number(in);
    bool partial = saved_get_number(in);
    uint64_t count = saved_get_number(in);
    if (in->failed || count > in->left) {
        alert_text_free(alert);
        return -EBADMSG;
    }
    record *r = record_alloc(count);
    if (!r) {
        alert_text_free(alert);
        return -ENOMEM;
    }
    r->group = g;
    r->alert = alert;
    r->true_at_ns = true_at_ns;
    r->known = known;
    r->partial = partial;
    res = get_grounds(l, r, count);
    *ret_record = r; /* the group's, whatever became of it */
    return res;
}

/* The group's values of `by` from its key; strings point into the unpacked key. */
static bool key_values(const rule *one, const msgpack_object *key, struct cel_value by[RULES_BY_MAX])
{
    if (key->type != MSGPACK_OBJECT_MAP || key->via.map.size != one->by_count)
        return false;
    for (size_t i = 0; i < one->by_count; i++) {
        const msgpack_object *v = &key->via.map.ptr[i].val;
        if (v->type == MSGPACK_OBJECT_STR)
            by[i] = cel_string(v->via.str.ptr, v->via.str.size);
        else if (v->type == MSGPACK_OBJECT_BOOLEAN)
            by[i] = cel_bool(v->via.boolean);
        else if (v->type == MSGPACK_OBJECT_POSITIVE_INTEGER || v->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
            by[i] = cel_int(v->via.i64);
        else if (v->type == MSGPACK_OBJECT_EXT) {
            msgpack_timestamp t;
            if (!msgpack_object_to_timestamp(v, &t))
                return false;
            by[i] = cel_timestamp(t.tv_sec, (int32_t)t.tv_nsec);
        } else
            return false;
    }
    return true;
}

int group_of_key(rules *set, rule *one, thaw_str key, group **ret_group)
{
    struct cel_value by[RULES_BY_MAX];
    msgpack_unpacked unpacked;
    size_t at = 0;
    int res = -EBADMSG;
    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, key.data, key.len, &at) == MSGPACK_UNPACK_SUCCESS &&
        key_values(one, &unpacked.data, by))
        res = group_get(set, one, by, ret_group);
    msgpack_unpacked_destroy(&unpacked);
    return res;
}

static int get_records(loading *l, group *g)
{
    uint64_t count = saved_get_number(l->in);
    record **last = &g->records;
    int res = 0;
    for (uint64_t i = 0; res == 0 && i < count && !l->in->failed; i++) {
        record *r;
        res = get_record(l, g, &r);
        if (!r || !r->alert) {
            record_free(l->set, r);
            return res < 0 ? res : -EBADMSG;
        }
        *last = r;
        last = &r->next;
        g->records_count++;
    }
    return res;
}

static int get_group(loading *l, rule *one)
{
    saved_in *in = l->in;
    group *g;
    int res = group_of_key(l->set, one, saved_get_text(in), &g);
    if (res < 0)
        return res == -ENOSPC ? -EBADMSG : res;
    if (group_lives(g))
        return -EBADMSG;
    uint64_t state = saved_get_number(in);
    g->since_ns = (int64_t)saved_get_number(in);
    g->number = (uint32_t)saved_get_number(in);
    bool due = saved_get_number(in);
    int64_t due_ns = (int64_t)saved_get_number(in);
    if (in->failed || state > LIFE_KEPT)
        return -EBADMSG;
    if (due)
        res = deadline_set(&l->set->deadlines, &g->due, due_ns);
    if (res == 0)
        res = alert_get(in, &g->alert);
    if (res == 0)
        res = get_record(l, g, &g->basis);
    if (res == 0)
        res = get_records(l, g);
    hold_life(l->set, g);
    if (res == 0 && (g->alert == NULL) != (state <= LIFE_PENDING))
        res = -EBADMSG;
    if (res < 0)
        return res;
    g->state = (life_state)state;
    bool active = g->state == LIFE_FIRING || g->state == LIFE_KEPT;
    one->firing_count += active;
    l->set->firing_count += active;
    one->pending_count += g->state == LIFE_PENDING;
    return group_dirty(l->set, g);
}

static int get_lives(loading *l)
{
    int res = 0;
    uint64_t magic = saved_get_number(l->in);
    l->first_form = magic == LIVES_MAGIC_1;
    if (magic != LIVES_MAGIC && magic != LIVES_MAGIC_2 && !l->first_form)
        return -EBADMSG;
    uint64_t count = saved_get_number(l->in);
    for (uint64_t i = 0; res == 0 && i < count && !l->in->failed; i++) {
        thaw_str id = saved_get_text(l->in);
        bool builtin = id.len == strlen(RULES_LIMIT_RULE) && !memcmp(id.data, RULES_LIMIT_RULE, id.len);
        rule *one = builtin ? l->set->limit_rule : set_find(l->set, id.data, id.len);
        uint64_t groups = saved_get_number(l->in);
        if (!one)
            return -EBADMSG;
        for (uint64_t g = 0; res == 0 && g < groups && !l->in->failed; g++) {
            res = get_group(l, one);
            facts_step(l->set->facts);
        }
    }
    if (res == 0 && magic == LIVES_MAGIC)
        res = pasts_get(l->set, l->in);
    return l->in->failed ? -EBADMSG : res;
}

int rules_load_lives(rules *set, facts *f, int64_t now_ns, const rules_sink *sink, saved_in *in)
{
    facts_names *names = NULL;
    int res = state_build(set, f, now_ns);
    if (res == 0)
        res = facts_names_new(f, now_ns, &names);
    loading l = {.set = set, .in = in, .names = names};
    if (res == 0)
        res = get_lives(&l);
    facts_names_free(names);
    set->sink = *sink;
    if (res == 0 && now_ns != INT64_MIN)
        res = evaluate_dirty(set);
    if (res < 0)
        set_clear(set);
    return res;
}
