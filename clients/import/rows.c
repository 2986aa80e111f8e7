/*
 * rows.c - comma separated rows out of memory.
 */
#include "rows.h"

#include <string.h>

void rows_open(rows *r, const char *name, char *data, size_t len)
{
    *r = (rows){.name = name, .next = data, .end = data + len};
}

/* Reads a quoted field from its opening quote; *at stands behind the closing one after. */
static int quoted_read(rows *r, char **at, const char **ret_field, problem *p)
{
    char *from = *at + 1;
    char *to = from;
    *ret_field = to;
    for (char *c = from; c < r->end; c++) {
        if (*c == '"' && c + 1 < r->end && c[1] == '"') {
            c++;
        } else if (*c == '"') {
            *at = c + 1;
            /* `to` is at most at the closing quote, so the NUL hides nothing. */
            *to = '\0';
            return 0;
        } else if (*c == '\0') {
            break;
        }
        r->lines += *c == '\n';
        *to++ = *c;
    }
    return problem_set(p, r->name, r->line, "a quote is not closed; the file is cut off or no CSV");
}

/* Reads a bare field; *at stands at the comma, line end or end of the file after. */
static void bare_read(rows *r, char **at, const char **ret_field)
{
    *ret_field = *at;
    while (*at < r->end && **at != ',' && **at != '\n' && **at != '\0')
        (*at)++;
}

/* What follows a field: ',' for another one, '\n' for a row's end, 0 for the file's end. */
static int separator_take(rows *r, char **at, char *ret_separator, problem *p)
{
    char *field_end = *at;
    if (*at < r->end && **at == '\r' && (*at + 1 == r->end || (*at)[1] == '\n'))
        (*at)++;
    if (*at == r->end) {
        *ret_separator = '\0';
        *field_end = '\0';
        return 0;
    }
    char c = **at;
    if (c != ',' && c != '\n')
        return problem_set(p, r->name, r->line,
                           c == '\0' ? "found a NUL byte; expected text"
                                     : "found text behind a closing quote; expected a comma");
    *ret_separator = c;
    *field_end = '\0';
    (*at)++;
    return 0;
}

static int field_read(rows *r, char **at, row *ret_row, char *ret_separator, problem *p)
{
    const char *field = *at;
    int result = 0;
    if (ret_row->count == ROW_FIELDS_MAX)
        return problem_set(p, r->name, r->line, "has more than %d columns", ROW_FIELDS_MAX);
    if (*at < r->end && **at == '"')
        result = quoted_read(r, at, &field, p);
    else
        bare_read(r, at, &field);
    if (result == 0 && (size_t)(*at - field) > ROW_FIELD_BYTES_MAX)
        return problem_set(p, r->name, r->line, "column %zu has more than %d bytes",
                           ret_row->count + 1, ROW_FIELD_BYTES_MAX);
    if (result == 0)
        result = separator_take(r, at, ret_separator, p);
    /* A bare field in front of CR LF keeps its CR: it goes here. */
    size_t len = result == 0 ? strlen(field) : 0;
    if (len > 0 && *ret_separator != ',' && field[len - 1] == '\r')
        ((char *)(size_t)field)[len - 1] = '\0';
    ret_row->at[ret_row->count++] = field;
    return result;
}

int rows_next(rows *r, row *ret_row, problem *p)
{
    char *at = r->next;
    char separator = ',';
    ret_row->count = 0;
    r->line = r->lines + 1;
    if (at >= r->end)
        return 0;
    while (separator == ',') {
        int result = field_read(r, &at, ret_row, &separator, p);
        if (result != 0)
            return result;
    }
    r->ended = separator == '\n';
    r->lines += r->ended;
    r->next = at;
    return 1;
}
