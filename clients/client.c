/*
 * client.c - complaints, near misses, clocks.
 */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("thaw: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

enum { NAME_MAX_BYTES = 40 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein distance of two names that are no longer than NAME_MAX_BYTES. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_BYTES + 1];
    size_t length_b = strlen(b);
    for (size_t j = 0; j <= length_b; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < length_b; j++) {
            unsigned above = row[j + 1];
            row[j + 1] = smallest(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[length_b];
}

const char *nearest_name(const char *typed, const char *const names[])
{
    size_t length = strlen(typed);
    if (length == 0 || length > NAME_MAX_BYTES)
        return NULL;
    unsigned best = (unsigned)(length > 5 ? 3 : 2);
    const char *nearest = NULL;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strlen(names[i]) > NAME_MAX_BYTES)
            continue;
        unsigned distance = edit_distance(typed, names[i]);
        if (distance <= best && distance < strlen(names[i])) {
            best = distance;
            nearest = names[i];
            if (distance == 0)
                break;
            best--;
        }
    }
    return nearest;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}
