/* utf8.c: characters in UTF-8, strictly: no overlong forms, no surrogates, up to U+10FFFF. */
#include "internal.h"

/* The length of the character that begins at data, 0 for none. */
static size_t utf8_length(const unsigned char *data, size_t len)
{
    unsigned char first = data[0];
    size_t need = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (need == 0 || first > 0xf4 || need > len)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((data[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && data[1] < 0xa0) || (first == 0xed && data[1] > 0x9f) || (first == 0xf0 && data[1] < 0x90) ||
        (first == 0xf4 && data[1] > 0x8f))
        return 0;
    return need;
}

uint32_t cel_utf8_next(const char **at, const char *end)
{
    static const unsigned char first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *data = (const unsigned char *)*at;
    size_t length = utf8_length(data, (size_t)(end - *at));

    if (length == 0) {
        (*at)++;
        return 0xfffd;
    }
    uint32_t character = data[0] & first_mask[length];
    for (size_t i = 1; i < length; i++)
        character = character << 6 | (data[i] & 0x3f);
    *at += length;
    return character;
}

size_t cel_utf8_put(char *to, uint32_t character)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        to[0] = (char)(0xc0 | character >> 6);
        to[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        to[0] = (char)(0xe0 | character >> 12);
        to[1] = (char)(0x80 | (character >> 6 & 0x3f));
        to[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | character >> 18);
    to[1] = (char)(0x80 | (character >> 12 & 0x3f));
    to[2] = (char)(0x80 | (character >> 6 & 0x3f));
    to[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

size_t cel_utf8_count(const char *data, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)data[i] & 0xc0) != 0x80;
    return count;
}

size_t cel_utf8_check(const char *data, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t length = utf8_length((const unsigned char *)data + at, len - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}
