/*
 * incidents.c - thaw incidents: what happened, one line for each happening.
 */
#include "verbs/verb.h"

#include <string.h>

#include "client.h"
#include "verbs/listing.h"

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
    result = listing_ask(&common, "incidents", &body, &how);
    msgpack_sbuffer_destroy(&body);
    return result;
}
