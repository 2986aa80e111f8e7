/*
 * mentions.h - what a report names, as strings of nodes, one mention after another.
 */
#ifndef FACTS_MENTIONS_H
#define FACTS_MENTIONS_H

#include "facts/entities/entities.h"

#define STRINGS_MAX 65 /* ids of one party and its name: thaw_limits.ids and one */
#define STRING_BYTES 4200 /* a printed name and its letter: thaw_limits.text_bytes, and room */

/* The strings of one party, in a buffer of their own; 13 KiB of stack. */
typedef struct strings {
    thaw_str at[STRINGS_MAX];
    uint32_t count;
    size_t used;
    char text[STRINGS_MAX * 130 + STRING_BYTES];
} strings;

/* By what the person at a place of a report is known. */
void person_strings(strings *s, const report *r, uint32_t place, const thaw_party *person);
/* Does something with one mention of these strings: mention_add, mention_take. Returns a node of them; 0: none. */
typedef uint32_t (*mention_fn)(facts *, uint32_t scope, const thaw_str[], uint32_t count, mention, bool tie);
/* And with a party of a sanction, which is one for all authorities. */
typedef void (*party_fn)(facts *, const char country_code[2], const strings *, mention, mention_fn);

/* Calls for each person that a report names, by ids and by name. */
void persons_each(facts *f, uint32_t number, const thaw_event *event, mention_fn on_mention);
/* Calls for each object of a sanction; returns a node of the only one; 0: there is none, or there are several.
 * on_party may be NULL. */
uint32_t objects_each(facts *f, uint32_t number, const thaw_event *event, mention_fn on_mention, party_fn on_party);
/* The node of a text with the letter before it that says what it is (mentions.c); 0: none. */
uint32_t mention_find(const facts *f, uint32_t scope, char what, thaw_str text);
/* Whether the `sector` of a sanction names any. */
bool names_sector(thaw_str sector);

#endif
