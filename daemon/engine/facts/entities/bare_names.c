/*
 * bare_names.c - targets that are told by their name alone, beside the same ones by their ids: a list and a wire.
 *
 * They stay measures of their own, for names alone join nobody. But they do not show that there are more parties
 * than the ids say, and what counts parties is a lower bound: FACTS.md, section 3.
 */
#include <stdlib.h>
#include <xxhash.h>

#include "facts/entities/entities.h"
#include "facts/state/state.h"
#include "room.h"

/* A printed name, and whether a target with ids bears it. */
typedef struct bare_name {
    uint64_t hash;
    bool known;
} bare_name;

static int name_order(const void *a_, const void *b_)
{
    const bare_name *a = a_, *b = b_;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

/* Called for each target with a name that is no sector. */
typedef void (*target_fn)(void *context, const thaw_party *party);

static void targets_each(facts *f, uint32_t number, target_fn on_target, void *context)
{
    thaw_event event;
    thaw_party party;
    report_event(f->reports, report_of(f, number), &event);
    while (event.targets.count && thaw_party_next(&event.targets, &party))
        if (party.name.data && !party_is_sector(&party))
            on_target(context, &party);
}

static uint64_t name_hash(const thaw_party *party)
{
    return XXH3_64bits(party->name.data, party->name.len);
}

bool names_bare(thaw_list targets)
{
    thaw_party party;
    while (targets.count && thaw_party_next(&targets, &party))
        if (party.name.data && !party.ids.count && !party_is_sector(&party))
            return true;
    return false;
}

/* ---- the names of a set of reports -------------------------------------------------- */

typedef struct bare_names {
    bare_name *at;
    size_t size;
    uint32_t count, known;
    bool failed;
} bare_names;

static void name_put(void *context, const thaw_party *party)
{
    bare_names *b = context;
    if (party->ids.count)
        return;
    if (room_for(&b->at, &b->size, (size_t)b->count + 1, sizeof *b->at) < 0) {
        b->failed = true;
        return;
    }
    b->at[b->count++] = (bare_name){name_hash(party), false};
}

static void names_unique(bare_names *b)
{
    uint32_t kept = b->count ? 1 : 0;
    if (b->count > 1)
        qsort(b->at, b->count, sizeof *b->at, name_order);
    for (uint32_t i = 1; i < b->count; i++)
        if (b->at[i].hash != b->at[kept - 1].hash)
            b->at[kept++] = b->at[i];
    b->count = kept;
}

static void name_know(void *context, const thaw_party *party)
{
    bare_names *b = context;
    bare_name sought = {name_hash(party), false};
    bare_name *found = party->ids.count ? bsearch(&sought, b->at, b->count, sizeof sought, name_order) : NULL;
    if (!found || found->known)
        return;
    found->known = true;
    b->known++;
}

uint32_t bare_names_known(facts *f, const uint32_t *numbers_, uint32_t count)
{
    bare_names b = {0};
    for (uint32_t i = 0; i < count; i++)
        if (report_of(f, numbers_[i])->names_bare)
            targets_each(f, numbers_[i], name_put, &b);
    names_unique(&b);
    for (uint32_t i = 0; b.known < b.count && i < count; i++)
        if (report_of(f, numbers_[i])->has_targets)
            targets_each(f, numbers_[i], name_know, &b);
    if (b.failed)
        f->failed = -ENOMEM;
    free(b.at);
    return b.known;
}
