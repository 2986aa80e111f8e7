/*
 * text.c - the small work on foreign text that all importers share.
 */
#include "text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "forms/utf8.h"
#include "room.h"

/* ---- pool --------------------------------------------------------------------------- */

enum { CHUNK_BYTES = 64 * 1024 };

struct pool_chunk {
    struct pool_chunk *next;
    size_t used, room;
    char data[];
};

static struct pool_chunk *chunk_new(pool *p, size_t len)
{
    size_t room = len > CHUNK_BYTES ? len : CHUNK_BYTES;
    size_t most = p->most > 0 ? p->most : POOL_BYTES_MAX;
    if (room > most - (p->bytes < most ? p->bytes : most))
        return NULL;
    struct pool_chunk *c = malloc(sizeof *c + room);
    if (c == NULL)
        return NULL;
    *c = (struct pool_chunk){p->first, 0, room};
    p->first = c;
    p->bytes += room;
    return c;
}

const char *pool_text(pool *p, const char *from, size_t len)
{
    if (len == 0)
        return "";
    struct pool_chunk *c = p->first;
    if (c == NULL || c->room - c->used < len + 1)
        c = chunk_new(p, len + 1);
    if (c == NULL)
        return NULL;
    char *to = c->data + c->used;
    memcpy(to, from, len);
    to[len] = '\0';
    c->used += len + 1;
    return to;
}

void pool_done(pool *p)
{
    while (p->first != NULL) {
        struct pool_chunk *next = p->first->next;
        free(p->first);
        p->first = next;
    }
    p->bytes = 0;
}

/* ---- buffer ------------------------------------------------------------------------- */

void text_add(text *t, const char *data, size_t len)
{
    if (t->failed)
        return;
    if (room_for(&t->data, &t->room, t->len + len + 1, 1) < 0) {
        t->failed = true;
        return;
    }
    memcpy(t->data + t->len, data, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void text_put(text *t, const char *string)
{
    text_add(t, string, strlen(string));
}

void text_join(text *t, const char *separator, const char *data, size_t len)
{
    if (t->len > 0)
        text_put(t, separator);
    text_add(t, data, len);
}

void text_clear(text *t)
{
    t->len = 0;
    if (t->data != NULL)
        t->data[0] = '\0';
}

const char *text_get(const text *t)
{
    return t->data != NULL ? t->data : "";
}

void text_done(text *t)
{
    free(t->data);
    *t = (text){0};
}

bool texts_each(text *const all[], size_t count, void (*act)(text *))
{
    bool failed = false;
    for (size_t i = 0; i < count; i++) {
        failed |= all[i]->failed;
        if (act != NULL)
            act(all[i]);
    }
    return failed;
}

/* ---- bytes -------------------------------------------------------------------------- */

static bool is_space(uint32_t c)
{
    return c <= 0x20 || c == 0x7f || (c >= 0x80 && c <= 0xa0) || c == 0x2028 || c == 0x2029 ||
           c == 0xfeff;
}

/* Keeps the order: what cannot be decoded becomes U+FFFD. */
static const char *character_bytes(uint32_t c, const char *from, size_t *length)
{
    if (c != UTF8_REPLACEMENT)
        return from;
    *length = 3;
    return "\xef\xbf\xbd";
}

size_t text_clean(const char *from, size_t len, char *to, size_t room)
{
    size_t out = 0;
    bool blank = false;
    size_t whole = strnlen(from, len);
    for (size_t at = 0, length = 0; at < whole; at += length) {
        uint32_t c = utf8_take(from + at, whole - at, &length);
        if (is_space(c)) {
            blank = out > 0;
            continue;
        }
        size_t bytes = length;
        const char *character = character_bytes(c, from + at, &bytes);
        if (out + blank + bytes >= room)
            break;
        if (blank)
            to[out++] = ' ';
        blank = false;
        memcpy(to + out, character, bytes);
        out += bytes;
    }
    to[out] = '\0';
    return out;
}

size_t text_slug(const char *from, char *to, size_t room)
{
    size_t out = 0;
    bool gap = false;
    for (; *from != '\0'; from++) {
        unsigned char c = (unsigned char)*from;
        if (!isalnum(c) && c < 0x80) {
            gap = out > 0;
            continue;
        }
        if (out + gap + 1 >= room)
            break;
        if (gap)
            to[out++] = '-';
        gap = false;
        to[out++] = (char)(c < 0x80 ? tolower(c) : c);
    }
    /* A character that was cut is taken away whole. */
    if (*from != '\0' && ((unsigned char)*from & 0xc0) == 0x80) {
        while (out > 0 && ((unsigned char)to[out - 1] & 0xc0) == 0x80)
            out--;
        if (out > 0)
            out--;
    }
    to[out] = '\0';
    return out;
}

/* Bytes of the last character. */
static size_t last_length(const char *text, size_t len)
{
    size_t n = 1;
    while (n < len && n < 4 && ((unsigned char)text[len - n] & 0xc0) == 0x80)
        n++;
    return n;
}

void text_trim(const char **from, size_t *len)
{
    size_t n = 0;
    while (*len > 0 && is_space(utf8_take(*from, *len, &n))) {
        *from += n;
        *len -= n;
    }
    while (*len > 0) {
        size_t last = last_length(*from, *len);
        if (!is_space(utf8_take(*from + *len - last, last, &n)) || n != last)
            return;
        *len -= last;
    }
}

bool text_equals_fold(const char *a, size_t len, const char *b)
{
    return strncasecmp(a, b, len) == 0 && b[len] == '\0';
}

void text_hash(const char *data, size_t len, char hex[17])
{
    snprintf(hex, 17, "%016" PRIx64, (uint64_t)XXH3_64bits(data, len));
}

bool text_next(const char **list, char separator, const char **ret_item, size_t *ret_len)
{
    if (**list == '\0')
        return false;
    const char *end = strchr(*list, separator);
    *ret_item = *list;
    *ret_len = end != NULL ? (size_t)(end - *list) : strlen(*list);
    *list += *ret_len + (end != NULL ? 1 : 0);
    return true;
}

static bool has_item(const char *list, char separator, const char *wanted, size_t len)
{
    const char *item = NULL;
    size_t item_len = 0;
    while (text_next(&list, separator, &item, &item_len))
        if (item_len == len && memcmp(item, wanted, len) == 0)
            return true;
    return false;
}

bool text_has_word(const char *words, const char *word, size_t len)
{
    return has_item(words, ' ', word, len);
}

bool text_has_line(const char *lines, const char *line, size_t len)
{
    return has_item(lines, '\n', line, len);
}
