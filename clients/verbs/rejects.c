/*
 * rejects.c - thaw rejects: what was refused last, and why.
 */
#include "verbs/verb.h"

#include "client.h"
#include "screen/columns.h"
#include "verbs/listing.h"

int verb_rejects(int argc, char **argv)
{
    static const column columns[] = {
        {"number", COLUMN_VALUE, {"number"}},
        {"received at", COLUMN_VALUE, {"received_at"}},
        {"endpoint", COLUMN_VALUE, {"endpoint"}},
        {"code", COLUMN_VALUE, {"code"}},
        {"message", COLUMN_VALUE, {"message"}},
        {0},
    };
    common_options common = {.json = false};
    uint64_t limit = 0;
    const usage u = {"rejects", "",
                     "Lists the last messages that were refused, with the reason of each."};
    const argument table[] = {
        {"limit", 'n', ARGUMENT_NUMBER, &limit, "N", "at most so many", 1, 1000000},
    };
    const listing how = {.list = "rejects", .columns = columns, .none = "nothing was refused"};
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, 1, &common, 0, 0, argc, argv, &first, &result))
        return result;
    const request_pair pairs[] = {{"limit", NULL, limit, NULL}};
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    request_pack(&body, pairs, 1);
    result = listing_ask(&common, "rejects", &body, &how);
    msgpack_sbuffer_destroy(&body);
    return result;
}
