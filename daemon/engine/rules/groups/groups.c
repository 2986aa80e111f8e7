/*
 * groups.c - the groups of a rule: one for each combination of the `by` fields' values.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "packed.h"
#include "rules/state.h"

/* ---- a group's key, as map and as text ---------------------------------------------- */

void group_pack_key(const rule *one, const struct cel_value by[], msgpack_packer *out)
{
    msgpack_pack_map(out, one->by_count);
    for (size_t i = 0; i < one->by_count; i++) {
        pack_text(out, one->by[i]);
        pack_cel(out, &by[i]);
    }
}

static uint64_t key_hash(const msgpack_sbuffer *key)
{
    return XXH3_64bits(key->data, key->size);
}

/* Where a group stands in the table: the groups of all rules share it. */
static uint64_t group_hash(const rule *one, uint64_t hash)
{
    return (hash ^ one->index * UINT64_C(0x9FB21C651E98DF25)) | 1;
}

/* What stands between the colons of an alert's id: values joined by commas; what would be taken
 * for a joint, and control characters, as %XX. A long one is cut and ends in a hash. */
static char *key_text(const rule *one, const struct cel_value by[], uint64_t hash)
{
    char text[RULES_GROUP_TEXT_MAX + 24];
    size_t used = 0;
    if (!one->by_count)
        return strdup("-");
    for (size_t i = 0; i < one->by_count; i++) {
        char number[32];
        struct cel_text t = by[i].text;
        if (by[i].kind != CEL_STRING) {
            t.len = cel_value_format(&by[i], number, sizeof number);
            t.data = number;
        }
        if (i)
            text[used++] = ',';
        for (size_t j = 0; j < t.len; j++) {
            unsigned char c = (unsigned char)t.data[j];
            if (used + 4 > RULES_GROUP_TEXT_MAX) {
                while (used > 0 && ((unsigned char)text[used - 1] & 0xC0) == 0x80)
                    used--;
                if (used > 0 && (unsigned char)text[used - 1] >= 0xC0)
                    used--;
                snprintf(text + used, 24, "~%016llx", (unsigned long long)hash);
                return strdup(text);
            }
            if (c < 0x20 || c == '%' || c == ':' || c == ',' || c == 0x7f)
                used += (size_t)snprintf(text + used, 4, "%%%02X", c);
            else
                text[used++] = (char)c;
        }
    }
    text[used] = '\0';
    return strdup(text);
}

/* ---- finding and making ------------------------------------------------------------- */

static group *find_key(const rules *set, const rule *one, const msgpack_sbuffer *key, uint64_t hash)
{
    group *g = table_get(&set->groups, group_hash(one, hash));
    while (g && (g->rule != one || g->key_len != key->size || memcmp(g->key, key->data, key->size) != 0))
        g = g->bucket_next;
    return g;
}

/* The values of `by` outlive the fact they were read from. */
static int keep_by(group *g, const rule *one, const struct cel_value by[])
{
    size_t bytes = 0, used = 0;
    for (size_t i = 0; i < one->by_count; i++)
        bytes += by[i].kind == CEL_STRING ? by[i].text.len : 0;
    g->by_text = malloc(bytes + 1);
    if (!g->by_text)
        return -ENOMEM;
    for (size_t i = 0; i < one->by_count; i++) {
        g->by[i] = by[i];
        if (by[i].kind != CEL_STRING)
            continue;
        if (by[i].text.len)
            memcpy(g->by_text + used, by[i].text.data, by[i].text.len);
        g->by[i].text.data = g->by_text + used;
        used += by[i].text.len;
    }
    return 0;
}

static void group_destroy(group *g)
{
    free(g->text);
    free(g->key);
    free(g->by_text);
    free(g->entries);
    free(g->totals);
    free(g->tallies);
    free(g->newest);
    free(g->causes);
    free(g);
}

static group *group_new(rule *one, const struct cel_value by[], const msgpack_sbuffer *key, uint64_t hash)
{
    group *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->due.type = DEADLINE_LIFE;
    g->rule = one;
    g->hash = group_hash(one, hash);
    g->round = 1;
    g->key = malloc(key->size);
    g->key_len = key->size;
    g->text = key_text(one, by, hash);
    g->entries = calloc(one->selections_count + 1, sizeof(entry *));
    g->totals = calloc(one->selections_count + 1, sizeof *g->totals);
    if (!g->key || !g->text || !g->entries || !g->totals || keep_by(g, one, by) < 0) {
        group_destroy(g);
        return NULL;
    }
    memcpy(g->key, key->data, key->size);
    return g;
}

static int group_make(rules *set, rule *one, const struct cel_value by[], const msgpack_sbuffer *key, uint64_t hash,
                      group **ret_group)
{
    if (one->groups_count >= set->limits.groups && !one->builtin)
        return limit_note(set, one, LIMIT_GROUPS) < 0 ? -ENOMEM : -ENOSPC;
    group *g = group_new(one, by, key, hash);
    if (!g)
        return -ENOMEM;
    group *first = table_get(&set->groups, g->hash);
    if (table_put(&set->groups, g->hash, g) < 0) {
        group_destroy(g);
        return -ENOMEM;
    }
    hold_group(set, g);
    g->bucket_next = first;
    g->next = one->groups;
    if (one->groups)
        one->groups->prev = g;
    one->groups = g;
    one->groups_count++;
    *ret_group = g;
    return 0;
}

static int key_write(const rule *one, const struct cel_value by[], msgpack_sbuffer *key)
{
    packing p;
    msgpack_sbuffer_clear(key);
    packing_begin(&p, key);
    group_pack_key(one, by, &p.out);
    return packing_end(&p);
}

static int group_at(rules *set, rule *one, const struct cel_value by[], const msgpack_sbuffer *key, uint64_t hash,
                    group **ret_group)
{
    group *g = find_key(set, one, key, hash);
    if (!g)
        return group_make(set, one, by, key, hash, ret_group);
    *ret_group = g;
    return 0;
}

int group_get(rules *set, rule *one, const struct cel_value by[], group **ret_group)
{
    int res = key_write(one, by, &set->key);
    return res < 0 ? res : group_at(set, one, by, &set->key, key_hash(&set->key), ret_group);
}

/* The same of the open fact's own values: their key is written once for all rules with that `by`. */
static int group_of_view(rules *set, rule *one, const struct cel_value by[], group **ret_group)
{
    fact_view *v = &set->view;
    if (v->key_of != one->by_like) {
        if (key_write(one, by, &v->key) < 0)
            return -ENOMEM;
        v->key_of = one->by_like;
        v->key_hash = key_hash(&v->key);
    }
    return group_at(set, one, by, &v->key, v->key_hash, ret_group);
}

static void group_unlink(rules *set, group *g)
{
    group *first = table_get(&set->groups, g->hash);
    if (first == g && !g->bucket_next)
        (void)table_take(&set->groups, g->hash);
    else if (first == g)
        (void)table_put(&set->groups, g->hash, g->bucket_next); /* replaces: needs no memory */
    else
        for (; first; first = first->bucket_next)
            if (first->bucket_next == g)
                first->bucket_next = g->bucket_next;
    if (g->prev)
        g->prev->next = g->next;
    else
        g->rule->groups = g->next;
    if (g->next)
        g->next->prev = g->prev;
    g->rule->groups_count--;
}

bool group_idle(const group *g)
{
    return !g->entries_count && !g->gone && g->state == LIFE_NONE && !g->number && !g->records && !g->dirty &&
           g->rule->by_count;
}

void group_free(rules *set, group *g)
{
    g->dirty = true; /* so that nothing of it is put on the list again */
    deadline_clear(&set->deadlines, &g->due);
    group_unlink(set, g);
    for (size_t s = 0; s < g->rule->selections_count; s++)
        while (g->entries[s])
            (void)entry_drop(set, g->entries[s], false);
    group_forget_gone(set, g);
    record_free(set, g->basis);
    while (g->records) {
        record *next = g->records->next;
        record_free(set, g->records);
        g->records = next;
    }
    alert_let_go(set, g->alert);
    for (size_t s = 0; g->tallies && s < g->rule->selections_count; s++)
        tally_free(set, g->tallies[s]);
    set->held -= g->held;
    group_destroy(g);
}

static bool groups_by_id(const rule *one)
{
    for (size_t i = 0; i < one->by_count; i++)
        if (one->selections_count && one->selections[0].by[i] == FIELD_ID)
            return true;
    return false;
}

int group_of_id(rules *set, const group *g, group **ret_group)
{
    struct cel_value by[RULES_BY_MAX];
    *ret_group = NULL;
    if (!groups_by_id(g->rule))
        return 0;
    for (size_t i = 0; i < g->rule->by_count; i++)
        by[i] = g->rule->selections[0].by[i] == FIELD_ID ? *view_value(&set->view, FIELD_ID) : g->by[i];
    if (key_write(g->rule, by, &set->key) < 0)
        return -ENOMEM;
    group *found = find_key(set, g->rule, &set->key, key_hash(&set->key));
    *ret_group = found != g ? found : NULL;
    return 0;
}

/* ---- the groups of a fact ----------------------------------------------------------- */

typedef struct fan {
    rules *set;
    rule *rule;
    const selection *selection;
    group_fn on_group;
    void *context;
    struct cel_value by[RULES_BY_MAX];
    uint32_t made;
    bool many; /* one of them is an element of a list */
} fan;

static int fan_out(fan *f, size_t level)
{
    if (level == f->rule->by_count) {
        group *g = NULL;
        if (f->made++ >= RULES_FACT_GROUPS_MAX)
            return limit_note(f->set, f->rule, LIMIT_FACT_GROUPS);
        int res = f->many ? group_get(f->set, f->rule, f->by, &g) : group_of_view(f->set, f->rule, f->by, &g);
        return res == -ENOSPC ? 0 : res < 0 ? res : f->on_group(f->context, g);
    }
    fact_view *v = &f->set->view;
    struct cel_value value = *view_value(v, f->selection->by[level]);
    if (value.kind == CEL_ERROR || value.kind == CEL_NULL)
        return v->no_memory ? -ENOMEM : 0; /* a fact without the field is in no group */
    if (value.kind != CEL_LIST) {
        f->by[level] = value;
        return fan_out(f, level + 1);
    }
    f->many = true;
    for (size_t i = 0; i < value.list.count; i++) {
        f->by[level] = value.list.items[i];
        int res = fan_out(f, level + 1);
        if (res < 0)
            return res;
    }
    return 0;
}

int groups_of_fact(rules *set, rule *one, const selection *s, group_fn on_group, void *context)
{
    fan f = {.set = set, .rule = one, .selection = s, .on_group = on_group, .context = context};
    return fan_out(&f, 0);
}

/* Where the value of a group stands among those of the fact, and how many these are; -ENOENT: not among them. */
static int value_place(fact_view *v, const struct cel_value *value, const struct cel_value *wanted, uint64_t *ret_place,
                       uint64_t *ret_count)
{
    const struct cel_value *items = value->kind == CEL_LIST ? value->list.items : value;
    *ret_place = 0;
    *ret_count = value->kind == CEL_LIST ? value->list.count : 1;
    if (value->kind == CEL_ERROR || value->kind == CEL_NULL)
        return v->no_memory ? -ENOMEM : -ENOENT;
    while (wanted && *ret_place < *ret_count && !cel_value_equal(&items[*ret_place], wanted))
        ++*ret_place;
    return *ret_place < *ret_count ? 0 : -ENOENT;
}

/* As fan_out comes to it, without making the groups beside it: of those of one fact the first so many are made. */
int group_takes(rules *set, const group *g, const selection *s, bool *ret_takes)
{
    fact_view *v = &set->view;
    uint64_t before = 0;
    *ret_takes = false;
    for (size_t i = 0; i < g->rule->by_count; i++) {
        const struct cel_value *wanted = s->by[i] == FIELD_ID ? NULL : &g->by[i];
        uint64_t place, count;
        int res = value_place(v, view_value(v, s->by[i]), wanted, &place, &count);
        if (res < 0)
            return res == -ENOENT ? 0 : res;
        before = before * count + place;
        if (before >= RULES_FACT_GROUPS_MAX)
            return 0;
    }
    *ret_takes = true;
    return 0;
}
