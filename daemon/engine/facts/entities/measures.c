/* measures.c - the reports on one object of one authority, folded in order of time: FACTS.md, section 5. */
#include <stdlib.h>
#include <string.h>

#include "facts/entities/entities.h"
#include "facts/entities/history.h"
#include "facts/entities/steps.h"
#include "facts/state/known.h"

const char *measure_state_name(measure_state state)
{
    static const char *const names[] = {NULL,        "proposed", "in_force", "licensed",
                                        "suspended", "delisted", "lifted",   "expired"};
    return names[state];
}

/* What stood when the last program of a party ended. */
typedef struct standing {
    bool ended; /* and only so: nobody has said yet what became of the party itself */
    measure_state state;
    int64_t since_ns, licence_ends_ns, measure_ends_ns, extended_at_ns;
} standing;

/* The fold while it runs. */
typedef struct fold {
    facts *f;
    measure_view v;
    numbers programs; /* symbols: those it is listed under */
    int64_t now_ns, licence_ends_ns, measure_ends_ns;
    int64_t licence_at_ns;  /* when the step that licensed or suspended it was first told */
    int64_t extended_at_ns; /* when its extension was first told; TIME_UNKNOWN: it was not extended */
    int64_t next_ns;        /* least end ahead of the clock so far; INT64_MAX: none */
    /* what stood before a removal, in case a listing of the same day makes it a move */
    int64_t removed_ns, since_before_removal_ns;
    bool stood_before_removal;
    standing before_end;
    history *told; /* NULL: nobody wants to know */
} fold;

/* step: NULL where time ran out. */
static void fold_tell(const fold *s, int64_t at_ns, const measure_step *step, bool of_program)
{
    if (s->told)
        history_add(s->told, &(turn){.at_ns = at_ns,
                                     .ends_ns = step ? step->ends_ns : TIME_UNKNOWN,
                                     .action = step ? thaw_action_name(step->action) : NULL,
                                     .program = step ? step->program : 0,
                                     .of_program = of_program,
                                     .state = measure_state_name(s->v.state)});
}

static void fold_set(fold *s, measure_state state, int64_t at_ns)
{
    if (s->v.state == state)
        return;
    s->v.state = state;
    s->v.since_ns = at_ns;
}

static bool is_removed(measure_state state)
{
    return state == MEASURE_DELISTED || state == MEASURE_LIFTED;
}

static bool is_paused(const fold *s)
{
    return s->v.state == MEASURE_LICENSED || s->v.state == MEASURE_SUSPENDED;
}

static bool stands(const fold *s)
{
    return is_paused(s) || s->v.state == MEASURE_IN_FORCE;
}

/* Notes an end that lies ahead of the clock, also where a report that is dated further ahead follows. */
static void fold_note_next(fold *s)
{
    int64_t licence = is_paused(s) ? s->licence_ends_ns : TIME_UNKNOWN;
    int64_t measure = stands(s) ? s->measure_ends_ns : TIME_UNKNOWN;
    if (licence > s->now_ns && licence < s->next_ns)
        s->next_ns = licence;
    if (measure > s->now_ns && measure < s->next_ns)
        s->next_ns = measure;
}

/* Lets licences and measures run out that end at or before an instant, each at its own. */
static void fold_expire(fold *s, int64_t at_ns)
{
    bool measure_ends = stands(s) && s->measure_ends_ns != TIME_UNKNOWN && s->measure_ends_ns <= at_ns;
    bool licence_ends = is_paused(s) && s->licence_ends_ns != TIME_UNKNOWN && s->licence_ends_ns <= at_ns;
    if (licence_ends && (!measure_ends || s->licence_ends_ns < s->measure_ends_ns)) {
        fold_set(s, MEASURE_IN_FORCE, s->licence_ends_ns);
        fold_tell(s, s->licence_ends_ns, NULL, false);
        s->licence_ends_ns = TIME_UNKNOWN;
    }
    if (measure_ends) {
        fold_set(s, MEASURE_EXPIRED, s->measure_ends_ns);
        fold_tell(s, s->measure_ends_ns, NULL, false);
        s->measure_ends_ns = TIME_UNKNOWN;
    }
}

static bool is_extended_again(const fold *s, int64_t at_ns)
{
    return s->extended_at_ns != TIME_UNKNOWN &&
           at_ns - s->extended_at_ns < s->f->config.tolerance_ns[THAW_SANCTION];
}

/* Who extends a measure and does not say until when takes its old end away; not so where the same extension is told
 * again. Other steps that state no end leave it. */
static void fold_end(fold *s, uint8_t action, int64_t at_ns, int64_t ends_ns)
{
    bool extends = action == THAW_EXTENDED;
    bool again = extends && is_extended_again(s, at_ns);
    if (extends && !again)
        s->extended_at_ns = at_ns;
    if (ends_ns != TIME_UNKNOWN || (extends && !again))
        s->measure_ends_ns = ends_ns;
}

static void fold_list(fold *s, uint8_t action, int64_t at_ns, int64_t ends_ns)
{
    bool lists = action == THAW_IMPOSED || action == THAW_REIMPOSED;
    bool paused = is_paused(s);
    if (is_removed(s->v.state) && !lists)
        return;
    fold_end(s, action, at_ns, ends_ns);
    if (paused && !lists)
        return;
    s->before_end.ended = false;
    bool move = is_removed(s->v.state) && day_of(s->removed_ns) == day_of(at_ns) && s->stood_before_removal;
    /* what is extended, amended or maintained was in force already, and nobody has said since when */
    fold_set(s, MEASURE_IN_FORCE, lists || s->v.state != MEASURE_NONE ? at_ns : TIME_UNKNOWN);
    if (move)
        s->v.since_ns = s->since_before_removal_ns;
    s->licence_ends_ns = TIME_UNKNOWN;
}

static void fold_remove(fold *s, measure_state state, int64_t at_ns)
{
    if (!is_removed(s->v.state)) {
        s->removed_ns = at_ns;
        s->stood_before_removal = s->v.state == MEASURE_IN_FORCE;
        s->since_before_removal_ns = s->v.since_ns;
    }
    fold_set(s, state, at_ns);
    s->before_end.ended = false;
    s->programs.count = 0;
    s->licence_ends_ns = s->measure_ends_ns = s->extended_at_ns = TIME_UNKNOWN;
}

static void fold_relieve(fold *s, uint8_t action, int64_t at_ns, int64_t ends_ns)
{
    if (action == THAW_EASED) {
        if (s->v.state == MEASURE_NONE)
            s->v.state = MEASURE_IN_FORCE;
        return;
    }
    if (is_removed(s->v.state))
        return;
    measure_state state = action == THAW_LICENSED ? MEASURE_LICENSED : MEASURE_SUSPENDED;
    /* The same step told again, of a later day: who does not say how long it lasts does not say that it never ends. */
    bool again = s->v.state == state && at_ns - s->licence_at_ns < s->f->config.tolerance_ns[THAW_SANCTION];
    fold_set(s, state, at_ns);
    if (!again)
        s->licence_at_ns = at_ns;
    if (!again || ends_ns != TIME_UNKNOWN)
        s->licence_ends_ns = ends_ns;
}

static bool numbers_hold(const numbers *list, uint32_t value)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->at[i] == value)
            return true;
    return false;
}

/* A listing adds its program; any other step that names one which is new stands for a renaming. */
static void fold_program(fold *s, uint8_t action, uint32_t program)
{
    bool lists = action == THAW_IMPOSED || action == THAW_REIMPOSED,
         renames = step_rank(action) == 1 || action == THAW_MAINTAINED;
    if (!program || numbers_hold(&s->programs, program) || (s->programs.count && !renames))
        return;
    if (!lists)
        s->programs.count = 0;
    add(s->f, &s->programs, program);
}

/* The end of a program: of the measure, if it stands and is listed under no other. */
static void fold_end_program(fold *s, const measure_step *st)
{
    if (!stands(s) || !numbers_take(&s->programs, st->program))
        return;
    if (!s->programs.count) {
        standing before = {true, s->v.state, s->v.since_ns, s->licence_ends_ns, s->measure_ends_ns, s->extended_at_ns};
        fold_remove(s, MEASURE_LIFTED, st->start_ns);
        s->before_end = before;
    }
    fold_tell(s, st->start_ns, st, true);
}

/* A program is extended: so is a measure that stands under it and would run out. Its end never comes nearer by it, for
 * it may be listed under a second program that lasts longer. */
static void fold_extend_program(fold *s, const measure_step *st)
{
    int64_t before = s->measure_ends_ns;
    if (!stands(s) || !numbers_hold(&s->programs, st->program) ||
        (before == TIME_UNKNOWN && !is_extended_again(s, st->start_ns)))
        return;
    fold_end(s, THAW_EXTENDED, st->start_ns, st->ends_ns);
    if (before != TIME_UNKNOWN && s->measure_ends_ns != TIME_UNKNOWN && s->measure_ends_ns < before)
        s->measure_ends_ns = before;
    if (s->measure_ends_ns != before)
        fold_tell(s, st->start_ns, st, true);
}

/* A party that is extended, amended or maintained did not go with its program: a list moved it to another. */
static void fold_outlive(fold *s, int64_t at_ns)
{
    const standing *before = &s->before_end;
    if (!before->ended)
        return;
    s->v.state = before->state;
    s->v.since_ns = before->since_ns;
    s->licence_ends_ns = before->licence_ends_ns;
    s->measure_ends_ns = before->measure_ends_ns;
    s->extended_at_ns = before->extended_at_ns;
    s->before_end.ended = false;
    fold_expire(s, at_ns < s->now_ns ? at_ns : s->now_ns);
    fold_note_next(s);
}

static void fold_act(fold *s, const measure_step *st)
{
    bool lists = st->action == THAW_IMPOSED || st->action == THAW_REIMPOSED;
    if (st->action == THAW_EXTENDED || st->action == THAW_AMENDED || st->action == THAW_MAINTAINED)
        fold_outlive(s, st->start_ns);
    if (!is_removed(s->v.state) || lists)
        fold_program(s, st->action, st->program);
    switch (st->action) {
    case THAW_PROPOSED:
        if (s->v.state == MEASURE_NONE)
            fold_set(s, MEASURE_PROPOSED, st->start_ns);
        break;
    case THAW_EASED:
    case THAW_LICENSED:
    case THAW_SUSPENDED:
        fold_relieve(s, st->action, st->start_ns, st->ends_ns);
        break;
    case THAW_LIFTED:
        fold_remove(s, MEASURE_LIFTED, st->start_ns);
        break;
    case THAW_DELISTED:
        fold_remove(s, MEASURE_DELISTED, st->start_ns);
        break;
    default:
        fold_list(s, st->action, st->start_ns, st->ends_ns);
    }
}

static void fold_step(fold *s, const measure_step *st, bool of_program)
{
    fold_expire(s, st->start_ns < s->now_ns ? st->start_ns : s->now_ns);
    fold_note_next(s);
    if (of_program && st->action == THAW_EXTENDED) {
        fold_extend_program(s, st);
        return;
    }
    if (of_program) {
        fold_end_program(s, st);
        return;
    }
    fold_act(s, st);
    fold_tell(s, st->start_ns, st, false);
}

/* ---- the steps of one object -------------------------------------------------------- */

/* ---- what is said of a program reaches the parties listed under it ------------------ */

/* A copy of an entity that learns its steps for itself: where only some reports are read they are others. */
static entity *entity_apart(entity *copy)
{
    copy->steps = NULL;
    copy->steps_count = copy->steps_capacity = 0;
    copy->steps_known = false;
    return copy;
}

typedef struct endings { /* of programs, and what puts them off */
    measure_step *at;
    uint32_t count, capacity;
} endings;

static int ending_order(const void *a_, const void *b_, void *f)
{
    return step_compare(f, a_, b_);
}

/* The entity of a program of the authority of e; NULL: none. */
static entity *program_entity(const facts *f, const entity *e, uint32_t program)
{
    thaw_str name = symbols_get(f->symbols, program);
    char text[160] = "p";
    if (!name.len || name.len > sizeof text - 1)
        return NULL;
    memcpy(text + 1, name.data, name.len);
    uint32_t n = node_find(f, e->scope, (thaw_str){text, name.len + 1});
    return n && f->nodes[n].entity ? &f->entities[f->nodes[n].entity] : NULL;
}

static void endings_of(facts *f, const entity *e, uint32_t program, endings *list)
{
    entity *of = program_entity(f, e, program), apart;
    if (!of)
        return;
    apart = *of;
    if (f->only || f->known_at)
        of = entity_apart(&apart);
    steps_learn(f, of);
    for (uint32_t i = 0; i < of->steps_count; i++) {
        if (!step_reaches_parties(of->steps[i].action))
            continue;
        if (array_reserve((void **)&list->at, &list->capacity, (size_t)list->count + 1, sizeof *list->at, &f->held) <
            0) {
            f->failed = -ENOMEM;
            return;
        }
        list->at[list->count++] = of->steps[i];
    }
    if (f->only || f->known_at)
        measure_forget(f, of);
}

static void programs_named(facts *f, const entity *e, numbers *programs)
{
    for (uint32_t i = 0; i < e->steps_count; i++)
        if (e->steps[i].program)
            put(f, programs, e->steps[i].program);
}

/* Those of every program that a step of the party names, in order. */
static void endings_collect(facts *f, const entity *e, endings *list)
{
    numbers programs = {0};
    programs_named(f, e, &programs);
    for (uint32_t i = 0; i < programs.count; i++)
        endings_of(f, e, programs.at[i], list);
    numbers_done(&programs, &f->held);
    if (list->count > 1)
        qsort_r(list->at, list->count, sizeof *list->at, ending_order, f);
}

static fold fold_new(facts *f, int64_t now_ns)
{
    return (fold){.f = f,
                  .now_ns = now_ns,
                  .next_ns = INT64_MAX,
                  .v = {.since_ns = TIME_UNKNOWN, .expires_ns = TIME_UNKNOWN},
                  .licence_ends_ns = TIME_UNKNOWN,
                  .measure_ends_ns = TIME_UNKNOWN,
                  .extended_at_ns = TIME_UNKNOWN,
                  .removed_ns = TIME_UNKNOWN,
                  .since_before_removal_ns = TIME_UNKNOWN};
}

static void fold_run(fold *s, entity *e)
{
    facts *f = s->f;
    endings ends = {0};
    steps_learn(f, e);
    if (measure_party(f, e))
        endings_collect(f, e, &ends);
    for (uint32_t i = 0, j = 0; i < e->steps_count || j < ends.count;) {
        /* the party's own first: what removes it by name says so */
        bool own = j == ends.count || (i < e->steps_count && step_compare(f, &e->steps[i], &ends.at[j]) <= 0);
        fold_step(s, own ? &e->steps[i++] : &ends.at[j++], !own);
    }
    array_free((void **)&ends.at, &ends.capacity, sizeof *ends.at, &f->held);
    fold_expire(s, s->now_ns);
    fold_note_next(s);
    numbers_done(&s->programs, &f->held);
}

void measure_look(facts *f, entity *e, int64_t now_ns, measure_view *ret_view)
{
    fold fo = fold_new(f, now_ns);
    entity apart = *e;
    if (f->known_at)
        e = entity_apart(&apart);
    fold_run(&fo, e);
    if (f->known_at)
        measure_forget(f, e);
    int64_t licence = is_paused(&fo) ? fo.licence_ends_ns : TIME_UNKNOWN;
    fo.v.expires_ns = licence != TIME_UNKNOWN ? licence : stands(&fo) ? fo.measure_ends_ns : TIME_UNKNOWN;
    fo.v.next_ns = fo.next_ns == INT64_MAX ? TIME_UNKNOWN : fo.next_ns;
    *ret_view = fo.v;
}

void measure_programs_said(facts *f, entity *e, numbers *reports_)
{
    numbers programs = {0}, mentioned = {0}, parties = {0};
    measure_step st;
    if (!measure_party(f, e))
        return;
    steps_learn(f, e);
    programs_named(f, e, &programs);
    for (uint32_t i = 0; i < programs.count; i++) {
        const entity *of = program_entity(f, e, programs.at[i]);
        if (of)
            entity_mentions(f, of, &mentioned, &parties);
    }
    for (uint32_t i = 0; i < mentioned.count; i++)
        if (step_of(f, mentioned.at[i], &st) && step_reaches_parties(st.action))
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

void measure_tell(facts *f, const entity *e, measure_told_fn on_step, void *context)
{
    numbers mentioned = {0}, parties = {0};
    fold fo = fold_new(f, f->now_ns);
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
        fold_step(&fo, &all[i].step, false);
        on_step(context, all[i].report, &fo.v);
    }
    numbers_done(&fo.programs, &f->held);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    free(all);
}

/* ---- turn by turn ------------------------------------------------------------------- */

/* Gives the turns that a report on an object brought about its name; `of_program`: on one that it is listed under. */
static void turns_name(facts *f, history *h, uint32_t number, bool of_program)
{
    measure_step st;
    if (!step_of(f, number, &st) || (of_program && !step_reaches_parties(st.action)))
        return;
    for (uint32_t i = 0; i < history_kept(h); i++) {
        turn *t = history_at(h, i);
        if (t->action && t->of_program == of_program && t->at_ns == st.start_ns && t->ends_ns == st.ends_ns &&
            t->program == st.program && strcmp(t->action, thaw_action_name(st.action)) == 0)
            turn_report(f, t, number);
    }
}

static void turns_name_all(facts *f, history *h, const entity *e, bool of_program)
{
    numbers mentioned = {0}, parties = {0};
    entity_mentions(f, e, &mentioned, &parties);
    for (uint32_t i = 0; i < mentioned.count; i++)
        if (!i || mentioned.at[i] != mentioned.at[i - 1])
            turns_name(f, h, mentioned.at[i], of_program);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
}

void measure_history(facts *f, entity *e, int64_t now_ns, history *h)
{
    fold fo = fold_new(f, now_ns);
    numbers programs = {0};
    *h = (history){0};
    fo.told = h;
    fold_run(&fo, e);
    turns_name_all(f, h, e, false);
    for (uint32_t i = 0; i < history_kept(h); i++)
        if (history_at(h, i)->of_program)
            put(f, &programs, history_at(h, i)->program);
    for (uint32_t i = 0; i < programs.count; i++) {
        const entity *of = program_entity(f, e, programs.at[i]);
        if (of)
            turns_name_all(f, h, of, true);
    }
    numbers_done(&programs, &f->held);
}
