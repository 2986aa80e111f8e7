/*
 * condition.c - conditions and texts of a rule over the totals of a group.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "packed.h"
#include "rules/state.h"

#define NS INT64_C(1000000000)
#define RENDERED_MAX 4096 /* bytes of a title or a label */
#define RENDERED_ROOM (RENDERED_MAX + 4) /* and one character, so that it shows that there was more */

/* The selection and the aggregate of a slot of the rule's environment; false: it is a `by` field. */
static bool slot_aggregate(const rule *one, uint32_t slot, size_t *ret_selection, aggregate *ret_aggregate)
{
    for (size_t s = one->selections_count; s-- > 0;)
        if (slot >= one->selections[s].first_slot) {
            *ret_selection = s;
            *ret_aggregate = (aggregate)(slot - one->selections[s].first_slot);
            return true;
        }
    return false;
}

void scope_resolve(void *context, uint32_t slot, struct cel_value *ret)
{
    const scope *s = context;
    size_t selection;
    aggregate a;
    if (slot_aggregate(s->rule, slot, &selection, &a))
        *ret = totals_value(&s->all[selection], a);
    else if (slot < s->rule->by_count)
        *ret = s->by[slot];
    else
        *ret = cel_error_value("no such name");
}

int scope_holds(rules *set, const scope *s, const struct cel_program *program, bool *ret_holds)
{
    struct cel_value value;
    int res = cel_eval(set->evaluator, program, scope_resolve, (void *)s, &value);
    if (res < 0)
        return res;
    *ret_holds = value.kind == CEL_BOOL && value.boolean;
    return 0;
}

bool scope_empty(const scope *s)
{
    for (size_t i = 0; i < s->rule->selections_count; i++)
        if (s->all[i].count)
            return false;
    return s->rule->by_count > 0;
}

/* ---- packing ------------------------------------------------------------------------ */

static int packing_write(void *context, const char *bytes, size_t len)
{
    packing *p = context;
    p->failed = p->failed || msgpack_sbuffer_write(p->into, bytes, len) < 0;
    return p->failed ? -1 : 0;
}

void packing_begin(packing *p, msgpack_sbuffer *into)
{
    *p = (packing){.into = into};
    msgpack_packer_init(&p->out, p, packing_write);
}

int packing_end(const packing *p)
{
    return p->failed ? -ENOMEM : 0;
}

void pack_cel_text(msgpack_packer *out, struct cel_text text)
{
    msgpack_pack_str(out, text.len);
    msgpack_pack_str_body(out, text.data, text.len);
}

void pack_cel(msgpack_packer *out, const struct cel_value *v)
{
    msgpack_timestamp t;
    char text[CEL_TIME_TEXT_BYTES];
    switch (v->kind) {
    case CEL_BOOL:
        v->boolean ? msgpack_pack_true(out) : msgpack_pack_false(out);
        break;
    case CEL_INT:
        msgpack_pack_int64(out, v->integer);
        break;
    case CEL_UINT:
        msgpack_pack_uint64(out, v->unsigned_integer);
        break;
    case CEL_DOUBLE:
        msgpack_pack_double(out, v->real);
        break;
    case CEL_STRING:
        msgpack_pack_str(out, v->text.len);
        msgpack_pack_str_body(out, v->text.data, v->text.len);
        break;
    case CEL_TIMESTAMP:
        t = (msgpack_timestamp){.tv_sec = v->seconds, .tv_nsec = (uint32_t)v->nanos};
        msgpack_pack_timestamp(out, &t);
        break;
    case CEL_DURATION:
        cel_duration_text(v, text);
        pack_text(out, text);
        break;
    default:
        msgpack_pack_nil(out); /* an error, as .first of an empty selection */
    }
}

int scope_pack_values(rules *set, const scope *s, msgpack_packer *out)
{
    (void)set;
    size_t count = 0, used = 0;
    const struct cel_slot *slots = s->rule->when ? cel_program_slots(s->rule->when, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        used += slots[i].slot >= s->rule->by_count;
    msgpack_pack_map(out, used);
    for (size_t i = 0; i < count; i++) {
        struct cel_value value;
        if (slots[i].slot < s->rule->by_count)
            continue;
        scope_resolve((void *)s, slots[i].slot, &value);
        pack_text(out, slots[i].name);
        pack_cel(out, &value);
    }
    return 0;
}

/* ---- words -------------------------------------------------------------------------- */

static size_t words_put(char *buffer, size_t size, size_t used, const char *text, size_t len)
{
    size_t room = used < size ? size - used - 1 : 0;
    if (len > room) {
        len = room;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(buffer + used, text, len);
    buffer[used + len] = '\0';
    return used + len;
}

/* A time without hours reads as a day; durations as rule files write them. */
static size_t words_scalar(const struct cel_value *v, char *text, size_t size)
{
    char duration[DURATION_TEXT];
    switch (v->kind) {
    case CEL_TIMESTAMP: {
        size_t len = cel_timestamp_text(v, text);
        if (v->seconds % 86400 == 0 && v->nanos == 0 && len > 10)
            text[10] = '\0';
        return strlen(text);
    }
    case CEL_DURATION:
        return (size_t)snprintf(text, size, "%s", duration_text(v->duration_ns, duration));
    default: {
        size_t len = cel_value_format(v, text, size);
        return len < size ? len : size - 1;
    }
    }
}

size_t value_words(const struct cel_value *v, char *buffer, size_t size)
{
    char text[128];
    if (v->kind == CEL_STRING || v->kind == CEL_ERROR)
        return words_put(buffer, size, 0, v->text.data, v->text.len);
    if (v->kind != CEL_LIST) {
        size_t len = words_scalar(v, text, sizeof text);
        return words_put(buffer, size, 0, text, len);
    }
    size_t used = words_put(buffer, size, 0, "", 0);
    for (size_t i = 0; i < v->list.count && used + 1 < size; i++) {
        if (i)
            used = words_put(buffer, size, used, ", ", 2);
        used += value_words(&v->list.items[i], buffer + used, size - used);
    }
    return used;
}

/* A text that does not go to its end says so. */
static void words_cut(char text[RENDERED_ROOM])
{
    static const char mark[] = "\xE2\x80\xA6"; /* an ellipsis */
    size_t at = RENDERED_MAX - sizeof mark;
    while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
        at--;
    memcpy(text + at, mark, sizeof mark);
}

int scope_render(rules *set, const scope *s, const text_template *t, char **ret_text)
{
    char text[RENDERED_ROOM];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < t->count; i++) {
        struct cel_value value;
        if (t->parts[i].literal) {
            used = words_put(text, RENDERED_ROOM, used, t->parts[i].literal, strlen(t->parts[i].literal));
            continue;
        }
        if (cel_eval(set->evaluator, t->parts[i].program, scope_resolve, (void *)s, &value) < 0)
            return -ENOMEM;
        /* A text that fails is sent with the error in it, never lost. */
        if (value.kind == CEL_ERROR) {
            struct cel_text source = cel_program_text(t->parts[i].program);
            used = words_put(text, RENDERED_ROOM, used, "{", 1);
            used = words_put(text, RENDERED_ROOM, used, source.data, source.len);
            used = words_put(text, RENDERED_ROOM, used, ": ", 2);
        }
        used += value_words(&value, text + used, RENDERED_ROOM - used);
        if (value.kind == CEL_ERROR)
            used = words_put(text, RENDERED_ROOM, used, "}", 1);
    }
    if (used >= RENDERED_MAX)
        words_cut(text);
    char *copy = strdup(text); /* an active alert keeps it: no longer than it is */
    if (!copy)
        return -ENOMEM;
    *ret_text = copy;
    return 0;
}
