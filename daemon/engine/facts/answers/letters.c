/*
 * letters.c - the letters of printed names as people compare them: without case and marks.
 *
 * A letter may come with its mark in one code point or in two, a list prints surnames in capitals. What is no
 * letter with a mark stands for itself.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <xxhash.h>

#include "facts/answers/letters.h"
#include "facts/state/state.h"

uint32_t letter_next(const char **at, const char *end)
{
    const unsigned char *p = (const unsigned char *)*at;
    int more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? *p : *p & (0x3fu >> more);
    (*at)++;
    for (; more && *at < end; more--)
        c = c << 6 | ((unsigned char)*(*at)++ & 0x3fu);
    return c;
}

typedef struct letters {
    uint16_t first, last;
} letters;

static bool is_among(uint32_t c, const letters *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= list[i].first && c <= list[i].last)
            return true;
    return false;
}

static bool is_sign(uint32_t c)
{
    static const letters signs[] = {{0x80, 0xbf},     {0x2b0, 0x36f},   {0x483, 0x487},   {0x559, 0x55f},
                                    {0x591, 0x5cf},   {0x600, 0x61f},   {0x640, 0x640},   {0x64b, 0x65f},
                                    {0x670, 0x670},   {0x6d4, 0x6ed},   {0x2000, 0x2e7f}, {0x3000, 0x3004},
                                    {0x30fb, 0x30fc}, {0xfe00, 0xfe2f}, {0xfeff, 0xfeff}};
    return is_among(c, signs, sizeof signs / sizeof *signs);
}

static bool is_space(uint32_t c)
{
    static const letters spaces[] = {
        {0xa0, 0xa0}, {0x2000, 0x200a}, {0x2010, 0x2015}, {0x202f, 0x202f}, {0x3000, 0x3000}};
    return is_among(c, spaces, sizeof spaces / sizeof *spaces);
}

static uint32_t plain_ascii(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return c;
    return c && strchr(" -().,", (int)c) ? LETTER_SPACE : LETTER_NONE;
}

/* A small letter where it has a capital. */
static uint32_t small(uint32_t c)
{
    static const struct {
        uint16_t first, last, distance;
    } capitals[] = {{0x391, 0x3a9, 32}, {0x400, 0x40f, 80}, {0x410, 0x42f, 32}, {0x531, 0x556, 48}};
    for (size_t i = 0; i < sizeof capitals / sizeof *capitals; i++)
        if (c >= capitals[i].first && c <= capitals[i].last)
            return c + capitals[i].distance;
    return (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f) ? c | 1 : c;
}

/* A letter of Latin with a mark, small or capital; '.' stands for itself. */
static uint32_t plain_latin(uint32_t c)
{
    static const char marked[] = "aaaaaa.ceeeeiiiidnooooo.ouuuuy.."
                                 "aaaaaa.ceeeeiiiidnooooo.ouuuuy.y"
                                 "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk."
                                 "llllllllllnnnnnn...oooooo..rrrrrrsssssssstttttt"
                                 "uuuuuuuuuuuuwwyyyzzzzzzs";
    static const struct {
        uint16_t first, last;
        char plain;
    } more[] = {{0x1a0, 0x1a1, 'o'},   {0x1af, 0x1b0, 'u'},   {0x218, 0x219, 's'},   {0x21a, 0x21b, 't'},
                {0x1ea0, 0x1eb7, 'a'}, {0x1eb8, 0x1ec7, 'e'}, {0x1ec8, 0x1ecb, 'i'}, {0x1ecc, 0x1ee3, 'o'},
                {0x1ee4, 0x1ef1, 'u'}, {0x1ef2, 0x1ef9, 'y'}};
    static_assert(sizeof marked == 0x180 - 0xc0 + 1, "a letter for each code point");
    if (c >= 0xc0 && c < 0x180 && marked[c - 0xc0] != '.')
        return (uint32_t)marked[c - 0xc0];
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (c >= more[i].first && c <= more[i].last)
            return (uint32_t)more[i].plain;
    return c;
}

/* A small letter of Azeri, Greek, Cyrillic or Arabic without its mark, or as keyboards of another language write it. */
static uint32_t plain_other(uint32_t c)
{
    static const struct {
        uint16_t variant, plain;
    } same[] = {{0x18f, 0x259}, {0x386, 0x3b1}, {0x388, 0x3b5}, {0x389, 0x3b7}, {0x38a, 0x3b9}, {0x38c, 0x3bf},
                {0x38e, 0x3c5}, {0x38f, 0x3c9}, {0x390, 0x3b9}, {0x3ac, 0x3b1}, {0x3ad, 0x3b5}, {0x3ae, 0x3b7},
                {0x3af, 0x3b9}, {0x3b0, 0x3c5}, {0x3c2, 0x3c3}, {0x3ca, 0x3b9}, {0x3cb, 0x3c5}, {0x3cc, 0x3bf},
                {0x3cd, 0x3c5}, {0x3ce, 0x3c9}, {0x439, 0x438}, {0x450, 0x435}, {0x451, 0x435}, {0x453, 0x433},
                {0x457, 0x456}, {0x45c, 0x43a}, {0x45d, 0x438}, {0x45e, 0x443}, {0x622, 0x627}, {0x623, 0x627},
                {0x625, 0x627}, {0x629, 0x647}, {0x649, 0x64a}, {0x6cc, 0x64a}, {0x6a9, 0x643}, {0x6c0, 0x647}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (c == same[i].variant)
            return same[i].plain;
    return c;
}

uint32_t letter_plain(uint32_t c)
{
    if (c < 0x80)
        return plain_ascii(c);
    if (is_space(c))
        return LETTER_SPACE;
    return is_sign(c) ? LETTER_NONE : plain_other(plain_latin(small(c)));
}

uint64_t name_plain_hash(thaw_str name)
{
    const char *at = name.data, *end = name.data + name.len;
    uint64_t words = 0, word = 0;
    while (at < end) {
        uint32_t letter = letter_plain(letter_next(&at, end));
        if (letter == LETTER_SPACE) {
            words += word;
            word = 0;
        } else if (letter != LETTER_NONE) {
            word = mix(word, letter);
        }
    }
    words += word;
    return words ? words : XXH3_64bits(name.data, name.len);
}

uint64_t name_joined_hash(thaw_str name)
{
    const char *at = name.data, *end = name.data + name.len;
    uint64_t all = 0;
    while (at < end) {
        uint32_t letter = letter_plain(letter_next(&at, end));
        if (letter != LETTER_SPACE && letter != LETTER_NONE)
            all = mix(all, letter);
    }
    return all ? all : XXH3_64bits(name.data, name.len);
}
