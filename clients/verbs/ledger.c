/*
 * ledger.c - see ledger.h.
 */
#include "verbs/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "forms/pack.h"
#include "verbs/listing.h"
#include "wire/answers.h"

/* The map of the reply and the arrays of its lists are its own, all else is of the answers. */
struct ledger {
    answers *answers;
    msgpack_object reply;
};

static bool is_map(const msgpack_object *object)
{
    return object != NULL && object->type == MSGPACK_OBJECT_MAP;
}

void ledger_free(ledger *l)
{
    if (l == NULL)
        return;
    for (uint32_t i = 0; l->reply.via.map.ptr != NULL && i < l->reply.via.map.size; i++)
        if (l->reply.via.map.ptr[i].val.type == MSGPACK_OBJECT_ARRAY)
            free(l->reply.via.map.ptr[i].val.via.array.ptr);
    free(l->reply.via.map.ptr);
    answers_free(l->answers);
    free(l);
}

/* The map of the first answer; arrays are copied, for lists of their own. */
static int reply_begin(ledger *l, const msgpack_object *first)
{
    size_t size = first->via.map.size;
    msgpack_object_kv *pairs = calloc(size + 1, sizeof *pairs);
    int code = pairs == NULL ? CLIENT_NO_ANSWER : CLIENT_DONE;
    l->reply = (msgpack_object){.type = MSGPACK_OBJECT_MAP, .via.map = {.ptr = pairs}};
    for (size_t i = 0; code == CLIENT_DONE && i < size; i++) {
        pairs[i] = first->via.map.ptr[i];
        if (pairs[i].val.type == MSGPACK_OBJECT_ARRAY) {
            pairs[i].val.via.array.size = 0;
            pairs[i].val.via.array.ptr = NULL;
            if (!answers_append(&pairs[i].val, &first->via.map.ptr[i].val))
                code = CLIENT_NO_ANSWER;
        }
        l->reply.via.map.size++;
    }
    return code;
}

static msgpack_object *reply_member(ledger *l, const msgpack_object *key)
{
    for (uint32_t i = 0; i < l->reply.via.map.size; i++) {
        msgpack_object_kv *pair = &l->reply.via.map.ptr[i];
        if (msgpack_object_equal(pair->key, *key))
            return &pair->val;
    }
    return NULL;
}

/* Where a list goes on: the `next` of its entry in `more`. */
static const msgpack_object *place_of(const msgpack_object *rest)
{
    const msgpack_object *place = is_map(rest) ? pack_get(rest, "next") : NULL;
    return place != NULL && place->type == MSGPACK_OBJECT_STR ? place : NULL;
}

/* The rows of one more answer, appended; its entry in `more`, or NULL. What goes on where it was
 * asked for would do so for ever. */
static const msgpack_object *rows_take(msgpack_object *list, const char *name,
                                       const msgpack_object *asked, const msgpack_object *reply,
                                       int *ret_code)
{
    const msgpack_object *rows = pack_get(reply, name);
    const msgpack_object *more = pack_get(reply, "more");
    const msgpack_object *rest = is_map(more) ? pack_get(more, name) : NULL;
    const msgpack_object *place = place_of(rest);
    if (!pack_is_array(rows) ||
        (place != NULL && (rows->via.array.size == 0 || msgpack_object_equal(*place, *asked)))) {
        complain("state: thawd does not tell what is behind a part of '%s'", name);
        *ret_code = CLIENT_NO_ANSWER;
        return NULL;
    }
    *ret_code = answers_append(list, rows) ? CLIENT_DONE : CLIENT_NO_ANSWER;
    return rest;
}

/* One list as far as thawd tells; *rest is its entry in `more`, then that of the last answer. */
static int list_follow(ledger *l, connection *c, const msgpack_sbuffer *body,
                       const msgpack_object *key, const msgpack_object **rest)
{
    char name[64];
    msgpack_sbuffer asked;
    msgpack_object *list = reply_member(l, key);
    int code = CLIENT_DONE;
    if (!pack_is_array(list))
        return code;
    snprintf(name, sizeof name, "%.*s", (int)key->via.str.size, key->via.str.ptr);
    msgpack_sbuffer_init(&asked);
    while (code == CLIENT_DONE && place_of(*rest) != NULL) {
        const msgpack_object *place = place_of(*rest);
        request_after(body, place, &asked);
        const msgpack_object *reply = answers_ask(&l->answers, c, "state", &asked, &code);
        *rest = reply == NULL ? NULL : rows_take(list, name, place, reply, &code);
    }
    msgpack_sbuffer_destroy(&asked);
    return code;
}

/* All lists that go on; what is left in `more` are those of which thawd tells no more. */
static int lists_follow(ledger *l, connection *c, const msgpack_sbuffer *body)
{
    static const msgpack_object more_key = {.type = MSGPACK_OBJECT_STR, .via.str = {4, "more"}};
    msgpack_object *more = reply_member(l, &more_key);
    int code = CLIENT_DONE;
    uint32_t kept = 0;
    for (uint32_t i = 0; is_map(more) && code == CLIENT_DONE && i < more->via.map.size; i++) {
        const msgpack_object_kv pair = more->via.map.ptr[i];
        const msgpack_object *rest = &pair.val;
        if (pair.key.type == MSGPACK_OBJECT_STR)
            code = list_follow(l, c, body, &pair.key, &rest);
        if (rest != NULL)
            more->via.map.ptr[kept++] = (msgpack_object_kv){pair.key, *rest};
    }
    if (is_map(more))
        more->via.map.size = kept;
    return code;
}

int ledger_ask(connection *c, const msgpack_sbuffer *body, ledger **ret_ledger)
{
    ledger *l = calloc(1, sizeof *l);
    int code = CLIENT_NO_ANSWER;
    if (l == NULL) {
        complain("state: out of memory");
        return code;
    }
    const msgpack_object *first = answers_ask(&l->answers, c, "state", body, &code);
    if (first != NULL && !is_map(first)) {
        complain("state: thawd answers with no map");
        code = CLIENT_NO_ANSWER;
    } else if (first != NULL) {
        code = reply_begin(l, first);
    }
    if (code == CLIENT_DONE)
        code = lists_follow(l, c, body);
    if (code == CLIENT_DONE)
        *ret_ledger = l;
    else
        ledger_free(l);
    return code;
}

const msgpack_object *ledger_reply(const ledger *l)
{
    return &l->reply;
}
