/* publish.c - alerts as they are published: their texts, their revisions, their ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "packed.h"
#include "rules/state.h"

static void alert_send(rules *set, alert_text *a)
{
    a->rev++;
    a->at_ns = set->now_ns;
    thaw_alert t = alert_view(a);
    a->seq = set->sink.alert ? set->sink.alert(set->sink.context, &t) : 0;
}

/* ---- making ------------------------------------------------------------------------- */

static int fill_labels(rules *set, const scope *s, alert_text *a)
{
    packing p;
    packing_begin(&p, &a->labels);
    msgpack_pack_map(&p.out, s->rule->labels_count);
    for (size_t i = 0; i < s->rule->labels_count; i++) {
        char *text;
        if (scope_render(set, s, &s->rule->labels[i].text, &text) < 0)
            return -ENOMEM;
        pack_text(&p.out, s->rule->labels[i].name);
        pack_text(&p.out, text);
        free(text);
    }
    return packing_end(&p);
}

static void hash_list(XXH3_state_t *h, const packed_list *l)
{
    XXH3_64bits_update(h, &l->count, sizeof l->count);
    XXH3_64bits_update(h, l->data.data, l->data.size);
}

static uint64_t alert_hash(const alert_text *a)
{
    XXH3_state_t h;
    XXH3_64bits_reset(&h);
    XXH3_64bits_update(&h, a->version, strlen(a->version));
    XXH3_64bits_update(&h, a->title, strlen(a->title));
    XXH3_64bits_update(&h, a->labels.data, a->labels.size);
    XXH3_64bits_update(&h, a->group.data, a->group.size);
    XXH3_64bits_update(&h, a->values.data, a->values.size);
    hash_list(&h, &a->facts);
    hash_list(&h, &a->reports);
    hash_list(&h, &a->sources);
    return XXH3_64bits_digest(&h);
}

static int fill_rule(const group *g, alert_text *a)
{
    const rule *one = g->rule;
    a->rule = strdup(one->id);
    a->version = strdup(one->version);
    a->severity = strdup(one->severity);
    if (one->country_by >= 0 && g->by[one->country_by].text.len == 2)
        memcpy(a->country, g->by[one->country_by].text.data, 2);
    return a->rule && a->version && a->severity && msgpack_sbuffer_write(&a->group, g->key, g->key_len) == 0 ? 0
                                                                                                             : -ENOMEM;
}

/* The alert of a group as it is now, without identity. */
static int alert_new(rules *set, group *g, const totals all[], alert_text **ret_alert)
{
    alert_text *a = calloc(1, sizeof *a);
    scope s = {.rule = g->rule, .by = g->by, .all = all};
    packing p;
    if (!a)
        return -ENOMEM;
    packing_begin(&p, &a->values);
    if (fill_rule(g, a) < 0 || scope_render(set, &s, &g->rule->title, &a->title) < 0 || fill_labels(set, &s, a) < 0 ||
        scope_pack_values(set, &s, &p.out) < 0 || packing_end(&p) < 0 || alert_list(set, g, a) < 0) {
        alert_text_free(a);
        return -ENOMEM;
    }
    a->hash = alert_hash(a);
    a->state = THAW_FIRING;
    *ret_alert = a;
    return 0;
}

int alert_fire(rules *set, group *g, const totals all[], int64_t since_ns)
{
    alert_text *a;
    int res = alert_new(set, g, all, &a);
    if (res < 0)
        return res;
    uint32_t last = g->number > g->rule->past ? g->number : g->rule->past;
    if (asprintf(&a->id, "%s:%s:%u", g->rule->id, g->text, last + 1) < 0) {
        a->id = NULL;
        alert_text_free(a);
        return -ENOMEM;
    }
    g->number = last + 1;
    a->since_ns = since_ns;
    g->alert = a;
    hold_alert(set, a);
    g->state = LIFE_FIRING;
    g->rule->firing_count++;
    set->firing_count++;
    alert_send(set, a);
    return 0;
}

int alert_refresh(rules *set, group *g, const totals all[])
{
    alert_text *a;
    int res = alert_new(set, g, all, &a);
    if (res < 0)
        return res;
    if (a->hash == g->alert->hash) {
        alert_text_free(a);
        return 0;
    }
    a->id = g->alert->id;
    g->alert->id = NULL;
    a->rev = g->alert->rev;
    a->since_ns = g->alert->since_ns;
    alert_let_go(set, g->alert);
    g->alert = a;
    hold_alert(set, a);
    alert_send(set, a);
    return 0;
}

/* ---- ending ------------------------------------------------------------------------- */

static bool is_ended(const msgpack_object *name)
{
    return name->type == MSGPACK_OBJECT_STR && name->via.str.size == 5 && !memcmp(name->via.str.ptr, "ended", 5);
}

/* The labels, and one that says why. One of that name in the rule gives way. */
static int pack_ended(const msgpack_object_map *labels, const char *reason, msgpack_sbuffer *ret)
{
    packing p;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < labels->size; i++)
        kept += !is_ended(&labels->ptr[i].key);
    msgpack_sbuffer_init(ret);
    packing_begin(&p, ret);
    msgpack_pack_map(&p.out, kept + 1);
    for (uint32_t i = 0; i < labels->size; i++) {
        if (is_ended(&labels->ptr[i].key))
            continue;
        msgpack_pack_object(&p.out, labels->ptr[i].key);
        msgpack_pack_object(&p.out, labels->ptr[i].val);
    }
    pack_text(&p.out, "ended");
    pack_text(&p.out, reason);
    return packing_end(&p);
}

/* A label that says why an alert ended though neither news nor a correction ended it. */
static int label_ended(alert_text *a, const char *reason)
{
    msgpack_unpacked old;
    msgpack_sbuffer labels;
    size_t at = 0;
    int res = -ENOMEM; /* the labels were packed here */
    msgpack_unpacked_init(&old);
    if (msgpack_unpack_next(&old, a->labels.data, a->labels.size, &at) == MSGPACK_UNPACK_SUCCESS &&
        old.data.type == MSGPACK_OBJECT_MAP) {
        res = pack_ended(&old.data.via.map, reason, &labels);
        msgpack_sbuffer_destroy(&a->labels);
        a->labels = labels;
    }
    msgpack_unpacked_destroy(&old);
    return res;
}

/* What is told of its end beside the state. */
static int fill_end(rules *set, const group *g, const record *r, bool withdrawn)
{
    alert_text *a = g->alert;
    bool theirs = r->causes_count > 0;
    int res = 0;
    if (withdrawn)
        res = alert_list_causes(set, a, theirs ? r->causes : g->causes, theirs ? r->causes_count : g->causes_count);
    if (res == 0 && (set->ended || g->rule->recomputed))
        res = label_ended(a, set->ended ? set->ended : "the rule was changed");
    return res;
}

int alert_end(rules *set, group *g, bool withdrawn)
{
    record *r = g->basis;
    alert_text *a = g->alert;
    if (!r && record_new(set, g, &r) < 0)
        return -ENOMEM;
    g->basis = r;
    if (fill_end(set, g, r, withdrawn) < 0)
        return -ENOMEM;
    g->basis = NULL;
    g->alert = NULL;
    free(g->newest);
    g->newest = NULL;
    g->state = LIFE_NONE;
    g->rule->firing_count--;
    set->firing_count--;
    a->state = withdrawn ? THAW_WITHDRAWN : THAW_RESOLVED;
    r->alert = a;
    r->touched = false;
    r->causes_count = 0;
    hold_record(set, r);
    alert_send(set, a);
    group_keep_record(set, g, r);
    return 0;
}

int alert_withdraw_record(rules *set, record *r)
{
    int res = alert_list_causes(set, r->alert, r->causes, r->causes_count);
    if (res < 0)
        return res;
    r->alert->state = THAW_WITHDRAWN;
    hold_alert(set, r->alert);
    alert_send(set, r->alert);
    return 0;
}

/* ---- limits ------------------------------------------------------------------------- */

int limit_note(rules *set, rule *one, rule_limit reached)
{
    if (one->limits & reached)
        return 0;
    if (room_for(&set->full, &set->full_capacity, set->full_count + 1, sizeof(rule *)) < 0)
        return -ENOMEM;
    one->limits |= (uint8_t)reached;
    set->full[set->full_count++] = one;
    return 0;
}

/* What was reached first; of several at once what leaves out most. -1: out of memory. */
static int limit_words(const rules *set, const rule *one, char **ret_text)
{
    if (one->limits & (LIMIT_GROUPS | LIMIT_FACTS))
        return asprintf(ret_text,
                        "rule %s has reached its limit of %u %s: what came after is not watched; make its "
                        "selections narrower and reload",
                        one->id, one->limits & LIMIT_GROUPS ? set->limits.groups : set->limits.facts,
                        one->limits & LIMIT_GROUPS ? "groups" : "facts");
    if (one->limits & LIMIT_FACT_GROUPS)
        return asprintf(ret_text,
                        "rule %s has a fact in more than its limit of %u groups: those beyond are not watched; group "
                        "by fewer lists, or select persons or measures, of which each is a fact, and reload",
                        one->id, RULES_FACT_GROUPS_MAX);
    return asprintf(ret_text,
                    "rule %s has a condition that cost more than %u steps, or more memory than one may take: it counts "
                    "as false; make it simpler and reload",
                    one->id, CEL_STEP_MAX_COUNT);
}

/* A rule that reached a limit knows less than it should, and says so until rules are loaded anew. */
int limit_tell(rules *set, rule *one)
{
    struct cel_value by[1] = {cel_string(one->id, strlen(one->id))};
    totals none = {0};
    packing p;
    group *g;
    int res = group_get(set, set->limit_rule, by, &g);
    if (res < 0 || g->state != LIFE_NONE)
        return res;
    if ((res = alert_new(set, g, &none, &g->alert)) < 0)
        return res;
    alert_text *a = g->alert;
    free(a->title);
    if (limit_words(set, one, &a->title) < 0) {
        a->title = NULL;
        return -ENOMEM;
    }
    if (asprintf(&a->id, "%s:%s:%u", RULES_LIMIT_RULE, g->text, ++g->number) < 0)
        return -ENOMEM;
    msgpack_sbuffer_clear(&a->values);
    packing_begin(&p, &a->values);
    msgpack_pack_map(&p.out, 2);
    pack_text(&p.out, "groups");
    msgpack_pack_uint32(&p.out, one->groups_count);
    pack_text(&p.out, "facts");
    msgpack_pack_uint32(&p.out, one->facts_count);
    if ((res = packing_end(&p)) < 0)
        return res;
    a->since_ns = set->now_ns;
    hold_alert(set, a);
    g->state = LIFE_FIRING;
    set->limit_rule->firing_count++;
    set->firing_count++;
    alert_send(set, a);
    return 0;
}
