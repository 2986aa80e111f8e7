/*
 * named.c - a group as somebody names it: a map of its fields, or the text in the ids of its alerts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set.h"
#include "rules/state.h"

static bool text_is(const char *text, const msgpack_object_str *given)
{
    return strlen(text) == given->size && !memcmp(text, given->ptr, given->size);
}

static bool group_has(const group *g, const struct cel_value by[])
{
    for (size_t i = 0; i < g->rule->by_count; i++)
        if (!cel_value_equal(&g->by[i], &by[i]))
            return false;
    return true;
}

/* A value of the field's type, of what is written as text. */
static int value_of_text(fact_type type, struct cel_text text, struct cel_value *ret)
{
    char number[24], *end;
    if (type == FACT_BOOL) {
        bool truth = text.len == 4 && !memcmp(text.data, "true", 4);
        *ret = cel_bool(truth);
        return truth || (text.len == 5 && !memcmp(text.data, "false", 5)) ? 0 : -EINVAL;
    }
    if (type != FACT_INT) {
        *ret = cel_string(text.data, text.len);
        return cel_utf8_check(text.data, text.len) == text.len ? 0 : -EINVAL;
    }
    if (!text.len || text.len >= sizeof number)
        return -EINVAL;
    memcpy(number, text.data, text.len);
    number[text.len] = '\0';
    errno = 0;
    *ret = cel_int(strtoll(number, &end, 10));
    return errno || *end ? -EINVAL : 0;
}

static fact_type field_type(const rule *one, size_t by)
{
    fact_field field;
    fact_type type = FACT_STRING;
    fact_field_find(one->selections[0].kind, one->by[by], strlen(one->by[by]), &field, &type);
    return type;
}

/* ---- as a map ----------------------------------------------------------------------- */

/* A value as clients send it: of its own type, or as text. */
static int value_given(fact_type type, const msgpack_object *given, struct cel_value *ret)
{
    if (given->type == MSGPACK_OBJECT_STR)
        return value_of_text(type, (struct cel_text){given->via.str.ptr, given->via.str.size}, ret);
    if (given->type == MSGPACK_OBJECT_BOOLEAN) {
        *ret = cel_bool(given->via.boolean);
        return type == FACT_BOOL ? 0 : -EINVAL;
    }
    *ret = cel_int(given->via.i64);
    bool fits = given->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
                (given->type == MSGPACK_OBJECT_POSITIVE_INTEGER && given->via.u64 <= INT64_MAX);
    return fits && type == FACT_INT ? 0 : -EINVAL;
}

static int named_by_map(const rule *one, const msgpack_object_map *map, struct cel_value by[])
{
    if (map->size != one->by_count)
        return -EINVAL;
    for (size_t i = 0; i < one->by_count; i++) {
        int res = -EINVAL;
        for (uint32_t k = 0; k < map->size; k++)
            if (map->ptr[k].key.type == MSGPACK_OBJECT_STR && text_is(one->by[i], &map->ptr[k].key.via.str))
                res = value_given(field_type(one, i), &map->ptr[k].val, &by[i]);
        if (res < 0)
            return res;
    }
    return 0;
}

/* ---- as a text ---------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One value, with its %XX undone, into room for as many bytes. */
static int part_decode(const char **at, const char *end, char *room, struct cel_text *ret)
{
    size_t used = 0;
    for (; *at < end && **at != ','; ++*at) {
        if (**at != '%') {
            room[used++] = **at;
            continue;
        }
        int high = end - *at > 2 ? hex_digit((*at)[1]) : -1, low = high < 0 ? -1 : hex_digit((*at)[2]);
        if (low < 0)
            return -EINVAL;
        room[used++] = (char)(high * 16 + low);
        *at += 2;
    }
    *ret = (struct cel_text){room, used};
    return 0;
}

static int named_by_text(const rule *one, const msgpack_object_str *text, char *room, struct cel_value by[])
{
    const char *at = text->ptr, *end = text->ptr + text->size;
    if (!one->by_count)
        return text_is("-", text) ? 0 : -EINVAL;
    for (size_t i = 0; i < one->by_count; i++) {
        struct cel_text part;
        if (i > 0 && (at == end || *at++ != ','))
            return -EINVAL;
        int res = part_decode(&at, end, room, &part);
        if (res == 0)
            res = value_of_text(field_type(one, i), part, &by[i]);
        if (res < 0)
            return res;
        room += part.len;
    }
    return at == end && text->size ? 0 : -EINVAL;
}

/* ---- either ------------------------------------------------------------------------- */

static group *find_text(const rule *one, const msgpack_object_str *text)
{
    for (group *g = one->groups; g; g = g->next)
        if (text_is(g->text, text))
            return g;
    return NULL;
}

int group_named(rule *one, const msgpack_object *name, char *room, struct cel_value by[RULES_BY_MAX], group **ret_group)
{
    group *found = NULL;
    int res = -EINVAL;
    if (name->type == MSGPACK_OBJECT_STR && (found = find_text(one, &name->via.str)))
        res = 0; /* of a long one the id has a part */
    else if (name->type == MSGPACK_OBJECT_STR)
        res = named_by_text(one, &name->via.str, room, by);
    else if (name->type == MSGPACK_OBJECT_MAP)
        res = named_by_map(one, &name->via.map, by);
    if (res < 0)
        return res;
    for (group *g = one->groups; g && !found; g = g->next)
        if (group_has(g, by))
            found = g;
    *ret_group = found;
    return 0;
}
