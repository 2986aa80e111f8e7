/* measures.c - the reports on one object of one authority, folded in order of time: FACTS.md, section 5. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const char *measure_state_name(measure_state state)
{
    static const char *const names[] = {NULL,       "proposed", "in_force", "licensed",
                                        "suspended", "delisted", "lifted",   "expired"};
    return names[state];
}

/* One report as a step; of another object where a whole program is lifted. */
typedef struct step {
    uint32_t report;
    bool of_program;
} step;

static int step_rank(uint8_t action)
{
    switch (action) {
    case THAW_LIFTED:
    case THAW_DELISTED:
        return 0;
    case THAW_EASED:
    case THAW_LICENSED:
    case THAW_SUSPENDED:
        return 1;
    case THAW_MAINTAINED:
        return 3;
    default:
        return 2;
    }
}

static int step_order(const void *a_, const void *b_, void *f)
{
    uint32_t a = ((const step *)a_)->report, b = ((const step *)b_)->report;
    const report *ra = report_of(f, a), *rb = report_of(f, b);
    if (ra->start_ns != rb->start_ns)
        return ra->start_ns < rb->start_ns ? -1 : 1;
    int rank_a = step_rank(ra->detail), rank_b = step_rank(rb->detail);
    return rank_a != rank_b ? rank_a - rank_b : report_name_compare(f, a, b);
}

/* The fold while it runs. */
typedef struct fold {
    facts *f;
    measure_view v;
    numbers programs; /* symbols: those it is listed under */
    int64_t now_ns, licence_ends_ns, measure_ends_ns;
    int64_t next_ns; /* least end ahead of the clock so far; INT64_MAX: none */
    /* what stood before a removal, in case a listing of the same start makes it a move */
    int64_t removed_ns, since_before_removal_ns;
} fold;

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

/* Lets licences and measures run out that end at or before an instant. */
static void fold_expire(fold *s, int64_t at_ns)
{
    if (is_paused(s) && s->licence_ends_ns != TIME_UNKNOWN && s->licence_ends_ns <= at_ns) {
        fold_set(s, MEASURE_IN_FORCE, s->licence_ends_ns);
        s->licence_ends_ns = TIME_UNKNOWN;
    }
    if (stands(s) && s->measure_ends_ns != TIME_UNKNOWN && s->measure_ends_ns <= at_ns) {
        fold_set(s, MEASURE_EXPIRED, s->measure_ends_ns);
        s->measure_ends_ns = TIME_UNKNOWN;
    }
}

static void fold_list(fold *s, uint8_t action, int64_t at_ns, int64_t ends_ns)
{
    bool lists = action == THAW_IMPOSED || action == THAW_REIMPOSED;
    bool paused = is_paused(s);
    if (is_removed(s->v.state) && !lists)
        return;
    if (ends_ns != TIME_UNKNOWN)
        s->measure_ends_ns = ends_ns;
    if (paused && !lists)
        return;
    bool move = is_removed(s->v.state) && s->removed_ns == at_ns && s->since_before_removal_ns != TIME_UNKNOWN;
    fold_set(s, MEASURE_IN_FORCE, at_ns);
    if (move)
        s->v.since_ns = s->since_before_removal_ns;
    s->licence_ends_ns = TIME_UNKNOWN;
}

static void fold_remove(fold *s, measure_state state, int64_t at_ns)
{
    if (!is_removed(s->v.state)) {
        s->removed_ns = at_ns;
        s->since_before_removal_ns = s->v.state == MEASURE_IN_FORCE ? s->v.since_ns : TIME_UNKNOWN;
    }
    fold_set(s, state, at_ns);
    s->programs.count = 0;
    s->licence_ends_ns = s->measure_ends_ns = TIME_UNKNOWN;
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
    fold_set(s, action == THAW_LICENSED ? MEASURE_LICENSED : MEASURE_SUSPENDED, at_ns);
    s->licence_ends_ns = ends_ns;
}

/* A listing adds its program; any other step that names one which is new stands for a renaming. */
static void fold_program(fold *s, uint8_t action, uint32_t program)
{
    bool lists = action == THAW_IMPOSED || action == THAW_REIMPOSED, renames = step_rank(action) >= 2;
    for (uint32_t i = 0; i < s->programs.count; i++)
        if (s->programs.at[i] == program)
            return;
    if (!program || (s->programs.count && !renames))
        return;
    if (!lists)
        s->programs.count = 0;
    add(s->f, &s->programs, program);
}

/* The end of a program: of the measure, if it stands and is listed under no other. */
static void fold_end_program(fold *s, uint32_t program, int64_t at_ns)
{
    if (stands(s) && numbers_take(&s->programs, program) && !s->programs.count)
        fold_remove(s, MEASURE_LIFTED, at_ns);
}

static void fold_step(fold *s, const step *st)
{
    const report *r = report_of(s->f, st->report);
    thaw_event event = {0};
    if (r->has_program || r->has_expiry)
        report_event(s->f->reports, r, &event);
    uint32_t program = r->has_program ? symbols_find(s->f->symbols, event.program) : 0;
    int64_t unused, ends = TIME_UNKNOWN;
    if (event.expires_at.precision)
        thaw_date_interval(&event.expires_at, &unused, &ends);
    if (event.expires_at.precision == THAW_INSTANT)
        ends -= 1; /* an instant ends when it is there; a date with its day */
    fold_expire(s, r->start_ns < s->now_ns ? r->start_ns : s->now_ns);
    fold_note_next(s);
    if (st->of_program) {
        fold_end_program(s, program, r->start_ns);
        return;
    }
    if (!is_removed(s->v.state) || r->detail == THAW_IMPOSED || r->detail == THAW_REIMPOSED)
        fold_program(s, r->detail, program);
    switch (r->detail) {
    case THAW_PROPOSED:
        if (s->v.state == MEASURE_NONE)
            fold_set(s, MEASURE_PROPOSED, r->start_ns);
        break;
    case THAW_EASED:
    case THAW_LICENSED:
    case THAW_SUSPENDED:
        fold_relieve(s, r->detail, r->start_ns, ends);
        break;
    case THAW_LIFTED:
        fold_remove(s, MEASURE_LIFTED, r->start_ns);
        break;
    case THAW_DELISTED:
        fold_remove(s, MEASURE_DELISTED, r->start_ns);
        break;
    default:
        fold_list(s, r->detail, r->start_ns, ends);
    }
}

/* ---- the steps of one object -------------------------------------------------------- */

typedef struct steps {
    step *at;
    uint32_t count, capacity;
} steps;

static void steps_put(facts *f, steps *s, uint32_t report_, bool of_program)
{
    if (report_of(f, report_)->status == THAW_RUMOURED || report_of(f, report_)->start_ns == TIME_UNKNOWN)
        return;
    if (array_reserve((void **)&s->at, &s->capacity, (size_t)s->count + 1, sizeof *s->at, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    s->at[s->count++] = (step){report_, of_program};
}

/* Reports that lift a whole program that this party was listed under. */
static void steps_put_programs(facts *f, steps *s, const entity *e)
{
    numbers programs = {0};
    uint32_t own = s->count;
    for (uint32_t i = 0; i < own; i++) {
        thaw_event event;
        if (!report_of(f, s->at[i].report)->has_program)
            continue;
        report_event(f->reports, report_of(f, s->at[i].report), &event);
        uint32_t program = symbols_find(f->symbols, event.program);
        if (program)
            put(f, &programs, program);
    }
    for (uint32_t i = 0; i < programs.count; i++) {
        thaw_str program = symbols_get(f->symbols, programs.at[i]);
        char text[160] = "p";
        if (program.len > sizeof text - 1)
            continue;
        memcpy(text + 1, program.data, program.len);
        uint32_t n = node_find(f, e->scope, (thaw_str){text, program.len + 1});
        for (uint32_t j = 0; n && j < f->nodes[n].count; j++) {
            uint32_t number = f->nodes[n].mentions[j].report;
            if (report_of(f, number)->detail == THAW_LIFTED)
                steps_put(f, s, number, true);
        }
    }
    numbers_done(&programs, &f->held);
}

static void steps_of(facts *f, const entity *e, steps *s)
{
    numbers mentioned = {0}, parties = {0};
    entity_mentions(f, e, &mentioned, &parties);
    for (uint32_t i = 0; i < mentioned.count; i++)
        if (!i || mentioned.at[i] != mentioned.at[i - 1])
            steps_put(f, s, mentioned.at[i], false);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    if (measure_party(f, e))
        steps_put_programs(f, s, e);
    if (s->count > 1)
        qsort_r(s->at, s->count, sizeof *s->at, step_order, f);
}

void measure_look(facts *f, const entity *e, int64_t now_ns, measure_view *ret_view, measure_step_fn on_step,
                  void *context)
{
    steps s = {0};
    fold fo = {.f = f,
               .now_ns = now_ns,
               .next_ns = INT64_MAX,
               .v = {.since_ns = TIME_UNKNOWN, .expires_ns = TIME_UNKNOWN},
               .licence_ends_ns = TIME_UNKNOWN,
               .measure_ends_ns = TIME_UNKNOWN,
               .removed_ns = TIME_UNKNOWN,
               .since_before_removal_ns = TIME_UNKNOWN};
    steps_of(f, e, &s);
    for (uint32_t i = 0; i < s.count; i++) {
        fold_step(&fo, &s.at[i]);
        if (on_step)
            on_step(context, s.at[i].report, &fo.v);
    }
    fold_expire(&fo, now_ns);
    fold_note_next(&fo);
    int64_t licence = is_paused(&fo) ? fo.licence_ends_ns : TIME_UNKNOWN;
    fo.v.expires_ns = licence != TIME_UNKNOWN ? licence : stands(&fo) ? fo.measure_ends_ns : TIME_UNKNOWN;
    fo.v.next_ns = fo.next_ns == INT64_MAX ? TIME_UNKNOWN : fo.next_ns;
    numbers_done(&fo.programs, &f->held);
    array_free((void **)&s.at, &s.capacity, sizeof *s.at, &f->held);
    *ret_view = fo.v;
}
