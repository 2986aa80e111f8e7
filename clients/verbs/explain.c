/*
 * explain.c - thaw explain: what an alert or an incident rests on, why a rule does not fire.
 */
#include "verbs/verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "forms/pack.h"
#include "screen/incident_text.h"
#include "verbs/listing.h"
#include "wire/connection.h"

/* {rule, group}: operands FIELD=VALUE, two letters alone being the country, make a map. */
static bool fields_pack(msgpack_packer *packer, int count, char **operands)
{
    msgpack_pack_map(packer, (size_t)count);
    for (int i = 0; i < count; i++) {
        const char *equals = strchr(operands[i], '=');
        bool country = equals == NULL && strlen(operands[i]) == 2;
        if (!country && (equals == NULL || equals == operands[i])) {
            complain("explain: '%s' is no part of a group; expected FIELD=VALUE for each",
                     operands[i]);
            return false;
        }
        const char *field = country ? "country" : operands[i];
        msgpack_pack_str_with_body(packer, field, country ? 7 : (size_t)(equals - operands[i]));
        pack_text(packer, country ? operands[i] : equals + 1);
    }
    return true;
}

/* Others are the values in the order of `by`, as in the ids of alerts. */
static void values_pack(msgpack_packer *packer, int count, char **operands)
{
    size_t len = (size_t)count - 1;
    for (int i = 0; i < count; i++)
        len += strlen(operands[i]);
    msgpack_pack_str(packer, len);
    for (int i = 0; i < count; i++) {
        if (i > 0)
            msgpack_pack_str_body(packer, ",", 1);
        msgpack_pack_str_body(packer, operands[i], strlen(operands[i]));
    }
}

static bool group_pack(msgpack_packer *packer, int count, char **operands)
{
    for (int i = 0; i < count; i++)
        if (strchr(operands[i], '=') != NULL)
            return fields_pack(packer, count, operands);
    if (count == 0)
        msgpack_pack_map(packer, 0);
    else
        values_pack(packer, count, operands);
    return true;
}

static bool rule_pack(msgpack_sbuffer *body, int argc, char **operands)
{
    msgpack_packer packer;
    msgpack_sbuffer_clear(body);
    msgpack_packer_init(&packer, body, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 2);
    pack_text(&packer, "rule");
    pack_text(&packer, operands[0]);
    pack_text(&packer, "group");
    return group_pack(&packer, argc - 1, operands + 1);
}

static void name_pack(msgpack_sbuffer *body, const char *key, const char *name)
{
    const request_pair pair = {key, name, 0, NULL};
    msgpack_sbuffer_clear(body);
    request_pack(body, &pair, 1);
}

static bool not_found(int result, const answer *reply)
{
    return result == -EREMOTEIO && pack_is(&reply->body, "code", "not-found");
}

/* RULE:GROUP, the id of an alert without its number. */
static int group_ask(connection *c, const char *name, msgpack_sbuffer *body, answer *reply)
{
    char *rule = strdup(name);
    if (rule == NULL)
        return -ENOMEM;
    char *colon = strchr(rule, ':');
    *colon = '\0';
    char *operands[] = {rule, colon + 1};
    rule_pack(body, 2, operands);
    free(rule);
    return connection_try(c, "explain", body, reply);
}

/* One name may be an alert's, an incident's or that of a rule without groups. Ids of alerts hold
 * a colon; the others are tried in turn. */
static int one_ask(connection *c, char **operands, msgpack_sbuffer *body, answer *reply)
{
    const char *colon = strchr(operands[0], ':');
    name_pack(body, colon != NULL ? "alert" : "incident", operands[0]);
    int result = connection_try(c, "explain", body, reply);
    if (!not_found(result, reply) || (colon != NULL && strchr(colon + 1, ':') != NULL))
        return result;
    if (colon != NULL)
        return group_ask(c, operands[0], body, reply);
    rule_pack(body, 1, operands);
    return connection_try(c, "explain", body, reply);
}

/* What was asked for by one name may be an incident's or a rule's: the refusal tells of the last one tried. */
static void complain_not_found(const char *name, const answer *reply)
{
    if (strchr(name, ':') == NULL)
        complain("explain: '%s' is no incident that stands now, and no rule (not-found)", name);
    else
        connection_complain_refusal("explain", &reply->body);
}

/* ---- pages -------------------------------------------------------------------------- */

enum {
    PLACES_MAX = 64
}; /* lists of an answer: two of each selection, of which there are at most 16 */

/* Where the rest of lists begins that an answer does not have whole: texts of it. */
typedef struct places {
    const msgpack_object *at[PLACES_MAX];
    size_t count;
} places;

static void places_of(const msgpack_object *map, places *p)
{
    static const char *const keys[] = {"next", "next_waiting"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const msgpack_object *place = pack_get(map, keys[i]);
        if (place != NULL && place->type == MSGPACK_OBJECT_STR && p->count < PLACES_MAX)
            p->at[p->count++] = place;
    }
}

static void places_find(const msgpack_object *reply, places *p)
{
    const msgpack_object *selections = pack_get(reply, "selections");
    p->count = 0;
    places_of(reply, p);
    if (pack_is_array(selections))
        for (uint32_t i = 0; i < selections->via.array.size; i++)
            places_of(&selections->via.array.ptr[i], p);
}

/* Whether it is another question than the one before, whose place it takes; complains: what goes on
 * where it was asked for would do so for ever. */
static bool is_new(const msgpack_sbuffer *asked, msgpack_sbuffer *before)
{
    if (asked->size == before->size && memcmp(asked->data, before->data, asked->size) == 0) {
        complain("explain: thawd does not tell what is behind a part of a list");
        return false;
    }
    msgpack_sbuffer_clear(before);
    msgpack_sbuffer_write(before, asked->data, asked->size);
    return true;
}

static int list_follow(const common_options *common, connection *c, const msgpack_sbuffer *body,
                       const msgpack_object *place)
{
    const listing how = {.none = "", .print = explain_print};
    msgpack_sbuffer asked, before;
    answer page = {.open = false};
    int result = 0;
    msgpack_sbuffer_init(&asked);
    msgpack_sbuffer_init(&before);
    while (result == 0 && place != NULL) {
        places next;
        request_after(body, place, &asked); /* before the page that the place is in is given up */
        result = is_new(&asked, &before) ? connection_ask(c, "explain", &asked, &page)
                                         : CLIENT_NO_ANSWER;
        if (result != 0)
            break;
        if (!common->json)
            putchar('\n');
        listing_print(common, &page.body, &how);
        places_find(&page.body, &next);
        place = next.count > 0 ? next.at[0] : NULL;
    }
    msgpack_sbuffer_destroy(&asked);
    msgpack_sbuffer_destroy(&before);
    answer_free(&page);
    return result;
}

/* What an answer has not whole: page by page, or that there is more. */
static int lists_follow(const common_options *common, connection *c, const msgpack_sbuffer *body,
                        const answer *reply, bool all)
{
    places p;
    int result = CLIENT_DONE;
    places_find(&reply->body, &p);
    if (p.count > 0 && !all)
        complain("explain: not all facts or reports are shown, but how many more there are; --all "
                 "shows them");
    for (size_t i = 0; all && result == CLIENT_DONE && i < p.count; i++)
        result = list_follow(common, c, body, p.at[i]);
    return result;
}

/* ---- the verb ----------------------------------------------------------------------- */

static int finish(const common_options *common, int result, const char *only, const answer *reply)
{
    const listing how = {.none = "", .print = explain_print};
    if (result == 0) {
        listing_print(common, &reply->body, &how);
        return CLIENT_DONE;
    }
    if (result == -EREMOTEIO) {
        if (only != NULL && not_found(result, reply))
            complain_not_found(only, reply);
        else
            connection_complain_refusal("explain", &reply->body);
        return CLIENT_NOT_SO;
    }
    if (connection_is_silence(result))
        connection_complain_silence(common, common->service, result);
    else
        complain("explain: %s", strerror(-result));
    return CLIENT_NO_ANSWER;
}

int verb_explain(int argc, char **argv)
{
    common_options common = {.json = false};
    const usage u = {
        "explain", "ALERT | INCIDENT | RULE GROUP...",
        "Shows what an alert rests on, down to the reports; why the reports of an incident\n"
        "belong together and how they count; or why a rule does not fire for a group, given\n"
        "as in the ids of alerts (BY) or as FIELD=VALUE for each field of `by`."};
    bool all = false;
    const argument own[] = {
        {"all", 'a', ARGUMENT_FLAG, &all, NULL, "each fact and report, also of lists of thousands",
         0, 0},
    };
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, own, sizeof own / sizeof own[0], &common, 1, 8, argc, argv, &first,
                         &result))
        return result;
    msgpack_sbuffer body;
    answer reply = {.open = false};
    connection *c = NULL;
    msgpack_sbuffer_init(&body);
    if (argc - first > 1 && !rule_pack(&body, argc - first, argv + first)) {
        result = CLIENT_USAGE;
    } else if (connection_new(&common, &c) != 0) {
        result = CLIENT_NO_ANSWER;
    } else {
        result = argc - first > 1 ? connection_try(c, "explain", &body, &reply)
                                  : one_ask(c, argv + first, &body, &reply);
        result = finish(&common, result, argc - first > 1 ? NULL : argv[first], &reply);
        if (result == CLIENT_DONE)
            result = lists_follow(&common, c, &body, &reply, all);
    }
    msgpack_sbuffer_destroy(&body);
    answer_free(&reply);
    connection_free(c);
    return result;
}
