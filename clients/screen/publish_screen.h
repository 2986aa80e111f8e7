/*
 * publish_screen.h - what people and programs see of acknowledged publishing: progress on a
 * terminal, and each event that was refused.
 */
#ifndef PUBLISH_SCREEN_H
#define PUBLISH_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "screen/screen.h"
#include "wire/publishing.h"

typedef struct publish_screen {
    screen errors;
    bool json, quiet;
    bool shown; /* a line of progress stands on the terminal */
    int64_t begun_ns;
} publish_screen;

publish_screen publish_screen_open(bool json, bool quiet);
/* Takes the line of progress away. */
void publish_screen_clear(publish_screen *s);

/* The callbacks of publishing_report; context is the publish_screen. */
void publish_screen_progress(void *context, const publishing_totals *totals);
void publish_screen_rejected(void *context, const input_problem *problem, const char *id,
                             size_t id_len);

#endif
