/* lists.c - what can be asked of a set of rules: active alerts, and what each rule costs; why.c tells why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packed.h"
#include "rules/state.h"

#define SNAPSHOT_DEFAULT 1000u

uint64_t rules_firing(const rules *set)
{
    return set->firing_count;
}

bool rules_limited(const rules *set)
{
    const group *g = set->limit_rule->groups;
    while (g && g->state != LIFE_FIRING)
        g = g->next;
    return g != NULL;
}

/* ---- active alerts ------------------------------------------------------------------ */

static bool is_active(const group *g)
{
    return g->alert && g->alert->state == THAW_FIRING;
}

static bool is_behind(const alert_text *a, thaw_str after)
{
    const size_t len = strlen(a->id), shorter = len < after.len ? len : after.len;
    int order = shorter ? memcmp(a->id, after.data, shorter) : 0;
    return !after.data || order > 0 || (order == 0 && len > after.len);
}

static bool is_of(const alert_text *a, thaw_str topic)
{
    char text[THAW_TOPIC_BYTES];
    thaw_str country = {a->country[0] ? a->country : NULL, (uint32_t)strlen(a->country)};
    thaw_str rule_id = {a->rule, (uint32_t)strlen(a->rule)};
    if (!topic.len)
        return true;
    int length = thaw_alert_topic(country, rule_id, text);
    return length >= (int)topic.len && memcmp(text, topic.data, topic.len) == 0;
}

/* The first alerts of a page in order of id; when there are as many as it can hold, a heap with the last of them on top,
 * so that of a million alerts most are compared with that one alone. */
typedef struct page {
    thaw_str topic, after;
    alert_text **all;
    size_t count, most;
} page;

static int alert_order(const void *a, const void *b)
{
    return strcmp((*(alert_text *const *)a)->id, (*(alert_text *const *)b)->id);
}

static void page_sink(page *p, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < p->count; at = child) {
        if (child + 1 < p->count && alert_order(&p->all[child], &p->all[child + 1]) < 0)
            child++;
        if (alert_order(&p->all[at], &p->all[child]) >= 0)
            return;
        alert_text *other = p->all[at];
        p->all[at] = p->all[child];
        p->all[child] = other;
    }
}

static void page_put(page *p, alert_text *a)
{
    if (!is_behind(a, p->after) || (p->count == p->most && alert_order(&a, &p->all[0]) > 0) || !is_of(a, p->topic))
        return;
    if (p->count == p->most) {
        p->all[0] = a;
        page_sink(p, 0);
        return;
    }
    p->all[p->count++] = a;
    for (size_t at = p->count == p->most ? p->count / 2 : 0; at > 0; at--)
        page_sink(p, at - 1);
}

static int page_fill(rules *set, page *p)
{
    if (!(p->all = calloc(p->most, sizeof(*p->all))))
        return -ENOMEM;
    for (size_t i = 0; i <= set->rules_count; i++)
        for (group *g = i < set->rules_count ? set->rules[i]->groups : set->limit_rule->groups; g; g = g->next)
            if (is_active(g))
                page_put(p, g->alert);
    if (p->count > 1)
        qsort(p->all, p->count, sizeof(*p->all), alert_order);
    return 0;
}

int rules_write_snapshot(rules *set, const char *epoch, uint64_t seq, thaw_str topic, thaw_str after, uint32_t limit,
                         msgpack_packer *out)
{
    const size_t most = limit ? limit : SNAPSHOT_DEFAULT;
    page p = {.topic = topic, .after = after, .most = most + 1}; /* one more shows that there are more */
    int r = set ? page_fill(set, &p) : 0;
    if (r < 0)
        return r;
    const size_t given = p.count < most ? p.count : most;
    msgpack_pack_map(out, 4);
    pack_text(out, "epoch");
    pack_text(out, epoch);
    pack_count(out, "seq", seq);
    pack_text(out, "alerts");
    msgpack_pack_array(out, given);
    for (size_t i = 0; i < given; i++)
        alert_pack(p.all[i], epoch, out);
    pack_text(out, "more");
    if (p.count > given)
        msgpack_pack_true(out);
    else
        msgpack_pack_false(out);
    free(p.all);
    return 0;
}

/* ---- rules -------------------------------------------------------------------------- */

int rules_write_rules(rules *set, msgpack_packer *out)
{
    size_t count = set ? set->rules_count : 0;
    msgpack_pack_map(out, 1);
    pack_text(out, "rules");
    msgpack_pack_array(out, count);
    for (size_t i = 0; i < count; i++) {
        const rule *one = set->rules[i];
        msgpack_pack_map(out, 10);
        pack_text(out, "rule");
        pack_text(out, one->id);
        pack_text(out, "file");
        pack_text(out, one->file ? one->file : "");
        pack_count(out, "line", one->line);
        pack_text(out, "version");
        pack_text(out, one->version);
        pack_count(out, "groups", one->groups_count);
        pack_count(out, "facts", one->facts_count);
        pack_count(out, "firing", one->firing_count);
        pack_count(out, "pending", one->pending_count);
        pack_count(out, "evaluations", one->evaluations.times);
        pack_count(out, "time", cost_ns(&one->offers) + cost_ns(&one->evaluations));
    }
    return 0;
}
