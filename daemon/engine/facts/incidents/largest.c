/*
 * largest.c - which incidents of a country and kind counted more than every one before them.
 *
 * These are kept as steps in order of (start, count), dropped incidents among them: the greatest count before
 * an instant is that of the last step before it. One that comes ends those behind it that do not exceed it;
 * only where one goes, and nothing as great stands in its place, are the incidents of the country looked
 * through for those that it had hidden.
 */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/incidents.h"
#include "facts/state/state.h"
#include "lower_bound.h"

static int step_order(const void *a_, const void *b_)
{
    const record_step *a = a_, *b = b_;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return (a->incident > b->incident) - (a->incident < b->incident);
}

/* The first step that is not before `s`. */
static uint32_t step_place(const records *r, record_step s)
{
    uint32_t low = 0, high = r->count;
    LOWER_BOUND(low, high, step_order(&r->steps[middle], &s) < 0);
    return low;
}

/* The first step that starts after an instant, or at it. */
static uint32_t step_from(const records *r, int64_t start_ns)
{
    return step_place(r, (record_step){.start_ns = start_ns});
}

static bool counts_in(const summary *s)
{
    return s->votes.has_count && s->occurred.start_ns != TIME_UNKNOWN;
}

static record_step step_of(const incident *inc, const summary *s)
{
    return (record_step){s->occurred.start_ns, s->votes.count, inc->index};
}

/* Whether it exceeds all that start before it. */
static bool is_record(const records *r, record_step s)
{
    uint32_t at = step_from(r, s.start_ns);
    return !at || s.count > r->steps[at - 1].count;
}

static void flag_set(facts *f, uint32_t index, bool largest, const incident *cause)
{
    incident *inc = index ? f->incidents[index] : NULL;
    if (!inc || inc->now.largest == largest)
        return;
    inc->now.largest = largest;
    if (!cause || inc == cause || inc->dirty)
        return;
    incident_touch(f, inc);
    inc->why.news = cause->why.news;
    for (uint32_t i = 0; i < cause->why.corrections.count; i++)
        put(f, &inc->why.corrections, cause->why.corrections.at[i]);
}

static void steps_remove(records *r, uint32_t from, uint32_t to)
{
    memmove(r->steps + from, r->steps + to, (r->count - to) * sizeof *r->steps);
    r->count -= to - from;
}

/* A record comes: those behind it that do not exceed it are none any more. */
static void step_add(facts *f, records *r, record_step s, const incident *cause)
{
    uint32_t at = step_place(r, s), behind, end;
    if (array_reserve((void **)&r->steps, &r->capacity, (size_t)r->count + 1, sizeof *r->steps, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    memmove(r->steps + at + 1, r->steps + at, (r->count - at) * sizeof *r->steps);
    r->steps[at] = s;
    r->count++;
    flag_set(f, s.incident, true, cause);
    for (behind = at + 1; behind < r->count && r->steps[behind].start_ns == s.start_ns; behind++)
        ;
    for (end = behind; end < r->count && r->steps[end].count <= s.count; end++)
        flag_set(f, r->steps[end].incident, false, cause);
    steps_remove(r, behind, end);
}

/* ---- what a record had hidden ------------------------------------------------------- */

typedef struct hidden {
    record_step *steps;
    uint32_t count, capacity;
    record_step gone; /* the record */
    uint64_t floor;   /* the greatest count up to it without it */
    bool has_floor;
    int64_t until_ns; /* start of the next record */
} hidden;

static void hidden_offer(facts *f, hidden *h, record_step s)
{
    if (s.start_ns <= h->gone.start_ns || s.start_ns > h->until_ns || (h->has_floor && s.count <= h->floor))
        return;
    if (array_reserve((void **)&h->steps, &h->capacity, (size_t)h->count + 1, sizeof s, &f->held) < 0)
        f->failed = -ENOMEM;
    else
        h->steps[h->count++] = s;
}

static void hidden_offer_incident(facts *f, hidden *h, const incident *inc)
{
    if (inc && inc->used && !inc->now.largest && counts_in(&inc->now) && inc->index != h->gone.incident)
        hidden_offer(f, h, step_of(inc, &inc->now));
}

static void hidden_collect(facts *f, hidden *h, const country *c, uint8_t kind)
{
    for (uint32_t i = 0; i < c->keys.count; i++) {
        key *k = &f->keys[c->keys.at[i]];
        if (k->kind != kind)
            continue;
        for (incident *inc = incidents_first(k); inc; inc = incidents_next(inc))
            hidden_offer_incident(f, h, inc);
        for (uint32_t j = 0; j < k->vague_incidents.count; j++)
            hidden_offer_incident(f, h, f->incidents[k->vague_incidents.at[j]]);
    }
    /* Dropped incidents had their counts; nobody asks any more whether they were the largest. */
    for (uint32_t i = 0; i < f->results_count; i++) {
        const result *r = &f->results[i];
        if (r->kind == kind && r->has_count && r->start_ns != TIME_UNKNOWN && !memcmp(r->country, c->code, 2))
            hidden_offer(f, h, (record_step){r->start_ns, r->largest, 0});
    }
}

static void hidden_reveal(facts *f, country *c, uint8_t kind, record_step gone, const incident *cause)
{
    records *r = &c->records[kind];
    uint32_t next = gone.start_ns < INT64_MAX ? step_from(r, gone.start_ns + 1) : r->count;
    hidden h = {.gone = gone, .has_floor = next > 0, .until_ns = next < r->count ? r->steps[next].start_ns : INT64_MAX};
    if (next)
        h.floor = r->steps[next - 1].count;
    if (h.has_floor && h.floor >= gone.count)
        return; /* another as great started no later */
    hidden_collect(f, &h, c, kind);
    if (h.count)
        qsort(h.steps, h.count, sizeof *h.steps, step_order);
    for (uint32_t i = 0; i < h.count; i++)
        if (is_record(r, h.steps[i]))
            step_add(f, r, h.steps[i], cause);
    array_free((void **)&h.steps, &h.capacity, sizeof *h.steps, &f->held);
}

/* ---- settling ----------------------------------------------------------------------- */

void largest_settle(facts *f, incident *inc, const summary *before)
{
    const key *k = &f->keys[inc->key_index];
    country *c = country_of(f, k->country);
    records *r = &c->records[k->kind];
    bool counts = inc->used && counts_in(&inc->now);
    record_step was = step_of(inc, before), is = step_of(inc, &inc->now);
    if (counts && counts_in(before) && step_order(&was, &is) == 0)
        return;
    inc->now.largest = false;
    if (before->largest) {
        uint32_t at = step_place(r, was);
        steps_remove(r, at, at + 1);
        if (!counts || is.start_ns > was.start_ns || is.count < was.count)
            hidden_reveal(f, c, k->kind, was, inc);
    }
    if (counts && is_record(r, is))
        step_add(f, r, is, inc);
}

void record_step_note(facts *f, country *c, uint8_t kind, int64_t start_ns, uint64_t count)
{
    record_step s = {start_ns, count, 0};
    if (is_record(&c->records[kind], s))
        step_add(f, &c->records[kind], s, NULL);
}
