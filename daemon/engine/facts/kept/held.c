/* held.c - see retain.h. */
#include "facts/kept/retain.h"

#include "facts/entities/steps.h"
#include "facts/incidents/incidents.h"

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
        int64_t at_ns = report_stated_ns(r);
        if (at_ns == v.since_ns)
            held[mentioned.at[i]] = 1;
        if (r->kind == THAW_RELEASE && at_ns < v.since_ns)
            freed = mentioned.at[i];
    }
    if (v.status == PERSON_REDETAINED)
        held[freed] = 1;
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
}

/* The latest word on each feed. */
void feeds_hold(facts *f, uint8_t *held)
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

void standing_hold(facts *f, const uint8_t *only, uint8_t *held)
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
