/* regex_build.c: writes the instructions of a pattern, with parts that grow in front and are
 * copied. */
#include "regex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct regex_builder *builder, uint32_t more)
{
    if (builder->too_long || builder->no_memory)
        return false;
    if (more > REGEX_INSTRUCTION_MAX_COUNT - builder->count) {
        builder->too_long = true;
        return false;
    }
    if (builder->size - builder->count >= more)
        return true;
    uint32_t size = builder->size > 0 ? builder->size * 2 : 32;
    while (size - builder->count < more)
        size *= 2;
    struct instruction *instructions = realloc(builder->instructions, size * sizeof(*instructions));
    if (instructions == NULL) {
        builder->no_memory = true;
        return false;
    }
    builder->instructions = instructions;
    builder->size = size;
    return true;
}

void cel_regex_put(struct regex_builder *builder, enum regex_op op, int32_t first, int32_t second)
{
    if (reserve(builder, 1))
        builder->instructions[builder->count++] = (struct instruction){op, first, second};
}

static void put_before(struct regex_builder *builder, uint32_t begin, enum regex_op op, int32_t first, int32_t second)
{
    if (!reserve(builder, 1))
        return;
    struct instruction *at = builder->instructions + begin;
    memmove(at + 1, at, (builder->count - begin) * sizeof(*at));
    *at = (struct instruction){op, first, second};
    builder->count++;
}

static bool reserve_ranges(struct regex_builder *builder, uint32_t more)
{
    uint32_t size = builder->range_size;

    while (size - builder->range_count < more)
        size = size > 0 ? size * 2 : 16;
    if (size == builder->range_size)
        return true;
    struct character_range *ranges = realloc(builder->ranges, size * sizeof(*ranges));
    if (ranges == NULL) {
        builder->no_memory = true;
        return false;
    }
    builder->ranges = ranges;
    builder->range_size = size;
    return true;
}

void cel_regex_put_class(struct regex_builder *builder, const struct character_class *set)
{
    uint32_t count = (uint32_t)set->count;

    if (count == 1 && set->ranges[0].low == set->ranges[0].high) {
        cel_regex_put(builder, REGEX_CHARACTER, (int32_t)set->ranges[0].low, 0);
        return;
    }
    if (!reserve_ranges(builder, count))
        return;
    memcpy(builder->ranges + builder->range_count, set->ranges, count * sizeof(set->ranges[0]));
    cel_regex_put(builder, REGEX_CLASS, (int32_t)builder->range_count, (int32_t)count);
    builder->range_count += count;
}

/* "x*": split past the part, and back from its end. */
static void put_star(struct regex_builder *builder, uint32_t begin)
{
    int32_t len = (int32_t)(builder->count - begin);

    put_before(builder, begin, REGEX_SPLIT, 1, len + 2);
    cel_regex_put(builder, REGEX_JUMP, -(len + 1), 0);
}

static void put_plus(struct regex_builder *builder, uint32_t begin)
{
    int32_t len = (int32_t)(builder->count - begin);

    cel_regex_put(builder, REGEX_SPLIT, -len, 1);
}

static void put_optional(struct regex_builder *builder, uint32_t begin)
{
    int32_t len = (int32_t)(builder->count - begin);

    put_before(builder, begin, REGEX_SPLIT, 1, len + 1);
}

static void put_copy(struct regex_builder *builder, uint32_t begin, uint32_t len)
{
    if (len == 0 || !reserve(builder, len))
        return;
    memcpy(builder->instructions + builder->count, builder->instructions + begin,
           len * sizeof(builder->instructions[0]));
    builder->count += len;
}

void cel_regex_repeat(struct regex_builder *builder, uint32_t begin, int min, int max)
{
    uint32_t len = builder->count - begin;

    if (max == 0) {
        builder->count = begin;
        return;
    }
    for (int i = 1; i < min; i++)
        put_copy(builder, begin, len);
    if (max < 0) {
        uint32_t last = builder->count - len;
        if (min == 0)
            put_star(builder, begin);
        else if (!builder->too_long && !builder->no_memory)
            put_plus(builder, last);
        return;
    }
    if (min == 0)
        put_optional(builder, begin);
    for (int i = min > 0 ? min : 1; i < max; i++) {
        uint32_t copy = builder->count;
        put_copy(builder, min > 0 ? begin : begin + 1, len); /* without its split */
        put_optional(builder, copy);
    }
}

void cel_regex_branch(struct regex_builder *builder, uint32_t begin, int32_t *chain)
{
    int32_t len = (int32_t)(builder->count - begin);

    put_before(builder, begin, REGEX_SPLIT, 1, len + 2);
    cel_regex_put(builder, REGEX_JUMP, *chain, 0);
    *chain = (int32_t)builder->count - 1;
}

void cel_regex_join(struct regex_builder *builder, int32_t chain)
{
    if (builder->too_long || builder->no_memory)
        return;
    while (chain >= 0) {
        struct instruction *jump = &builder->instructions[chain];
        int32_t next = jump->first;
        jump->first = (int32_t)builder->count - chain;
        chain = next;
    }
}

int cel_regex_finish(struct regex_builder *builder, struct arena *arena, const struct regex **ret_regex)
{
    struct regex *regex = cel_arena_alloc(arena, sizeof(*regex));

    cel_regex_put(builder, REGEX_MATCH, 0, 0);
    if (regex == NULL || builder->no_memory)
        return -ENOMEM;
    regex->count = builder->count;
    regex->instructions =
        cel_arena_copy(arena, builder->instructions, builder->count * sizeof(builder->instructions[0]));
    regex->ranges = cel_arena_copy(arena, builder->ranges, builder->range_count * sizeof(builder->ranges[0]));
    if (regex->instructions == NULL || regex->ranges == NULL)
        return -ENOMEM;
    *ret_regex = regex;
    return 0;
}

void cel_regex_clear(struct regex_builder *builder)
{
    free(builder->instructions);
    free(builder->ranges);
    *builder = (struct regex_builder){0};
}
