/* alert_lists.c - what an alert rests on, as it is published: facts, reports and sources; what corrected them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packed.h"
#include "rules/state.h"
#include "str.h"

static int compare_refs(const void *a, const void *b)
{
    const thaw_report_ref *x = a, *y = b;
    int order = str_compare(x->source, y->source);
    return order ? order : str_compare(x->id, y->id);
}

static int pack_refs(packed_list *list, const thaw_report_ref refs[], size_t count)
{
    packing p;
    packing_begin(&p, &list->data);
    for (size_t i = 0; i < count; i++) {
        msgpack_pack_map(&p.out, 2);
        pack_text(&p.out, "source");
        pack_str(&p.out, refs[i].source);
        pack_text(&p.out, "id");
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
    while (at > 0 && str_compare(l->at[at - 1], one) > 0)
        at--;
    if (at > 0 && str_compare(l->at[at - 1], one) == 0)
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

int alert_list(rules *set, group *g, alert_text *a)
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

int alert_list_causes(rules *set, alert_text *a, const uint64_t causes[], uint32_t count)
{
    thaw_report_ref refs[RULES_LISTED_MAX];
    size_t used = refs_of(set, causes, count, refs);
    return pack_refs(&a->because, refs, used);
}
