/* fuzz_journal.c: any bytes as a record, a chunk, a head of the journal; and as the body of a
 * sealed record, which reads as it was written until one byte of it is another. An input that
 * begins with 'S' is a stream, as `thaw journal import` reads it; of one that begins with 'R' a
 * stream is made whose checksums and counts are right, and what is taken of it is a whole
 * journal. */
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

/* What was imported is whole, and can be opened, read and exported. */
static void use(const char *folder)
{
    journal_config config = journal_config_default;
    journal_summary summary;
    char error[512];
    journal *j;
    FILE *out = fopen("/dev/null", "wb");

    expect(out != NULL && journal_check(folder, NULL, &summary, error) == 0);
    expect(journal_export(folder, out, NULL, &summary, error) == 0);
    fclose(out);
    config.folder = folder;
    expect(journal_open(&config, &j, error) == 0);
    journal_close(j);
}

static void import(const uint8_t *data, size_t size, journal_taken taken)
{
    char folder[64], error[512] = "";
    journal_summary summary;
    FILE *in = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "rb");

    if (in == NULL)
        return;
    /* in memory, where a sync costs nothing */
    snprintf(folder, sizeof(folder), "%s/thaw-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    expect(mkdtemp(folder) != NULL);
    if (journal_import(folder, in, taken, NULL, &summary, error) < 0)
        expect(error[0] != '\0');
    else
        use(folder);
    fclose(in);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- a stream with right checksums -------------------------------------------------- */

typedef struct stream {
    const uint8_t *at, *end;
    uint8_t bytes[1 << 16]; /* inputs are shorter than 4 KiB */
    size_t len;
    uint64_t counts[256];
} stream;

static uint8_t take(stream *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

static void seal(stream *s, uint8_t *at, uint8_t kind, uint64_t number, uint64_t batch, size_t len)
{
    journal_record_seal(at, kind, number, batch, len);
    s->len += journal_record_bytes(len);
    s->counts[kind]++;
}

/* A record is five bytes: kind, number, batch, length, and what the body is filled with; of a block
 * the length is the number of records in it. */
static void record(stream *s, bool inner)
{
    uint8_t kind = take(s), number = take(s), batch = take(s), len = take(s), fill = take(s);
    uint8_t *at = s->bytes + s->len;

    if (s->len + 4096 > sizeof(s->bytes))
        return;
    if (kind == JOURNAL_KIND_BLOCK && !inner) {
        s->len += JOURNAL_RECORD_HEADER;
        for (unsigned i = 0; i < len % 4u; i++)
            record(s, true);
        size_t body = s->len - (size_t)(at - s->bytes) - JOURNAL_RECORD_HEADER;
        s->len = (size_t)(at - s->bytes);
        seal(s, at, kind, number, batch, body);
        return;
    }
    memset(at + JOURNAL_RECORD_HEADER, 0, len);
    for (unsigned i = 0; i < len; i += 8)
        at[JOURNAL_RECORD_HEADER + i] = i == 0 ? fill : take(s);
    seal(s, at, kind, number, batch, len);
}

static void import_made(const uint8_t *data, size_t size)
{
    static const uint8_t counted[] = {JOURNAL_BATCH, JOURNAL_REPORT, JOURNAL_KIND_ALERT,
                                      JOURNAL_KIND_REJECT};
    static stream s;
    const journal_head head = {.format = JOURNAL_FORMAT, .first_chunk = 1, .first_alert = 1};

    s = (stream){.at = data, .end = data + size, .len = 16};
    journal_taken taken = take(&s) % 3;
    memcpy(s.bytes, "thaw journal 1\n", 16);
    journal_head_write(s.bytes + s.len, &head);
    s.len += journal_record_bytes(JOURNAL_HEAD_BODY);
    while (s.at < s.end && s.len < sizeof(s.bytes) / 2)
        record(&s, false);
    uint8_t *end = s.bytes + s.len;
    memset(end + JOURNAL_RECORD_HEADER, 0, 48);
    for (size_t i = 0; i < sizeof(counted); i++)
        journal_put64(end + JOURNAL_RECORD_HEADER + 8 * i, s.counts[counted[i]]);
    journal_put64(end + JOURNAL_RECORD_HEADER + 40, s.counts[JOURNAL_BASE_REPORT]);
    seal(&s, end, JOURNAL_KIND_END, 0, 0, 48);
    import(s.bytes, s.len, taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'S') {
        import(data + 1, size - 1, JOURNAL_AS_IT_IS);
        return 0;
    }
    if (size > 0 && data[0] == 'R') {
        import_made(data + 1, size - 1);
        return 0;
    }
    parse_all(data, size);
    seal_all(data, size);
    return 0;
}
