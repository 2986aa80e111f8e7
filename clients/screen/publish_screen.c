/*
 * publish_screen.c - what people and programs see of acknowledged publishing.
 */
#include "screen/publish_screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "forms/json.h"

publish_screen publish_screen_open(bool json, bool quiet)
{
    return (publish_screen){
        .errors = screen_open(stderr), .json = json, .quiet = quiet, .begun_ns = monotonic_ns()};
}

void publish_screen_clear(publish_screen *s)
{
    if (s->shown)
        fputs("\r\033[K", stderr);
    s->shown = false;
}

void publish_screen_progress(void *context, const publishing_totals *t)
{
    publish_screen *s = context;
    double seconds = (double)(monotonic_ns() - s->begun_ns) / 1e9;
    uint64_t answered = t->accepted + t->duplicates + t->rejected;
    if (s->errors.columns == 0 || s->quiet)
        return;
    fprintf(stderr, "\r\033[K%" PRIu64 " read, %" PRIu64 " answered, %.0f a second", t->read,
            answered, seconds > 0 ? (double)answered / seconds : 0.0);
    s->shown = true;
}

static void rejected_json(const input_problem *problem, const char *id, size_t id_len)
{
    fputs("{\"file\":", stdout);
    json_write_string(problem->file, strlen(problem->file), stdout);
    printf(",\"line\":%" PRIu64 ",\"id\":", problem->line);
    json_write_string(id, id_len, stdout);
    fputs(",\"code\":", stdout);
    json_write_string(problem->code, strlen(problem->code), stdout);
    fputs(",\"message\":", stdout);
    json_write_string(problem->message, strlen(problem->message), stdout);
    fputs("}\n", stdout);
}

void publish_screen_rejected(void *context, const input_problem *problem, const char *id,
                             size_t id_len)
{
    publish_screen *s = context;
    if (s->json) {
        rejected_json(problem, id, id_len);
        return;
    }
    publish_screen_clear(s);
    screen_text(&s->errors, problem->file, strlen(problem->file));
    if (problem->line > 0)
        fprintf(stderr, ":%" PRIu64, problem->line);
    fputs(": ", stderr);
    if (id_len > 0) {
        screen_text(&s->errors, id, id_len);
        fputs(": ", stderr);
    }
    screen_text(&s->errors, problem->message, strlen(problem->message));
    fputs(" (", stderr);
    screen_text(&s->errors, problem->code, strlen(problem->code));
    fputs(")\n", stderr);
}
