/* set.c: the constants of a list by hash, so that "in" costs the same for ten and for a hundred
 * thousand. Open addressing; a place holds the number of the item plus one. */
#include "internal.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>

#define SCAN_MAX_COUNT 8 /* below this a scan is as fast */

struct value_set {
    const struct cel_value *items;
    uint32_t *places;
    uint64_t *hashes; /* of the items */
    uint64_t mask;
};

/* Values that are equal have one hash: all numbers are hashed as doubles, the way they compare. */
static uint64_t value_hash(const struct cel_value *value)
{
    double real = value->kind == CEL_INT    ? (double)value->integer
                  : value->kind == CEL_UINT ? (double)value->unsigned_integer
                                            : value->real;
    int64_t time[2] = {value->seconds, value->nanos};

    switch (value->kind) {
    case CEL_INT:
    case CEL_UINT:
    case CEL_DOUBLE:
        if (real == 0)
            real = fabs(real); /* -0.0 is 0.0 */
        return XXH3_64bits_withSeed(&real, sizeof(real), CEL_DOUBLE);
    case CEL_STRING:
    case CEL_BYTES:
        return XXH3_64bits_withSeed(value->text.data, value->text.len, value->kind);
    case CEL_TIMESTAMP:
        return XXH3_64bits_withSeed(time, sizeof(time), CEL_TIMESTAMP);
    case CEL_DURATION:
        return XXH3_64bits_withSeed(&value->duration_ns, sizeof(value->duration_ns), CEL_DURATION);
    case CEL_BOOL:
        return CEL_BOOL + (uint64_t)value->boolean * 0x9e3779b97f4a7c15U;
    case CEL_TYPE:
        return CEL_TYPE + (uint64_t)value->type * 0x9e3779b97f4a7c15U;
    default:
        return value->kind;
    }
}

static bool can_hash(const struct cel_value *list)
{
    for (size_t i = 0; i < list->list.count; i++)
        if (list->list.items[i].kind == CEL_LIST)
            return false;
    return list->list.count > SCAN_MAX_COUNT && list->list.count < UINT32_MAX / 4;
}

/* The place of the value, or the empty one where it belongs. */
static uint64_t find_place(const struct value_set *set, const struct cel_value *value, uint64_t hash)
{
    uint64_t place = hash & set->mask;

    while (set->places[place] != 0) {
        uint32_t item = set->places[place] - 1;
        if (set->hashes[item] == hash && cel_value_equal(&set->items[item], value))
            break;
        place = (place + 1) & set->mask;
    }
    return place;
}

int cel_value_set_new(struct arena *arena, const struct cel_value *list, const struct value_set **ret_set)
{
    size_t count = list->list.count, place_count = 16;

    *ret_set = NULL;
    if (!can_hash(list))
        return 0;
    while (place_count < count * 2)
        place_count *= 2;
    struct value_set *set = cel_arena_alloc(arena, sizeof(*set));
    uint32_t *places = cel_arena_alloc(arena, place_count * sizeof(*places));
    uint64_t *hashes = cel_arena_alloc(arena, count * sizeof(*hashes));
    if (set == NULL || places == NULL || hashes == NULL)
        return -ENOMEM;
    memset(places, 0, place_count * sizeof(*places));
    *set = (struct value_set){.items = list->list.items, .places = places, .hashes = hashes, .mask = place_count - 1};
    for (size_t i = 0; i < count; i++) {
        const struct cel_value *item = &list->list.items[i];
        hashes[i] = value_hash(item);
        if (item->kind == CEL_DOUBLE && isnan(item->real))
            continue; /* equal to nothing, and would never be found */
        uint64_t place = find_place(set, item, hashes[i]);
        if (places[place] == 0)
            places[place] = (uint32_t)i + 1;
    }
    *ret_set = set;
    return 0;
}

bool cel_value_set_has(const struct value_set *set, const struct cel_value *value)
{
    if (value->kind == CEL_LIST)
        return false;
    return set->places[find_place(set, value, value_hash(value))] != 0;
}
