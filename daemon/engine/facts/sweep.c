/*
 * sweep.c - the incidents of sharp items of one key (FACTS.md, section 2).
 *
 * Sharp items stand in one order, and each incident is a run of neighbours in it: the first opens,
 * those that follow join while they start soon enough and bear no differing name.
 *
 *      a b c | d e | f g h          an item that comes between b and c, soon enough after a, joins;
 *      ^       ^     ^  openers     one that opens a run of its own takes what follows from the
 *                                   runs behind it, until one of them keeps its opener: from there
 *                                   on nothing can have changed
 *
 * The incidents of a key are a tree by opener; the items of a run are kept unordered and only
 * sorted when a run is cut.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "clusters.h"
#include "internal.h"

/* Places in the tree are known by the neighbours (sharp_insert): it never asks. */
static int incident_compare(const incident *a, const incident *b)
{
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

/* Whether an item stands behind the opener or is it. An incident starts with its opener, which
 * mostly decides without a look at the opener's report. */
static bool opens_before(const facts *f, const incident *inc, item it)
{
    int64_t start_ns = item_start(f, it);
    return inc->start_ns != start_ns ? inc->start_ns < start_ns : item_compare(f, inc->opener, it) <= 0;
}

/* The tree's functions, of which not all are used. */
#define __unused __attribute__((unused))
RB_GENERATE_STATIC(incident_tree, incident, node, incident_compare)

incident *incidents_next(incident *inc)
{
    return inc->next;
}

incident *incidents_first(key *k)
{
    return k->first;
}

/* The last incident whose opener stands before the item or is it. */
static incident *sharp_floor(facts *f, const key *k, item it)
{
    incident *found = NULL;
    for (incident *at = RB_ROOT(&k->sharp); at;) {
        if (opens_before(f, at, it)) {
            found = at;
            at = RB_RIGHT(at, node);
        } else {
            at = RB_LEFT(at, node);
        }
    }
    return found;
}

incident *incidents_from(const key *k, int64_t start_ns)
{
    incident *found = NULL;
    for (incident *at = RB_ROOT(&k->sharp); at;) {
        if (at->start_ns >= start_ns) {
            found = at;
            at = RB_LEFT(at, node);
        } else {
            at = RB_RIGHT(at, node);
        }
    }
    return found;
}

#define STEPS_MAX 8u /* so many neighbours are looked at before the tree is climbed */

/* The same, looking first about where the last item went. */
static incident *sharp_floor_hot(facts *f, key *k, item it)
{
    incident *at = k->hot, *next;
    uint32_t steps = 0;
    while (at && !opens_before(f, at, it) && steps++ < STEPS_MAX)
        at = at->prev;
    while (at && steps++ < STEPS_MAX) {
        next = at->next;
        if (!next || !opens_before(f, next, it))
            return k->hot = at;
        at = next;
    }
    return k->hot = sharp_floor(f, k, it);
}

/* ---- incidents come and go ---------------------------------------------------------- */

incident *incident_new(facts *f, uint32_t key_index, item opener)
{
    uint32_t i = f->incidents_free.count ? f->incidents_free.at[--f->incidents_free.count]
                                         : grow(f, (void **)&f->incidents, &f->incidents_count, &f->incidents_capacity,
                                                sizeof *f->incidents);
    if (i && !f->incidents[i]) {
        f->incidents[i] = slabs_take(&f->incident_slabs, sizeof **f->incidents);
        f->held += f->incidents[i] ? sizeof **f->incidents : 0;
    }
    incident *inc = i ? f->incidents[i] : NULL;
    if (!inc) {
        f->failed = -ENOMEM;
        return NULL;
    }
    *inc = (incident){.key_index = key_index, .index = i, .used = true, .opener = opener};
    inc->class = item_class_of(f, opener);
    inc->whole = true;
    inc->start_ns = INT64_MAX;
    inc->now.acted_at_ns = TIME_UNKNOWN;
    inc->span_end_ns = INT64_MIN;
    return inc;
}

void incident_touch(facts *f, incident *inc)
{
    causes_note(f, &inc->why);
    if (!inc->dirty) {
        inc->dirty = true;
        add(f, &f->dirty_incidents, inc->index);
    }
}

/* It stays in the table, unused and dirty, until facts_settle has told that it went. */
void incident_end(facts *f, incident *inc)
{
    incident_touch(f, inc);
    inc->used = false;
    for (uint32_t i = 0; i < inc->joined.count; i++)
        item_set_incident(f, inc->joined.at[i], 0);
    incident_left(f, inc);
    numbers_done(&inc->items, &f->held);
    numbers_done(&inc->joined, &f->held);
    numbers_done(&inc->naming, &f->held);
}

void incident_take_in(facts *f, incident *inc, item it)
{
    span s = item_span(f, it);
    const numbers *naming = item_naming(f, it);
    add(f, &inc->items, it);
    if (s.start_ns < inc->start_ns)
        inc->start_ns = s.start_ns;
    if (s.end_ns > inc->span_end_ns)
        inc->span_end_ns = s.end_ns;
    for (uint32_t i = 0; naming && i < naming->count; i++)
        add(f, &inc->naming, naming->at[i]);
    if (naming && naming->count)
        numbers_unique(&inc->naming);
    incident_came(f, inc, it);
    inc->sharp_valid = false;
    if (item_incident(f, it) != inc->index)
        item_set_incident(f, it, inc->index);
    incident_touch(f, inc);
}

void incident_undigest(facts *f, incident *inc)
{
    inc->digest = digest_free(f, inc->digest);
    inc->sharp_digest = digest_free(f, inc->sharp_digest);
}

static void incident_digest(facts *f, incident *inc, uint32_t number, bool joins)
{
    const report *r = report_of(f, number);
    if (r->has_targets && r->kind == THAW_SANCTION) { /* parties are counted over all reports */
        incident_undigest(f, inc);
        return;
    }
    if (inc->digest)
        digest_add(f, inc->digest, number);
    if (inc->sharp_digest && !joins)
        digest_add(f, inc->sharp_digest, number);
}

void incident_came(facts *f, incident *inc, item it)
{
    bool joins = inc->joined.count && inc->joined.at[inc->joined.count - 1] == it;
    if (!inc->digest && !inc->sharp_digest)
        return;
    if (!(it & ITEM_GROUP)) {
        incident_digest(f, inc, it, joins);
        return;
    }
    const group *g = &f->groups[it & ~ITEM_GROUP];
    for (uint32_t i = 0; i < g->members.count; i++)
        incident_digest(f, inc, g->members.at[i], joins);
}

void incident_left(facts *f, incident *inc)
{
    incident_undigest(f, inc);
    inc->whole = true;
    if (inc->class == ITEM_VAGUE)
        f->keys[inc->key_index].vague_left = true;
}

bool naming_conflict(const numbers *a, const numbers *b)
{
    for (uint32_t i = 0, j = 0; a && b && i < a->count && j < b->count;) { /* both in order */
        if (a->at[i] == b->at[j])
            return true;
        if (a->at[i] < b->at[j])
            i++;
        else
            j++;
    }
    return false;
}

/* ---- the sweep ---------------------------------------------------------------------- */

static int64_t key_tolerance(const facts *f, const key *k)
{
    return f->config.tolerance_ns[k->kind];
}

static bool sharp_joins(facts *f, const key *k, const incident *inc, item it)
{
    int64_t start = item_start(f, it);
    return start - inc->start_ns < key_tolerance(f, k) && !naming_conflict(&inc->naming, item_naming(f, it));
}

/* Puts an incident behind `before` (NULL: in front of all). Its neighbours being known, its place
 * in the tree needs no search: to the right of the one before, or else to the left of the one behind. */
static void sharp_insert(key *k, incident *inc, incident *before)
{
    incident *behind = before ? before->next : k->first;
    inc->prev = before;
    inc->next = behind;
    *(before ? &before->next : &k->first) = inc;
    if (behind)
        behind->prev = inc;
    if (!before && !behind) {
        RB_INSERT(incident_tree, &k->sharp, inc);
    } else if (before && !RB_RIGHT(before, node)) {
        RB_SET(inc, before, node);
        RB_RIGHT(before, node) = inc;
        incident_tree_RB_INSERT_COLOR(&k->sharp, inc);
    } else {
        assert(behind); /* whoever has a right child is not the last */
        RB_SET(inc, behind, node);
        RB_LEFT(behind, node) = inc;
        incident_tree_RB_INSERT_COLOR(&k->sharp, inc);
    }
    k->sharp_count++;
}

static void sharp_remove(key *k, incident *inc)
{
    *(inc->prev ? &inc->prev->next : &k->first) = inc->next;
    if (inc->next)
        inc->next->prev = inc->prev;
    RB_REMOVE(incident_tree, &k->sharp, inc);
    k->sharp_count--;
}

/* `before`: the one that the item stands behind, NULL: in front of all. */
static incident *sharp_open(facts *f, uint32_t key_index, incident *before, item it)
{
    incident *inc = incident_new(f, key_index, it);
    if (!inc)
        return NULL;
    incident_take_in(f, inc, it);
    sharp_insert(&f->keys[key_index], inc, before);
    return inc;
}

/* Takes an incident out of the tree and moves its items to a list. */
static void sharp_dissolve(facts *f, incident *inc, numbers *list)
{
    key *k = &f->keys[inc->key_index];
    if (k->hot == inc)
        k->hot = NULL;
    for (uint32_t i = 0; i < inc->items.count; i++)
        add(f, list, inc->items.at[i]);
    sharp_remove(k, inc);
    incident_end(f, inc);
}

/* Goes on with the sweep: `at` is the incident opened last (NULL: none), `list` what follows in any
 * order. Runs behind are drawn in until one keeps its opener. Uses up the list. */
static void sharp_sweep(facts *f, uint32_t key_index, incident *at, numbers *list)
{
    key *k = &f->keys[key_index];
    items_sort(f, list->at, list->count);
    for (;;) {
        for (uint32_t i = 0; i < list->count && !f->failed; i++) {
            item it = list->at[i];
            if (at && sharp_joins(f, k, at, it))
                incident_take_in(f, at, it);
            else
                at = sharp_open(f, key_index, at, it);
        }
        list->count = 0;
        incident *next = at ? at->next : k->first;
        if (f->failed || !at || !next || !sharp_joins(f, k, at, next->opener))
            break;
        sharp_dissolve(f, next, list);
        items_sort(f, list->at, list->count);
    }
    numbers_done(list, &f->held);
}

/* Whether an item in front of a run opens all of it and no more: nothing in the run starts too late for the
 * new opener, what follows started too late for the old one, and no names can part them. */
static bool sharp_leads(facts *f, const key *k, const incident *inc, item it)
{
    const numbers *naming = item_naming(f, it);
    if (inc->naming.count || (naming && naming->count))
        return false;
    int64_t start = item_start(f, it);
    return start == inc->start_ns || inc->span_end_ns - start <= key_tolerance(f, k);
}

static void sharp_place(facts *f, uint32_t key_index, item it)
{
    key *k = &f->keys[key_index];
    incident *inc = sharp_floor_hot(f, k, it);
    if (inc && sharp_joins(f, k, inc, it)) {
        incident_take_in(f, inc, it);
        return;
    }
    numbers list = {0};
    bool in_time = inc && item_start(f, it) - inc->start_ns < key_tolerance(f, k);
    incident *behind = inc ? inc->next : k->first;
    if (!in_time && behind && sharp_leads(f, k, behind, it)) {
        behind->opener = it;
        incident_take_in(f, behind, it);
        return;
    }
    if (!in_time) { /* opens a run of its own behind this one */
        incident *opened = sharp_open(f, key_index, inc, it);
        if (opened)
            sharp_sweep(f, key_index, opened, &list);
        return;
    }
    /* It is within the run in time, but bears a differing name: the run is cut anew. */
    incident *before = inc->prev;
    sharp_dissolve(f, inc, &list);
    add(f, &list, it);
    sharp_sweep(f, key_index, before, &list);
}

/* An item that ended then has gone: the order and the openers stay, the greatest end may not. */
static void outline_shrink(facts *f, incident *inc, int64_t end_ns)
{
    inc->sharp_valid = false;
    if (end_ns < inc->span_end_ns)
        return;
    inc->span_end_ns = INT64_MIN;
    for (uint32_t i = 0; i < inc->items.count; i++) {
        int64_t end = item_span(f, inc->items.at[i]).end_ns;
        inc->span_end_ns = end > inc->span_end_ns ? end : inc->span_end_ns;
    }
}

static void sharp_unplace(facts *f, uint32_t key_index, item it)
{
    incident *inc = f->incidents[item_incident(f, it)];
    const numbers *naming = item_naming(f, it);
    if (!inc)
        return;
    incident_left(f, inc);
    numbers_take(&inc->items, it);
    if (it != inc->opener && (!naming || !naming->count)) {
        outline_shrink(f, inc, item_span(f, it).end_ns);
        incident_touch(f, inc);
        item_set_incident(f, it, 0);
        return;
    }
    numbers list = {0};
    incident *before = inc->prev;
    sharp_dissolve(f, inc, &list);
    item_set_incident(f, it, 0);
    sharp_sweep(f, key_index, before, &list);
}

/* ---- any item ----------------------------------------------------------------------- */

static void undated_place(facts *f, uint32_t key_index, item it)
{
    incident *inc = incident_new(f, key_index, it);
    if (!inc)
        return;
    incident_take_in(f, inc, it);
    add(f, &f->keys[key_index].undated, it);
}

static void loose_unplace(facts *f, uint32_t key_index, item it)
{
    incident *inc = f->incidents[item_incident(f, it)];
    numbers_take(&f->keys[key_index].loose, it);
    if (inc) {
        incident_left(f, inc);
        numbers_take(&inc->joined, it);
        numbers_take(&inc->items, it);
        inc->sharp_valid = false;
        incident_touch(f, inc);
    }
    item_set_incident(f, it, 0);
    key_mark_loose(f, key_index, item_span(f, it));
}

void item_place(facts *f, uint32_t key_index, item it)
{
    item_class class = item_class_of(f, it);
    if (class == ITEM_SHARP) {
        sharp_place(f, key_index, it);
    } else if (class == ITEM_UNDATED) {
        undated_place(f, key_index, it);
    } else {
        loose_put(f, key_index, it);
        key_mark_loose(f, key_index, item_span(f, it));
    }
}

void item_unplace(facts *f, uint32_t key_index, item it)
{
    item_class class = item_class_of(f, it);
    if (class == ITEM_SHARP) {
        sharp_unplace(f, key_index, it);
    } else if (class == ITEM_UNDATED) {
        incident *inc = f->incidents[item_incident(f, it)];
        numbers_take(&f->keys[key_index].undated, it);
        item_set_incident(f, it, 0);
        if (inc)
            incident_end(f, inc);
    } else {
        loose_unplace(f, key_index, it);
    }
}
