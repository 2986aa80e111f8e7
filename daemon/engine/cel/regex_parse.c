/* regex_parse.c: reads a pattern for matches(), in RE2's syntax: what CEL promises, without what
 * would need memory of the past (back references, looking around), Unicode classes (\p) and octal
 * escapes. */
#include "regex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define GROUP_DEPTH_MAX 64

struct pattern {
    const char *begin, *at, *end;
    struct regex_builder builder;
    struct regex_problem *problem;
    unsigned depth;
    uint32_t quoted_begin; /* of the last character between \Q and \E */
    bool ignore_case, dot_all, by_line;
    bool failed;
};

static void read_alternatives(struct pattern *pattern);

static void fail(struct pattern *pattern, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct pattern *pattern, const char *format, ...)
{
    struct regex_problem *problem = pattern->problem;
    va_list args;

    if (!pattern->failed) {
        problem->offset_bytes = (size_t)(pattern->at - pattern->begin);
        int used = snprintf(problem->text, sizeof(problem->text), "at offset %zu: ", problem->offset_bytes);
        va_start(args, format);
        vsnprintf(problem->text + used, sizeof(problem->text) - (size_t)used, format, args);
        va_end(args);
    }
    pattern->failed = true;
    pattern->at = pattern->end;
}

static bool accept(struct pattern *pattern, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(pattern->end - pattern->at) < len || memcmp(pattern->at, word, len) != 0)
        return false;
    pattern->at += len;
    return true;
}

static char peek(const struct pattern *pattern)
{
    return pattern->at < pattern->end ? *pattern->at : '\0';
}

/* Characters. */

static void put_class(struct pattern *pattern, struct character_class *set)
{
    cel_class_tidy(set);
    if (set->is_full)
        fail(pattern, "this class has more than %d ranges", CLASS_RANGE_MAX_COUNT);
    else if (set->count == 0)
        fail(pattern, "this class matches no character");
    else
        cel_regex_put_class(&pattern->builder, set);
}

static void put_character(struct pattern *pattern, uint32_t character)
{
    struct character_class set = {.count = 0};

    cel_class_add(&set, character, character);
    if (pattern->ignore_case)
        cel_class_add_cases(&set);
    put_class(pattern, &set);
}

static void put_dot(struct pattern *pattern)
{
    struct character_class set = {.count = 0};

    if (!pattern->dot_all)
        cel_class_add(&set, '\n', '\n');
    cel_class_negate(&set);
    put_class(pattern, &set);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind \x: two digits, or any in braces. */
static bool read_hex(struct pattern *pattern, uint32_t *ret_character)
{
    bool braces = accept(pattern, "{");
    uint32_t character = 0;
    unsigned count = 0;

    while (hex_value(peek(pattern)) >= 0 && pattern->at < pattern->end && count < (braces ? 8U : 2U)) {
        character = character << 4 | (uint32_t)hex_value(*pattern->at++);
        count++;
    }
    if ((braces && !accept(pattern, "}")) || count < (braces ? 1U : 2U) || character > REGEX_CHARACTER_MAX) {
        fail(pattern, "expected two hexadecimal digits after \\x, or a character in braces");
        return false;
    }
    *ret_character = character;
    return true;
}

/* Behind a backslash: one that stands for a character. */
static bool read_escape(struct pattern *pattern, uint32_t *ret_character)
{
    static const char names[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    char c = peek(pattern);
    const char *name = c != '\0' ? strchr(names, c) : NULL;

    if (pattern->at == pattern->end) {
        fail(pattern, "found \\ at the end of the pattern");
        return false;
    }
    if (name != NULL) {
        pattern->at++;
        *ret_character = (unsigned char)values[name - names];
        return true;
    }
    if (accept(pattern, "x"))
        return read_hex(pattern, ret_character);
    if (c >= '0' && c <= '9') {
        fail(pattern, "back references and octal escapes are not supported; write \\xHH");
        return false;
    }
    if (c == 'p' || c == 'P') {
        fail(pattern, "Unicode classes (\\p) are not supported");
        return false;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80) {
        fail(pattern, "unknown escape");
        return false;
    }
    *ret_character = cel_utf8_next(&pattern->at, pattern->end);
    return true;
}

static bool is_class_letter(char c)
{
    return c != '\0' && strchr("dDsSwW", c) != NULL;
}

/* Brackets. */

/* One end of a range. */
static bool read_class_character(struct pattern *pattern, uint32_t *ret_character)
{
    if (accept(pattern, "\\"))
        return read_escape(pattern, ret_character);
    *ret_character = cel_utf8_next(&pattern->at, pattern->end);
    return true;
}

/* "[:alpha:]" or "\d"; true where there was one. */
static bool read_class_name(struct pattern *pattern, struct character_class *set)
{
    if (peek(pattern) == '\\' && pattern->end - pattern->at >= 2 && is_class_letter(pattern->at[1])) {
        cel_class_add_letter(set, pattern->at[1]);
        pattern->at += 2;
        return true;
    }
    if (!accept(pattern, "[:"))
        return false;
    const char *end = memmem(pattern->at, (size_t)(pattern->end - pattern->at), ":]", 2);
    if (end == NULL || !cel_class_add_named(set, pattern->at, (size_t)(end - pattern->at)))
        fail(pattern, "unknown class; [:alpha:], [:digit:], [:alnum:], [:space:] ... are known");
    else
        pattern->at = end + 2;
    return true;
}

static bool read_class_item(struct pattern *pattern, struct character_class *set)
{
    uint32_t low, high;

    if (read_class_name(pattern, set))
        return !pattern->failed;
    if (!read_class_character(pattern, &low))
        return false;
    high = low;
    if (peek(pattern) == '-' && pattern->end - pattern->at >= 2 && pattern->at[1] != ']') {
        pattern->at++;
        if (!read_class_character(pattern, &high))
            return false;
    }
    if (high < low) {
        fail(pattern, "this range ends before it begins");
        return false;
    }
    cel_class_add(set, low, high);
    return true;
}

static void read_class(struct pattern *pattern)
{
    struct character_class set = {.count = 0};
    bool negated = accept(pattern, "^");
    bool is_first = true;

    while (is_first || peek(pattern) != ']') {
        if (pattern->at == pattern->end) {
            fail(pattern, "expected ']' to end the class");
            return;
        }
        if (!read_class_item(pattern, &set))
            return;
        is_first = false;
    }
    pattern->at++;
    if (pattern->ignore_case)
        cel_class_add_cases(&set);
    if (negated)
        cel_class_negate(&set);
    put_class(pattern, &set);
}

/* Groups and what stands in them. */

/* Behind "(?": flags up to ')' or ':'. */
static bool read_flags(struct pattern *pattern)
{
    bool on = true;

    for (; peek(pattern) != ')' && peek(pattern) != ':'; pattern->at++) {
        switch (peek(pattern)) {
        case 'i':
            pattern->ignore_case = on;
            break;
        case 's':
            pattern->dot_all = on;
            break;
        case 'm':
            pattern->by_line = on;
            break;
        case 'U': /* which of several matches is taken does not matter */
            break;
        case '-':
            on = false;
            break;
        default:
            fail(pattern, "expected the flags i, m or s, or a group (?:...) or (?P<name>...)");
            return false;
        }
    }
    return true;
}

static bool read_group_name(struct pattern *pattern)
{
    const char *end = memchr(pattern->at, '>', (size_t)(pattern->end - pattern->at));

    if (end == NULL || end == pattern->at) {
        fail(pattern, "expected the name of a group and '>'");
        return false;
    }
    pattern->at = end + 1;
    return true;
}

/* Up to the parenthesis, whose flags end with it. */
static void read_group_body(struct pattern *pattern)
{
    if (++pattern->depth > GROUP_DEPTH_MAX)
        fail(pattern, "groups are nested more than %d levels deep", GROUP_DEPTH_MAX);
    else
        read_alternatives(pattern);
    pattern->depth--;
    if (!pattern->failed && !accept(pattern, ")"))
        fail(pattern, "expected ')' to end the group");
}

static void read_group(struct pattern *pattern)
{
    bool ignore_case = pattern->ignore_case, dot_all = pattern->dot_all;
    bool by_line = pattern->by_line;

    if (accept(pattern, "?P<")) {
        if (!read_group_name(pattern))
            return;
    } else if (accept(pattern, "?")) {
        if (!read_flags(pattern) || accept(pattern, ")"))
            return; /* flags alone hold to the end of the group around */
        pattern->at++;
    }
    read_group_body(pattern);
    pattern->ignore_case = ignore_case;
    pattern->dot_all = dot_all;
    pattern->by_line = by_line;
}

/* \Q...\E takes everything as it is. What is repeated behind it is its last character. */
static void read_quoted(struct pattern *pattern)
{
    pattern->quoted_begin = pattern->builder.count;
    while (pattern->at < pattern->end && !accept(pattern, "\\E")) {
        pattern->quoted_begin = pattern->builder.count;
        put_character(pattern, cel_utf8_next(&pattern->at, pattern->end));
    }
}

static void read_backslash(struct pattern *pattern)
{
    static const struct {
        char name;
        enum regex_op op;
    } anchors[] = {{'A', REGEX_TEXT_BEGIN}, {'z', REGEX_TEXT_END}, {'b', REGEX_WORD_EDGE}, {'B', REGEX_NO_WORD_EDGE}};
    struct character_class set = {.count = 0};
    char c = peek(pattern);
    uint32_t character;

    for (size_t i = 0; i < ARRAY_LENGTH(anchors); i++) {
        if (anchors[i].name != c)
            continue;
        pattern->at++;
        cel_regex_put(&pattern->builder, anchors[i].op, 0, 0);
        return;
    }
    if (accept(pattern, "Q")) {
        read_quoted(pattern);
    } else if (is_class_letter(c)) {
        cel_class_add_letter(&set, c);
        pattern->at++;
        put_class(pattern, &set);
    } else if (read_escape(pattern, &character)) {
        put_character(pattern, character);
    }
}

static void read_atom(struct pattern *pattern)
{
    char c = peek(pattern);

    if (accept(pattern, "("))
        read_group(pattern);
    else if (accept(pattern, "["))
        read_class(pattern);
    else if (accept(pattern, "\\"))
        read_backslash(pattern);
    else if (accept(pattern, "."))
        put_dot(pattern);
    else if (accept(pattern, "^"))
        cel_regex_put(&pattern->builder, pattern->by_line ? REGEX_LINE_BEGIN : REGEX_TEXT_BEGIN, 0, 0);
    else if (accept(pattern, "$"))
        cel_regex_put(&pattern->builder, pattern->by_line ? REGEX_LINE_END : REGEX_TEXT_END, 0, 0);
    else if (c == '*' || c == '+' || c == '?')
        fail(pattern, "'%c' has nothing to repeat", c);
    else
        put_character(pattern, cel_utf8_next(&pattern->at, pattern->end));
}

/* Repetitions. */

static bool read_count(const char **at, const char *end, int *ret_count)
{
    int count = 0;
    const char *begin = *at;

    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
        if (count <= CEL_REPEAT_MAX)
            count = count * 10 + (**at - '0');
    *ret_count = count;
    return *at > begin;
}

/* "{n}", "{n,}", "{n,m}"; anything else in braces is text, as in RE2. */
static bool read_braces(struct pattern *pattern, int *ret_min, int *ret_max)
{
    const char *at = pattern->at + 1;

    if (peek(pattern) != '{' || !read_count(&at, pattern->end, ret_min))
        return false;
    *ret_max = *ret_min;
    if (at < pattern->end && *at == ',') {
        at++;
        if (!read_count(&at, pattern->end, ret_max))
            *ret_max = -1;
    }
    if (at == pattern->end || *at != '}')
        return false;
    pattern->at = at + 1;
    return true;
}

static bool read_repetition(struct pattern *pattern, int *ret_min, int *ret_max)
{
    *ret_min = 0;
    *ret_max = -1;
    if (accept(pattern, "*"))
        return true;
    if (accept(pattern, "+")) {
        *ret_min = 1;
        return true;
    }
    if (accept(pattern, "?")) {
        *ret_max = 1;
        return true;
    }
    return read_braces(pattern, ret_min, ret_max);
}

static void read_piece(struct pattern *pattern)
{
    uint32_t begin = pattern->builder.count;
    bool is_quoted = pattern->end - pattern->at >= 2 && memcmp(pattern->at, "\\Q", 2) == 0;
    int min, max;

    read_atom(pattern);
    if (is_quoted)
        begin = pattern->quoted_begin;
    if (pattern->failed || !read_repetition(pattern, &min, &max))
        return;
    if (min > CEL_REPEAT_MAX || max > CEL_REPEAT_MAX || (max >= 0 && max < min)) {
        fail(pattern, "{n,m} takes numbers up to %d, the smaller first", CEL_REPEAT_MAX);
        return;
    }
    cel_regex_repeat(&pattern->builder, begin, min, max);
    accept(pattern, "?"); /* greedy or not makes no difference to whether it matches */
    if (read_repetition(pattern, &min, &max))
        fail(pattern, "this repeats a repetition; put it into a group");
}

static void read_sequence(struct pattern *pattern)
{
    while (!pattern->failed && pattern->at < pattern->end && peek(pattern) != '|' && peek(pattern) != ')') {
        read_piece(pattern);
        if (pattern->builder.too_long)
            fail(pattern, "with its repetitions written out the pattern has more than %d parts",
                 REGEX_INSTRUCTION_MAX_COUNT);
    }
}

static void read_alternatives(struct pattern *pattern)
{
    uint32_t begin = pattern->builder.count;
    int32_t chain = -1;

    read_sequence(pattern);
    while (!pattern->failed && accept(pattern, "|")) {
        cel_regex_branch(&pattern->builder, begin, &chain);
        begin = pattern->builder.count;
        read_sequence(pattern);
    }
    cel_regex_join(&pattern->builder, chain);
}

int cel_regex_compile(struct arena *arena, struct cel_text text, const struct regex **ret_regex,
                      struct regex_problem *ret_problem)
{
    struct pattern pattern = {.begin = text.data, .at = text.data, .end = text.data + text.len, .problem = ret_problem};

    *ret_problem = (struct regex_problem){.text = "out of memory"};
    if (text.len > CEL_PATTERN_MAX_BYTES)
        fail(&pattern, "the pattern has more than %d bytes", CEL_PATTERN_MAX_BYTES);
    read_alternatives(&pattern);
    if (pattern.at < pattern.end)
        fail(&pattern, "found ')' without '('");
    if (pattern.builder.too_long)
        fail(&pattern, "the pattern is too long");
    int r = pattern.failed ? -EINVAL : cel_regex_finish(&pattern.builder, arena, ret_regex);
    cel_regex_clear(&pattern.builder);
    return r;
}
