/* letters.h - the letters of printed names as people compare them: without case and marks. */
#ifndef FACTS_LETTERS_H
#define FACTS_LETTERS_H

#include "thaw.h"

#define LETTER_NONE 0u /* a sign above or between letters */
#define LETTER_SPACE ' '

/* The next code point of a text in UTF-8. */
uint32_t letter_next(const char **at, const char *end);

/* A code point as a small letter without marks, a digit, LETTER_SPACE for all that parts words, or LETTER_NONE. */
uint32_t letter_plain(uint32_t c);

/* The same for names whose words, in any order, are the same plain letters. */
uint64_t name_plain_hash(thaw_str name);
/* The same for names of the same plain letters in one order, wherever they are parted: Xiaobo, Xiao-bo. */
uint64_t name_joined_hash(thaw_str name);

#endif
