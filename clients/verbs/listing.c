/*
 * listing.c - questions whose answer is a list or a document.
 */
#include "verbs/listing.h"

#include <inttypes.h>
#include <string.h>

#include "client.h"
#include "forms/json.h"
#include "forms/pack.h"
#include "screen/layout.h"
#include "thaw.h"

/* What stands in the reply beside the list (head ...). */
static void print_rest(const screen *s, const msgpack_object *reply, const char *list)
{
    for (uint32_t i = 0; i < reply->via.map.size; i++) {
        const msgpack_object_kv *pair = &reply->via.map.ptr[i];
        char text[256];
        bool no = pair->val.type == MSGPACK_OBJECT_BOOLEAN && !pair->val.via.boolean;
        if (pack_str_equals(&pair->key, list) || pair->key.type != MSGPACK_OBJECT_STR || no ||
            pack_str_equals(&pair->key, "more"))
            continue;
        size_t len = layout_cell("", &pair->val, text, sizeof text);
        screen_colour(s, COLOUR_DIM);
        screen_text(s, pair->key.via.str.ptr, pair->key.via.str.size);
        putc(' ', s->out);
        screen_text(s, text, len);
        screen_colour(s, COLOUR_NONE);
        putc('\n', s->out);
    }
}

void listing_print(const common_options *options, const msgpack_object *reply, const listing *how)
{
    screen s = screen_open(stdout);
    const msgpack_object *list = how->list != NULL ? pack_get(reply, how->list) : NULL;
    bool is_list = pack_is_array(list);
    if (options->json && is_list) {
        for (uint32_t i = 0; i < list->via.array.size; i++)
            json_print(&list->via.array.ptr[i]);
        uint64_t left_out = pack_get_uint(reply, "left_out", 0);
        if (left_out > 0)
            complain("%" PRIu64 " more are not listed: thawd's limits.reply has no room for them",
                     left_out);
    } else if (options->json) {
        json_print(reply);
    } else if (is_list && list->via.array.size == 0) {
        printf("%s\n", how->none);
    } else if (how->print != NULL) {
        how->print(&s, reply);
    } else if (!is_list) {
        layout_print(&s, reply);
    } else {
        if (how->columns != NULL)
            columns_print(&s, list, how->columns, 0, 0);
        else if (!layout_table(&s, list, 0))
            layout_print(&s, list);
        print_rest(&s, reply, how->list);
    }
}

int listing_ask(const common_options *options, const char *verb, const msgpack_sbuffer *body,
                const listing *how)
{
    connection *c = NULL;
    answer reply = {.open = false};
    if (connection_new(options, &c) != 0)
        return CLIENT_NO_ANSWER;
    int result = connection_ask(c, verb, body, &reply);
    if (result == CLIENT_DONE)
        listing_print(options, &reply.body, how);
    answer_free(&reply);
    connection_free(c);
    return result;
}

static bool pair_given(const request_pair *pair)
{
    return pair->text != NULL || pair->number != 0 || pair->instant_ns != NULL;
}

void request_pack(msgpack_sbuffer *body, const request_pair pairs[], size_t count)
{
    msgpack_packer packer;
    size_t given = 0;
    for (size_t i = 0; i < count; i++)
        given += pair_given(&pairs[i]);
    msgpack_packer_init(&packer, body, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, given);
    for (size_t i = 0; i < count; i++) {
        if (!pair_given(&pairs[i]))
            continue;
        pack_text(&packer, pairs[i].key);
        if (pairs[i].text != NULL)
            pack_text(&packer, pairs[i].text);
        else if (pairs[i].instant_ns != NULL)
            pack_instant(&packer, *pairs[i].instant_ns);
        else
            msgpack_pack_uint64(&packer, pairs[i].number);
    }
}

/* A map of up to fifteen keys: its first byte has the count. */
void request_after(const msgpack_sbuffer *body, const msgpack_object *place, msgpack_sbuffer *ret)
{
    msgpack_packer packer;
    msgpack_sbuffer_clear(ret);
    msgpack_packer_init(&packer, ret, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, ((size_t)(uint8_t)body->data[0] & 0x0f) + 1);
    msgpack_sbuffer_write(ret, body->data + 1, body->size - 1);
    pack_text(&packer, "after");
    msgpack_pack_object(&packer, *place);
}

bool moment_parse(const char *option, const char *text, bool end, int64_t *ret_ns)
{
    thaw_date date;
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    if (thaw_date_parse(text, strlen(text), &date) != 0) {
        complain("%s is '%s', expected a date such as 2025-12-13 or 2025-12, or a time such as "
                 "2025-12-13T10:00:00Z",
                 option, text);
        return false;
    }
    thaw_date_interval(&date, &start_ns, &end_ns);
    *ret_ns = end && date.precision != THAW_INSTANT ? end_ns - 1 : start_ns;
    return true;
}

bool country_check(const char *text)
{
    bool good =
        strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
    if (!good)
        complain("'%s' is no country; expected two capital letters such as BY", text);
    return good;
}
