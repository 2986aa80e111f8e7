/* results.c - what is left of dropped incidents: FACTS.md, section 7. */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"
#include "facts/state/state.h"

static int result_order(const void *a_, const void *b_)
{
    const result *a = a_, *b = b_;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

int64_t result_stated_start(const result *r)
{
    return r->date.approximate ? r->date.at_ns : r->start_ns;
}

/* Whether totals over any days cannot tell the two apart. */
static bool result_alike(const result *a, const result *b)
{
    return a->kind == b->kind && a->discriminator == b->discriminator && a->authority == b->authority &&
           a->forms == b->forms && (a->status > THAW_RUMOURED) == (b->status > THAW_RUMOURED) &&
           memcmp(a->country, b->country, 2) == 0 && day_of(a->start_ns) == day_of(b->start_ns) &&
           day_of(result_stated_start(a)) == day_of(result_stated_start(b));
}

static void result_merge(result *into, const result *one)
{
    into->id = 0;
    into->count = count_sum(into->count, one->count);
    into->low = count_sum(into->low, one->low);
    into->high = count_sum(into->high, one->high);
    into->incidents += one->incidents;
    into->has_count = into->has_count || one->has_count;
    if (one->largest > into->largest)
        into->largest = one->largest;
    if (one->status < into->status)
        into->status = one->status;
}

void results_fold(facts *f)
{
    uint32_t half = f->results_count / 2, kept = 0;
    qsort(f->results, f->results_count, sizeof *f->results, result_order);
    for (uint32_t i = 0; i < f->results_count; i++) {
        uint32_t j = kept;
        while (i < half && j > 0 && day_of(f->results[j - 1].start_ns) == day_of(f->results[i].start_ns) &&
               !result_alike(&f->results[j - 1], &f->results[i]))
            j--;
        if (i < half && j > 0 && result_alike(&f->results[j - 1], &f->results[i]))
            result_merge(&f->results[j - 1], &f->results[i]);
        else
            f->results[kept++] = f->results[i];
    }
    f->results_count = kept;
}

void result_add(facts *f, const result *r)
{
    if (array_reserve((void **)&f->results, &f->results_capacity, (size_t)f->results_count + 1, sizeof *r, &f->kept) <
        0)
        f->failed = -ENOMEM;
    else
        f->results[f->results_count++] = *r;
}

void results_set_records(facts *f)
{
    if (!f->results_count)
        return;
    qsort(f->results, f->results_count, sizeof *f->results, result_order);
    for (uint32_t i = 0; i < f->results_count; i++) {
        const result *r = &f->results[i];
        if (r->kind <= THAW_DETENTION && r->has_count && r->start_ns != TIME_UNKNOWN)
            record_step_note(f, &f->countries[country_index(f, r->country)], r->kind, r->start_ns, r->largest);
    }
}
