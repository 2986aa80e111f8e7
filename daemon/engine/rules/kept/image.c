/*
 * image.c - a set's state as bytes and back, link by link (engine.h: an image).
 *
 *   rules' hashes │ nodes of facts, with their watches │ rule: groups ... │ nodes: their lists
 *                                                          └ life, alert, records, entries
 *
 * Objects are numbered in the order in which they are written, and named by their number. Lists keep
 * their order, and the heap of deadlines its places, so that everything goes on as it would have.
 * What the definition gives is not written: the set is loaded and its dispatch built as ever. Nor is what is
 * kept only to be fast (newest, tallies, spare entries, what is known of the open fact).
 *
 * A new member of a struct below changes its size: then see that it is written and read, or need not be,
 * and write down the new size.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

#define STRUCTS(X)                                                                                                     \
    X(struct rules, 19776)                                                                                             \
    X(rule, 304)                                                                                                       \
    X(group, 336)                                                                                                      \
    X(entry, 152)                                                                                                      \
    X(fact_node, 48) X(watch, 40) X(totals, 112) X(record, 96) X(ground, 40) X(alert_text, 296) X(deadline, 16)        \
        X(deadlines, 24)
#define IS_KNOWN(type, size)                                                                                           \
    _Static_assert(sizeof(void *) != 8 || sizeof(type) == (size), #type " changed: read the head of this file");
STRUCTS(IS_KNOWN)

uint64_t rules_image_layout(void)
{
#define SIZE(type, size) sizeof(type),
    const uint64_t sizes[] = {STRUCTS(SIZE)};
    uint64_t layout = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        layout = layout * 0x9E3779B97F4A7C15u + sizes[i];
    return layout;
}

static rule *rule_at(const rules *set, size_t i)
{
    return i < set->rules_count ? set->rules[i] : set->limit_rule;
}

static uint64_t set_hash(const rules *set)
{
    uint64_t hash = set->rules_count;
    for (size_t i = 0; i < set->rules_count; i++)
        hash = hash * 0x9E3779B97F4A7C15u + set->rules[i]->full_hash;
    return hash;
}

/* ---- saving ------------------------------------------------------------------------- */

typedef struct putting {
    const rules *set;
    saved_out *out;
    table nodes, entries, grounds; /* from an object to its number, from 1 */
    uint64_t nodes_count, entries_count, grounds_count;
    int res;
} putting;

static void number_give(putting *p, table *t, uint64_t *count, const void *object)
{
    if (p->res == 0)
        p->res = table_put(t, (uint64_t)(uintptr_t)object, (void *)(uintptr_t)++ * count);
}

static void put_number_of(putting *p, const table *t, const void *object)
{
    saved_put_number(p->out, (uint64_t)(uintptr_t)table_get(t, (uint64_t)(uintptr_t)object));
}

static void put_due(putting *p, const deadline *due)
{
    saved_put_number(p->out, (uint64_t)due->at_ns);
    saved_put_number(p->out, due->place);
}

static void put_nodes(putting *p)
{
    const table *t = &p->set->fact_nodes;
    saved_put_number(p->out, t->used);
    for (size_t i = 0; i < t->size; i++) {
        const fact_node *node = t->slots[i].value;
        uint64_t watches = 0;
        if (!node)
            continue;
        number_give(p, &p->nodes, &p->nodes_count, node);
        for (const watch *w = node->watches; w; w = w->next)
            watches++;
        saved_put_number(p->out, node->handle);
        saved_put_number(p->out, node->gone);
        saved_put_number(p->out, watches);
        for (const watch *w = node->watches; w; w = w->next) {
            saved_put_number(p->out, w->atom);
            put_due(p, &w->due);
        }
    }
}

static size_t entry_hashes(const entry *e)
{
    size_t hashes = 0;
    for (size_t d = 0; d < AGG_DISTINCT_COUNT; d++)
        hashes += e->distinct_counts[d];
    return hashes;
}

static void put_entries(putting *p, const group *g)
{
    for (size_t s = 0; s < g->rule->selections_count; s++) {
        uint64_t count = 0;
        for (const entry *e = g->entries[s]; e; e = e->next)
            count++;
        saved_put_number(p->out, count);
        for (const entry *e = g->entries[s]; e; e = e->next) {
            number_give(p, &p->entries, &p->entries_count, e);
            put_number_of(p, &p->nodes, e->fact);
            saved_put_number(p->out, entry_hashes(e));
            saved_put(p->out, e, sizeof *e + entry_hashes(e) * sizeof e->distinct[0]);
        }
    }
}

static void put_record(putting *p, const record *r)
{
    saved_put_number(p->out, r != NULL);
    if (!r)
        return;
    if (r->touched)
        p->res = -EBUSY;
    alert_put(p->out, r->alert);
    saved_put_number(p->out, (uint64_t)r->true_at_ns);
    saved_put_number(p->out, r->known);
    saved_put_number(p->out, r->partial);
    saved_put_number(p->out, r->causes_count);
    for (uint32_t i = 0; i < r->causes_count; i++)
        saved_put_number(p->out, r->causes[i]);
    saved_put_number(p->out, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        number_give(p, &p->grounds, &p->grounds_count, &r->grounds[i]);
        put_number_of(p, &p->nodes, r->grounds[i].fact);
        saved_put_number(p->out, r->grounds[i].selection);
    }
}

static void put_group(putting *p, const group *g)
{
    if (g->dirty || g->gone || g->heir)
        p->res = -EBUSY;
    saved_put_text(p->out, g->key, g->key_len);
    put_due(p, &g->due);
    saved_put(p->out, g->totals, g->rule->selections_count * sizeof *g->totals);
    saved_put_number(p->out, (uint64_t)g->round << 32 | g->stale);
    saved_put_number(p->out, (uint64_t)g->number << 32 | g->state);
    saved_put_number(p->out, (uint64_t)g->since_ns);
    alert_put(p->out, g->alert);
    put_record(p, g->basis);
    saved_put_number(p->out, g->records_count);
    for (const record *r = g->records; r; r = r->next)
        put_record(p, r);
    put_entries(p, g);
}

/* The oldest group first: a group that is made comes to the front. */
static void put_rule(putting *p, const rule *one)
{
    const group *last = one->groups;
    saved_put(p->out, &one->offers, sizeof one->offers);
    saved_put(p->out, &one->evaluations, sizeof one->evaluations);
    saved_put_number(p->out, one->limits);
    saved_put_number(p->out, one->groups_count);
    while (last && last->next)
        last = last->next;
    for (; last && p->res == 0 && !p->out->failed; last = last->prev)
        put_group(p, last);
}

/* In which order the entries and grounds of each fact hang on it. */
static void put_node_lists(putting *p)
{
    const table *t = &p->set->fact_nodes;
    for (size_t i = 0; i < t->size; i++) {
        const fact_node *node = t->slots[i].value;
        uint64_t entries = 0, grounds = 0;
        if (!node)
            continue;
        for (const entry *e = node->entries; e; e = e->fact_next)
            entries++;
        for (const ground *one = node->grounds; one; one = one->fact_next)
            grounds++;
        saved_put_number(p->out, entries);
        for (const entry *e = node->entries; e; e = e->fact_next)
            put_number_of(p, &p->entries, e);
        saved_put_number(p->out, grounds);
        for (const ground *one = node->grounds; one; one = one->fact_next)
            put_number_of(p, &p->grounds, one);
    }
}

int rules_put_image(const rules *set, saved_out *out)
{
    putting p = {.set = set, .out = out};
    if (set->failed || set->dirty_count || set->noted_count || set->touched || set->full_count || set->heirs_count)
        return -EBUSY;
    saved_put_number(out, set_hash(set));
    saved_put_number(out, (uint64_t)set->now_ns);
    saved_put_number(out, set->known);
    saved_put_number(out, set->firing_count);
    pasts_put(set, out);
    saved_put_number(out, set->deadlines.count);
    put_nodes(&p);
    for (size_t i = 0; i <= set->rules_count && p.res == 0 && !out->failed; i++)
        put_rule(&p, rule_at(set, i));
    saved_put_number(out, p.entries_count);
    saved_put_number(out, p.grounds_count);
    put_node_lists(&p);
    table_done(&p.nodes);
    table_done(&p.entries);
    table_done(&p.grounds);
    return p.res;
}

/* ---- loading ------------------------------------------------------------------------ */

typedef struct getting {
    rules *set;
    saved_in *in;
    fact_node **nodes; /* each with a reference until all is read */
    entry **entries;
    ground **grounds;
    deadline **due; /* the heap */
    size_t due_count;
    size_t nodes_count, entries_count, entries_capacity, grounds_count, grounds_capacity;
} getting;

/* Keeps what waits at its place in the heap; it is put there when everything is (heap_fill). */
static int due_note(getting *g, deadline *due, uint32_t place)
{
    due->place = 0;
    if (!place)
        return 0;
    if (place > g->due_count || g->due[place - 1])
        return -EBADMSG;
    g->due[place - 1] = due;
    return 0;
}

static int get_due(getting *g, deadline *due)
{
    due->at_ns = (int64_t)saved_get_number(g->in);
    return due_note(g, due, (uint32_t)saved_get_number(g->in));
}

/* The object of a number in a list of so many; NULL and in->failed: there is none. */
static void *numbered(getting *g, void *list, size_t count)
{
    uint64_t number = saved_get_number(g->in);
    if (number && number <= count)
        return ((void **)list)[number - 1];
    g->in->failed = true;
    return NULL;
}

static int get_watches(getting *g, fact_node *node)
{
    uint64_t count = saved_get_number(g->in);
    watch **last = &node->watches;
    int res = 0;
    for (uint64_t i = 0; i < count && res == 0 && !g->in->failed; i++) {
        watch *w = calloc(1, sizeof *w);
        if (!w)
            return -ENOMEM;
        g->set->held += sizeof *w;
        w->due.type = DEADLINE_WATCH;
        w->fact = node;
        w->atom = (uint32_t)saved_get_number(g->in);
        node->references++;
        *last = w;
        last = &w->next;
        res = w->atom < g->set->atoms_count ? get_due(g, &w->due) : -EBADMSG;
    }
    return res;
}

static int get_nodes(getting *g)
{
    uint64_t count = saved_get_number(g->in);
    int res = 0;
    if (count > g->in->left)
        return -EBADMSG;
    g->nodes = calloc(count + 1, sizeof(fact_node *));
    if (!g->nodes || table_expect(&g->set->fact_nodes, count) < 0)
        return -ENOMEM;
    while (g->nodes_count < count && res == 0 && !g->in->failed) {
        fact_node *node = node_get(g->set, saved_get_number(g->in));
        if (!node)
            return -ENOMEM;
        node->gone = saved_get_number(g->in);
        g->nodes[g->nodes_count++] = node;
        res = get_watches(g, node);
    }
    return res;
}

/* An entry behind `before`, hung on its fact; the fact's list is put in order at the end. */
static int get_entry(getting *g, group *of, entry **at, entry *before)
{
    fact_node *node = numbered(g, g->nodes, g->nodes_count);
    uint64_t hashes = saved_get_number(g->in);
    size_t len = hashes <= AGG_DISTINCT_COUNT * UINT16_MAX ? entry_bytes(hashes) : SIZE_MAX;
    const uint8_t *bytes = saved_get(g->in, len);
    if (!bytes || !node)
        return -EBADMSG;
    entry *e = malloc(len);
    if (!e || room_for(&g->entries, &g->entries_capacity, g->entries_count + 1, sizeof(entry *)) < 0) {
        free(e);
        return -ENOMEM;
    }
    memcpy(e, bytes, len);
    g->entries[g->entries_count++] = e;
    g->set->held += len;
    e->group = of;
    of->entries_count++;
    of->rule->facts_count++;
    e->prev = before;
    e->next = NULL;
    *at = e;
    e->fact = node;
    e->open_next = e->fact_prev = NULL;
    e->fact_next = node->entries;
    if (e->fact_next)
        e->fact_next->fact_prev = e;
    node->entries = e;
    node->references++;
    return due_note(g, &e->due, e->due.place);
}

static int get_entries(getting *g, group *of)
{
    int res = 0;
    for (size_t s = 0; s < of->rule->selections_count; s++) {
        entry *before = NULL, **at = &of->entries[s];
        for (uint64_t left = saved_get_number(g->in); left && res == 0; left--) {
            res = get_entry(g, of, at, before);
            before = *at;
            at = before ? &before->next : at;
        }
    }
    return res;
}

static int get_record(getting *g, group *of, record **ret_record)
{
    saved_in *in = g->in;
    alert_text *alert = NULL;
    if (!saved_get_number(in))
        return 0;
    int res = alert_get(in, &alert);
    int64_t true_at_ns = (int64_t)saved_get_number(in);
    uint64_t known = saved_get_number(in);
    bool partial = saved_get_number(in);
    uint64_t causes = saved_get_number(in);
    const uint8_t *cause = saved_get(in, causes <= RULES_CAUSES_MAX ? causes * sizeof(uint64_t) : UINT64_MAX);
    uint64_t count = saved_get_number(in);
    record *r = res == 0 && cause && count <= in->left ? record_alloc(count) : NULL;
    if (!r) {
        alert_text_free(alert);
        return res < 0 ? res : in->failed ? -EBADMSG : -ENOMEM;
    }
    *ret_record = r;
    r->group = of;
    r->alert = alert;
    r->true_at_ns = true_at_ns;
    r->known = known;
    r->partial = partial;
    if (causes && !(r->causes = calloc(RULES_CAUSES_MAX, sizeof *r->causes)))
        return -ENOMEM;
    if (causes)
        memcpy(r->causes, cause, causes * sizeof(uint64_t));
    r->causes_count = (uint32_t)causes;
    if (room_for(&g->grounds, &g->grounds_capacity, g->grounds_count + count, sizeof(ground *)) < 0)
        return -ENOMEM;
    for (uint64_t i = 0; i < count; i++) {
        fact_node *node = numbered(g, g->nodes, g->nodes_count);
        if (!node)
            return -EBADMSG;
        if (ground_put(g->set, r, node, (uint8_t)saved_get_number(in)) < 0) /* there is room for all */
            return -ENOMEM;
        node->references++;
        g->grounds[g->grounds_count++] = &r->grounds[i];
    }
    return 0;
}

static int get_records(getting *g, group *of)
{
    uint64_t count = saved_get_number(g->in);
    record **last = &of->records;
    int res = 0;
    for (uint64_t i = 0; i < count && res == 0; i++) {
        res = get_record(g, of, last);
        if (*last)
            last = &(*last)->next;
        of->records_count++;
    }
    return res;
}

static int get_group(getting *g, rule *one)
{
    group *of;
    int res = group_of_key(g->set, one, saved_get_text(g->in), &of);
    if (res == 0)
        res = get_due(g, &of->due);
    if (res < 0)
        return res;
    const uint8_t *sums = saved_get(g->in, one->selections_count * sizeof *of->totals);
    uint64_t round = saved_get_number(g->in), state = saved_get_number(g->in);
    if (!sums)
        return -EBADMSG;
    memcpy(of->totals, sums, one->selections_count * sizeof *of->totals);
    of->round = (uint32_t)(round >> 32);
    of->stale = (uint32_t)round;
    of->number = (uint32_t)(state >> 32);
    of->state = (life_state)(uint32_t)state;
    of->since_ns = (int64_t)saved_get_number(g->in);
    one->firing_count += of->state == LIFE_FIRING || of->state == LIFE_KEPT;
    one->pending_count += of->state == LIFE_PENDING;
    res = alert_get(g->in, &of->alert);
    if (res == 0)
        res = get_record(g, of, &of->basis);
    if (res == 0)
        res = get_records(g, of);
    hold_life(g->set, of);
    return res == 0 ? get_entries(g, of) : res;
}

static int get_rule(getting *g, rule *one)
{
    int res = 0;
    const uint8_t *offers = saved_get(g->in, sizeof one->offers),
                  *evaluations = saved_get(g->in, sizeof one->evaluations);
    if (!offers || !evaluations)
        return -EBADMSG;
    memcpy(&one->offers, offers, sizeof one->offers);
    memcpy(&one->evaluations, evaluations, sizeof one->evaluations);
    uint64_t limits = saved_get_number(g->in), count = saved_get_number(g->in);
    for (uint64_t i = 0; i < count && res == 0; i++)
        res = get_group(g, one);
    one->limits = (uint8_t)limits;
    return res;
}

/* The lists of the facts in the order that they had: numbers of all that hang on each. */
static int get_node_lists(getting *g)
{
    if (saved_get_number(g->in) != g->entries_count || saved_get_number(g->in) != g->grounds_count)
        return -EBADMSG;
    for (size_t i = 0; i < g->nodes_count && !g->in->failed; i++) {
        entry **e = &g->nodes[i]->entries, *before = NULL;
        for (uint64_t left = saved_get_number(g->in); left; left--, e = &before->fact_next) {
            if (!(*e = numbered(g, g->entries, g->entries_count)))
                return -EBADMSG;
            (*e)->fact_prev = before;
            before = *e;
        }
        ground **one = &g->nodes[i]->grounds, *last = NULL;
        for (uint64_t left = saved_get_number(g->in); left; left--, one = &last->fact_next) {
            if (!(*one = numbered(g, g->grounds, g->grounds_count)))
                return -EBADMSG;
            (*one)->fact_prev = last;
            last = *one;
        }
        *e = NULL;
        *one = NULL;
    }
    return g->in->failed ? -EBADMSG : 0;
}

static int heap_expect(getting *g)
{
    uint64_t count = saved_get_number(g->in);
    g->due = count <= g->in->left ? calloc(count + 1, sizeof *g->due) : NULL;
    g->due_count = g->due ? count : 0;
    return g->due ? 0 : -ENOMEM;
}

static int heap_fill(getting *g)
{
    for (size_t i = 0; i < g->due_count; i++)
        if (!g->due[i])
            return -EBADMSG;
    for (size_t i = 0; i < g->due_count; i++)
        g->due[i]->place = (uint32_t)i + 1;
    g->set->deadlines = (deadlines){g->due, g->due_count, g->due_count + 1};
    g->due = NULL;
    return 0;
}

static int get_state(getting *g)
{
    rules *set = g->set;
    int res = saved_get_number(g->in) == set_hash(set) ? dispatch_build(set) : -ESTALE;
    set->now_ns = (int64_t)saved_get_number(g->in);
    set->known = saved_get_number(g->in);
    set->firing_count = saved_get_number(g->in);
    if (res == 0)
        res = pasts_get(set, g->in);
    if (res == 0)
        res = heap_expect(g);
    if (res == 0)
        res = get_nodes(g);
    for (size_t i = 0; i <= set->rules_count && res == 0; i++)
        res = get_rule(g, rule_at(set, i));
    if (res == 0)
        res = get_node_lists(g);
    if (res == 0)
        res = g->in->failed ? -EBADMSG : heap_fill(g);
    return res;
}

int rules_get_image(rules *set, facts *f, const rules_sink *sink, saved_in *in)
{
    getting g = {.set = set, .in = in};
    set->facts = f;
    set->sink = *sink;
    int res = get_state(&g);
    for (size_t i = 0; i < g.nodes_count; i++)
        node_release(set, g.nodes[i]);
    free(g.due);
    free(g.nodes);
    free(g.entries);
    free(g.grounds);
    return res;
}
