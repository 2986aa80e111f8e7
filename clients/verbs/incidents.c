/*
 * incidents.c - thaw incidents: what happened, one line for each happening.
 */
#include "verbs/verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "forms/pack.h"
#include "verbs/listing.h"
#include "wire/answers.h"

enum { LIMIT_DEFAULT = 1000 };

static bool kind_check(const char *kind)
{
    static const char *const kinds[] = {"release", "detention", "sanction", "talks", NULL};
    for (size_t i = 0; kinds[i] != NULL; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    const char *near = nearest_name(kind, kinds);
    complain("--kind is '%s', expected release, detention, sanction or talks%s%s%s", kind,
             near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
             near != NULL ? "'?" : "");
    return false;
}

/* Takes a page, which is before those that came; where the next one begins, or NULL. `asked` is where
 * this one began, or NULL: what goes on there would do so for ever. */
static const msgpack_object *page_take(msgpack_object *list, const msgpack_object *asked,
                                       const msgpack_object *reply, bool *ret_more, int *ret_code)
{
    const msgpack_object *rows = pack_get(reply, "incidents");
    const msgpack_object *more = pack_get(reply, "more");
    const msgpack_object *next = pack_get(reply, "next");
    *ret_more = more != NULL && more->type == MSGPACK_OBJECT_BOOLEAN && more->via.boolean;
    if (next == NULL || next->type != MSGPACK_OBJECT_STR)
        next = NULL;
    if (!pack_is_array(rows) ||
        (next != NULL && asked != NULL && msgpack_object_equal(*next, *asked))) {
        complain("incidents: thawd does not tell what %s",
                 asked == NULL ? "there is" : "is before");
        *ret_code = CLIENT_NO_ANSWER;
        return NULL;
    }
    if (!answers_prepend(list, rows))
        *ret_code = CLIENT_NO_ANSWER;
    return rows->via.array.size > 0 ? next : NULL;
}

/* Pages from the latest back until there are as many as are wanted; *ret_more: others are before. */
static int pages_ask(connection *c, const msgpack_sbuffer *body, uint64_t wanted, answers **kept,
                     msgpack_object *list, bool *ret_more)
{
    msgpack_sbuffer asked;
    int code = CLIENT_DONE;
    const msgpack_object *reply = answers_ask(kept, c, "incidents", body, &code);
    const msgpack_object *next =
        reply == NULL ? NULL : page_take(list, NULL, reply, ret_more, &code);
    msgpack_sbuffer_init(&asked);
    while (code == CLIENT_DONE && next != NULL && list->via.array.size < wanted) {
        request_after(body, next, &asked);
        reply = answers_ask(kept, c, "incidents", &asked, &code);
        next = reply == NULL ? NULL : page_take(list, next, reply, ret_more, &code);
    }
    msgpack_sbuffer_destroy(&asked);
    return code;
}

/* A list that was cut must not pass for the whole, least of all with a program. */
static void list_print(const common_options *common, const msgpack_object *list, uint64_t wanted,
                       bool more, const listing *how)
{
    uint32_t size = list->via.array.size;
    uint32_t left_out = size > wanted ? size - (uint32_t)wanted : 0;
    msgpack_object_kv pair = {.key = {.type = MSGPACK_OBJECT_STR, .via.str = {9, "incidents"}},
                              .val = *list};
    const msgpack_object reply = {.type = MSGPACK_OBJECT_MAP, .via.map = {1, &pair}};
    pair.val.via.array.size -= left_out;
    if (left_out > 0)
        pair.val.via.array.ptr += left_out;
    listing_print(common, &reply, how);
    if (more || left_out > 0)
        complain("incidents: these are the latest %" PRIu32
                 ", there are earlier ones; --limit N shows more",
                 size - left_out);
}

static int incidents_ask(const common_options *common, const msgpack_sbuffer *body, uint64_t limit,
                         const listing *how)
{
    uint64_t wanted = limit != 0 ? limit : LIMIT_DEFAULT;
    msgpack_object list = {.type = MSGPACK_OBJECT_ARRAY};
    answers *kept = NULL;
    connection *c = NULL;
    bool more = false;
    if (connection_new(common, &c) != 0)
        return CLIENT_NO_ANSWER;
    int code = pages_ask(c, body, wanted, &kept, &list, &more);
    if (code == CLIENT_DONE)
        list_print(common, &list, wanted, more, how);
    free(list.via.array.ptr);
    answers_free(kept);
    connection_free(c);
    return code;
}

int verb_incidents(int argc, char **argv)
{
    static const column columns[] = {
        {"date", COLUMN_VALUE, {"occurred_at"}},    {"what", COLUMN_WHAT, {"kind"}},
        {"count", COLUMN_COUNT, {"count"}},         {"status", COLUMN_VALUE, {"status"}},
        {"differs", COLUMN_DIFFERS, {"disagrees"}}, {"from", COLUMN_ITEMS, {"sources"}},
        {"incident", COLUMN_VALUE, {"id"}},         {0},
    };
    common_options common = {.json = false};
    const char *kind = NULL;
    const char *since = NULL;
    uint64_t limit = 0;
    int64_t since_ns = 0;
    const usage u = {
        "incidents", "[COUNTRY]",
        "Lists happenings: date, count with the range of the reports, status and sources.\n"
        "'thaw explain ID' shows why the reports belong together and how they count."};
    const argument table[] = {
        {"kind", 'k', ARGUMENT_TEXT, &kind, "KIND", "release, detention, sanction or talks", 0, 0},
        {"since", 0, ARGUMENT_TEXT, &since, "DATE", "that happened on this date or later", 0, 0},
        {"limit", 'n', ARGUMENT_NUMBER, &limit, "N", "at most so many", 1, 1000000},
    };
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, 3, &common, 0, 1, argc, argv, &first, &result))
        return result;
    const char *country = first < argc ? argv[first] : NULL;
    if ((country != NULL && !country_check(country)) || (kind != NULL && !kind_check(kind)) ||
        (since != NULL && !moment_parse("--since", since, false, &since_ns)))
        return CLIENT_USAGE;
    const request_pair pairs[] = {{"country", country, 0, NULL},
                                  {"kind", kind, 0, NULL},
                                  {"since", since, 0, NULL},
                                  {"limit", NULL, limit, NULL}};
    const listing how = {.list = "incidents", .columns = columns, .none = "no incident"};
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    request_pack(&body, pairs, 4);
    result = incidents_ask(&common, &body, limit, &how);
    msgpack_sbuffer_destroy(&body);
    return result;
}
