/* retain.c - which reports are behind a horizon and can be dropped: see retain.h. */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/name_sets.h"
#include "facts/incidents/incidents.h"
#include "facts/kept/retain.h"

/* ---- when --------------------------------------------------------------------------- */

/* The instant by which a report counts as old: the end of its date, else when it became known. */
static int64_t report_age_at(const facts *f, uint32_t number)
{
    const report *r = report_of(f, number);
    return r->start_ns == TIME_UNKNOWN ? report_known_at(f, number) : report_end_ns(r);
}

typedef struct weight {
    int64_t at_ns;
    uint64_t bytes;
} weight;

static int weight_order(const void *a_, const void *b_)
{
    const weight *a = a_, *b = b_;
    return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

int facts_horizon_for_bytes(facts *f, uint64_t bytes, int64_t *ret_horizon_ns)
{
    uint32_t count = reports_count(f->reports);
    weight *all = count ? malloc(count * sizeof *all) : NULL;
    uint64_t sum = 0;
    *ret_horizon_ns = INT64_MIN;
    if (!all)
        return count ? -ENOMEM : 0;
    for (uint32_t n = 1; n <= count; n++)
        all[n - 1] = (weight){report_age_at(f, n), report_of(f, n)->text_bytes + 64u};
    qsort(all, count, sizeof *all, weight_order);
    for (uint32_t i = count; i-- > 0;) {
        sum += all[i].bytes;
        if (sum > bytes) {
            *ret_horizon_ns = all[i].at_ns;
            break;
        }
    }
    free(all);
    return 0;
}

/* ---- the plan ----------------------------------------------------------------------- */

/* Whether an incident is behind the horizon: nothing that may still be taken in could join it. */
static bool incident_is_behind(facts *f, const incident *inc, const numbers *list, const uint8_t *held,
                               int64_t horizon_ns)
{
    int64_t margin = f->config.tolerance_ns[f->keys[inc->key_index].kind], end = INT64_MIN;
    for (uint32_t i = 0; i < list->count; i++) {
        int64_t at = report_age_at(f, list->at[i]);
        if (held[list->at[i]])
            return false;
        end = at > end ? at : end;
        if (report_of(f, list->at[i])->on_people && margin < PEOPLE_NS)
            margin = PEOPLE_NS;
    }
    return end < INT64_MAX - margin && end + margin <= horizon_ns;
}

static void plan_incidents(facts *f, const uint8_t *held, uint8_t *plan, int64_t horizon_ns, facts_dropped *dropped)
{
    for (uint32_t i = 1; i < f->incidents_count && !f->failed; i++) {
        incident *inc = f->incidents[i];
        numbers list = {0};
        if (!inc || !inc->used)
            continue;
        incident_reports(f, inc, true, &list);
        bool keep = !incident_is_behind(f, inc, &list, held, horizon_ns);
        for (uint32_t m = 0; m < list.count; m++)
            plan[list.at[m]] = keep ? 1 : 2;
        dropped->incidents += !keep;
        numbers_done(&list, &f->held);
    }
}

/* What no incident decides: tallies, words on feeds, reports that stand nowhere, retractions. */
static void plan_others(facts *f, const uint8_t *held, uint8_t *plan, int64_t horizon_ns)
{
    for (uint32_t n = 1; n <= reports_count(f->reports); n++) {
        const report *r = report_of(f, n);
        if (plan[n])
            continue;
        int64_t at = r->kind == THAW_RETRACTION ? report_known_at(f, n) : report_age_at(f, n);
        plan[n] = at > horizon_ns || held[n] ? 1 : 2;
    }
}

/* A withdrawn or replaced report goes with what did it: left alone it would live again. */
static void plan_dead(facts *f, uint8_t *plan)
{
    for (bool again = true; again;) {
        again = false;
        for (uint32_t n = 1; n <= reports_count(f->reports); n++) {
            const report *r = report_of(f, n);
            if (plan[n] != 1 || report_lives(r) || r->kind == THAW_RETRACTION || plan[r->dead_by] == 1)
                continue;
            plan[n] = 2;
            again = true;
        }
    }
}

static void plan_make(facts *f, int64_t horizon_ns, uint8_t *held, const behind *b, uint8_t *plan,
                      facts_dropped *dropped)
{
    uint32_t count = reports_count(f->reports);
    for (uint32_t n = 1; n <= count; n++)
        b->all[n] = report_age_at(f, n) <= horizon_ns;
    standing_hold(f, NULL, held);
    standing_hold(f, b->all, held);
    feeds_hold(f, held);
    for (bool more = true; more;) {
        held[0] = 0;
        memset(plan, 0, count + 1);
        dropped->incidents = 0;
        plan_incidents(f, held, plan, horizon_ns, dropped);
        plan_others(f, held, plan, horizon_ns);
        plan_dead(f, plan);
        more = standing_check(f, plan, b, held);
        more |= acts_check(f, plan, held);
    }
    for (uint32_t n = 1; n <= count; n++) {
        plan[n] = plan[n] == 1;
        dropped->reports += !plan[n];
    }
}

int facts_plan(facts *f, int64_t horizon_ns, uint8_t **ret_plan, facts_dropped *ret_dropped)
{
    size_t size = (size_t)reports_count(f->reports) + 1;
    uint8_t *plan = calloc(size, 1), *masks = calloc(size, 3); /* held, behind.all, behind.kept */
    facts_dropped dropped = {0};
    if (!plan || !masks) {
        free(plan);
        free(masks);
        return -ENOMEM;
    }
    plan_make(f, horizon_ns, masks, &(behind){masks + size, masks + 2 * size}, plan, &dropped);
    free(masks);
    if (f->failed) {
        free(plan);
        return f->failed;
    }
    *ret_plan = plan;
    *ret_dropped = dropped;
    return 0;
}
