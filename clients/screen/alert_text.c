/*
 * alert_text.c - one alert on one line.
 */
#include "screen/alert_text.h"

#include <inttypes.h>
#include <string.h>

#include "forms/pack.h"
#include "screen/layout.h"
#include "screen/words.h"
#include "thaw.h"

/* A word in its colour, padded to a width. */
static void word_print(const screen *s, const msgpack_object *alert, const char *key,
                       unsigned width)
{
    char text[32];
    size_t len = 0;
    const char *value = pack_get_str(alert, key, &len);
    snprintf(text, sizeof text, "%.*s", (int)len, value);
    colour c = words_colour(key, text);
    if (c != COLOUR_NONE)
        screen_colour(s, c);
    unsigned printed = screen_text(s, text, strlen(text));
    if (c != COLOUR_NONE)
        screen_colour(s, COLOUR_NONE);
    screen_pad(s, (printed < width ? width - printed : 0) + 2);
}

static uint32_t items(const msgpack_object *alert, const char *key)
{
    const msgpack_object *list = pack_get(alert, key);
    return pack_is_array(list) ? list->via.array.size : 0;
}

/* What has changed since the last line of this alert is mostly what it rests on. */
static void grounds_print(const screen *s, const msgpack_object *alert)
{
    uint64_t rev = pack_get_uint(alert, "rev", 1);
    uint32_t reports = items(alert, "reports");
    if (rev > 1)
        fprintf(s->out, ", rev %" PRIu64, rev);
    if (reports > 0)
        fprintf(s->out, ", %" PRIu32 "%s report%s", reports,
                reports == THAW_ALERT_LIST_MAX ? " or more" : "", reports == 1 ? "" : "s");
}

void alert_print(const screen *s, const msgpack_object *alert)
{
    char text[1024];
    size_t len = 0;
    const msgpack_object *at = pack_get(alert, "at");
    const msgpack_object *because = pack_get(alert, "because");
    size_t time_len = at != NULL ? layout_cell("at", at, text, sizeof text) : 0;
    screen_colour(s, COLOUR_DIM);
    screen_text(s, text, time_len);
    screen_colour(s, COLOUR_NONE);
    fputs("  ", s->out);
    word_print(s, alert, "state", 9);
    word_print(s, alert, "severity", 8);
    const char *title = pack_get_str(alert, "title", &len);
    screen_text(s, title, len);
    fputs("  ", s->out);
    screen_colour(s, COLOUR_DIM);
    const char *id = pack_get_str(alert, "id", &len);
    screen_text(s, id, len);
    grounds_print(s, alert);
    if (pack_is_array(because) && because->via.array.size > 0) {
        len = layout_cell("because", because, text, sizeof text);
        fputs("  because of ", s->out);
        screen_text(s, text, len);
    }
    screen_colour(s, COLOUR_NONE);
    putc('\n', s->out);
}
