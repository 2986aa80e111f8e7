/* lists.c - what can be asked of a set of rules: active alerts, and what each rule costs; why.c tells why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

#define SNAPSHOT_DEFAULT 1000u

static void pack_word(msgpack_packer *out, const char *text)
{
    msgpack_pack_str_with_body(out, text, strlen(text));
}

static void pack_count(msgpack_packer *out, const char *key, uint64_t count)
{
    pack_word(out, key);
    msgpack_pack_uint64(out, count);
}

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

static bool is_wanted(const alert_text *a, thaw_str topic, thaw_str after)
{
    char text[THAW_TOPIC_BYTES];
    thaw_str country = {a->country[0] ? a->country : NULL, (uint32_t)strlen(a->country)};
    thaw_str id = {a->id, (uint32_t)strlen(a->id)};
    thaw_str rule_id = {a->rule, (uint32_t)strlen(a->rule)};
    int length = thaw_alert_topic(country, rule_id, text);
    if (topic.len && (length < (int)topic.len || memcmp(text, topic.data, topic.len) != 0))
        return false;
    uint32_t shorter = id.len < after.len ? id.len : after.len;
    int order = shorter ? memcmp(id.data, after.data, shorter) : 0;
    return !after.data || order > 0 || (order == 0 && id.len > after.len);
}

static int alert_order(const void *a, const void *b)
{
    return strcmp((*(alert_text *const *)a)->id, (*(alert_text *const *)b)->id);
}

static int active_collect(rules *set, thaw_str topic, thaw_str after, alert_text ***ret_all, size_t *ret_count)
{
    size_t count = 0, capacity = 0;
    alert_text **all = NULL;
    for (size_t i = 0; i <= set->rules_count; i++)
        for (group *g = i < set->rules_count ? set->rules[i]->groups : set->limit_rule->groups; g; g = g->next) {
            if (!is_active(g) || !is_wanted(g->alert, topic, after))
                continue;
            if (count == capacity) {
                alert_text **more = reallocarray(all, capacity = capacity ? capacity * 2 : 64, sizeof(*all));
                if (!more) {
                    free(all);
                    return -ENOMEM;
                }
                all = more;
            }
            all[count++] = g->alert;
        }
    if (count > 1)
        qsort(all, count, sizeof(*all), alert_order);
    *ret_all = all;
    *ret_count = count;
    return 0;
}

int rules_write_snapshot(rules *set, const char *epoch, uint64_t seq, thaw_str topic, thaw_str after, uint32_t limit,
                         msgpack_packer *out)
{
    alert_text **all = NULL;
    size_t count = 0;
    int r = set ? active_collect(set, topic, after, &all, &count) : 0;
    if (r < 0)
        return r;
    size_t most = limit ? limit : SNAPSHOT_DEFAULT;
    size_t given = count < most ? count : most;
    msgpack_pack_map(out, 4);
    pack_word(out, "epoch");
    pack_word(out, epoch);
    pack_count(out, "seq", seq);
    pack_word(out, "alerts");
    msgpack_pack_array(out, given);
    for (size_t i = 0; i < given; i++)
        alert_pack(all[i], epoch, out);
    pack_word(out, "more");
    if (count > given)
        msgpack_pack_true(out);
    else
        msgpack_pack_false(out);
    free(all);
    return 0;
}

/* ---- rules -------------------------------------------------------------------------- */

int rules_write_rules(rules *set, msgpack_packer *out)
{
    size_t count = set ? set->rules_count : 0;
    msgpack_pack_map(out, 1);
    pack_word(out, "rules");
    msgpack_pack_array(out, count);
    for (size_t i = 0; i < count; i++) {
        const rule *one = set->rules[i];
        msgpack_pack_map(out, 10);
        pack_word(out, "rule");
        pack_word(out, one->id);
        pack_word(out, "file");
        pack_word(out, one->file ? one->file : "");
        pack_count(out, "line", one->line);
        pack_word(out, "version");
        pack_word(out, one->version);
        pack_count(out, "groups", one->groups_count);
        pack_count(out, "facts", one->facts_count);
        pack_count(out, "firing", one->firing_count);
        pack_count(out, "pending", one->pending_count);
        pack_count(out, "evaluations", one->evaluations.times);
        pack_count(out, "time", cost_ns(&one->offers) + cost_ns(&one->evaluations));
    }
    return 0;
}
