/*
 * things.c - what aggregates of distinct things count of the open fact, hashed once for all rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "rules/state.h"

uint64_t view_id_hash(fact_view *v)
{
    const struct cel_value *id = v->id_hash ? NULL : view_value(v, FIELD_ID);
    if (id && id->kind == CEL_STRING)
        v->id_hash = XXH3_64bits(id->text.data, id->text.len) | 1;
    return v->id_hash;
}

static const struct cel_value *things_value(fact_view *v, aggregate a)
{
    static const fact_field lists[] = {
        [AGG_SOURCES] = FIELD_SOURCES, [AGG_VOICES] = FIELD_VOICES, [AGG_REPORTS] = FIELD_REPORTS};
    return view_value(v, lists[a]);
}

static int things_put(fact_view *v, view_things *t, uint64_t hash)
{
    if (t->count == UINT16_MAX)
        return 0;
    if (room_for(&v->hashes, &v->hashes_capacity, v->hashes_count + 1, sizeof *v->hashes) < 0)
        return -ENOMEM;
    v->hashes[v->hashes_count++] = hash;
    t->count++;
    return 0;
}

static int things_texts(fact_view *v, view_things *t, const struct cel_value *value)
{
    const struct cel_value *items = value->kind == CEL_LIST ? value->list.items : value;
    size_t count = value->kind == CEL_LIST ? value->list.count : value->kind == CEL_STRING;
    int res = 0;
    for (size_t i = 0; res == 0 && i < count; i++)
        res = things_put(v, t, XXH3_64bits(items[i].text.data, items[i].text.len) | 1);
    return res;
}

static int things_people(fact_view *v, view_things *t)
{
    uint64_t *people = NULL;
    size_t count = 0;
    int res = facts_people(v->facts, v->handle, &people, &count);
    if (res == -ENOENT)
        return 0;
    for (size_t i = 0; res == 0 && i < count; i++)
        res = things_put(v, t, people[i]);
    free(people);
    return res;
}

const view_things *view_things_of(fact_view *v, aggregate a)
{
    view_things *t = &v->things[a - AGG_DISTINCT_FIRST];
    if (t->known)
        return t;
    *t = (view_things){.first = v->hashes_count};
    if ((a == AGG_PERSONS ? things_people(v, t) : things_texts(v, t, things_value(v, a))) < 0)
        return NULL;
    t->known = true;
    return t;
}
