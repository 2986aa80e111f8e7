/* aliases.c - see aliases.h. Which ids may be those of a set of names is kept in an index, which may be those of
 * another id is told by the person that they are of; that one still is, and near in time, the nodes tell. */
#include "facts/incidents/aliases.h"

#include "facts/entities/entities.h"
#include "facts/incidents/incidents.h"
#include "facts/incidents/name_sets.h"

/* The nodes of a report's ids; what has no id has none here. */
static void ids_of(facts *f, uint32_t number, number_set *ret_ids)
{
    thaw_event event;
    number_set known = {0};
    const report *r = report_of(f, number);
    report_event(f->reports, r, &event);
    uint32_t scope = report_scope(f, r, &event, false);
    if (scope)
        persons_nodes(f, scope, number, &event, &known);
    for (uint32_t i = 0; i < known.list.count; i++)
        if (symbols_get(f->symbols, f->nodes[known.list.at[i]].string).data[0] == 'i')
            set_put(f, ret_ids, known.list.at[i]);
    set_done(f, &known);
}

/* ---- which ids may be those of a set of names ------------------------------------------ *
 * In the index stand, for the hash of the names: how many (place 0), each by its place (1, 2, ...), and each by
 * itself, so that one more is found or added at once, however many they are. */

static uint64_t place_hash(uint64_t names, uint32_t place)
{
    return mix(scramble(names), place);
}

static uint64_t id_hash(uint64_t names, uint32_t id)
{
    return mix(scramble(~names), id);
}

static uint32_t kept(const facts *f, uint64_t hash)
{
    uint32_t cursor = 0;
    return index_next(&f->names_ids, hash, &cursor);
}

static void keep(facts *f, uint64_t hash, uint32_t value)
{
    if (index_put(&f->names_ids, hash, value, &f->held) < 0)
        f->failed = -ENOMEM;
}

static void ids_add(facts *f, uint64_t names, uint32_t id)
{
    uint32_t count = kept(f, place_hash(names, 0));
    keep(f, id_hash(names, id), id);
    keep(f, place_hash(names, count + 1), id);
    if (count)
        index_take(&f->names_ids, place_hash(names, 0), count);
    keep(f, place_hash(names, 0), count + 1);
}

void aliases_learn(facts *f, uint32_t names, uint32_t number)
{
    const uint64_t hash = f->nodes[names].hash;
    number_set ids = {0};
    ids_of(f, number, &ids);
    for (uint32_t i = 0; names && i < ids.list.count && !f->failed; i++)
        if (!kept(f, id_hash(hash, ids.list.at[i])))
            ids_add(f, hash, ids.list.at[i]);
    set_done(f, &ids);
}

void aliases_forget(facts *f, uint64_t names_hash)
{
    uint32_t count = kept(f, place_hash(names_hash, 0));
    for (uint32_t place = 1; place <= count; place++) {
        uint32_t id = kept(f, place_hash(names_hash, place));
        index_take(&f->names_ids, place_hash(names_hash, place), id);
        index_take(&f->names_ids, id_hash(names_hash, id), id);
    }
    if (count)
        index_take(&f->names_ids, place_hash(names_hash, 0), count);
}

/* ---- whether one of them parts --------------------------------------------------------- */

static bool has_opposite(const facts *f, const report *r)
{
    const char *code = f->keys[r->key_index].country;
    if (r->kind == THAW_RELEASE)
        return key_find(f, THAW_DETENTION, code, 0, 0);
    return key_find(f, THAW_RELEASE, code, 0, 0) || key_find(f, THAW_RELEASE, code, 1, 0);
}

/* Whether one who bears the other id is, in that report, one of the names; of the node of an id: is the same one. */
static bool is_alias(const facts *f, const node *names, mention m)
{
    const report *r = report_of(f, m.report);
    const bool by_id = f->scopes[names->scope].kind == SCOPE_PERSON;
    if (by_id ? !r->persons_named : !r->on_people)
        return false;
    uint32_t at = node_place(f, names, r->start_ns, m.report);
    while (by_id && at < names->count && names->mentions[at].report == m.report && names->mentions[at].party < m.party)
        at++;
    return at < names->count && names->mentions[at].report == m.report &&
           (!by_id || names->mentions[at].party == m.party);
}

/* Whether a report on the names bears the id within that time. Of two ids that with fewer mentions is gone through. */
static bool is_borne(const facts *f, const node *names, const node *id, int64_t from_ns, int64_t to_ns)
{
    if (f->scopes[names->scope].kind == SCOPE_PERSON && names->count < id->count)
        return is_borne(f, id, names, from_ns, to_ns);
    for (uint32_t i = node_place(f, id, from_ns, 0); i < id->count; i++) {
        if (report_of(f, id->mentions[i].report)->start_ns > to_ns)
            return false;
        if (is_alias(f, names, id->mentions[i]))
            return true;
    }
    return false;
}

/* The same of one id. */
static bool alias_parts(const facts *f, const node *names, const node *id, const report *r, int64_t from_ns,
                        int64_t to_ns)
{
    for (uint32_t i = node_place(f, id, from_ns, 0); i < id->count; i++) {
        const report *other = report_of(f, id->mentions[i].report);
        if (other->start_ns > to_ns)
            return false;
        if (is_opposite(r, other) && is_borne(f, names, id, other->start_ns - PEOPLE_NS, other->start_ns + PEOPLE_NS))
            return true;
    }
    return false;
}

bool aliases_part(facts *f, const node *names, const report *r, int64_t from_ns, int64_t to_ns)
{
    if (!has_opposite(f, r))
        return false;
    uint32_t count = kept(f, place_hash(names->hash, 0));
    for (uint32_t place = 1; place <= count; place++)
        if (alias_parts(f, names, &f->nodes[kept(f, place_hash(names->hash, place))], r, from_ns, to_ns))
            return true;
    return false;
}

/* Other ids of the person that a node of an id is of; 0: none. */
static const numbers *ids_beside(const facts *f, const node *id)
{
    static const numbers none = {0};
    if (f->scopes[id->scope].kind != SCOPE_PERSON || !id->entity || f->entities[id->entity].nodes.count < 2)
        return &none;
    return &f->entities[id->entity].nodes;
}

bool id_parts(const facts *f, const node *id, const report *r, int64_t from_ns, int64_t to_ns)
{
    const numbers *others = ids_beside(f, id);
    if (parted_in(f, id, r, from_ns, to_ns))
        return true;
    for (uint32_t i = 0; i < others->count; i++) {
        const node *other = &f->nodes[others->at[i]];
        if (other != id && alias_parts(f, id, other, r, from_ns, to_ns))
            return true;
    }
    return false;
}

void ids_near(facts *f, const report *r, uint32_t id, number_set *ret_nodes)
{
    const numbers *others = ids_beside(f, &f->nodes[id]);
    for (uint32_t i = 0; i < others->count; i++)
        if (others->at[i] != id &&
            is_borne(f, &f->nodes[others->at[i]], &f->nodes[id], r->start_ns - PEOPLE_NS, r->start_ns + PEOPLE_NS))
            set_put(f, ret_nodes, others->at[i]);
}

/* ---- what one report changes ---------------------------------------------------------- */

/* The starts of the reports on the names that bear the id, before and behind another report's. */
static void neighbours_of(const facts *f, const node *names, const node *id, const report *r, uint32_t number,
                          int64_t *ret_before_ns, int64_t *ret_behind_ns)
{
    uint32_t at = node_place(f, id, r->start_ns, number);
    for (uint32_t i = at; i-- > 0 && report_of(f, id->mentions[i].report)->start_ns >= *ret_before_ns;) {
        const report *o = report_of(f, id->mentions[i].report);
        if (is_alias(f, names, id->mentions[i])) {
            *ret_before_ns = o->start_ns;
            break;
        }
    }
    for (uint32_t i = at; i < id->count && report_of(f, id->mentions[i].report)->start_ns <= *ret_behind_ns; i++) {
        const report *o = report_of(f, id->mentions[i].report);
        if (o != r && is_alias(f, names, id->mentions[i])) {
            *ret_behind_ns = o->start_ns;
            break;
        }
    }
}

/* Whether a report of either kind, but this one, names people in a node within that time. */
static bool is_told(const facts *f, const node *id, uint32_t number, int64_t from_ns, int64_t to_ns)
{
    for (uint32_t i = node_place(f, id, from_ns, 0); i < id->count; i++) {
        const report *r = report_of(f, id->mentions[i].report);
        if (r->start_ns > to_ns)
            return false;
        if (r->persons_named && id->mentions[i].report != number)
            return true;
    }
    return false;
}

/* Whether there is one of the opposite kind (of an id's node: of either) that bears the id near this report, and near
 * no other on the names. */
static bool is_alone_near(const facts *f, const node *names, const node *id, const report *r, uint32_t number)
{
    int64_t before_ns = r->start_ns - 2 * PEOPLE_NS - 1, behind_ns = r->start_ns + 2 * PEOPLE_NS + 1;
    neighbours_of(f, names, id, r, number, &before_ns, &behind_ns);
    const int64_t from_ns = before_ns + PEOPLE_NS + 1, to_ns = behind_ns - PEOPLE_NS - 1;
    if (from_ns > to_ns)
        return false;
    if (f->scopes[names->scope].kind == SCOPE_PERSON)
        return is_told(f, id, number, from_ns, to_ns);
    return parted_in(f, id, r, from_ns, to_ns);
}

/* The same of one who bears several ids: whose ties by each of them another may cut or not, now that they are one's. */
static void ids_told_of(facts *f, uint32_t number, const numbers *ids, number_set *ret_reports)
{
    const report *r = report_of(f, number);
    for (uint32_t i = 0; i < ids->count; i++) {
        bool told = false;
        for (uint32_t j = 0; !told && j < ids->count; j++)
            told = i != j && is_alone_near(f, &f->nodes[ids->at[i]], &f->nodes[ids->at[j]], r, number);
        const node *n = &f->nodes[ids->at[i]];
        for (uint32_t j = told ? node_place(f, n, r->start_ns - 2 * PEOPLE_NS, 0) : n->count; j < n->count; j++) {
            const report *o = report_of(f, n->mentions[j].report);
            if (o->start_ns > r->start_ns + 2 * PEOPLE_NS)
                break;
            if (o->on_people)
                set_put(f, ret_reports, n->mentions[j].report);
        }
    }
}

void ids_told(facts *f, uint32_t number, const thaw_event *event, number_set *ret_reports)
{
    const report *r = report_of(f, number);
    const uint32_t scope = report_scope(f, r, event, false);
    thaw_list list = event->persons;
    thaw_party party;
    numbers ids = {0};
    if (!r->persons_named || r->start_ns == TIME_UNKNOWN || !scope)
        return;
    for (mention m = {number, 0}; list.count && thaw_party_next(&list, &party); m.party++) {
        if (party.ids.count < 2)
            continue;
        ids.count = 0;
        mention_nodes(f, scope, m, &ids);
        ids_told_of(f, number, &ids, ret_reports);
    }
    numbers_done(&ids, &f->held);
}

void aliases_told(facts *f, uint32_t number, number_set *ret_reports)
{
    thaw_event event;
    number_set ids = {0};
    const report *r = report_of(f, number);
    if (r->start_ns == TIME_UNKNOWN || !has_opposite(f, r))
        return;
    report_event(f->reports, r, &event);
    uint32_t names = names_node(f, r, &event);
    ids_of(f, number, &ids);
    bool told = false;
    for (uint32_t i = 0; names && !told && i < ids.list.count; i++)
        told = is_alone_near(f, &f->nodes[names], &f->nodes[ids.list.at[i]], r, number);
    if (told)
        names_near(f, names, r->start_ns - 2 * PEOPLE_NS, r->start_ns + 2 * PEOPLE_NS, ret_reports);
    set_done(f, &ids);
}
