/* quote.c: string and bytes literals. One without escapes is a view of the text. */
#include "internal.h"

#include <errno.h>
#include <string.h>

struct quote {
    struct lexer *lexer;
    const char *at, *end; /* what is between the quotes */
    bool bytes;
    char *to;
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int quote_fail(struct quote *quote, const char *at, const char *what)
{
    return cel_lexer_fail(quote->lexer, (size_t)(at - quote->lexer->text), "%s", what);
}

static int put_character(struct quote *quote, const char *escape, uint32_t character)
{
    if (quote->bytes) {
        *quote->to++ = (char)character;
        return 0;
    }
    if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        return quote_fail(quote, escape, "this escape is no character: above 10FFFF, or half of a pair");
    quote->to += cel_utf8_put(quote->to, character);
    return 0;
}

/* Behind \x, \u, \U: a number of hexadecimal digits. */
static int decode_hex(struct quote *quote, const char *escape, unsigned digit_count)
{
    uint32_t character = 0;

    for (unsigned i = 0; i < digit_count; i++) {
        int digit = quote->at < quote->end ? hex_value(*quote->at) : -1;
        if (digit < 0)
            return quote_fail(quote, escape, "expected 2 hexadecimal digits after \\x, 4 after \\u, 8 after \\U");
        character = character << 4 | (uint32_t)digit;
        quote->at++;
    }
    return put_character(quote, escape, character);
}

static int decode_octal(struct quote *quote, const char *escape)
{
    uint32_t character = 0;

    for (unsigned i = 0; i < 3; i++) {
        const char *digit = escape + 1 + i;
        if (digit >= quote->end || *digit < '0' || *digit > (i == 0 ? '3' : '7'))
            return quote_fail(quote, escape, "expected 3 octal digits after \\, from 000 to 377");
        character = character << 3 | (uint32_t)(*digit - '0');
    }
    quote->at = escape + 4;
    return put_character(quote, escape, character);
}

static int decode_escape(struct quote *quote)
{
    static const char names[] = "abfnrtv\\?\"'`";
    static const char values[] = "\a\b\f\n\r\t\v\\?\"'`";
    const char *escape = quote->at++;

    if (quote->at == quote->end)
        return quote_fail(quote, escape, "found \\ at the end of the string");
    char c = *quote->at++;
    const char *name = c != '\0' ? strchr(names, c) : NULL;
    if (name != NULL) {
        *quote->to++ = values[name - names];
        return 0;
    }
    if (c == 'x' || c == 'X')
        return decode_hex(quote, escape, 2);
    if ((c == 'u' || c == 'U') && quote->bytes)
        return quote_fail(quote, escape, "\\u and \\U have no meaning in bytes; write \\x");
    if (c == 'u' || c == 'U')
        return decode_hex(quote, escape, c == 'u' ? 4 : 8);
    if (c >= '0' && c <= '3')
        return decode_octal(quote, escape);
    return quote_fail(quote, escape,
                      "unknown escape; known are \\a \\b \\f \\n \\r \\t \\v \\\\ \\? \\\" \\' \\` "
                      "\\xHH \\uHHHH \\UHHHHHHHH \\OOO; a raw string r'...' takes \\ as it is");
}

static int decode(struct quote *quote, struct token *token)
{
    size_t len = (size_t)(quote->end - quote->at);
    char *data = cel_arena_alloc(quote->lexer->arena, len);

    if (data == NULL)
        return -ENOMEM;
    quote->to = data; /* no escape is longer than what it stands for */
    while (quote->at < quote->end) {
        if (*quote->at != '\\') {
            *quote->to++ = *quote->at++;
            continue;
        }
        int r = decode_escape(quote);
        if (r < 0)
            return r;
    }
    token->value.text = (struct cel_text){data, (size_t)(quote->to - data)};
    return 0;
}

/* Finds the closing quotes; returns NULL where there are none. */
static const char *find_close(const char *at, const char *end, char mark, size_t width, bool raw, bool *ret_has_escape)
{
    *ret_has_escape = false;
    for (; at < end; at++) {
        if (*at == '\\' && !raw) {
            *ret_has_escape = true;
            at++;
            continue;
        }
        if (width == 1 && (*at == '\n' || *at == '\r'))
            return NULL;
        if (*at == mark && (width == 1 || (end - at >= 3 && at[1] == mark && at[2] == mark)))
            return at;
    }
    return NULL;
}

int cel_lexer_string(struct lexer *lexer, bool raw, bool bytes, struct token *ret_token)
{
    const char *open = lexer->text + lexer->at, *end = lexer->text + lexer->len;
    size_t width = end - open >= 3 && open[1] == open[0] && open[2] == open[0] ? 3 : 1;
    bool has_escape;

    const char *close = find_close(open + width, end, *open, width, raw, &has_escape);
    if (close == NULL)
        return cel_lexer_fail(lexer, ret_token->begin,
                              width == 1 ? "this string does not end on its line, expected %.*s"
                                         : "this string does not end, expected %.*s",
                              (int)width, open);
    struct quote quote = {.lexer = lexer, .at = open + width, .end = close, .bytes = bytes};
    lexer->at = (uint32_t)(close + width - lexer->text);
    ret_token->kind = TOKEN_LITERAL;
    ret_token->end = lexer->at;
    ret_token->value.kind = bytes ? CEL_BYTES : CEL_STRING;
    if (has_escape)
        return decode(&quote, ret_token);
    ret_token->value.text = (struct cel_text){quote.at, (size_t)(close - quote.at)};
    return 0;
}
