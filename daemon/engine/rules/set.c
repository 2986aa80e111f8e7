/*
 * set.c - a set of rules as a whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "rules/files/read.h"
#include "rules/files/zonefile.h"
#include "rules/set.h"
#include "rules/state.h"

static struct cel_type cel_type_of(fact_type type)
{
    switch (type) {
    case FACT_BOOL:
        return (struct cel_type){.kind = CEL_BOOL};
    case FACT_INT:
        return (struct cel_type){.kind = CEL_INT};
    case FACT_TIME:
        return (struct cel_type){.kind = CEL_TIMESTAMP};
    case FACT_DURATION:
        return (struct cel_type){.kind = CEL_DURATION};
    case FACT_STRINGS:
        return (struct cel_type){.kind = CEL_LIST, .element = CEL_STRING};
    default:
        return (struct cel_type){.kind = CEL_STRING};
    }
}

/* The environment of a kind: its fields, each with the slot of its index. */
static int set_kind(rules *set, fact_kind kind)
{
    kind_fields *fields = &set->kinds[kind];
    struct cel_env *env;
    memset(fields->slots, VIEW_SLOTS_MAX, sizeof fields->slots);
    int res = cel_env_new(&env);
    if (res < 0)
        return res;
    cel_env_set_zones(env, zonefile_load, NULL);
    const char *name;
    fact_field field;
    fact_type type;
    while (res == 0 && fields->count < VIEW_SLOTS_MAX && fact_field_at(kind, fields->count, &name, &field, &type)) {
        uint32_t slot;
        fields->names[fields->count] = name;
        fields->fields[fields->count] = field;
        fields->types[fields->count] = type;
        fields->slots[field] = (uint8_t)fields->count;
        fields->count++;
        res = cel_env_declare(env, name, cel_type_of(type), &slot);
    }
    if (res < 0) {
        cel_env_free(env);
        return res;
    }
    set->envs[kind] = env;
    return 0;
}

int set_new(const rules_limits *limits, rules **ret_set)
{
    rules *set = calloc(1, sizeof *set);
    if (!set)
        return -ENOMEM;
    set->limits = *limits;
    set->now_ns = INT64_MIN;
    int res = cel_evaluator_new(&set->evaluator);
    for (int k = 1; res == 0 && k < FACT_KIND_COUNT; k++)
        if (fact_kind_name((fact_kind)k))
            res = set_kind(set, (fact_kind)k);
    if (res < 0) {
        set_free(set);
        return res;
    }
    *ret_set = set;
    return 0;
}

rules *set_free(rules *set)
{
    if (!set)
        return NULL;
    for (size_t i = 0; i < set->rules_count; i++)
        rule_free(set->rules[i]);
    rule_free(set->limit_rule);
    for (size_t i = 0; i < set->files_count; i++)
        free(set->files[i]);
    for (int k = 0; k < FACT_KIND_COUNT; k++)
        cel_env_free(set->envs[k]);
    cel_evaluator_free(set->evaluator);
    table_done(&set->ids);
    free(set->files);
    free(set->rules);
    free(set);
    return NULL;
}

rule *set_find(const rules *set, const char *id, size_t len)
{
    rule *one = table_get(&set->ids, XXH3_64bits(id, len) | 1);
    for (; one; one = one->id_next)
        if (strlen(one->id) == len && !memcmp(one->id, id, len))
            return one;
    return NULL;
}

int set_add(rules *set, rule *one, const rule **ret_other)
{
    size_t len = strlen(one->id);
    uint64_t key = XXH3_64bits(one->id, len) | 1;
    *ret_other = set_find(set, one->id, len);
    if (*ret_other)
        return -EEXIST;
    if (room_for(&set->rules, &set->rules_capacity, set->rules_count + 1, sizeof *set->rules) < 0)
        return -ENOMEM;
    rule *first = table_get(&set->ids, key);
    if (table_put(&set->ids, key, one) < 0)
        return -ENOMEM;
    one->id_next = first;
    set->rules[set->rules_count++] = one;
    return 0;
}

const char *set_file(rules *set, const char *file)
{
    char **files = reallocarray(set->files, set->files_count + 1, sizeof *files);
    if (!files)
        return NULL;
    set->files = files;
    files[set->files_count] = strdup(file);
    return files[set->files_count] ? files[set->files_count++] : NULL;
}

static int compare_rules(const void *a, const void *b)
{
    return strcmp((*(rule *const *)a)->id, (*(rule *const *)b)->id);
}

/* The rule whose alerts tell that another rule reached a limit. Its groups are made by hand. */
static rule *limit_rule_new(void)
{
    rule *one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    one->builtin = true;
    one->file = "";
    one->country_by = -1;
    one->id = strdup(RULES_LIMIT_RULE);
    one->severity = strdup("warning");
    one->by[0] = strdup("rule");
    one->by_count = 1;
    snprintf(one->version, sizeof one->version, "%016d", 1);
    return one->id && one->severity && one->by[0] ? one : rule_free(one);
}

/* ---- what rules have in common ------------------------------------------------------ */

bool rule_same_by(const rule *a, const rule *b)
{
    if (a->by_count != b->by_count)
        return false;
    for (size_t i = 0; i < a->by_count; i++)
        if (strcmp(a->by[i], b->by[i]) != 0)
            return false;
    return true;
}

static int find_by_like(table *seen, rule *one)
{
    uint64_t key = one->by_count;
    for (size_t i = 0; i < one->by_count; i++)
        key = XXH3_64bits_withSeed(one->by[i], strlen(one->by[i]), key);
    const rule *like = table_get(seen, key | 1);
    one->by_like = like && rule_same_by(like, one) ? like : one;
    return like ? 0 : table_put(seen, key | 1, one);
}

static bool same_where(const selection *a, const selection *b)
{
    struct cel_text x = cel_program_text(a->where), y = cel_program_text(b->where);
    return a->kind == b->kind && x.len == y.len && !memcmp(x.data, y.data, x.len);
}

static int find_where_like(table *seen, selection *s)
{
    if (!s->where)
        return 0;
    struct cel_text text = cel_program_text(s->where);
    uint64_t key = XXH3_64bits_withSeed(text.data, text.len, (uint64_t)s->kind) | 1;
    selection *like = table_get(seen, key);
    s->where_like = like && same_where(like, s) ? like : s;
    return like ? 0 : table_put(seen, key, s);
}

/* Rules with the same `by`, selections with the same `where`: what is worked out for one serves all. */
static int find_likes(rules *set)
{
    table by = {0}, where = {0};
    int res = 0;
    for (size_t i = 0; res == 0 && i < set->rules_count; i++) {
        res = find_by_like(&by, set->rules[i]);
        for (size_t s = 0; res == 0 && s < set->rules[i]->selections_count; s++)
            res = find_where_like(&where, &set->rules[i]->selections[s]);
    }
    table_done(&by);
    table_done(&where);
    return res;
}

int set_finish(rules *set)
{
    if (!(set->limit_rule = limit_rule_new()))
        return -ENOMEM;
    if (set->rules_count)
        qsort(set->rules, set->rules_count, sizeof(rule *), compare_rules);
    for (size_t i = 0; i < set->rules_count; i++)
        set->rules[i]->index = (uint32_t)i;
    set->limit_rule->index = (uint32_t)set->rules_count;
    set->limit_rule->by_like = set->limit_rule;
    return find_likes(set);
}

size_t rules_count(const rules *set)
{
    return set->rules_count;
}

/* How far back the windows of a rule reach, of what can be dropped. */
static int64_t rule_reach(const rule *one)
{
    int64_t reach_ns = 0;
    for (size_t i = 0; i < one->selections_count; i++) {
        const selection *s = &one->selections[i];
        int64_t window_ns = s->has_within ? s->within_ns : s->has_before ? s->before_ns : 0;
        if (s->kind != FACT_FEED && window_ns > reach_ns)
            reach_ns = window_ns;
    }
    return reach_ns;
}

size_t rules_beyond(const rules *set, int64_t age_ns, const char **ret_rule, int64_t *ret_window_ns)
{
    int64_t furthest_ns = age_ns;
    size_t count = 0;
    for (size_t i = 0; i < set->rules_count; i++) {
        int64_t reach_ns = rule_reach(set->rules[i]);
        count += reach_ns > age_ns;
        if (reach_ns <= furthest_ns)
            continue;
        *ret_rule = set->rules[i]->id;
        *ret_window_ns = furthest_ns = reach_ns;
    }
    return count;
}
