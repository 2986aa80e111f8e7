/* fuzz_journal.c: any bytes as a record, a chunk, a head of the journal; and as the body of a
 * sealed record, which reads as it was written until one byte of it is another. An input that
 * begins with 'S' is a stream, as `thaw journal import` reads it. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

static void parse_all(const uint8_t *data, size_t size)
{
    MDB_val value = {size, (void *)(uintptr_t)data};
    journal_item item;
    journal_chunk chunk;
    journal_head head;
    journal_alert alert;
    journal_reject reject;

    if (journal_record_parse(data, size, &item) == 0)
        expect(item.bytes <= size && item.body >= data && item.body + item.body_len <= data + size);
    if (journal_chunk_parse(data, size, 0, &chunk) == 0)
        expect(chunk.data >= data && chunk.data + chunk.bytes <= data + size);
    (void)journal_head_parse(data, size, &head);
    (void)journal_alert_parse(&value, 1, &alert);
    (void)journal_reject_parse(&value, 1, &reject);
}

/* Sealed with each kind that has a body of its own shape, so that the checksum is right. */
static void seal_all(const uint8_t *data, size_t size)
{
    static const uint8_t kinds[] = {JOURNAL_REPORT, JOURNAL_KIND_ALERT, JOURNAL_KIND_REJECT,
                                    JOURNAL_KIND_HEAD};
    size_t bytes = journal_record_bytes(size);
    uint8_t *at = malloc(bytes);
    journal_item item;

    expect(at != NULL);
    for (size_t i = 0; i < sizeof(kinds); i++) {
        memset(at, 0, bytes);
        memcpy(at + JOURNAL_RECORD_HEADER, data, size);
        journal_record_seal(at, kinds[i], 1, 1, size);
        expect(journal_record_parse(at, bytes, &item) == 0);
        expect(item.kind == kinds[i] && item.body_len == size && item.bytes == bytes);
        expect(size == 0 || memcmp(item.body, data, size) == 0);
        parse_all(at, bytes);
        at[size == 0 ? 8 : JOURNAL_RECORD_HEADER + size / 2] ^= 0x10;
        expect(journal_record_parse(at, bytes, &item) < 0);
    }
    free(at);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void import(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/thaw-fuzz-XXXXXX", error[512] = "";
    journal_summary summary;
    FILE *in = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "rb");

    if (in == NULL)
        return;
    expect(mkdtemp(folder) != NULL);
    if (journal_import(folder, in, false, NULL, &summary, error) < 0)
        expect(error[0] != '\0');
    fclose(in);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'S') {
        import(data + 1, size - 1);
        return 0;
    }
    parse_all(data, size);
    seal_all(data, size);
    return 0;
}
