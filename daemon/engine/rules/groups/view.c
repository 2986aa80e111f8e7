/*
 * view.c - one fact as CEL sees it: each field is fetched once, when first asked for, however many
 * rules ask, and each condition on it is answered once, however many selections share it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

#define NS INT64_C(1000000000)

typedef struct view_block {
    struct view_block *next;
    size_t used, capacity;
    struct cel_value items[];
} view_block;

void view_open(rules *set, fact_handle handle, int64_t now_ns)
{
    fact_view *v = &set->view;
    v->serial++;
    v->facts = set->facts;
    v->handle = handle;
    v->kind = fact_handle_kind(handle);
    v->now_ns = now_ns;
    v->of_known = 0;
    v->fields = &set->kinds[v->kind];
    v->no_memory = false;
    memset(v->known, 0, sizeof v->known);
    v->id_hash = 0;
    v->key_of = NULL;
    v->hashes_count = 0;
    for (size_t place = 0; place < AGG_DISTINCT_COUNT; place++)
        v->things[place].known = false;
    while (v->blocks && v->blocks->next) {
        view_block *next = v->blocks->next;
        free(v->blocks);
        v->blocks = next;
    }
    if (v->blocks)
        v->blocks->used = 0;
}

void view_open_known(rules *set, fact_handle handle, int64_t now_ns, uint64_t known)
{
    fact_view *v = &set->view;
    if (v->of_known && v->of_known == known && v->handle == handle && v->now_ns == now_ns)
        return;
    view_open(set, handle, now_ns);
    v->of_known = known;
}

void view_done(fact_view *v)
{
    while (v->blocks) {
        view_block *next = v->blocks->next;
        free(v->blocks);
        v->blocks = next;
    }
    free(v->hashes);
    msgpack_sbuffer_destroy(&v->key);
    *v = (fact_view){.serial = v->serial};
}

static struct cel_value *view_items(fact_view *v, size_t count)
{
    if (!v->blocks || v->blocks->capacity - v->blocks->used < count) {
        size_t capacity = count < 256 ? 256 : count;
        view_block *block = malloc(sizeof *block + capacity * sizeof block->items[0]);
        if (!block)
            return NULL;
        *block = (view_block){.next = v->blocks, .capacity = capacity};
        v->blocks = block;
    }
    struct cel_value *items = &v->blocks->items[v->blocks->used];
    v->blocks->used += count;
    return items;
}

static struct cel_value view_list(fact_view *v, const fact_value *value)
{
    struct cel_value *items = view_items(v, value->strings.count + 1);
    if (!items) {
        v->no_memory = true;
        return cel_error_value("out of memory");
    }
    for (uint32_t i = 0; i < value->strings.count; i++)
        items[i] = cel_string(value->strings.items[i].data, value->strings.items[i].len);
    return cel_list(items, value->strings.count);
}

static struct cel_value view_convert(fact_view *v, const fact_value *value)
{
    switch (value->type) {
    case FACT_BOOL:
        return cel_bool(value->truth);
    case FACT_INT:
        return cel_int(value->number);
    case FACT_STRING:
        return cel_string(value->string.data, value->string.len);
    case FACT_TIME: {
        int64_t seconds = value->at_ns / NS, nanos = value->at_ns % NS;
        if (nanos < 0) {
            seconds--;
            nanos += NS;
        }
        return cel_timestamp(seconds, (int32_t)nanos);
    }
    case FACT_DURATION:
        return cel_duration(value->duration_ns);
    case FACT_STRINGS:
        return view_list(v, value);
    default:
        return cel_error_value("the fact does not have this field");
    }
}

int view_field(fact_view *v, fact_field field, fact_value *ret_value)
{
    int res = facts_get(v->facts, v->handle, field, v->now_ns, ret_value);
    if (res == -ENOMEM)
        v->no_memory = true;
    return res;
}

const struct cel_value *view_slot(fact_view *v, uint32_t slot)
{
    static const struct cel_value none = {.kind = CEL_NULL};
    if (slot >= v->fields->count)
        return &none;
    if (!(v->known[slot / 64] & UINT64_C(1) << slot % 64)) {
        fact_value value = {.type = FACT_NONE};
        if (view_field(v, v->fields->fields[slot], &value) < 0)
            value.type = FACT_NONE;
        v->values[slot] = view_convert(v, &value);
        v->known[slot / 64] |= UINT64_C(1) << slot % 64;
    }
    return &v->values[slot];
}

const struct cel_value *view_value(fact_view *v, fact_field field)
{
    return view_slot(v, v->fields->slots[field]);
}

bool view_time(fact_view *v, fact_field field, int64_t *ret_at_ns)
{
    const struct cel_value *value = view_value(v, field);
    if (value->kind != CEL_TIMESTAMP)
        return false;
    *ret_at_ns = value->seconds * NS + value->nanos;
    return true;
}

static void view_resolve(void *context, uint32_t slot, struct cel_value *ret)
{
    *ret = *view_slot(context, slot);
}

int view_matches(rules *set, const selection *s, bool *ret_matches)
{
    struct cel_value value;
    selection *like = s->where_like;
    if (!s->where) {
        *ret_matches = true;
        return 0;
    }
    if (like->answered != set->view.serial) {
        int res = cel_eval(set->evaluator, s->where, view_resolve, &set->view, &value);
        if (res < 0 || set->view.no_memory)
            return -ENOMEM;
        like->answered = set->view.serial;
        like->answer = value.kind == CEL_BOOL && value.boolean;
        like->exhausted = value.kind == CEL_ERROR && cel_evaluator_is_exhausted(set->evaluator);
    }
    *ret_matches = like->answer;
    return 0;
}

bool view_exhausted(const selection *s)
{
    return s->where && s->where_like->exhausted;
}
