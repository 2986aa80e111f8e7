/*
 * rejects.c - thaw rejects: what was refused last, and why.
 */
#include "verbs/verb.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client.h"
#include "forms/pack.h"
#include "screen/columns.h"
#include "verbs/listing.h"
#include "wire/answers.h"

enum { LIMIT_DEFAULT = 1000 };

/* Pages until there are as many as are wanted; the last ones say from where there are older ones. */
static int pages_ask(connection *c, uint64_t wanted, answers **kept, msgpack_object *list,
                     uint64_t *ret_next)
{
    int code = CLIENT_DONE;
    *ret_next = 0;
    do {
        const request_pair pairs[] = {{"from", NULL, *ret_next, NULL},
                                      {"limit", NULL, wanted - list->via.array.size, NULL}};
        msgpack_sbuffer body;
        msgpack_sbuffer_init(&body);
        request_pack(&body, pairs, 2);
        const msgpack_object *reply = answers_ask(kept, c, "rejects", &body, &code);
        const msgpack_object *rows = reply == NULL ? NULL : pack_get(reply, "rejects");
        msgpack_sbuffer_destroy(&body);
        if (!pack_is_array(rows) || rows->via.array.size == 0)
            return code;
        if (!answers_append(list, rows))
            return CLIENT_NO_ANSWER;
        *ret_next = pack_get_uint(reply, "next", 0);
    } while (*ret_next != 0 && list->via.array.size < wanted);
    return code;
}

static int rejects_ask(const common_options *common, uint64_t limit, const listing *how)
{
    msgpack_object_kv pair = {.key = {.type = MSGPACK_OBJECT_STR, .via.str = {7, "rejects"}},
                              .val = {.type = MSGPACK_OBJECT_ARRAY}};
    const msgpack_object reply = {.type = MSGPACK_OBJECT_MAP, .via.map = {1, &pair}};
    uint64_t next = 0;
    answers *kept = NULL;
    connection *c = NULL;
    if (connection_new(common, &c) != 0)
        return CLIENT_NO_ANSWER;
    int code = pages_ask(c, limit != 0 ? limit : LIMIT_DEFAULT, &kept, &pair.val, &next);
    if (code == CLIENT_DONE) {
        listing_print(common, &reply, how);
        if (next != 0)
            complain("rejects: these are the newest %" PRIu32
                     ", there are older ones; --limit N shows more",
                     pair.val.via.array.size);
    }
    free(pair.val.via.array.ptr);
    answers_free(kept);
    connection_free(c);
    return code;
}

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
    return rejects_ask(&common, limit, &how);
}
