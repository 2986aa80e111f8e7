/*
 * trial.c - trying `when` on values that its selections might have: enough to see that it is never, or
 * always, true. The constants of its text are tried with their neighbours.
 *
 * First at random. Where it was never true, one value after another is changed and kept where no fewer
 * parts of the condition are true than before: so parts that each need a value of their own are found.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/files/read.h"

#define TRIALS 400
#define NUMBERS_MAX 48
#define TIMES_MAX 48
#define DAY_S INT64_C(86400)

typedef struct values {
    bool filled;
    int64_t of[AGG_TOTAL];
} values;

typedef struct trial {
    const rule *rule;
    struct cel_evaluator *evaluator;
    uint64_t random;
    int64_t numbers[NUMBERS_MAX];
    int64_t times[TIMES_MAX]; /* seconds */
    size_t numbers_count, times_count;
    values selections[RULES_SELECTIONS_MAX];
} trial;

static size_t draw(trial *t, size_t count)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return t->random % count;
}

/* ---- what is tried ------------------------------------------------------------------ */

static void add_number(trial *t, int64_t number)
{
    if (number >= 0 && t->numbers_count < NUMBERS_MAX)
        t->numbers[t->numbers_count++] = number;
}

static void add_time(trial *t, int64_t seconds)
{
    if (t->times_count < TIMES_MAX)
        t->times[t->times_count++] = seconds;
}

static void collect_numbers(trial *t, struct cel_text text)
{
    add_number(t, 1);
    add_number(t, 2);
    add_number(t, 1000);
    add_number(t, 0);
    for (size_t i = 0; i < text.len;) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            i++;
            continue;
        }
        int64_t n = 0;
        for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9' && n < 100000000; i++)
            n = n * 10 + (text.data[i] - '0');
        for (int64_t d = -1; d <= 1; d++)
            add_number(t, n + d);
    }
}

/* Strings of the text that are times or durations, each with its neighbours. */
static void collect_times(trial *t, struct cel_text text)
{
    const int64_t base = 1700000000;
    const char *end = text.data + text.len, *at = text.data;
    for (int64_t days = 0; days < 8; days++)
        add_time(t, base + days * DAY_S);
    add_time(t, base + 3600);
    while (at < end) {
        struct cel_value value;
        char quote = *at++;
        if (quote != '"' && quote != '\'')
            continue;
        const char *close = memchr(at, quote, (size_t)(end - at));
        if (!close)
            return;
        bool duration = cel_duration_parse(at, (size_t)(close - at), &value) == 0;
        bool known = duration || cel_timestamp_parse(at, (size_t)(close - at), &value) == 0;
        int64_t seconds = duration ? base + value.duration_ns / 1000000000 : known ? value.seconds : 0;
        for (int64_t d = -1; known && d <= 1; d++)
            add_time(t, seconds + d);
        at = close + 1;
    }
}

static int64_t draw_number(trial *t)
{
    return t->numbers[draw(t, t->numbers_count)];
}

/* What must be so of any facts. */
static void make_sound(values *v)
{
    if (!v->filled) {
        memset(v->of, 0, sizeof v->of);
        return;
    }
    v->of[AGG_COUNT] = v->of[AGG_COUNT] < 1 ? 1 : v->of[AGG_COUNT];
    v->of[AGG_MAX] = v->of[AGG_MIN] + v->of[AGG_SPREAD];
    if (v->of[AGG_LAST] < v->of[AGG_FIRST])
        v->of[AGG_LAST] = v->of[AGG_FIRST];
}

static void draw_value(trial *t, values *v, size_t aggregate_)
{
    if (aggregate_ == AGG_FIRST || aggregate_ == AGG_LAST)
        v->of[aggregate_] = t->times[draw(t, t->times_count)];
    else if (aggregate_ == AGG_SPREAD && draw(t, 2))
        v->of[aggregate_] = 0;
    else
        v->of[aggregate_] = draw_number(t);
}

static void draw_all(trial *t)
{
    for (size_t s = 0; s < t->rule->selections_count; s++) {
        values *v = &t->selections[s];
        v->filled = draw(t, 3) != 0;
        for (size_t a = 0; a < AGG_TOTAL; a++)
            draw_value(t, v, a);
        make_sound(v);
    }
}

static bool any_filled(const trial *t)
{
    for (size_t s = 0; s < t->rule->selections_count; s++)
        if (t->selections[s].filled)
            return true;
    return false;
}

/* ---- trying it ---------------------------------------------------------------------- */

static void trial_resolve(void *context, uint32_t slot, struct cel_value *ret_value)
{
    const trial *t = context;
    *ret_value = cel_error_value("not known here");
    for (size_t s = t->rule->selections_count; s-- > 0;) {
        if (slot < t->rule->selections[s].first_slot)
            continue;
        const values *v = &t->selections[s];
        uint32_t a = slot - t->rule->selections[s].first_slot;
        if (a != AGG_FIRST && a != AGG_LAST)
            *ret_value = cel_int(v->of[a]);
        else if (v->filled)
            *ret_value = cel_timestamp(v->of[a], 0);
        return;
    }
}

/* A group without facts is not there. */
static int try_when(trial *t, bool *ret_holds)
{
    struct cel_value value;
    int res = cel_eval(t->evaluator, t->rule->when, trial_resolve, t, &value);
    *ret_holds = res == 0 && value.kind == CEL_BOOL && value.boolean && (any_filled(t) || !t->rule->by_count);
    return res;
}

static int count_true(void *context, const struct cel_part *part)
{
    size_t *count = context;
    *count += part->kind == CEL_PART_CONDITION && part->value.kind == CEL_BOOL && part->value.boolean;
    return 0;
}

static void change_one(trial *t)
{
    size_t s = draw(t, t->rule->selections_count), tries = 0, a = draw(t, AGG_TOTAL);
    values *v = &t->selections[s];
    while (!(t->rule->selections[s].aggregates & 1u << a) && tries++ < AGG_TOTAL)
        a = (a + 1) % AGG_TOTAL;
    if (draw(t, 6) == 0)
        v->filled = !v->filled;
    draw_value(t, v, a);
    make_sound(v);
}

static int climb(trial *t, unsigned steps, trial_result *ret)
{
    size_t best = 0;
    for (unsigned i = 0; i < steps && !ret->held; i++) {
        values before[RULES_SELECTIONS_MAX];
        size_t count = 0;
        bool holds = false;
        memcpy(before, t->selections, sizeof before);
        change_one(t);
        int res = cel_explain(t->evaluator, t->rule->when, trial_resolve, t, count_true, &count);
        if (res == 0)
            res = try_when(t, &holds);
        if (res < 0)
            return res;
        if (count < best)
            memcpy(t->selections, before, sizeof before);
        else
            best = count;
        ret->held += holds;
    }
    return 0;
}

int trial_empty(struct cel_evaluator *evaluator, const rule *one, bool *ret_holds)
{
    trial t = {.rule = one, .evaluator = evaluator};
    struct cel_value value;
    int res = cel_eval(evaluator, one->when, trial_resolve, &t, &value);
    *ret_holds = res == 0 && value.kind == CEL_BOOL && value.boolean;
    return res;
}

int trial_run(struct cel_evaluator *evaluator, const rule *one, unsigned steps, trial_result *ret)
{
    trial t = {.rule = one, .evaluator = evaluator, .random = UINT64_C(0x9E3779B97F4A7C15)};
    *ret = (trial_result){.tried = TRIALS};
    collect_numbers(&t, cel_program_text(one->when));
    collect_times(&t, cel_program_text(one->when));
    for (int i = 0; i < TRIALS; i++) {
        bool holds;
        draw_all(&t);
        int res = try_when(&t, &holds);
        if (res < 0)
            return res;
        ret->held += holds;
        ret->filled += any_filled(&t);
        ret->filled_held += holds && any_filled(&t);
    }
    return ret->held ? 0 : climb(&t, steps, ret);
}
