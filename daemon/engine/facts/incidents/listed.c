/* listed.c - see listed.h. */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/listed.h"
#include "lower_bound.h"

listed *listed_new(facts *f)
{
    listed *l = calloc(1, sizeof *l);
    if (!l)
        f->failed = -ENOMEM;
    else
        f->held += sizeof *l;
    return l;
}

listed *listed_free(facts *f, listed *l)
{
    if (!l)
        return NULL;
    numbers_done(&l->reports, &f->held);
    numbers_done(&l->sources, &f->held);
    array_free((void **)&l->named, &l->named_capacity, sizeof *l->named, &f->held);
    f->held -= sizeof *l;
    free(l);
    return NULL;
}

void listed_came(facts *f, listed *l, const numbers *news)
{
    for (uint32_t i = 0; i < news->count; i++)
        add(f, &l->reports, news->at[i]);
}

/* ---- sources ------------------------------------------------------------------------ */

/* The first that does not stand before it. */
static uint32_t source_place(const facts *f, const numbers *sources, uint32_t source)
{
    uint32_t low = 0, high = sources->count;
    LOWER_BOUND(low, high,
                sources->at[middle] != source && symbols_compare(f->symbols, sources->at[middle], source) < 0);
    return low;
}

static void source_insert(facts *f, numbers *sources, uint32_t source)
{
    uint32_t at = source_place(f, sources, source);
    if (at < sources->count && sources->at[at] == source)
        return;
    add(f, sources, source);
    if (f->failed)
        return;
    memmove(&sources->at[at + 1], &sources->at[at], (sources->count - 1 - at) * sizeof *sources->at);
    sources->at[at] = source;
}

const numbers *listed_sources(facts *f, listed *l)
{
    while (l->sources_taken < l->reports.count && !f->failed) {
        source_insert(f, &l->sources, report_of(f, l->reports.at[l->sources_taken])->source);
        l->sources_taken += !f->failed;
    }
    return &l->sources;
}

/* ---- names -------------------------------------------------------------------------- */

/* Of the first `count`, the first that does not stand before it. */
static uint32_t name_place(const listed *l, uint32_t count, thaw_str name)
{
    uint32_t low = 0, high = count;
    LOWER_BOUND(low, high, str_compare(l->named[middle], name) < 0);
    return low;
}

static bool is_named(const listed *l, thaw_str name)
{
    uint32_t at = name_place(l, l->named_count, name);
    return at < l->named_count && str_equal(l->named[at], name);
}

/* From behind, so that each string that was there moves once. */
void listed_name(facts *f, listed *l, const thaw_str names[], uint32_t count)
{
    uint32_t new = 0, end = l->named_count;
    for (uint32_t i = 0; i < count; i++)
        new += !is_named(l, names[i]);
    if (array_reserve((void **)&l->named, &l->named_capacity, (size_t)end + new, sizeof *l->named, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    l->named_count += new;
    for (uint32_t i = count; new > 0 && i-- > 0;) {
        uint32_t at = name_place(l, end, names[i]);
        if (at < end && str_equal(l->named[at], names[i]))
            continue;
        memmove(&l->named[at + new], &l->named[at], (end - at) * sizeof *l->named);
        l->named[at + --new] = names[i];
        end = at;
    }
    l->named_taken = l->reports.count;
}
