/* zone.c: a compiled time zone (TZif, RFC 8536), read from memory.
 *
 *      header, 32-bit data          version 1, skipped where there is more
 *      header, 64-bit data          transitions, the type that each begins, the types
 *      \n rule \n                   for what lies behind the last transition */
#include "internal.h"
#include "lower_bound.h"

#include <errno.h>
#include <string.h>

#define HEADER_BYTES 44
#define TYPE_BYTES 6
#define TYPE_MAX_COUNT 256
#define TRANSITION_MAX_COUNT 4096

struct zone {
    int64_t *at; /* rising; the instant from which offsets[i + 1] holds */
    int32_t *offsets;
    size_t count;
    bool has_rule;
    struct zone_rule rule;
};

struct header {
    unsigned char version;
    uint32_t utc_count, standard_count, leap_count, transition_count, type_count, name_bytes;
};

static uint32_t big_32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t big_64(const unsigned char *bytes)
{
    return (int64_t)((uint64_t)big_32(bytes) << 32 | big_32(bytes + 4));
}

static int header_parse(const unsigned char *bytes, size_t byte_count, struct header *ret_header)
{
    if (byte_count < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
        return -EINVAL;
    *ret_header = (struct header){
        .version = bytes[4],
        .utc_count = big_32(bytes + 20),
        .standard_count = big_32(bytes + 24),
        .leap_count = big_32(bytes + 28),
        .transition_count = big_32(bytes + 32),
        .type_count = big_32(bytes + 36),
        .name_bytes = big_32(bytes + 40),
    };
    if (ret_header->utc_count > TYPE_MAX_COUNT || ret_header->standard_count > TYPE_MAX_COUNT ||
        ret_header->leap_count > TRANSITION_MAX_COUNT || ret_header->transition_count > TRANSITION_MAX_COUNT ||
        ret_header->type_count == 0 || ret_header->type_count > TYPE_MAX_COUNT || ret_header->name_bytes > byte_count)
        return -EINVAL;
    return 0;
}

static size_t data_bytes(const struct header *header, size_t time_bytes)
{
    return header->transition_count * (time_bytes + 1) + (size_t)header->type_count * TYPE_BYTES + header->name_bytes +
           header->leap_count * (time_bytes + 4) + header->standard_count + header->utc_count;
}

/* What holds before the first transition is the first type. */
static int transitions_parse(struct zone *zone, const struct header *header, const unsigned char *data)
{
    const unsigned char *indices = data + (size_t)header->transition_count * 8;
    const unsigned char *types = indices + header->transition_count;

    zone->count = header->transition_count;
    zone->offsets[0] = (int32_t)big_32(types);
    for (size_t i = 0; i < zone->count; i++) {
        if (indices[i] >= header->type_count)
            return -EINVAL;
        zone->at[i] = big_64(data + i * 8);
        zone->offsets[i + 1] = (int32_t)big_32(types + (size_t)indices[i] * TYPE_BYTES);
        if (i > 0 && zone->at[i] <= zone->at[i - 1])
            return -EINVAL;
    }
    for (size_t i = 0; i <= zone->count; i++)
        if (zone->offsets[i] < -26 * 3600 || zone->offsets[i] > 26 * 3600)
            return -EINVAL;
    return 0;
}

static int footer_parse(struct zone *zone, const unsigned char *bytes, size_t byte_count)
{
    if (byte_count < 2 || bytes[0] != '\n')
        return -EINVAL;
    const unsigned char *end = memchr(bytes + 1, '\n', byte_count - 1);
    if (end == NULL)
        return -EINVAL;
    if (end == bytes + 1)
        return 0;
    zone->has_rule = true;
    return cel_zone_rule_parse((const char *)bytes + 1, (size_t)(end - bytes - 1), &zone->rule);
}

int cel_zone_parse(struct arena *arena, const void *bytes, size_t byte_count, const struct zone **ret_zone)
{
    const unsigned char *data = bytes;
    struct header header;

    int r = header_parse(data, byte_count, &header);
    if (r < 0)
        return r;
    size_t first_bytes = HEADER_BYTES + data_bytes(&header, 4);
    if (header.version < '2' || byte_count < first_bytes)
        return -EINVAL;
    data += first_bytes;
    byte_count -= first_bytes;
    r = header_parse(data, byte_count, &header);
    if (r < 0)
        return r;
    size_t second_bytes = HEADER_BYTES + data_bytes(&header, 8);
    if (byte_count < second_bytes)
        return -EINVAL;

    struct zone *zone = cel_arena_alloc(arena, sizeof(*zone));
    if (zone == NULL)
        return -ENOMEM;
    *zone = (struct zone){
        .at = cel_arena_alloc(arena, header.transition_count * sizeof(int64_t)),
        .offsets = cel_arena_alloc(arena, (header.transition_count + 1) * sizeof(int32_t)),
    };
    if (zone->at == NULL || zone->offsets == NULL)
        return -ENOMEM;
    r = transitions_parse(zone, &header, data + HEADER_BYTES);
    if (r == 0)
        r = footer_parse(zone, data + second_bytes, byte_count - second_bytes);
    if (r == 0)
        *ret_zone = zone;
    return r;
}

int32_t cel_zone_offset_seconds(const struct zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->count; /* transitions at or before seconds */

    if (zone->has_rule && (zone->count == 0 || seconds >= zone->at[zone->count - 1]))
        return cel_zone_rule_offset_seconds(&zone->rule, seconds);
    LOWER_BOUND(low, high, zone->at[middle] <= seconds);
    return zone->offsets[low];
}
