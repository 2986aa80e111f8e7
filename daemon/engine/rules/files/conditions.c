/*
 * conditions.c - see conditions.h. One walk over the text that knows of YAML only where tokens
 * begin and end.
 */
#include "rules/files/conditions.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lower_bound.h"
#include "room.h"

typedef struct scan {
    const char *text;
    size_t len, at;
    size_t copied; /* of the text, into out */
    unsigned flow; /* maps and lists in braces and brackets that are open */
    quoted_text out;
    size_t capacity, inserted_capacity;
} scan;

static char peek(const scan *s, size_t ahead)
{
    return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_end(char c)
{
    return c == '\n' || c == '\r' || c == '\0';
}

static bool is_flow(char c)
{
    return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

static bool comment_at(const char *text, size_t at)
{
    return text[at] == '#' && (at == 0 || is_blank(text[at - 1]) || text[at - 1] == '\n');
}

/* ---- the copy ----------------------------------------------------------------------- */

static int out_reserve(scan *s, size_t more)
{
    return room_for(&s->out.text, &s->capacity, s->out.len + more, 1);
}

static int copy_to(scan *s, size_t end)
{
    size_t more = end - s->copied;
    int res = out_reserve(s, more + 1);
    if (res < 0)
        return res;
    memcpy(s->out.text + s->out.len, s->text + s->copied, more);
    s->out.len += more;
    s->copied = end;
    return 0;
}

static int insert_quote(scan *s)
{
    if (room_for(&s->out.inserted, &s->inserted_capacity, s->out.inserted_count + 1, sizeof *s->out.inserted) < 0)
        return -ENOMEM;
    int res = out_reserve(s, 1);
    if (res < 0)
        return res;
    s->out.inserted[s->out.inserted_count++] = s->out.len;
    s->out.text[s->out.len++] = '\'';
    return 0;
}

/* text[start, end) in single quotes; one within is doubled. */
static int quote(scan *s, size_t start, size_t end)
{
    int res = copy_to(s, start);
    if (res == 0)
        res = insert_quote(s);
    for (size_t i = start; res == 0 && i < end; i++)
        if (s->text[i] == '\'') {
            res = copy_to(s, i + 1);
            if (res == 0)
                res = insert_quote(s);
        }
    if (res == 0)
        res = copy_to(s, end);
    return res == 0 ? insert_quote(s) : res;
}

/* ---- YAML's tokens ------------------------------------------------------------------ */

/* Behind the scalar that is quoted from `at` on; len where its end is missing. */
static size_t yaml_string_end(const char *text, size_t len, size_t at)
{
    char mark = text[at++];
    for (; at < len; at++) {
        if (mark == '"' && text[at] == '\\')
            at++;
        else if (text[at] == mark && mark == '\'' && at + 1 < len && text[at + 1] == mark)
            at++;
        else if (text[at] == mark)
            return at + 1;
    }
    return len;
}

static void skip_line(scan *s)
{
    const char *end = memchr(s->text + s->at, '\n', s->len - s->at);
    s->at = end ? (size_t)(end - s->text) + 1 : s->len;
}

static size_t line_start(const scan *s, size_t at)
{
    while (at > 0 && s->text[at - 1] != '\n')
        at--;
    return at;
}

static size_t indent_of(const scan *s, size_t line)
{
    size_t at = line;
    while (at < s->len && s->text[at] == ' ')
        at++;
    return at - line;
}

static bool line_is_empty(const scan *s, size_t line)
{
    while (line < s->len && is_blank(s->text[line]))
        line++;
    return line >= s->len || is_end(s->text[line]);
}

/* The column of the key of this line: list marks before it count as indent. */
static size_t key_column(const scan *s, size_t at)
{
    size_t line = line_start(s, at), column = indent_of(s, line);
    while (line + column + 1 < s->len && s->text[line + column] == '-' && is_blank(s->text[line + column + 1])) {
        column++;
        while (line + column < s->len && is_blank(s->text[line + column]))
            column++;
    }
    return column;
}

/* A block scalar goes on while its lines are empty or indented deeper than its key. */
static void skip_block(scan *s)
{
    size_t column = key_column(s, s->at);
    skip_line(s);
    while (s->at < s->len && (line_is_empty(s, s->at) || indent_of(s, s->at) > column))
        skip_line(s);
}

/* ---- conditions --------------------------------------------------------------------- */

/* Behind the CEL string that begins at `at`, with its prefix passed already. */
static size_t cel_string_end(const scan *s, size_t at, size_t end)
{
    char mark = s->text[at];
    bool raw = at > 0 && (s->text[at - 1] == 'r' || s->text[at - 1] == 'R');
    bool triple = at + 2 < end && s->text[at + 1] == mark && s->text[at + 2] == mark;
    size_t marks = triple ? 3 : 1;
    for (at += marks; at < end; at++) {
        if (s->text[at] == '\\' && !raw)
            at++;
        else if (s->text[at] == mark &&
                 (!triple || (at + 2 < end && s->text[at + 1] == mark && s->text[at + 2] == mark)))
            return at + marks;
    }
    return end;
}

/* Within a flow map: up to the `,` or `}` that ends the value; len where there is none. */
static size_t flow_condition_end(const scan *s, size_t at)
{
    unsigned open = 0;
    while (at < s->len) {
        char c = s->text[at];
        if (c == '"' || c == '\'') {
            at = cel_string_end(s, at, s->len);
            continue;
        }
        if (open == 0 && (c == ',' || c == '}' || c == ']'))
            return at;
        if (c == '(' || c == '[' || c == '{')
            open++;
        if ((c == ')' || c == ']' || c == '}') && open > 0)
            open--;
        at++;
    }
    return s->len;
}

/* Of one line: up to its end or to a comment. */
static size_t line_condition_end(const scan *s, size_t at)
{
    const char *newline = memchr(s->text + at, '\n', s->len - at);
    size_t end = newline ? (size_t)(newline - s->text) : s->len;
    while (at < end) {
        if (comment_at(s->text, at))
            return at;
        at = s->text[at] == '"' || s->text[at] == '\'' ? cel_string_end(s, at, end) : at + 1;
    }
    return end;
}

/* Outside of flow maps: its line and those that are indented deeper. */
static size_t block_condition_end(const scan *s, size_t at)
{
    size_t column = key_column(s, at), end = line_condition_end(s, at);
    while (end < s->len && s->text[end] == '\n') {
        size_t next = end + 1;
        if (line_is_empty(s, next) || indent_of(s, next) <= column || s->text[next + indent_of(s, next)] == '#')
            break;
        end = line_condition_end(s, next);
    }
    return end;
}

/* A value that is one YAML string and nothing more. */
static bool quoted_whole(const scan *s)
{
    size_t end = yaml_string_end(s->text, s->len, s->at);
    while (end < s->len && is_blank(s->text[end]))
        end++;
    return end >= s->len || is_end(s->text[end]) || comment_at(s->text, end) ||
           (s->flow > 0 && (s->text[end] == ',' || s->text[end] == '}'));
}

static int read_condition(scan *s)
{
    while (is_blank(peek(s, 0)))
        s->at++;
    char c = peek(s, 0);
    if (is_end(c) || c == '{' || comment_at(s->text, s->at))
        return 0;
    if ((c == '"' || c == '\'') && quoted_whole(s))
        return 0;
    if (s->flow == 0 && (c == '|' || c == '>'))
        return 0;
    size_t start = s->at, end = s->flow ? flow_condition_end(s, s->at) : block_condition_end(s, s->at);
    s->at = end;
    if (end >= s->len && s->flow)
        return 0; /* no end: YAML says so better */
    while (end > start && (is_blank(s->text[end - 1]) || is_end(s->text[end - 1])))
        end--;
    return end > start ? quote(s, start, end) : 0;
}

static bool is_condition_key(const char *key, size_t len)
{
    return (len == 5 && (!memcmp(key, "where", 5) || !memcmp(key, "until", 5))) ||
           (len == 4 && !memcmp(key, "when", 4));
}

/* A plain scalar; a key stops behind its colon. */
static int read_plain(scan *s)
{
    size_t start = s->at;
    while (s->at < s->len && !is_end(peek(s, 0))) {
        char c = peek(s, 0), next = peek(s, 1);
        if (s->flow && is_flow(c))
            return 0;
        if (comment_at(s->text, s->at))
            return 0;
        if (c == ':' && (is_blank(next) || is_end(next) || (s->flow && is_flow(next)))) {
            size_t key = s->at++ - start;
            return is_condition_key(s->text + start, key) ? read_condition(s) : 0;
        }
        s->at++;
    }
    return 0;
}

static int read_token(scan *s)
{
    char c = peek(s, 0);
    if (is_blank(c) || is_end(c)) {
        s->at++;
    } else if (comment_at(s->text, s->at)) {
        skip_line(s);
    } else if (c == '"' || c == '\'') {
        s->at = yaml_string_end(s->text, s->len, s->at);
    } else if (c == '{' || c == '[') {
        s->flow++;
        s->at++;
    } else if (c == '}' || c == ']') {
        s->flow -= s->flow > 0;
        s->at++;
    } else if (c == ',' || ((c == '-' || c == '?' || c == ':') && is_blank(peek(s, 1)))) {
        s->at++;
    } else if (s->flow == 0 && (c == '|' || c == '>')) {
        skip_block(s);
    } else {
        return read_plain(s);
    }
    return 0;
}

int conditions_quote(const char *text, size_t len, quoted_text *ret_quoted)
{
    scan s = {.text = text, .len = len};
    int res = out_reserve(&s, len + 16);
    while (res == 0 && s.at < len)
        res = read_token(&s);
    if (res == 0)
        res = copy_to(&s, len);
    if (res < 0) {
        quoted_text_done(&s.out);
        return res;
    }
    s.out.text[s.out.len] = '\0';
    *ret_quoted = s.out;
    return 0;
}

void quoted_text_done(quoted_text *q)
{
    free(q->text);
    free(q->inserted);
    *q = (quoted_text){0};
}

size_t quoted_text_origin(const quoted_text *q, size_t offset)
{
    size_t low = 0, high = q->inserted_count;
    LOWER_BOUND(low, high, q->inserted[middle] < offset);
    return offset - low;
}
