/*
 * read_rule.c - one rule of a rule file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "rules/files/read.h"

static const char *const rule_keys[] = {"rule", "by",       "select",   "when",  "until",
                                        "for",  "keep_for", "severity", "title", "labels"};
enum {
    KEY_RULE,
    KEY_BY,
    KEY_SELECT,
    KEY_WHEN,
    KEY_UNTIL,
    KEY_FOR,
    KEY_KEEP_FOR,
    KEY_SEVERITY,
    KEY_TITLE,
    KEY_LABELS,
    KEY_COUNT
};

rule *rule_free(rule *one)
{
    if (!one)
        return NULL;
    for (size_t i = 0; i < one->selections_count; i++) {
        free(one->selections[i].name);
        free(one->selections[i].thresholds);
        cel_program_free(one->selections[i].where);
    }
    for (size_t i = 0; i < one->labels_count; i++) {
        free(one->labels[i].name);
        free(one->labels[i].source);
        template_done(&one->labels[i].text);
    }
    for (size_t i = 0; i < one->by_count; i++)
        free(one->by[i]);
    template_done(&one->title);
    cel_program_free(one->when);
    cel_program_free(one->until);
    free(one->selections);
    free(one->labels);
    free(one->severity);
    free(one->title_source);
    free(one->id);
    free(one);
    return NULL;
}

static bool word_good(const char *text, size_t len, size_t max)
{
    if (!text || !len || len > max)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '-'))
            return false;
    return true;
}

static int read_id(reader *r, struct fy_node *node, rule *one)
{
    size_t len = 0;
    const char *text = node_text(node, &len);
    if (!word_good(text, len, 64))
        return complain_node(r, node, "rule: an id has 1 to 64 of a-z, 0-9 and -");
    if (len == strlen(RULES_LIMIT_RULE) && !memcmp(text, RULES_LIMIT_RULE, len))
        return complain_node(r, node, "rule: %s is taken: its alerts tell that a rule reached a limit",
                             RULES_LIMIT_RULE);
    one->id = strndup(text, len);
    return one->id ? 0 : -ENOMEM;
}

/* Others may be words of the house (page, ticket); what is nearly one of these is a slip of the pen, and
 * would be missed by everyone who asks for the right one. */
static int check_severity(reader *r, struct fy_node *node, const char *text, size_t len)
{
    static const char *const known[] = {"info", "notice", "warning", "error", "critical"};
    const size_t count = sizeof known / sizeof known[0];
    if (r->set->limits.accepted_once && text)
        return 0;
    for (size_t i = 0; text && i < count; i++)
        if (strlen(known[i]) == len && !memcmp(known[i], text, len))
            return 0;
    const char *near = text ? rule_nearest_name(text, len, known, count) : NULL;
    if (near)
        return complain_node(r, node, "severity: %.*s is none; did you mean %s?", (int)len, text, near);
    if (!word_good(text, len, 32))
        return complain_node(r, node,
                             "severity: expected info, notice, warning, error, critical, or another word of a-z, "
                             "0-9 and - (at most 32)");
    warn_node(r, node,
              "severity: %.*s is none of info, notice, warning, error, critical: do those who read it know it?",
              (int)len, text);
    return 0;
}

static int read_severity(reader *r, struct fy_node *node, rule *one)
{
    size_t len = 4;
    const char *text = node ? node_text(node, &len) : "info";
    int res = node ? check_severity(r, node, text, len) : 0;
    if (res < 0)
        return res;
    one->severity = strndup(text, len);
    return one->severity ? 0 : -ENOMEM;
}

static int read_by(reader *r, struct fy_node *node, rule *one)
{
    one->country_by = -1;
    if (!node)
        return 0;
    if (fy_node_get_type(node) != FYNT_SEQUENCE)
        return complain_node(r, node, "by: expected a list of fields, as in [country]");
    int count = fy_node_sequence_item_count(node);
    if (count > RULES_BY_MAX)
        return complain_node(r, node, "by: %d fields, at most %d are allowed", count, RULES_BY_MAX);
    void *walk = NULL;
    struct fy_node *item;
    while ((item = fy_node_sequence_iterate(node, &walk))) {
        size_t len = 0;
        const char *text = node_text(item, &len);
        if (!text || !len || len > 64)
            return complain_node(r, item, "by: the name of a field is empty or too long");
        for (size_t i = 0; i < one->by_count; i++)
            if (strlen(one->by[i]) == len && !memcmp(one->by[i], text, len))
                return complain_node(r, item, "by: %s stands here twice", one->by[i]);
        if (len == 7 && !memcmp(text, "country", 7))
            one->country_by = (int)one->by_count;
        if (!(one->by[one->by_count] = strndup(text, len)))
            return -ENOMEM;
        one->by_count++;
    }
    return 0;
}

static int read_labels(reader *r, const struct cel_env *env, struct fy_node *node, rule *one)
{
    if (fy_node_get_type(node) != FYNT_MAPPING)
        return complain_node(r, node, "labels: expected a map of names and texts");
    int count = fy_node_mapping_item_count(node);
    if (count < 0 || (uint32_t)count > r->set->limits.labels)
        return complain_node(r, node, "labels: %d labels, at most %u are allowed", count, r->set->limits.labels);
    if (!(one->labels = calloc((size_t)count + 1, sizeof *one->labels)))
        return -ENOMEM;
    void *walk = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(node, &walk))) {
        size_t len = 0, source_len = 0;
        const char *name = node_text(fy_node_pair_key(pair), &len);
        if (!name || !len || len > 64)
            return complain_node(r, fy_node_pair_key(pair), "labels: a name has 1 to 64 bytes");
        rule_label *label = &one->labels[one->labels_count++];
        label->name = strndup(name, len);
        int res = compile_template(r, env, fy_node_pair_value(pair), &label->text);
        if (res < 0)
            return res;
        const char *source = node_text(fy_node_pair_value(pair), &source_len);
        label->source = strndup(source, source_len);
        if (!label->name || !label->source)
            return -ENOMEM;
    }
    return 0;
}

/* ---- conditions --------------------------------------------------------------------- */

static int refuse_constant(reader *r, struct fy_node *when, struct fy_node *until, const rule *one)
{
    const char *name;
    size_t offset;
    bool verdict;
    if (refuse_impossible(r, when, "when", one->when) < 0)
        return -EINVAL;
    if (cel_program_constant(one->when, &verdict))
        warn_node(r, when, "when: the condition is always true: it fires for every group");
    if (one->until && cel_program_constant(one->until, &verdict)) {
        if (verdict)
            return complain_node(r, until, "until: the condition is always true: the rule can never fire");
        warn_node(r, until, "until: the condition is never true: the alert never ends");
    } else if (one->until && cel_program_contradicts(one->until, &offset, &name)) {
        warn_node(r, until, "until: its parts on %s exclude one another: the alert never ends", name);
    }
    return 0;
}

static void note_aggregates(rule *one, const struct cel_program *program)
{
    size_t count;
    const struct cel_slot *slots = program ? cel_program_slots(program, &count) : NULL;
    for (size_t i = 0; slots && i < count; i++)
        for (size_t s = 0; s < one->selections_count; s++) {
            selection *sel = &one->selections[s];
            size_t fields = sel->count_field == FIELD_NONE ? AGG_SUM : AGG_TOTAL;
            if (slots[i].slot >= sel->first_slot && slots[i].slot < sel->first_slot + fields)
                sel->aggregates |= 1u << (slots[i].slot - sel->first_slot);
        }
}

static void note_template(rule *one, const text_template *t)
{
    for (size_t i = 0; i < t->count; i++)
        note_aggregates(one, t->parts[i].program);
}

static int read_texts(reader *r, const struct cel_env *env, struct fy_node *nodes[KEY_COUNT], rule *one)
{
    int res = 0;
    if (nodes[KEY_TITLE]) {
        size_t len = 0;
        const char *text = node_text(nodes[KEY_TITLE], &len);
        one->title_source = strndup(text ? text : "", len);
        res = one->title_source ? compile_template(r, env, nodes[KEY_TITLE], &one->title) : -ENOMEM;
    } else if (!(one->title_source = strdup(""))) {
        res = -ENOMEM;
    }
    int labels = nodes[KEY_LABELS] ? read_labels(r, env, nodes[KEY_LABELS], one) : 0;
    return res < 0 ? res : labels;
}

static int read_expressions(reader *r, struct fy_node *nodes[KEY_COUNT], rule *one)
{
    struct cel_env *env;
    int res = compile_environment(r, nodes[KEY_SELECT], one, &env);
    if (res < 0)
        return res;
    res = compile_condition(r, env, nodes[KEY_WHEN], "when", &one->when);
    int until = nodes[KEY_UNTIL] ? compile_condition(r, env, nodes[KEY_UNTIL], "until", &one->until) : 0;
    int texts = read_texts(r, env, nodes, one);
    cel_env_free(env);
    res = res < 0 ? res : until < 0 ? until : texts;
    if (res < 0)
        return res;
    note_aggregates(one, one->when);
    note_aggregates(one, one->until);
    note_template(one, &one->title);
    for (size_t i = 0; i < one->labels_count; i++)
        note_template(one, &one->labels[i].text);
    res = refuse_constant(r, nodes[KEY_WHEN], nodes[KEY_UNTIL], one);
    if (res == 0 && r->with_warnings)
        suspect_rule(r, nodes[KEY_SELECT], nodes[KEY_WHEN], nodes[KEY_UNTIL], one);
    return res;
}

/* ---- what a rule is, as a number ---------------------------------------------------- */

static void hash_text(XXH3_state_t *h, const char *text, size_t len)
{
    uint64_t size = len;
    XXH3_64bits_update(h, &size, sizeof size);
    XXH3_64bits_update(h, text, len);
}

static void hash_number(XXH3_state_t *h, int64_t number)
{
    XXH3_64bits_update(h, &number, sizeof number);
}

static void hash_program(XXH3_state_t *h, const struct cel_program *program)
{
    struct cel_text text = program ? cel_program_text(program) : (struct cel_text){"", 0};
    hash_text(h, text.data, text.len);
}

static void hash_rule(rule *one)
{
    XXH3_state_t h;
    XXH3_64bits_reset(&h);
    hash_text(&h, one->id, strlen(one->id));
    for (size_t i = 0; i < one->by_count; i++)
        hash_text(&h, one->by[i], strlen(one->by[i]));
    hash_number(&h, (int64_t)one->by_count);
    for (size_t i = 0; i < one->selections_count; i++) {
        const selection *s = &one->selections[i];
        hash_text(&h, s->name, strlen(s->name));
        hash_number(&h, s->kind);
        hash_number(&h, s->at);
        hash_number(&h, s->has_within ? s->within_ns : -1);
        hash_number(&h, s->has_before ? s->before_ns : -1);
        hash_number(&h, s->has_ahead ? s->ahead_ns : -1);
        hash_program(&h, s->where);
    }
    hash_program(&h, one->when);
    hash_program(&h, one->until);
    one->meaning_hash = XXH3_64bits_digest(&h);
    hash_number(&h, one->for_ns);
    hash_number(&h, one->keep_for_ns);
    hash_text(&h, one->severity, strlen(one->severity));
    hash_text(&h, one->title_source, strlen(one->title_source));
    for (size_t i = 0; i < one->labels_count; i++) {
        hash_text(&h, one->labels[i].name, strlen(one->labels[i].name));
        hash_text(&h, one->labels[i].source, strlen(one->labels[i].source));
    }
    one->full_hash = XXH3_64bits_digest(&h);
    snprintf(one->version, sizeof one->version, "%016llx", (unsigned long long)one->full_hash);
}

/* ---- one rule ----------------------------------------------------------------------- */

static int read_keys(reader *r, struct fy_node *node, struct fy_node *nodes[KEY_COUNT])
{
    void *walk = NULL;
    struct fy_node_pair *pair;
    int res = 0;
    if (fy_node_get_type(node) != FYNT_MAPPING)
        return complain_node(r, node, "a rule is a map that begins with `rule: ID`");
    while ((pair = fy_node_mapping_iterate(node, &walk))) {
        size_t len = 0, k = 0;
        const char *key = node_text(fy_node_pair_key(pair), &len);
        while (key && k < KEY_COUNT && (strlen(rule_keys[k]) != len || memcmp(rule_keys[k], key, len) != 0))
            k++;
        if (key && k < KEY_COUNT) {
            nodes[k] = fy_node_pair_value(pair);
            continue;
        }
        const char *near = key ? rule_nearest_name(key, len, rule_keys, KEY_COUNT) : NULL;
        res = complain_node(r, fy_node_pair_key(pair), "unknown key of a rule%s%s%s",
                            near ? "; did you mean "
                                 : " (rule, by, select, when, until, for, keep_for, severity, title, labels)",
                            near ? near : "", near ? "?" : "");
    }
    static const int required[] = {KEY_RULE, KEY_SELECT, KEY_WHEN};
    for (size_t i = 0; i < 3; i++)
        if (!nodes[required[i]])
            res = complain_node(r, node, "a rule needs `%s`", rule_keys[required[i]]);
    return res;
}

static int worse(int a, int b)
{
    return a == -ENOMEM || (a < 0 && b != -ENOMEM) ? a : b;
}

static int read_parts(reader *r, struct fy_node *nodes[KEY_COUNT], rule *one)
{
    int res = read_id(r, nodes[KEY_RULE], one);
    res = worse(res, read_severity(r, nodes[KEY_SEVERITY], one));
    if (nodes[KEY_FOR])
        res = worse(res, read_duration(r, nodes[KEY_FOR], "for", &one->for_ns));
    if (nodes[KEY_KEEP_FOR])
        res = worse(res, read_duration(r, nodes[KEY_KEEP_FOR], "keep_for", &one->keep_for_ns));
    int parts = read_by(r, nodes[KEY_BY], one);
    if (parts == 0)
        parts = read_selections(r, nodes[KEY_SELECT], nodes[KEY_BY], one);
    if (parts == 0)
        parts = read_expressions(r, nodes, one);
    return worse(res, parts);
}

int read_rule(reader *r, struct fy_node *node, rule **ret_rule)
{
    struct fy_node *nodes[KEY_COUNT] = {NULL};
    *ret_rule = NULL;
    r->rule_errors = 0;
    int res = read_keys(r, node, nodes);
    if (res < 0)
        return r->no_memory ? -ENOMEM : 0;
    rule *one = calloc(1, sizeof *one);
    if (!one)
        return -ENOMEM;
    one->file = r->file;
    one->line = line_of(r, node_offset(r, node));
    res = read_parts(r, nodes, one);
    if (res < 0 || r->rule_errors) {
        rule_free(one);
        return res == -ENOMEM || r->no_memory ? -ENOMEM : 0;
    }
    hash_rule(one);
    *ret_rule = one;
    return 0;
}
