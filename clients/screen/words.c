/*
 * words.c - how single values read.
 */
#include "screen/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static size_t clipped(int length, size_t room)
{
    if (length < 0)
        return 0;
    return (size_t)length < room ? (size_t)length : room - 1;
}

size_t words_bytes(uint64_t bytes, char *text, size_t room)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    if (unit == 0)
        return clipped(snprintf(text, room, "%" PRIu64 " B", bytes), room);
    return clipped(snprintf(text, room, "%.1f %s", value, units[unit]), room);
}

size_t words_duration(int64_t duration_ns, char *text, size_t room)
{
    int64_t seconds = duration_ns / 1000000000;
    if (duration_ns == 0)
        return clipped(snprintf(text, room, "0 s"), room);
    if (duration_ns < 1000)
        return clipped(snprintf(text, room, "%" PRId64 " ns", duration_ns), room);
    if (duration_ns < 1000000)
        return clipped(snprintf(text, room, "%.3g \xc2\xb5s", (double)duration_ns / 1e3), room);
    if (seconds == 0)
        return clipped(snprintf(text, room, "%.3g ms", (double)duration_ns / 1e6), room);
    if (seconds < 60)
        return clipped(snprintf(text, room, "%.3g s", (double)duration_ns / 1e9), room);
    if (seconds < 3600)
        return clipped(
            snprintf(text, room, "%d min %d s", (int)(seconds / 60), (int)(seconds % 60)), room);
    if (seconds < 86400)
        return clipped(
            snprintf(text, room, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60 % 60)),
            room);
    return clipped(
        snprintf(text, room, "%" PRId64 " d %d h", seconds / 86400, (int)(seconds / 3600 % 24)),
        room);
}

size_t words_time(int64_t at_ns, char *text, size_t room)
{
    time_t seconds = (time_t)(at_ns / 1000000000 - (at_ns % 1000000000 < 0));
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL)
        return clipped(snprintf(text, room, "%" PRId64 " ns", at_ns), room);
    return strftime(text, room, "%Y-%m-%d %H:%M:%SZ", &parts);
}

colour words_colour(const char *key, const char *value)
{
    static const struct {
        const char *key, *value;
        colour c;
    } known[] = {
        {"state", "firing", COLOUR_RED},
        {"state", "pending", COLOUR_YELLOW},
        {"state", "resolved", COLOUR_GREEN},
        {"state", "withdrawn", COLOUR_MAGENTA},
        {"state", "broken", COLOUR_RED},
        {"state", "differs", COLOUR_YELLOW},
        {"state", "other-definition", COLOUR_YELLOW},
        {"state", "agrees", COLOUR_GREEN},
        {"severity", "critical", COLOUR_RED},
        {"severity", "error", COLOUR_RED},
        {"severity", "warning", COLOUR_YELLOW},
        {"severity", "notice", COLOUR_CYAN},
        {"severity", "info", COLOUR_CYAN},
        {"status", "rumoured", COLOUR_DIM},
        {"status", "confirmed", COLOUR_GREEN},
        {"disagrees", "yes", COLOUR_YELLOW},
        {"days_disagree", "yes", COLOUR_YELLOW},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(key, known[i].key) == 0 && strcmp(value, known[i].value) == 0)
            return known[i].c;
    return COLOUR_NONE;
}
