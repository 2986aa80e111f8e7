/*
 * largest.c - which incidents of a country and kind counted more than every one before them.
 *
 * The records are kept as steps (start, greatest count so far). A change that neither was nor becomes a
 * record concerns the one incident alone; a record at the end of time only adds a step; anything else
 * walks the country's incidents of the kind again. Records are rare: a walk is, too.
 */
#include <stdlib.h>

#include "internal.h"

typedef struct entry {
    int64_t start_ns;
    uint64_t count;
    incident *inc;
} entry;

static int entry_order(const void *a_, const void *b_)
{
    const entry *a = a_, *b = b_;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    uint32_t x = a->inc ? a->inc->index : 0, y = b->inc ? b->inc->index : 0;
    return (x > y) - (x < y);
}

/* The greatest count of all that start before. */
static bool greatest_before(const records *r, int64_t start_ns, uint64_t *ret_count)
{
    uint32_t low = 0, high = r->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->steps[middle].start_ns < start_ns)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return false;
    *ret_count = r->steps[low - 1].count;
    return true;
}

static bool counts_in(const summary *s)
{
    return s->votes.has_count && s->occurred.start_ns != TIME_UNKNOWN;
}

/* Whether a state of an incident is or equals a record: then others may depend on it. */
static bool is_record(const records *r, const summary *s)
{
    uint64_t greatest;
    return counts_in(s) && (!greatest_before(r, s->occurred.start_ns, &greatest) || s->votes.count > greatest);
}

static void entry_put(facts *f, entry **list, uint32_t *count, uint32_t *capacity, entry one)
{
    if (array_reserve((void **)list, capacity, (size_t)*count + 1, sizeof **list, &f->held) < 0)
        f->failed = -ENOMEM;
    else
        (*list)[(*count)++] = one;
}

static void entries_put(facts *f, entry **list, uint32_t *count, uint32_t *capacity, incident *inc)
{
    if (inc && inc->used && counts_in(&inc->now))
        entry_put(f, list, count, capacity, (entry){inc->now.occurred.start_ns, inc->now.votes.count, inc});
}

/* Dropped incidents had their counts; nobody asks any more whether they were the largest. */
static void entries_put_dropped(facts *f, entry **list, uint32_t *count, uint32_t *capacity, const country *c,
                                uint8_t kind)
{
    for (uint32_t i = 0; i < f->results_count; i++) {
        const result *r = &f->results[i];
        if (r->kind == kind && r->has_count && r->start_ns != TIME_UNKNOWN && r->country[0] == c->code[0] &&
            r->country[1] == c->code[1])
            entry_put(f, list, count, capacity, (entry){r->start_ns, r->largest, NULL});
    }
}

static void step_put(facts *f, records *r, int64_t start_ns, uint64_t count)
{
    if (r->count && r->steps[r->count - 1].start_ns == start_ns) {
        if (count > r->steps[r->count - 1].count)
            r->steps[r->count - 1].count = count;
        return;
    }
    if (array_reserve((void **)&r->steps, &r->capacity, (size_t)r->count + 1, sizeof *r->steps, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    r->steps[r->count++] = (record_step){start_ns, count};
}

static void flag_set(facts *f, incident *inc, bool largest, const incident *cause)
{
    if (!inc || inc->now.largest == largest)
        return;
    inc->now.largest = largest;
    if (inc == cause || inc->dirty)
        return;
    incident_touch(f, inc);
    inc->why.news = cause->why.news;
    for (uint32_t i = 0; i < cause->why.corrections.count; i++)
        put(f, &inc->why.corrections, cause->why.corrections.at[i]);
}

static void records_walk(facts *f, country *c, uint8_t kind, const incident *cause)
{
    records *r = &c->records[kind];
    entry *list = NULL;
    uint32_t count = 0, capacity = 0;
    for (uint32_t i = 0; i < c->keys.count; i++) {
        key *k = &f->keys[c->keys.at[i]];
        if (k->kind != kind)
            continue;
        for (incident *inc = incidents_first(k); inc; inc = incidents_next(inc))
            entries_put(f, &list, &count, &capacity, inc);
        for (uint32_t j = 0; j < k->vague_incidents.count; j++)
            entries_put(f, &list, &count, &capacity, f->incidents[k->vague_incidents.at[j]]);
    }
    entries_put_dropped(f, &list, &count, &capacity, c, kind);
    if (count)
        qsort(list, count, sizeof *list, entry_order);
    r->count = 0;
    for (uint32_t i = 0; i < count;) {
        uint32_t j = i;
        uint64_t before = 0;
        bool any = greatest_before(r, list[i].start_ns, &before);
        for (; j < count && list[j].start_ns == list[i].start_ns; j++)
            flag_set(f, list[j].inc, !any || list[j].count > before, cause);
        for (uint32_t m = i; m < j; m++)
            if (!any || list[m].count > before)
                step_put(f, r, list[m].start_ns, list[m].count);
        i = j;
    }
    if (count && list[count - 1].start_ns > r->last_start_ns)
        r->last_start_ns = list[count - 1].start_ns;
    array_free((void **)&list, &capacity, sizeof *list, &f->held);
}

void largest_settle(facts *f, incident *inc, const summary *before, bool was)
{
    const key *k = &f->keys[inc->key_index];
    country *c = country_of(f, k->country);
    records *r = &c->records[k->kind];
    if (inc->used && was && before->votes.count == inc->now.votes.count &&
        before->votes.has_count == inc->now.votes.has_count && before->occurred.start_ns == inc->now.occurred.start_ns)
        return;
    bool was_record = was && is_record(r, before);
    bool becomes = inc->used && is_record(r, &inc->now);
    if (!was_record && !becomes) {
        inc->now.largest = false;
    } else if (!was_record && inc->now.occurred.start_ns > r->last_start_ns) {
        inc->now.largest = true;
        step_put(f, r, inc->now.occurred.start_ns, inc->now.votes.count);
    } else {
        if (inc->used && !counts_in(&inc->now))
            inc->now.largest = false;
        records_walk(f, c, k->kind, inc);
    }
    if (inc->used && counts_in(&inc->now) && inc->now.occurred.start_ns > r->last_start_ns)
        r->last_start_ns = inc->now.occurred.start_ns;
}

void record_step_note(facts *f, country *c, uint8_t kind, int64_t start_ns, uint64_t count)
{
    records *r = &c->records[kind];
    uint64_t before;
    if (!greatest_before(r, start_ns, &before) || count > before)
        step_put(f, r, start_ns, count);
    if (start_ns > r->last_start_ns)
        r->last_start_ns = start_ns;
}
