/* text.h - the text that the protocol admits: strict UTF-8 without control characters. */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum wire_text {
    WIRE_TEXT_OK = 0,
    WIRE_TEXT_CONTROL, /* NUL or another control character (C0, DEL, C1) */
    WIRE_TEXT_UTF8     /* overlong, surrogate, above U+10FFFF, cut, stray */
} wire_text;

/* Checks a text; with `lines`, tab and newline are allowed in it. */
wire_text wire_text_check(const char *text, size_t len, bool lines);

/* Whether a text is plain printable ASCII, which nearly all are: no more to check then. */
bool wire_text_plain(const char *text, size_t len);

/* Bytes of the UTF-8 character at the front of a text that is not empty; 0: not UTF-8. */
size_t wire_text_char(const uint8_t *text, size_t len);

/* Copies a foreign text into `out` (size >= 16), quoted, cut to what fits, with everything that
 * is not printable as \xNN. NUL-terminated. */
void wire_text_quote(char *out, size_t size, const char *text, size_t len);

#endif
