/* text.c - checking and quoting foreign text; see text.h. */
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "thaw.h"

#define EACH(byte) (0x0101010101010101ULL * (byte))

/* Whether one of eight bytes is not plain printable ASCII: above 0x7e or below 0x20. */
static bool wire_word_odd(uint64_t word)
{
    uint64_t low = (word - EACH(0x20)) & ~word;
    uint64_t high = word | (word + EACH(0x01)); /* 0x7f + 1 sets the top bit */
    return ((low | high) & EACH(0x80)) != 0;
}

void wire_clear(void *bytes, size_t len)
{
    memset(bytes, 0, len);
}

static uint64_t wire_word_load(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    return word;
}

/* Fewer than eight bytes as one word; some stand in it twice, the rest is filled with 'A's. */
static uint64_t wire_word_short(const char *text, size_t len)
{
    uint32_t front, back;
    const uint8_t *bytes = (const uint8_t *)text;

    if (len >= 4) {
        memcpy(&front, text, sizeof(front));
        memcpy(&back, text + len - sizeof(back), sizeof(back));
        return (uint64_t)front << 32 | back;
    }
    if (len == 0)
        return EACH('A');
    return (EACH('A') << 24) | (uint64_t)bytes[0] << 16 | (uint64_t)bytes[len / 2] << 8 |
           bytes[len - 1];
}

bool wire_text_plain(const char *text, size_t len)
{
    if (len < 8)
        return !wire_word_odd(wire_word_short(text, len));
    if (len < 16)
        return !wire_word_odd(wire_word_load(text)) &&
               !wire_word_odd(wire_word_load(text + len - 8));
    wire_lanes odd = wire_lanes_odd(text + len - 16);
    for (size_t at = 0; at + 16 < len; at += 16)
        odd |= wire_lanes_odd(text + at);
    return !wire_lanes_any(odd);
}

/* Whether all bytes of a character behind its first are such. */
static bool wire_text_follows(const uint8_t *text, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return false;
    return true;
}

size_t wire_text_char(const uint8_t *text, size_t len)
{
    uint8_t first = text[0];
    size_t need = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (need == 0 || first > 0xf4 || need > len || !wire_text_follows(text, need))
        return 0;
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f))
        return 0; /* overlong; surrogate */
    if ((first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
        return 0; /* overlong; above U+10FFFF */
    return need;
}

static bool wire_text_control(const uint8_t *text)
{
    return text[0] < 0x20 || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

wire_text wire_text_check(const char *text, size_t len, bool lines)
{
    const uint8_t *bytes = (const uint8_t *)text;
    bool control = false;

    if (wire_text_plain(text, len))
        return WIRE_TEXT_OK;
    for (size_t at = 0, step; at < len; at += step) {
        step = wire_text_char(bytes + at, len - at);
        if (step == 0)
            return WIRE_TEXT_UTF8;
        if (wire_text_control(bytes + at) && !(lines && (bytes[at] == '\t' || bytes[at] == '\n')))
            control = true; /* go on: what is not UTF-8 at all weighs more */
    }
    return control ? WIRE_TEXT_CONTROL : WIRE_TEXT_OK;
}

typedef struct wire_span {
    uint32_t first, last;
} wire_span;

static bool wire_span_holds(const wire_span *spans, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= spans[i].first && c <= spans[i].last)
            return true;
    return false;
}

/* Nothing of it is to be seen: spaces, joiners, marks of direction, fillers, selectors, tags. */
static bool wire_char_blank(uint32_t c)
{
    static const wire_span blanks[] = {
        {0x20, 0x20},     {0xa0, 0xa0},     {0xad, 0xad},     {0x34f, 0x34f},    {0x61c, 0x61c},
        {0x115f, 0x1160}, {0x1680, 0x1680}, {0x17b4, 0x17b5}, {0x180b, 0x180f},  {0x2000, 0x200f},
        {0x2028, 0x202f}, {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3000},  {0x3164, 0x3164},
        {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xe0000, 0xe0fff}};
    return wire_span_holds(blanks, sizeof(blanks) / sizeof(*blanks), c);
}

/* A sign that is neither a letter nor a digit in any script. */
static bool wire_char_punctuation(uint32_t c)
{
    static const wire_span signs[] = {
        {0x21, 0x2f},     {0x3a, 0x40},     {0x5b, 0x60},     {0x7b, 0x7e},     {0xa1, 0xa9},
        {0xab, 0xb1},     {0xb4, 0xb4},     {0xb6, 0xb8},     {0xbb, 0xbb},     {0xbf, 0xbf},
        {0x2010, 0x2027}, {0x2030, 0x205e}, {0x2212, 0x2212}, {0x3001, 0x3003}, {0xfffc, 0xfffd}};
    return wire_span_holds(signs, sizeof(signs) / sizeof(*signs), c);
}

static uint32_t wire_char_at(const uint8_t *text, size_t bytes)
{
    uint32_t c = bytes == 1 ? text[0] : text[0] & (0x7fU >> bytes);

    for (size_t i = 1; i < bytes; i++)
        c = c << 6 | (text[i] & 0x3fU);
    return c;
}

/* What spreadsheets, databases and languages write where there is no value. */
static bool wire_text_placeholder(const char *text, size_t len)
{
    static const char *const words[] = {"n/a",  "na",   "nan",       "nil",
                                        "none", "null", "undefined", "unknown"};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strlen(words[i]) == len && strncasecmp(words[i], text, len) == 0)
            return true;
    return false;
}

bool wire_text_says_nothing(wire_kind_of_text kind, const char *text, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;

    if (kind < WIRE_TEXT_NAME)
        return false;
    if (kind == WIRE_TEXT_ID && wire_text_placeholder(text, len))
        return true;
    for (size_t at = 0, step; at < len; at += step) {
        step = wire_text_char(bytes + at, len - at);
        if (step == 0)
            return false;
        uint32_t c = wire_char_at(bytes + at, step);
        if (!wire_char_blank(c) && !(kind == WIRE_TEXT_ID && wire_char_punctuation(c)))
            return false;
    }
    return true;
}

static bool text_says(wire_kind_of_text kind, const char *text, size_t len)
{
    return len > 0 && wire_text_check(text, len, false) == WIRE_TEXT_OK &&
           !wire_text_says_nothing(kind, text, len);
}

bool thaw_text_is_name(const char *text, size_t len)
{
    return text_says(WIRE_TEXT_NAME, text, len);
}

bool thaw_text_is_id(const char *text, size_t len)
{
    return text_says(WIRE_TEXT_ID, text, len);
}

void wire_text_quote(char *out, size_t size, const char *text, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t used = 0, at = 0;

    out[used++] = '"';
    while (at < len) {
        size_t step = wire_text_char(bytes + at, len - at);
        bool raw = step > 0 && !wire_text_control(bytes + at);
        size_t need = raw ? step : 4;
        if (used + need + 6 > size) /* room for the ellipsis, the quote and the NUL */
            break;
        if (raw)
            memcpy(out + used, bytes + at, step);
        else
            snprintf(out + used, 5, "\\x%02x", bytes[at]);
        used += need;
        at += raw ? step : 1;
    }
    snprintf(out + used, size - used, at < len ? "...\"" : "\"");
}
