/*
 * publish.c - alerts as they are published: their texts, what they rest on, their revisions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "rules/state.h"

static void alert_send(rules *set, alert_text *a)
{
    a->rev++;
    a->at_ns = set->now_ns;
    thaw_alert t = alert_view(a);
    a->seq = set->sink.alert ? set->sink.alert(set->sink.context, &t) : 0;
}

/* ---- what it rests on --------------------------------------------------------------- */

static int compare_texts(thaw_str a, thaw_str b)
{
    uint32_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_refs(const void *a, const void *b)
{
    const thaw_report_ref *x = a, *y = b;
    int order = compare_texts(x->source, y->source);
    return order ? order : compare_texts(x->id, y->id);
}

static void pack_str(msgpack_packer *out, thaw_str s)
{
    msgpack_pack_str(out, s.len);
    msgpack_pack_str_body(out, s.data, s.len);
}

static int pack_refs(packed_list *list, const thaw_report_ref refs[], size_t count)
{
    packing p;
    packing_begin(&p, &list->data);
    for (size_t i = 0; i < count; i++) {
        msgpack_pack_map(&p.out, 2);
        pack_value_text(&p.out, "source");
        pack_str(&p.out, refs[i].source);
        pack_value_text(&p.out, "id");
        pack_str(&p.out, refs[i].id);
    }
    list->count = (uint32_t)count;
    return packing_end(&p);
}

static int pack_sources(packed_list *list, const thaw_str sources[], size_t count)
{
    packing p;
    packing_begin(&p, &list->data);
    for (size_t i = 0; i < count; i++)
        pack_str(&p.out, sources[i]);
    list->count = (uint32_t)count;
    return packing_end(&p);
}

static size_t refs_of(rules *set, const uint64_t numbers[], size_t count, thaw_report_ref refs[RULES_LISTED_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < count && used < RULES_LISTED_MAX; i++)
        if (facts_report_name(set->facts, numbers[i], &refs[used].source, &refs[used].id) == 0)
            used++;
    qsort(refs, used, sizeof refs[0], compare_refs);
    return used;
}

/* The first reports of a fact: a thousand alerts of one round may list the same one of ten thousand reports. */
typedef struct listing {
    uint64_t round; /* in which it was asked */
    fact_handle handle;
    size_t count;
    uint64_t numbers[RULES_LISTED_MAX];
} listing;

#define LISTINGS 64u /* a power of two */

static const listing *listing_of(rules *set, fact_handle handle)
{
    listing *one = set->listings ? set->listings : (set->listings = calloc(LISTINGS, sizeof *one));
    if (!one)
        return NULL;
    one += (handle * UINT64_C(0x9E3779B97F4A7C15) >> 32) % LISTINGS;
    if (one->round == set->listing_round && one->handle == handle)
        return one;
    size_t count = facts_reports(set->facts, handle, one->numbers, RULES_LISTED_MAX);
    one->round = set->listing_round;
    one->handle = handle;
    one->count = count < RULES_LISTED_MAX ? count : RULES_LISTED_MAX;
    return one;
}

void listings_done(rules *set)
{
    free(set->listings);
    set->listings = NULL;
}

/* The reports under the listed facts, those of the newest facts first where there are too many. */
static int listed_reports(rules *set, const fact_handle all[], size_t count, uint64_t numbers[RULES_LISTED_MAX],
                          size_t *ret_used)
{
    size_t used = 0;
    for (size_t i = count; i-- > 0 && used < RULES_LISTED_MAX;) {
        const listing *theirs = listing_of(set, all[i]);
        if (!theirs)
            return -ENOMEM;
        for (size_t j = 0; j < theirs->count && used < RULES_LISTED_MAX; j++) {
            size_t k = 0;
            while (k < used && numbers[k] != theirs->numbers[j])
                k++;
            if (k == used)
                numbers[used++] = theirs->numbers[j];
        }
    }
    *ret_used = used;
    return 0;
}

#define SEEN (4u * RULES_LISTED_MAX) /* a power of two */

/* Sources, each once, in order. The same ones come with each fact, mostly as the same view of one string. */
typedef struct source_list {
    thaw_str at[RULES_LISTED_MAX];
    size_t count;
    const char *seen[SEEN]; /* where the strings begin that are in the list */
} source_list;

static bool source_seen(source_list *l, const char *begin)
{
    uint64_t hash = (uint64_t)(uintptr_t)begin * UINT64_C(0x9E3779B97F4A7C15) >> 32;
    size_t slot = hash % SEEN;
    for (size_t tries = 0; tries < SEEN / 4; tries++, slot = (slot + 1) % SEEN) {
        if (l->seen[slot] == begin)
            return true;
        if (!l->seen[slot]) {
            l->seen[slot] = begin;
            return false;
        }
    }
    return false;
}

/* A full list stays as it is. */
static void source_put(source_list *l, thaw_str one)
{
    size_t at = l->count;
    if (l->count == RULES_LISTED_MAX || source_seen(l, one.data))
        return;
    while (at > 0 && compare_texts(l->at[at - 1], one) > 0)
        at--;
    if (at > 0 && compare_texts(l->at[at - 1], one) == 0)
        return;
    memmove(&l->at[at + 1], &l->at[at], (l->count++ - at) * sizeof l->at[0]);
    l->at[at] = one;
}

/* The sources of the listed reports, and of the listed facts where reports were left out, or there are none: a feed is
 * that of a source that may have said no word on it. */
static int listed_sources(rules *set, const thaw_report_ref refs[], size_t reports, const fact_handle all[],
                          size_t count, source_list *sources)
{
    for (size_t i = 0; i < reports; i++)
        source_put(sources, refs[i].source);
    for (size_t i = count; sources->count < RULES_LISTED_MAX && i-- > 0;) {
        fact_value theirs;
        if (reports < RULES_LISTED_MAX && fact_handle_kind(all[i]) != FACT_FEED)
            continue;
        int got = facts_get(set->facts, all[i], FIELD_SOURCES, set->now_ns, &theirs);
        if (got == -ENOMEM)
            return got;
        for (uint32_t j = 0; got == 0 && theirs.type == FACT_STRINGS && j < theirs.strings.count; j++)
            source_put(sources, theirs.strings.items[j]);
    }
    return 0;
}

static int fill_facts(rules *set, const fact_handle all[], size_t count, packed_list *list)
{
    packing p;
    packing_begin(&p, &list->data);
    for (size_t i = 0; i < count; i++) {
        fact_value id;
        int got = facts_get(set->facts, all[i], FIELD_ID, set->now_ns, &id);
        if (got == -ENOMEM)
            return got;
        if (got < 0 || id.type != FACT_STRING)
            continue;
        pack_str(&p.out, id.string);
        list->count++;
    }
    return packing_end(&p);
}

static int fill_ground(rules *set, group *g, alert_text *a)
{
    fact_handle all[RULES_LISTED_MAX];
    uint64_t numbers[RULES_LISTED_MAX];
    thaw_report_ref refs[RULES_LISTED_MAX];
    source_list sources = {.count = 0};
    size_t count, known;
    if (newest_list(g, all, &count) < 0 || listed_reports(set, all, count, numbers, &known) < 0)
        return -ENOMEM;
    size_t reports = refs_of(set, numbers, known, refs);
    int res = fill_facts(set, all, count, &a->facts);
    if (res == 0)
        res = pack_refs(&a->reports, refs, reports);
    if (res == 0)
        res = listed_sources(set, refs, reports, all, count, &sources);
    return res == 0 ? pack_sources(&a->sources, sources.at, sources.count) : res;
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
        pack_value_text(&p.out, s->rule->labels[i].name);
        pack_value_text(&p.out, text);
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
        scope_pack_values(set, &s, &p.out) < 0 || packing_end(&p) < 0 || fill_ground(set, g, a) < 0) {
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
    pack_value_text(&p.out, "ended");
    pack_value_text(&p.out, reason);
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

static int fill_because(rules *set, alert_text *a, const uint64_t causes[], uint32_t count)
{
    thaw_report_ref refs[RULES_LISTED_MAX];
    size_t used = refs_of(set, causes, count, refs);
    return pack_refs(&a->because, refs, used);
}

/* What is told of its end beside the state. */
static int fill_end(rules *set, const group *g, const record *r, bool withdrawn)
{
    alert_text *a = g->alert;
    bool theirs = r->causes_count > 0;
    int res = 0;
    if (withdrawn)
        res = fill_because(set, a, theirs ? r->causes : g->causes, theirs ? r->causes_count : g->causes_count);
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
    int res = fill_because(set, r->alert, r->causes, r->causes_count);
    if (res < 0)
        return res;
    r->alert->state = THAW_WITHDRAWN;
    hold_alert(set, r->alert);
    alert_send(set, r->alert);
    return 0;
}

/* ---- limits ------------------------------------------------------------------------- */

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
    if (asprintf(&a->title,
                 "rule %s has reached its limit of %u %s: what came after is not watched; make its "
                 "selections narrower and reload",
                 one->id, one->groups_full ? set->limits.groups : set->limits.facts,
                 one->groups_full ? "groups" : "facts") < 0) {
        a->title = NULL;
        return -ENOMEM;
    }
    if (asprintf(&a->id, "%s:%s:%u", RULES_LIMIT_RULE, g->text, ++g->number) < 0)
        return -ENOMEM;
    msgpack_sbuffer_clear(&a->values);
    packing_begin(&p, &a->values);
    msgpack_pack_map(&p.out, 2);
    pack_value_text(&p.out, "groups");
    msgpack_pack_uint32(&p.out, one->groups_count);
    pack_value_text(&p.out, "facts");
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
