/*
 * succession.c - what is told of incidents: which appeared, changed, ended or took the place of which.
 *
 * The reports in each touched incident are compared with those it was last told with: one that left, or came from
 * elsewhere, makes the change a correction.
 */
#include <stdlib.h>

#include "facts/entities/entities.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

/* One touched object while the facts are told of. */
typedef struct line {
    uint32_t incident, heir_of;
    uint32_t before;         /* whose place it takes as another fact; 0: none's */
    fact_handle handle, was; /* that it goes on with; its own, which it may have lost */
    uint64_t fingerprint;    /* as it was told last */
    uint32_t told_count;
    bool correction;
    fact_handle replaces;
    uint32_t from, from_count; /* facts in which reports of it stood, in the list of all lines */
} line;

/* Facts, of all lines one after another. */
typedef struct handles {
    fact_handle *at;
    uint32_t count, capacity;
} handles;

/* Whether nobody goes on with the fact of an object; `inherited` holds those that another took over. */
static bool is_left(const incident *inc, const hash_index *inherited)
{
    uint32_t cursor = 0;
    return inc->handle && inc->heir_of != inc->index && !index_next(inherited, inc->handle, &cursor);
}

/* The fact of an object, if it is one that ends in this batch. */
static fact_handle gone_handle(const facts *f, uint32_t object, const hash_index *inherited)
{
    const incident *inc = f->incidents[object];
    return inc && inc->dirty && is_left(inc, inherited) ? inc->handle : 0;
}

/* Where the reports of an object stood when facts were told last. */
typedef struct origin {
    uint32_t object;  /* the first of those beside the one it goes on as; 0: all of them stood there, or nowhere */
    uint32_t ended;   /* the first whose fact ends, which it takes the place of */
    uint32_t reports; /* that stood in `object` */
    uint32_t same;    /* that stood in the one it goes on as */
    bool several;
} origin;

/* Reports of it stood in that object: where it does not go on as that one's fact, they came from there. */
static void origin_note(facts *f, line *l, uint32_t object, handles *from)
{
    const incident *of = f->incidents[object];
    if (!of || !of->handle || of->handle == l->handle)
        return;
    for (uint32_t i = from->count; i > l->from; i--)
        if (from->at[i - 1] == of->handle)
            return;
    if (array_reserve((void **)&from->at, &from->capacity, (size_t)from->count + 1, sizeof *from->at, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    from->at[from->count++] = of->handle;
    l->from_count++;
}

static origin origin_of(facts *f, line *l, incident *inc, const hash_index *inherited, handles *from)
{
    const numbers list = incident_news(f, inc); /* beside those it was told with, of which none left then */
    const uint32_t kept = inc->whole ? 0 : inc->told_count;
    origin o = {0};
    if (l->heir_of == inc->index)
        o.same = kept;
    else if (kept) {
        o = (origin){
            .object = inc->index, .ended = gone_handle(f, inc->index, inherited) ? inc->index : 0, .reports = kept};
        origin_note(f, l, inc->index, from);
    }
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t told = report_of(f, list.at[i])->told;
        if (!told)
            continue;
        if (told == l->heir_of) {
            o.same++;
            continue;
        }
        o.object = o.object ? o.object : told;
        o.reports += told == o.object;
        o.several |= told != o.object;
        origin_note(f, l, told, from);
        if (!o.ended && gone_handle(f, told, inherited))
            o.ended = told;
    }
    return o;
}

/* A further report can give an incident another id. It is the same one where all it was told with goes on in it,
 * and nothing comes to it from elsewhere: that is news. */
static bool is_renamed(const facts *f, const line *l, const origin *o)
{
    const incident *inc = f->incidents[l->incident], *before = f->incidents[o->object];
    return !l->handle && o->object && o->object == o->ended && !o->several && o->reports == before->told_count &&
           !inc->why.corrections.count && !before->why.corrections.count;
}

/* Who takes the place or the fact of another takes over what corrected that one in this batch. */
static void corrections_inherit(facts *f, incident *inc, const incident *of)
{
    if (inc == of)
        return;
    for (uint32_t i = 0; i < of->why.corrections.count && inc->why.corrections.count < CAUSES_MAX; i++)
        put(f, &inc->why.corrections, of->why.corrections.at[i]);
}

/* Whether an incident appeared, and did not come of a correction: nothing of it was known, and none of its reports
 * corrects one, even if a correction beside it cut the runs anew. */
static bool is_new(facts *f, const line *l, const origin *o)
{
    const incident *inc = f->incidents[l->incident];
    if (l->handle || l->before || o->object)
        return false;
    const numbers list = incident_news(f, inc);
    for (uint32_t i = 0; i < list.count; i++)
        if (numbers_hold(&inc->why.corrections, list.at[i]))
            return false;
    return true;
}

/* Whether reports left or came from elsewhere; if it is a new fact, whose place it takes. */
static void line_compare(facts *f, line *l, const hash_index *inherited, hash_index *renamed, handles *from)
{
    incident *inc = f->incidents[l->incident];
    l->from = from->count;
    const origin o = origin_of(f, l, inc, inherited, from);
    if (!l->handle) {
        l->before = l->was ? l->incident : o.ended;
        l->replaces = l->before ? gone_handle(f, l->before, inherited) : 0;
        if (l->replaces && is_renamed(f, l, &o)) {
            if (index_put(renamed, l->replaces, 1, &f->held) < 0)
                f->failed = -ENOMEM;
            return;
        }
        if (l->replaces)
            corrections_inherit(f, inc, f->incidents[l->before]);
    }
    l->correction = o.object || o.same < l->told_count || (inc->why.corrections.count && !is_new(f, l, &o));
}

/* The persons of a report that stands elsewhere now: their releases and detentions may be other ones. */
static void persons_moved(facts *f, uint32_t number, bool correction, const causes *why)
{
    numbers entities = {0};
    report_entities(f, number, &entities);
    for (uint32_t i = 0; i < entities.count; i++) {
        entity_mark(f, entities.at[i]);
        entity *e = &f->entities[entities.at[i]];
        e->correction = e->correction || correction;
        if (!e->why.news)
            e->why.news = why->news;
        for (uint32_t j = 0; j < why->corrections.count; j++)
            put(f, &e->why.corrections, why->corrections.at[j]);
    }
    numbers_done(&entities, &f->held);
}

static void items_note_settled(facts *f, const incident *inc)
{
    for (uint32_t i = inc->whole ? 0 : inc->items_settled; i < inc->items.count; i++)
        if (inc->items.at[i] & ITEM_GROUP)
            f->groups[inc->items.at[i] & ~ITEM_GROUP].settled = true;
}

static void line_note_members(facts *f, const line *l, incident *inc)
{
    const numbers list = incident_news(f, inc);
    for (uint32_t i = 0; i < list.count; i++) {
        report *r = report_of(f, list.at[i]);
        if (r->told && r->told != inc->index && r->persons_named)
            persons_moved(f, list.at[i], l->correction, &inc->why);
        r->told = inc->index;
    }
    items_note_settled(f, inc);
    inc->told_count = inc->now.reports_count;
    inc->items_settled = inc->items.count;
    inc->joined_settled = inc->joined.count;
    numbers_done(&inc->grown, &f->held);
    inc->whole = false;
}

static uint64_t incident_fingerprint(const incident *inc)
{
    const summary *s = &inc->now;
    uint64_t h = mix(s->members, s->votes.count);
    h = mix(h, s->votes.low);
    h = mix(h, s->votes.high);
    h = mix(h, (uint64_t)s->acted_at_ns);
    h = mix(h, (uint64_t)s->largest | (uint64_t)s->announced << 1 | (uint64_t)s->votes.has_count << 2 |
                   (uint64_t)s->votes.disagrees << 3);
    return h ? h : 1;
}

static void line_tell(facts *f, line *l, const handles *from)
{
    incident *inc = f->incidents[l->incident];
    const arrivals came = {l->replaces, l->from_count ? from->at + l->from : NULL, l->from_count};
    inc->now.fingerprint = incident_fingerprint(inc);
    line_note_members(f, l, inc);
    if (!l->handle) {
        inc->handle = handle_new(f, f->keys[inc->key_index].kind, inc->index);
        tell_arrivals(f, FACT_APPEARED, inc->handle, &came, l->correction, &inc->why);
    } else if (inc->now.fingerprint != l->fingerprint || l->correction) {
        inc->handle = l->handle;
        tell_arrivals(f, FACT_CHANGED, inc->handle, &came, l->correction, &inc->why);
    } else {
        inc->handle = l->handle;
        inc->why.news = 0;
        inc->why.corrections.count = 0;
    }
}

static void lines_fill(facts *f, line *lines, uint32_t count, uint32_t known)
{
    for (uint32_t i = 0; i < count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        if (i >= known) /* drawn in by another's change: itself as it was */
            inc->heir_of = inc->handle ? inc->index : 0;
        lines[i] = (line){.incident = inc->index, .was = inc->handle, .heir_of = inc->heir_of};
    }
    for (uint32_t i = 0; i < count; i++) {
        const incident *heir = lines[i].heir_of ? f->incidents[lines[i].heir_of] : NULL;
        if (!heir)
            continue;
        lines[i].handle = heir->handle;
        lines[i].told_count = heir->told_count;
        lines[i].fingerprint = heir->now.fingerprint;
    }
}

/* Who goes on as another takes over why that one changed in this batch. */
static void line_inherit(facts *f, const line *l)
{
    if (!l->heir_of || l->heir_of == l->incident)
        return;
    incident *inc = f->incidents[l->incident];
    const incident *of = f->incidents[l->heir_of];
    inc->why.news = inc->why.news ? inc->why.news : of->why.news;
    corrections_inherit(f, inc, of);
}

/* A fact ends; where another took its place and only its id is new, that is news too. */
static void line_tell_gone(facts *f, const line *l, const hash_index *renamed)
{
    uint32_t cursor = 0;
    const causes *why = &f->incidents[l->incident]->why;
    causes copy = {.news = why->news};
    for (uint32_t i = 0; i < why->corrections.count; i++)
        add(f, &copy.corrections, why->corrections.at[i]);
    tell(f, FACT_GONE, l->was, !index_next(renamed, l->was, &cursor), &copy);
    numbers_done(&copy.corrections, &f->held);
}

/* Handles that end, and those that go on in another object. */
static void lines_hand_on(facts *f, const line *lines, uint32_t count, const hash_index *inherited)
{
    for (uint32_t i = 0; i < count; i++) {
        const incident *inc = f->incidents[lines[i].incident];
        if (inc->used && is_left(inc, inherited))
            handle_drop(f, lines[i].was, inc->index);
        if (lines[i].handle && lines[i].heir_of != inc->index)
            handle_move(f, lines[i].handle, lines[i].heir_of, inc->index);
    }
    for (uint32_t i = 0; i < count; i++)
        if (!f->incidents[lines[i].incident]->used && is_left(f->incidents[lines[i].incident], inherited))
            handle_drop(f, lines[i].was, lines[i].incident);
}

static void lines_tell(facts *f, line *lines, uint32_t count)
{
    hash_index inherited = {0}, renamed = {0};
    handles from = {0};
    for (uint32_t i = 0; i < count; i++)
        if (lines[i].handle && lines[i].heir_of != lines[i].incident &&
            index_put(&inherited, lines[i].handle, i + 1, &f->held) < 0)
            f->failed = -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        line_inherit(f, &lines[i]);
    for (uint32_t i = 0; i < count; i++)
        if (f->incidents[lines[i].incident]->used)
            line_compare(f, &lines[i], &inherited, &renamed, &from);
    for (uint32_t i = 0; i < count; i++)
        if (lines[i].replaces) /* what corrected the one ended the other */
            corrections_inherit(f, f->incidents[lines[i].before], f->incidents[lines[i].incident]);
    for (uint32_t i = 0; i < count; i++)
        if (is_left(f->incidents[lines[i].incident], &inherited))
            line_tell_gone(f, &lines[i], &renamed);
    lines_hand_on(f, lines, count, &inherited);
    for (uint32_t i = 0; i < count; i++)
        if (f->incidents[lines[i].incident]->used)
            line_tell(f, &lines[i], &from);
    index_done(&inherited, &f->held);
    index_done(&renamed, &f->held);
    array_free((void **)&from.at, &from.capacity, sizeof *from.at, &f->held);
}

void succession_settle(facts *f, uint32_t known)
{
    uint32_t count = f->dirty_incidents.count;
    line *lines = calloc(count, sizeof *lines);
    if (!lines) {
        f->failed = -ENOMEM;
        return;
    }
    lines_fill(f, lines, count, known);
    lines_tell(f, lines, count);
    free(lines);
}
