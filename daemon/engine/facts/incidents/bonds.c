/*
 * bonds.c - what binds one report to others before any date is looked at (FACTS.md, section 2): the same `incident`
 * name, or the same named people.
 *
 * It is looked up in nodes: the node of a name, whose first mention all others are bound to, and the nodes of ids
 * and of whole sets of printed names, where reports that follow each other in time are bound if no report of the
 * opposite kind stands between them. Bonds of neighbours are enough: of three in a row, the outer two are bound
 * only if both inner pairs are. So what parts two reports on equal names is asked of all reports on these names
 * together, and not of the ids of the two.
 */
#include <string.h>

#include "facts/entities/entities.h"
#include "facts/entities/mentions.h"
#include "facts/incidents/aliases.h"
#include "facts/incidents/bonds.h"
#include "facts/incidents/incidents.h"

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

void named_tie(facts *f, uint32_t number, const thaw_event *event, bool enter)
{
    char text[160];
    const report *r = report_of(f, number);
    thaw_str string = incident_string(r, event->incident, text);
    (void)(enter ? mention_add : mention_take)(f, name_scope(f, r), &string, 1, (mention){number, 0}, false);
}

void names_tie(facts *f, uint32_t number, const thaw_event *event, bool enter)
{
    char text[16];
    thaw_str string;
    const report *r = report_of(f, number);
    if (!names_string(f, event, text, &string))
        return;
    uint32_t scope = scope_index(f, SCOPE_NAMES, f->keys[r->key_index].country, r->key_index, true);
    uint32_t names = (enter ? mention_add : mention_take)(f, scope, &string, 1, (mention){number, 0}, false);
    if (enter)
        aliases_learn(f, names, number);
    else if (!node_find(f, scope, string))
        aliases_forget(f, node_hash(scope, string));
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
        uint32_t n = mention_find(f, scope, 'n', party.name);
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
    if (f->scopes[n->scope].kind == SCOPE_NAMES)
        return !parted_by_names(f, a, from, to) && !aliases_part(f, n, a, from, to);
    return !id_parts(f, n, a, from, to);
}

bool tieable(const report *r, const report *other)
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

void people_nodes(facts *f, uint32_t number, const thaw_event *event, number_set *nodes)
{
    const report *r = report_of(f, number);
    uint32_t scope = report_scope(f, r, event, false), names = names_node(f, r, event);
    if (scope)
        persons_nodes(f, scope, number, event, nodes);
    if (names)
        set_put(f, nodes, names);
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

void ties_each(facts *f, uint32_t number, tied_fn on_tied, void *context)
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
    number_set nodes = {0};
    people_nodes(f, number, &event, &nodes);
    if (r->start_ns == TIME_UNKNOWN) {
        uint32_t target = undated_target(f, r, &nodes.list);
        if (target)
            on_tied(f, number, target, context);
    } else {
        for (uint32_t i = 0; i < nodes.list.count; i++)
            node_neighbours(f, number, nodes.list.at[i], on_tied, context);
    }
    set_done(f, &nodes);
}

bool earliest_in(const facts *f, const report *r, const node *n)
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
