/*
 * groups.c - which reports are one group before any date is looked at (FACTS.md, section 2): those
 * that bear the same `incident` name, and those on the same named people.
 *
 * A tie between two reports is looked up in nodes: the node of a name, whose first mention all others are
 * tied to, and the nodes of ids and of whole sets of printed names, where reports that follow each other in
 * time are tied if no report of the opposite kind stands between them. Ties of neighbours are
 * enough: of three in a row, the outer two are tied only if both inner pairs are.
 *
 * A report that comes only ties more together: where all that it is tied to is one group, it joins that.
 * Else, and when one goes, the groups it touches are taken apart and put together again; only groups
 * whose members changed leave their place.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "clusters.h"
#include "entities.h"
#include "internal.h"

#define PEOPLE_NS (60 * DAY_NS)

/* ---- the nodes a report is tied by -------------------------------------------------- */

static uint32_t name_scope(facts *f, const report *r)
{
    return scope_index(f, SCOPE_INCIDENT, f->keys[r->key_index].country, r->key_index, true);
}

/* The name as it is known within the key: a shared one for all, another with its source. */
static thaw_str incident_string(const report *r, thaw_str name, char text[160])
{
    bool shared = name.len >= 7 && memcmp(name.data, "shared:", 7) == 0;
    uint32_t source = shared ? 0 : r->source;
    memcpy(text, &source, sizeof source);
    uint32_t length = name.len < 150 ? name.len : 150;
    memcpy(text + sizeof source, name.data, length);
    return (thaw_str){text, length + (uint32_t)sizeof source};
}

bool incident_name_shared(facts *f, uint32_t number)
{
    char text[160];
    thaw_event event;
    const report *r = report_of(f, number);
    if (!r->named)
        return false;
    report_event(f->reports, r, &event);
    uint32_t n = node_find(f, name_scope(f, r), incident_string(r, event.incident, text));
    return n && f->nodes[n].count > 1;
}

static int str_order(const void *a, const void *b)
{
    return str_compare(*(const thaw_str *)a, *(const thaw_str *)b);
}

/* The set of printed names as one string: a hash over the sorted names, each once. */
static bool names_string(facts *f, const thaw_event *event, char text[16], thaw_str *ret_string)
{
    thaw_str *names = malloc((event->persons.count + 1u) * sizeof *names);
    if (!names) {
        f->failed = -ENOMEM;
        return false;
    }
    uint32_t count = 0;
    bool whole = true;
    thaw_list list = event->persons;
    thaw_party party;
    while (list.count && thaw_party_next(&list, &party)) {
        whole = whole && party.name.data;
        names[count++] = party.name;
    }
    if (whole && count) {
        qsort(names, count, sizeof *names, str_order);
        XXH128_hash_t h = {0};
        for (uint32_t i = 0; i < count; i++)
            if (i == 0 || !str_equal(names[i - 1], names[i]))
                h = XXH3_128bits_withSeed(names[i].data, names[i].len, h.low64 ^ (h.high64 * 3));
        memcpy(text, &h, 16);
        *ret_string = (thaw_str){text, 16};
    }
    free(names);
    return whole && count;
}

static void named_tie(facts *f, uint32_t number, const thaw_event *event, bool enter)
{
    char text[160];
    const report *r = report_of(f, number);
    thaw_str string = incident_string(r, event->incident, text);
    (void)(enter ? mention_add : mention_take)(f, name_scope(f, r), &string, 1, (mention){number, 0}, false);
}

static void names_tie(facts *f, uint32_t number, const thaw_event *event, bool enter)
{
    char text[16];
    thaw_str string;
    const report *r = report_of(f, number);
    if (!names_string(f, event, text, &string))
        return;
    uint32_t scope = scope_index(f, SCOPE_NAMES, f->keys[r->key_index].country, r->key_index, true);
    (void)(enter ? mention_add : mention_take)(f, scope, &string, 1, (mention){number, 0}, false);
}

/* ---- ties --------------------------------------------------------------------------- */

typedef void (*tied_fn)(facts *f, uint32_t number, uint32_t other, void *context);

static bool is_opposite(const report *a, const report *b)
{
    return (a->kind == THAW_RELEASE && b->kind == THAW_DETENTION) ||
           (a->kind == THAW_DETENTION && b->kind == THAW_RELEASE);
}

/* Whether a report of the opposite kind stands in a node from `from` to `to`, ends included. */
static bool parted_in(const facts *f, const node *n, const report *r, int64_t from_ns, int64_t to_ns)
{
    for (uint32_t i = node_place(f, n, from_ns, 0); i < n->count; i++) {
        const report *other = report_of(f, n->mentions[i].report);
        if (other->start_ns > to_ns)
            return false;
        if (is_opposite(r, other))
            return true;
    }
    return false;
}

/* Of equal sets of names: whether one of the names has a report of the opposite kind between. */
static bool parted_by_names(facts *f, const report *r, int64_t from_ns, int64_t to_ns)
{
    thaw_event event;
    report_event(f->reports, r, &event);
    uint32_t scope = scope_index(f, SCOPE_NAME, event.country, 0, false);
    thaw_list list = event.persons;
    thaw_party party;
    while (scope && list.count && thaw_party_next(&list, &party)) {
        char text[4200];
        if (!party.name.data || party.name.len > sizeof text - 1)
            continue;
        text[0] = 'n';
        memcpy(text + 1, party.name.data, party.name.len);
        uint32_t n = node_find(f, scope, (thaw_str){text, party.name.len + 1});
        if (n && parted_in(f, &f->nodes[n], r, from_ns, to_ns))
            return true;
    }
    return false;
}

static bool tied(facts *f, const node *n, const report *a, const report *b)
{
    int64_t from = a->start_ns < b->start_ns ? a->start_ns : b->start_ns;
    int64_t to = a->start_ns < b->start_ns ? b->start_ns : a->start_ns;
    if (to - from > PEOPLE_NS)
        return false;
    if (from == to)
        return true;
    return f->scopes[n->scope].kind == SCOPE_NAMES ? !parted_by_names(f, a, from, to) : !parted_in(f, n, a, from, to);
}

static bool tieable(const report *r, const report *other)
{
    return other->on_people && other->key_index == r->key_index && other != r;
}

/* The dated neighbours in time of a dated report within one node. */
static void node_neighbours(facts *f, uint32_t number, uint32_t index, tied_fn on_tied, void *context)
{
    const report *r = report_of(f, number);
    const node *n = &f->nodes[index];
    uint32_t at = node_place(f, n, r->start_ns, number);
    for (uint32_t i = at; i-- > 0;) {
        uint32_t other = n->mentions[i].report;
        const report *o = report_of(f, other);
        if (o->start_ns == TIME_UNKNOWN || r->start_ns - o->start_ns > PEOPLE_NS)
            break;
        if (tieable(r, o)) {
            if (tied(f, n, r, o))
                on_tied(f, number, other, context);
            break;
        }
    }
    for (uint32_t i = at; i < n->count; i++) {
        uint32_t other = n->mentions[i].report;
        const report *o = report_of(f, other);
        if (o->start_ns - r->start_ns > PEOPLE_NS)
            break;
        if (tieable(r, o)) {
            if (tied(f, n, r, o))
                on_tied(f, number, other, context);
            break;
        }
    }
}

/* Every node by which a report on named people may be tied. */
static void people_nodes(facts *f, uint32_t number, const thaw_event *event, numbers *list)
{
    const report *r = report_of(f, number);
    uint32_t scope = report_scope(f, r, event, false);
    for (mention m = {number, 0}; scope && m.party < event->persons.count; m.party++)
        mention_nodes(f, scope, m, list);
    char text[16];
    thaw_str string;
    if (names_string(f, event, text, &string)) {
        uint32_t names = scope_index(f, SCOPE_NAMES, f->keys[r->key_index].country, r->key_index, false);
        uint32_t n = names ? node_find(f, names, string) : 0;
        if (n)
            add(f, list, n);
    }
}

/* An undated report goes with the earliest dated one that shares an id or all names. */
static uint32_t undated_target(facts *f, const report *r, const numbers *nodes)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < nodes->count; i++) {
        const node *n = &f->nodes[nodes->at[i]];
        for (uint32_t j = node_place(f, n, TIME_UNKNOWN + 1, 0); j < n->count; j++) {
            uint32_t other = n->mentions[j].report;
            const report *o = report_of(f, other);
            if (!tieable(r, o))
                continue;
            if (best && o->start_ns > report_of(f, best)->start_ns)
                break;
            if (!best || o->start_ns < report_of(f, best)->start_ns || report_name_compare(f, other, best) < 0)
                best = other;
        }
    }
    return best;
}

/* Calls for every report that this one is tied to by itself. */
static void ties_each(facts *f, uint32_t number, tied_fn on_tied, void *context)
{
    const report *r = report_of(f, number);
    thaw_event event;
    if (!r->named && !r->on_people)
        return;
    report_event(f->reports, r, &event);
    if (r->named) {
        char text[160];
        uint32_t n = node_find(f, name_scope(f, r), incident_string(r, event.incident, text));
        const node *nd = &f->nodes[n];
        if (n && nd->count > 1)
            on_tied(f, number, nd->mentions[nd->mentions[0].report == number].report, context);
    }
    if (!r->on_people)
        return;
    numbers nodes = {0};
    people_nodes(f, number, &event, &nodes);
    if (r->start_ns == TIME_UNKNOWN) {
        uint32_t target = undated_target(f, r, &nodes);
        if (target)
            on_tied(f, number, target, context);
    } else {
        for (uint32_t i = 0; i < nodes.count; i++)
            node_neighbours(f, number, nodes.at[i], on_tied, context);
    }
    numbers_done(&nodes, &f->held);
}

/* ---- putting groups together again -------------------------------------------------- */

/* The reports whose groups are looked at anew, and what each hangs together with. */
typedef struct regroup {
    numbers reports;
    numbers parents; /* union-find over positions in `reports` */
    hash_index places;
} regroup;

/* Multiplying by an odd number keeps different numbers different: a hash is its number. */
static uint64_t regroup_hash(uint32_t number)
{
    return number * 0x9e3779b97f4a7c15u;
}

static uint32_t regroup_place(const regroup *g, uint32_t number)
{
    uint32_t cursor = 0;
    return index_next(&g->places, regroup_hash(number), &cursor);
}

static void regroup_add(facts *f, regroup *g, uint32_t number)
{
    if (regroup_place(g, number))
        return;
    add(f, &g->parents, g->reports.count);
    add(f, &g->reports, number);
    if (index_put(&g->places, regroup_hash(number), g->reports.count, &f->held) < 0)
        f->failed = -ENOMEM;
}

/* A report with all that is in its group now; what is there already came with its group. */
static void regroup_add_group(facts *f, regroup *g, uint32_t number)
{
    item it = report_item(f, number);
    if (regroup_place(g, number))
        return;
    if (!(it & ITEM_GROUP)) {
        regroup_add(f, g, number);
        return;
    }
    const group *gr = &f->groups[it & ~ITEM_GROUP];
    for (uint32_t i = 0; i < gr->members.count; i++)
        regroup_add(f, g, gr->members.at[i]);
}

static uint32_t regroup_root(regroup *g, uint32_t at)
{
    while (g->parents.at[at] != at)
        at = g->parents.at[at] = g->parents.at[g->parents.at[at]];
    return at;
}

static void regroup_tie(facts *f, uint32_t number, uint32_t other, void *context)
{
    regroup *g = context;
    regroup_add_group(f, g, other);
    if (f->failed)
        return;
    uint32_t a = regroup_root(g, regroup_place(g, number) - 1);
    uint32_t b = regroup_root(g, regroup_place(g, other) - 1);
    if (a != b)
        g->parents.at[a > b ? a : b] = a > b ? b : a;
}

static uint32_t group_new(facts *f, uint32_t key_index)
{
    uint32_t i = f->groups_free.count
                     ? f->groups_free.at[--f->groups_free.count]
                     : grow(f, (void **)&f->groups, &f->groups_count, &f->groups_capacity, sizeof *f->groups);
    if (i)
        f->groups[i] = (group){.key_index = key_index}, f->keys[key_index].groups++;
    return i;
}

static void group_end(facts *f, uint32_t i)
{
    f->keys[f->groups[i].key_index].groups--;
    numbers_done(&f->groups[i].members, &f->held);
    numbers_done(&f->groups[i].naming, &f->held);
    f->groups[i] = (group){0};
    add(f, &f->groups_free, i);
}

static int number_order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void item_lift(facts *f, uint32_t key_index, item it)
{
    if (it & ITEM_GROUP) {
        if (!f->groups[it & ~ITEM_GROUP].placed)
            return;
        f->groups[it & ~ITEM_GROUP].placed = false;
    }
    item_unplace(f, key_index, it);
}

/* Makes the item of a set of reports and puts it into its place. */
static void component_place(facts *f, uint32_t key_index, const numbers *members)
{
    const report *first = report_of(f, members->at[0]);
    if (members->count == 1 && !first->named) {
        report_set_item(f, members->at[0], members->at[0]);
        item_place(f, key_index, members->at[0]);
        return;
    }
    uint32_t i = group_new(f, key_index);
    if (!i)
        return;
    group *g = &f->groups[i];
    for (uint32_t m = 0; m < members->count; m++) {
        add(f, &g->members, members->at[m]);
        report_set_item(f, members->at[m], i | ITEM_GROUP);
    }
    group_measure(f, g);
    g->placed = true;
    item_place(f, key_index, i | ITEM_GROUP);
}

/* Whether a component is exactly a group that stands already. */
static bool component_stands(const facts *f, const numbers *members)
{
    if (!members->count)
        return true; /* nothing would have to be made of it */
    item it = report_item(f, members->at[0]);
    if (members->count == 1 && it == members->at[0])
        return true;
    if (!(it & ITEM_GROUP) || !f->groups[it & ~ITEM_GROUP].placed)
        return false;
    const group *g = &f->groups[it & ~ITEM_GROUP];
    if (g->members.count != members->count)
        return false;
    for (uint32_t i = 0; i < members->count; i++)
        if (report_item(f, members->at[i]) != it)
            return false;
    return true;
}

/* Lifts every old item of these reports that is not wholly one of the new components. */
static void component_lift(facts *f, uint32_t key_index, const numbers *members)
{
    for (uint32_t i = 0; i < members->count; i++) {
        uint32_t number = members->at[i];
        item it = report_item(f, number);
        if (it & ITEM_GROUP)
            item_lift(f, key_index, it);
        else if (it)
            item_unplace(f, key_index, number);
        if (!(it & ITEM_GROUP))
            report_set_item(f, number, 0);
    }
}

/* Calls for each component with its members in order of number. */
static void components_each(facts *f, regroup *g, uint32_t key_index,
                            void (*on_component)(facts *, uint32_t, const numbers *))
{
    numbers members = {0};
    for (uint32_t root = 0; root < g->reports.count && !f->failed; root++) {
        if (regroup_root(g, root) != root)
            continue;
        members.count = 0;
        for (uint32_t i = root; i < g->reports.count; i++)
            if (regroup_root(g, i) == root)
                add(f, &members, g->reports.at[i]);
        if (members.count > 1)
            qsort(members.at, members.count, sizeof *members.at, number_order);
        if (!component_stands(f, &members))
            on_component(f, key_index, &members);
    }
    numbers_done(&members, &f->held);
}

static void groups_end_lifted(facts *f, const numbers *old)
{
    for (uint32_t i = 0; i < old->count; i++)
        if (!f->groups[old->at[i]].placed)
            group_end(f, old->at[i]);
}

static void regroup_done(facts *f, regroup *g)
{
    numbers_done(&g->reports, &f->held);
    numbers_done(&g->parents, &f->held);
    index_done(&g->places, &f->held);
}

/* Takes the groups of these reports apart and puts them together by their ties. */
static void regroup_run(facts *f, uint32_t key_index, regroup *g)
{
    for (uint32_t i = 0; i < g->reports.count && !f->failed; i++)
        ties_each(f, g->reports.at[i], regroup_tie, g);
    numbers old = {0};
    for (uint32_t i = 0; i < g->reports.count; i++) {
        item it = report_item(f, g->reports.at[i]);
        if (it & ITEM_GROUP)
            put(f, &old, it & ~ITEM_GROUP);
    }
    if (!f->failed) {
        components_each(f, g, key_index, component_lift);
        components_each(f, g, key_index, component_place);
        groups_end_lifted(f, &old);
    }
    numbers_done(&old, &f->held);
    regroup_done(f, g);
}

/* ---- reports of the opposite kind --------------------------------------------------- */

/* Regroups those whose tie this report of named persons may cut (or no longer cuts). */
static void parting_regroup(facts *f, uint32_t number, const thaw_event *event)
{
    const report *r = report_of(f, number);
    if ((r->kind != THAW_RELEASE && r->kind != THAW_DETENTION) || r->start_ns == TIME_UNKNOWN)
        return;
    uint32_t names = scope_index(f, SCOPE_NAME, event->country, 0, false);
    numbers nodes = {0}, affected = {0};
    people_nodes(f, number, event, &nodes);
    thaw_list list = event->persons;
    thaw_party party;
    while (names && list.count && thaw_party_next(&list, &party)) {
        char text[4200];
        if (!party.name.data || party.name.len > sizeof text - 1)
            continue;
        text[0] = 'n';
        memcpy(text + 1, party.name.data, party.name.len);
        uint32_t n = node_find(f, names, (thaw_str){text, party.name.len + 1});
        if (n)
            add(f, &nodes, n);
    }
    for (uint32_t i = 0; i < nodes.count; i++) {
        const node *n = &f->nodes[nodes.at[i]];
        for (uint32_t j = node_place(f, n, r->start_ns - PEOPLE_NS, 0); j < n->count; j++) {
            const report *o = report_of(f, n->mentions[j].report);
            if (o->start_ns > r->start_ns + PEOPLE_NS)
                break;
            if (o->on_people && is_opposite(r, o))
                put(f, &affected, n->mentions[j].report);
        }
    }
    while (affected.count && !f->failed) { /* the keys of an opposite kind may be several */
        uint32_t key_index = report_of(f, affected.at[0])->key_index, kept = 0;
        regroup g = {0};
        for (uint32_t i = 0; i < affected.count; i++)
            if (report_of(f, affected.at[i])->key_index == key_index)
                regroup_add_group(f, &g, affected.at[i]);
            else
                affected.at[kept++] = affected.at[i];
        affected.count = kept;
        regroup_run(f, key_index, &g);
    }
    numbers_done(&nodes, &f->held);
    numbers_done(&affected, &f->held);
}

/* ---- entering and leaving ----------------------------------------------------------- */

/* What a report is tied to, as items: none, one, or several. */
typedef struct tied_items {
    item first;
    bool several;
} tied_items;

static void tied_note(facts *f, uint32_t number, uint32_t other, void *context)
{
    tied_items *t = context;
    item it = report_item(f, other);
    (void)number;
    t->several = t->several || (t->first && it != t->first);
    t->first = it;
}

/* Puts a report into the one group that it is tied to; false where that is not how it stands. */
static bool group_join(facts *f, uint32_t number)
{
    tied_items to = {0};
    ties_each(f, number, tied_note, &to);
    if (to.several || !(to.first & ITEM_GROUP))
        return false;
    group *g = &f->groups[to.first & ~ITEM_GROUP];
    uint32_t at = g->members.count;
    item_unplace(f, g->key_index, to.first);
    add(f, &g->members, number);
    if (f->failed)
        return true;
    for (; at && g->members.at[at - 1] > number; at--) /* in order of number */
        g->members.at[at] = g->members.at[at - 1];
    g->members.at[at] = number;
    report_set_item(f, number, to.first);
    group_measure(f, g);
    item_place(f, g->key_index, to.first);
    return true;
}

/* Whether no report that is tied by the node is dated before this one. */
static bool earliest_in(const facts *f, const report *r, const node *n)
{
    for (uint32_t j = node_place(f, n, TIME_UNKNOWN + 1, 0); j < n->count; j++) {
        const report *o = report_of(f, n->mentions[j].report);
        if (o->start_ns >= r->start_ns)
            break;
        if (tieable(r, o))
            return false;
    }
    return true;
}

/* Undated reports that share people with this dated one, which go with the earliest: that may change. */
static void undated_seeds(facts *f, uint32_t number, const thaw_event *event, regroup *g)
{
    const report *r = report_of(f, number);
    numbers nodes = {0};
    people_nodes(f, number, event, &nodes);
    for (uint32_t i = 0; i < nodes.count; i++) {
        const node *n = &f->nodes[nodes.at[i]];
        bool earliest = earliest_in(f, r, n);
        for (uint32_t j = 0; earliest && j < n->count; j++) {
            const report *o = report_of(f, n->mentions[j].report);
            if (o->start_ns != TIME_UNKNOWN)
                break;
            if (tieable(r, o))
                regroup_add_group(f, g, n->mentions[j].report);
        }
    }
    numbers_done(&nodes, &f->held);
}

void groups_enter(facts *f, uint32_t number, const thaw_event *event)
{
    report *r = report_of(f, number);
    if (r->persons_named)
        parting_regroup(f, number, event);
    if (!r->named && !r->on_people) {
        report_set_item(f, number, number);
        item_place(f, r->key_index, number);
        return;
    }
    if (r->named)
        named_tie(f, number, event, true);
    if (r->on_people)
        names_tie(f, number, event, true);
    regroup g = {0};
    report_set_item(f, number, 0);
    regroup_add(f, &g, number);
    if (r->on_people && r->start_ns != TIME_UNKNOWN)
        undated_seeds(f, number, event, &g);
    if (g.reports.count == 1 && group_join(f, number))
        regroup_done(f, &g);
    else
        regroup_run(f, r->key_index, &g);
}

void groups_leave(facts *f, uint32_t number, const thaw_event *event)
{
    report *r = report_of(f, number);
    if (r->named)
        named_tie(f, number, event, false);
    if (r->on_people)
        names_tie(f, number, event, false);
    item it = report_item(f, number);
    if (!(it & ITEM_GROUP)) {
        item_unplace(f, r->key_index, number);
    } else {
        regroup g = {0};
        group *gr = &f->groups[it & ~ITEM_GROUP];
        item_lift(f, r->key_index, it);
        for (uint32_t i = 0; i < gr->members.count; i++)
            if (gr->members.at[i] != number)
                regroup_add(f, &g, gr->members.at[i]);
        for (uint32_t i = 0; i < g.reports.count; i++)
            report_set_item(f, g.reports.at[i], 0);
        group_end(f, it & ~ITEM_GROUP);
        regroup_run(f, r->key_index, &g);
    }
    report_set_item(f, number, 0);
    if (r->persons_named)
        parting_regroup(f, number, event);
}
