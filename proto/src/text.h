/* text.h - the text that the protocol admits: strict UTF-8 without control characters. */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum wire_text {
    WIRE_TEXT_OK = 0,
    WIRE_TEXT_CONTROL, /* NUL or another control character (C0, DEL, C1) */
    WIRE_TEXT_UTF8     /* overlong, surrogate, above U+10FFFF, cut, stray */
} wire_text;

/* Checks a text; with `lines`, tab and newline are allowed in it. */
wire_text wire_text_check(const char *text, size_t len, bool lines);

/* Whether a text is plain printable ASCII, which nearly all are: no more to check then. */
bool wire_text_plain(const char *text, size_t len);

/* Sixteen bytes side by side; as signed numbers those above 0x7f are below 0x20 too. */
typedef int8_t wire_lanes __attribute__((vector_size(16)));

static inline wire_lanes wire_lanes_odd(const char *text)
{
    wire_lanes lanes;

    memcpy(&lanes, text, sizeof(lanes));
    return (lanes < 0x20) | (lanes == 0x7f);
}

static inline bool wire_lanes_any(wire_lanes lanes)
{
    uint64_t halves[2];

    memcpy(halves, &lanes, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

/* The same of a text that has more behind it: from its start `left` bytes may be read. */
static inline bool wire_text_plain_within(const char *text, size_t len, size_t left)
{
    static const uint8_t mask[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                     255, 255, 255, 255, 255, 255, 255, 255};
    wire_lanes own;

    if (len > sizeof(own) || left < sizeof(own))
        return wire_text_plain(text, len);
    memcpy(&own, mask + sizeof(own) - len, sizeof(own));
    return !wire_lanes_any(wire_lanes_odd(text) & own);
}

/* What a text is read as. */
typedef enum wire_kind_of_text {
    WIRE_TEXT_FREE,  /* anything, also nothing */
    WIRE_TEXT_LINES, /* the same, with tab and newline */
    WIRE_TEXT_KEY,   /* not empty */
    WIRE_TEXT_NAME,  /* not blank either: what bears the same name is taken together */
    WIRE_TEXT_ID     /* nor what stands where there is none: what bears the same id is one */
} wire_kind_of_text;

/* Whether a text that is not empty says too little for its kind: as a name, where nothing of it is
 * to be seen (blanks of any width, marks of direction); as an id, also where it holds punctuation
 * alone or is a word that programs write for a value that is missing. The text is UTF-8. */
bool wire_text_says_nothing(wire_kind_of_text kind, const char *text, size_t len);

/* Whether a text may be such a one, by its first byte: most are none, and no more is to be checked. */
static inline bool wire_text_suspect(wire_kind_of_text kind, const char *text)
{
    uint8_t first = (uint8_t)text[0], letter = first | 0x20;

    if (kind < WIRE_TEXT_NAME)
        return false;
    if (first == ' ' || first == 0xc2 || first == 0xcd || first == 0xd8 || first >= 0xe1)
        return true;
    return kind == WIRE_TEXT_ID && first < 0x80 && (first < '0' || first > '9') &&
           (letter < 'a' || letter > 'z' || letter == 'n' || letter == 'u');
}

/* Bytes of the UTF-8 character at the front of a text that is not empty; 0: not UTF-8. */
size_t wire_text_char(const uint8_t *text, size_t len);

/* Copies a foreign text into `out` (size >= 16), quoted, cut to what fits, with everything that
 * is not printable as \xNN. NUL-terminated. */
void wire_text_quote(char *out, size_t size, const char *text, size_t len);

/* Zeroes memory: by the library's means, since those that the compiler writes for large objects are
 * slow to begin. */
void wire_clear(void *bytes, size_t len);

#endif
