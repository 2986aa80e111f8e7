/*
 * lexicon.h - words found by one multiplication: their first eight bytes and their length are
 * hashed into a table in which no two words share a slot.
 *
 * The compiler computes the slots from the words themselves, and refuses a table in which two
 * words would meet (-Woverride-init): another odd factor has to be found then, by lexicon.py.
 */
#ifndef WIRE_LEXICON_H
#define WIRE_LEXICON_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LEXICON_SLOTS 128
#define LEXICON_BYTES_MAX 16 /* longest word */

typedef struct lexicon_word {
    uint64_t first,
        last;    /* its first and its last eight bytes; of a short one both are all of it */
    uint8_t len; /* 0: an empty slot */
    uint8_t list, number; /* what it says */
} lexicon_word;

#define LEXICON_BYTE(text, i, shift)                                                               \
    ((i) < sizeof(text) - 1 ? (uint64_t)(uint8_t)(text)[(i) < sizeof(text) ? (i) : 0] << (shift)   \
                            : 0)
#define LEXICON_EIGHT(text, i)                                                                     \
    (LEXICON_BYTE(text, i, 0) | LEXICON_BYTE(text, (i) + 1, 8) | LEXICON_BYTE(text, (i) + 2, 16) | \
     LEXICON_BYTE(text, (i) + 3, 24) | LEXICON_BYTE(text, (i) + 4, 32) |                           \
     LEXICON_BYTE(text, (i) + 5, 40) | LEXICON_BYTE(text, (i) + 6, 48) |                           \
     LEXICON_BYTE(text, (i) + 7, 56))
#define LEXICON_SLOT(first, len, factor) ((((first) ^ (len)) * (factor)) >> 57)

/* One initializer of a table: the slot and the word in it. */
#define LEXICON_WORD(text, factor, list, number)                                                   \
    [LEXICON_SLOT(LEXICON_EIGHT(text, 0), sizeof(text) - 1, factor)] = {                           \
        LEXICON_EIGHT(text, 0), LEXICON_EIGHT(text, sizeof(text) > 9 ? sizeof(text) - 9 : 0),      \
        sizeof(text) - 1, list, number}

/* Up to eight bytes as a word, the first lowest; nothing is read behind them. */
static inline uint64_t lexicon_load(const char *text, size_t len)
{
    uint64_t word = 0;

    memcpy(&word, text, len);
    return le64toh(word);
}

/* The word of `len` bytes, LEXICON_BYTES_MAX at most, whose first eight are `first`; NULL where the
 * table has none. */
static inline const lexicon_word *lexicon_at(const lexicon_word table[LEXICON_SLOTS],
                                             uint64_t factor, uint64_t first, const char *text,
                                             size_t len)
{
    const lexicon_word *word = &table[LEXICON_SLOT(first, len, factor)];

    if (word->first != first || word->len != len ||
        (len > 8 && word->last != lexicon_load(text + len - 8, 8)))
        return NULL;
    return word;
}

/* The word that a text is. */
static inline const lexicon_word *lexicon_find(const lexicon_word table[LEXICON_SLOTS],
                                               uint64_t factor, const char *text, size_t len)
{
    if (len == 0 || len > LEXICON_BYTES_MAX)
        return NULL;
    return lexicon_at(table, factor, lexicon_load(text, len < 8 ? len : 8), text, len);
}

/* The same of a text that has more behind it, as most in a message do: from its start `left` bytes
 * may be read, so that eight can be loaded at once. */
static inline const lexicon_word *lexicon_quick(const lexicon_word table[LEXICON_SLOTS],
                                                uint64_t factor, const char *text, size_t len,
                                                size_t left)
{
    static const uint64_t masks[LEXICON_BYTES_MAX + 1] = {0,
                                                          0xff,
                                                          0xffff,
                                                          0xffffff,
                                                          UINT32_MAX,
                                                          UINT64_MAX >> 24,
                                                          UINT64_MAX >> 16,
                                                          UINT64_MAX >> 8,
                                                          UINT64_MAX,
                                                          UINT64_MAX,
                                                          UINT64_MAX,
                                                          UINT64_MAX,
                                                          UINT64_MAX,
                                                          UINT64_MAX,
                                                          UINT64_MAX,
                                                          UINT64_MAX,
                                                          UINT64_MAX};

    if (left < 8 || len == 0 || len > LEXICON_BYTES_MAX)
        return lexicon_find(table, factor, text, len);
    return lexicon_at(table, factor, lexicon_load(text, 8) & masks[len], text, len);
}

#endif
