/* shown.c - by what an entity is shown: a name, an object, the party that a measure is on. */
#include "facts/entities/entities.h"
#include "facts/entities/mentions.h"

thaw_str entity_least(const facts *f, const entity *e)
{
    thaw_str least = {0};
    for (uint32_t i = 0; i < e->nodes.count; i++) {
        thaw_str s = symbols_get(f->symbols, f->nodes[e->nodes.at[i]].string);
        if (!least.data || str_compare(s, least) < 0)
            least = s;
    }
    return least;
}

thaw_str entity_name_look(facts *f, uint32_t index, uint32_t *ret_named_by)
{
    const entity *e = &f->entities[index];
    numbers reports_ = {0}, parties = {0};
    thaw_str name = {0};
    uint32_t best = 0;
    entity_mentions(f, e, &reports_, &parties);
    for (uint32_t i = 0; i < reports_.count; i++) {
        uint32_t number = reports_.at[i];
        thaw_party party;
        if (f->only && f->only[number] != 1)
            continue;
        if (best && (report_of(f, number)->start_ns > report_of(f, best)->start_ns ||
                     (report_of(f, number)->start_ns == report_of(f, best)->start_ns &&
                      report_name_compare(f, number, best) >= 0)))
            continue;
        if (mention_party(f, (mention){number, parties.at[i]}, &party) && party.name.data) {
            name = party.name;
            best = number;
        }
    }
    numbers_done(&reports_, &f->held);
    numbers_done(&parties, &f->held);
    *ret_named_by = best;
    if (name.data)
        return name;
    thaw_str least = entity_least(f, e);
    return least.len ? (thaw_str){least.data + 1, least.len - 1} : least;
}

thaw_str entity_name(facts *f, uint32_t index)
{
    uint32_t unused;
    return entity_name_look(f, index, &unused);
}

thaw_str measure_object(const facts *f, const entity *e, char letter)
{
    thaw_str least = entity_least(f, e); /* of a sector with ids: its name, s before t */
    return least.len && least.data[0] == letter ? (thaw_str){least.data + 1, least.len - 1} : (thaw_str){0};
}

bool measure_is_listed(const facts *f, const entity *e)
{
    return e->nodes.count && symbols_get(f->symbols, f->nodes[e->nodes.at[0]].string).data[0] != 'p';
}

uint32_t measure_party(facts *f, const entity *e)
{
    if (!e->nodes.count)
        return 0;
    thaw_str first = symbols_get(f->symbols, f->nodes[e->nodes.at[0]].string);
    if (first.data[0] == 's' || first.data[0] == 't' || first.data[0] == 'p')
        return 0;
    uint32_t scope = scope_index(f, SCOPE_PARTY, f->scopes[e->scope].country, 0, false);
    uint32_t n = scope ? node_find(f, scope, first) : 0;
    return n ? f->nodes[n].entity : 0;
}
