/*
 * skeleton.h - names as they sound, and whether two may be one person's.
 *
 * A name is folded to a skeleton of consonants, one letter for all sounds that its transliterations
 * exchange: vowels, softness and signs dropped, words sorted.
 *
 *     t ts c cz      T    Tikhanovsky, Tsikhanouski, Cichanouski
 *     k g h kh x     K    Sergei, Serhiy, Siarhei
 *     s sh sz        S    v w u-after-a-vowel  V      rz r  R      zh z  Z
 *     c ch           *    stands for T as well as K: Bialacki, Cole; Stefanovich, Cichanouski
 *     you yu ju iu        is a vowel: Youras, Juraś; Yulia, Юлия
 *
 * Letters of a script without such a table stand for themselves. Two persons whose words are all equal, or all
 * but one that differs by one letter, are close, and so are two whose printed names are the same but for case,
 * marks and the order of words, or where they are parted, however short. How well this does is measured by
 * tests/facts/spellings.py (FACTS.md, section 4).
 */
#ifndef FACTS_SKELETON_H
#define FACTS_SKELETON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "thaw.h"

#define SKELETON_WORDS 6
#define SKELETON_WORD_BYTES 24

typedef struct skeleton {
    char words[SKELETON_WORDS][SKELETON_WORD_BYTES];
    uint32_t count;
} skeleton;

typedef struct named {
    thaw_str name;          /* not owned */
    uint64_t plain, joined; /* name_plain_hash, name_joined_hash */
    skeleton bones;
} named;

void named_make(thaw_str name, named *ret_named);

/* Close are names of equal `plain` or of equal `joined`; and those whose skeletons are:
 * the shorter one, of two words at least, has for each of its words one of the other, which is the same but for one
 * that may differ by a letter. */
bool names_close(const named *a, const named *b);

/* Whether it may be the shorter one of two that are close: it has words and letters enough. */
bool skeleton_tells(const skeleton *s);

/* T and K as the sign that stands for both. */
char sound_of_key(char sound);

/* A hash of a word of a skeleton without its letter at `without` (SIZE_MAX: of all): the same for words that are the
 * same. Of two that differ by a letter the one, whole or without some letter, has the hash of the other, whole or
 * without one. */
uint64_t word_hash(const char *word, size_t without);

#endif
