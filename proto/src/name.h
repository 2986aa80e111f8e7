/* name.h - the words of the enumerations, by number. */
#ifndef WIRE_NAME_H
#define WIRE_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "lexicon.h"

typedef struct wire_names {
    const char *const *text; /* [0] is no word */
    const uint8_t *len;
    uint8_t count; /* numbers 1 to count - 1 are words */
    uint8_t list;  /* in the lexicon */
} wire_names;

extern const wire_names wire_kind_names, wire_status_names, wire_count_is_names, wire_covers_names,
    wire_of_names, wire_feed_state_names, wire_form_names, wire_action_names, wire_stage_names;

/* The words of all lists as a lexicon, in whose table no two meet with this factor. */
#define WIRE_WORDS_FACTOR UINT64_C(0x9f801acac3282949)
extern const lexicon_word wire_words[LEXICON_SLOTS];

/* Number of a word; 0 where it is none of them. */
unsigned wire_names_find(const wire_names *names, const char *text, size_t len);

/* Writes "a, b or c" into out, cut to its size. */
void wire_names_list(const wire_names *names, char *out, size_t size);

#endif
