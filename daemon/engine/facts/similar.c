/*
 * similar.c - names that may be one person's: offered as possible, never merged.
 *
 * A name is folded to a skeleton: letters of Latin and Cyrillic to plain sounds, vowels and signs of softness
 * dropped, words sorted. Two persons whose skeletons are equal, or share all words of the shorter but for
 * one letter in one of them, are close.
 */
#include <stdlib.h>
#include <string.h>

#include "write.h"

#define WORDS_MAX 6
#define WORD_BYTES 24
#define PERSONS_MAX 5000u /* of a country; beyond, none are compared */
#define PAIRS_MAX 1000u

typedef struct skeleton {
    char words[WORDS_MAX][WORD_BYTES];
    uint32_t count;
} skeleton;

/* The sound of one code point; '\0' drops it, ' ' ends a word. */
static const char *sound_of(uint32_t c)
{
    static const char *const cyrillic[32] = {"", "b", "v", "h", "d", "", "z", "z", "", "", "k", "l", "m", "n", "", "p",
                                             "r", "s", "t", "", "f", "k", "c", "c", "s", "s", "", "", "", "", "", ""};
    static const char *const latin[26] = {"", "b", "c", "d", "", "f", "h", "", "", "", "k", "l", "m",
                                          "n", "", "p", "k", "r", "s", "t", "", "v", "v", "ks", "", "z"};
    if (c >= 'A' && c <= 'Z')
        c += 32;
    if (c >= 'a' && c <= 'z')
        return latin[c - 'a'];
    if (c >= 0x410 && c <= 0x42f)
        c += 32;
    if (c >= 0x430 && c <= 0x44f)
        return cyrillic[c - 0x430];
    switch (c) {
    case 0x10d: case 0x10c: case 0x107: case 0x106: return "c";
    case 0x161: case 0x160: case 0x15b: case 0x15a: return "s";
    case 0x17e: case 0x17d: case 0x17a: case 0x179: case 0x17c: case 0x17b: return "z";
    case 0x142: case 0x141: return "l";
    case 0x144: case 0x143: return "n";
    case 0x45e: case 0x40e: case 0x16d: case 0x16c: return "v";
    case ' ': case '-': case '(': case ')': case '.': case ',': return " ";
    default: return "";
    }
}

static uint32_t code_point(const char **at, const char *end)
{
    const unsigned char *p = (const unsigned char *)*at;
    int more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? *p : *p & (0x3fu >> more);
    (*at)++;
    for (; more && *at < end; more--)
        c = c << 6 | ((unsigned char)*(*at)++ & 0x3fu);
    return c;
}

static int word_order(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void skeleton_of(thaw_str name, skeleton *s)
{
    memset(s, 0, sizeof *s);
    const char *at = name.data, *end = name.data + name.len;
    uint32_t length = 0;
    while (at < end && s->count < WORDS_MAX) {
        const char *sound = sound_of(code_point(&at, end));
        if (*sound == ' ') {
            s->count += length > 1;
            memset(s->words[s->count < WORDS_MAX ? s->count : 0] , 0, s->count < WORDS_MAX ? WORD_BYTES : 0);
            length = 0;
            continue;
        }
        for (; *sound && length < WORD_BYTES - 1; sound++)
            if (!length || s->words[s->count][length - 1] != *sound)
                s->words[s->count][length++] = *sound;
    }
    s->count += length > 1 && s->count < WORDS_MAX;
    qsort(s->words, s->count, WORD_BYTES, word_order);
}

/* Whether two words differ by at most one letter put in, left out or changed. */
static bool words_close(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b), i = 0;
    if (la > lb)
        return words_close(b, a);
    if (lb - la > 1 || la < 3)
        return strcmp(a, b) == 0;
    while (i < la && a[i] == b[i])
        i++;
    return la == lb ? i == la || strcmp(a + i + 1, b + i + 1) == 0 : strcmp(a + i, b + i + 1) == 0;
}

static bool skeletons_close(const skeleton *a, const skeleton *b)
{
    if (a->count > b->count)
        return skeletons_close(b, a);
    if (a->count < 2)
        return false;
    uint32_t equal = 0, close = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        bool same = false, near = false;
        for (uint32_t j = 0; j < b->count; j++) {
            same = same || strcmp(a->words[i], b->words[j]) == 0;
            near = near || words_close(a->words[i], b->words[j]);
        }
        equal += same;
        close += near;
    }
    return close == a->count && equal + 1 >= a->count;
}

typedef struct named {
    uint32_t entity;
    skeleton bones;
} named;

void write_possible(facts *f, msgpack_packer *out, const char *code)
{
    uint32_t sc = scope_index(f, SCOPE_PERSON, code, 0, false), count = 0, pairs = 0;
    named *list = calloc(PERSONS_MAX, sizeof *list);
    for (uint32_t i = 1; list && sc && i < f->entities_count && count < PERSONS_MAX; i++)
        if (f->entities[i].used && f->entities[i].handle && f->entities[i].scope == sc) {
            list[count].entity = i;
            skeleton_of(entity_name(f, i), &list[count++].bones);
        }
    for (int pass = 0; pass < 2; pass++) {
        if (pass)
            msgpack_pack_array(out, pairs);
        pairs = 0;
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t j = i + 1; j < count && pairs < PAIRS_MAX; j++) {
                if (!skeletons_close(&list[i].bones, &list[j].bones))
                    continue;
                pairs++;
                if (!pass)
                    continue;
                msgpack_pack_map(out, 2);
                write_key(out, "person");
                write_str(out, entity_name(f, list[i].entity));
                write_key(out, "maybe");
                write_str(out, entity_name(f, list[j].entity));
            }
    }
    free(list);
}
