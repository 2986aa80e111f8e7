/*
 * echoes.c - who tells a day late what was done does not know what was done since: FACTS.md, section 5.
 *
 *      list: delisted 4 March, imposed under another program 4 March
 *      wire: delisted 5 March                                            the party stands
 *
 * Who told what came in between says something new, and so does whoever tells it after the tolerance of steps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/entities/echoes.h"
#include "facts/entities/steps.h"
#include "facts/state/known.h"
#include "lower_bound.h"

/* Steps of one kind may be told again; what ends what they did is of the other side: a listing what any other did, a
 * licence or suspension what a listing did. A removal of what is listed needs no judging: it parts listings. */
enum { REMOVED, LICENSED, SUSPENDED, LISTED, KINDS };
typedef enum side { NEITHER, LISTS, RELIEVES } side;

static int kind_of(const measure_step *st)
{
    if (step_removes(st))
        return REMOVED;
    if (step_lists(st))
        return LISTED;
    return st->action == THAW_LICENSED ? LICENSED : st->action == THAW_SUSPENDED ? SUSPENDED : -1;
}

static side side_of(const measure_step *st)
{
    int kind = kind_of(st);
    return kind == LISTED ? LISTS : kind == LICENSED || kind == SUSPENDED ? RELIEVES : NEITHER;
}

static side other_side(int kind)
{
    return kind == LISTED ? RELIEVES : LISTS;
}

/* ---- who told it --------------------------------------------------------------------- */

typedef struct teller {
    uint32_t source, place; /* place: of the step */
    side side;
} teller;

/* Of the steps from one place to another. */
typedef struct tellers {
    teller *by_place, *by_source;
    uint32_t count, capacity;
    uint32_t first, last; /* places; none are known where by_source is NULL */
    bool failed;
} tellers;

enum teller_said { NOT_ASKED, SAID_NOTHING, SAID_SOMETHING };

static int place_order(const void *a_, const void *b_)
{
    const teller *a = a_, *b = b_;
    return (a->place > b->place) - (a->place < b->place);
}

static int source_order(const void *a_, const void *b_)
{
    const teller *a = a_, *b = b_;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    if (a->side != b->side)
        return a->side < b->side ? -1 : 1;
    return place_order(a, b);
}

/* The step of a report among those of its measure, without reading its text where only one can be it. */
static bool place_of(facts *f, const entity *e, uint32_t number, uint32_t *ret_place)
{
    const report *r = report_of(f, number);
    if (!report_is_read(f, number) || r->status == THAW_RUMOURED || r->start_ns == TIME_UNKNOWN)
        return false; /* as step_of has it */
    measure_step st = {.start_ns = report_stated_ns(r), .ends_ns = INT64_MIN, .action = r->detail};
    uint32_t place = step_place(f, e, &st);
    const measure_step *next = place + 1 < e->steps_count ? &e->steps[place + 1] : NULL;
    if (next && next->start_ns == st.start_ns && next->action == st.action) {
        if (!step_of(f, number, &st))
            return false;
        place = step_place(f, e, &st);
    }
    *ret_place = place;
    return true;
}

static void teller_put(tellers *t, teller told, uint64_t *held)
{
    if (array_reserve((void **)&t->by_place, &t->capacity, (size_t)t->count + 1, sizeof *t->by_place, held) < 0)
        t->failed = true;
    else
        t->by_place[t->count++] = told;
}

/* Who told the steps from one place on until another, from the mentions that lie there alone. */
static void tellers_read(facts *f, const entity *e, tellers *t)
{
    int64_t from_ns = INT64_MAX, until_ns = (day_of(e->steps[t->last].start_ns) + 1) * DAY_NS;
    for (uint32_t i = t->first; i <= t->last; i++)
        from_ns = step_from(&e->steps[i]) < from_ns ? step_from(&e->steps[i]) : from_ns;
    for (uint32_t i = 0; i < e->nodes.count; i++) {
        const node *n = &f->nodes[e->nodes.at[i]];
        for (uint32_t k = node_place(f, n, from_ns, 0); k < n->count; k++) {
            const report *r = report_of(f, n->mentions[k].report);
            uint32_t place;
            if (r->start_ns >= until_ns)
                break;
            if (place_of(f, e, n->mentions[k].report, &place) && place >= t->first && place <= t->last)
                teller_put(t, (teller){r->source, place, side_of(&e->steps[place])}, &f->held);
        }
    }
}

static void tellers_done(facts *f, tellers *t)
{
    array_free((void **)&t->by_place, &t->capacity, sizeof *t->by_place, &f->held);
    free(t->by_source);
    *t = (tellers){0};
}

/* Knows who told the steps from `first` to `last`; false: out of memory. */
static bool tellers_learn(facts *f, const entity *e, uint32_t first, uint32_t last, tellers *t)
{
    tellers_done(f, t);
    t->first = first;
    t->last = last;
    tellers_read(f, e, t);
    t->by_source = t->failed ? NULL : calloc((size_t)t->count + 1, sizeof *t->by_source);
    if (!t->by_source) {
        f->failed = -ENOMEM;
        return false;
    }
    if (!t->count)
        return true;
    memcpy(t->by_source, t->by_place, t->count * sizeof *t->by_source);
    qsort(t->by_place, t->count, sizeof *t->by_place, place_order);
    qsort(t->by_source, t->count, sizeof *t->by_source, source_order);
    return true;
}

/* The first that is not before another. */
static uint32_t first_from(const teller *all, uint32_t count, const teller *from,
                           int (*order)(const void *, const void *))
{
    uint32_t low = 0, high = count;
    LOWER_BOUND(low, high, order(&all[middle], from) < 0);
    return low;
}

/* Whether one who told the step at `place` told one of a side after that at `first` and before it. */
static bool told_between(const tellers *t, uint32_t first, uint32_t place, side side)
{
    const teller here = {.place = place};
    for (uint32_t i = first_from(t->by_place, t->count, &here, place_order);
         i < t->count && t->by_place[i].place == place; i++) {
        const teller after = {t->by_place[i].source, first + 1, side};
        uint32_t at = first_from(t->by_source, t->count, &after, source_order);
        if (at < t->count && t->by_source[at].source == after.source && t->by_source[at].side == side &&
            t->by_source[at].place < place)
            return true;
    }
    return false;
}

/* ---- step by step -------------------------------------------------------------------- */

/* The first told of a kind, and what came since. */
typedef struct first_told {
    bool any;
    uint32_t place;
    int64_t start_ns, before_ns; /* before: the last of the other side before it; TIME_UNKNOWN: none */
    bool between;                /* one of the other side came since */
    bool news;                   /* and cannot be told again itself, of one before */
} first_told;

typedef struct hearing {
    facts *f;
    entity *e;
    first_told first[KINDS];
    int64_t last_ns[RELIEVES + 1]; /* of each side; TIME_UNKNOWN: none yet */
    tellers tellers;
} hearing;

static bool is_soon(const hearing *h, int64_t start_ns, int64_t after_ns)
{
    return after_ns != TIME_UNKNOWN && start_ns < after_ns + h->f->config.tolerance_ns[THAW_SANCTION];
}

/* What was found out once stands until something comes or goes near it (steps_came_near). */
static bool is_new(hearing *h, const first_told *first, uint32_t place, side side)
{
    measure_step *st = &h->e->steps[place];
    const uint32_t back = place - first->place;
    if (st->asked != NOT_ASKED && st->asked_back == back)
        return st->asked == SAID_SOMETHING;
    if (!h->tellers.by_source || first->place < h->tellers.first || place > h->tellers.last) {
        uint32_t last = place; /* of those behind the same may be asked next */
        while (last + 1 < h->e->steps_count && is_soon(h, h->e->steps[last + 1].start_ns, st->start_ns))
            last++;
        if (!tellers_learn(h->f, h->e, first->place, last, &h->tellers))
            return false;
    }
    bool said = told_between(&h->tellers, first->place, place, side);
    st->asked = back > UINT16_MAX ? NOT_ASKED : said ? SAID_SOMETHING : SAID_NOTHING;
    st->asked_back = (uint16_t)back;
    return said;
}

static void hear_again(hearing *h, int kind, uint32_t place)
{
    first_told *first = &h->first[kind];
    measure_step *st = &h->e->steps[place];
    bool soon = first->any && is_soon(h, st->start_ns, first->start_ns);
    if (soon && (!first->between || !is_new(h, first, place, other_side(kind)))) {
        st->echo = first->news;
        return;
    }
    *first = (first_told){true, place, st->start_ns, h->last_ns[other_side(kind)], false, false};
}

static void hear_between(hearing *h, const measure_step *st)
{
    side of = side_of(st);
    for (int kind = 0; kind < KINDS; kind++) {
        first_told *first = &h->first[kind];
        if (other_side(kind) != of || !first->any)
            continue;
        first->between = true;
        first->news = first->news || !is_soon(h, st->start_ns, first->before_ns);
    }
    h->last_ns[of] = st->start_ns;
}

void echoes_judge(facts *f, entity *e)
{
    hearing h = {.f = f, .e = e, .last_ns = {TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN}};
    for (uint32_t i = 0; i < e->steps_count; i++)
        e->steps[i].echo = false;
    for (uint32_t i = 0; i < e->steps_count; i++) {
        const measure_step *st = &e->steps[i];
        int kind = kind_of(st);
        if (kind < 0 || st->idle)
            continue;
        if (!st->days)
            hear_again(&h, kind, i);
        hear_between(&h, st);
        if (kind == REMOVED)
            h.first[LISTED].any = false; /* who is listed anew is not to be missed */
    }
    tellers_done(f, &h.tellers);
}
