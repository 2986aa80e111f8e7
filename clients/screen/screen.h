/*
 * screen.h - text for people: colours only on a terminal, foreign text made harmless, tables.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum colour {
    COLOUR_NONE = 0,
    COLOUR_BOLD = 1,
    COLOUR_DIM = 2,
    COLOUR_RED = 31,
    COLOUR_GREEN = 32,
    COLOUR_YELLOW = 33,
    COLOUR_MAGENTA = 35,
    COLOUR_CYAN = 36
} colour;

typedef struct screen {
    FILE *out;
    bool colours;
    unsigned columns; /* width to keep to; 0: no bound, the output is no terminal */
} screen;

/* Colours only where `out` is a terminal that has them, or CLICOLOR_FORCE is set, and never where
 * NO_COLOR is. */
screen screen_open(FILE *out);
/* Whether `out` is a pipe that nobody reads any more: `thaw tail | head -1` ends though nothing comes to be written. */
bool screen_deserted(const screen *s);

/* Foreign text without control, direction and unseen characters (they become '?'; newline and tab
 * become a space); returns its width in columns. */
unsigned screen_text(const screen *s, const char *text, size_t len);
/* The same, without printing. */
unsigned screen_width(const char *text, size_t len);
/* Own text in a colour. */
void screen_print(const screen *s, colour c, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void screen_colour(const screen *s, colour c); /* COLOUR_NONE ends it */
void screen_pad(const screen *s, unsigned columns);

/* ---- tables ------------------------------------------------------------------------- *
 * Cells are added row by row; the whole is printed aligned. Columns in which every cell is a
 * number stand to the right. On a terminal the widest column gives way first; numbers and what is
 * kept do not. */

typedef struct screen_table screen_table;

/* Takes `columns` titles, at least one. NULL: no memory. */
screen_table *screen_table_new(const char *const titles[], size_t columns);
screen_table *screen_table_free(screen_table *t);
/* A column that is shown whole however narrow the terminal: something to be copied, a date. */
void screen_table_keep(screen_table *t, size_t column);
/* Adds the next cell, of foreign text; numeric says that it is a number. Without memory the table
 * is cut and screen_table_print says so. */
void screen_table_add(screen_table *t, const char *text, size_t len, bool numeric, colour c);
/* Prints with `indent` spaces before each line. 0, or -ENOMEM where cells were lost. */
int screen_table_print(const screen_table *t, const screen *s, unsigned indent);

#endif
