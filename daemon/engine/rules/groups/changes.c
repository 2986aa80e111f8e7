/*
 * changes.c - changes of facts into entries that come and go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

enum { NOTED_KEPT = 65536 }; /* so many places are kept for the next batch */

/* There is room for them. */
static uint32_t note_numbers(rules *set, const uint64_t *numbers, uint32_t count)
{
    uint32_t first = (uint32_t)set->noted_numbers_count;
    if (count)
        memcpy(set->noted_numbers + first, numbers, count * sizeof *numbers);
    set->noted_numbers_count += count;
    return first;
}

void rules_on_change(rules *set, const fact_change *change)
{
    if (set->failed || !set->facts)
        return;
    const uint32_t causes_max = change->correction ? RULES_CAUSES_MAX : 0;
    const uint32_t causes = change->causes_count < causes_max ? change->causes_count : causes_max;
    if (room_for(&set->noted, &set->noted_capacity, set->noted_count + 1, sizeof *set->noted) < 0 ||
        room_for(&set->noted_numbers, &set->noted_numbers_capacity,
                 set->noted_numbers_count + causes + change->from_count, sizeof *set->noted_numbers) < 0) {
        set->failed = -ENOMEM;
        return;
    }
    noted *n = &set->noted[set->noted_count++];
    n->change = *change;
    n->change.causes_count = causes;
    n->causes_first = note_numbers(set, change->causes, causes);
    n->from_first = note_numbers(set, change->from, change->from_count);
}

void noted_free(rules *set)
{
    free(set->noted);
    set->noted = NULL;
    set->noted_count = set->noted_capacity = 0;
    free(set->noted_numbers);
    set->noted_numbers = NULL;
    set->noted_numbers_count = set->noted_numbers_capacity = 0;
}

/* ---- corrections -------------------------------------------------------------------- */

/* The first report of those that a change takes back; 0: it does not say, or some are not known. */
static uint64_t change_takes_back(rules *set, const fact_change *change)
{
    uint64_t first = change->causes_count && change->causes_count < RULES_CAUSES_MAX ? UINT64_MAX : 0;
    for (uint32_t i = 0; first && i < change->causes_count; i++) {
        uint64_t one = facts_takes_back(set->facts, change->causes[i]);
        first = one < first ? one : first;
    }
    return first;
}

/* An alert that has ended rested on what was known then. What came later and says otherwise has not taken that away,
 * and neither does a correction of it. */
static int node_touch(rules *set, fact_node *node, const fact_change *change)
{
    uint64_t first = node->grounds && change->correction ? change_takes_back(set, change) : 0;
    for (ground *one = change->correction ? node->grounds : NULL; one; one = one->fact_next) {
        if (first > one->record->known && !node->gone)
            continue;
        int res = record_touch(set, one->record, change);
        if (res < 0)
            return res;
    }
    return 0;
}

/* ---- silence ------------------------------------------------------------------------ */

/* The next instant after now at which a comparison with the silence may change: when it begins (the
 * last report may be dated ahead), when it reaches a threshold, and just after. */
static int64_t watch_next(rules *set, const selection *s)
{
    fact_value value;
    int64_t next = INT64_MAX;
    if (view_field(&set->view, FIELD_LAST_AT, &value) < 0 || value.type != FACT_TIME)
        return next;
    if (value.at_ns > set->now_ns)
        next = value.at_ns;
    for (size_t i = 0; i < s->thresholds_count; i++) {
        int64_t at = time_add(value.at_ns, s->thresholds[i]);
        for (int64_t after = 0; after <= 1; after++)
            if (time_add(at, after) > set->now_ns && time_add(at, after) < next)
                next = time_add(at, after);
    }
    return next;
}

static int watch_set(rules *set, fact_node *node, uint32_t at, const selection *s)
{
    watch *w = node->watches;
    while (w && w->atom != at)
        w = w->next;
    if (!w) {
        if (!(w = calloc(1, sizeof *w)))
            return -ENOMEM;
        set->held += sizeof *w;
        w->due.type = DEADLINE_WATCH;
        w->atom = at;
        w->fact = node;
        w->next = node->watches;
        node->watches = w;
        node->references++;
    }
    return deadline_set(&set->deadlines, &w->due, watch_next(set, s));
}

void node_end_watches(rules *set, fact_node *node)
{
    node->references++; /* not under the hands of the loop */
    while (node->watches) {
        watch *w = node->watches;
        node->watches = w->next;
        deadline_clear(&set->deadlines, &w->due);
        free(w);
        set->held -= sizeof *w;
        node_release(set, node);
    }
    node_release(set, node);
}

/* ---- offering ----------------------------------------------------------------------- */

typedef struct offer {
    rules *set;
    fact_node *node;
    entry *made; /* the entry for the selection at hand, not yet used up */
    const selection *selection;
    uint8_t index;
    const fact_change *change;
} offer;

/* Entries of the fact are found by their group: a fact may be in those of thousands of rules. */
static void group_open(entry *e)
{
    e->open_next = e->group->open;
    e->group->open = e;
}

/* The fact is in this group: an entry that says the same stays, otherwise a new one comes. */
static int offer_group(void *context, group *g)
{
    offer *o = context;
    rules *set = o->set;
    if (!o->made && !(o->made = entry_new(set, o->selection, o->index)))
        return -ENOMEM;
    for (entry *e = g->open; e; e = e->open_next)
        if (entry_same(e, o->made)) {
            e->stays = true;
            return g->state == LIFE_FIRING ? group_dirty(set, g) : 0; /* its reports may have changed */
        }
    if (g->rule->facts_count >= set->limits.facts) {
        if (group_idle(g) && group_dirty(set, g) < 0) /* so that it goes again */
            return -ENOMEM;
        return limit_note(set, g->rule, LIMIT_FACTS);
    }
    entry *e = o->made;
    o->made = NULL;
    int res = entry_link(set, e, o->node, g, o->change->correction);
    if (res < 0) {
        entry_free(set, e);
        return res;
    }
    group_open(e);
    e->stays = true;
    return e->active ? group_correct(g, o->change) : 0; /* what is in no window changes no condition */
}

static int offer_atom(offer *o, uint32_t at)
{
    rules *set = o->set;
    rule *one = set->atoms[at].rule;
    bool matches;
    o->index = set->atoms[at].selection;
    o->selection = &one->selections[o->index];
    int64_t begun_ns = cost_begin(set, &one->offers);
    int res = view_matches(set, o->selection, &matches);
    if (res == 0 && view_exhausted(o->selection))
        res = limit_note(set, one, LIMIT_STEPS);
    if (res == 0 && o->selection->thresholds_count)
        res = watch_set(set, o->node, at, o->selection);
    if (res == 0 && matches && !window_over(set, o->selection))
        res = groups_of_fact(set, one, o->selection, offer_group, o);
    entry_free(set, o->made);
    o->made = NULL;
    cost_end(set, &one->offers, begun_ns);
    return res;
}

/* Entries that the fact's change did not confirm go. `at` names one atom, or UINT32_MAX all. */
static int drop_others(rules *set, fact_node *node, uint32_t at, const fact_change *change)
{
    for (entry *e = node->entries, *next; e; e = next) {
        next = e->fact_next;
        e->group->open = NULL;
        bool theirs =
            at == UINT32_MAX || (set->atoms[at].rule == e->group->rule && set->atoms[at].selection == e->selection);
        if (!theirs)
            continue;
        if (e->stays) {
            e->stays = false;
            continue;
        }
        int res = e->active ? group_correct(e->group, change) : 0;
        if (res == 0)
            res = entry_drop(set, e, change->correction);
        if (res < 0)
            return res;
    }
    return 0;
}

static int offer_fact(rules *set, const fact_change *change)
{
    fact_kind kind = fact_handle_kind(change->handle);
    fact_node *node = fact_node_find(set, change->handle);
    if (!set->dispatch[kind].wanted && !node)
        return 0;
    view_open(set, change->handle, set->now_ns);
    int res = dispatch_match(set);
    if (res < 0 || (!set->matched_count && !node))
        return res;
    if (!(node = node_get(set, change->handle)))
        return -ENOMEM;
    offer o = {.set = set, .node = node, .change = change};
    res = node_touch(set, node, change);
    for (entry *e = node->entries; e; e = e->fact_next)
        group_open(e);
    for (size_t i = 0; res == 0 && i < set->matched_count; i++)
        res = offer_atom(&o, set->matched[i]);
    if (res == 0)
        res = drop_others(set, node, UINT32_MAX, change);
    node_release(set, node);
    return set->view.no_memory ? -ENOMEM : res;
}

int change_offer(rules *set, fact_handle handle)
{
    fact_change change = {.type = FACT_APPEARED, .handle = handle};
    return offer_fact(set, &change);
}

int watch_due(rules *set, watch *w)
{
    fact_change change = {.type = FACT_CHANGED, .handle = w->fact->handle};
    fact_node *node = w->fact;
    uint32_t at = w->atom;
    view_open(set, node->handle, set->now_ns);
    offer o = {.set = set, .node = node, .change = &change};
    node->references++;
    for (entry *e = node->entries; e; e = e->fact_next)
        group_open(e);
    int res = offer_atom(&o, at);
    if (res == 0)
        res = drop_others(set, node, at, &change);
    node_release(set, node);
    return res;
}

/* ---- facts that go, facts that take their place ------------------------------------- */

static int fact_gone(rules *set, const fact_change *change)
{
    fact_node *node = fact_node_find(set, change->handle);
    if (!node)
        return 0;
    node->references++;
    node->gone = true;
    int res = node_touch(set, node, change);
    if (res == 0)
        res = drop_others(set, node, UINT32_MAX, change);
    node_end_watches(set, node);
    grounds_leave(set, node);
    node_release(set, node);
    return res;
}

/* Groups that a fact was in under its old id pass their alerts on to those of its new id, which are open. */
static int note_heir(rules *set, group *g)
{
    group *heir;
    int res = g->heir ? 0 : group_of_id(set, g, &heir);
    if (res < 0 || g->heir || !heir || !heir->open)
        return res;
    if (room_for(&set->heirs, &set->heirs_capacity, set->heirs_count + 1, sizeof(group *)) < 0)
        return -ENOMEM;
    set->heirs[set->heirs_count++] = g;
    g->heir = heir;
    return 0;
}

/* The alerts that are about the one fact go over to the other, which has just been offered. */
static int fact_replaced(rules *set, const fact_change *change)
{
    const fact_node *old = change->replaces ? fact_node_find(set, change->replaces) : NULL;
    const fact_node *node = old ? fact_node_find(set, change->handle) : NULL;
    int res = 0;
    if (!node || !node->entries)
        return 0;
    for (entry *e = node->entries; e; e = e->fact_next)
        group_open(e);
    for (entry *e = old->entries; res == 0 && e; e = e->fact_next)
        res = note_heir(set, e->group);
    for (entry *e = node->entries; e; e = e->fact_next)
        e->group->open = NULL;
    return res;
}

/* What alerts recorded of facts from which reports came to this one is from now on said by this one, too. */
static int reports_came(rules *set, const fact_change *change)
{
    int res = change->replaces ? fact_succeeded(set, change->replaces, change) : 0;
    for (uint32_t i = 0; res == 0 && i < change->from_count; i++)
        if (change->from[i] != change->replaces)
            res = fact_succeeded(set, change->from[i], change);
    return res;
}

/* The life of a group whose fact has a new id goes on in the group of that id. */
static int inherit(rules *set, group *g)
{
    group *to = g->heir;
    g->heir = NULL;
    if (g->entries_count || g->state == LIFE_NONE || to->state != LIFE_NONE)
        return 0;
    deadline due = g->due;
    deadline_clear(&set->deadlines, &g->due);
    if (due.place && deadline_set(&set->deadlines, &to->due, due.at_ns) < 0)
        return -ENOMEM;
    to->state = g->state;
    to->since_ns = g->since_ns;
    to->alert = g->alert;
    to->basis = g->basis;
    if (to->basis)
        to->basis->group = to;
    while (g->gone) {
        entry *e = g->gone;
        g->gone = e->next;
        e->group = to;
        e->next = to->gone;
        to->gone = e;
    }
    if (g->corrected) {
        fact_change change = {.correction = true, .causes = g->causes, .causes_count = g->causes_count};
        if (group_correct(to, &change) < 0)
            return -ENOMEM;
    }
    g->state = LIFE_NONE;
    g->alert = NULL;
    g->basis = NULL;
    return group_dirty(set, to);
}

/* A batch changes facts that lie anywhere: where their nodes stand, and then the nodes, are fetched while the changes
 * before them are worked on. */
static void changes_ahead(const rules *set, size_t i)
{
    if (i + 8 < set->noted_count)
        table_fetch(&set->fact_nodes, set->noted[i + 8].change.handle);
    if (i + 4 < set->noted_count)
        __builtin_prefetch(fact_node_find(set, set->noted[i + 4].change.handle));
}

int changes_apply(rules *set)
{
    int res = set->failed;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; res == 0 && i < set->noted_count; i++) {
            changes_ahead(set, i);
            fact_change change = set->noted[i].change;
            change.causes = change.causes_count ? set->noted_numbers + set->noted[i].causes_first : NULL;
            change.from = change.from_count ? set->noted_numbers + set->noted[i].from_first : NULL;
            /* What comes is taken in before what goes, so that it can be told who replaces whom. */
            if ((change.type == FACT_GONE) != (pass == 1))
                continue;
            if (change.type == FACT_GONE) {
                res = fact_gone(set, &change);
                continue;
            }
            res = offer_fact(set, &change);
            if (res == 0)
                res = fact_replaced(set, &change);
            if (res == 0)
                res = reports_came(set, &change);
        }
    for (size_t i = 0; i < set->heirs_count; i++)
        if (res == 0)
            res = inherit(set, set->heirs[i]);
    set->heirs_count = set->noted_count = set->noted_numbers_count = 0;
    if (set->noted_capacity > NOTED_KEPT) /* they waited for a clock */
        noted_free(set);
    return res;
}
