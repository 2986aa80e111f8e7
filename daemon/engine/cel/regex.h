/* regex.h: what the parts of pattern matching share. regex_parse.c reads RE2's syntax,
 * regex_class.c the sets of characters, regex_build.c writes instructions, regex_match.c runs them.
 *
 * A pattern is a list of instructions for an automaton that is in many places at once: all that a
 * match could have come to. Every character of the text moves all of them one step, so that the
 * time is bounded by the length of the text times the length of the list, and there is nothing to
 * go back to. Repetitions are written out, within a limit. */
#ifndef THAW_CEL_REGEX_H
#define THAW_CEL_REGEX_H

#include "internal.h"

#define REGEX_CHARACTER_MAX 0x10ffffU
#define REGEX_INSTRUCTION_MAX_COUNT 10000
#define CLASS_RANGE_MAX_COUNT 256

struct character_range {
    uint32_t low, high;
};

enum regex_op {
    REGEX_CHARACTER, /* first: the character */
    REGEX_CLASS,     /* first: index of its ranges, second: how many */
    REGEX_SPLIT,     /* goes on at both: first, second */
    REGEX_JUMP,      /* goes on at first */
    REGEX_TEXT_BEGIN,
    REGEX_TEXT_END,
    REGEX_LINE_BEGIN,
    REGEX_LINE_END,
    REGEX_WORD_EDGE,
    REGEX_NO_WORD_EDGE,
    REGEX_MATCH,
};

/* Places to go on at are relative, so that a part can be moved and copied. */
struct instruction {
    enum regex_op op;
    int32_t first, second;
};

struct regex {
    const struct instruction *instructions;
    uint32_t count;
    const struct character_range *ranges;
};

/* Classes. */

struct character_class {
    struct character_range ranges[CLASS_RANGE_MAX_COUNT];
    size_t count;
    bool is_full; /* a range did not fit */
};

void cel_class_add(struct character_class *set, uint32_t low, uint32_t high);
/* \d, \s, \w (letter d, s, w) and what they leave out (D, S, W). */
void cel_class_add_letter(struct character_class *set, char letter);
/* "alpha", "^digit" and so on; false for an unknown name. */
bool cel_class_add_named(struct character_class *set, const char *name, size_t len);
/* Adds the other case of letters: Latin, Greek and Cyrillic. */
void cel_class_add_cases(struct character_class *set);
void cel_class_negate(struct character_class *set);
/* Sorts and joins ranges. */
void cel_class_tidy(struct character_class *set);

/* Building. A part is what stands from a place in the list to its end. */

struct regex_builder {
    struct instruction *instructions;
    uint32_t count, size;
    struct character_range *ranges;
    uint32_t range_count, range_size;
    bool too_long, no_memory; /* from then on nothing is added */
};

void cel_regex_put(struct regex_builder *builder, enum regex_op op, int32_t first, int32_t second);
/* A tidied class of at least one range. */
void cel_regex_put_class(struct regex_builder *builder, const struct character_class *set);
/* The part that begins there is repeated min to max times, max < 0 without end. */
void cel_regex_repeat(struct regex_builder *builder, uint32_t begin, int min, int max);
/* Turns the branch that begins there into one of several: another follows. Branches are chained
 * from *chain (first -1), which cel_regex_join() leads to the end of the last. */
void cel_regex_branch(struct regex_builder *builder, uint32_t begin, int32_t *chain);
void cel_regex_join(struct regex_builder *builder, int32_t chain);
/* Copies into the arena. Returns 0 or -ENOMEM. */
int cel_regex_finish(struct regex_builder *builder, struct arena *arena, const struct regex **ret_regex);
void cel_regex_clear(struct regex_builder *builder);

#endif
