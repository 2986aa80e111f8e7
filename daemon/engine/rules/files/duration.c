/*
 * duration.c - durations as rule files write them: "30s", "72h", "14d", "1d12h".
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/internal.h"

static const struct {
    char letter;
    int64_t seconds;
} units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define UNIT_COUNT (sizeof units / sizeof units[0])
#define SECONDS_MAX (INT64_C(36525) * 86400) /* 100 years */

int rule_duration_parse(const char *text, size_t len, int64_t *ret_ns)
{
    int64_t total = 0;
    size_t unit_next = 0; /* units come once each, the greater first */
    size_t i = 0;
    while (i < len) {
        int64_t number = 0;
        size_t start = i;
        for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
            number = number * 10 + (text[i] - '0');
            if (number > SECONDS_MAX)
                return -ERANGE;
        }
        if (i == start || i == len)
            return -EINVAL;
        size_t unit = unit_next;
        while (unit < UNIT_COUNT && units[unit].letter != text[i])
            unit++;
        if (unit == UNIT_COUNT)
            return -EINVAL;
        unit_next = unit + 1;
        i++;
        if (number > SECONDS_MAX / units[unit].seconds)
            return -ERANGE;
        total += number * units[unit].seconds;
    }
    if (len == 0)
        return -EINVAL;
    if (total == 0 || total > SECONDS_MAX)
        return -ERANGE;
    *ret_ns = total * INT64_C(1000000000);
    return 0;
}

const char *duration_text(int64_t ns, char text[DURATION_TEXT])
{
    if (ns < 0 || ns % INT64_C(1000000000)) {
        snprintf(text, DURATION_TEXT, "%.9gs", (double)ns / 1e9);
        return text;
    }
    int64_t left = ns / INT64_C(1000000000);
    size_t used = 0;
    text[0] = '\0';
    for (size_t u = 0; u < UNIT_COUNT; u++) {
        /* 14d reads better than 2w, and 72h is printed as 3d. */
        if (units[u].letter == 'w' || left < units[u].seconds)
            continue;
        int wrote =
            snprintf(text + used, DURATION_TEXT - used, "%" PRId64 "%c", left / units[u].seconds, units[u].letter);
        used += (size_t)wrote;
        left %= units[u].seconds;
    }
    if (!used)
        memcpy(text, "0s", sizeof "0s");
    return text;
}
