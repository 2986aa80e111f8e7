/* rows.c - see rows.h. */
#include "facts/answers/rows.h"

#include <stdlib.h>
#include <string.h>

static int row_write(void *context, const char *bytes, size_t len)
{
    rows *r = context;
    r->failed = r->failed || msgpack_sbuffer_write(&r->bytes, bytes, len) < 0;
    return r->failed ? -1 : 0;
}

void rows_begin(rows *r)
{
    *r = (rows){.count = 0};
    msgpack_sbuffer_init(&r->bytes);
    msgpack_sbuffer_init(&r->keys);
    msgpack_packer_init(&r->out, r, row_write);
}

static void key_add(rows *r, const void *bytes, size_t len)
{
    if (msgpack_sbuffer_write(&r->keys, bytes, len) < 0)
        r->failed = true;
}

/* No text holds a NUL (libthaw refuses it): the shorter of two comes first. */
void rows_key_str(rows *r, thaw_str text)
{
    if (text.data)
        key_add(r, text.data, text.len);
    key_add(r, "", 1);
}

void rows_key_time(rows *r, int64_t at_ns)
{
    uint64_t ordered = (uint64_t)at_ns ^ UINT64_C(1) << 63;
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(ordered >> (56 - 8 * i));
    key_add(r, bytes, sizeof bytes);
}

void rows_end(rows *r)
{
    uint64_t held = 0;
    if (array_reserve((void **)&r->list, &r->capacity, (size_t)r->count + 1, sizeof *r->list, &held) < 0) {
        r->failed = true;
        return;
    }
    r->list[r->count++] = (row){r->row_at, r->bytes.size - r->row_at, r->key_at, r->keys.size - r->key_at};
    r->row_at = r->bytes.size;
    r->key_at = r->keys.size;
}

static int bytes_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int row_compare(const void *a, const void *b, void *context)
{
    const rows *r = context;
    const row *x = a, *y = b;
    int order = bytes_compare(r->keys.data + x->key_at, x->key_len, r->keys.data + y->key_at, y->key_len);
    return order ? order : bytes_compare(r->bytes.data + x->at, x->len, r->bytes.data + y->at, y->len);
}

void rows_write(facts *f, rows *r, msgpack_packer *out)
{
    if (r->failed) {
        f->failed = -ENOMEM;
        r->count = 0;
    }
    if (r->count)
        qsort_r(r->list, r->count, sizeof *r->list, row_compare, r);
    msgpack_pack_array(out, r->count);
    for (uint32_t i = 0; i < r->count; i++)
        (void)out->callback(out->data, r->bytes.data + r->list[i].at, r->list[i].len);
    free(r->list);
    msgpack_sbuffer_destroy(&r->bytes);
    msgpack_sbuffer_destroy(&r->keys);
}
