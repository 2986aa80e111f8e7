/*
 * state.c - thaw state: the ledger of a country, or a line for each.
 */
#include "verbs/verb.h"

#include "client.h"
#include "screen/ledger_text.h"
#include "verbs/ledger.h"
#include "verbs/listing.h"

static int country_ask(const common_options *common, const msgpack_sbuffer *body)
{
    const listing how = {.print = ledger_print};
    connection *c = NULL;
    ledger *whole = NULL;
    if (connection_new(common, &c) != 0)
        return CLIENT_NO_ANSWER;
    int result = ledger_ask(c, body, &whole);
    if (result == CLIENT_DONE)
        listing_print(common, ledger_reply(whole), &how);
    ledger_free(whole);
    connection_free(c);
    return result;
}

int verb_state(int argc, char **argv)
{
    common_options common = {.json = false};
    const char *since = NULL;
    const char *at = NULL;
    int64_t at_ns = 0;
    int64_t since_ns = 0;
    const usage u = {
        "state", "[COUNTRY]",
        "Shows the ledger of a country: people released and detained, open incidents,\n"
        "measures, talks, roster, disagreements, tallies and sources. Without a country,\n"
        "one line for each."};
    const argument table[] = {
        {"since", 0, ARGUMENT_TEXT, &since, "DATE", "also total what happened since then", 0, 0},
        {"at", 0, ARGUMENT_TEXT, &at, "TIME", "as it was known then (a day: at its end)", 0, 0},
    };
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, 2, &common, 0, 1, argc, argv, &first, &result))
        return result;
    const char *country = first < argc ? argv[first] : NULL;
    if ((country != NULL && !country_check(country)) ||
        (at != NULL && !moment_parse("--at", at, true, &at_ns)) ||
        (since != NULL && !moment_parse("--since", since, false, &since_ns)))
        return CLIENT_USAGE;
    const request_pair pairs[] = {{"country", country, 0, NULL},
                                  {"since", since, 0, NULL},
                                  {"at", NULL, 0, at != NULL ? &at_ns : NULL}};
    const listing how = {
        .list = "countries", .none = "nothing is known yet", .print = ledger_print_countries};
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    request_pack(&body, pairs, 3);
    result =
        country != NULL ? country_ask(&common, &body) : listing_ask(&common, "state", &body, &how);
    msgpack_sbuffer_destroy(&body);
    return result;
}
