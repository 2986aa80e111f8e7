/*
 * utf8.c - reading foreign text one character at a time.
 */
#include "forms/utf8.h"

uint32_t utf8_take(const char *text, size_t len, size_t *ret_length)
{
    const unsigned char *at = (const unsigned char *)text;
    *ret_length = 1;
    if (at[0] < 0x80)
        return at[0];
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > len)
        return UTF8_REPLACEMENT;
    uint32_t character = at[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return UTF8_REPLACEMENT;
        character = character << 6 | (at[i] & 0x3fU);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (character < least[length] || character > 0x10ffff ||
        (character >= 0xd800 && character <= 0xdfff))
        return UTF8_REPLACEMENT;
    *ret_length = length;
    return character;
}
