/*
 * told.c - who says the steps of a program: thousands of parties may be listed under one of thousands of steps, and
 * each shows in its history who told the last of them.
 */
#include <stdlib.h>

#include "facts/entities/history.h"
#include "facts/entities/steps.h"
#include "lower_bound.h"

/* A step, and the reports that say so. */
typedef struct told_step {
    measure_step step;
    uint32_t first, reports; /* first: the one reported first */
} told_step;

struct told_program {
    uint32_t entity;
    told_step *at; /* in their order, each once */
    uint32_t count;
};

static int told_order(const void *a_, const void *b_, void *f)
{
    const told_step *a = a_, *b = b_;
    return step_compare(f, &a->step, &b->step);
}

/* Those that say the same become one. */
static uint32_t told_merge(const facts *f, told_step *all, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!kept || step_compare(f, &all[kept - 1].step, &all[i].step) != 0) {
            all[kept++] = all[i];
            continue;
        }
        told_step *same = &all[kept - 1];
        same->reports++;
        same->first = vote_reported_first(f, all[i].first, same->first) ? all[i].first : same->first;
    }
    return kept;
}

static told_program told_read(facts *f, uint32_t index)
{
    told_program p = {.entity = index};
    numbers mentioned = {0}, parties = {0};
    entity_mentions(f, &f->entities[index], &mentioned, &parties);
    p.at = calloc(mentioned.count + 1u, sizeof *p.at);
    f->failed = p.at ? f->failed : -ENOMEM;
    for (uint32_t i = 0; p.at && i < mentioned.count; i++) {
        told_step *one = &p.at[p.count];
        if ((i && mentioned.at[i] == mentioned.at[i - 1]) || !step_of(f, mentioned.at[i], &one->step) ||
            !step_reaches_listed(one->step.action))
            continue;
        one->first = mentioned.at[i];
        one->reports = 1;
        p.count++;
    }
    if (p.count > 1)
        qsort_r(p.at, p.count, sizeof *p.at, told_order, f);
    p.count = told_merge(f, p.at, p.count);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    return p;
}

/* NULL: no memory. */
static const told_program *told_of(facts *f, told_programs *all, const entity *of)
{
    uint32_t index = (uint32_t)(of - f->entities), cursor = 0, place;
    uint64_t hash = scramble(index);
    while ((place = index_next(&all->places, hash, &cursor)))
        if (all->at[place - 1].entity == index)
            return &all->at[place - 1];
    if (array_reserve((void **)&all->at, &all->capacity, (size_t)all->count + 1, sizeof *all->at, &f->held) < 0 ||
        index_put(&all->places, hash, all->count + 1, &f->held) < 0) {
        f->failed = -ENOMEM;
        return NULL;
    }
    all->at[all->count] = told_read(f, index);
    return &all->at[all->count++];
}

void told_name(facts *f, told_programs *all, uint32_t program, const entity *of, history *h)
{
    const told_program *p = told_of(f, all, of);
    for (uint32_t i = 0; p && p->count && i < history_kept(h); i++) {
        turn *t = history_at(h, i);
        if (!t->of_program || t->program != program)
            continue;
        told_step wanted = {.step = {.start_ns = t->said_ns,
                                     .ends_ns = t->ends_ns,
                                     .program = t->program,
                                     .days = t->days,
                                     .action = t->action}};
        uint32_t low = 0, high = p->count;
        LOWER_BOUND(low, high, step_compare(f, &p->at[middle].step, &wanted.step) < 0);
        if (low == p->count || step_compare(f, &p->at[low].step, &wanted.step) != 0)
            continue;
        t->reports = p->at[low].reports;
        t->report = p->at[low].first;
    }
}

void told_programs_done(facts *f, told_programs *all)
{
    for (uint32_t i = 0; i < all->count; i++)
        free(all->at[i].at);
    array_free((void **)&all->at, &all->capacity, sizeof *all->at, &f->held);
    index_done(&all->places, &f->held);
    *all = (told_programs){0};
}
