/*
 * events.c - thaw events: the reports as they were accepted.
 */
#include "verbs/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "forms/json.h"
#include "forms/pack.h"
#include "screen/layout.h"
#include "screen/screen.h"
#include "thaw.h"
#include "verbs/listing.h"
#include "wire/connection.h"

enum { PAGE = 1000, FOLLOW_US = 500000, EPOCH_BYTES = 129 };

typedef struct events {
    common_options common;
    const char *country, *kind;
    uint64_t from, limit, shown;
    uint64_t head;           /* the last report that thawd had, when it answered last */
    char epoch[EPOCH_BYTES]; /* of that answer; "" before the first */
    bool follow, bare, silent;
    screen s;
} events;

/* One report on a line: number, date, kind, country, count, title, and who said so. */
static void report_print(const events *e, const msgpack_object *record)
{
    static const struct {
        const char *key;
        unsigned width;
    } columns[] = {{"occurred_at", 12}, {"kind", 10}, {"country", 3}, {"count", 6}};
    const msgpack_object *event = pack_get(record, "event");
    char text[256];
    fprintf(e->s.out, "%8" PRIu64 "  ", pack_get_uint(record, "journal_seq", 0));
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const msgpack_object *value = pack_get(event, columns[i].key);
        if (value == NULL && i == 0)
            value = pack_get(event, "reported_at");
        size_t len = value != NULL ? layout_cell(columns[i].key, value, text, sizeof text) : 0;
        unsigned width = screen_text(&e->s, text, len);
        screen_pad(&e->s, (width < columns[i].width ? columns[i].width - width : 0) + 1);
    }
    size_t len = 0;
    const char *title = pack_get_str(event, "title", &len);
    if (len > 0) {
        screen_text(&e->s, title, len);
        fputs("  ", e->s.out);
    }
    screen_colour(&e->s, COLOUR_DIM);
    const char *source = pack_get_str(event, "source", &len);
    screen_text(&e->s, source, len);
    putc('/', e->s.out);
    const char *id = pack_get_str(event, "id", &len);
    screen_text(&e->s, id, len);
    screen_colour(&e->s, COLOUR_NONE);
    putc('\n', e->s.out);
}

static void record_print(events *e, const msgpack_object *record)
{
    const msgpack_object *event = pack_get(record, "event");
    if (e->bare || e->common.json) {
        json_print(e->bare && event != NULL ? event : record);
    } else {
        report_print(e, record);
    }
    e->shown++;
}

static int page_ask(connection *c, const events *e, answer *reply)
{
    const uint64_t left = e->limit > 0 ? e->limit - e->shown : PAGE;
    const request_pair pairs[] = {{"from", NULL, e->from, NULL},
                                  {"limit", NULL, left < PAGE ? left : PAGE, NULL},
                                  {"country", e->country, 0, NULL},
                                  {"kind", e->kind, 0, NULL}};
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    request_pack(&body, pairs, 4);
    int result = connection_try(c, "events", &body, reply);
    msgpack_sbuffer_destroy(&body);
    return result;
}

/* Who follows waits for a thawd that was there before. -EPIPE: until nobody reads any more. */
static int page_await(connection *c, events *e, answer *reply)
{
    int result = page_ask(c, e, reply);
    while (connection_is_silence(result) && e->follow && e->epoch[0] != '\0') {
        if (!e->silent)
            complain("nothing heard from %s; waiting", e->common.service);
        e->silent = true;
        if (screen_deserted(&e->s))
            return -EPIPE;
        result = page_ask(c, e, reply);
    }
    if (e->silent && !connection_is_silence(result))
        complain("thawd is there again");
    e->silent = false;
    return result;
}

/* True: the answer is of the journal of the one before. Of another one all reports are new; an older
 * copy of it has lost its latest ones. */
static bool journal_is_same(events *e, const msgpack_object *body)
{
    size_t len = 0;
    const char *epoch = pack_get_str(body, "epoch", &len);
    uint64_t head = pack_get_uint(body, "head", 0);
    bool first = e->epoch[0] == '\0';
    bool same = first || (strlen(e->epoch) == len && memcmp(e->epoch, epoch, len) == 0);
    if (!same)
        e->from = 0;
    else if (head < e->head && e->from > head)
        e->from = head;
    same = same && head >= e->head;
    if (!same)
        complain("thawd has another journal, or an older copy of it; its reports after %" PRIu64
                 " follow",
                 e->from);
    snprintf(e->epoch, sizeof e->epoch, "%.*s", (int)len, epoch);
    e->head = head;
    return same;
}

/* Asks for one page and shows it; *ret_end: there is no more for now. */
static int page_show(connection *c, events *e, answer *reply, bool *ret_end)
{
    int result = page_await(c, e, reply);
    if (result == -EPIPE)
        return CLIENT_DONE;
    if (result != 0)
        return connection_judge(c, "events", result, reply);
    *ret_end = false;
    if (!journal_is_same(e, &reply->body))
        return CLIENT_DONE;
    const msgpack_object *list = pack_get(&reply->body, "events");
    uint32_t count = pack_is_array(list) ? list->via.array.size : 0;
    uint64_t before = e->from;
    for (uint32_t i = 0; i < count; i++) {
        record_print(e, &list->via.array.ptr[i]);
        e->from = pack_get_uint(&list->via.array.ptr[i], "journal_seq", e->from);
    }
    /* A page of one country may be empty though more follows. */
    uint64_t next = pack_get_uint(&reply->body, "next", 0);
    if (next > e->from)
        e->from = next;
    *ret_end = e->from == before || e->from >= pack_get_uint(&reply->body, "head", 0);
    return CLIENT_DONE;
}

static int events_run(events *e)
{
    connection *c = NULL;
    answer reply = {.open = false};
    int result = connection_new(&e->common, &c) == 0 ? CLIENT_DONE : CLIENT_NO_ANSWER;
    while (result == CLIENT_DONE && (e->limit == 0 || e->shown < e->limit)) {
        bool end = true;
        result = page_show(c, e, &reply, &end);
        if (fflush(stdout) != 0 || (end && (!e->follow || screen_deserted(&e->s))))
            break;
        if (end)
            usleep(FOLLOW_US);
    }
    answer_free(&reply);
    connection_free(c);
    if (result == CLIENT_DONE && e->shown == 0 && !e->common.json && !e->bare)
        puts("no reports");
    return result;
}

static bool kind_check(const char *kind)
{
    const char *kinds[THAW_KIND_COUNT] = {NULL};
    for (int k = 1; k < THAW_KIND_COUNT; k++) {
        kinds[k - 1] = thaw_kind_name((thaw_kind)k);
        if (strcmp(kind, kinds[k - 1]) == 0)
            return true;
    }
    const char *near = nearest_name(kind, kinds);
    complain("--kind is '%s', expected release, detention, sanction, talks, tally, feed or "
             "retraction%s%s%s",
             kind, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
             near != NULL ? "'?" : "");
    return false;
}

int verb_events(int argc, char **argv)
{
    events e = {.follow = false};
    const usage u = {"events", "[COUNTRY]",
                     "Lists the reports that were accepted, in that order.\n"
                     "'thaw events --bare > FILE' writes events that 'thaw pub' reads."};
    const argument table[] = {
        {"from", 0, ARGUMENT_NUMBER, &e.from, "SEQ", "those after this journal_seq", 0, UINT64_MAX},
        {"limit", 'n', ARGUMENT_NUMBER, &e.limit, "N", "at most so many", 1, UINT64_MAX},
        {"kind", 'k', ARGUMENT_TEXT, &e.kind, "KIND", "release, sanction, talks ...", 0, 0},
        {"bare", 0, ARGUMENT_FLAG, &e.bare, NULL, "the events alone, one JSON object a line", 0, 0},
        {"follow", 'f', ARGUMENT_FLAG, &e.follow, NULL, "go on with those that come", 0, 0},
    };
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, 5, &e.common, 0, 1, argc, argv, &first, &result))
        return result;
    e.country = first < argc ? argv[first] : NULL;
    if (e.country != NULL && !country_check(e.country))
        return CLIENT_USAGE;
    if (e.kind != NULL && !kind_check(e.kind))
        return CLIENT_USAGE;
    e.s = screen_open(stdout);
    return events_run(&e);
}
