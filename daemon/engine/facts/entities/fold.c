/* fold.c - what a step makes of a measure, after those before it: FACTS.md, section 5. */
#include "facts/entities/fold.h"
#include "facts/entities/steps.h"

const char *measure_state_name(measure_state state)
{
    static const char *const names[] = {NULL,        "proposed", "in_force", "licensed",
                                        "suspended", "delisted", "lifted",   "expired"};
    return names[state];
}

fold fold_new(facts *f, int64_t now_ns)
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

/* step: NULL where time ran out. */
static void fold_tell(const fold *s, int64_t at_ns, const measure_step *step, bool of_program)
{
    if (!s->on_turn)
        return;
    turn t = {.at_ns = at_ns,
              .said_ns = step ? step->start_ns : TIME_UNKNOWN,
              .days = step ? step->days : 0,
              .ends_ns = step ? step->ends_ns : TIME_UNKNOWN,
              .action = step ? step->action : 0,
              .program = step ? step->program : 0,
              .of_program = of_program,
              .state = measure_state_name(s->v.state)};
    s->on_turn(s->context, &t, fold_stands(s));
}

static void fold_set(fold *s, measure_state state, int64_t at_ns)
{
    if (s->v.state == state)
        return;
    s->v.state = state;
    s->v.since_ns = at_ns;
    s->since_days = 0;
}

static bool is_removed(measure_state state)
{
    return state == MEASURE_DELISTED || state == MEASURE_LIFTED;
}

bool fold_is_paused(const fold *s)
{
    return s->v.state == MEASURE_LICENSED || s->v.state == MEASURE_SUSPENDED;
}

bool fold_stands(const fold *s)
{
    return fold_is_paused(s) || s->v.state == MEASURE_IN_FORCE;
}

/* Notes an end that lies ahead of the clock, also where a report that is dated further ahead follows. */
static void fold_note_next(fold *s)
{
    int64_t licence = fold_is_paused(s) ? s->licence_ends_ns : TIME_UNKNOWN;
    int64_t measure = fold_stands(s) ? s->measure_ends_ns : TIME_UNKNOWN;
    if (licence > s->now_ns && licence < s->next_ns)
        s->next_ns = licence;
    if (measure > s->now_ns && measure < s->next_ns)
        s->next_ns = measure;
}

/* Lets licences and measures run out that end at or before an instant, each at its own. */
static void fold_expire(fold *s, int64_t at_ns)
{
    bool measure_ends = fold_stands(s) && s->measure_ends_ns != TIME_UNKNOWN && s->measure_ends_ns <= at_ns;
    bool licence_ends = fold_is_paused(s) && s->licence_ends_ns != TIME_UNKNOWN && s->licence_ends_ns <= at_ns;
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
    return s->extended_at_ns != TIME_UNKNOWN && at_ns - s->extended_at_ns < s->f->config.tolerance_ns[THAW_SANCTION];
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

/* A listing that is told with a longer date says less exactly since when: that which begins within it says it. */
static void fold_since(fold *s, const measure_step *st, int64_t at_ns, bool began)
{
    if (!began && (st->days >= s->since_days || at_ns >= s->v.since_ns + s->since_days * DAY_NS))
        return;
    if (!began)
        s->v.since_ns = at_ns;
    s->since_days = st->days;
}

static void fold_list(fold *s, const measure_step *st, int64_t at_ns)
{
    uint8_t action = st->action;
    bool lists = step_lists(st), paused = fold_is_paused(s), began = s->v.state != MEASURE_IN_FORCE;
    if (is_removed(s->v.state) && !lists)
        return;
    fold_end(s, action, at_ns, st->ends_ns);
    if (paused && (!lists || st->echo))
        return;
    s->before_end.ended = false;
    bool move = is_removed(s->v.state) && day_of(s->removed_ns) == day_of(at_ns) && s->stood_before_removal;
    /* what is extended, amended or maintained was in force already, and nobody has said since when */
    fold_set(s, MEASURE_IN_FORCE, lists || s->v.state != MEASURE_NONE ? at_ns : TIME_UNKNOWN);
    if (move)
        s->v.since_ns = s->since_before_removal_ns;
    else if (lists)
        fold_since(s, st, at_ns, began);
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
static void fold_end_program(fold *s, const measure_step *st, int64_t at_ns)
{
    if (!fold_stands(s) || !numbers_take(&s->programs, st->program))
        return;
    if (!s->programs.count) {
        standing before = {true, s->v.state, s->v.since_ns, s->licence_ends_ns, s->measure_ends_ns, s->extended_at_ns};
        fold_remove(s, MEASURE_LIFTED, at_ns);
        s->before_end = before;
    }
    fold_tell(s, at_ns, st, true);
}

/* A program is extended: so is a measure that stands under it and would run out. Its end never comes nearer by it, for
 * it may be listed under a second program that lasts longer. */
static void fold_extend_program(fold *s, const measure_step *st, int64_t at_ns)
{
    int64_t before = s->measure_ends_ns;
    if (!fold_stands(s) || !numbers_hold(&s->programs, st->program) ||
        (before == TIME_UNKNOWN && !is_extended_again(s, at_ns)))
        return;
    fold_end(s, THAW_EXTENDED, at_ns, st->ends_ns);
    if (before != TIME_UNKNOWN && s->measure_ends_ns != TIME_UNKNOWN && s->measure_ends_ns < before)
        s->measure_ends_ns = before;
    if (s->measure_ends_ns != before)
        fold_tell(s, at_ns, st, true);
}

/* What is extended, amended or maintained did not go with its program: a list moved it to another. */
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

static void fold_act(fold *s, const measure_step *st, int64_t at_ns)
{
    if (st->action == THAW_EXTENDED || st->action == THAW_AMENDED || st->action == THAW_MAINTAINED)
        fold_outlive(s, at_ns);
    if (!is_removed(s->v.state) || step_lists(st))
        fold_program(s, st->action, st->program);
    switch (st->action) {
    case THAW_PROPOSED:
        if (s->v.state == MEASURE_NONE)
            fold_set(s, MEASURE_PROPOSED, at_ns);
        break;
    case THAW_EASED:
    case THAW_LICENSED:
    case THAW_SUSPENDED:
        fold_relieve(s, st->action, at_ns, st->ends_ns);
        break;
    case THAW_LIFTED:
        fold_remove(s, MEASURE_LIFTED, at_ns);
        break;
    case THAW_DELISTED:
        fold_remove(s, MEASURE_DELISTED, at_ns);
        break;
    default:
        fold_list(s, st, at_ns);
    }
}

void fold_come_to(fold *s, int64_t at_ns)
{
    fold_expire(s, at_ns < s->now_ns ? at_ns : s->now_ns);
    fold_note_next(s);
}

void fold_step(fold *s, const measure_step *st, int64_t at_ns)
{
    fold_come_to(s, at_ns);
    fold_act(s, st, at_ns);
    fold_tell(s, at_ns, st, false);
}

void fold_pass(fold *s, const measure_step *st)
{
    fold_come_to(s, st->start_ns);
    fold_tell(s, st->start_ns, st, false);
}

void fold_step_of_program(fold *s, const measure_step *st, int64_t at_ns)
{
    fold_come_to(s, at_ns);
    if (st->action == THAW_EXTENDED)
        fold_extend_program(s, st, at_ns);
    else
        fold_end_program(s, st, at_ns);
}

void fold_done(fold *s)
{
    fold_come_to(s, s->now_ns);
    numbers_done(&s->programs, &s->f->held);
}
