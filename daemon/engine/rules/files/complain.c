/*
 * complain.c - errors in rule files, with the place and the line itself.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"
#include "rules/files/read.h"

#define SOURCE_LINE_MAX 400 /* bytes of a line that are shown */

void rules_complaints_done(rules_complaints *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->at[i].file);
        free(c->at[i].text);
        free(c->at[i].source);
    }
    free(c->at);
    *c = (rules_complaints){0};
}

static rules_complaint *complaint_new(reader *r, bool warning)
{
    rules_complaints *c = r->complaints;
    if (room_for(&c->at, &c->capacity, c->count + 1, sizeof *c->at) < 0)
        return NULL;
    rules_complaint *one = &c->at[c->count];
    *one = (rules_complaint){.warning = warning, .file = strdup(r->file ? r->file : "-")};
    if (!one->file)
        return NULL;
    c->count++;
    if (!warning) {
        c->errors++;
        r->rule_errors++;
    }
    return one;
}

bool complaints_full(const reader *r)
{
    return r->complaints->errors >= r->set->limits.complaints;
}

/* Counted from the offset asked of before: from the beginning each time would make long files slow. */
unsigned line_of(reader *r, size_t offset)
{
    for (; r->line_offset < offset; r->line_offset++)
        r->lines += r->text[r->line_offset] == '\n';
    for (; r->line_offset > offset; r->line_offset--)
        r->lines -= r->text[r->line_offset - 1] == '\n';
    return r->lines + 1;
}

/* Line and column of an offset, and a copy of the line. */
static void complaint_place(reader *r, rules_complaint *one, size_t offset)
{
    if (offset > r->len)
        offset = r->len;
    size_t start = offset;
    while (start > 0 && r->text[start - 1] != '\n')
        start--;
    one->line = line_of(r, start);
    one->column = 1;
    for (size_t i = start; i < offset; i++)
        one->column += ((unsigned char)r->text[i] & 0xC0) != 0x80;
    const char *end = memchr(r->text + start, '\n', r->len - start);
    size_t len = end ? (size_t)(end - r->text) - start : r->len - start;
    if (len > 0 && r->text[start + len - 1] == '\r')
        len--;
    if (len > SOURCE_LINE_MAX)
        for (len = SOURCE_LINE_MAX; ((unsigned char)r->text[start + len] & 0xC0) == 0x80;)
            len--;
    one->source = strndup(r->text + start, cel_utf8_check(r->text + start, len)); /* it is shown in JSON too */
}

/* What is wrong for each selection, as a field of `by`, is said once. */
static void complaint_forget_twin(reader *r)
{
    rules_complaints *c = r->complaints;
    rules_complaint *last = &c->at[c->count - 1], *before = c->count > 1 ? last - 1 : NULL;
    if (!before || before->warning || before->line != last->line || before->column != last->column ||
        strcmp(before->file, last->file) != 0 || strcmp(before->text, last->text) != 0)
        return;
    free(last->file);
    free(last->text);
    free(last->source);
    c->count--;
    c->errors--;
}

static void complain_va(reader *r, bool warning, bool placed, size_t offset, const char *format, va_list args)
{
    if (warning ? !r->with_warnings : complaints_full(r))
        return;
    rules_complaint *one = complaint_new(r, warning);
    if (!one || vasprintf(&one->text, format, args) < 0) {
        if (one)
            one->text = NULL;
        r->no_memory = true;
        return;
    }
    if (placed)
        complaint_place(r, one, offset);
    if (!warning)
        complaint_forget_twin(r);
}

int complain_file(reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_va(r, false, false, 0, format, args);
    va_end(args);
    return -EINVAL;
}

int complain_offset(reader *r, size_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_va(r, false, true, offset, format, args);
    va_end(args);
    return -EINVAL;
}

int complain_node(reader *r, struct fy_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_va(r, false, true, node_offset(r, node), format, args);
    va_end(args);
    return -EINVAL;
}

void warn_node(reader *r, struct fy_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_va(r, true, true, node_offset(r, node), format, args);
    va_end(args);
}

/* ---- places ------------------------------------------------------------------------- */

static const struct fy_mark *node_mark(struct fy_node *node)
{
    void *walk = NULL;
    switch (node ? fy_node_get_type(node) : FYNT_SCALAR) {
    case FYNT_MAPPING: {
        struct fy_node_pair *pair = fy_node_mapping_iterate(node, &walk);
        return pair ? node_mark(fy_node_pair_key(pair)) : NULL;
    }
    case FYNT_SEQUENCE:
        return node_mark(fy_node_sequence_iterate(node, &walk));
    default: {
        struct fy_token *token = node ? fy_node_get_scalar_token(node) : NULL;
        return token ? fy_token_start_mark(token) : NULL;
    }
    }
}

/* Of a value that stands nowhere (nothing was written, or an empty list): its key. */
static const struct fy_mark *key_mark(struct fy_node *value)
{
    struct fy_node *map = fy_node_get_parent(value);
    struct fy_node_pair *pair;
    void *walk = NULL;
    if (!map || fy_node_get_type(map) != FYNT_MAPPING)
        return NULL;
    while ((pair = fy_node_mapping_iterate(map, &walk)))
        if (fy_node_pair_value(pair) == value)
            return node_mark(fy_node_pair_key(pair));
    return NULL;
}

size_t node_offset(const reader *r, struct fy_node *node)
{
    for (; node; node = fy_node_get_parent(node)) {
        const struct fy_mark *mark = node_mark(node);
        if (!mark)
            mark = key_mark(node);
        size_t offset = mark ? quoted_text_origin(r->quoted, mark->input_pos) : 0;
        if (mark)
            return offset > r->len ? r->len : offset;
    }
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t scalar_end(const reader *r, struct fy_node *node)
{
    struct fy_token *token = fy_node_get_scalar_token(node);
    const struct fy_mark *mark = token ? fy_token_end_mark(token) : NULL;
    size_t offset = mark ? quoted_text_origin(r->quoted, mark->input_pos) : r->len;
    return offset < r->len ? offset : r->len;
}

/* YAML folds lines, strips indents and undoes escapes: the characters other than space still
 * stand in the file in their order, with quotes and backslashes between them; but for those that an
 * escape names by number: then it is the beginning of the text. */
size_t scalar_offset(const reader *r, struct fy_node *node, size_t within)
{
    size_t len, at = node_offset(r, node);
    const char *value = node_text(node, &len);
    if (!value)
        return at;
    while (at > 0 && (r->text[at - 1] == '"' || r->text[at - 1] == '\''))
        at--;
    if (at < r->len && (r->text[at] == '|' || r->text[at] == '>'))
        while (at < r->len && r->text[at] != '\n')
            at++;
    size_t found = at, first = at, end = scalar_end(r, node);
    for (size_t i = 0; i <= within && i < len; i++) {
        if (is_space(value[i]))
            continue;
        while (at < end && r->text[at] != value[i])
            at++;
        if (at == end)
            return first;
        found = at++;
    }
    if (within >= len)
        found = at;
    else if (is_space(value[within]))
        found = at;
    return found < r->len ? found : r->len;
}

const char *node_text(struct fy_node *node, size_t *ret_len)
{
    if (!node || fy_node_get_type(node) != FYNT_SCALAR || fy_node_is_alias(node))
        return NULL;
    return fy_node_get_scalar(node, ret_len);
}

struct fy_node *selection_name(struct fy_node *select, size_t i)
{
    struct fy_node_pair *pair = fy_node_mapping_get_by_index(select, (int)i);
    return pair ? fy_node_pair_key(pair) : select;
}

/* ---- nearest name ------------------------------------------------------------------- */

#define NAME_MAX_LEN 40

const char *rule_nearest_name(const char *written, size_t len, const char *const names[], size_t count)
{
    const char *best = NULL;
    unsigned best_distance = len <= 3 ? 2 : len <= 6 ? 3 : 4; /* exclusive */
    if (len == 0 || len > NAME_MAX_LEN)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_len = strlen(names[i]);
        if (name_len > NAME_MAX_LEN)
            continue;
        unsigned distance = cel_name_distance(written, len, names[i], name_len);
        if (distance < best_distance) {
            best_distance = distance;
            best = names[i];
        }
    }
    return best;
}

/* ---- text --------------------------------------------------------------------------- */

char *rules_complaint_text(const rules_complaint *c)
{
    char *out = NULL;
    const char *word = c->warning ? "warning" : "error";
    const char *text = c->text ? c->text : "out of memory";
    if (!c->line)
        return asprintf(&out, "%s: %s: %s\n", c->file, word, text) < 0 ? NULL : out;
    if (!c->source)
        return asprintf(&out, "%s:%u:%u: %s: %s\n", c->file, c->line, c->column, word, text) < 0 ? NULL : out;
    /* The caret stands under the column also where tabs come before it. */
    size_t pad = 0, chars = 0;
    char *lead = malloc(strlen(c->source) + c->column + 1);
    if (!lead)
        return NULL;
    for (const char *p = c->source; *p && chars + 1 < c->column; p++)
        if (((unsigned char)*p & 0xC0) != 0x80) {
            lead[pad++] = *p == '\t' ? '\t' : ' ';
            chars++;
        }
    lead[pad] = '\0';
    int n = asprintf(&out, "%s:%u:%u: %s: %s\n  %s\n  %s^\n", c->file, c->line, c->column, word, text, c->source, lead);
    free(lead);
    return n < 0 ? NULL : out;
}
