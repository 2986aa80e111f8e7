/*
 * status.c - thaw status: how thawd is doing.
 */
#include "verbs/verb.h"

#include "verbs/listing.h"

int verb_status(int argc, char **argv)
{
    common_options common = {.json = false};
    const usage u = {"status", "",
                     "Shows version, epoch, last numbers, uptime, addresses, counters and limits."};
    const listing how = {.none = ""};
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, NULL, 0, &common, 0, 0, argc, argv, &first, &result))
        return result;
    return listing_ask(&common, "status", NULL, &how);
}
