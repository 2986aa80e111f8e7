/* blunt.c - see blunt.h. */
#include "facts/entities/blunt.h"

#include <stdlib.h>

#include "facts/entities/steps.h"
#include "lower_bound.h"

/* What a longer date says less exactly: a removal; what else says no end of its own. Not so a listing: who is listed anew
 * is not to be missed. */
static bool may_be_blunt(const measure_step *st)
{
    return st->days && !st->idle && (step_removes(st) || (!step_lists(st) && st->ends_ns == TIME_UNKNOWN));
}

/* The program that must be the same: only a tightening and what is maintained rename one. 0: any. */
static uint32_t program_of(const measure_step *st)
{
    return step_rank(st->action) == 1 || st->action == THAW_MAINTAINED ? st->program : 0;
}

static int64_t length(const measure_step *st)
{
    return step_until(st) - step_from(st);
}

static bool says_the_same(const measure_step *st, const measure_step *other)
{
    if (step_removes(st))
        return step_removes(other) && !other->idle;
    return other->action == st->action && (!program_of(st) || other->program == st->program);
}

/* The first of some steps whose start is not before the day of an instant. */
static uint32_t first_from(const measure_step *at, uint32_t count, int64_t from_ns)
{
    uint32_t low = 0, high = count;
    LOWER_BOUND(low, high, day_of(at[middle].start_ns) < day_of(from_ns));
    return low;
}

/* Whether one with a shorter date that overlaps says the same: being shorter, it begins less than the length before. */
static bool is_blunt(const measure_step *at, uint32_t count, const measure_step *st)
{
    int64_t from_ns = step_from(st), until_ns = step_until(st), length_ns = length(st);
    for (uint32_t i = first_from(at, count, from_ns - length_ns); i < count && at[i].start_ns - length_ns < until_ns;
         i++)
        if (says_the_same(st, &at[i]) && length(&at[i]) < length_ns && step_from(&at[i]) < until_ns &&
            step_until(&at[i]) > from_ns)
            return true;
    return false;
}

/* ---- of whatever program --------------------------------------------------------------- *
 * Of what begins together there are few dates (a day, a month, a year, each with `~`), however often each is told. */

#define DATES_MAX 8

typedef struct judged {
    int64_t start_ns;
    uint32_t count;
    uint8_t action;
    uint16_t days[DATES_MAX];
    bool blunt[DATES_MAX];
} judged;

static bool judge(judged *j, const measure_step *at, uint32_t count, const measure_step *st)
{
    if (j->start_ns != st->start_ns || j->action != st->action)
        *j = (judged){.start_ns = st->start_ns, .action = st->action};
    for (uint32_t i = 0; i < j->count; i++)
        if (j->days[i] == st->days)
            return j->blunt[i];
    bool blunt = is_blunt(at, count, st);
    if (j->count < DATES_MAX) {
        j->days[j->count] = st->days;
        j->blunt[j->count++] = blunt;
    }
    return blunt;
}

/* ---- of one program: among the steps that rename to it -------------------------------- */

static int program_order(const void *a_, const void *b_)
{
    const measure_step *a = a_, *b = b_;
    if (a->action != b->action)
        return a->action < b->action ? -1 : 1;
    if (a->program != b->program)
        return a->program < b->program ? -1 : 1;
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

static uint32_t renaming_only(measure_step *to, const measure_step *at, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (program_of(&at[i]) && !step_lists(&at[i]))
            to[kept++] = at[i];
    if (kept > 1)
        qsort(to, kept, sizeof *to, program_order);
    return kept;
}

/* The first that is not before those of an action and program. */
static uint32_t first_of(const measure_step *sorted, uint32_t count, uint8_t action, uint32_t program)
{
    uint32_t low = 0, high = count;
    LOWER_BOUND(low, high,
                sorted[middle].action < action ||
                    (sorted[middle].action == action && sorted[middle].program < program));
    return low;
}

static bool is_blunt_of_program(const measure_step *sorted, uint32_t count, const measure_step *st)
{
    uint32_t first = first_of(sorted, count, st->action, st->program);
    return is_blunt(sorted + first, first_of(sorted, count, st->action, st->program + 1) - first, st);
}

static void renamings_blunt(facts *f, measure_step *at, uint32_t count)
{
    measure_step *sorted = malloc(count * sizeof *sorted);
    if (!sorted) {
        f->failed = -ENOMEM;
        return;
    }
    uint32_t kept = renaming_only(sorted, at, count);
    for (uint32_t i = 0; i < count; i++)
        if (may_be_blunt(&at[i]) && program_of(&at[i]))
            at[i].blunt = is_blunt_of_program(sorted, kept, &at[i]);
    free(sorted);
}

void steps_blunt(facts *f, measure_step *at, uint32_t count)
{
    judged j = {0};
    bool renamings = false;
    for (uint32_t i = 0; i < count; i++) {
        bool may_be = may_be_blunt(&at[i]), renames = program_of(&at[i]) != 0;
        at[i].blunt = may_be && !renames && judge(&j, at, count, &at[i]);
        renamings = renamings || (may_be && renames);
    }
    if (renamings)
        renamings_blunt(f, at, count);
}
