/* lex.c: text into tokens, after the lexis of the language definition. */
#include "internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_BYTES 512

static const char *const reserved_words[] = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while",
};

static const struct {
    char text[3];
    enum token_kind kind;
} signs[] = {
    {"||", TOKEN_OR},      {"&&", TOKEN_AND},     {"==", TOKEN_EQ},     {"!=", TOKEN_NE},    {"<=", TOKEN_LE},
    {">=", TOKEN_GE},      {"<", TOKEN_LT},       {">", TOKEN_GT},      {"+", TOKEN_PLUS},   {"-", TOKEN_MINUS},
    {"*", TOKEN_STAR},     {"/", TOKEN_SLASH},    {"%", TOKEN_PERCENT}, {"!", TOKEN_NOT},    {"?", TOKEN_QUESTION},
    {":", TOKEN_COLON},    {".", TOKEN_DOT},      {",", TOKEN_COMMA},   {"(", TOKEN_LPAREN}, {")", TOKEN_RPAREN},
    {"[", TOKEN_LBRACKET}, {"]", TOKEN_RBRACKET}, {"{", TOKEN_LBRACE},  {"}", TOKEN_RBRACE},
};

const char *cel_token_name(enum token_kind kind)
{
    switch (kind) {
    case TOKEN_END:
        return "the end";
    case TOKEN_NAME:
        return "a name";
    case TOKEN_RESERVED:
        return "a reserved word";
    case TOKEN_LITERAL:
        return "a constant";
    case TOKEN_TRUE:
        return "true";
    case TOKEN_FALSE:
        return "false";
    case TOKEN_NULL:
        return "null";
    case TOKEN_IN:
        return "in";
    default:
        break;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(signs); i++)
        if (signs[i].kind == kind)
            return signs[i].text;
    return "?";
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char peek(const struct lexer *lexer, uint32_t ahead)
{
    return lexer->len - lexer->at > ahead ? lexer->text[lexer->at + ahead] : '\0';
}

static void skip_space(struct lexer *lexer)
{
    while (lexer->at < lexer->len) {
        char c = lexer->text[lexer->at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r') {
            lexer->at++;
        } else if (c == '/' && peek(lexer, 1) == '/') {
            while (lexer->at < lexer->len && lexer->text[lexer->at] != '\n')
                lexer->at++;
        } else {
            return;
        }
    }
}

static void skip_digits(struct lexer *lexer)
{
    while (is_digit(peek(lexer, 0)))
        lexer->at++;
}

/* The end of a number that is a double, or false where it is an integer. */
static bool scan_fraction(struct lexer *lexer)
{
    bool is_double = false;

    if (peek(lexer, 0) == '.' && is_digit(peek(lexer, 1))) {
        is_double = true;
        lexer->at++;
        skip_digits(lexer);
    }
    if (peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') {
        uint32_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-';
        if (is_digit(peek(lexer, 1 + sign))) {
            is_double = true;
            lexer->at += 1 + sign;
            skip_digits(lexer);
        }
    }
    return is_double;
}

static int integer_token(struct lexer *lexer, const char *digits, int base, struct token *token)
{
    char c = peek(lexer, 0);
    bool is_unsigned = c == 'u' || c == 'U';

    lexer->at += is_unsigned;
    token->end = lexer->at;
    errno = 0;
    unsigned long long number = strtoull(digits, NULL, base);
    if (is_unsigned) {
        if (errno == ERANGE)
            return cel_lexer_fail(lexer, token->begin, "this uint is above 18446744073709551615");
        token->value = (struct cel_value){.kind = CEL_UINT, .unsigned_integer = number};
        return 0;
    }
    token->is_min = errno == 0 && number == (unsigned long long)INT64_MAX + 1;
    if (errno == ERANGE || (number > INT64_MAX && !token->is_min))
        return cel_lexer_fail(lexer, token->begin, "this int is above 9223372036854775807");
    token->value = cel_int(token->is_min ? INT64_MIN : (int64_t)number);
    return 0;
}

static int number_token(struct lexer *lexer, struct token *token)
{
    bool is_hex_number = peek(lexer, 0) == '0' && peek(lexer, 1) == 'x' && is_hex(peek(lexer, 2));
    bool is_double = false;
    char digits[NUMBER_MAX_BYTES + 1];

    if (is_hex_number) {
        lexer->at += 2;
        while (is_hex(peek(lexer, 0)))
            lexer->at++;
    } else {
        skip_digits(lexer);
        is_double = scan_fraction(lexer);
    }
    size_t len = lexer->at - token->begin;
    if (len > NUMBER_MAX_BYTES)
        return cel_lexer_fail(lexer, token->begin, "this number has more than %d characters", NUMBER_MAX_BYTES);
    memcpy(digits, lexer->text + token->begin, len);
    digits[len] = '\0';
    token->kind = TOKEN_LITERAL;
    if (!is_double)
        return integer_token(lexer, digits, is_hex_number ? 16 : 10, token);
    token->end = lexer->at;
    token->value = cel_double(strtod(digits, NULL));
    if (isinf(token->value.real))
        return cel_lexer_fail(lexer, token->begin, "this double is above 1.8e308");
    return 0;
}

static bool token_is(const struct lexer *lexer, const struct token *token, const char *word)
{
    size_t len = token->end - token->begin;

    return strlen(word) == len && memcmp(lexer->text + token->begin, word, len) == 0;
}

static const struct {
    const char *word;
    enum token_kind kind;
} keywords[] = {{"true", TOKEN_TRUE}, {"false", TOKEN_FALSE}, {"null", TOKEN_NULL}, {"in", TOKEN_IN}};

bool cel_word_is_taken(const char *word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++)
        if (strcmp(word, keywords[i].word) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_LENGTH(reserved_words); i++)
        if (strcmp(word, reserved_words[i]) == 0)
            return true;
    return false;
}

static int name_token(struct lexer *lexer, struct token *token)
{
    while (is_name_start(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
        lexer->at++;
    token->end = lexer->at;
    token->kind = TOKEN_NAME;
    for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++)
        if (token_is(lexer, token, keywords[i].word))
            token->kind = keywords[i].kind;
    for (size_t i = 0; i < ARRAY_LENGTH(reserved_words); i++)
        if (token_is(lexer, token, reserved_words[i]))
            token->kind = TOKEN_RESERVED;
    return 0;
}

/* True where r, b, rb, br and a quote follow; moves to the quote. */
static bool scan_string_prefix(struct lexer *lexer, bool *ret_raw, bool *ret_bytes)
{
    uint32_t ahead = 0;
    bool raw = false, bytes = false;

    for (; ahead < 2; ahead++) {
        char c = peek(lexer, ahead);
        if ((c == 'r' || c == 'R') && !raw)
            raw = true;
        else if ((c == 'b' || c == 'B') && !bytes)
            bytes = true;
        else
            break;
    }
    if (peek(lexer, ahead) != '"' && peek(lexer, ahead) != '\'')
        return false;
    lexer->at += ahead;
    *ret_raw = raw;
    *ret_bytes = bytes;
    return true;
}

static int sign_token(struct lexer *lexer, struct token *token)
{
    for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
        size_t len = strlen(signs[i].text);
        if (lexer->len - lexer->at < len || memcmp(lexer->text + lexer->at, signs[i].text, len) != 0)
            continue;
        token->kind = signs[i].kind;
        lexer->at += (uint32_t)len;
        token->end = lexer->at;
        return 0;
    }

    char c = lexer->text[lexer->at];
    if (c == '=' || c == '&' || c == '|')
        return cel_lexer_fail(lexer, lexer->at, "found '%c' alone, expected '%c%c'", c, c, c);
    const char *next = lexer->text + lexer->at;
    cel_utf8_next(&next, lexer->text + lexer->len);
    int len = (int)(next - (lexer->text + lexer->at));
    if ((unsigned char)c < 0x20 || c == 0x7f)
        return cel_lexer_fail(lexer, lexer->at, "found control character 0x%02x outside a string", (unsigned char)c);
    return cel_lexer_fail(lexer, lexer->at, "found '%.*s', which begins nothing in an expression", len,
                          lexer->text + lexer->at);
}

int cel_lexer_next(struct lexer *lexer, struct token *ret_token)
{
    bool raw, bytes;

    skip_space(lexer);
    *ret_token = (struct token){.kind = TOKEN_END, .begin = lexer->at, .end = lexer->at};
    if (lexer->at == lexer->len)
        return 0;
    char c = lexer->text[lexer->at];
    if (scan_string_prefix(lexer, &raw, &bytes))
        return cel_lexer_string(lexer, raw, bytes, ret_token);
    if (is_name_start(c))
        return name_token(lexer, ret_token);
    if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1))))
        return number_token(lexer, ret_token);
    return sign_token(lexer, ret_token);
}
