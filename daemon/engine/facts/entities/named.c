/* named.c - how many persons, of a sanction targets, a report names: what is known by one string is one. */
#include <stdlib.h>
#include <xxhash.h>

#include "facts/entities/entities.h"

/* One string by which one element of a list is known. */
typedef struct known_by {
    uint64_t hash;
    uint32_t element;
} known_by;

static int known_order(const void *a_, const void *b_)
{
    const known_by *a = a_, *b = b_;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->element > b->element) - (a->element < b->element);
}

static void known_put(known_by *all, uint32_t *count, char prefix, thaw_str string, uint32_t element)
{
    all[(*count)++] = (known_by){XXH3_64bits_withSeed(string.data, string.len, (uint64_t)prefix), element};
}

/* As party_strings() and sector_strings(): by ids; a target without any by its name, a sector by both. */
static uint32_t known_collect(thaw_list list, bool targets, known_by *all)
{
    uint32_t count = 0;
    thaw_party party;
    for (uint32_t i = 0; list.count && thaw_party_next(&list, &party); i++) {
        bool sector = targets && party_is_sector(&party);
        thaw_str id;
        if (sector || (targets && !party.ids.count && party.name.data))
            known_put(all, &count, sector ? 's' : 'n', party.name, i);
        while (party.ids.count && thaw_str_next(&party.ids, &id))
            known_put(all, &count, sector ? 't' : 'i', id, i);
    }
    return count;
}

static uint32_t element_root(uint32_t *parents, uint32_t at)
{
    while (parents[at] != at)
        at = parents[at] = parents[parents[at]];
    return at;
}

uint32_t parties_named(facts *f, const thaw_event *event)
{
    bool targets = event->kind == THAW_SANCTION;
    thaw_list list = targets ? event->targets : event->persons, left = list;
    uint32_t count = list.count, strings_count = 0;
    thaw_party party;
    if (count < 2)
        return count;
    while (left.count && thaw_party_next(&left, &party))
        strings_count += party.ids.count + 1;
    known_by few[16], *all = strings_count <= 16 ? few : malloc(strings_count * sizeof *all);
    uint32_t few_parents[16], *parents = count <= 16 ? few_parents : malloc(count * sizeof *parents);
    if (all && parents) {
        for (uint32_t i = 0; i < count; i++)
            parents[i] = i;
        uint32_t known = known_collect(list, targets, all);
        qsort(all, known, sizeof *all, known_order);
        for (uint32_t i = 1; i < known; i++) {
            uint32_t a = element_root(parents, all[i - 1].element), b = element_root(parents, all[i].element);
            if (all[i - 1].hash != all[i].hash || a == b)
                continue;
            parents[b] = a;
            count--;
        }
    } else {
        f->failed = -ENOMEM;
    }
    if (all != few)
        free(all);
    if (parents != few_parents)
        free(parents);
    return count;
}
