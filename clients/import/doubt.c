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

void doubt_take(char *doubted, const char *name)
{
    const char *rest = doubted;
    const char *item = NULL;
    size_t len = 0;
    size_t used = 0;
    bool all = strcmp(name, "-") == 0;
    while (text_next(&rest, ' ', &item, &len)) {
        bool gone = all || text_has_word(name, item, len) || text_has_word(doubt_any, item, len);
        if (gone)
            continue;
        if (used > 0)
            doubted[used++] = ' ';
        memmove(doubted + used, item, len);
        used += len;
    }
    doubted[used] = '\0';
}
