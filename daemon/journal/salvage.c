/*
 * salvage.c - finds records in the bytes of a data file whose tree cannot be walked.
 *
 * Every chunk, alert change and reject says what it is and its number under its own checksum, so
 * the tree is not needed to find them. LMDB leaves old copies of pages behind: the same number is
 * taken once. Values stand at even addresses.
 */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct find {
    uint64_t number, generation;
    size_t offset, len;
    uint8_t table; /* in the order of the stream */
    bool torn;     /* a chunk with a damaged record: another copy may be better */
} find;

typedef struct finds {
    find *all;
    size_t count, cap;
} finds;

enum { TABLE_HEAD, TABLE_BASE, TABLE_LOG, TABLE_ALERTS, TABLE_REJECTS };

static int finds_add(finds *f, find add)
{
    if (f->count == f->cap) {
        size_t cap = f->cap > 0 ? 2 * f->cap : 1024;
        find *all = reallocarray(f->all, cap, sizeof *all);
        if (all == NULL)
            return -ENOMEM;
        f->all = all;
        f->cap = cap;
    }
    f->all[f->count++] = add;
    return 0;
}

static bool chunk_whole(const journal_chunk *chunk)
{
    journal_item item;
    size_t offset = 0;

    while (offset < chunk->bytes &&
           journal_record_parse(chunk->data + offset, chunk->bytes - offset, &item) == 0)
        offset += item.bytes;
    return offset == chunk->bytes;
}

/* How far to go on after the value that begins here, having added it; 0 if none does; or
 * -ENOMEM. Behind the head of a torn chunk another value may have been written. */
static ssize_t chunk_find(finds *f, const uint8_t *at, size_t left, size_t offset)
{
    journal_chunk chunk;
    size_t len = JOURNAL_CHUNK_HEADER + (size_t)journal_get32(at + 48);

    if (len > left || journal_chunk_parse(at, len, 0, &chunk) < 0)
        return 0;
    bool torn = !chunk_whole(&chunk);
    find add = {
        .number = chunk.number, .offset = offset, .len = len, .table = TABLE_LOG, .torn = torn};
    int r = finds_add(f, add);
    return r < 0 ? r : torn ? (ssize_t)JOURNAL_CHUNK_HEADER : (ssize_t)len;
}

/* A block that fails its checksum, but holds records: what is whole of them is. */
static ssize_t block_find(finds *f, const uint8_t *at, size_t left, size_t offset)
{
    size_t len = JOURNAL_RECORD_HEADER + (size_t)journal_get32(at + 24);
    journal_item first;

    if (len > left || len < 2 * JOURNAL_RECORD_HEADER ||
        len > JOURNAL_CHUNK_BYTES + JOURNAL_BODY_MAX)
        return 0;
    for (size_t from = JOURNAL_RECORD_HEADER; from + JOURNAL_RECORD_HEADER <= len; from += 8)
        if (journal_record_parse(at + from, len - from, &first) == 0 &&
            first.batch == journal_get64(at + 16)) {
            find add = {.number = journal_get64(at + 8),
                        .generation = first.batch,
                        .offset = offset,
                        .len = len,
                        .table = TABLE_BASE,
                        .torn = true};
            int r = finds_add(f, add);
            return r < 0 ? r : (ssize_t)JOURNAL_RECORD_HEADER;
        }
    return 0;
}

static ssize_t value_find(finds *f, const uint8_t *file, size_t offset, size_t size)
{
    const uint8_t *at = file + offset;
    size_t left = size - offset;
    journal_item item;
    uint8_t table;

    if (left >= JOURNAL_CHUNK_HEADER && journal_get32(at + 52) == JOURNAL_CHUNK_MAGIC) {
        ssize_t n = chunk_find(f, at, left, offset);
        if (n != 0)
            return n;
    }
    if (left < JOURNAL_RECORD_HEADER || at[29] != 0 || at[30] != 0 || at[31] != 0)
        return 0;
    switch (at[28]) {
    case JOURNAL_KIND_HEAD:
        table = TABLE_HEAD;
        break;
    case JOURNAL_KIND_BASE_HEAD:
    case JOURNAL_KIND_BLOCK:
        table = TABLE_BASE;
        break;
    case JOURNAL_KIND_ALERT:
        table = TABLE_ALERTS;
        break;
    case JOURNAL_KIND_REJECT:
        table = TABLE_REJECTS;
        break;
    default:
        return 0;
    }
    if (journal_record_parse(at, left, &item) < 0)
        return at[28] == JOURNAL_KIND_BLOCK ? block_find(f, at, left, offset) : 0;
    find add = {.number = item.number,
                .generation = item.batch,
                .offset = offset,
                .len = item.bytes,
                .table = table};
    int r = finds_add(f, add);
    return r < 0 ? r : (ssize_t)item.bytes;
}

static int finds_fill(finds *f, const uint8_t *file, size_t size)
{
    for (size_t offset = 0; offset + JOURNAL_RECORD_HEADER <= size;) {
        ssize_t n = value_find(f, file, offset, size);
        if (n < 0)
            return (int)n;
        offset += n > 0 ? ((size_t)n + 1) & ~(size_t)1 : 2;
    }
    return 0;
}

/* By table and number; of copies a whole one first. */
static int find_compare(const void *a, const void *b)
{
    const find *x = a, *y = b;

    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->torn != y->torn)
        return x->torn ? 1 : -1;
    return x->offset > y->offset ? -1 : x->offset < y->offset;
}

/* The past that a base took the place of lies about, too: what is of an older base, or before the
 * newest, is no part of the journal any more. */
static void finds_forget(finds *f, const uint8_t *file)
{
    uint64_t generation = 0, first_chunk = 1;
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++) {
        const find *it = &f->all[i];
        journal_base base;
        if (it->table != TABLE_BASE || it->generation < generation ||
            journal_base_parse(file + it->offset, it->len, &base) < 0)
            continue;
        generation = it->generation;
        first_chunk = base.chunk + 1;
    }
    for (size_t i = 0; i < f->count; i++) {
        const find *it = &f->all[i];
        if ((it->table == TABLE_BASE && it->generation != generation) ||
            (it->table == TABLE_LOG && it->number < first_chunk))
            continue;
        f->all[kept++] = *it;
    }
    f->count = kept;
}

/* Of the copies of the head the one that begins last. */
static bool head_is_older(const uint8_t *a, const uint8_t *b, size_t len)
{
    journal_head x, y;

    return journal_head_parse(a, len, &x) == 0 && journal_head_parse(b, len, &y) == 0 &&
           (x.first_chunk < y.first_chunk || x.first_alert < y.first_alert);
}

static int finds_scan(journal_scan *scan, const finds *f, const uint8_t *file)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < f->count; i++) {
        const find *it = &f->all[i];
        if (i > 0 && it->table == it[-1].table && it->number == it[-1].number)
            continue;
        const find *best = it;
        for (size_t k = i + 1;
             it->table == TABLE_HEAD && k < f->count && f->all[k].table == TABLE_HEAD; k++)
            if (f->all[k].len == it->len &&
                head_is_older(file + best->offset, file + f->all[k].offset, it->len))
                best = &f->all[k];
        MDB_val value = {best->len, (uint8_t *)file + best->offset};
        switch (it->table) {
        case TABLE_HEAD:
            r = journal_scan_head(scan, &value);
            break;
        case TABLE_BASE:
            r = journal_scan_base(scan, it->number, &value);
            break;
        case TABLE_LOG:
            r = journal_scan_chunk(scan, it->number, &value);
            break;
        case TABLE_ALERTS:
            r = journal_scan_alert(scan, it->number, &value);
            break;
        default:
            r = journal_scan_reject(scan, it->number, &value);
            break;
        }
    }
    return r;
}

int journal_scan_file(journal_scan *scan)
{
    char path[4096];
    struct stat st;
    finds f = {0};

    int n = snprintf(path, sizeof path, "%s/data.mdb", scan->path);
    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fstat(fd, &st) < 0 ? -errno : 0;
    size_t size = r == 0 ? (size_t)st.st_size : 0;
    void *file = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (file == MAP_FAILED)
        r = -errno;
    close(fd);
    if (r < 0 || size == 0)
        return r;
    scan->total_bytes = scan->summary.bytes = size;
    r = finds_fill(&f, file, size);
    if (r == 0 && f.count > 0) {
        finds_forget(&f, file);
        qsort(f.all, f.count, sizeof f.all[0], find_compare);
        r = finds_scan(scan, &f, file);
    }
    free(f.all);
    munmap(file, size);
    return r;
}
