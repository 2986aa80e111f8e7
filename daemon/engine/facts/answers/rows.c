/* rows.c - see rows.h. */
#include "facts/answers/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int row_write(void *context, const char *bytes, size_t len)
{
    rows *r = context;
    if (r->enough)
        return 0;
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

void rows_begin_page(rows *r, const rows_place *from, size_t most)
{
    rows_begin(r);
    r->from = from;
    r->most = most;
}

static void key_add(rows *r, const void *bytes, size_t len)
{
    if (!r->enough && msgpack_sbuffer_write(&r->keys, bytes, len) < 0)
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

static void rows_sort(rows *r)
{
    if (r->count && !r->enough)
        qsort_r(r->list, r->count, sizeof *r->list, row_compare, r);
}

static void rows_close(facts *f, rows *r)
{
    if (r->failed) {
        f->failed = -ENOMEM;
        r->count = r->behind = 0;
    }
    rows_sort(r);
}

static void rows_pack(const rows *r, uint32_t from, uint32_t to, msgpack_packer *out)
{
    msgpack_pack_array(out, to - from);
    if (r->enough) { /* at once: who has no room for so much takes none of it */
        (void)out->callback(out->data, r->bytes.data, r->bytes.size);
        return;
    }
    for (uint32_t i = from; i < to; i++)
        (void)out->callback(out->data, r->bytes.data + r->list[i].at, r->list[i].len);
}

static void rows_done(rows *r)
{
    free(r->list);
    msgpack_sbuffer_destroy(&r->bytes);
    msgpack_sbuffer_destroy(&r->keys);
}

void rows_write(facts *f, rows *r, msgpack_packer *out)
{
    rows_close(f, r);
    rows_pack(r, 0, r->count, out);
    rows_done(r);
}

/* ---- pages -------------------------------------------------------------------------- */

void rows_place_write(const rows_place *p, char text[ROWS_PLACE_TEXT])
{
    int len = snprintf(text, ROWS_PLACE_TEXT, "%" PRIu32 " ", p->same);
    for (uint32_t i = 0; i < p->len; i++)
        len += snprintf(text + len, ROWS_PLACE_TEXT - (size_t)len, "%02x", p->key[i]);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int rows_place_read(thaw_str text, rows_place *ret_place)
{
    rows_place p = {.len = 0};
    uint32_t at = 0;
    for (; at < text.len && at < 9 && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        p.same = p.same * 10 + (uint32_t)(text.data[at] - '0');
    if (at == 0 || at == text.len || text.data[at++] != ' ' || (text.len - at) % 2 ||
        (text.len - at) / 2 > ROWS_KEY_BYTES)
        return -EINVAL;
    for (; at < text.len; at += 2) {
        int high = digit_of(text.data[at]), low = digit_of(text.data[at + 1]);
        if (high < 0 || low < 0)
            return -EINVAL;
        p.key[p.len++] = (uint8_t)(high << 4 | low);
    }
    *ret_place = p;
    return 0;
}

static int place_compare(const rows *r, const row *one, const rows_place *p)
{
    size_t len = one->key_len < ROWS_KEY_BYTES ? one->key_len : ROWS_KEY_BYTES;
    return bytes_compare(r->keys.data + one->key_at, len, (const char *)p->key, p->len);
}

static void place_of(const rows *r, uint32_t last, rows_place *ret_place)
{
    const row *one = &r->list[last];
    rows_place p = {.len = one->key_len < ROWS_KEY_BYTES ? (uint32_t)one->key_len : ROWS_KEY_BYTES};
    memcpy(p.key, r->keys.data + one->key_at, p.len);
    for (uint32_t i = last + 1; i > 0 && place_compare(r, &r->list[i - 1], &p) == 0; i--)
        p.same++;
    *ret_place = p;
}

static uint32_t first_behind(const rows *r, const rows_place *p)
{
    uint32_t first = 0, same = 0;
    while (first < r->count && place_compare(r, &r->list[first], p) < 0)
        first++;
    while (first < r->count && same < p->same && place_compare(r, &r->list[first], p) == 0)
        first++, same++;
    return first;
}

/* The first row behind a page. */
static uint32_t page_end(const rows *r, uint32_t first, size_t bytes)
{
    uint32_t end = first;
    for (size_t used = 0; end < r->count; end++) {
        used += r->list[end].len;
        if (bytes && used > bytes)
            break;
    }
    return end;
}

/* ---- rows that come ----------------------------------------------------------------- */

#define SLACK_BYTES 4096

static void row_close(rows *r)
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

static void row_move(rows *to, const rows *from, const row *one)
{
    (void)row_write(to, from->bytes.data + one->at, one->len);
    key_add(to, from->keys.data + one->key_at, one->key_len);
    row_close(to);
}

/* Lets go what is before the page, but for what has the key of its place, and what is behind it, but for one row, which
 * shows that there are others. */
static void rows_prune(rows *r)
{
    rows kept;
    uint32_t low = 0, first, end;
    rows_sort(r);
    while (r->from && low < r->count && place_compare(r, &r->list[low], r->from) < 0)
        low++;
    first = r->from ? first_behind(r, r->from) : 0;
    end = page_end(r, first, r->most);
    end += end < r->count;
    rows_begin(&kept);
    for (uint32_t i = low; i < end; i++)
        row_move(&kept, r, &r->list[i]);
    kept.from = r->from;
    kept.most = r->most;
    kept.behind = r->behind + (r->count - end);
    kept.failed = kept.failed || r->failed;
    rows_done(r);
    *r = kept;
    msgpack_packer_init(&r->out, r, row_write);
}

void rows_end(rows *r)
{
    if (r->enough) {
        r->behind++;
        return;
    }
    row_close(r);
    r->enough = r->whole && r->bytes.size > r->most;
    if (!r->whole && r->most && r->bytes.size / 2 > r->most + SLACK_BYTES)
        rows_prune(r);
}

uint32_t rows_write_page(facts *f, rows *r, size_t bytes, msgpack_packer *out, rows_place *ret_end)
{
    rows_close(f, r);
    uint32_t first = r->from ? first_behind(r, r->from) : 0, end = page_end(r, first, bytes);
    if (r->from && end == first && first < r->count)
        end++;
    uint32_t left = r->count - end + r->behind;
    *ret_end = (rows_place){.len = 0};
    if (left && end)
        place_of(r, end - 1, ret_end);
    rows_pack(r, first, end, out);
    rows_done(r);
    return left;
}
