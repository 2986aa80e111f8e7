/*
 * tail.c - thaw tail: follow alerts, without missing one.
 */
#include "verbs/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "forms/json.h"
#include "screen/alert_text.h"
#include "screen/screen.h"
#include "thaw.h"
#include "verbs/listing.h"
#include "wire/subscription.h"

enum { TOPIC_MOST = 200 };

typedef struct tail {
    common_options common;
    screen s;
    uint64_t count, shown;
    char topic[TOPIC_MOST + 16];
} tail;

static bool show(void *context, const msgpack_object *alert)
{
    tail *t = context;
    if (t->common.json) {
        json_print(alert);
    } else {
        alert_print(&t->s, alert);
    }
    t->shown++;
    /* Whoever reads the pipe sees each at once; a closed pipe ends the run. */
    return fflush(stdout) != 0 || (t->count > 0 && t->shown >= t->count);
}

/* People are told by a remark; a program would hold alerts for active that have ended. */
static void reset(void *context, const char *epoch, uint64_t seq)
{
    const tail *t = context;
    if (!t->common.json)
        return;
    fputs("{\"reset\":{\"epoch\":", stdout);
    json_write_string(epoch, strlen(epoch), stdout);
    printf(",\"seq\":%" PRIu64 "}}\n", seq);
    fflush(stdout);
}

static void remark(void *context, const char *text)
{
    (void)context;
    complain("%s", text);
}

static bool deserted(void *context)
{
    const tail *t = context;
    return screen_deserted(&t->s);
}

static bool from_parse(const char *text, subscription_options *o)
{
    char *end = NULL;
    o->from = text == NULL ? FROM_NOW : strcmp(text, "beginning") == 0 ? FROM_BEGINNING : FROM_SEQ;
    if (o->from != FROM_SEQ)
        return true;
    o->seq = strtoull(text, &end, 10);
    /* "2025" is a number like any other, not a year: a date has a dash. */
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0')
        return true;
    o->from = FROM_TIME;
    thaw_date date;
    if (thaw_date_parse(text, strlen(text), &date) != 0) {
        complain("--from is '%s', expected the number of a change, 'beginning', or a date or time "
                 "such as 2025-12-13 or 2025-12-13T10:00:00Z",
                 text);
        return false;
    }
    return moment_parse("--from", text, false, &o->time_ns);
}

static bool topic_make(tail *t, const char *topic)
{
    bool whole = topic == NULL || strncmp(topic, "alert.", 6) == 0;
    if (topic != NULL && strlen(topic) > TOPIC_MOST) {
        complain("--topic is longer than %d bytes", TOPIC_MOST);
        return false;
    }
    snprintf(t->topic, sizeof t->topic, "%s%s", whole ? "" : "alert.",
             topic != NULL ? topic : "alert.");
    return true;
}

int verb_tail(int argc, char **argv)
{
    tail t = {.count = 0};
    const char *from = NULL;
    const char *topic = NULL;
    bool no_follow = false;
    const usage u = {
        "tail", "",
        "Shows the active alerts, then every change as it comes. What is lost on the way, or\n"
        "while thawd or this program was away, is asked for again: the numbers (seq in --json)\n"
        "have no holes."};
    const argument table[] = {
        {"from", 0, ARGUMENT_TEXT, &from, "WHERE",
         "every change after this seq, since this time, or from the 'beginning'", 0, 0},
        {"topic", 't', ARGUMENT_TEXT, &topic, "TOPIC",
         "only topics that begin so: BY. or BY.mass-release.", 0, 0},
        {"count", 'n', ARGUMENT_NUMBER, &t.count, "N", "end after so many", 1, UINT64_MAX},
        {"no-follow", 0, ARGUMENT_FLAG, &no_follow, NULL, "end when what is there has been shown",
         0, 0},
    };
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, 4, &t.common, 0, 0, argc, argv, &first, &result))
        return result;
    subscription_options options = {.topic = t.topic,
                                    .follow = !no_follow,
                                    .alert = show,
                                    .reset = reset,
                                    .remark = remark,
                                    .deserted = deserted,
                                    .context = &t};
    if (!topic_make(&t, topic) || !from_parse(from, &options))
        return CLIENT_USAGE;
    t.s = screen_open(stdout);
    connection *c = NULL;
    if (connection_new(&t.common, &c) != 0)
        return CLIENT_NO_ANSWER;
    result = subscription_run(c, &t.common, &options);
    connection_free(c);
    return result;
}
