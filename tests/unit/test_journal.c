/* test_journal.c - what is appended comes back, in order, after whatever kind of closing. */
#include "test_journal_support.h"

static void roundtrip(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512];
    reading in;

    journal_fill(folder, 500, false);
    journal *j = journal_open_at(folder);
    assert_int_equal(reading_all(j, &in, error), 0);
    assert_false(in.wrong);
    assert_int_equal(in.batches, 500);
    assert_int_equal(in.alerts, 500);
    assert_int_equal(in.advances, 166);
    assert_int_equal(in.rejects, 166);
    assert_int_equal(in.reports, journal_last_report(j));
    assert_int_equal(journal_last_alert(j), 500);
    journal_close(j);
    folder_remove(folder);
}

static void epoch_stays(void **state)
{
    (void)state;
    char *folder = folder_make(), *other = folder_make(), epoch[33];

    journal *j = journal_open_at(folder);
    assert_int_equal(strlen(journal_epoch(j)), 32);
    memcpy(epoch, journal_epoch(j), sizeof epoch);
    journal_close(j);
    j = journal_open_at(folder);
    assert_string_equal(journal_epoch(j), epoch);
    journal_close(j);
    j = journal_open_at(other);
    assert_string_not_equal(journal_epoch(j), epoch);
    journal_close(j);
    folder_remove(folder);
    folder_remove(other);
}

static void holes_are_refused(void **state)
{
    (void)state;
    char *folder = folder_make();
    uint64_t ticket = 99;

    journal *j = journal_open_at(folder);
    assert_int_equal(journal_submit(j, 1, &ticket), 0);
    assert_int_equal(ticket, 0);
    assert_int_equal(report_append(j, 2), -EINVAL);
    assert_int_equal(report_append(j, 0), -EINVAL);
    assert_int_equal(report_append(j, 1), 0);
    assert_int_equal(report_append(j, 1), -EINVAL);
    assert_int_equal(alert_append(j, 2), -EINVAL);
    assert_int_equal(alert_append(j, 1), 0);
    assert_int_equal(journal_submit(j, received_of(1), &ticket), 0);
    assert_int_equal(ticket, 1);
    assert_int_equal(journal_submit(j, 5, &ticket), 0);
    assert_int_equal(ticket, 1);
    assert_int_equal(durable_wait(j, 1), 0);
    assert_int_equal(journal_failed(j, NULL), 0);
    journal_close(j);
    folder_remove(folder);
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    const size_t bytes = (64u << 20) + 1; /* beyond a record's; none of it is read */
    char *folder = folder_make();
    uint8_t *body = calloc(1, bytes);
    journal *j = journal_open_at(folder);

    assert_non_null(body);
    assert_int_equal(
        journal_append_report(j, 1, &(thaw_event){.bytes = body, .bytes_len = (uint32_t)bytes}),
        -EMSGSIZE);
    assert_int_equal(journal_append_rules(j, 1, body, bytes), -EMSGSIZE);
    assert_int_equal(journal_append_alert(j, 1, "alert.-.r.", 10, body, bytes), -EMSGSIZE);
    assert_int_equal(journal_append_alert(j, 1, body, bytes, "", 0), -EMSGSIZE);
    assert_int_equal(report_append(j, 1), 0);
    assert_int_equal(alert_append(j, 1), 0);
    journal_close(j);
    free(body);
    folder_remove(folder);
}

static void what_was_not_submitted_is_not_kept(void **state)
{
    (void)state;
    char *folder = folder_make();
    uint64_t ticket;

    journal *j = journal_open_at(folder);
    assert_int_equal(batch_append(j, 1, 3, &ticket), 0);
    assert_int_equal(report_append(j, 4), 0);
    journal_close(j);
    j = journal_open_at(folder);
    assert_int_equal(journal_last_report(j), 3);
    journal_close(j);
    folder_remove(folder);
}

static int record_first(void *context, const journal_record *record)
{
    *(journal_record *)context = *record;
    return 1;
}

static void reading_begins_anywhere(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512];

    journal_fill(folder, 3000, false);
    journal *j = journal_open_at(folder);
    uint64_t last = journal_last_report(j);
    assert_true(last > 5000);
    for (uint64_t from = 0; from <= last; from += 97) {
        reading in = {.expects = from + 1};
        assert_int_equal(journal_read(j, from, reading_record, &in, error), 0);
        assert_false(in.wrong);
        assert_int_equal(in.reports, last - from);
    }
    journal_record record = {0};
    assert_int_equal(journal_read(j, last + 5, record_first, &record, error), 0);
    assert_int_equal(record.kind, 0);
    assert_int_equal(journal_read(j, 0, record_first, &record, error), 0);
    assert_int_equal(record.kind, JOURNAL_BATCH);
    for (uint64_t from = 0; from <= 3000; from += 500) {
        reading in = {.alerts = from};
        assert_int_equal(journal_read_alerts(j, from, reading_alert, &in, error), 0);
        assert_false(in.wrong);
        assert_int_equal(in.alerts, 3000);
    }
    journal_close(j);
    folder_remove(folder);
}

static int rules_compare(void *context, const journal_record *record)
{
    if (record->kind != JOURNAL_RULES)
        return 0;
    assert_int_equal(record->at_ns, 77);
    assert_int_equal(record->body_len, 300000);
    assert_memory_equal(record->body, context, 300000);
    *(uint8_t *)context = 'x';
    return 0;
}

static void a_record_may_be_larger_than_a_chunk(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512];
    uint64_t ticket;
    uint8_t *big = malloc(300000);
    assert_non_null(big);
    memset(big, 'r', 300000);

    journal *j = journal_open_at(folder);
    assert_int_equal(report_append(j, 1), 0);
    assert_int_equal(journal_append_rules(j, 77, big, 300000), 0);
    assert_int_equal(report_append(j, 2), 0);
    assert_int_equal(journal_submit(j, received_of(1), &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    reading in;
    assert_int_equal(reading_all(j, &in, error), 0);
    assert_false(in.wrong);
    assert_int_equal(in.reports, 2);
    assert_int_equal(journal_read(j, 0, rules_compare, big, error), 0);
    assert_int_equal(big[0], 'x');
    journal_close(j);
    free(big);
    folder_remove(folder);
}

static void many_batches_share_a_commit(void **state)
{
    (void)state;
    char *folder = folder_make();
    journal_counters counters;
    uint64_t ticket = 0;

    journal *j = journal_open_at(folder);
    for (uint64_t b = 1; b <= 20000; b++)
        assert_int_equal(batch_append(j, b, 1, &ticket), 0);
    assert_int_equal(ticket, 20000);
    assert_int_equal(durable_wait(j, ticket), 0);
    journal_count(j, &counters);
    assert_true(counters.commits < 20000);
    assert_int_equal(counters.reports, 20000);
    assert_int_equal(counters.batches, 20000);
    journal_close(j);
    folder_remove(folder);
}

static void the_map_grows(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512];
    journal_config config = journal_config_default;
    journal_counters counters;
    journal *j;
    uint64_t ticket = 0;

    config.folder = folder;
    config.map_bytes = 64 << 10;
    assert_int_equal(journal_open(&config, &j, error), 0);
    for (uint64_t b = 1; b <= 3000; b++) {
        reading in = {.expects = 1};
        assert_int_equal(batch_append(j, b, 10, &ticket), 0);
        if (b % 500 == 0) /* while the writer wants to grow it */
            assert_int_equal(journal_read(j, 0, reading_record, &in, error), 0);
    }
    assert_int_equal(durable_wait(j, ticket), 0);
    journal_count(j, &counters);
    assert_true(counters.map_bytes > 1 << 20);
    reading in;
    assert_int_equal(reading_all(j, &in, error), 0);
    assert_false(in.wrong);
    assert_int_equal(in.reports, 30000);
    journal_close(j);
    folder_remove(folder);
}

static void a_second_daemon_is_refused(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512] = "", pid[32];
    journal_config config = journal_config_default;
    journal *second = NULL;

    journal *j = journal_open_at(folder);
    config.folder = folder;
    assert_int_equal(journal_open(&config, &second, error), -EBUSY);
    assert_null(second);
    snprintf(pid, sizeof pid, "process %ld:", (long)getpid());
    assert_non_null(strstr(error, pid));
    journal_close(j);
    journal_close(journal_open_at(folder));
    folder_remove(folder);
}

/* Somebody took it for a leftover. */
static void the_lock_holds_without_its_file(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512] = "", path[4096];
    journal_config config = journal_config_default;
    journal_summary summary;
    journal *second = NULL;

    journal *j = journal_open_at(folder);
    config.folder = folder;
    snprintf(path, sizeof path, "%s/lock", folder);
    for (int i = 0; i < 2; i++) { /* the file that the first of them makes does not help the next */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(journal_open(&config, &second, error), -EBUSY);
        assert_null(second);
        assert_non_null(strstr(error, "another thawd"));
        assert_int_equal(journal_compact(folder, NULL, &summary, error), -EBUSY);
    }
    journal_close(j);
    journal_close(journal_open_at(folder));
    folder_remove(folder);
}

/* Takes the journal and ends; what it started holds the lock a while longer. */
static int leaving_body(void *context)
{
    journal *j = journal_open_at(context);

    if (j == NULL)
        return 1;
    if (fork() == 0) {
        (void)usleep(300000);
        _exit(0);
    }
    return 0; /* as a crash: nothing is closed */
}

static void what_a_dead_daemon_started_is_waited_for(void **state)
{
    (void)state;
    char *folder = folder_make();

    assert_int_equal(child_run(leaving_body, folder), 0);
    journal_close(journal_open_at(folder));
    folder_remove(folder);
}

/* In a process of its own, as LMDB demands. */
static int reader_body(void *context)
{
    journal_config config = journal_config_default;
    journal *j;
    reading in;
    char error[512];

    config.folder = context;
    config.read_only = true;
    if (journal_open(&config, &j, error) < 0 || reading_all(j, &in, error) < 0)
        return 1;
    uint64_t ticket;
    bool refused = report_append(j, journal_last_report(j) + 1) == -EROFS &&
                   journal_submit(j, 1, &ticket) == -EROFS;
    journal_close(j);
    return in.wrong || !refused ? 2 : in.reports != 3000 ? 3 : 0;
}

static void a_reader_beside_the_daemon(void **state)
{
    (void)state;
    char *folder = folder_make();
    uint64_t ticket = 0;

    journal *j = journal_open_at(folder);
    for (uint64_t b = 1; b <= 300; b++)
        assert_int_equal(batch_append(j, b, 10, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    assert_int_equal(child_run(reader_body, folder), 0);
    assert_int_equal(batch_append(j, 301, 10, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    journal_close(j);
    folder_remove(folder);
}

static int reject_newest(void *context, const journal_reject *reject)
{
    uint64_t *last = context;
    assert_true(*last == 0 || reject->number == *last - 1);
    *last = reject->number;
    return 0;
}

static void rejects_are_a_ring(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512], *big = calloc(1, 9000);
    uint64_t ticket = 0, number = 0;
    assert_non_null(big);

    journal *j = journal_open_at(folder);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 11000; i++)
            assert_int_equal(journal_append_reject(j, 5, THAW_MALFORMED, "m", NULL, big,
                                                   i % 1000 == 0 ? 9000 : 1),
                             0);
        assert_int_equal(journal_submit(j, 1, &ticket), 0);
    }
    assert_int_equal(durable_wait(j, ticket), 0);
    assert_int_equal(journal_read_rejects(j, 0, UINT32_MAX, reject_newest, &number, error), 0);
    assert_int_equal(number, 23001);
    journal_close(j);
    j = journal_open_at(folder);
    assert_int_equal(batch_append(j, 3, 1, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    number = 0;
    assert_int_equal(journal_read_rejects(j, 0, 1, reject_newest, &number, error), 0);
    assert_int_equal(number, 33001);
    journal_close(j);
    free(big);
    folder_remove(folder);
}

static void a_missing_folder_is_named(void **state)
{
    (void)state;
    char error[512] = "";
    journal_config config = journal_config_default;
    journal *j = NULL;

    config.folder = "/nonexistent/thaw";
    assert_int_equal(journal_open(&config, &j, error), -ENOENT);
    assert_non_null(strstr(error, "/nonexistent/thaw"));
    config.read_only = true;
    assert_int_equal(journal_open(&config, &j, error), -ENOENT);
    assert_null(j);
    assert_null(journal_close(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roundtrip),
        cmocka_unit_test(epoch_stays),
        cmocka_unit_test(holes_are_refused),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(what_was_not_submitted_is_not_kept),
        cmocka_unit_test(reading_begins_anywhere),
        cmocka_unit_test(a_record_may_be_larger_than_a_chunk),
        cmocka_unit_test(many_batches_share_a_commit),
        cmocka_unit_test(the_map_grows),
        cmocka_unit_test(a_second_daemon_is_refused),
        cmocka_unit_test(the_lock_holds_without_its_file),
        cmocka_unit_test(what_a_dead_daemon_started_is_waited_for),
        cmocka_unit_test(a_reader_beside_the_daemon),
        cmocka_unit_test(rejects_are_a_ring),
        cmocka_unit_test(a_missing_folder_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
