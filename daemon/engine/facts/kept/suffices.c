/* suffices.c - see retain.h. */
#include "facts/kept/retain.h"

#include "facts/entities/still_listed.h"
#include "facts/incidents/name_sets.h"
#include "facts/incidents/incidents.h"

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

/* Holds all of a list, which ends with it. */
static bool hold_all(facts *f, numbers *list, uint8_t *held)
{
    bool more = false;
    for (uint32_t i = 0; i < list->count; i++)
        more |= hold(held, list->at[i]);
    numbers_done(list, &f->held);
    return more;
}

/* Holds all reports of an entity that would be otherwise without what the plan drops. All of them, for of what is held
 * for other entities some may say something else once the reports between them are gone. */
static bool reports_hold(facts *f, const entity *e, uint8_t *held)
{
    numbers mentioned = {0}, parties = {0};
    entity_mentions(f, e, &mentioned, &parties);
    numbers_done(&parties, &f->held);
    return hold_all(f, &mentioned, held);
}

/* And what was said of the programs that it is listed under: it may have ended there, or run on. */
static bool programs_hold(facts *f, entity *e, uint8_t *held)
{
    numbers said = {0};
    measure_programs_said(f, e, &said);
    return hold_all(f, &said, held);
}

/* Of a source that names a party by ids of which none is in all of its reports, every report: what it removes later
 * depends on what it listed and tied (still_listed.c). */
static bool entries_hold(facts *f, const entity *party, uint8_t *held)
{
    numbers said = {0};
    removals_rest_on(f, party, &said);
    return hold_all(f, &said, held);
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

/* The report by whose name one that stands is shown: by another name it would be another to who watches it. */
static bool name_hold(facts *f, uint32_t index, const uint8_t *plan, uint8_t *held)
{
    uint32_t named_by, unused;
    thaw_str name = entity_name_look(f, index, &named_by);
    if (!named_by || plan[named_by] == 1)
        return false;
    f->only = plan;
    thaw_str left = entity_name_look(f, index, &unused);
    f->only = NULL;
    return !str_equal(name, left) && hold(held, named_by);
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
    if (!stays_by(f, e, measure, &now, plan) || !stays_by(f, e, measure, &before, b->kept)) {
        more |= reports_hold(f, e, held);
        more |= measure && programs_hold(f, e, held);
    }
    uint32_t party = measure ? measure_party(f, e) : 0;
    const entity *linked = party ? &f->entities[party] : e; /* under whatever authority its ids were tied */
    if (!entity_hangs_together(f, linked, plan, stands))
        more |= links_hold(f, linked, held);
    if (measure && stands && linked->nodes.count > 1)
        more |= entries_hold(f, linked, held);
    if (stands && (party || !measure))
        more |= name_hold(f, (uint32_t)(linked - f->entities), plan, held);
    return more | (!measure && parting_hold(f, e, plan, held));
}

bool standing_check(facts *f, const uint8_t *plan, const behind *b, uint8_t *held)
{
    bool more = false;
    behind_plan(f, b, plan);
    for (uint32_t i = 1; i < f->entities_count && !f->failed; i++)
        if (f->entities[i].handle)
            more |= entity_check(f, &f->entities[i], plan, b, held);
    return more;
}

bool acts_check(facts *f, const uint8_t *plan, uint8_t *held)
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
