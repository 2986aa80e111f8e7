/* regex_match.c: runs the instructions of a pattern over a text. */
#include "regex.h"

#define INSTRUCTIONS_PER_STEP 128
#define NO_CHARACTER UINT32_MAX /* in front of the text and behind it */

/* The places the automaton is at, each once. */
struct places {
    uint32_t *items;
    uint32_t count;
};

struct run {
    const struct regex *regex;
    struct places now, next;
    uint32_t *waiting;      /* places to follow */
    uint32_t *seen;         /* by place: the position at which it was last added */
    uint32_t position;      /* from 1 */
    uint32_t before, after; /* the characters around the position */
};

static bool is_word(uint32_t character)
{
    return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
           (character >= 'a' && character <= 'z') || character == '_';
}

static bool holds(const struct run *run, enum regex_op op)
{
    switch (op) {
    case REGEX_TEXT_BEGIN:
        return run->before == NO_CHARACTER;
    case REGEX_TEXT_END:
        return run->after == NO_CHARACTER;
    case REGEX_LINE_BEGIN:
        return run->before == NO_CHARACTER || run->before == '\n';
    case REGEX_LINE_END:
        return run->after == NO_CHARACTER || run->after == '\n';
    case REGEX_WORD_EDGE:
        return is_word(run->before) != is_word(run->after);
    default:
        return is_word(run->before) == is_word(run->after);
    }
}

static void wait_at(struct run *run, uint32_t place, uint32_t *waiting_count)
{
    if (run->seen[place] == run->position)
        return;
    run->seen[place] = run->position;
    run->waiting[(*waiting_count)++] = place;
}

/* Adds a place and all that can be reached from it without a character. True at the end of the
 * pattern. A loop around nothing ends because a place is added once for each position. */
static bool add(struct run *run, struct places *places, uint32_t start)
{
    uint32_t waiting_count = 0;

    wait_at(run, start, &waiting_count);
    while (waiting_count > 0) {
        uint32_t place = run->waiting[--waiting_count];
        const struct instruction *instruction = &run->regex->instructions[place];
        switch (instruction->op) {
        case REGEX_MATCH:
            return true;
        case REGEX_CHARACTER:
        case REGEX_CLASS:
            places->items[places->count++] = place;
            break;
        case REGEX_SPLIT:
            wait_at(run, place + (uint32_t)instruction->second, &waiting_count);
            wait_at(run, place + (uint32_t)instruction->first, &waiting_count);
            break;
        case REGEX_JUMP:
            wait_at(run, place + (uint32_t)instruction->first, &waiting_count);
            break;
        default:
            if (holds(run, instruction->op))
                wait_at(run, place + 1, &waiting_count);
            break;
        }
    }
    return false;
}

static bool in_ranges(const struct character_range *ranges, uint32_t count, uint32_t character)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (character > ranges[middle].high)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && character >= ranges[low].low;
}

static bool takes(const struct regex *regex, const struct instruction *instruction, uint32_t character)
{
    if (instruction->op == REGEX_CHARACTER)
        return (uint32_t)instruction->first == character;
    return in_ranges(regex->ranges + instruction->first, (uint32_t)instruction->second, character);
}

/* Moves every place over one character; true where one of them ends the pattern. */
static bool step(struct run *run, uint32_t character)
{
    run->next.count = 0;
    for (uint32_t i = 0; i < run->now.count; i++) {
        uint32_t place = run->now.items[i];
        if (takes(run->regex, &run->regex->instructions[place], character) && add(run, &run->next, place + 1))
            return true;
    }
    struct places taken = run->now;
    run->now = run->next;
    run->next = taken;
    return false;
}

static bool search(struct run *run, struct cel_text text)
{
    const char *at = text.len > 0 ? text.data : "", *end = at + text.len;

    run->before = NO_CHARACTER;
    run->after = at < end ? cel_utf8_next(&at, end) : NO_CHARACTER;
    run->position = 1;
    while (!add(run, &run->now, 0)) { /* a match may begin anywhere */
        if (run->after == NO_CHARACTER)
            return false;
        uint32_t character = run->after;
        run->before = character;
        run->after = at < end ? cel_utf8_next(&at, end) : NO_CHARACTER;
        run->position++;
        if (step(run, character))
            return true;
    }
    return true;
}

size_t cel_regex_space_bytes(const struct regex *regex)
{
    return (size_t)regex->count * 4 * sizeof(uint32_t);
}

bool cel_regex_matches(const struct regex *regex, struct cel_text text, void *space)
{
    uint32_t *words = space;
    struct run run = {
        .regex = regex,
        .now = {.items = words},
        .next = {.items = words + regex->count},
        .waiting = words + (size_t)regex->count * 2,
        .seen = words + (size_t)regex->count * 3,
    };

    for (uint32_t i = 0; i < regex->count; i++)
        run.seen[i] = 0;
    return search(&run, text);
}

uint64_t cel_regex_cost_steps(const struct regex *regex, size_t len)
{
    return 1 + (uint64_t)(len + 1) * regex->count / INSTRUCTIONS_PER_STEP;
}
