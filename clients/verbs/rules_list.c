/*
 * rules_list.c - thaw rules: the rules that thawd runs; check and test are offline.
 */
#include "verbs/verb.h"

#include <string.h>

#include "verbs/listing.h"

int verb_rules(int argc, char **argv)
{
    common_options common = {.json = false};
    const usage u = {
        "rules", "[check|test FILE...]",
        "Lists the rules that thawd runs, with the groups and firing alerts of each.\n"
        "'thaw rules check FILE...' checks rule files, 'thaw rules test FILE...' runs rule\n"
        "tests; both need no thawd."};
    const listing how = {.list = "rules", .none = "no rules"};
    int first = 0;
    int result = 0;
    if (argc > 1 && (strcmp(argv[1], "check") == 0 || strcmp(argv[1], "test") == 0))
        return verb_rules_offline(argc, argv);
    if (!arguments_parse(&u, NULL, 0, &common, 0, 0, argc, argv, &first, &result))
        return result;
    return listing_ask(&common, "rules", NULL, &how);
}
