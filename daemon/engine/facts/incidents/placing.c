/* placing.c - see loose.h: which incident each vague or wider item belongs to (FACTS.md, section 2). */
#include <stdlib.h>

#include "facts/incidents/incidents.h"
#include "facts/incidents/loose.h"
#include "facts/state/state.h"

static bool count_agrees(const counted *vague, const outline *incident)
{
    if (vague->has_winner)
        return incident->has_count && incident->count == vague->winner;
    if (vague->has_bound)
        return incident->has_count && vague->bound <= incident->count;
    return true;
}

static bool count_same(const counted *a, const counted *b)
{
    return a->has_count == b->has_count && (!a->has_count || a->count == b->count);
}

/* What was decided for one item. */
typedef struct placing {
    item it;
    span date;
    uint32_t before;      /* incident it stood in */
    incident *target;     /* an incident of sharp items */
    uint32_t leader;      /* position of the item that opens its vague incident; UINT32_MAX: none */
    uint32_t naming_next; /* of those that joined the same target or leader bearing a name: position + 1 */
    uint32_t naming;      /* of a leader: the last that joined it bearing a name: position + 1 */
    uint32_t same_next;   /* of a leader: the next of the same count, in order of opening: position + 1 ... */
    uint32_t same_last;   /* ... and of the first of them: the last */
    counted votes;
} placing;

/* Whether a source bears a name in the item and in the incident, with the vague ones that joined so far. */
static bool target_conflict(facts *f, const placing p[], const incident *inc, item it)
{
    const numbers *naming = item_naming(f, it);
    bool conflict = naming_conflict(&inc->naming, naming);
    for (uint32_t i = inc->loose_naming; i && !conflict; i = p[i - 1].naming_next)
        conflict = naming_conflict(item_naming(f, p[i - 1].it), naming);
    return conflict;
}

/* The earliest incident of sharp items that a vague item fits; without votes only time counts. */
static incident *vague_target(facts *f, key *k, const placing p[], item it, const counted *votes)
{
    span s = item_span(f, it);
    /* A sharp incident is shorter than twice the tolerance. */
    int64_t reach = 2 * f->config.tolerance_ns[k->kind];
    for (incident *inc = incidents_from(k, s.start_ns > INT64_MIN + reach ? s.start_ns - reach : INT64_MIN);
         inc && inc->start_ns < s.end_ns; inc = incidents_next(inc)) {
        const outline *o = sharp_look(f, inc);
        if (inc->span_end_ns > s.start_ns && (!votes || (!target_conflict(f, p, inc, it) && count_agrees(votes, o))))
            return inc;
    }
    return NULL;
}

/* The incident that a wider item is attached to. */
static incident *wider_target(facts *f, key *k, item it)
{
    span s = item_span(f, it);
    int64_t tolerance = f->config.tolerance_ns[k->kind];
    if (s.start_ns == TIME_UNKNOWN)
        return NULL;
    if (s.end_ns - s.start_ns > tolerance)
        return vague_target(f, k, NULL, it, NULL);
    incident *found = NULL;
    for (incident *inc = incidents_from(k, s.start_ns - tolerance + 1); inc && inc->start_ns <= s.start_ns;
         inc = incidents_next(inc)) {
        (void)sharp_look(f, inc);
        found = inc;
    }
    return found;
}

static uint64_t count_hash(const counted *c)
{
    return scramble(c->has_count ? c->count : UINT64_MAX); /* greater than any count */
}

/* The first of the items so far that opened a vague incident and have the count of this one: position + 1; 0: none. */
static uint32_t leaders_first(const hash_index *leaders, const placing p[], const counted *votes)
{
    uint32_t cursor = 0, first;
    while ((first = index_next(leaders, count_hash(votes), &cursor)) && !count_same(&p[first - 1].votes, votes))
        ;
    return first;
}

static void leader_add(facts *f, hash_index *leaders, placing p[], uint32_t first, uint32_t at)
{
    if (first) {
        p[p[first - 1].same_last - 1].same_next = at + 1;
        p[first - 1].same_last = at + 1;
        return;
    }
    p[at].same_last = at + 1;
    if (index_put(leaders, count_hash(&p[at].votes), at + 1, &f->held) < 0)
        f->failed = -ENOMEM;
}

/* The first in order of opening of the vague incidents so far that an item fits, or one that it opens. */
static void vague_join(facts *f, placing p[], uint32_t at, hash_index *leaders)
{
    bool named = item_bears_name(f, p[at].it);
    uint32_t first = leaders_first(leaders, p, &p[at].votes);
    p[at].leader = at;
    for (uint32_t i = first; i && p[at].leader == at; i = p[i - 1].same_next) {
        const placing *leader = &p[i - 1];
        bool conflict = !span_overlaps(leader->date, p[at].date);
        for (uint32_t j = named ? leader->naming : 0; j && !conflict; j = p[j - 1].naming_next)
            conflict = naming_conflict(item_naming(f, p[j - 1].it), item_naming(f, p[at].it));
        if (!conflict)
            p[at].leader = i - 1;
    }
    if (p[at].leader == at)
        leader_add(f, leaders, p, first, at);
    if (named) {
        p[at].naming_next = p[p[at].leader].naming;
        p[p[at].leader].naming = at + 1;
    }
}

static void item_votes(facts *f, item it, counted *ret_votes)
{
    numbers list = {0};
    item_reports(f, it, &list);
    count_reports(f, list.at, list.count, ret_votes);
    numbers_done(&list, &f->held);
}

static void placing_decide(facts *f, key *k, placing p[], uint32_t count)
{
    hash_index leaders = {0};
    for (uint32_t i = 0; i < count; i++) {
        p[i].date = item_span(f, p[i].it);
        p[i].before = item_incident(f, p[i].it);
        p[i].leader = UINT32_MAX;
        p[i].target = NULL;
        if (item_class_of(f, p[i].it) == ITEM_WIDER) {
            p[i].target = wider_target(f, k, p[i].it);
            continue;
        }
        item_votes(f, p[i].it, &p[i].votes);
        p[i].target = vague_target(f, k, p, p[i].it, &p[i].votes);
        if (!p[i].target) {
            vague_join(f, p, i, &leaders);
        } else if (item_bears_name(f, p[i].it)) {
            p[i].naming_next = p[i].target->loose_naming;
            p[i].target->loose_naming = i + 1;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (p[i].target)
            p[i].target->loose_naming = 0;
    index_done(&leaders, &f->held);
}

/* The vague incident an item opens: the one it opened before, where that still is. */
static incident *vague_open(facts *f, uint32_t key_index, const placing *p)
{
    incident *inc = f->incidents[p->before];
    if (inc && inc->used && inc->class == ITEM_VAGUE && inc->opener == p->it)
        return inc;
    inc = incident_new(f, key_index, p->it);
    if (inc)
        add(f, &f->keys[key_index].vague_incidents, inc->index);
    return inc;
}

/* It stands nowhere now; an incident of the same number may be another one later. */
static void item_forget(facts *f, item it)
{
    numbers list = {0};
    item_reports(f, it, &list);
    for (uint32_t i = 0; i < list.count; i++)
        report_of(f, list.at[i])->told = 0;
    numbers_done(&list, &f->held);
}

/* Moves every item to where it was decided; only incidents that lose or gain one are marked. */
static void placing_apply(facts *f, uint32_t key_index, placing p[], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) { /* openers first: the others need their incident */
        if (p[i].leader == i)
            p[i].target = vague_open(f, key_index, &p[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        incident *to = p[i].leader < count && p[i].leader != i ? p[p[i].leader].target : p[i].target;
        incident *from = f->incidents[p[i].before];
        if (!to)
            item_forget(f, p[i].it);
        if (to == from)
            continue;
        if (from && from->used) {
            incident_left(f, from);
            numbers_take(&from->joined, p[i].it);
            if (numbers_take(&from->items, p[i].it))
                from->sharp_valid = false;
            incident_touch(f, from);
        }
        item_set_incident(f, p[i].it, to ? to->index : 0);
        if (to && to->class == ITEM_VAGUE) {
            incident_take_in(f, to, p[i].it);
        } else if (to) {
            add(f, &to->joined, p[i].it);
            incident_came(f, to, p[i].it);
            incident_touch(f, to);
        }
    }
}

void vague_sweep_out(facts *f, key *k)
{
    uint32_t kept = 0;
    if (!k->vague_left)
        return;
    k->vague_left = false;
    for (uint32_t i = 0; i < k->vague_incidents.count; i++) {
        incident *inc = f->incidents[k->vague_incidents.at[i]];
        if (inc->items.count)
            k->vague_incidents.at[kept++] = inc->index;
        else if (inc->used)
            incident_end(f, inc);
    }
    k->vague_incidents.count = kept;
}

void loose_place(facts *f, uint32_t key_index, uint32_t from, uint32_t count)
{
    key *k = &f->keys[key_index];
    placing *p = calloc(count, sizeof *p);
    if (!p) {
        f->failed = -ENOMEM;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        p[i].it = k->loose.at[from + i];
    placing_decide(f, k, p, count);
    placing_apply(f, key_index, p, count);
    free(p);
}
