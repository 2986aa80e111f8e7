/* steps.c - what the reports on one object of one authority say, step by step in order of time. */
#include <string.h>

#include "facts/entities/steps.h"
#include "facts/state/known.h"
#include "lower_bound.h"

int step_rank(uint8_t action)
{
    switch (action) {
    case THAW_LIFTED:
    case THAW_DELISTED:
        return 0;
    case THAW_EASED:
    case THAW_LICENSED:
    case THAW_SUSPENDED:
        return 2;
    case THAW_MAINTAINED:
        return 3;
    default:
        return 1;
    }
}

bool step_reaches_listed(uint8_t action)
{
    return action == THAW_LIFTED || action == THAW_EXTENDED;
}

bool step_lists(const measure_step *st)
{
    return st->action == THAW_IMPOSED || st->action == THAW_REIMPOSED;
}

bool step_removes(const measure_step *st)
{
    return step_rank(st->action) == 0;
}

bool step_follows_a_listing(const measure_step *st)
{
    return step_removes(st) || st->action == THAW_LICENSED || st->action == THAW_SUSPENDED;
}

bool step_is_passed(const measure_step *st)
{
    return st->idle || st->blunt || (st->echo && !step_lists(st));
}

int64_t step_until(const measure_step *st)
{
    return st->days ? st->start_ns + st->days * DAY_NS : (day_of(st->start_ns) + 1) * DAY_NS;
}

int64_t step_from(const measure_step *st)
{
    return st->start_ns - st->days_before * DAY_NS;
}

int step_compare(const facts *f, const measure_step *a, const measure_step *b)
{
    int64_t day_a = day_of(a->start_ns), day_b = day_of(b->start_ns);
    if (day_a != day_b)
        return day_a < day_b ? -1 : 1;
    if (step_removes(a) != step_removes(b))
        return step_removes(a) ? -1 : 1;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->action != b->action) {
        int rank_a = step_rank(a->action), rank_b = step_rank(b->action);
        return rank_a != rank_b ? rank_a - rank_b : a->action - b->action;
    }
    if (a->ends_ns != b->ends_ns)
        return a->ends_ns < b->ends_ns ? -1 : 1;
    int order = symbols_compare(f->symbols, a->program, b->program);
    return order ? order : a->days - b->days;
}

bool step_of(facts *f, uint32_t number, measure_step *ret_step)
{
    const report *r = report_of(f, number);
    thaw_event event = {0};
    int64_t unused;
    if (!report_is_read(f, number))
        return false;
    if (r->status == THAW_RUMOURED || r->start_ns == TIME_UNKNOWN)
        return false;
    if (r->has_program || r->has_expiry)
        report_event(f->reports, r, &event);
    int64_t start_ns = report_stated_ns(r);
    int64_t days = (report_end_ns(r) - start_ns) / DAY_NS;
    *ret_step = (measure_step){.start_ns = start_ns,
                               .days = days > 1 ? (uint16_t)days : 0,
                               .days_before = (uint16_t)((start_ns - r->start_ns) / DAY_NS),
                               .ends_ns = TIME_UNKNOWN,
                               .action = r->detail,
                               .program = r->has_program ? symbols_find(f->symbols, event.program) : 0};
    if (event.expires_at.precision)
        thaw_date_interval(&event.expires_at, &unused, &ret_step->ends_ns);
    if (event.expires_at.precision == THAW_INSTANT)
        ret_step->ends_ns -= 1; /* an instant ends when it is there; a date with its day */
    return true;
}

uint32_t step_place(const facts *f, const entity *e, const measure_step *st)
{
    uint32_t low = 0, high = e->steps_count;
    LOWER_BOUND(low, high, step_compare(f, &e->steps[middle], st) < 0);
    return low;
}

/* Something came to a step or went: who said something since another step (echoes.c) is to be asked again of those that
 * may begin before the tolerance after it is over. */
static void steps_came_near(const facts *f, entity *e, uint32_t at, int64_t start_ns)
{
    int64_t over_ns = start_ns + f->config.tolerance_ns[THAW_SANCTION] + 2 * DAY_NS; /* in a day removals come first */
    for (uint32_t i = at; i < e->steps_count && e->steps[i].start_ns < over_ns; i++)
        e->steps[i].asked = 0;
}

void measure_came(facts *f, entity *e, uint32_t number)
{
    measure_step st;
    if (!e->steps_known || !step_of(f, number, &st))
        return;
    uint32_t at = step_place(f, e, &st);
    if (at == e->steps_count || step_compare(f, &e->steps[at], &st) != 0) {
        if (array_reserve((void **)&e->steps, &e->steps_capacity, (size_t)e->steps_count + 1, sizeof *e->steps,
                          &f->held) < 0) {
            f->failed = -ENOMEM;
            return;
        }
        memmove(&e->steps[at + 1], &e->steps[at], (e->steps_count - at) * sizeof *e->steps);
        e->steps[at] = st;
        e->steps_count++;
    }
    e->steps[at].reports++;
    steps_came_near(f, e, at, st.start_ns);
}

void measure_went(facts *f, entity *e, uint32_t number)
{
    measure_step st;
    if (!e->steps_known || !step_of(f, number, &st))
        return;
    uint32_t at = step_place(f, e, &st);
    if (at == e->steps_count || step_compare(f, &e->steps[at], &st) != 0)
        return;
    steps_came_near(f, e, at, st.start_ns);
    if (--e->steps[at].reports)
        return;
    memmove(&e->steps[at], &e->steps[at + 1], (e->steps_count - at - 1) * sizeof *e->steps);
    e->steps_count--;
}

void measure_forget(facts *f, entity *e)
{
    array_free((void **)&e->steps, &e->steps_capacity, sizeof *e->steps, &f->held);
    e->steps_count = 0;
    e->steps_known = false;
}

void steps_learn(facts *f, entity *e)
{
    numbers mentioned = {0}, parties = {0};
    if (e->steps_known)
        return;
    e->steps_known = true;
    entity_mentions(f, e, &mentioned, &parties);
    for (uint32_t i = 0; i < mentioned.count; i++)
        measure_came(f, e, mentioned.at[i]);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
}

bool steps_remove(const entity *e)
{
    for (uint32_t i = 0; i < e->steps_count; i++)
        if (step_removes(&e->steps[i]))
            return true;
    return false;
}

entity *entity_apart(entity *copy)
{
    copy->steps = NULL;
    copy->steps_count = copy->steps_capacity = 0;
    copy->steps_known = copy->idle_known = false;
    return copy;
}
