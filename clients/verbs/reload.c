/*
 * reload.c - thaw reload: let thawd read its rule files again.
 */
#include "verbs/verb.h"

#include "packed.h"
#include "verbs/listing.h"

int verb_reload(int argc, char **argv)
{
    common_options common = {.timeout_ns = 60000000000};
    bool dry = false;
    const usage u = {
        "reload", "",
        "Lets thawd read its rule files again and says what became of each rule. A set\n"
        "with an error is refused whole, and the old one runs on."};
    const argument table[] = {
        {"dry", 0, ARGUMENT_FLAG, &dry, NULL, "only say what would become of each rule", 0, 0},
    };
    const listing how = {.list = "rules", .none = "no rules"};
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, 1, &common, 0, 0, argc, argv, &first, &result))
        return result;
    msgpack_sbuffer body;
    msgpack_packer packer;
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&packer, &body, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 1);
    pack_text(&packer, "dry");
    if (dry)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
    result = listing_ask(&common, "reload", &body, &how);
    msgpack_sbuffer_destroy(&body);
    return result;
}
