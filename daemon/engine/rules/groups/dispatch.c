/*
 * dispatch.c - which selections can match a fact, without trying them all.
 *
 * Of each condition the constants that must hold (x == "a", x in ["a", "b"], "a" in x) are known
 * from CEL. Selections whose constants are on the same fields share a *shape*, a hash table from
 * the values of these fields to the selections that want them. A fact looks itself up once in
 * each shape of its kind, however many rules there are; what has no constants is offered always.
 *
 *   country == "BY" && authority == "US"   shape (country, authority)   key hash("BY", "US")
 *   person in ["a", "b", ...]              shape (person)               a key for each
 *
 * A selection takes part under the combination of at most three fields that has the fewest
 * neighbours: a field that all rules compare with the same constant parts nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "rules/state.h"

#define KEYS_MAX 1000000u /* of one selection */
#define PRODUCT_MAX 4096u /* keys that a second or third field may bring about */

/* CEL's equality across int, uint and double is equality of their hashes here. 0: no hash, the
 * value cannot be looked up. */
static uint64_t value_hash(const struct cel_value *v)
{
    uint64_t number[2] = {0, 0};
    switch (v->kind) {
    case CEL_STRING:
        return XXH3_64bits_withSeed(v->text.data, v->text.len, 1) | 1;
    case CEL_BOOL:
        number[0] = 2;
        number[1] = v->boolean;
        break;
    case CEL_INT:
        number[0] = 3;
        number[1] = (uint64_t)v->integer;
        break;
    case CEL_UINT:
        number[0] = v->unsigned_integer > INT64_MAX ? 4 : 3;
        number[1] = v->unsigned_integer;
        break;
    case CEL_DOUBLE:
        if (!(v->real >= -9007199254740992.0 && v->real <= 9007199254740992.0) || v->real != (double)(int64_t)v->real)
            return 0;
        number[0] = 3;
        number[1] = (uint64_t)(int64_t)v->real;
        break;
    case CEL_TIMESTAMP:
        number[0] = 5 + (uint64_t)v->nanos;
        number[1] = (uint64_t)v->seconds;
        break;
    default:
        return 0;
    }
    return XXH3_64bits(number, sizeof number) | 1;
}

static uint64_t key_join(uint64_t key, uint64_t hash)
{
    return XXH3_64bits_withSeed(&hash, sizeof hash, key) | 1;
}

/* ---- choosing a shape --------------------------------------------------------------- */

/* How often a (kind, slot, value) is asked for, over all selections. */
typedef struct census {
    table counts; /* key to a number, stored as a pointer */
} census;

static uint64_t census_key(fact_kind kind, uint32_t slot, uint64_t hash)
{
    uint64_t words[2] = {(uint64_t)kind << 32 | slot, hash};
    return XXH3_64bits(words, sizeof words) | 1;
}

static int census_take(census *c, const selection *s)
{
    size_t count;
    const struct cel_constraint *all = s->where ? cel_program_constraints(s->where, &count) : NULL;
    for (size_t i = 0; all && i < count; i++)
        for (size_t j = 0; j < all[i].value_count; j++) {
            uint64_t hash = value_hash(&all[i].values[j]);
            if (!hash)
                continue;
            uint64_t key = census_key(s->kind, all[i].slot, hash);
            uintptr_t seen = (uintptr_t)table_get(&c->counts, key);
            if (table_put(&c->counts, key, (void *)(seen + 1)) < 0)
                return -ENOMEM;
        }
    return 0;
}

/* The expected company of a constraint: how many selections share its values, on average; 0 where
 * it cannot be used. */
static double constraint_company(const census *c, fact_kind kind, const struct cel_constraint *one)
{
    double sum = 0;
    if (!one->value_count || one->value_count > KEYS_MAX)
        return 0;
    for (size_t j = 0; j < one->value_count; j++) {
        uint64_t hash = value_hash(&one->values[j]);
        if (!hash)
            return 0;
        sum += (double)(uintptr_t)table_get(&c->counts, census_key(kind, one->slot, hash));
    }
    return sum / (double)one->value_count;
}

typedef struct choice {
    const struct cel_constraint *constraints[DISPATCH_FIELDS_MAX];
    size_t count;
} choice;

static bool choice_fits(const choice *c, const struct cel_constraint *one)
{
    size_t keys = one->value_count;
    for (size_t i = 0; i < c->count; i++) {
        keys *= c->constraints[i]->value_count;
        if (c->constraints[i]->slot == one->slot || (one->contains && c->constraints[i]->contains))
            return false;
    }
    return c->count == 0 || keys <= PRODUCT_MAX || one->value_count == 1;
}

/* The best constraint first, then what makes it finer without making many keys. */
static void choose(const census *census, const selection *s, choice *ret)
{
    size_t count = 0;
    const struct cel_constraint *all = s->where ? cel_program_constraints(s->where, &count) : NULL;
    *ret = (choice){.count = 0};
    while (all && ret->count < DISPATCH_FIELDS_MAX) {
        const struct cel_constraint *best = NULL;
        double best_company = 0;
        for (size_t i = 0; i < count; i++) {
            double company = constraint_company(census, s->kind, &all[i]);
            if (company > 0 && choice_fits(ret, &all[i]) && (!best || company < best_company)) {
                best = &all[i];
                best_company = company;
            }
        }
        if (!best)
            return;
        ret->constraints[ret->count++] = best;
        if (best_company <= 1)
            return; /* alone already */
    }
}

static void choice_sort(choice *c)
{
    for (size_t i = 1; i < c->count; i++)
        for (size_t j = i; j > 0 && c->constraints[j]->slot < c->constraints[j - 1]->slot; j--) {
            const struct cel_constraint *other = c->constraints[j];
            c->constraints[j] = c->constraints[j - 1];
            c->constraints[j - 1] = other;
        }
}

/* ---- filling shapes ----------------------------------------------------------------- */

typedef struct pair {
    uint64_t key;
    uint32_t atom;
} pair;

typedef struct draft {
    shape shape;
    pair *pairs;
    size_t count, capacity;
} draft;

typedef struct drafts {
    draft *at;
    size_t count, capacity;
} drafts;

static bool shape_is(const shape *s, const choice *c)
{
    if (s->count != c->count)
        return false;
    for (size_t i = 0; i < c->count; i++)
        if (s->slots[i] != c->constraints[i]->slot || s->contains[i] != c->constraints[i]->contains)
            return false;
    return true;
}

/* The draft of a choice's shape; NULL with *full where there are too many shapes. */
static draft *drafts_find(drafts *d, const choice *c, bool *full)
{
    *full = false;
    for (size_t i = 0; i < d->count; i++)
        if (shape_is(&d->at[i].shape, c))
            return &d->at[i];
    if (d->count >= DISPATCH_SHAPES_MAX && c->count > 1) {
        *full = true;
        return NULL;
    }
    if (room_for(&d->at, &d->capacity, d->count + 1, sizeof *d->at) < 0)
        return NULL;
    draft *one = &d->at[d->count++];
    *one = (draft){.shape.count = c->count};
    for (size_t i = 0; i < c->count; i++) {
        one->shape.slots[i] = (uint8_t)c->constraints[i]->slot;
        one->shape.contains[i] = c->constraints[i]->contains;
    }
    return one;
}

static int draft_keys(draft *d, const choice *c, size_t level, uint64_t key, uint32_t atom)
{
    if (level == c->count) {
        if (room_for(&d->pairs, &d->capacity, d->count + 1, sizeof *d->pairs) < 0)
            return -ENOMEM;
        d->pairs[d->count++] = (pair){key, atom};
        return 0;
    }
    const struct cel_constraint *one = c->constraints[level];
    for (size_t j = 0; j < one->value_count; j++) {
        int res = draft_keys(d, c, level + 1, key_join(key, value_hash(&one->values[j])), atom);
        if (res < 0)
            return res;
    }
    return 0;
}

static int compare_pairs(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->atom > y->atom) - (x->atom < y->atom);
}

static uint8_t key_tag(uint64_t key)
{
    return (uint8_t)(key >> 56 | 1);
}

static int shape_fill(shape *s, pair *pairs, size_t count)
{
    size_t size = 16;
    while (size < count * 2)
        size *= 2;
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    s->atoms = calloc(count, sizeof *s->atoms);
    s->postings = calloc(size, sizeof *s->postings);
    s->tags = calloc(size, 1);
    if (!s->atoms || !s->postings || !s->tags)
        return -ENOMEM;
    s->postings_size = size;
    for (size_t i = 0, next; i < count; i = next) {
        size_t at = pairs[i].key & (size - 1);
        while (s->tags[at])
            at = (at + 1) & (size - 1);
        s->tags[at] = key_tag(pairs[i].key);
        s->postings[at].key = pairs[i].key;
        s->postings[at].first = (uint32_t)s->atoms_count;
        for (next = i; next < count && pairs[next].key == pairs[i].key; next++)
            if (next == i || pairs[next].atom != pairs[next - 1].atom)
                s->atoms[s->atoms_count++] = pairs[next].atom;
        s->postings[at].count = (uint32_t)s->atoms_count - s->postings[at].first;
    }
    return 0;
}

static void shape_done(shape *s)
{
    free(s->atoms);
    free(s->postings);
    free(s->tags);
}

/* ---- building ----------------------------------------------------------------------- */

static int kind_build(rules *set, fact_kind kind, const census *census, drafts *d)
{
    dispatch_kind *k = &set->dispatch[kind];
    size_t always_capacity = 0;
    for (size_t a = 0; a < set->atoms_count; a++) {
        const selection *s = &set->atoms[a].rule->selections[set->atoms[a].selection];
        choice c;
        bool full;
        if (s->kind != kind)
            continue;
        k->wanted = true;
        choose(census, s, &c);
        choice_sort(&c);
        draft *one = c.count ? drafts_find(d, &c, &full) : NULL;
        if (c.count && !one && full) {
            c.count = 1;
            one = drafts_find(d, &c, &full);
        }
        if (c.count && !one)
            return -ENOMEM;
        if (one && draft_keys(one, &c, 0, 1, (uint32_t)a) < 0)
            return -ENOMEM;
        if (!one) {
            if (room_for(&k->always, &always_capacity, k->always_count + 1, sizeof *k->always) < 0)
                return -ENOMEM;
            k->always[k->always_count++] = (uint32_t)a;
        }
    }
    if (!d->count)
        return 0;
    k->shapes = calloc(d->count, sizeof *k->shapes);
    if (!k->shapes)
        return -ENOMEM;
    for (size_t i = 0; i < d->count; i++) {
        k->shapes[k->shapes_count] = d->at[i].shape;
        if (shape_fill(&k->shapes[k->shapes_count++], d->at[i].pairs, d->at[i].count) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int atoms_build(rules *set, census *census)
{
    size_t count = 0;
    for (size_t i = 0; i < set->rules_count; i++)
        count += set->rules[i]->selections_count;
    set->atoms_count = 0;
    set->atoms = calloc(count + 1, sizeof *set->atoms);
    set->seen = calloc(count + 1, sizeof *set->seen);
    if (!set->atoms || !set->seen || count > UINT32_MAX)
        return -ENOMEM;
    for (size_t i = 0; i < set->rules_count; i++)
        for (size_t s = 0; s < set->rules[i]->selections_count; s++) {
            set->atoms[set->atoms_count++] = (atom){set->rules[i], (uint8_t)s};
            if (census_take(census, &set->rules[i]->selections[s]) < 0)
                return -ENOMEM;
        }
    return 0;
}

int dispatch_build(rules *set)
{
    census census = {0};
    int res = atoms_build(set, &census);
    for (int kind = 1; res == 0 && kind < FACT_KIND_COUNT; kind++) {
        drafts d = {0};
        res = kind_build(set, (fact_kind)kind, &census, &d);
        for (size_t i = 0; i < d.count; i++)
            free(d.at[i].pairs);
        free(d.at);
    }
    table_done(&census.counts);
    return res;
}

void dispatch_done(rules *set)
{
    for (int kind = 0; kind < FACT_KIND_COUNT; kind++) {
        dispatch_kind *k = &set->dispatch[kind];
        for (size_t i = 0; i < k->shapes_count; i++)
            shape_done(&k->shapes[i]);
        free(k->shapes);
        free(k->always);
        *k = (dispatch_kind){0};
    }
    free(set->atoms);
    free(set->seen);
    free(set->matched);
    set->atoms = NULL;
    set->seen = NULL;
    set->matched = NULL;
    set->atoms_count = set->matched_count = set->matched_capacity = 0;
}

/* ---- matching ----------------------------------------------------------------------- */

static int match_atoms(rules *set, const uint32_t *atoms, size_t count)
{
    if (room_for(&set->matched, &set->matched_capacity, set->matched_count + count, sizeof *set->matched) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (set->seen[atoms[i]] == set->seen_round)
            continue;
        set->seen[atoms[i]] = set->seen_round;
        set->matched[set->matched_count++] = atoms[i];
    }
    return 0;
}

static int match_key(rules *set, const shape *s, uint64_t key)
{
    for (size_t at = key & (s->postings_size - 1); s->tags[at]; at = (at + 1) & (s->postings_size - 1))
        if (s->tags[at] == key_tag(key) && s->postings[at].key == key)
            return match_atoms(set, s->atoms + s->postings[at].first, s->postings[at].count);
    return 0;
}

static int match_shape(rules *set, const shape *s, size_t level, uint64_t key)
{
    if (level == s->count)
        return match_key(set, s, key);
    const struct cel_value *value = view_slot(&set->view, s->slots[level]);
    if (!s->contains[level]) {
        uint64_t hash = value_hash(value);
        return hash ? match_shape(set, s, level + 1, key_join(key, hash)) : 0;
    }
    if (value->kind != CEL_LIST)
        return 0;
    for (size_t i = 0; i < value->list.count; i++) {
        uint64_t hash = value_hash(&value->list.items[i]);
        int res = hash ? match_shape(set, s, level + 1, key_join(key, hash)) : 0;
        if (res < 0)
            return res;
    }
    return 0;
}

int dispatch_match(rules *set)
{
    const dispatch_kind *k = &set->dispatch[set->view.kind];
    set->matched_count = 0;
    set->seen_round++;
    for (size_t i = 0; i < k->shapes_count; i++) {
        int res = match_shape(set, &k->shapes[i], 0, 1);
        if (res < 0)
            return res;
    }
    return match_atoms(set, k->always, k->always_count);
}
