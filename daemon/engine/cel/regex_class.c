/* regex_class.c: sets of characters, as ranges. */
#include "regex.h"

#include <stdlib.h>
#include <string.h>

static const struct character_range digits[] = {{'0', '9'}};
static const struct character_range spaces[] = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
static const struct character_range words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};

static const struct {
    const char *name;
    struct character_range ranges[4];
} named_classes[] = {
    {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
    {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
    {"ascii", {{0, 0x7f}}},
    {"blank", {{'\t', '\t'}, {' ', ' '}}},
    {"cntrl", {{0, 0x1f}, {0x7f, 0x7f}}},
    {"digit", {{'0', '9'}}},
    {"graph", {{'!', '~'}}},
    {"lower", {{'a', 'z'}}},
    {"print", {{' ', '~'}}},
    {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
    {"space", {{'\t', '\r'}, {' ', ' '}}},
    {"upper", {{'A', 'Z'}}},
    {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
    {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
};

/* Capitals and how far behind them the small letters stand. */
static const struct {
    uint32_t low, high, distance;
} cases[] = {
    {'A', 'Z', 32},     {0xc0, 0xd6, 32},   {0xd8, 0xde, 32},   {0x391, 0x3a1, 32},
    {0x3a3, 0x3ab, 32}, {0x400, 0x40f, 80}, {0x410, 0x42f, 32},
};

void cel_class_add(struct character_class *set, uint32_t low, uint32_t high)
{
    if (set->count == CLASS_RANGE_MAX_COUNT) {
        cel_class_tidy(set);
        if (set->count == CLASS_RANGE_MAX_COUNT) {
            set->is_full = true;
            return;
        }
    }
    set->ranges[set->count++] = (struct character_range){low, high};
}

static void add_ranges(struct character_class *set, const struct character_range *ranges, size_t count, bool negated)
{
    struct character_class one = {.count = 0};

    for (size_t i = 0; i < count; i++)
        cel_class_add(&one, ranges[i].low, ranges[i].high);
    if (negated)
        cel_class_negate(&one);
    for (size_t i = 0; i < one.count; i++)
        cel_class_add(set, one.ranges[i].low, one.ranges[i].high);
}

void cel_class_add_letter(struct character_class *set, char letter)
{
    bool negated = letter < 'a';

    switch (negated ? letter + ('a' - 'A') : letter) {
    case 'd':
        add_ranges(set, digits, ARRAY_LENGTH(digits), negated);
        break;
    case 's':
        add_ranges(set, spaces, ARRAY_LENGTH(spaces), negated);
        break;
    default:
        add_ranges(set, words, ARRAY_LENGTH(words), negated);
        break;
    }
}

bool cel_class_add_named(struct character_class *set, const char *name, size_t len)
{
    bool negated = len > 0 && name[0] == '^';

    name += negated;
    len -= negated;
    for (size_t i = 0; i < ARRAY_LENGTH(named_classes); i++) {
        const struct character_range *ranges = named_classes[i].ranges;
        size_t count = 0;
        if (strlen(named_classes[i].name) != len || memcmp(named_classes[i].name, name, len) != 0)
            continue;
        while (count < ARRAY_LENGTH(named_classes[i].ranges) && ranges[count].high > 0)
            count++;
        add_ranges(set, ranges, count, negated);
        return true;
    }
    return false;
}

static void add_shifted(struct character_class *set, struct character_range range, uint32_t low, uint32_t high,
                        int32_t distance)
{
    uint32_t from = range.low > low ? range.low : low;
    uint32_t to = range.high < high ? range.high : high;

    if (from <= to)
        cel_class_add(set, (uint32_t)((int32_t)from + distance), (uint32_t)((int32_t)to + distance));
}

void cel_class_add_cases(struct character_class *set)
{
    size_t count = set->count;
    struct character_range ranges[CLASS_RANGE_MAX_COUNT];

    memcpy(ranges, set->ranges, count * sizeof(ranges[0]));
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(cases); j++) {
            int32_t distance = (int32_t)cases[j].distance;
            add_shifted(set, ranges[i], cases[j].low, cases[j].high, distance);
            add_shifted(set, ranges[i], cases[j].low + cases[j].distance, cases[j].high + cases[j].distance, -distance);
        }
    }
}

static int compare_ranges(const void *a, const void *b)
{
    const struct character_range *left = a, *right = b;

    return (left->low > right->low) - (left->low < right->low);
}

void cel_class_tidy(struct character_class *set)
{
    size_t kept = 0;

    if (set->count == 0)
        return;
    qsort(set->ranges, set->count, sizeof(set->ranges[0]), compare_ranges);
    for (size_t i = 1; i < set->count; i++) {
        if (set->ranges[i].low <= set->ranges[kept].high + 1) {
            if (set->ranges[i].high > set->ranges[kept].high)
                set->ranges[kept].high = set->ranges[i].high;
        } else {
            set->ranges[++kept] = set->ranges[i];
        }
    }
    set->count = kept + 1;
}

void cel_class_negate(struct character_class *set)
{
    struct character_class negated = {.is_full = set->is_full};
    uint32_t next = 0;

    cel_class_tidy(set);
    for (size_t i = 0; i < set->count; i++) {
        if (set->ranges[i].low > next)
            cel_class_add(&negated, next, set->ranges[i].low - 1);
        next = set->ranges[i].high + 1;
    }
    if (next <= REGEX_CHARACTER_MAX)
        cel_class_add(&negated, next, REGEX_CHARACTER_MAX);
    *set = negated;
}
