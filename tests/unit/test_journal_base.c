/* test_journal_base.c - a base in the place of the log before it: what it keeps is read, what it
 * drops is gone, the file stays small, and everything else works as without one. */
#include "journal_private.h"
#include "test_journal_support.h"

typedef struct base_reading {
    uint64_t states, reports, last;
    bool wrong;
} base_reading;

static int on_base(void *context, const journal_record *record)
{
    base_reading *in = context;
    uint8_t body[BODY_MAX];

    if (record->kind == JOURNAL_BASE_STATE)
        in->states++;
    if (record->kind != JOURNAL_BASE_REPORT)
        return 0;
    in->wrong |= record->number <= in->last || record->at_ns != (int64_t)record->number * 7 ||
                 record->body_len != body_of(0, record->number, body) ||
                 memcmp(record->body, body, record->body_len) != 0;
    in->last = record->number;
    in->reports++;
    return 0;
}

static int on_any(void *context, const journal_record *record)
{
    base_reading *in = context;
    uint8_t body[BODY_MAX];

    if (record->kind != JOURNAL_REPORT)
        return 0;
    in->wrong |= record->number <= in->last ||
                 record->body_len != body_of(0, record->number, body) ||
                 memcmp(record->body, body, record->body_len) != 0;
    in->last = record->number;
    in->reports++;
    return 0;
}

static int on_alert_counted(void *context, uint64_t seq, const void *topic, size_t topic_len,
                            const void *body, size_t len)
{
    (void)topic, (void)topic_len, (void)body, (void)len, (void)seq;
    ++*(uint64_t *)context;
    return 0;
}

/* Keeps every tenth report, all alert changes from `first_alert` on. */
static void base_make(journal *j, uint64_t first_alert)
{
    uint8_t body[BODY_MAX];
    static uint8_t state[200000];
    uint64_t ticket;

    for (int i = 0; i < 3; i++)
        assert_int_equal(journal_append_base(j, JOURNAL_BASE_STATE, 0, 0, state, sizeof state), 0);
    for (uint64_t n = 10; n <= journal_last_report(j); n += 10) {
        size_t len = body_of(0, n, body);
        assert_int_equal(journal_append_base(j, JOURNAL_BASE_REPORT, n, (int64_t)n * 7, body, len),
                         0);
    }
    journal_trim_alerts(j, first_alert);
    assert_int_equal(journal_submit(j, received_of(0), &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
}

static uint64_t fill(journal *j, uint64_t batch, uint64_t count)
{
    uint64_t ticket = 0;

    for (uint64_t b = batch + 1; b <= batch + count; b++)
        assert_int_equal(batch_append(j, b, 7, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    return batch + count;
}

static void expect(journal *j, uint64_t kept, uint64_t log_reports, uint64_t first_alert)
{
    base_reading base = {0}, all = {0};
    char error[512] = "";
    uint64_t alerts = 0;

    assert_int_equal(journal_read_base(j, on_base, &base, error), 0);
    assert_false(base.wrong);
    assert_int_equal(base.reports, kept);
    assert_int_equal(base.states, 3);
    assert_int_equal(journal_read(j, 0, on_any, &all, error), 0);
    assert_false(all.wrong);
    assert_int_equal(all.reports, kept + log_reports);
    assert_int_equal(all.last, journal_last_report(j));
    all = (base_reading){0};
    assert_int_equal(journal_read(j, journal_base_report(j), on_any, &all, error), 0);
    assert_int_equal(all.reports, log_reports);
    assert_int_equal(journal_read_alerts(j, first_alert - 1, on_alert_counted, &alerts, error), 0);
    assert_int_equal(alerts, journal_last_alert(j) - first_alert + 1);
    if (first_alert > 1)
        assert_int_equal(journal_read_alerts(j, first_alert - 2, on_alert_counted, &alerts, error),
                         -ENODATA);
}

static void a_base_replaces_the_log(void **state)
{
    (void)state;
    char *folder = folder_make();
    journal *j = journal_open_at(folder);
    uint64_t batch = fill(j, 0, 300);

    base_make(j, 200);
    expect(j, 210, 0, 200);
    assert_int_equal(journal_base_report(j), 2100);
    journal_close(j);
    j = journal_open_at(folder); /* nothing but the base */
    assert_int_equal(journal_last_report(j), 2100);
    expect(j, 210, 0, 200);
    batch = fill(j, batch, 100);
    expect(j, 210, 700, 200);
    journal_close(j);
    j = journal_open_at(folder);
    expect(j, 210, 700, 200);
    base_make(j, 150); /* never back */
    expect(j, 280, 0, 200);
    (void)fill(j, batch, 3);
    journal_close(j);
    j = journal_open_at(folder);
    expect(j, 280, 21, 200);
    journal_close(j);
    folder_remove(folder);
}

static void it_must_come_first(void **state)
{
    (void)state;
    char *folder = folder_make();
    journal *j = journal_open_at(folder);

    (void)fill(j, 0, 3);
    assert_int_equal(report_append(j, journal_last_report(j) + 1), 0);
    assert_int_equal(journal_append_base(j, JOURNAL_BASE_STATE, 0, 0, "x", 1), -EBUSY);
    assert_int_equal(journal_append_base(j, JOURNAL_REPORT, 0, 0, "x", 1), -EINVAL);
    journal_close(j);
    folder_remove(folder);
}

/* The last 100 reports and 50 alert changes stand in for all before. */
static void past_drop_but_last(journal *j, uint64_t batch)
{
    uint8_t body[BODY_MAX];
    uint64_t ticket;

    for (uint64_t n = journal_last_report(j) - 99; n <= journal_last_report(j); n++) {
        size_t len = body_of(0, n, body);
        assert_int_equal(journal_append_base(j, JOURNAL_BASE_REPORT, n, 0, body, len), 0);
    }
    journal_trim_alerts(j, journal_last_alert(j) - 50);
    assert_int_equal(journal_submit(j, received_of(batch), &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
}

/* How large the file is after `rounds` of so many commits of so many reports, the past dropped
 * after each. Every commit is waited for: how many batches share one depends on the machine
 * otherwise, and with it the file. */
static off_t size_after(uint32_t rounds, uint32_t commits, uint32_t reports)
{
    char *folder = folder_make(), path[256];
    journal *j = journal_open_at(folder);
    struct stat data;
    uint64_t batch = 0, ticket;

    snprintf(path, sizeof path, "%s/journal/data.mdb", folder);
    for (uint32_t i = 0; i < rounds; i++) {
        for (uint32_t c = 0; c < commits; c++) {
            batch++;
            for (uint32_t n = 0; n < reports; n++)
                assert_int_equal(report_append(j, journal_last_report(j) + 1), 0);
            for (uint32_t n = 0; n < 3; n++)
                assert_int_equal(alert_append(j, journal_last_alert(j) + 1), 0);
            assert_int_equal(journal_submit(j, received_of(batch), &ticket), 0);
            assert_int_equal(durable_wait(j, ticket), 0);
        }
        if (journal_last_alert(j) > 50)
            past_drop_but_last(j, batch);
    }
    assert_int_equal(stat(path, &data), 0);
    journal_close(j);
    folder_remove(folder);
    return data.st_size;
}

/* Under a steady flow the file stops growing, with large commits at once, with small ones after
 * some rounds: until then free pages are still being broken up. */
static void the_file_stays_small(void **state)
{
    (void)state;
    off_t early = size_after(20, 1, 1050);
    assert_true(size_after(50, 1, 1050) <= early + early / 4);
    early = size_after(30, 20, 7);
    assert_true(size_after(90, 20, 7) <= early + early / 8);
}

static void tools_know_it(void **state)
{
    (void)state;
    char *folder = folder_make(), *other = folder_make(), *third = folder_make(), error[512] = "";
    char *stream = NULL, *again = NULL, path[256];
    journal_summary summary;
    size_t size, size_again;
    uint8_t zeroes[8192] = {0};

    journal *j = journal_open_at(folder);
    uint64_t batch = fill(j, 0, 120);
    base_make(j, 60);
    batch = fill(j, batch, 40);
    base_make(j, 100);
    (void)fill(j, batch, 40);
    journal_close(j);
    assert_int_equal(journal_check(folder, NULL, &summary, error), 0);
    assert_int_equal(summary.kept, 112);
    assert_int_equal(summary.reports, 280);
    FILE *out = open_memstream(&stream, &size);
    assert_int_equal(journal_export(folder, out, NULL, &summary, error), 0);
    fclose(out);
    FILE *in = fmemopen(stream, size, "r");
    assert_int_equal(journal_import(other, in, false, NULL, &summary, error), 0);
    fclose(in);
    assert_int_equal(summary.kept, 112);
    out = open_memstream(&again, &size_again);
    assert_int_equal(journal_export(other, out, NULL, &summary, error), 0);
    fclose(out);
    j = journal_open_at(other);
    expect(j, 112, 280, 100);
    journal_close(j);
    assert_int_equal(journal_compact(folder, NULL, &summary, error), 0);
    j = journal_open_at(folder);
    expect(j, 112, 280, 100);
    journal_close(j);

    /* Without a tree the newest base and what follows it are found, and nothing of before. */
    snprintf(path, sizeof path, "%s/journal/data.mdb", other);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, zeroes, sizeof zeroes, 0), sizeof zeroes);
    close(fd);
    free(again);
    out = open_memstream(&again, &size_again);
    assert_int_equal(journal_export(other, out, NULL, &summary, error), -EBADMSG);
    fclose(out);
    assert_int_equal(summary.kept, 112);
    assert_int_equal(summary.reports, 280);
    in = fmemopen(again, size_again, "r");
    assert_int_equal(journal_import(third, in, true, NULL, &summary, error), 0);
    fclose(in);
    assert_int_equal(summary.reports, 392);
    free(stream);
    free(again);
    folder_remove(folder);
    folder_remove(other);
    folder_remove(third);
}

/* What an export holds, and an import of it takes. */
static void export_keeps(const char *folder, uint64_t kept)
{
    char *other = folder_make(), *stream = NULL, error[512] = "";
    journal_summary summary;
    size_t size;

    FILE *out = open_memstream(&stream, &size);
    assert_int_equal(journal_export(folder, out, NULL, &summary, error), -EBADMSG);
    fclose(out);
    assert_int_equal(summary.kept, kept);
    FILE *in = fmemopen(stream, size, "r");
    assert_int_equal(journal_import(other, in, false, NULL, &summary, error), -EBADMSG);
    fclose(in);
    in = fmemopen(stream, size, "r");
    assert_int_equal(journal_import(other, in, true, NULL, &summary, error), 0);
    fclose(in);
    assert_int_equal(summary.reports, kept);
    free(stream);
    folder_remove(other);
}

static void file_put(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, len, 0), len);
    close(fd);
}

/* One bit: in the body of a kept report, in its length, in its checksum; with the tree and without it. */
static void a_damaged_block_loses_one_record(void **state)
{
    (void)state;
    static const int PLACES[] = {60, 24, 0}; /* of the record */
    char *folder = folder_make(), path[256];
    struct stat st;

    journal *j = journal_open_at(folder);
    (void)fill(j, 0, 120);
    base_make(j, 60);
    journal_close(j);
    snprintf(path, sizeof path, "%s/journal/data.mdb", folder);
    assert_int_equal(stat(path, &st), 0);
    size_t size = (size_t)st.st_size;
    uint8_t *whole = malloc(size), *hurt = malloc(size), body[BODY_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, whole, size, 0), size);
    close(fd);
    for (uint64_t n = 10; n <= 840; n += 90) {
        size_t len = body_of(0, n, body);
        memcpy(hurt, whole, size);
        for (uint8_t *at = hurt; (at = memmem(at, size - (size_t)(at - hurt), body, len)) != NULL;
             at++)
            at[PLACES[n / 90 % 3] - 40] ^= 4; /* behind the header and at_ns */
        file_put(path, hurt, size);
        export_keeps(folder, 83);
        memset(hurt, 0, 8192);
        file_put(path, hurt, size);
        export_keeps(folder, 83);
    }
    free(whole);
    free(hurt);
    folder_remove(folder);
}

static int fault_at;
static int fault_count;
static int fault(void *context, journal_fault point)
{
    (void)context;
    return point == JOURNAL_FAULT_PUT && fault_at >= 0 && fault_count++ == fault_at ? EIO : 0;
}

/* Whatever of it cannot be written: the log before is there as it was. */
static void half_a_base_is_none(void **state)
{
    (void)state;
    static const journal_faults FAULTS = {fault, NULL};

    for (int at = 0; at < 12; at++) {
        char *folder = folder_make(), error[512] = "";
        journal_config config = journal_config_default;
        journal *j;
        base_reading all = {0};
        uint64_t ticket;
        uint8_t body[BODY_MAX];
        config.folder = folder;
        config.faults = &FAULTS;
        config.sync = false;
        fault_at = -1;
        assert_int_equal(journal_open(&config, &j, error), 0);
        (void)fill(j, 0, 20);
        for (uint64_t n = 10; n <= 140; n++)
            assert_int_equal(
                journal_append_base(j, JOURNAL_BASE_REPORT, n, 0, body, body_of(0, n, body)), 0);
        journal_trim_alerts(j, 10);
        fault_count = 0;
        fault_at = at;
        assert_int_equal(journal_submit(j, 0, &ticket), 0);
        int failed = durable_wait(j, ticket);
        fault_at = -1;
        journal_close(j);
        j = journal_open_at(folder);
        assert_int_equal(journal_read(j, 0, on_any, &all, error), 0);
        assert_false(all.wrong);
        assert_int_equal(all.reports, failed ? 140 : 131);
        journal_close(j);
        folder_remove(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_replaces_the_log),
        cmocka_unit_test(it_must_come_first),
        cmocka_unit_test(the_file_stays_small),
        cmocka_unit_test(tools_know_it),
        cmocka_unit_test(a_damaged_block_loses_one_record),
        cmocka_unit_test(half_a_base_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
