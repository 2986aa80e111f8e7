/*
 * utf8.h - reading foreign text one character at a time.
 */
#ifndef CLIENT_UTF8_H
#define CLIENT_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xfffdU

/* Takes the next character off text[0..len), len > 0: *ret_length bytes (at least 1). A byte that
 * is no UTF-8 (overlong, surrogate, beyond U+10FFFF, cut off) gives UTF8_REPLACEMENT, length 1. */
uint32_t utf8_take(const char *text, size_t len, size_t *ret_length);

#endif
