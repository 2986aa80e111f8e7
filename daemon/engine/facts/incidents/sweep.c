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

#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

/* Whether an item stands behind the opener or is it. An incident starts with its opener, which
 * mostly decides without a look at the opener's report. */
static bool opens_before(const facts *f, const incident *inc, item it)
{
    int64_t start_ns = item_start(f, it);
    return inc->start_ns != start_ns ? inc->start_ns < start_ns : item_compare(f, inc->opener, it) <= 0;
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

#define STEPS_MAX 2u /* so many neighbours are looked at before the tree is climbed */

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

/* `before`: the one that the item stands behind, NULL: in front of all. */
static incident *sharp_open(facts *f, uint32_t key_index, incident *before, item it)
{
    incident *inc = incident_new(f, key_index, it);
    if (!inc)
        return NULL;
    incident_take_in(f, inc, it);
    incidents_insert(&f->keys[key_index], inc, before);
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
    incidents_remove(k, inc);
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

/* Whether the opener, which has gone, has a successor that began with it: then nothing that follows comes nearer, and
 * where nobody bears a name nothing else can part the run. */
static bool opener_succeed(facts *f, incident *inc)
{
    item next = 0;
    if (inc->naming.count)
        return false;
    for (uint32_t i = 0; i < inc->items.count; i++)
        if (!next || item_compare(f, inc->items.at[i], next) < 0)
            next = inc->items.at[i];
    if (!next || item_start(f, next) != inc->start_ns)
        return false;
    inc->opener = next;
    return true;
}

static void sharp_unplace(facts *f, uint32_t key_index, item it)
{
    incident *inc = f->incidents[item_incident(f, it)];
    const numbers *naming = item_naming(f, it);
    if (!inc)
        return;
    incident_left(f, inc);
    numbers_take(&inc->items, it);
    if ((it != inc->opener || opener_succeed(f, inc)) && (!naming || !naming->count)) {
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
