/* image_tables.c - see image_tables.h. */
#include "facts/memory/image_tables.h"

#include <stdlib.h>
#include <string.h>

#include "facts/memory/array.h"
#include "facts/memory/pages.h"

/* A list as array.h grows it, whatever its elements. */
typedef struct any_list {
    void *at;
    uint32_t counts[2]; /* count, capacity */
} any_list;

static any_list list_read(const void *object, const image_list *l)
{
    any_list list;
    memcpy(&list.at, (const char *)object + l->at, sizeof list.at);
    memcpy(list.counts, (const char *)object + l->counts, sizeof list.counts);
    return list;
}

void image_put(saved_out *out, const void *data, size_t len)
{
    static const uint8_t zeroes[8];
    if (len)
        saved_put(out, data, len);
    saved_put(out, zeroes, -len & 7);
}

void image_get(saved_in *in, void *data, size_t len)
{
    const uint8_t *at = saved_get(in, len + (-len & 7));
    if (at && len)
        memcpy(data, at, len);
}

void *image_get_new(saved_in *in, size_t len, size_t capacity)
{
    const uint8_t *at = saved_get(in, len + (-len & 7));
    void *made = at && len <= capacity && capacity ? malloc(capacity) : NULL;
    if (at && capacity && !made)
        in->failed = true;
    if (!made)
        return NULL;
    pages_expect(made, len);
    memcpy(made, at, len);
    return made;
}

void image_put_lists(saved_out *out, const void *object, const image_list lists[], size_t lists_count)
{
    for (size_t i = 0; i < lists_count; i++) {
        any_list list = list_read(object, &lists[i]);
        image_put(out, list.at, (size_t)list.counts[0] * lists[i].size);
    }
}

void image_get_lists(saved_in *in, void *object, const image_list lists[], size_t lists_count)
{
    for (size_t i = 0; i < lists_count; i++) {
        any_list list = list_read(object, &lists[i]);
        list.at = image_get_new(in, (size_t)list.counts[0] * lists[i].size, (size_t)list.counts[1] * lists[i].size);
        if (!list.at)
            list.counts[0] = list.counts[1] = 0;
        memcpy((char *)object + lists[i].at, &list.at, sizeof list.at);
        memcpy((char *)object + lists[i].counts, list.counts, sizeof list.counts);
    }
}

void image_put_table(saved_out *out, const void *table, uint32_t count, uint32_t capacity, size_t size,
                     const image_list lists[], size_t lists_count)
{
    saved_put_number(out, (uint64_t)capacity << 32 | count);
    image_put(out, table, count * size);
    for (uint32_t i = 0; lists_count && i < count; i++)
        image_put_lists(out, (const char *)table + i * size, lists, lists_count);
}

void image_get_table(saved_in *in, void **table, uint32_t *count, uint32_t *capacity, size_t size,
                     const image_list lists[], size_t lists_count)
{
    uint64_t sizes = saved_get_number(in);
    free(*table);
    *table = image_get_new(in, (size_t)(uint32_t)sizes * size, (size_t)(sizes >> 32) * size);
    *count = *table ? (uint32_t)sizes : 0;
    *capacity = *table ? (uint32_t)(sizes >> 32) : 0;
    for (uint32_t i = 0; lists_count && i < *count; i++)
        image_get_lists(in, (char *)*table + i * size, lists, lists_count);
}

void image_put_index(saved_out *out, const hash_index *x)
{
    saved_put_number(out, x->size);
    saved_put_number(out, (uint64_t)x->used << 32 | x->live);
    image_put(out, x->slots, (size_t)x->size * sizeof *x->slots);
}

void image_get_index(saved_in *in, hash_index *x)
{
    uint64_t size = saved_get_number(in), counts = saved_get_number(in);
    free(x->slots);
    *x = (hash_index){0};
    if (size > UINT32_MAX || (size & (size - 1))) {
        in->failed = true;
        return;
    }
    x->slots = image_get_new(in, size * sizeof *x->slots, size * sizeof *x->slots);
    if (x->slots)
        *x = (hash_index){x->slots, (uint32_t)size, (uint32_t)(counts >> 32), (uint32_t)counts};
}
