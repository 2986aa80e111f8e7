/*
 * screen.c - text for people.
 */
#include "screen/screen.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "forms/utf8.h"
#include "room.h"

enum { COLUMNS_MAX = 32, CELL_LEAST = 8 };

static bool environment_says(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

screen screen_open(FILE *out)
{
    screen s = {.out = out};
    struct winsize size;
    const char *term = getenv("TERM");
    const bool refused = environment_says("NO_COLOR");
    if (!isatty(fileno(out))) {
        s.colours = environment_says("CLICOLOR_FORCE") && !refused;
        return s;
    }
    s.colours = !refused && term != NULL && strcmp(term, "dumb") != 0;
    s.columns = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    return s;
}

bool screen_deserted(const screen *s)
{
    struct pollfd output = {.fd = fileno(s->out)};
    return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

void screen_colour(const screen *s, colour c)
{
    if (s->colours)
        fprintf(s->out, "\033[%dm", (int)c);
}

void screen_print(const screen *s, colour c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (c != COLOUR_NONE)
        screen_colour(s, c);
    vfprintf(s->out, format, arguments);
    if (c != COLOUR_NONE)
        screen_colour(s, COLOUR_NONE);
    va_end(arguments);
}

void screen_pad(const screen *s, unsigned columns)
{
    fprintf(s->out, "%*s", (int)columns, "");
}

typedef struct range {
    uint32_t first, last;
} range;

/* Characters that steer a terminal, turn the direction of writing, or stand there unseen, so that two names
 * look like one. The joiners U+200C and U+200D are spelling, and stay. */
static bool steers(uint32_t c)
{
    static const range all[] = {{0x00, 0x1f},       {0x7f, 0x9f},       {0x061c, 0x061c},
                                {0x180e, 0x180e},   {0x200b, 0x200b},   {0x200e, 0x200f},
                                {0x2028, 0x202e},   {0x2060, 0x206f},   {0xe000, 0xf8ff},
                                {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
                                {0xe0000, 0xe00ff}, {0xf0000, 0x10ffff}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (c >= all[i].first && c <= all[i].last)
            return true;
    return (c & 0xfffe) == 0xfffe;
}

static unsigned character_width(uint32_t c)
{
    int width = wcwidth((wchar_t)c);
    return width < 0 ? 1 : (unsigned)width;
}

/* Prints at most `most` columns where out is given; returns the columns. */
static unsigned text_put(FILE *out, const char *text, size_t len, unsigned most)
{
    unsigned columns = 0;
    for (size_t at = 0, length = 0; at < len; at += length) {
        uint32_t c = utf8_take(text + at, len - at, &length);
        unsigned width = steers(c) ? 1 : character_width(c);
        if (columns + width > most)
            break;
        columns += width;
        if (out == NULL)
            continue;
        if (c == '\n' || c == '\t' || c == '\r')
            putc(' ', out);
        else if (steers(c))
            putc('?', out);
        else if (c == UTF8_REPLACEMENT)
            fputs("\xef\xbf\xbd", out);
        else
            fwrite(text + at, 1, length, out);
    }
    return columns;
}

unsigned screen_text(const screen *s, const char *text, size_t len)
{
    return text_put(s->out, text, len, UINT32_MAX);
}

unsigned screen_width(const char *text, size_t len)
{
    return text_put(NULL, text, len, UINT32_MAX);
}

/* ---- tables ------------------------------------------------------------------------- */

typedef struct cell {
    char *text;
    size_t len;
    unsigned width;
    bool numeric;
    colour c;
} cell;

struct screen_table {
    size_t columns;
    char *titles[COLUMNS_MAX];
    cell *cells;
    size_t count, capacity;
    bool cut;
    bool kept[COLUMNS_MAX];
};

screen_table *screen_table_free(screen_table *t)
{
    if (t == NULL)
        return NULL;
    for (size_t i = 0; i < t->columns; i++)
        free(t->titles[i]);
    for (size_t i = 0; i < t->count; i++)
        free(t->cells[i].text);
    free(t->cells);
    free(t);
    return NULL;
}

screen_table *screen_table_new(const char *const titles[], size_t columns)
{
    screen_table *t = columns > 0 ? calloc(1, sizeof *t) : NULL;
    if (t == NULL)
        return NULL;
    t->columns = columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
    for (size_t i = 0; i < t->columns; i++) {
        t->titles[i] = strdup(titles[i]);
        if (t->titles[i] == NULL)
            return screen_table_free(t);
    }
    return t;
}

void screen_table_keep(screen_table *t, size_t column)
{
    if (column < t->columns)
        t->kept[column] = true;
}

void screen_table_add(screen_table *t, const char *text, size_t len, bool numeric, colour c)
{
    char *copy = malloc(len + 1);
    if (t->cut || copy == NULL ||
        room_for(&t->cells, &t->capacity, t->count + 1, sizeof *t->cells) < 0) {
        t->cut = true;
        free(copy);
        return;
    }
    if (len > 0)
        memcpy(copy, text, len);
    t->cells[t->count++] = (cell){copy, len, screen_width(text, len), numeric, c};
}

static size_t screen_table_rows(const screen_table *t)
{
    assert(t->columns > 0);
    return t->count / t->columns;
}

typedef struct column {
    unsigned width, least;
    bool numeric;
} column;

static void columns_measure(const screen_table *t, column columns[])
{
    assert(t->columns > 0);
    for (size_t i = 0; i < t->columns; i++)
        columns[i] = (column){screen_width(t->titles[i], strlen(t->titles[i])), 0, true};
    for (size_t i = 0; i < t->count; i++) {
        column *c = &columns[i % t->columns];
        if (t->cells[i].width > c->width)
            c->width = t->cells[i].width;
        if (t->cells[i].width > c->least)
            c->least = t->cells[i].width;
        c->numeric = c->numeric && (t->cells[i].numeric || t->cells[i].len == 0);
    }
    for (size_t i = 0; i < t->columns; i++)
        if (!columns[i].numeric && !t->kept[i])
            columns[i].least = CELL_LEAST;
}

static unsigned least_width(const column *c)
{
    return c->width < c->least ? c->width : c->least;
}

/* Takes from the widest columns that may give way until the line fits. Where it cannot fit, nothing
 * is cut: the terminal breaks the line either way. */
static void columns_shrink(const screen_table *t, column columns[], unsigned room)
{
    unsigned least = 2 * (unsigned)(t->columns - 1);

    for (size_t i = 0; i < t->columns; i++)
        least += least_width(&columns[i]);
    while (least <= room) {
        unsigned sum = 2 * (unsigned)(t->columns - 1);
        column *widest = NULL;
        for (size_t i = 0; i < t->columns; i++) {
            sum += columns[i].width;
            if (columns[i].width > columns[i].least &&
                (widest == NULL || columns[i].width > widest->width))
                widest = &columns[i];
        }
        if (sum <= room || widest == NULL)
            return;
        widest->width--;
    }
}

static void cell_print(const screen *s, const cell *c, const column *at, bool last)
{
    bool whole = c->width <= at->width;
    unsigned width = whole ? c->width : at->width;
    if (at->numeric)
        screen_pad(s, at->width - width);
    if (c->c != COLOUR_NONE)
        screen_colour(s, c->c);
    unsigned printed = text_put(s->out, c->text, c->len, whole ? width : width - 1);
    if (!whole) {
        fputs("\xe2\x80\xa6", s->out);
        printed++;
    }
    if (c->c != COLOUR_NONE)
        screen_colour(s, COLOUR_NONE);
    if (!at->numeric && !last && printed < at->width)
        screen_pad(s, at->width - printed);
    if (last)
        putc('\n', s->out);
    else
        fputs("  ", s->out);
}

int screen_table_print(const screen_table *t, const screen *s, unsigned indent)
{
    column columns[COLUMNS_MAX] = {{0}};
    columns_measure(t, columns);
    if (s->columns > 0)
        columns_shrink(t, columns, s->columns > indent ? s->columns - indent : 1);
    screen_pad(s, indent);
    for (size_t i = 0; i < t->columns; i++) {
        size_t len = strlen(t->titles[i]);
        cell title = {t->titles[i], len, screen_width(t->titles[i], len), false, COLOUR_DIM};
        cell_print(s, &title, &columns[i], i + 1 == t->columns);
    }
    for (size_t i = 0; i < screen_table_rows(t) * t->columns; i++) {
        if (i % t->columns == 0)
            screen_pad(s, indent);
        cell_print(s, &t->cells[i], &columns[i % t->columns], (i + 1) % t->columns == 0);
    }
    return t->cut ? -ENOMEM : 0;
}
