/* reports.c - see reports.h. */
#include "facts/state/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/memory/array.h"
#include "facts/memory/image_tables.h"
#include "facts/memory/pages.h"

#define BLOCK_BYTES (1u << 20)

/* A slot of the identity table: the number, and the bits of the hash that say where it belongs (the
 * table never has more than 2^32 places) and spare a look at the record. */
typedef struct slot {
    uint32_t number, tag;
} slot;

/* Events decoded lately, each in the place that its identity says. */
#define DECODED_COUNT 64u
typedef struct decoded {
    const report *of; /* NULL: nothing */
    thaw_event event;
} decoded;

typedef struct block {
    uint8_t *bytes;
    size_t size;
} block;

_Static_assert(THAW_KIND_COUNT <= 16 && THAW_CONFIRMED < 16, "kind and status of a report share a byte");

struct reports {
    reports_table table;
    uint32_t chunks_count, chunks_capacity;
    uint64_t reports_max, bytes_max;

    slot *slots; /* open addressing, number 0 is empty; size a power of two */
    uint64_t slots_count;

    block *blocks; /* text */
    uint32_t blocks_count, blocks_capacity;
    size_t block_used;
    uint64_t text_bytes;

    pending *waiting; /* open addressing on the key; an entry without a reference is empty */
    uint32_t waiting_count, waiting_size;
    uint64_t held;
    decoded decoded[DECODED_COUNT];
    const report *lent_of; /* NULL: nothing is lent */
    const thaw_event *lent;
};

int reports_new(uint64_t reports_max, uint64_t bytes_max, reports **ret_reports)
{
    reports *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->reports_max = reports_max < REPORTS_MAX ? reports_max : REPORTS_MAX;
    r->bytes_max = bytes_max;
    r->slots_count = 1024;
    r->slots = calloc(r->slots_count, sizeof *r->slots);
    if (!r->slots) {
        free(r);
        return -ENOMEM;
    }
    *ret_reports = r;
    return 0;
}

reports *reports_free(reports *r)
{
    if (!r)
        return NULL;
    for (uint32_t i = 0; i < r->chunks_count; i++)
        pages_free(r->table.chunks[i], REPORTS_CHUNK * sizeof(report));
    for (uint32_t i = 0; i < r->blocks_count; i++)
        pages_free(r->blocks[i].bytes, r->blocks[i].size);
    free(r->table.chunks);
    free(r->blocks);
    free(r->slots);
    free(r->waiting);
    free(r);
    return NULL;
}

uint32_t reports_count(const reports *r)
{
    return r->table.count;
}

uint64_t reports_bytes(const reports *r)
{
    return (uint64_t)r->chunks_count * REPORTS_CHUNK * sizeof(report) + r->slots_count * sizeof(slot) +
           (uint64_t)r->waiting_size * sizeof(pending);
}

uint64_t reports_text_bytes(const reports *r)
{
    return r->text_bytes;
}

/* ---- identity ----------------------------------------------------------------------- */

static inline uint32_t tag_of(thaw_hash key)
{
    return (uint32_t)key.low;
}

static inline bool hash_equal(thaw_hash a, thaw_hash b)
{
    return a.low == b.low && a.high == b.high;
}

void reports_prefetch(const reports *r, thaw_hash key)
{
    __builtin_prefetch(&r->slots[tag_of(key) & (r->slots_count - 1)], 1);
}

static slot *identity_slot(const reports *r, thaw_hash key)
{
    uint64_t mask = r->slots_count - 1;
    uint64_t i = tag_of(key) & mask;
    while (r->slots[i].number &&
           (r->slots[i].tag != tag_of(key) || !hash_equal(reports_at(r, r->slots[i].number)->key, key)))
        i = (i + 1) & mask;
    return &r->slots[i];
}

uint32_t reports_find(const reports *r, thaw_hash key)
{
    return identity_slot(r, key)->number;
}

static int identity_grow(reports *r)
{
    uint64_t size = r->slots_count * 2;
    slot *slots = calloc(size, sizeof *slots);
    if (!slots)
        return -ENOMEM;
    for (uint64_t old = 0; old < r->slots_count; old++) {
        uint64_t i = r->slots[old].tag & (size - 1);
        if (!r->slots[old].number)
            continue;
        while (slots[i].number)
            i = (i + 1) & (size - 1);
        slots[i] = r->slots[old];
    }
    free(r->slots);
    r->slots = slots;
    r->slots_count = size;
    return 0;
}

/* ---- text --------------------------------------------------------------------------- */

static int text_copy(reports *r, const uint8_t *text, uint32_t bytes, const uint8_t **ret_copy)
{
    if (r->blocks_count == 0 || r->blocks[r->blocks_count - 1].size - r->block_used < bytes) {
        size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        if (array_reserve((void **)&r->blocks, &r->blocks_capacity, (size_t)r->blocks_count + 1, sizeof *r->blocks,
                          &r->held) < 0)
            return -ENOMEM;
        uint8_t *made = pages_new(size);
        if (!made)
            return -ENOMEM;
        r->blocks[r->blocks_count++] = (block){made, size};
        r->block_used = 0;
        r->text_bytes += size;
    }
    uint8_t *copy = r->blocks[r->blocks_count - 1].bytes + r->block_used;
    memcpy(copy, text, bytes);
    r->block_used += bytes;
    *ret_copy = copy;
    return 0;
}

/* Of a limit, with what is left to corrections beyond it. */
static uint64_t limit_of(uint64_t limit, bool correction)
{
    uint64_t more = correction ? limit / CORRECTIONS_PART + 1 : 0;
    return limit > UINT64_MAX - more ? UINT64_MAX : limit + more;
}

bool reports_full(const reports *r, uint32_t text_bytes, bool correction)
{
    return r->table.count >= limit_of(r->reports_max, correction) ||
           reports_bytes(r) + r->text_bytes + text_bytes > limit_of(r->bytes_max, correction);
}

int reports_append(reports *r, thaw_hash key, const uint8_t *text, uint32_t text_bytes, uint32_t *ret_number)
{
    if (r->table.count > REPORTS_MAX + REPORTS_MAX / CORRECTIONS_PART)
        return -ENOSPC;
    if (r->table.count == r->chunks_count * REPORTS_CHUNK) {
        if (array_reserve((void **)&r->table.chunks, &r->chunks_capacity, (size_t)r->chunks_count + 1,
                          sizeof *r->table.chunks, &r->held) < 0)
            return -ENOMEM;
        report *chunk = pages_new(REPORTS_CHUNK * sizeof *chunk);
        if (!chunk)
            return -ENOMEM;
        r->table.chunks[r->chunks_count++] = chunk;
    }
    if (((uint64_t)r->table.count + 1) * 4 > r->slots_count * 3 && identity_grow(r) < 0)
        return -ENOMEM;
    const uint8_t *copy;
    if (text_copy(r, text, text_bytes, &copy) < 0)
        return -ENOMEM;
    uint32_t number = ++r->table.count;
    report *record = reports_at(r, number);
    record->key = key;
    record->text = copy;
    record->text_bytes = text_bytes;
    *identity_slot(r, key) = (slot){number, tag_of(key)};
    *ret_number = number;
    return 0;
}

/* ---- one report --------------------------------------------------------------------- */

int64_t report_end_ns(const report *r)
{
    /* start_ns is that of the widened interval; adding what the precision spans gives its end. */
    const int64_t day_ns = 86400000000000;
    if (r->precision == THAW_INSTANT)
        return r->start_ns + 1;
    if (r->precision == THAW_DAY)
        return r->start_ns + (r->approximate ? 29 : 1) * day_ns;
    thaw_date date = {.at_ns = r->start_ns, .precision = r->precision};
    int64_t start, end;
    thaw_date_interval(&date, &start, &end);
    if (r->approximate) {
        date = (thaw_date){.at_ns = end, .precision = r->precision, .approximate = true};
        thaw_date_interval(&date, &start, &end);
    }
    return end;
}

int64_t report_stated_ns(const report *r)
{
    const int64_t day_ns = 86400000000000;
    if (!r->approximate)
        return r->start_ns;
    if (r->precision == THAW_DAY)
        return r->start_ns + 14 * day_ns;
    thaw_date before = {.at_ns = r->start_ns, .precision = r->precision}; /* the month or year before the stated one */
    int64_t start, end;
    thaw_date_interval(&before, &start, &end);
    return end;
}

static void decode_again(const report *r, thaw_event *ret_event)
{
    thaw_body body;
    thaw_error error;
    *ret_event = (thaw_event){0};
    if (thaw_body_begin(&body, r->text, r->text_bytes, &thaw_limits_stored, 0, &error) < 0 ||
        thaw_body_next(&body, ret_event, &error) != 1)
        *ret_event = (thaw_event){0};
}

void reports_lend(reports *r, uint32_t number, const thaw_event *event)
{
    r->lent_of = number ? reports_at(r, number) : NULL;
    r->lent = event;
}

void report_event(reports *all, const report *r, thaw_event *ret_event)
{
    if (r == all->lent_of) {
        *ret_event = *all->lent;
        return;
    }
    decoded *at = &all->decoded[r->key.low % DECODED_COUNT];
    if (at->of != r) {
        decode_again(r, &at->event);
        at->of = r;
    }
    *ret_event = at->event;
}

/* ---- references that wait ----------------------------------------------------------- */

static bool pending_empty(const pending *p)
{
    return !p->withdrawn_by && !p->replaced_by;
}

static pending *pending_slot(pending *table, uint32_t size, thaw_hash key)
{
    uint32_t i = (uint32_t)key.high & (size - 1);
    while (!pending_empty(&table[i]) && !hash_equal(table[i].key, key))
        i = (i + 1) & (size - 1);
    return &table[i];
}

static int pending_grow(reports *r)
{
    uint32_t size = r->waiting_size ? r->waiting_size * 2 : 64;
    pending *table = calloc(size, sizeof *table);
    if (!table)
        return -ENOMEM;
    for (uint32_t i = 0; i < r->waiting_size; i++)
        if (!pending_empty(&r->waiting[i]))
            *pending_slot(table, size, r->waiting[i].key) = r->waiting[i];
    free(r->waiting);
    r->waiting = table;
    r->waiting_size = size;
    return 0;
}

pending *reports_pending(reports *r, thaw_hash key, bool make)
{
    if (make && (r->waiting_count + 1) * 2 > r->waiting_size && pending_grow(r) < 0)
        return NULL;
    if (!r->waiting_size)
        return NULL;
    pending *found = pending_slot(r->waiting, r->waiting_size, key);
    if (!pending_empty(found))
        return found;
    if (!make)
        return NULL;
    found->key = key;
    r->waiting_count++;
    return found;
}

/* ---- as bytes ----------------------------------------------------------------------- */

static size_t whole_pages(size_t bytes)
{
    return (bytes + pages_size() - 1) & ~(pages_size() - 1);
}

void reports_put_image(const reports *r, saved_out *out)
{
    saved_put_number(out, r->table.count);
    saved_put_number(out, r->chunks_count);
    saved_put_number(out, r->block_used);
    saved_put_number(out, r->slots_count);
    image_put(out, r->slots, r->slots_count * sizeof *r->slots);
    image_put_table(out, r->waiting, r->waiting_size, r->waiting_size, sizeof *r->waiting, NULL, 0);
    saved_put_number(out, r->waiting_count);
    saved_put_number(out, r->blocks_count);
    for (uint32_t i = 0; i < r->blocks_count; i++)
        saved_put_number(out, r->blocks[i].size);
}

/* A chunk, in which places of texts are counted from the first block. The texts stand in the order of
 * the reports: *block and *before (all whole pages of the blocks before it) go along. */
static void chunk_put(const reports *r, saved_out *out, uint32_t chunk, uint32_t *block, size_t *before)
{
    report *copy = malloc(REPORTS_CHUNK * sizeof *copy);
    if (!copy) {
        out->failed = true;
        return;
    }
    memcpy(copy, r->table.chunks[chunk], REPORTS_CHUNK * sizeof *copy);
    for (uint32_t i = 0; i < REPORTS_CHUNK && chunk * REPORTS_CHUNK + i < r->table.count; i++) {
        uintptr_t at;
        while ((at = (uintptr_t)copy[i].text - (uintptr_t)r->blocks[*block].bytes) >= r->blocks[*block].size)
            *before += whole_pages(r->blocks[(*block)++].size);
        copy[i].text = (const uint8_t *)(*before + at);
    }
    saved_put(out, copy, REPORTS_CHUNK * sizeof *copy);
    saved_put_until(out, pages_size());
    free(copy);
}

void reports_put_pages(const reports *r, saved_out *out)
{
    uint32_t block = 0;
    size_t before = 0;
    saved_put_until(out, pages_size());
    for (uint32_t i = 0; i < r->chunks_count && !out->failed; i++)
        chunk_put(r, out, i, &block, &before);
    for (uint32_t i = 0; i < r->blocks_count && !out->failed; i++) {
        saved_put(out, r->blocks[i].bytes, r->blocks[i].size);
        saved_put_until(out, pages_size());
    }
}

void reports_get_image(reports *r, saved_in *in)
{
    uint64_t count = saved_get_number(in), chunks = saved_get_number(in), used = saved_get_number(in);
    uint64_t slots = saved_get_number(in);
    if (count > UINT32_MAX / 2 || chunks != (count + REPORTS_CHUNK - 1) / REPORTS_CHUNK || slots > UINT32_MAX ||
        slots <= count || (slots & (slots - 1)))
        in->failed = true;
    free(r->slots);
    r->slots = image_get_new(in, slots * sizeof *r->slots, slots * sizeof *r->slots);
    r->slots_count = slots;
    image_get_table(in, (void **)&r->waiting, &r->waiting_size, &r->waiting_size, sizeof *r->waiting, NULL, 0);
    r->waiting_count = (uint32_t)saved_get_number(in);
    r->table.count = (uint32_t)count;
    r->block_used = used;
    uint64_t blocks = saved_get_number(in);
    const uint8_t *sizes = saved_get(in, blocks <= UINT32_MAX ? blocks * sizeof(uint64_t) : UINT64_MAX);
    if (!sizes ||
        array_reserve((void **)&r->table.chunks, &r->chunks_capacity, chunks, sizeof *r->table.chunks, &r->held) < 0 ||
        array_reserve((void **)&r->blocks, &r->blocks_capacity, blocks, sizeof *r->blocks, &r->held) < 0) {
        in->failed = true;
        return;
    }
    saved_in each = {sizes, blocks * sizeof(uint64_t), false};
    for (; r->blocks_count < blocks; r->blocks_count++) /* their place is not known yet */
        r->blocks[r->blocks_count] = (block){NULL, saved_get_number(&each)};
}

/* Takes pages over as they stand. */
static void *pages_get(saved_in *in, size_t bytes)
{
    return (void *)(uintptr_t)saved_get(in, whole_pages(bytes));
}

static void texts_place(reports *r, saved_in *in, const uint8_t *texts, size_t bytes)
{
    for (uint32_t n = 1; n <= r->table.count; n++) {
        report *one = reports_at(r, n);
        uintptr_t at = (uintptr_t)one->text;
        if (at > bytes || bytes - at < one->text_bytes) {
            in->failed = true;
            return;
        }
        one->text = texts + at;
    }
}

void reports_get_pages(reports *r, saved_in *in)
{
    uint32_t chunks = (r->table.count + REPORTS_CHUNK - 1) / REPORTS_CHUNK;
    saved_get_until(in, pages_size());
    for (; r->chunks_count < chunks && !in->failed; r->chunks_count += !in->failed)
        r->table.chunks[r->chunks_count] = pages_get(in, REPORTS_CHUNK * sizeof(report));
    const uint8_t *texts = in->at;
    for (uint32_t i = 0; i < r->blocks_count && !in->failed; i++) {
        r->blocks[i].bytes = pages_get(in, r->blocks[i].size);
        r->text_bytes += r->blocks[i].size;
    }
    if (!in->failed)
        texts_place(r, in, texts, (size_t)(in->at - texts));
}
