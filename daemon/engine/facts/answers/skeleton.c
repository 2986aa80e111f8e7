/* skeleton.c - see skeleton.h. */
#include "facts/answers/skeleton.h"

#include <stdlib.h>
#include <string.h>

#include "facts/answers/letters.h"

#define NAME_LETTERS 3 /* of a name of one sound: Yulia, Anna; an initial, al and de tell nobody apart */
#define NAME_BYTES 256

#define ENDS_WORD LETTER_SPACE
#define VOWEL 'a'    /* dropped, but parts equal sounds and turns a u behind it into V */
#define NOTHING '\0' /* LETTER_NONE */

/* A letter of another script, in a byte that no sound has. */
static char sound_of_itself(uint32_t c)
{
    uint32_t plain = letter_plain(c);
    return plain == LETTER_NONE ? NOTHING : plain == LETTER_SPACE ? ENDS_WORD : (char)(0x80 | (plain & 0x7f));
}

/* A letter of Cyrillic or of Latin with a mark, as a sound or as a plain letter (small) to look at further. */
static char sound_of_other(uint32_t c)
{
    /* а б в г д е ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я */
    static const char cyrillic[] = "aBVKDaZZa\0KLMNaPRSTuFKTTSS\0a\0aaa";
    static const struct {
        uint16_t low, high; /* small and capital */
        char sound;
    } marked[] = {{0x10d, 0x10c, 'T'}, {0x107, 0x106, 'T'}, {0x21b, 0x21a, 'T'}, {0x163, 0x162, 'T'},
                  {0x165, 0x164, 'T'}, {0x161, 0x160, 'S'}, {0x15b, 0x15a, 'S'}, {0x219, 0x218, 'S'},
                  {0x15f, 0x15e, 'S'}, {0x17e, 0x17d, 'Z'}, {0x17a, 0x179, 'Z'}, {0x17c, 0x17b, 'Z'},
                  {0x142, 0x141, 'L'}, {0x144, 0x143, 'N'}, {0x148, 0x147, 'N'}, {0xf1, 0xd1, 'N'},
                  {0x159, 0x158, 'R'}, {0x111, 0x110, 'D'}, {0x16d, 0x16c, 'V'}, {0x45e, 0x40e, 'V'},
                  {0x491, 0x490, 'K'}, {0x456, 0x406, 'a'}, {0x457, 0x407, 'a'}, {0x454, 0x404, 'a'},
                  {0x451, 0x401, 'a'}, {0x11f, 0x11e, 'K'}, {0x131, 0x130, 'a'}};
    if (c >= 0x410 && c <= 0x42f)
        c += 32;
    if (c >= 0x430 && c <= 0x44f)
        return cyrillic[c - 0x430];
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++)
        if (c == marked[i].low || c == marked[i].high)
            return marked[i].sound;
    return (c >= 0xc0 && c <= 0x2af) || (c >= 0x1ea0 && c <= 0x1ef9) ? VOWEL : sound_of_itself(c);
}

/* What the Latin letters at the start of a text sound like, and how many of them make the sound. */
static char sound_of_latin(const char *at, size_t *ret_taken)
{
    static const struct {
        char letters[5], sound;
    } several[] = {{"shch", 'S'},  {"szcz", 'S'}, {"tsch", 'T'}, {"tch", 'T'}, {"sch", 'S'}, {"sh", 'S'},
                   {"sz", 'S'},    {"cz", 'T'},   {"ts", 'T'},   {"tz", 'T'},  {"kh", 'K'},  {"gh", 'K'},
                   {"ck", 'K'},    {"ch", '*'},   {"zh", 'Z'},   {"rz", 'R'},  {"ph", 'F'},  {"th", 'T'},
                   {"you", VOWEL}, {"yu", VOWEL}, {"ju", VOWEL}, {"iu", VOWEL}};
    static const char single[] = "aB*DaFKKaaKLMNaPKRSTuVVxaZ";
    for (size_t i = 0; i < sizeof several / sizeof *several; i++)
        if (*at == *several[i].letters && strncmp(at, several[i].letters, strlen(several[i].letters)) == 0) {
            *ret_taken = strlen(several[i].letters);
            return several[i].sound;
        }
    *ret_taken = 1;
    return *at >= 'a' && *at <= 'z' ? single[*at - 'a'] : *at;
}

static int word_order(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The name in small Latin letters and, where a letter is of another script or bears a mark, sounds. */
static size_t letters_of(thaw_str name, char text[NAME_BYTES])
{
    const char *at = name.data, *end = name.data + name.len;
    size_t length = 0;
    while (at < end && length < NAME_BYTES - 2) {
        uint32_t c = letter_next(&at, end);
        if (c < 0x80)
            c = letter_plain(c) >= '0' && letter_plain(c) <= '9' ? NOTHING : letter_plain(c);
        else
            c = (uint32_t)(unsigned char)sound_of_other(c);
        if (c)
            text[length++] = (char)c;
    }
    text[length++] = ENDS_WORD;
    text[length] = '\0';
    return length;
}

static void skeleton_of(thaw_str name, skeleton *s)
{
    char text[NAME_BYTES], last = NOTHING;
    size_t end = letters_of(name, text), taken = 1, begin = 0;
    uint32_t length = 0;
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < end && s->count < SKELETON_WORDS; i += taken) {
        char sound = sound_of_latin(text + i, &taken), *word = s->words[s->count];
        if (sound == 'u') /* between a vowel and what is none it is a consonant: Maushuk, Movshuk */
            sound = last == VOWEL && !strchr("aeiouyjV ", text[i + 1]) ? 'V' : VOWEL;
        if (sound == ENDS_WORD) {
            bool tells = length > 1 || (length && i - begin >= NAME_LETTERS);
            s->count += tells;
            memset(word + (tells ? length : 0), 0, SKELETON_WORD_BYTES - (tells ? length : 0));
            length = 0;
            begin = i + taken;
        } else if (sound == 'x' && length < SKELETON_WORD_BYTES - 2) {
            word[length++] = 'K';
            word[length++] = 'S';
        } else if (sound != VOWEL && sound != 'x' && sound != last && length < SKELETON_WORD_BYTES - 1) {
            word[length++] = sound;
        }
        last = sound;
    }
    qsort(s->words, s->count, SKELETON_WORD_BYTES, word_order);
}

static bool sounds_same(char a, char b)
{
    return a == b || (a == '*' && (b == 'T' || b == 'K')) || (b == '*' && (a == 'T' || a == 'K'));
}

static bool words_same(const char *a, const char *b)
{
    for (; *a && sounds_same(*a, *b); a++)
        b++;
    return !*a && !*b;
}

/* Whether two words differ by at most one letter put in, left out or changed. */
static bool words_close(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b), i = 0;
    if (la > lb)
        return words_close(b, a);
    if (lb - la > 1 || la < 3)
        return words_same(a, b);
    while (i < la && sounds_same(a[i], b[i]))
        i++;
    return la == lb ? i == la || words_same(a + i + 1, b + i + 1) : words_same(a + i, b + i + 1);
}

/* The first unused word of a skeleton that is the same or close; SKELETON_WORDS: none. */
static uint32_t word_find(const skeleton *s, const bool used[], const char *word,
                          bool (*alike)(const char *, const char *))
{
    for (uint32_t i = 0; i < s->count; i++)
        if (!used[i] && alike(s->words[i], word))
            return i;
    return SKELETON_WORDS;
}

bool skeleton_tells(const skeleton *s)
{
    size_t letters = 0;
    for (uint32_t i = 0; i < s->count; i++)
        letters += strlen(s->words[i]);
    return s->count > 1 && letters > 3;
}

/* Every word of the shorter name has one of its own in the other: the same, but for one that is close. */
static bool skeletons_close(const skeleton *a, const skeleton *b)
{
    if (a->count > b->count)
        return skeletons_close(b, a);
    if (!skeleton_tells(a))
        return false;
    bool used[SKELETON_WORDS] = {false};
    uint32_t left = SKELETON_WORDS;
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t found = word_find(b, used, a->words[i], words_same);
        if (found < SKELETON_WORDS)
            used[found] = true;
        else if (left < SKELETON_WORDS)
            return false;
        else
            left = i;
    }
    return left == SKELETON_WORDS || word_find(b, used, a->words[left], words_close) < SKELETON_WORDS;
}

bool names_close(const named *a, const named *b)
{
    return (a->name.len && (a->plain == b->plain || a->joined == b->joined)) || skeletons_close(&a->bones, &b->bones);
}

void named_make(thaw_str name, named *ret_named)
{
    ret_named->name = name;
    ret_named->plain = name_plain_hash(name);
    ret_named->joined = name_joined_hash(name);
    skeleton_of(name, &ret_named->bones);
}

char sound_of_key(char sound)
{
    return sound == 'T' || sound == 'K' ? '*' : sound;
}

/* FNV-1a */
uint64_t word_hash(const char *word, size_t without)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; word[i]; i++)
        if (i != without)
            hash = (hash ^ (uint8_t)sound_of_key(word[i])) * 0x100000001b3;
    return hash;
}
