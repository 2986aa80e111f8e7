/*
 * doubt.c - which lists of a kind are broken.
 */
#include "doubt.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

const char doubt_any[] = "*";

static bool holds(const char *names, const char *name, size_t len)
{
    const char *item = NULL;
    size_t item_len = 0;
    while (text_next(&names, ' ', &item, &item_len))
        if (item_len == len && memcmp(item, name, len) == 0)
            return true;
    return false;
}

void doubt_add(char *doubted, size_t room, const char *names)
{
    const char *name = NULL;
    size_t len = 0;
    while (text_next(&names, ' ', &name, &len)) {
        size_t used = strlen(doubted);
        if (holds(doubted, name, len))
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
        bool gone = all || holds(name, item, len) || holds(doubt_any, item, len);
        if (gone)
            continue;
        if (used > 0)
            doubted[used++] = ' ';
        memmove(doubted + used, item, len);
        used += len;
    }
    doubted[used] = '\0';
}
