/*
 * doubt.c - which lists of a kind are broken.
 */
#include "doubt.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

const char doubt_any[] = "*";

void doubt_add(char *doubted, size_t room, const char *names)
{
    const char *name = NULL;
    size_t len = 0;
    while (text_next(&names, ' ', &name, &len)) {
        size_t used = strlen(doubted);
        if (text_has_word(doubted, name, len))
            continue;
        if (used + len + 2 > room) {
            snprintf(doubted, room, "%s", doubt_any);
            return;
        }
        snprintf(doubted + used, room - used, "%s%.*s", used > 0 ? " " : "", (int)len, name);
    }
}

/* Leaves out those of these names. */
static void names_leave(char *doubted, const char *names)
{
    const char *rest = doubted;
    const char *item = NULL;
    size_t len = 0;
    size_t used = 0;
    while (text_next(&rest, ' ', &item, &len)) {
        if (text_has_word(names, item, len))
            continue;
        if (used > 0)
            doubted[used++] = ' ';
        memmove(doubted + used, item, len);
        used += len;
    }
    doubted[used] = '\0';
}

void doubt_forget(char *doubted, const char *name)
{
    names_leave(doubted, name);
}

void doubt_take(char *doubted, const char *name)
{
    if (strcmp(name, "-") == 0)
        doubted[0] = '\0';
    names_leave(doubted, name);
    names_leave(doubted, doubt_any);
}
