/*
 * read_selection.c - `select` of a rule: which facts, over which window.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/files/read.h"

static const char *const selection_keys[] = {"kind", "where", "within", "before", "ahead", "at"};
enum { KEY_KIND, KEY_WHERE, KEY_WITHIN, KEY_BEFORE, KEY_AHEAD, KEY_AT, KEY_COUNT };

int read_duration(reader *r, struct fy_node *node, const char *key, int64_t *ret_ns)
{
    size_t len = 0;
    const char *text = node_text(node, &len);
    int res = text ? rule_duration_parse(text, len, ret_ns) : -EINVAL;
    if (res == -ERANGE)
        return complain_node(r, node, "%s: a duration is longer than nothing and at most 100 years", key);
    if (res < 0)
        return complain_node(r, node,
                             "%s: expected a duration of weeks, days, hours, minutes and seconds, as 14d, "
                             "72h or 1d12h",
                             key);
    return 0;
}

static const char *type_word(fact_type type)
{
    switch (type) {
    case FACT_BOOL:
        return "a bool";
    case FACT_INT:
        return "a number";
    case FACT_STRING:
        return "a text";
    case FACT_TIME:
        return "a time";
    case FACT_DURATION:
        return "a duration";
    default:
        return "a list";
    }
}

static int complain_kind(reader *r, struct fy_node *node)
{
    const char *names[FACT_KIND_COUNT];
    size_t count = 0, len = 0;
    for (int k = 1; k < FACT_KIND_COUNT; k++)
        if (fact_kind_name((fact_kind)k) && r->set->envs[k])
            names[count++] = fact_kind_name((fact_kind)k);
    const char *text = node_text(node, &len);
    const char *near = text ? rule_nearest_name(text, len, names, count) : NULL;
    return complain_node(r, node,
                         "kind: expected release, detention, sanction, talks, tally, feed, measure, "
                         "person or report%s%s%s",
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int read_kind(reader *r, struct fy_node *node, fact_kind *ret_kind)
{
    size_t len;
    const char *text = node_text(node, &len);
    if (!text || fact_kind_parse(text, len, ret_kind) < 0 || !r->set->envs[*ret_kind])
        return complain_kind(r, node);
    return 0;
}

/* A field of the kind by name, with a complaint that names the nearest one. */
static int read_field(reader *r, struct fy_node *node, const char *key, fact_kind kind, const char *text, size_t len,
                      fact_field *ret_field, fact_type *ret_type)
{
    const kind_fields *fields = &r->set->kinds[kind];
    if (fact_field_find(kind, text, len, ret_field, ret_type) == 0)
        return 0;
    const char *near = rule_nearest_name(text, len, fields->names, fields->count);
    return complain_node(r, node, "%s: a %s has no field %.*s%s%s%s", key, fact_kind_name(kind),
                         (int)(len < 64 ? len : 64), text, near ? "; did you mean " : "", near ? near : "",
                         near ? "?" : "");
}

static int read_at(reader *r, struct fy_node *node, selection *s)
{
    size_t len;
    fact_type type = FACT_TIME;
    const char *text = node_text(node, &len);
    if (!text)
        return complain_node(r, node, "at: expected the name of a field that is a time");
    int res = read_field(r, node, "at", s->kind, text, len, &s->at, &type);
    if (res < 0)
        return res;
    if (type != FACT_TIME)
        return complain_node(r, node, "at: %.*s is %s, a window needs a time", (int)len, text, type_word(type));
    return 0;
}

static int read_ahead(reader *r, struct fy_node *node, selection *s)
{
    size_t len;
    const char *text = node_text(node, &len);
    s->has_ahead = true;
    s->ahead_ns = INT64_MAX;
    if (text && len == 4 && !memcmp(text, "none", 4))
        return 0;
    return read_duration(r, node, "ahead", &s->ahead_ns);
}

static int read_window(reader *r, struct fy_node *nodes[KEY_COUNT], selection *s)
{
    int res = 0;
    s->at = fact_field_default_at(s->kind);
    if (nodes[KEY_AT])
        res = read_at(r, nodes[KEY_AT], s);
    if (res == 0 && nodes[KEY_WITHIN]) {
        s->has_within = true;
        res = read_duration(r, nodes[KEY_WITHIN], "within", &s->within_ns);
    }
    if (res == 0 && nodes[KEY_BEFORE]) {
        s->has_before = true;
        res = read_duration(r, nodes[KEY_BEFORE], "before", &s->before_ns);
    }
    if (res == 0 && nodes[KEY_AHEAD])
        res = read_ahead(r, nodes[KEY_AHEAD], s);
    if (res < 0)
        return res;
    if (s->has_ahead && (s->has_within || s->has_before))
        return complain_node(r, nodes[KEY_AHEAD],
                             "ahead cannot stand beside within or before: nothing is ahead and past; "
                             "use two selections");
    if (s->has_within && s->has_before && s->before_ns >= s->within_ns)
        return complain_node(r, nodes[KEY_BEFORE], "before is not shorter than within: nothing can be in both");
    return 0;
}

static bool reads_silence(const rules *set, const selection *s)
{
    size_t count;
    const struct cel_slot *slots = cel_program_slots(s->where, &count);
    for (size_t i = 0; i < count; i++)
        if (set->kinds[s->kind].fields[slots[i].slot] == FIELD_SILENT_FOR)
            return true;
    return false;
}

static int compare_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The durations that the text names, and the sums and differences of each two: the silences at
 * which a condition on silent_for may change. */
static int read_thresholds(reader *r, struct fy_node *node, selection *s)
{
    int64_t found[RULES_THRESHOLDS_MAX], all[RULES_THRESHOLDS_MAX * 8];
    size_t found_count = 0, count = 0;
    struct cel_text text = cel_program_text(s->where);
    const char *end = text.data + text.len, *at = text.data;
    while ((at = memmem(at, (size_t)(end - at), "duration(", 9)) && found_count < 8) {
        const char *open = at + 9;
        while (open < end && *open == ' ')
            open++;
        at += 9;
        const char *close = open < end ? memchr(open + 1, *open, (size_t)(end - open - 1)) : NULL;
        struct cel_value value;
        if (close && cel_duration_parse(open + 1, (size_t)(close - open - 1), &value) == 0 && value.duration_ns > 0)
            found[found_count++] = value.duration_ns;
    }
    if (!found_count)
        return complain_node(r, node,
                             "where: silent_for must be compared with a constant, as in silent_for > "
                             "duration(\"72h\")");
    for (size_t i = 0; i < found_count; i++) {
        all[count++] = found[i];
        for (size_t j = 0; j < found_count; j++) {
            if (i == j)
                continue;
            if (found[i] <= INT64_MAX - found[j] && i < j)
                all[count++] = found[i] + found[j];
            if (found[i] > found[j])
                all[count++] = found[i] - found[j];
        }
    }
    qsort(all, count, sizeof all[0], compare_int64);
    s->thresholds = calloc(count, sizeof *s->thresholds);
    if (!s->thresholds)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (!s->thresholds_count || all[i] != s->thresholds[s->thresholds_count - 1])
            s->thresholds[s->thresholds_count++] = all[i];
    return 0;
}

static int read_where(reader *r, struct fy_node *node, selection *s)
{
    int res = compile_condition(r, r->set->envs[s->kind], node, "where", &s->where);
    if (res < 0)
        return res;
    res = refuse_impossible(r, node, "where", s->where);
    if (res == 0 && reads_silence(r->set, s))
        res = read_thresholds(r, node, s);
    if (res == 0)
        suspect_where(r, node, s->kind, s->where);
    return res;
}

static int read_by_fields(reader *r, struct fy_node *by, const rule *one, selection *s)
{
    for (size_t i = 0; i < one->by_count; i++) {
        struct fy_node *node = fy_node_sequence_get_by_index(by, (int)i);
        fact_type type = FACT_STRING;
        int res = read_field(r, node, "by", s->kind, one->by[i], strlen(one->by[i]), &s->by[i], &type);
        if (res < 0)
            return res;
        if (type == FACT_TIME || type == FACT_DURATION)
            return complain_node(r, node, "by: %s is %s: groups are made of texts, numbers and bools", one->by[i],
                                 type_word(type));
    }
    return 0;
}

static bool name_good(const char *text, size_t len)
{
    if (!len || len > 64 || (text[0] >= '0' && text[0] <= '9'))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_' ||
              (text[i] >= '0' && text[i] <= '9')))
            return false;
    return true;
}

static int read_keys(reader *r, struct fy_node *node, struct fy_node *nodes[KEY_COUNT])
{
    void *walk = NULL;
    struct fy_node_pair *pair;
    int res = 0;
    if (!node || fy_node_get_type(node) != FYNT_MAPPING)
        return complain_node(r, node, "a selection is a map, as in {kind: release, within: 14d}");
    while ((pair = fy_node_mapping_iterate(node, &walk))) {
        size_t len = 0, k = 0;
        const char *key = node_text(fy_node_pair_key(pair), &len);
        while (key && k < KEY_COUNT && (strlen(selection_keys[k]) != len || memcmp(selection_keys[k], key, len) != 0))
            k++;
        if (key && k < KEY_COUNT) {
            nodes[k] = fy_node_pair_value(pair);
            continue;
        }
        const char *near = key ? rule_nearest_name(key, len, selection_keys, KEY_COUNT) : NULL;
        res = complain_node(r, fy_node_pair_key(pair), "unknown key of a selection%s%s%s",
                            near ? "; did you mean " : " (kind, where, within, before, ahead, at)", near ? near : "",
                            near ? "?" : "");
    }
    if (res == 0 && !nodes[KEY_KIND])
        res = complain_node(r, node, "a selection needs `kind`");
    return res;
}

static int read_selection(reader *r, struct fy_node_pair *pair, struct fy_node *by, rule *one)
{
    struct fy_node *nodes[KEY_COUNT] = {NULL}, *value = fy_node_pair_value(pair);
    size_t len = 0;
    const char *name = node_text(fy_node_pair_key(pair), &len);
    if (!name || !name_good(name, len))
        return complain_node(r, fy_node_pair_key(pair),
                             "the name of a selection is made of letters, digits and _ (at most 64), "
                             "and does not begin with a digit");
    selection *s = &one->selections[one->selections_count++];
    s->name = strndup(name, len);
    if (!s->name)
        return -ENOMEM;
    int res = read_keys(r, value, nodes);
    if (res == 0)
        res = read_kind(r, nodes[KEY_KIND], &s->kind);
    if (res < 0)
        return res;
    fact_type type = FACT_NONE;
    if (fact_field_find(s->kind, "count", 5, &s->count_field, &type) < 0 &&
        fact_field_find(s->kind, "expected_count", 14, &s->count_field, &type) < 0)
        s->count_field = FIELD_NONE;
    res = read_by_fields(r, by, one, s);
    int window = read_window(r, nodes, s);
    int where = nodes[KEY_WHERE] ? read_where(r, nodes[KEY_WHERE], s) : 0;
    return res < 0 ? res : window < 0 ? window : where;
}

int read_selections(reader *r, struct fy_node *node, struct fy_node *by, rule *one)
{
    if (!node || fy_node_get_type(node) != FYNT_MAPPING || fy_node_mapping_item_count(node) < 1)
        return complain_node(r, node, "select: expected at least one selection, as in freed: {kind: release}");
    int count = fy_node_mapping_item_count(node);
    uint32_t max = r->set->limits.selections < RULES_SELECTIONS_MAX ? r->set->limits.selections : RULES_SELECTIONS_MAX;
    if ((uint32_t)count > max)
        return complain_node(r, node, "select: %d selections, at most %u are allowed", count, max);
    one->selections = calloc((size_t)count, sizeof *one->selections);
    if (!one->selections)
        return -ENOMEM;
    void *walk = NULL;
    struct fy_node_pair *pair;
    int res = 0;
    while ((pair = fy_node_mapping_iterate(node, &walk))) {
        int one_res = read_selection(r, pair, by, one);
        if (one_res < 0)
            res = one_res;
    }
    return res;
}
