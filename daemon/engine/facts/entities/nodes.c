/*
 * nodes.c - ids and names with the reports that mention them (ties.c makes entities of them).
 *
 * A node keeps its mentions in order of date, so that neighbours in time are found by a search.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "facts/entities/entities.h"
#include "facts/state/state.h"
#include "lower_bound.h"

/* ---- nodes -------------------------------------------------------------------------- */

uint64_t node_hash(uint32_t scope, thaw_str string)
{
    return XXH3_64bits_withSeed(string.data, string.len, scope);
}

static uint32_t node_find_hashed(const facts *f, uint32_t scope, thaw_str string, uint64_t hash)
{
    uint32_t cursor = 0, i;
    while ((i = index_next(&f->nodes_index, hash, &cursor)))
        if (f->nodes[i].scope == scope && str_equal(symbols_get(f->symbols, f->nodes[i].string), string))
            return i;
    return 0;
}

uint32_t node_find(const facts *f, uint32_t scope, thaw_str string)
{
    return node_find_hashed(f, scope, string, node_hash(scope, string));
}

uint32_t node_make(facts *f, uint32_t scope, thaw_str string)
{
    uint64_t hash = node_hash(scope, string);
    uint32_t i = node_find_hashed(f, scope, string, hash);
    if (i)
        return i;
    i = f->nodes_free.count ? f->nodes_free.at[--f->nodes_free.count]
                            : grow(f, (void **)&f->nodes, &f->nodes_count, &f->nodes_capacity, sizeof *f->nodes);
    if (!i)
        return 0;
    node *n = &f->nodes[i];
    *n = (node){.hash = hash, .scope = scope};
    if (symbols_put(f->symbols, string, &n->string) < 0 || index_put(&f->nodes_index, n->hash, i, &f->held) < 0)
        f->failed = -ENOMEM;
    return i;
}

void node_end(facts *f, uint32_t i)
{
    node *n = &f->nodes[i];
    index_take(&f->nodes_index, n->hash, i);
    array_free((void **)&n->mentions, &n->capacity, sizeof *n->mentions, &f->held);
    *n = (node){0};
    add(f, &f->nodes_free, i);
}

static int mention_compare(const facts *f, mention a, int64_t start_ns, uint32_t report, uint32_t party)
{
    int64_t start = report_of(f, a.report)->start_ns;
    if (start != start_ns)
        return start < start_ns ? -1 : 1;
    if (a.report != report)
        return a.report < report ? -1 : 1;
    return (a.party > party) - (a.party < party);
}

static uint32_t mention_place(const facts *f, const node *n, int64_t start_ns, uint32_t report, uint32_t party)
{
    uint32_t low = 0, high = n->count;
    LOWER_BOUND(low, high, mention_compare(f, n->mentions[middle], start_ns, report, party) < 0);
    return low;
}

uint32_t node_place(const facts *f, const node *n, int64_t start_ns, uint32_t report)
{
    return mention_place(f, n, start_ns, report, 0);
}

static uint64_t mention_hash(const node *n, mention m)
{
    return mix(m.report, mix(m.party, n->hash));
}

void node_put(facts *f, uint32_t i, mention m)
{
    node *n = &f->nodes[i];
    uint32_t at = mention_place(f, n, report_of(f, m.report)->start_ns, m.report, m.party);
    if (at < n->count && n->mentions[at].report == m.report && n->mentions[at].party == m.party)
        return;
    if (array_reserve((void **)&n->mentions, &n->capacity, (size_t)n->count + 1, sizeof *n->mentions, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    memmove(&n->mentions[at + 1], &n->mentions[at], (n->count - at) * sizeof *n->mentions);
    n->mentions[at] = m;
    n->sum += mention_hash(n, m);
    n->count++;
}

void node_take(facts *f, uint32_t i, mention m)
{
    node *n = &f->nodes[i];
    uint32_t at = mention_place(f, n, report_of(f, m.report)->start_ns, m.report, m.party);
    if (at >= n->count || n->mentions[at].report != m.report || n->mentions[at].party != m.party)
        return;
    memmove(&n->mentions[at], &n->mentions[at + 1], (n->count - at - 1) * sizeof *n->mentions);
    n->sum -= mention_hash(n, m);
    n->count--;
}

/* ---- what an entity rests on -------------------------------------------------------- */

typedef struct ordered_mention {
    int64_t start_ns;
    mention m;
} ordered_mention;

static int ordered_mention_compare(const void *a_, const void *b_)
{
    const ordered_mention *a = a_, *b = b_;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->m.report != b->m.report)
        return a->m.report < b->m.report ? -1 : 1;
    return (a->m.party > b->m.party) - (a->m.party < b->m.party);
}

/* In both lists or in neither: they are walked side by side. */
static void mention_list(facts *f, numbers *reports_, numbers *parties, mention m)
{
    const uint32_t before = reports_->count, parties_before = parties->count;
    add(f, reports_, m.report);
    if (reports_->count > before)
        add(f, parties, m.party);
    if (parties->count == parties_before)
        reports_->count = before;
}

void entity_mentions(facts *f, const entity *e, numbers *reports_, numbers *parties)
{
    if (e->nodes.count == 1) {
        const node *n = &f->nodes[e->nodes.at[0]];
        for (uint32_t i = 0; i < n->count; i++)
            mention_list(f, reports_, parties, n->mentions[i]);
        return;
    }
    size_t total = 0;
    for (uint32_t i = 0; i < e->nodes.count; i++)
        total += f->nodes[e->nodes.at[i]].count;
    ordered_mention *all = total ? malloc(total * sizeof *all) : NULL;
    if (!all) {
        f->failed = total ? -ENOMEM : f->failed;
        return;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < e->nodes.count; i++) {
        const node *nd = &f->nodes[e->nodes.at[i]];
        for (uint32_t j = 0; j < nd->count; j++)
            all[n++] = (ordered_mention){report_of(f, nd->mentions[j].report)->start_ns, nd->mentions[j]};
    }
    qsort(all, n, sizeof *all, ordered_mention_compare);
    for (size_t i = 0; i < n; i++) {
        if (i && ordered_mention_compare(&all[i - 1], &all[i]) == 0)
            continue;
        mention_list(f, reports_, parties, all[i].m);
    }
    free(all);
}
