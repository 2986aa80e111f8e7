/*
 * answers.c - see answers.h.
 */
#include "wire/answers.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"

struct answers {
    answer answer;
    struct answers *before;
};

const msgpack_object *answers_ask(answers **kept, connection *c, const char *verb,
                                  const msgpack_sbuffer *body, int *ret_code)
{
    answers *a = calloc(1, sizeof *a);
    if (a == NULL) {
        complain("%s: out of memory", verb);
        *ret_code = CLIENT_NO_ANSWER;
        return NULL;
    }
    a->before = *kept;
    *kept = a;
    *ret_code = connection_ask(c, verb, body, &a->answer);
    return *ret_code == CLIENT_DONE ? &a->answer.body : NULL;
}

void answers_free(answers *kept)
{
    while (kept != NULL) {
        answers *before = kept->before;
        answer_free(&kept->answer);
        free(kept);
        kept = before;
    }
}

/* A gap for so many elements at a place; NULL after a complaint. */
static msgpack_object *list_open(msgpack_object *list, size_t at, size_t count)
{
    size_t before = list->via.array.size;
    msgpack_object *grown = reallocarray(list->via.array.ptr, before + count + 1, sizeof *grown);
    if (grown == NULL) {
        complain("out of memory");
        return NULL;
    }
    memmove(grown + at + count, grown + at, (before - at) * sizeof *grown);
    list->via.array.ptr = grown;
    list->via.array.size = (uint32_t)(before + count);
    return grown + at;
}

static bool list_put(msgpack_object *list, size_t at, const msgpack_object *rows)
{
    size_t count = rows->via.array.size;
    msgpack_object *gap = list_open(list, at, count);
    if (gap != NULL && count > 0)
        memcpy(gap, rows->via.array.ptr, count * sizeof *gap);
    return gap != NULL;
}

bool answers_prepend(msgpack_object *list, const msgpack_object *rows)
{
    return list_put(list, 0, rows);
}

bool answers_append(msgpack_object *list, const msgpack_object *rows)
{
    return list_put(list, list->via.array.size, rows);
}
