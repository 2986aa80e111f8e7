/* measures.c - a measure as it stands, report by report and turn by turn: FACTS.md, section 5. */
#include <stdlib.h>
#include <string.h>

#include "facts/entities/blunt.h"
#include "facts/entities/course.h"
#include "facts/entities/echoes.h"
#include "facts/entities/steps.h"
#include "facts/entities/still_listed.h"

/* What it is after all that was folded. */
static measure_view view_of(const fold *fo)
{
    measure_view v = fo->v;
    int64_t licence = fold_is_paused(fo) ? fo->licence_ends_ns : TIME_UNKNOWN;
    v.expires_ns = licence != TIME_UNKNOWN ? licence : fold_stands(fo) ? fo->measure_ends_ns : TIME_UNKNOWN;
    v.next_ns = fo->next_ns == INT64_MAX ? TIME_UNKNOWN : fo->next_ns;
    return v;
}

/* Finds out which of its steps change nothing because of who tells them, where that is not known. */
static void steps_judge(facts *f, entity *e)
{
    bool known = e->idle_known;
    removals_judge(f, e);
    if (!known)
        echoes_judge(f, e);
}

void measure_look(facts *f, entity *e, int64_t now_ns, measure_view *ret_view)
{
    fold fo = fold_new(f, now_ns);
    entity apart = *e;
    if (f->known_at)
        e = entity_apart(&apart);
    steps_judge(f, e);
    course_run(&fo, e);
    if (f->known_at)
        measure_forget(f, e);
    *ret_view = view_of(&fo);
}

void measure_programs_said(facts *f, entity *e, numbers *reports_)
{
    numbers programs = {0}, mentioned = {0}, parties = {0};
    measure_step st;
    if (!measure_is_listed(f, e))
        return;
    steps_learn(f, e);
    programs_named(f, e, &programs);
    for (uint32_t i = 0; i < programs.count; i++) {
        const entity *of = program_entity(f, e, programs.at[i]);
        if (of)
            entity_mentions(f, of, &mentioned, &parties);
    }
    for (uint32_t i = 0; i < mentioned.count; i++)
        if (step_of(f, mentioned.at[i], &st) && step_reaches_listed(st.action))
            add(f, reports_, mentioned.at[i]);
    numbers_done(&programs, &f->held);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
}

void measure_look_at(facts *f, const entity *e, const uint8_t *only, measure_view *ret_view)
{
    entity apart = *e;
    f->only = only;
    measure_look(f, entity_apart(&apart), f->now_ns, ret_view);
    measure_forget(f, &apart);
    f->only = NULL;
}

/* ---- report by report --------------------------------------------------------------- */

typedef struct told_step {
    measure_step step;
    uint32_t report;
} told_step;

static int told_order(const void *a_, const void *b_, void *f)
{
    const told_step *a = a_, *b = b_;
    int order = step_compare(f, &a->step, &b->step);
    return order ? order : (a->report > b->report) - (a->report < b->report);
}

void measure_tell(facts *f, entity *e, measure_told_fn on_step, void *context)
{
    numbers mentioned = {0}, parties = {0};
    fold fo = fold_new(f, f->now_ns);
    steps_judge(f, e);
    steps_blunt(f, e->steps, e->steps_count);
    entity_mentions(f, e, &mentioned, &parties);
    told_step *all = calloc(mentioned.count + 1, sizeof *all);
    uint32_t count = 0;
    for (uint32_t i = 0; all && i < mentioned.count; i++)
        if ((!i || mentioned.at[i] != mentioned.at[i - 1]) && step_of(f, mentioned.at[i], &all[count].step))
            all[count++].report = mentioned.at[i];
    if (!all)
        f->failed = -ENOMEM;
    if (count > 1)
        qsort_r(all, count, sizeof *all, told_order, f);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = step_place(f, e, &all[i].step);
        if (place < e->steps_count && step_is_passed(&e->steps[place]))
            fold_pass(&fo, &all[i].step);
        else
            fold_step(&fo, place < e->steps_count ? &e->steps[place] : &all[i].step, all[i].step.start_ns);
        on_step(context, all[i].report, &fo.v);
    }
    numbers_done(&fo.programs, &f->held);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    free(all);
}

/* ---- turn by turn ------------------------------------------------------------------- */

/* Gives the turns that the reports on it brought about their names. */
static void turns_name(facts *f, history *h, uint32_t number)
{
    measure_step st;
    if (!step_of(f, number, &st))
        return;
    for (uint32_t i = 0; i < history_kept(h); i++) {
        turn *t = history_at(h, i);
        if (t->action == st.action && !t->of_program && t->said_ns == st.start_ns && t->days == st.days &&
            t->ends_ns == st.ends_ns && t->program == st.program)
            turn_report(f, t, number);
    }
}

static void turns_name_all(facts *f, history *h, const entity *e)
{
    numbers mentioned = {0}, parties = {0};
    entity_mentions(f, e, &mentioned, &parties);
    for (uint32_t i = 0; i < mentioned.count; i++)
        if (!i || mentioned.at[i] != mentioned.at[i - 1])
            turns_name(f, h, mentioned.at[i]);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
}

static void turn_told(void *h, const turn *t, bool stands)
{
    (void)stands;
    history_add(h, t);
}

void measure_history(facts *f, entity *e, int64_t now_ns, told_programs *told, history *h, measure_view *ret_view)
{
    fold fo = fold_new(f, now_ns);
    numbers programs = {0};
    *h = (history){0};
    fo.on_turn = turn_told;
    fo.context = h;
    steps_judge(f, e);
    course_run(&fo, e);
    *ret_view = view_of(&fo);
    turns_name_all(f, h, e);
    for (uint32_t i = 0; i < history_kept(h); i++)
        if (history_at(h, i)->of_program)
            put(f, &programs, history_at(h, i)->program);
    for (uint32_t i = 0; i < programs.count; i++) {
        const entity *of = program_entity(f, e, programs.at[i]);
        if (of)
            told_name(f, told, programs.at[i], of, h);
    }
    numbers_done(&programs, &f->held);
}
