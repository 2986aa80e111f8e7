/* course.c - what is said of a measure, in order of time: FACTS.md, section 5. */
#include "facts/entities/blunt.h"
#include "facts/entities/course.h"
#include "facts/entities/mentions.h"
#include "facts/entities/steps.h"

/* ---- what is said of a program reaches the parties and sectors listed under it ------ */

typedef struct step_list {
    measure_step *at;
    uint32_t count, capacity;
} step_list;

static int step_order(const void *a_, const void *b_, void *f)
{
    return step_compare(f, a_, b_);
}

/* The entity of a program of the authority of e; NULL: none. */
entity *program_entity(const facts *f, const entity *e, uint32_t program)
{
    thaw_str name = symbols_get(f->symbols, program);
    uint32_t n = name.len ? mention_find(f, e->scope, 'p', name) : 0;
    return n && f->nodes[n].entity ? &f->entities[f->nodes[n].entity] : NULL;
}

static void program_steps(facts *f, const entity *e, uint32_t program, step_list *list)
{
    entity *of = program_entity(f, e, program), apart;
    if (!of)
        return;
    apart = *of;
    if (f->only || f->known_at)
        of = entity_apart(&apart);
    steps_learn(f, of);
    uint32_t before = list->count;
    for (uint32_t i = 0; i < of->steps_count; i++) {
        if (!step_reaches_listed(of->steps[i].action))
            continue;
        if (array_reserve((void **)&list->at, &list->capacity, (size_t)list->count + 1, sizeof *list->at, &f->held) <
            0) {
            f->failed = -ENOMEM;
            return;
        }
        list->at[list->count] = of->steps[i];
        list->at[list->count++].echo = false; /* of the program, not of what is listed under it */
    }
    if (list->count > before)
        steps_blunt(f, list->at + before, list->count - before);
    if (f->only || f->known_at)
        measure_forget(f, of);
}

void programs_named(facts *f, const entity *e, numbers *programs)
{
    for (uint32_t i = 0; i < e->steps_count; i++)
        if (e->steps[i].program && (!i || e->steps[i].program != e->steps[i - 1].program))
            add(f, programs, e->steps[i].program);
    numbers_unique(programs);
}

/* Those of every program that a step of the measure names, in order: each program's are. */
static void programs_collect(facts *f, const entity *e, step_list *list)
{
    numbers programs = {0};
    programs_named(f, e, &programs);
    for (uint32_t i = 0; i < programs.count; i++)
        program_steps(f, e, programs.at[i], list);
    bool several = programs.count > 1;
    numbers_done(&programs, &f->held);
    if (several && list->count > 1)
        qsort_r(list->at, list->count, sizeof *list->at, step_order, f);
}

/* ---- what is vague and came too early ------------------------------------------------ *
 * "Delisted in March" of what was listed on the 12th: nothing can be removed that was not listed, so the removal waits
 * for the listing that begins within its date, and comes after the next removal that begins within it (it is said of
 * that one) or else after the last listing there. A licence or suspension that finds nothing to license waits likewise. */

typedef struct waiting {
    const measure_step *step;
    uint32_t begun; /* how many listings there were: what it waits for has come where there are more */
    bool of_program;
} waiting;

/* The steps of a measure and of its programs, and how far they are folded. */
typedef struct course {
    fold *s;
    const measure_step *own;
    uint32_t own_count, at;    /* at: the next of its own */
    uint32_t listing, removal; /* the next of its own that lists, that removes; own_count: none */
    step_list programs;
    waiting *waits;
    uint32_t waits_count, waits_capacity;
    int64_t waits_until_ns; /* the least of theirs */
    uint32_t listings;      /* that came */
    bool has_stood;
} course;

static bool is_removal(const measure_step *st)
{
    return step_removes(st) && !step_is_passed(st);
}

/* The start of the next that lists or removes; INT64_MAX: there is none. */
static int64_t next_start(const course *c, uint32_t *next, bool (*is_one)(const measure_step *))
{
    if (*next < c->at)
        *next = c->at;
    while (*next < c->own_count && !is_one(&c->own[*next]))
        ++*next;
    return *next < c->own_count ? c->own[*next].start_ns : INT64_MAX;
}

/* Until when a listing may begin that it follows: a licence that has run out licenses nothing. */
static int64_t wait_until(const measure_step *st)
{
    int64_t until = step_until(st);
    return !step_removes(st) && st->ends_ns != TIME_UNKNOWN && st->ends_ns < until ? st->ends_ns : until;
}

/* What is imposed again, and is not known to have stood before, was removed before. */
static bool must_wait(course *c, const measure_step *st)
{
    if (!st->days || !step_follows_a_listing(st) || fold_stands(c->s) ||
        next_start(c, &c->listing, step_lists) >= wait_until(st))
        return false;
    return !step_removes(st) || c->has_stood || c->own[c->listing].action != THAW_REIMPOSED;
}

static void wait_begin(course *c, const measure_step *st, bool of_program)
{
    facts *f = c->s->f;
    if (array_reserve((void **)&c->waits, &c->waits_capacity, (size_t)c->waits_count + 1, sizeof *c->waits, &f->held) <
        0) {
        f->failed = -ENOMEM;
        return;
    }
    if (!c->waits_count || wait_until(st) < c->waits_until_ns)
        c->waits_until_ns = wait_until(st);
    c->waits[c->waits_count++] = (waiting){st, c->listings, of_program};
}

static void step_take(course *c, const measure_step *st, bool of_program, int64_t at_ns)
{
    if (of_program)
        fold_step_of_program(c->s, st, at_ns);
    else
        fold_step(c->s, st, at_ns);
}

/* The listing that it waited for has come, and no other listing or removal begins within its date. */
static bool is_over(const course *c, const waiting *w, int64_t next_ns)
{
    return w->begun < c->listings && wait_until(w->step) <= next_ns;
}

/* Lets come what has waited long enough; with a removal all that the listing before it came for. */
static void waits_end(course *c, const measure_step *after, int64_t next_ns)
{
    const waiting *all = c->waits;
    uint32_t count = c->waits_count, kept = 0;
    bool removal = is_removal(after);
    for (uint32_t i = 0; i < count; i++)
        removal = removal || (step_removes(all[i].step) && is_over(c, &all[i], next_ns));
    c->waits_until_ns = INT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const waiting w = all[i];
        int64_t start_ns = w.step->start_ns, until_ns = wait_until(w.step);
        if (is_over(c, &w, next_ns) || (removal && w.begun < c->listings)) {
            step_take(c, w.step, w.of_program, start_ns > after->start_ns ? start_ns : after->start_ns);
            continue;
        }
        c->waits[kept++] = w;
        c->waits_until_ns = until_ns < c->waits_until_ns ? until_ns : c->waits_until_ns;
    }
    c->waits_count = kept;
}

/* After a step of its own. */
static void waits_look(course *c, const measure_step *after)
{
    c->listings += step_lists(after);
    if (!c->waits_count || c->waits[0].begun == c->listings)
        return;
    int64_t listing = next_start(c, &c->listing, step_lists), removal = next_start(c, &c->removal, is_removal);
    int64_t next_ns = listing < removal ? listing : removal;
    if (is_removal(after) || c->waits_until_ns <= next_ns)
        waits_end(c, after, next_ns);
}

static void course_step(course *c, const measure_step *st, bool of_program)
{
    c->has_stood = c->has_stood || fold_stands(c->s);
    if (step_is_passed(st)) {
        if (!of_program)
            fold_pass(c->s, st);
        return;
    }
    fold_come_to(c->s, st->start_ns);
    if (must_wait(c, st)) {
        wait_begin(c, st, of_program);
        return;
    }
    step_take(c, st, of_program, st->start_ns);
    if (!of_program)
        waits_look(c, st);
}

void course_run(fold *s, entity *e)
{
    facts *f = s->f;
    course c = {.s = s};
    steps_learn(f, e);
    steps_blunt(f, e->steps, e->steps_count);
    if (measure_is_listed(f, e))
        programs_collect(f, e, &c.programs);
    c.own = e->steps;
    c.own_count = e->steps_count;
    for (uint32_t j = 0; c.at < c.own_count || j < c.programs.count;) {
        /* its own first: what removes it by name says so */
        bool own =
            j == c.programs.count || (c.at < c.own_count && step_compare(f, &c.own[c.at], &c.programs.at[j]) <= 0);
        const measure_step *st = own ? &c.own[c.at++] : &c.programs.at[j++];
        course_step(&c, st, !own);
    }
    array_free((void **)&c.waits, &c.waits_capacity, sizeof *c.waits, &f->held);
    array_free((void **)&c.programs.at, &c.programs.capacity, sizeof *c.programs.at, &f->held);
    fold_done(s);
}
