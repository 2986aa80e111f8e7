/*
 * retain.c - which reports are behind a horizon and can be dropped (FACTS.md, section 7).
 *
 * A plan is a byte for each report: 1 kept, 0 dropped. Incidents go whole.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "facts/entities/entities.h"
#include "facts/entities/steps.h"
#include "facts/entities/still_listed.h"
#include "facts/incidents/bonds.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

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

/* ---- what is held, however old ------------------------------------------------------ */

static bool measure_stands(const measure_view *v)
{
    return v->state == MEASURE_PROPOSED || v->state == MEASURE_IN_FORCE || v->state == MEASURE_LICENSED ||
           v->state == MEASURE_SUSPENDED;
}

static bool person_is_held(const person_view *v)
{
    return v->status == PERSON_DETAINED || v->status == PERSON_REDETAINED;
}

/* The reports that a standing measure needs to be folded to the same state again. */
typedef struct holds {
    facts *f;
    measure_view before;
    uint32_t base, state, since, program, licence, expiry;
    uint32_t removal, removed; /* the last removal, and what it removed: a move goes on from there */
} holds;

static void measure_stepped(void *context, uint32_t number, const measure_view *after)
{
    holds *h = context;
    measure_view *b = &h->before;
    thaw_event event;
    report_event(h->f->reports, report_of(h->f, number), &event);
    bool stood = b->state == MEASURE_IN_FORCE || b->state == MEASURE_LICENSED || b->state == MEASURE_SUSPENDED;
    if (after->state != b->state) {
        if (after->state == MEASURE_DELISTED || after->state == MEASURE_LIFTED) {
            h->removal = number;
            h->removed = h->base;
        }
        h->state = number;
        if (!stood || after->state == MEASURE_IN_FORCE)
            h->base = number;
    }
    if (after->since_ns != b->since_ns)
        h->since = number;
    if (event.program.data) /* under which it ends with the program */
        h->program = number;
    if (event.action == THAW_LICENSED || event.action == THAW_SUSPENDED)
        h->licence = number;
    else if (event.expires_at.precision)
        h->expiry = number;
    *b = *after;
}

/* The day of a step on a measure. */
static int64_t step_day(facts *f, uint32_t number)
{
    measure_step st;
    return step_of(f, number, &st) ? day_of(st.start_ns) : TIME_UNKNOWN;
}

/* Looks at an entity by some reports, NULL: by all. */
static entity *look_by(facts *f, entity *e, entity *apart, const uint8_t *only)
{
    f->only = only;
    *apart = *e;
    return only ? entity_apart(apart) : e;
}

static void measure_hold(facts *f, entity *e, const uint8_t *only, uint8_t *held)
{
    holds h = {.f = f, .before = {.since_ns = TIME_UNKNOWN}};
    measure_view v;
    entity apart, *by = look_by(f, e, &apart, only);
    measure_tell(f, by, measure_stepped, &h);
    measure_look(f, by, f->now_ns, &v);
    if (only)
        measure_forget(f, &apart);
    f->only = NULL;
    if (!measure_stands(&v))
        return;
    if (!h.removal || step_day(f, h.removal) != step_day(f, h.base))
        h.removal = h.removed = 0;
    uint32_t all[] = {h.base, h.state, h.since, h.program, h.licence, h.expiry, h.removal, h.removed};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        held[all[i]] = 1;
}

/* Of a person who is held: the reports by which the last detention began, and the release before. */
static void person_hold(facts *f, const entity *e, const uint8_t *only, uint8_t *held)
{
    person_view v;
    numbers mentioned = {0}, parties = {0};
    uint32_t freed = 0;
    f->only = only;
    person_look(f, e, &v);
    f->only = NULL;
    if (!person_is_held(&v))
        return;
    entity_mentions(f, e, &mentioned, &parties);
    for (uint32_t i = 0; i < mentioned.count; i++) {
        const report *r = report_of(f, mentioned.at[i]);
        if (r->status == THAW_RUMOURED || r->covers == THAW_WIDER || r->start_ns == TIME_UNKNOWN ||
            (only && !only[mentioned.at[i]]))
            continue;
        if (r->start_ns == v.since_ns)
            held[mentioned.at[i]] = 1;
        if (r->kind == THAW_RELEASE && r->start_ns < v.since_ns)
            freed = mentioned.at[i];
    }
    if (v.status == PERSON_REDETAINED)
        held[freed] = 1;
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
}

/* The latest word on each feed. */
static void feeds_hold(facts *f, uint8_t *held)
{
    for (uint32_t i = 1; i < f->feeds_count; i++) {
        uint32_t latest = 0;
        const numbers *words = &f->feeds[i].words;
        for (uint32_t w = 0; w < words->count; w++)
            if (!latest || report_later_compare(f, words->at[w], latest) > 0)
                latest = words->at[w];
        held[latest] = 1;
    }
}

/* ---- whether what is held suffices -------------------------------------------------- */

/* What is behind the horizon, and of it what the plan keeps. What is said since then may still be corrected: an end
 * that is taken back leaves what stood before. */
typedef struct behind {
    uint8_t *all, *kept; /* a byte for each report: 1 of them */
} behind;

static void behind_plan(const facts *f, const behind *b, const uint8_t *plan)
{
    for (uint32_t n = 1; n <= reports_count(f->reports); n++)
        b->kept[n] = b->all[n] && plan[n] == 1;
}

/* How it stands by some of its reports; only NULL: by all. */
typedef struct standing {
    measure_view measure;
    person_view person;
    bool stands;
} standing;

static standing stands_by(facts *f, entity *e, bool measure, const uint8_t *only)
{
    standing s = {0};
    if (measure && only)
        measure_look_at(f, e, only, &s.measure);
    else if (measure)
        measure_look(f, e, f->now_ns, &s.measure);
    f->only = measure ? NULL : only;
    if (!measure)
        person_look(f, e, &s.person);
    f->only = NULL;
    s.stands = measure ? measure_stands(&s.measure) : person_is_held(&s.person);
    return s;
}

/* Whether what stands by some reports stands so by those of them that are kept. */
static bool stays_by(facts *f, entity *e, bool measure, const standing *whole, const uint8_t *only)
{
    standing kept = stands_by(f, e, measure, only);
    if (!whole->stands)
        return !kept.stands; /* what has ended may be forgotten, not come back */
    if (!measure)
        return kept.person.status == whole->person.status && kept.person.since_ns == whole->person.since_ns;
    return kept.measure.state == whole->measure.state && kept.measure.since_ns == whole->measure.since_ns &&
           kept.measure.expires_ns == whole->measure.expires_ns && kept.measure.next_ns == whole->measure.next_ns;
}

static bool hold(uint8_t *held, uint32_t number)
{
    bool more = !held[number];
    held[number] = 1;
    return more;
}

/* All reports of one that would be otherwise without what the plan drops: among what others hold may be
 * reports that say something else where those between them are gone. */
static bool reports_hold(facts *f, const entity *e, uint8_t *held)
{
    bool more = false;
    numbers mentioned = {0}, parties = {0};
    entity_mentions(f, e, &mentioned, &parties);
    for (uint32_t m = 0; m < mentioned.count; m++)
        more |= hold(held, mentioned.at[m]);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    return more;
}

/* And what was said of the programs that a party is listed under: it may have ended there, or run on. */
static bool programs_hold(facts *f, entity *e, uint8_t *held)
{
    bool more = false;
    numbers said = {0};
    measure_programs_said(f, e, &said);
    for (uint32_t i = 0; i < said.count; i++)
        more |= hold(held, said.at[i]);
    numbers_done(&said, &f->held);
    return more;
}

/* Of a source that names a party by ids of which none is in all of its reports, every report: what it removes later
 * depends on what it listed and tied (still_listed.c). */
static bool entries_hold(facts *f, const entity *party, uint8_t *held)
{
    bool more = false;
    numbers said = {0};
    removals_rest_on(f, party, &said);
    for (uint32_t i = 0; i < said.count; i++)
        more |= hold(held, said.at[i]);
    numbers_done(&said, &f->held);
    return more;
}

/* The reports that link the ids of one that would be several, or forget by what else it is known. */
static bool links_hold(facts *f, const entity *e, uint8_t *held)
{
    bool more = false;
    numbers mentioned = {0}, parties = {0}, nodes = {0};
    entity_mentions(f, e, &mentioned, &parties);
    for (uint32_t m = 0; m < mentioned.count; m++) {
        nodes.count = 0;
        mention_nodes(f, e->scope, (mention){mentioned.at[m], parties.at[m]}, &nodes);
        if (nodes.count > 1)
            more |= hold(held, mentioned.at[m]);
    }
    numbers_done(&nodes, &f->held);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    return more;
}

static int start_order(const void *a_, const void *b_, void *f)
{
    const report *a = report_of(f, *(const uint32_t *)a_), *b = report_of(f, *(const uint32_t *)b_);
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

/* The last kept report on named people, and whether one of the other kind was kept since, or else the first that the
 * plan drops. */
typedef struct parting {
    int64_t start_ns;
    uint32_t other;
    bool parted;
} parting;

static void parting_note(parting *p, uint32_t number, bool kept)
{
    p->parted = p->parted || kept;
    p->other = p->other ? p->other : number;
}

/* A kept one: what parts it from the one before has to stay. */
static bool parting_end(parting *p, int64_t start_ns, uint8_t *held)
{
    bool tied = p->start_ns != TIME_UNKNOWN && start_ns != p->start_ns && start_ns - p->start_ns <= PEOPLE_NS;
    bool more = tied && p->other && !p->parted && hold(held, p->other);
    *p = (parting){.start_ns = start_ns};
    return more;
}

/* Two releases on the same people with a detention between them would be one without it, and two detentions without
 * the release. What starts with one of the two lies between them. */
static bool partings_hold(facts *f, const numbers *list, const uint8_t *plan, uint8_t *held)
{
    parting last[2] = {{.start_ns = TIME_UNKNOWN}, {.start_ns = TIME_UNKNOWN}}; /* releases, detentions */
    bool more = false;
    for (uint32_t i = 0, end = 0; i < list->count; i = end) {
        while (end < list->count && report_of(f, list->at[end])->start_ns == report_of(f, list->at[i])->start_ns)
            end++;
        for (int turn = 0; turn < 3; turn++)
            for (uint32_t k = i; k < end; k++) {
                const report *r = report_of(f, list->at[k]);
                bool kept = plan[list->at[k]] == 1, detained = r->kind == THAW_DETENTION;
                if (turn != 1)
                    parting_note(&last[!detained], list->at[k], kept || held[list->at[k]]);
                else if (kept && r->on_people)
                    more |= parting_end(&last[detained], r->start_ns, held);
            }
    }
    return more;
}

static bool parting_hold(facts *f, const entity *person, const uint8_t *plan, uint8_t *held)
{
    numbers mentioned = {0}, parties = {0}, list = {0};
    entity_mentions(f, person, &mentioned, &parties);
    for (uint32_t i = 0; i < mentioned.count; i++) {
        const report *r = report_of(f, mentioned.at[i]);
        if ((r->kind == THAW_RELEASE || r->kind == THAW_DETENTION) && r->start_ns != TIME_UNKNOWN)
            add(f, &list, mentioned.at[i]);
    }
    if (list.count > 2)
        qsort_r(list.at, list.count, sizeof *list.at, start_order, f);
    bool more = list.count > 2 && partings_hold(f, &list, plan, held);
    numbers_done(&list, &f->held);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    return more;
}

static bool entity_check(facts *f, entity *e, const uint8_t *plan, const behind *b, uint8_t *held)
{
    bool measure = fact_handle_kind(e->handle) == FACT_MEASURE, more = false;
    standing now = stands_by(f, e, measure, NULL), before = stands_by(f, e, measure, b->all);
    bool stands = now.stands || before.stands;
    if (!stays_by(f, e, measure, &now, plan) || !stays_by(f, e, measure, &before, b->kept))
        more |= reports_hold(f, e, held) | (measure && programs_hold(f, e, held));
    uint32_t party = measure ? measure_party(f, e) : 0;
    const entity *linked = party ? &f->entities[party] : e; /* under whatever authority its ids were tied */
    if (!entity_hangs_together(f, linked, plan, stands))
        more |= links_hold(f, linked, held);
    if (measure && stands && linked->nodes.count > 1)
        more |= entries_hold(f, linked, held);
    return more | (!measure && parting_hold(f, e, plan, held));
}

static bool everything_check(facts *f, const uint8_t *plan, const behind *b, uint8_t *held)
{
    bool more = false;
    behind_plan(f, b, plan);
    for (uint32_t i = 1; i < f->entities_count && !f->failed; i++)
        if (f->entities[i].handle)
            more |= entity_check(f, &f->entities[i], plan, b, held);
    return more;
}

/* Holds the acts that closed announcements which stay: without them they would be open again. */
static bool acts_check(facts *f, const uint8_t *plan, uint8_t *held)
{
    bool more = false;
    for (uint32_t i = 1; i < f->incidents_count && !f->failed; i++) {
        const incident *inc = f->incidents[i];
        if (!inc || !inc->used || !inc->announcement || inc->now.announced || plan[inc->now.earliest] != 1)
            continue;
        uint32_t act = announcement_act(f, inc);
        more |= act && hold(held, act);
    }
    return more;
}

static void everything_hold(facts *f, const uint8_t *only, uint8_t *held)
{
    for (uint32_t i = 1; i < f->entities_count && !f->failed; i++) {
        entity *e = &f->entities[i];
        if (!e->handle)
            continue;
        if (fact_handle_kind(e->handle) == FACT_MEASURE)
            measure_hold(f, e, only, held);
        else
            person_hold(f, e, only, held);
    }
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
    everything_hold(f, NULL, held);
    everything_hold(f, b->all, held);
    feeds_hold(f, held);
    do {
        held[0] = 0;
        memset(plan, 0, count + 1);
        dropped->incidents = 0;
        plan_incidents(f, held, plan, horizon_ns, dropped);
        plan_others(f, held, plan, horizon_ns);
        plan_dead(f, plan);
    } while (everything_check(f, plan, b, held) | acts_check(f, plan, held));
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
