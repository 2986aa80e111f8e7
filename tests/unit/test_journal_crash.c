/* test_journal_crash.c - killed at any moment, and on a disk that fills up: what was said to be
 * durable is there once, in order. */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#include "test_journal_support.h"

enum { KILLS = 50 };

typedef struct victim {
    const char *folder;
    int out;
    uint64_t seed;
} victim;

typedef struct promise {
    uint64_t report, alert;
} promise;

/* Writes without end; tells what became durable only when the journal said so. */
static int victim_body(void *context)
{
    const victim *v = context;
    journal_config config = journal_config_default;
    journal *j;
    char error[512];
    promise at[64];
    uint64_t ticket = 0, told = 0, seed = v->seed;

    config.folder = v->folder;
    config.map_bytes = 256 << 10; /* it grows under fire, too */
    if (journal_open(&config, &j, error) < 0)
        return 1;
    journal_counters counters;
    journal_count(j, &counters);
    uint64_t batch = counters.batches;
    for (;;) {
        seed = mix(seed + 1);
        if (ticket - told < 60 && batch_append(j, ++batch, (uint32_t)(seed % 300), &ticket) < 0)
            return 2;
        at[ticket % 64] = (promise){journal_last_report(j), journal_last_alert(j)};
        uint64_t durable = journal_durable(j);
        if (durable > told && write(v->out, &at[durable % 64], sizeof at[0]) != sizeof at[0])
            return 3;
        told = durable;
    }
}

/* Up to `count` promises, fewer if the victim ends before; the last one stays in *last. */
static void victim_promises(int in, uint64_t count, promise *last)
{
    promise next;

    for (uint64_t i = 0; i < count && read(in, &next, sizeof next) == sizeof next; i++)
        *last = next;
}

/* At any moment: of its creation in some rounds, of its work in the others. */
static promise victim_kill(pid_t child, int in, uint64_t round)
{
    promise last = {0};
    int status;

    if (round % 3 != 0)
        victim_promises(in, 1 + mix(round) % 8, &last);
    usleep((useconds_t)(mix(round + 1000) % 20000));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    victim_promises(in, UINT64_MAX, &last);
    return last;
}

static void killed_at_any_moment(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512];
    promise before = {0};
    int promised = 0;

    for (uint64_t round = 0; round < KILLS; round++) {
        int fds[2];
        if (round % 9 == 6) { /* a small one again: creating is killed, too */
            folder_remove(folder);
            folder = folder_make();
            before = (promise){0};
        }
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            victim v = {folder, fds[1], round};
            _exit(victim_body(&v));
        }
        close(fds[1]);
        promise last = victim_kill(child, fds[0], round);
        close(fds[0]);
        if (last.report == 0)
            last = before;
        promised += last.report > before.report;

        reading in;
        journal *j = journal_open_at(folder);
        assert_int_equal(reading_all(j, &in, error), 0);
        assert_false(in.wrong);
        assert_true(in.reports >= last.report);
        assert_true(in.alerts >= last.alert);
        assert_int_equal(in.reports, journal_last_report(j));
        assert_int_equal(in.alerts, in.batches);
        before = (promise){in.reports, in.alerts};
        journal_close(j);
    }
    assert_true(promised > 0);
    folder_remove(folder);
}

/* ---- a small disk ------------------------------------------------------------------- */

enum { NO_RIGHTS = 77 };

/* A private file system of 2 MiB over the folder, seen by this process only. */
static int disk_mount(const char *folder)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("small", folder, "tmpfs", 0, "size=2m") < 0)
        return -errno;
    return 0;
}

static int disk_open(const char *folder, bool read_only, journal **ret_journal, char error[512])
{
    journal_config config = journal_config_default;

    config.folder = folder;
    config.read_only = read_only;
    config.map_bytes = 1 << 20;
    return journal_open(&config, ret_journal, error);
}

/* Fills the disk; the number of batches that are durable, or 0. */
static uint64_t disk_fill(const char *folder, char error[512])
{
    journal *j;
    const char *text = "";
    uint64_t ticket = 0, batch = 0;

    if (disk_open(folder, false, &j, error) < 0)
        return 0;
    while (batch_append(j, batch + 1, 20, &ticket) == 0 && durable_wait(j, ticket) == 0)
        batch++;
    bool right = journal_failed(j, &text) == -ENOSPC && strstr(text, "make room") != NULL &&
                 journal_durable(j) == batch;
    snprintf(error, 512, "%s", text);
    journal_close(j);
    return right ? batch : 0;
}

static int full_disk_body(void *context)
{
    const char *folder = context;
    char error[512] = "";
    journal *j;
    uint64_t ticket;
    reading in;

    if (disk_mount(folder) < 0)
        return NO_RIGHTS;
    uint64_t batches = disk_fill(folder, error);
    if (batches == 0)
        fprintf(stderr, "%s\n", error);
    CHILD_CHECK(batches > 0);

    /* Still full: what is kept can be read. */
    CHILD_CHECK(disk_open(folder, true, &j, error) == 0);
    CHILD_CHECK(reading_all(j, &in, error) == 0);
    CHILD_CHECK(!in.wrong && in.batches == batches);
    journal_close(j);

    CHILD_CHECK(mount(NULL, folder, NULL, MS_REMOUNT, "size=16m") == 0);
    CHILD_CHECK(disk_open(folder, false, &j, error) == 0);
    CHILD_CHECK(reading_all(j, &in, error) == 0);
    CHILD_CHECK(!in.wrong && in.batches == batches);
    CHILD_CHECK(batch_append(j, batches + 1, 20, &ticket) == 0);
    CHILD_CHECK(durable_wait(j, ticket) == 0);
    journal_close(j);
    return 0;
}

static int read_only_disk_body(void *context)
{
    const char *folder = context;
    char error[512] = "";
    journal *j = NULL;
    uint64_t ticket = 0;
    reading in;

    if (disk_mount(folder) < 0)
        return NO_RIGHTS;
    CHILD_CHECK(disk_open(folder, false, &j, error) == 0);
    for (uint64_t b = 1; b <= 50; b++)
        CHILD_CHECK(batch_append(j, b, 3, &ticket) == 0);
    journal_close(j);
    CHILD_CHECK(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, "size=2m") == 0);
    CHILD_CHECK(disk_open(folder, false, &j, error) == -EROFS);
    CHILD_CHECK(strstr(error, folder) != NULL);
    CHILD_CHECK(disk_open(folder, true, &j, error) == 0);
    CHILD_CHECK(reading_all(j, &in, error) == 0);
    CHILD_CHECK(!in.wrong && in.batches == 50);
    journal_close(j);
    return 0;
}

static void disk_run(int (*body)(void *))
{
    char *folder = folder_make();
    int code = child_run(body, folder);

    folder_remove(folder);
    if (code == NO_RIGHTS) {
        print_message("skipped: mounting a private file system needs root\n");
        skip();
    }
    assert_int_equal(code, 0);
}

static void a_full_disk(void **state)
{
    (void)state;
    disk_run(full_disk_body);
}

static void a_read_only_disk(void **state)
{
    (void)state;
    disk_run(read_only_disk_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_moment),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_read_only_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
