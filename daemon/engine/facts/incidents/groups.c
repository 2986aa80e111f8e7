/*
 * groups.c - which reports are one group before any date is looked at (FACTS.md, section 2): those
 * that bear the same `incident` name, and those on the same named people.
 *
 * A report that comes only ties more together: where all that it is tied to is one group, it joins that, and
 * several become one. When one goes, or undated ones may go elsewhere, the groups it touches are taken apart and
 * put together again; only groups whose members changed leave their place. A group that one leaves waits for that
 * until another is tied to it or things settle: of many, as a rule, many go at once, or are replaced.
 */
#include "facts/entities/entities.h"
#include "facts/entities/mentions.h"
#include "facts/incidents/aliases.h"
#include "facts/incidents/bonds.h"
#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

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

static void regroup_unite(regroup *g, uint32_t number, uint32_t other)
{
    uint32_t a = regroup_root(g, regroup_place(g, number) - 1);
    uint32_t b = regroup_root(g, regroup_place(g, other) - 1);
    if (a != b)
        g->parents.at[a > b ? a : b] = a > b ? b : a;
}

static void regroup_tie(facts *f, uint32_t number, uint32_t other, void *context)
{
    regroup *g = context;
    regroup_add_group(f, g, other);
    if (!f->failed)
        regroup_unite(g, number, other);
}

/* The same with the whole group of the other, which stays together. */
static void regroup_tie_group(facts *f, uint32_t number, uint32_t other, void *context)
{
    regroup *g = context;
    item it = report_item(f, other);
    bool known = regroup_place(g, other);
    regroup_tie(f, number, other, g);
    if (known || f->failed || !(it & ITEM_GROUP))
        return;
    const group *gr = &f->groups[it & ~ITEM_GROUP];
    for (uint32_t i = 0; i < gr->members.count; i++)
        regroup_unite(g, number, gr->members.at[i]);
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
    (void)digest_free(f, f->groups[i].digest);
    f->groups[i] = (group){0};
    add(f, &f->groups_free, i);
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
        numbers_unique(&members);
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

/* Puts what hangs together into groups, in the place of those that are others now. */
static void regroup_place_all(facts *f, uint32_t key_index, regroup *g)
{
    numbers old = {0};
    for (uint32_t i = 0; i < g->reports.count; i++) {
        item it = report_item(f, g->reports.at[i]);
        if (it & ITEM_GROUP)
            add(f, &old, it & ~ITEM_GROUP);
    }
    numbers_unique(&old);
    if (!f->failed) {
        components_each(f, g, key_index, component_lift);
        components_each(f, g, key_index, component_place);
        groups_end_lifted(f, &old);
    }
    numbers_done(&old, &f->held);
    regroup_done(f, g);
}

/* Takes the groups of these reports apart and puts them together by their ties. */
static void regroup_run(facts *f, uint32_t key_index, regroup *g)
{
    for (uint32_t i = 0; i < g->reports.count && !f->failed; i++)
        ties_each(f, g->reports.at[i], regroup_tie, g);
    regroup_place_all(f, key_index, g);
}

/* ---- reports of the opposite kind --------------------------------------------------- */

static void names_of(facts *f, uint32_t number, number_set *sets)
{
    thaw_event event;
    report_event(f->reports, report_of(f, number), &event);
    uint32_t names = names_node(f, report_of(f, number), &event);
    if (names)
        set_put(f, sets, names);
}

/* The nodes of the names that it prints, whole sets of them aside. */
static void printed_nodes(facts *f, const thaw_event *event, number_set *nodes)
{
    uint32_t scope = scope_index(f, SCOPE_NAME, event->country, 0, false);
    thaw_list list = event->persons;
    thaw_party party;
    while (scope && list.count && thaw_party_next(&list, &party)) {
        uint32_t n = mention_find(f, scope, 'n', party.name);
        if (n)
            set_put(f, nodes, n);
    }
}

/* The reports of the opposite kind that a node mentions near r; those by an id also apart. */
static void opposite_near(facts *f, const report *r, const node *n, number_set *affected, number_set *by_ids)
{
    bool by_id = f->scopes[n->scope].kind == SCOPE_PERSON;
    for (uint32_t i = node_place(f, n, r->start_ns - PEOPLE_NS, 0); i < n->count; i++) {
        uint32_t number = n->mentions[i].report;
        const report *o = report_of(f, number);
        if (o->start_ns > r->start_ns + PEOPLE_NS)
            break;
        if (!o->on_people || !is_opposite(r, o))
            continue;
        set_put(f, affected, number);
        if (by_id)
            set_put(f, by_ids, number);
    }
}

/* Regroups these reports, those of one key at a time: the keys of an opposite kind may be several. */
static void regroup_keys(facts *f, numbers *left)
{
    while (left->count && !f->failed) {
        uint32_t key_index = report_of(f, left->at[0])->key_index, kept = 0;
        regroup g = {0};
        for (uint32_t i = 0; i < left->count; i++)
            if (report_of(f, left->at[i])->key_index == key_index)
                regroup_add_group(f, &g, left->at[i]);
            else
                left->at[kept++] = left->at[i];
        left->count = kept;
        regroup_run(f, key_index, &g);
    }
}

/* Of nodes of ids: those of the ids that are borne with one of them near this report, too. */
static void aliases_put(facts *f, const report *r, number_set *nodes)
{
    const uint32_t own = nodes->list.count;
    for (uint32_t i = 0; i < own; i++)
        ids_near(f, r, nodes->list.at[i], nodes);
}

/* Regroups those whose tie this report of named persons may cut (or no longer cuts). */
static void parting_regroup(facts *f, uint32_t number, const thaw_event *event)
{
    const report *r = report_of(f, number);
    if ((r->kind != THAW_RELEASE && r->kind != THAW_DETENTION) || r->start_ns == TIME_UNKNOWN)
        return;
    number_set nodes = {0}, affected = {0}, by_ids = {0}, sets = {0};
    people_nodes(f, number, event, &nodes);
    aliases_put(f, r, &nodes);
    printed_nodes(f, event, &nodes);
    for (uint32_t i = 0; i < nodes.list.count; i++)
        opposite_near(f, r, &f->nodes[nodes.list.at[i]], &affected, &by_ids);
    for (uint32_t i = 0; i < by_ids.list.count; i++)
        names_of(f, by_ids.list.at[i], &sets);
    for (uint32_t i = 0; i < sets.list.count; i++)
        names_near(f, sets.list.at[i], r->start_ns - PEOPLE_NS, r->start_ns + PEOPLE_NS, &affected);
    regroup_keys(f, &affected.list);
    set_done(f, &nodes);
    set_done(f, &affected);
    set_done(f, &by_ids);
    set_done(f, &sets);
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
    numbers_insert(f, &g->members, number);
    if (f->failed)
        return true;
    report_set_item(f, number, to.first);
    if (!g->placed) /* torn: it is put together again with this one */
        return true;
    const group_place s = group_grown(f, g, number);
    const bool stands = group_stands(f, g, &s);
    if (!stands)
        item_unplace(f, g->key_index, to.first);
    group_stand(f, g, &s);
    if (stands)
        incident_grow(f, f->incidents[g->incident], g, number);
    else
        item_place(f, g->key_index, to.first);
    return true;
}

/* Undated reports that share people with this dated one, which go with the earliest: that may change. */
static void undated_seeds(facts *f, uint32_t number, const thaw_event *event, regroup *g)
{
    const report *r = report_of(f, number);
    number_set nodes = {0};
    people_nodes(f, number, event, &nodes);
    for (uint32_t i = 0; i < nodes.list.count; i++) {
        const node *n = &f->nodes[nodes.list.at[i]];
        bool earliest = earliest_in(f, r, n);
        for (uint32_t j = 0; earliest && j < n->count; j++) {
            const report *o = report_of(f, n->mentions[j].report);
            if (o->start_ns != TIME_UNKNOWN)
                break;
            if (tieable(r, o))
                regroup_add_group(f, g, n->mentions[j].report);
        }
    }
    set_done(f, &nodes);
}

/* Whose ties by printed names this report, which comes or went, may cut by its ids, or cuts no longer. */
static void names_seeds(facts *f, uint32_t number, regroup *g)
{
    number_set reports_ = {0};
    aliases_told(f, number, &reports_);
    for (uint32_t i = 0; i < reports_.list.count; i++)
        regroup_add_group(f, g, reports_.list.at[i]);
    set_done(f, &reports_);
}

void groups_settle(facts *f)
{
    for (uint32_t i = 0; i < f->torn_groups.count && !f->failed; i++) {
        const uint32_t at = f->torn_groups.at[i], key_index = f->groups[at].key_index;
        if (!key_index || f->groups[at].placed)
            continue; /* another that it is tied to took it along */
        if (!f->groups[at].members.count) {
            group_end(f, at);
            continue;
        }
        regroup g = {0};
        regroup_add_group(f, &g, f->groups[at].members.at[0]);
        regroup_run(f, key_index, &g);
    }
    f->torn_groups.count = 0;
}

/* Regroups those whose tie others may cut (or cut no longer) because this report gives one several ids. */
static void aliases_regroup(facts *f, uint32_t number, const thaw_event *event)
{
    number_set affected = {0};
    ids_told(f, number, event, &affected);
    regroup_keys(f, &affected.list);
    set_done(f, &affected);
}

static void group_enter(facts *f, uint32_t number, const thaw_event *event)
{
    report *r = report_of(f, number);
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
    if (r->on_people)
        names_seeds(f, number, &g);
    if (g.reports.count > 1) {
        regroup_run(f, r->key_index, &g);
    } else if (group_join(f, number)) {
        regroup_done(f, &g);
    } else { /* the groups that it is tied to become one, whatever one that was torn comes to */
        groups_settle(f);
        ties_each(f, number, regroup_tie_group, &g);
        regroup_place_all(f, r->key_index, &g);
    }
}

void groups_enter(facts *f, uint32_t number, const thaw_event *event)
{
    const bool people = report_of(f, number)->persons_named;
    if (people)
        parting_regroup(f, number, event);
    group_enter(f, number, event);
    if (people)
        aliases_regroup(f, number, event);
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
        group *left = &f->groups[it & ~ITEM_GROUP];
        if (left->placed)
            add(f, &f->torn_groups, it & ~ITEM_GROUP);
        item_lift(f, r->key_index, it);
        numbers_take(&left->members, number);
    }
    report_set_item(f, number, 0);
    regroup g = {0};
    if (r->on_people)
        names_seeds(f, number, &g);
    regroup_run(f, r->key_index, &g);
    if (r->persons_named) {
        parting_regroup(f, number, event);
        aliases_regroup(f, number, event);
    }
}
