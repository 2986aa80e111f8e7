/*
 * loose.c - vague and wider items of one key: which incident each belongs to (FACTS.md, section 2).
 *
 * They never move the incidents of sharp items, so they are placed after those, all of a key anew
 * whenever one of them or a sharp incident beside them changed.
 */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

void loose_put(facts *f, uint32_t key_index, item it)
{
    numbers *loose = &f->keys[key_index].loose;
    span s = item_span(f, it);
    if (s.start_ns != TIME_UNKNOWN && s.end_ns - s.start_ns > f->keys[key_index].loose_longest_ns)
        f->keys[key_index].loose_longest_ns = s.end_ns - s.start_ns;
    uint32_t low = 0, high = loose->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (item_compare(f, loose->at[middle], it) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    add(f, loose, it);
    if (f->failed)
        return;
    memmove(&loose->at[low + 1], &loose->at[low], (loose->count - 1 - low) * sizeof *loose->at);
    loose->at[low] = it;
}

/* Whether items that vote stand in it beside its own. */
static bool vague_joined(const facts *f, const incident *inc)
{
    for (uint32_t i = 0; i < inc->joined.count; i++)
        if (item_class_of(f, inc->joined.at[i]) != ITEM_WIDER)
            return true;
    return false;
}

/* The digest that these reports, all of its items, are to be counted by, made if need be; NULL: they are few, or
 * parties, which are counted over all. One of an incident that nothing joined is that of all its reports. */
static digest *sharp_digest(facts *f, incident *inc, const numbers *list)
{
    digest *d;
    if (!inc->digest && (inc->joined.count || list->count <= f->config.digest_min))
        return NULL;
    for (uint32_t i = 0; !inc->digest && i < list->count; i++)
        if (report_of(f, list->at[i])->kind == THAW_SANCTION && report_of(f, list->at[i])->has_targets)
            return NULL;
    d = *(inc->digest ? &inc->sharp_digest : &inc->digest) = digest_new(f);
    for (uint32_t i = 0; d && i < list->count; i++)
        digest_add(f, d, list->at[i]);
    return d;
}

/* What its items come to, without those that joined it. */
static void sharp_count(facts *f, incident *inc, counted *ret_counted)
{
    digest *d = inc->sharp_digest;
    if (!d && inc->digest && !vague_joined(f, inc))
        d = inc->digest;
    if (!d) {
        numbers list = {0};
        for (uint32_t i = 0; i < inc->items.count; i++)
            item_reports(f, inc->items.at[i], &list);
        d = sharp_digest(f, inc, &list);
        if (!d)
            count_reports(f, list.at, list.count, ret_counted);
        numbers_done(&list, &f->held);
    }
    if (d)
        digest_count(f, d, ret_counted);
}

/* Whether all that happened since it was settled is that reports came that repeat what it says. */
static bool sharp_repeats(const facts *f, const incident *inc)
{
    if (inc->whole || inc->joined.count || inc->now.targets || f->keys[inc->key_index].kind == THAW_TALKS)
        return false;
    for (uint32_t i = inc->items_settled; i < inc->items.count; i++)
        if ((inc->items.at[i] & ITEM_GROUP) || !votes_repeat(f, &inc->now, inc->items.at[i]))
            return false;
    for (uint32_t i = 0; i < inc->grown.count; i++)
        if (!votes_repeat(f, &inc->now, inc->grown.at[i]))
            return false;
    return true;
}

static outline outline_of(facts *f, incident *inc)
{
    if (!inc->sharp_valid && sharp_repeats(f, inc)) {
        inc->sharp_valid = true;
        inc->sharp_has_count = inc->now.votes.has_count;
        inc->sharp_count = inc->now.votes.count;
    }
    if (!inc->sharp_valid) {
        counted votes = {0};
        sharp_count(f, inc, &votes);
        inc->sharp_valid = true;
        inc->sharp_has_count = votes.has_count;
        inc->sharp_count = votes.has_count ? votes.count : 0;
    }
    outline o = {.date = {inc->start_ns, inc->span_end_ns},
                 .count = inc->sharp_count,
                 .known = true,
                 .has_count = inc->sharp_has_count};
    for (uint32_t i = 0; i < inc->naming.count; i++)
        o.naming += (uint32_t)mix(inc->naming.at[i], 3);
    return o;
}

static bool outline_same(const outline *a, const outline *b)
{
    return a->known == b->known && a->date.start_ns == b->date.start_ns && a->date.end_ns == b->date.end_ns &&
           a->has_count == b->has_count && a->count == b->count && a->naming == b->naming;
}

/* It is looked at for a vague item: from now on a change of its outline concerns that item. */
static const outline *sharp_look(facts *f, incident *inc)
{
    inc->outlined = outline_of(f, inc);
    return &inc->outlined;
}

/* An incident of sharp items changed: whether vague items have to do with that. */
static void sharp_changed(facts *f, incident *inc)
{
    outline now = inc->used ? outline_of(f, inc) : (outline){.date = {inc->start_ns, inc->span_end_ns}};
    if (outline_same(&now, &inc->outlined))
        return;
    if (inc->outlined.known)
        key_mark_loose(f, inc->key_index, inc->outlined.date);
    key_mark_loose(f, inc->key_index, now.date);
    inc->outlined = now;
}

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

static bool bears_name(const facts *f, item it)
{
    const numbers *naming = item_naming(f, it);
    return naming && naming->count;
}

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
    bool named = bears_name(f, p[at].it);
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
        } else if (bears_name(f, p[i].it)) {
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

/* Ends the vague incidents that nothing stands in any more or whose opener joined another. */
static void vague_sweep_out(facts *f, key *k)
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

/* Places some of a key's items anew, in order; none of the others has to do with them. */
static void loose_place(facts *f, uint32_t key_index, uint32_t from, uint32_t count)
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

static int64_t sum_bounded(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

#define LOOKS_MAX 32u /* at items, for whether one is near */

/* What changed in a key; items that are placed meanwhile change nothing for others. */
typedef struct spans {
    span at[sizeof((key *)0)->loose_changed / sizeof(span)];
    uint32_t count;
} spans;

/* Whether something changed that reaches into a stretch of time: a sharp incident is shorter than twice the
 * tolerance, and a wider item belongs to one that opened within the tolerance before it. */
static bool loose_concerned(const facts *f, const key *k, const spans *changed, span s)
{
    int64_t reach = 2 * f->config.tolerance_ns[k->kind];
    for (uint32_t i = 0; i < changed->count; i++) {
        span c = changed->at[i];
        if (sum_bounded(c.start_ns, -reach) <= s.end_ns && s.start_ns <= sum_bounded(c.end_ns, reach))
            return true;
    }
    return s.start_ns == TIME_UNKNOWN;
}

/* How far apart items may lie and still have to do with each other: items of two stretches may meet in one sharp
 * incident, which matters where both bear names. */
static int64_t loose_gap(const facts *f, const key *k)
{
    for (uint32_t i = 0; i < k->loose.count; i++) {
        if (bears_name(f, k->loose.at[i]))
            return 2 * f->config.tolerance_ns[k->kind];
    }
    return 0;
}

/* The first item that starts then or later. */
static uint32_t loose_from(const facts *f, const key *k, int64_t start_ns)
{
    uint32_t low = 0, high = k->loose.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (item_start(f, k->loose.at[middle]) < start_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where the stretch begins that an item is in: no item is longer than loose_longest_ns. */
static uint32_t stretch_begin(const facts *f, const key *k, uint32_t at, int64_t gap)
{
    for (uint32_t i = at; i-- > 0;) {
        int64_t start = item_start(f, k->loose.at[at]);
        if (sum_bounded(item_start(f, k->loose.at[i]), sum_bounded(k->loose_longest_ns, gap)) <= start)
            break;
        if (sum_bounded(item_span(f, k->loose.at[i]).end_ns, gap) > start)
            at = i;
    }
    return at;
}

/* Goes through the stretches of items that overlap each other from one of them on, as long as they start by an
 * instant. Returns the first item behind. */
static uint32_t loose_stretches(facts *f, uint32_t key_index, const spans *changed, uint32_t from, int64_t until_ns,
                                int64_t gap)
{
    key *k = &f->keys[key_index];
    uint32_t i = from;
    for (uint32_t end; i < k->loose.count && !f->failed; i = end) {
        span stretch = item_span(f, k->loose.at[i]);
        if (stretch.start_ns > until_ns)
            break;
        for (end = i + 1; end < k->loose.count; end++) {
            span s = item_span(f, k->loose.at[end]);
            if (s.start_ns >= sum_bounded(stretch.end_ns, gap))
                break;
            stretch.end_ns = s.end_ns > stretch.end_ns ? s.end_ns : stretch.end_ns;
        }
        if (loose_concerned(f, k, changed, stretch))
            loose_place(f, key_index, i, end - i);
        k = &f->keys[key_index];
    }
    return i;
}

static int span_order(const void *a_, const void *b_)
{
    const span *a = a_, *b = b_;
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

/* The undated ones, and what lies within reach of something that changed. */
static void loose_look(facts *f, uint32_t key_index)
{
    key *k = &f->keys[key_index];
    int64_t gap = loose_gap(f, k), reach = 2 * f->config.tolerance_ns[k->kind];
    spans changed = {.count = k->loose_changed_count};
    memcpy(changed.at, k->loose_changed, sizeof changed.at);
    qsort(changed.at, changed.count, sizeof *changed.at, span_order);
    uint32_t next = loose_stretches(f, key_index, &changed, 0, TIME_UNKNOWN, gap);
    for (uint32_t c = 0; c < changed.count; c++) {
        k = &f->keys[key_index];
        int64_t from_ns = sum_bounded(changed.at[c].start_ns, -reach);
        uint32_t from = loose_from(f, k, sum_bounded(from_ns, -k->loose_longest_ns));
        from = from < k->loose.count ? stretch_begin(f, k, from, gap) : from;
        next = loose_stretches(f, key_index, &changed, from > next ? from : next,
                               sum_bounded(changed.at[c].end_ns, reach), gap);
    }
}

/* Whether a vague or wider item is within reach of an incident, as loose_concerned has it; true where it would take
 * long to know. */
static bool loose_near(const facts *f, const key *k, const incident *inc)
{
    const int64_t reach = 2 * f->config.tolerance_ns[k->kind];
    const int64_t from_ns = sum_bounded(inc->start_ns, -reach), to_ns = sum_bounded(inc->span_end_ns, reach);
    if (!k->loose.count || item_start(f, k->loose.at[0]) == TIME_UNKNOWN)
        return k->loose.count;
    uint32_t from = loose_from(f, k, sum_bounded(from_ns, -k->loose_longest_ns)), i = from;
    for (; i < k->loose.count && i - from < LOOKS_MAX && item_start(f, k->loose.at[i]) <= to_ns; i++)
        if (item_span(f, k->loose.at[i]).end_ns >= from_ns)
            return true;
    return i - from == LOOKS_MAX;
}

void loose_settle(facts *f)
{
    for (uint32_t i = 0; i < f->dirty_incidents.count && !f->failed; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        const key *k = &f->keys[inc->key_index];
        incidents_ahead(f, i);
        if (inc->class != ITEM_SHARP)
            continue;
        if (inc->outlined.known ? k->loose.count > 0 : loose_near(f, k, inc))
            sharp_changed(f, inc);
        else
            inc->outlined.known = false; /* nothing was placed by it */
    }
    for (uint32_t i = 0; i < f->dirty_keys.count && !f->failed; i++) {
        key *k = &f->keys[f->dirty_keys.at[i]];
        loose_look(f, f->dirty_keys.at[i]);
        vague_sweep_out(f, k);
        k->loose_dirty = false;
        k->loose_changed_count = 0;
    }
    f->dirty_keys.count = 0;
}
