/* test_journal_faults.c - each step of a write is made to fail in turn, at its first, second,
 * third ... occurrence: nothing is promised that is not kept, and the failure is final. */
#include <pthread.h>
#include <stdatomic.h>

#include "test_journal_support.h"

typedef struct fault_plan {
    journal_fault point;
    int after; /* occurrences that still succeed */
    int error;
    atomic_int seen;
} fault_plan;

static int fault_hit(void *context, journal_fault point)
{
    fault_plan *plan = context;
    if (point != plan->point)
        return 0;
    return atomic_fetch_add(&plan->seen, 1) >= plan->after ? plan->error : 0;
}

/* Everything durable before is there, whole batches only, and writing goes on. */
static void reopened_is_whole(const char *folder, uint64_t durable_batches, uint64_t *ret_batches)
{
    char error[512];
    reading in;
    uint64_t ticket;

    journal *j = journal_open_at(folder);
    assert_int_equal(reading_all(j, &in, error), 0);
    assert_false(in.wrong);
    assert_true(in.batches >= durable_batches);
    assert_int_equal(in.reports, 4 * in.batches);
    assert_int_equal(in.alerts, in.batches);
    *ret_batches = in.batches;
    assert_int_equal(batch_append(j, in.batches + 1, 4, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    journal_close(j);
}

/* Writes until it fails; the number of batches that were durable. */
static uint64_t write_until_failure(journal *j, int expected)
{
    const char *text = NULL;
    uint64_t ticket = 0, batch = 0;
    int r = 0;

    while (r == 0) {
        r = batch_append(j, ++batch, 4, &ticket);
        if (r == 0)
            r = durable_wait(j, ticket);
        assert_true(batch < 1000);
    }
    assert_int_equal(r, expected);
    assert_int_equal(journal_failed(j, &text), expected);
    assert_non_null(strstr(text, "failed: "));
    assert_int_equal(journal_durable(j), batch - 1);
    assert_int_equal(report_append(j, journal_last_report(j) + 1), -ENOSPC);
    assert_int_equal(journal_submit(j, 1, &ticket), -ENOSPC);
    return batch - 1;
}

static void each_step_fails_for_good(void **state)
{
    (void)state;
    static const struct {
        journal_fault point;
        int error;
        bool may_be_kept; /* the batch whose sync failed was written */
    } POINTS[] = {
        {JOURNAL_FAULT_BEGIN, ENOMEM, false},  {JOURNAL_FAULT_PUT, ENOSPC, false},
        {JOURNAL_FAULT_COMMIT, ENOSPC, false}, {JOURNAL_FAULT_COMMIT, EIO, false},
        {JOURNAL_FAULT_SYNC, EIO, true},
    };
    for (size_t p = 0; p < sizeof POINTS / sizeof POINTS[0]; p++) {
        for (int after = 1; after < 12; after++) {
            fault_plan plan = {.point = POINTS[p].point, .after = after, .error = POINTS[p].error};
            journal_faults faults = {fault_hit, &plan};
            journal_config config = journal_config_default;
            char *folder = folder_make(), error[512];
            journal *j;
            uint64_t batches;

            config.folder = folder;
            config.faults = &faults;
            assert_int_equal(journal_open(&config, &j, error), 0);
            uint64_t durable = write_until_failure(j, -POINTS[p].error);
            journal_close(j);
            reopened_is_whole(folder, durable, &batches);
            assert_true(batches <= durable + (POINTS[p].may_be_kept ? 1 : 0));
            folder_remove(folder);
        }
    }
}

static void growing_fails_for_good(void **state)
{
    (void)state;
    fault_plan plan = {.point = JOURNAL_FAULT_GROW, .after = 1, .error = ENOMEM};
    journal_faults faults = {fault_hit, &plan};
    journal_config config = journal_config_default;
    char *folder = folder_make(), error[512];
    const char *text;
    journal *j;
    uint64_t batches;

    config.folder = folder;
    config.faults = &faults;
    config.map_bytes = 64 << 10;
    assert_int_equal(journal_open(&config, &j, error), 0);
    uint64_t durable = write_until_failure(j, -ENOMEM);
    assert_int_equal(journal_failed(j, &text), -ENOMEM);
    assert_non_null(strstr(text, "enlarge the map"));
    journal_close(j);
    reopened_is_whole(folder, durable, &batches);
    assert_int_equal(batches, durable);
    folder_remove(folder);
}

/* No memory: what was to be appended was not, and can be again. */
static void no_memory_changes_nothing(void **state)
{
    (void)state;
    for (int after = 0; after < 60; after++) {
        fault_plan plan = {.point = JOURNAL_FAULT_ALLOC, .after = after, .error = ENOMEM};
        journal_faults faults = {fault_hit, &plan};
        journal_config config = journal_config_default;
        char *folder = folder_make(), error[512];
        journal *j;
        reading in;
        uint64_t ticket = 0;
        int refused = 0;

        config.folder = folder;
        config.faults = &faults;
        assert_int_equal(journal_open(&config, &j, error), 0);
        for (uint64_t i = 1; i <= 20; i++) {
            while (report_append(j, i) == -ENOMEM || alert_append(j, i) == -ENOMEM) {
                refused++;
                atomic_store(&plan.seen, -1000000); /* there is memory again */
                if (journal_last_report(j) == i) {
                    assert_int_equal(alert_append(j, i), 0);
                    break;
                }
            }
            while (i % 4 == 0 && journal_submit(j, received_of(i / 4), &ticket) == -ENOMEM) {
                refused++;
                atomic_store(&plan.seen, -1000000);
            }
        }
        assert_true(refused <= 1);
        assert_int_equal(journal_failed(j, NULL), 0);
        assert_int_equal(durable_wait(j, ticket), 0);
        assert_int_equal(reading_all(j, &in, error), 0);
        assert_false(in.wrong);
        assert_int_equal(in.reports, 20);
        assert_int_equal(in.alerts, 20);
        assert_int_equal(in.batches, 5);
        journal_close(j);
        folder_remove(folder);
    }
}

/* A journal that could not be made leaves nothing that a second attempt stumbles over. */
static void creating_may_fail(void **state)
{
    (void)state;
    static const journal_fault POINTS[] = {JOURNAL_FAULT_PUT, JOURNAL_FAULT_COMMIT,
                                           JOURNAL_FAULT_FOLDER};
    for (size_t p = 0; p < sizeof POINTS / sizeof POINTS[0]; p++) {
        for (int after = 0; after < 2; after++) {
            fault_plan plan = {.point = POINTS[p], .after = after, .error = EIO};
            journal_faults faults = {fault_hit, &plan};
            journal_config config = journal_config_default;
            char *folder = folder_make(), error[512] = "";
            journal *j = NULL;

            config.folder = folder;
            config.faults = &faults;
            int r = journal_open(&config, &j, error);
            if (after == 0) {
                assert_int_equal(r, -EIO);
                assert_null(j);
                assert_int_not_equal(strlen(error), 0);
            }
            journal_close(j);
            journal_close(journal_open_at(folder));
            folder_remove(folder);
        }
    }
}

typedef struct gate {
    pthread_mutex_t mutex;
} gate;

static int gate_wait(void *context, journal_fault point)
{
    gate *g = context;
    if (point == JOURNAL_FAULT_BEGIN) {
        pthread_mutex_lock(&g->mutex);
        pthread_mutex_unlock(&g->mutex);
    }
    return 0;
}

/* While one commit is under way, everything else waits, is counted, and goes into the next. */
static void a_slow_disk_fills_the_queue(void **state)
{
    (void)state;
    gate g = {PTHREAD_MUTEX_INITIALIZER};
    journal_faults faults = {gate_wait, &g};
    journal_config config = journal_config_default;
    journal_counters counters;
    char *folder = folder_make(), error[512];
    journal *j;
    uint64_t ticket = 0, batch = 0;

    config.folder = folder;
    config.faults = &faults;
    config.queue_bytes = 100000;
    assert_int_equal(journal_open(&config, &j, error), 0);
    pthread_mutex_lock(&g.mutex);
    while (!journal_full(j)) {
        assert_int_equal(batch_append(j, ++batch, 4, &ticket), 0);
        assert_true(batch < 1000);
    }
    journal_count(j, &counters);
    assert_true(counters.queue_bytes > 100000 && counters.queue_bytes < 110000);
    assert_int_equal(journal_durable(j), 0);
    pthread_mutex_unlock(&g.mutex);
    assert_int_equal(durable_wait(j, ticket), 0);
    journal_close(j); /* joins the writer: the counters are final */
    reading in;
    j = journal_open_at(folder);
    assert_int_equal(reading_all(j, &in, error), 0);
    assert_int_equal(in.batches, batch);
    assert_false(in.wrong);
    assert_false(journal_full(j));
    journal_close(j);
    pthread_mutex_destroy(&g.mutex);
    folder_remove(folder);
}

static void everything_that_waits_is_one_commit(void **state)
{
    (void)state;
    gate g = {PTHREAD_MUTEX_INITIALIZER};
    journal_faults faults = {gate_wait, &g};
    journal_config config = journal_config_default;
    journal_counters counters;
    char *folder = folder_make(), error[512];
    journal *j;
    uint64_t ticket = 0;

    config.folder = folder;
    config.faults = &faults;
    assert_int_equal(journal_open(&config, &j, error), 0);
    pthread_mutex_lock(&g.mutex);
    for (uint64_t b = 1; b <= 100; b++)
        assert_int_equal(batch_append(j, b, 2, &ticket), 0);
    pthread_mutex_unlock(&g.mutex);
    assert_int_equal(durable_wait(j, ticket), 0);
    journal_count(j, &counters);
    assert_true(counters.commits <= 2); /* that which was under way, and one for all the others */
    assert_int_equal(counters.reports, 200);
    journal_close(j);
    pthread_mutex_destroy(&g.mutex);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_fails_for_good),
        cmocka_unit_test(growing_fails_for_good),
        cmocka_unit_test(no_memory_changes_nothing),
        cmocka_unit_test(creating_may_fail),
        cmocka_unit_test(a_slow_disk_fills_the_queue),
        cmocka_unit_test(everything_that_waits_is_one_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
