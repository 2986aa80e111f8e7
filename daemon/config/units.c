/* units.c - see units.h. */
#include "config/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit;

static const unit durations[] = {
    {"ms", UINT64_C(1000000)},       {"s", UINT64_C(1000000000)},
    {"m", UINT64_C(60000000000)},    {"h", UINT64_C(3600000000000)},
    {"d", UINT64_C(86400000000000)}, {"w", UINT64_C(604800000000000)},
};

static const unit sizes[] = {
    {"B", 1},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
};

static bool text_is(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes a whole number off the front of the text; '_' may stand between digits. */
static int take_number(const char **text, size_t *len, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t i = 0;

    if (*len == 0 || !is_digit(**text))
        return -EINVAL;
    for (; i < *len && (is_digit((*text)[i]) || (*text)[i] == '_'); i++) {
        if ((*text)[i] == '_')
            continue;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)((*text)[i] - '0'), &value))
            return -ERANGE;
    }
    *text += i;
    *len -= i;
    *ret_value = value;
    return 0;
}

/* Takes the letters at the front of the text as the name of a unit. */
static int take_unit(const char **text, size_t *len, const unit units[], size_t count,
                     uint64_t *ret_factor)
{
    size_t letters = 0;

    while (letters < *len && !is_digit((*text)[letters]))
        letters++;
    for (size_t i = 0; i < count; i++)
        if (text_is(*text, letters, units[i].name)) {
            *text += letters;
            *len -= letters;
            *ret_factor = units[i].factor;
            return 0;
        }
    return -EINVAL;
}

int units_parse_duration(const char *text, size_t len, int64_t *ret_ns)
{
    uint64_t sum = 0;

    if (text_is(text, len, "forever")) {
        *ret_ns = UNITS_FOREVER;
        return 0;
    }
    if (len == 0)
        return -EINVAL;
    while (len > 0) {
        uint64_t value = 0, factor = 1;
        int r = take_number(&text, &len, &value);
        if (r == 0)
            r = take_unit(&text, &len, durations, sizeof(durations) / sizeof(durations[0]),
                          &factor);
        if (r < 0)
            return r;
        if (__builtin_mul_overflow(value, factor, &value) ||
            __builtin_add_overflow(sum, value, &sum) || sum >= (uint64_t)INT64_MAX)
            return -ERANGE;
    }
    *ret_ns = (int64_t)sum;
    return 0;
}

int units_parse_bytes(const char *text, size_t len, uint64_t *ret_bytes)
{
    uint64_t value, factor = 1;
    int r;

    if (text_is(text, len, "unlimited")) {
        *ret_bytes = UNITS_UNLIMITED;
        return 0;
    }
    r = take_number(&text, &len, &value);
    if (r < 0)
        return r;
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    if (len > 0)
        r = take_unit(&text, &len, sizes, sizeof(sizes) / sizeof(sizes[0]), &factor);
    if (r < 0 || len > 0)
        return -EINVAL;
    if (__builtin_mul_overflow(value, factor, &value))
        return -ERANGE;
    *ret_bytes = value;
    return 0;
}

int units_parse_count(const char *text, size_t len, uint64_t *ret_count)
{
    uint64_t value;
    int r;

    if (text_is(text, len, "unlimited")) {
        *ret_count = UNITS_UNLIMITED;
        return 0;
    }
    r = take_number(&text, &len, &value);
    if (r < 0)
        return r;
    if (len > 0)
        return -EINVAL;
    *ret_count = value;
    return 0;
}

int units_parse_mode(const char *text, size_t len, uint32_t *ret_mode)
{
    uint32_t mode = 0;

    if (len == 0 || len > 4)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '7')
            return -EINVAL;
        mode = mode * 8 + (uint32_t)(text[i] - '0');
    }
    if (mode > 0777)
        return -ERANGE;
    *ret_mode = mode;
    return 0;
}

static void write_unit(uint64_t value, const unit units[], size_t count, char *text)
{
    text[0] = '\0';
    for (size_t i = count; i-- > 0 && text[0] == '\0';)
        if (value % units[i].factor == 0 && (value > 0 || i == 0))
            snprintf(text, UNITS_TEXT_BYTES, "%" PRIu64 "%s", value / units[i].factor,
                     units[i].name);
}

void units_write_duration(int64_t ns, char text[UNITS_TEXT_BYTES])
{
    const size_t weeks = sizeof(durations) / sizeof(durations[0]) - 1; /* 366d and not 52w2d */

    if (ns == UNITS_FOREVER)
        snprintf(text, UNITS_TEXT_BYTES, "forever");
    else
        write_unit((uint64_t)ns, durations, weeks, text);
}

void units_write_bytes(uint64_t bytes, char text[UNITS_TEXT_BYTES])
{
    if (bytes == UNITS_UNLIMITED)
        snprintf(text, UNITS_TEXT_BYTES, "unlimited");
    else
        write_unit(bytes, sizes, sizeof(sizes) / sizeof(sizes[0]), text);
}
