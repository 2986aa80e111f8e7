/* fuzz_zone.c: any bytes as a compiled time zone, and as the rule at its end. Whatever is taken is
 * never further from UTC than a day and two hours, in whatever year. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cel/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOUR_SECONDS 3600
#define FIRST_SECONDS INT64_C(-62135596800) /* 0001-01-01 */
#define LAST_SECONDS INT64_C(253402300799)  /* 9999-12-31T23:59:59 */

static void expect(int truth)
{
    if (!truth)
        abort();
}

static void look(int32_t offset_seconds)
{
    expect(offset_seconds >= -26 * HOUR_SECONDS && offset_seconds <= 26 * HOUR_SECONDS);
}

/* The first and the last instant, those of all powers of two, and all weeks of some years. */
static void look_all(const struct zone *zone, const struct zone_rule *rule)
{
    int64_t at[64 + 2 + 400];
    size_t count = 0;

    at[count++] = FIRST_SECONDS;
    at[count++] = LAST_SECONDS;
    for (int i = 0; i < 32; i++) {
        at[count++] = INT64_C(1) << i;
        at[count++] = -(INT64_C(1) << i);
    }
    for (int64_t week = 0; week < 400; week++)
        at[count++] = INT64_C(1700000000) + week * 7 * 24 * HOUR_SECONDS;
    for (size_t i = 0; i < count; i++)
        look(zone != NULL ? cel_zone_offset_seconds(zone, at[i])
                          : cel_zone_rule_offset_seconds(rule, at[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {.max_bytes = 1 << 20};
    const struct zone *zone = NULL;
    struct zone_rule rule;

    if (cel_zone_parse(&arena, data, size, &zone) == 0)
        look_all(zone, NULL);
    if (cel_zone_rule_parse((const char *)data, size, &rule) == 0)
        look_all(NULL, &rule);
    cel_arena_clear(&arena);
    return 0;
}
