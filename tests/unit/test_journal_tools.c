/* test_journal_tools.c - check, export, import and compact. */
#include "journal_private.h"
#include "test_journal_support.h"

typedef struct findings {
    unsigned count;
    char table[16];
    uint64_t number;
    uint64_t progress;
} findings;

static void on_damage(void *context, const char *table, uint64_t number, const char *text)
{
    findings *f = context;
    (void)text;
    if (f->count++ == 0) {
        snprintf(f->table, sizeof f->table, "%s", table);
        f->number = number;
    }
}

static void on_progress(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    findings *f = context;
    (void)total_bytes;
    assert_true(done_bytes >= f->progress);
    f->progress = done_bytes;
}

static int check(const char *folder, findings *f, journal_summary *summary, char error[512])
{
    journal_watch watch = {on_progress, on_damage, f};
    *f = (findings){0};
    return journal_check(folder, &watch, summary, error);
}

static char *stream_of(const char *folder, size_t *ret_size, int expected)
{
    char *bytes = NULL, error[512];
    journal_summary summary;

    FILE *out = open_memstream(&bytes, ret_size);
    assert_non_null(out);
    assert_int_equal(journal_export(folder, out, NULL, &summary, error), expected);
    assert_int_equal(fclose(out), 0);
    return bytes;
}

static int import_stream(const char *folder, char *bytes, size_t size, bool renumber,
                         journal_summary *summary, char error[512])
{
    FILE *in = fmemopen(bytes, size, "r");
    assert_non_null(in);
    int r = journal_import(folder, in, renumber, NULL, summary, error);
    fclose(in);
    return r;
}

static void a_whole_journal_is_found_whole(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512];
    journal_summary summary;
    findings f;

    journal_fill(folder, 400, false);
    assert_int_equal(check(folder, &f, &summary, error), 0);
    assert_int_equal(f.count, 0);
    assert_true(f.progress > 0);
    assert_int_equal(summary.batches, 400);
    assert_int_equal(summary.alerts, 400);
    assert_int_equal(summary.rejects, 133);
    folder_remove(folder);
}

static int check_body(void *context)
{
    char error[512];
    journal_summary summary;
    int r = journal_check(context, NULL, &summary, error);
    if (r != 0)
        print_error("%s\n", error);
    return r == 0 && summary.batches >= 50 ? 0 : 1;
}

static void the_check_runs_beside_the_daemon(void **state)
{
    (void)state;
    char *folder = folder_make();
    uint64_t ticket = 0;

    journal *j = journal_open_at(folder);
    for (uint64_t b = 1; b <= 50; b++)
        assert_int_equal(batch_append(j, b, 5, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(check_body(folder));
    for (uint64_t b = 51; b <= 400; b++) {
        assert_int_equal(batch_append(j, b, 5, &ticket), 0);
        assert_int_equal(durable_wait(j, ticket), 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    journal_close(j);
    folder_remove(folder);
}

/* In a child: takes every slot that readers have, says so, and holds them until it is killed. */
static void slots_take(const char *folder, int said)
{
    char path[4096];
    MDB_env *env;
    MDB_txn *txn;
    int rc = 0;

    (void)snprintf(path, sizeof path, "%s/journal", folder);
    if (mdb_env_create(&env) != 0 || mdb_env_open(env, path, MDB_RDONLY | MDB_NOTLS, 0600) != 0)
        _exit(1);
    while (rc == 0)
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (rc == MDB_READERS_FULL && write(said, "", 1) == 1)
        (void)pause();
    _exit(1);
}

static void readers_that_take_every_slot_are_no_damage(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512], said;
    journal_summary summary;
    findings f;
    int fds[2];

    journal_fill(folder, 40, false);
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        slots_take(folder, fds[1]);
    ssize_t taken = read(fds[0], &said, 1);
    int r = check(folder, &f, &summary, error);
    (void)kill(child, SIGKILL); /* the slots stay taken */
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(taken, 1);
    assert_int_equal(r, -EAGAIN);
    assert_int_equal(f.count, 0);
    assert_null(strstr(error, "damaged"));
    assert_int_equal(check(folder, &f, &summary, error), 0);
    close(fds[0]);
    close(fds[1]);
    folder_remove(folder);
}

/* 40 reports in the first chunk, and a bit of the 17th's body changed in the file. */
static void one_report_damage(const char *folder, uint64_t batches)
{
    uint8_t body[BODY_MAX], file[1 << 18];
    char path[256];
    uint64_t ticket;
    size_t len = body_of(0, 17, body);

    journal *j = journal_open_at(folder);
    assert_int_equal(batch_append(j, 1, 40, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    for (uint64_t b = 2; b <= batches; b++)
        assert_int_equal(batch_append(j, b, 3, &ticket), 0);
    journal_close(j);
    snprintf(path, sizeof path, "%s/journal/data.mdb", folder);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t size = read(fd, file, sizeof file);
    assert_true(size > 0);
    uint8_t *at = memmem(file, (size_t)size, body, len);
    assert_non_null(at);
    at[3] ^= 4;
    assert_int_equal(pwrite(fd, at, 8, at - file), 8);
    close(fd);
}

static void a_damaged_report_is_named(void **state)
{
    (void)state;
    char *folder = folder_make(), *other = folder_make(), error[512];
    journal_summary summary;
    findings f;
    reading in;
    size_t size;

    one_report_damage(folder, 2);
    assert_int_equal(check(folder, &f, &summary, error), -EBADMSG);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.table, "log");
    assert_int_equal(f.number, 16);
    assert_int_equal(summary.reports, 42);
    assert_false(summary.tree_damaged);

    /* Reading stops there, and says so. */
    journal *j = journal_open_at(folder);
    assert_int_equal(reading_all(j, &in, error), -EBADMSG);
    assert_false(in.wrong);
    assert_int_equal(in.reports, 16);
    assert_non_null(strstr(error, "after report 16"));
    journal_close(j);

    /* All others can be exported, and imported under numbers of their own. */
    char *stream = stream_of(folder, &size, -EBADMSG);
    assert_int_equal(import_stream(other, stream, size, false, &summary, error), -EBADMSG);
    assert_non_null(strstr(error, "after report 16"));
    assert_int_equal(import_stream(other, stream, size, true, &summary, error), 0);
    assert_int_equal(summary.reports, 42);
    j = journal_open_at(other);
    assert_int_equal(journal_last_report(j), 42);
    assert_int_equal(journal_last_alert(j), 0);
    journal_close(j);
    assert_int_equal(check(other, &f, &summary, error), 0);
    free(stream);
    folder_remove(folder);
    folder_remove(other);
}

/* Changes a bit of report n's body in the file, or changes it back. */
static void report_flip(int fd, uint64_t n)
{
    static uint8_t file[1 << 20];
    uint8_t body[BODY_MAX];
    size_t len = body_of(0, n, body);

    ssize_t size = pread(fd, file, sizeof file, 0);
    assert_true(size > 0 && size < (ssize_t)sizeof file);
    for (int changed = 0; changed < 2; changed++, body[3] ^= 4) {
        uint8_t *at = memmem(file, (size_t)size, body, len);
        if (at == NULL)
            continue;
        at[3] ^= 4;
        assert_int_equal(pwrite(fd, at, 8, at - file), 8);
        return;
    }
    fail_msg("report %llu is not in the file", (unsigned long long)n);
}

/* Batches of none to two reports, between advances, and all of them in one chunk: whichever report is
 * damaged, no other is lost with it. */
static void a_damaged_report_takes_no_other_along(void **state)
{
    (void)state;
    char *folder = folder_make(), *other = folder_make(), path[256], error[512];
    journal_summary summary;
    findings f;
    uint64_t ticket = 0;
    size_t size;

    journal *j = journal_open_at(folder);
    for (uint64_t b = 1; b <= 60; b++)
        assert_int_equal(batch_append(j, b, (uint32_t)(mix(b) % 3), &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    uint64_t last = journal_last_report(j);
    journal_close(j);
    char *stream = stream_of(folder, &size, 0); /* an import writes them at once */
    assert_int_equal(import_stream(other, stream, size, false, &summary, error), 0);
    snprintf(path, sizeof path, "%s/journal/data.mdb", other);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (uint64_t n = 1; n < last; n++) {
        report_flip(fd, n);
        assert_int_equal(check(other, &f, &summary, error), -EBADMSG);
        assert_int_equal(f.count, 1);
        assert_int_equal(f.number, n - 1);
        assert_int_equal(summary.reports, last - 1);
        assert_int_equal(summary.batches, 60);
        report_flip(fd, n);
    }
    assert_int_equal(check(other, &f, &summary, error), 0);
    close(fd);
    free(stream);
    folder_remove(folder);
    folder_remove(other);
}

/* Where it would have to number on, it does not begin; a reader may. */
static void damage_at_the_end_is_named(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512] = "";
    journal_config config = journal_config_default;
    journal *j = NULL;
    reading in;

    one_report_damage(folder, 1);
    config.folder = folder;
    assert_int_equal(journal_open(&config, &j, error), -EBADMSG);
    assert_non_null(strstr(error, "after report 16 is damaged"));
    config.read_only = true;
    assert_int_equal(journal_open(&config, &j, error), 0);
    assert_int_equal(reading_all(j, &in, error), -EBADMSG);
    assert_false(in.wrong);
    assert_int_equal(in.reports, 16);
    journal_close(j);
    folder_remove(folder);
}

static void an_import_equals_its_export(void **state)
{
    (void)state;
    char *folder = folder_make(), *other = folder_make(), error[512], epoch[33];
    journal_summary summary;
    size_t size, size_again;
    reading a, b;
    uint64_t ticket;

    journal_fill(folder, 3000, false);
    journal *j = journal_open_at(folder);
    memcpy(epoch, journal_epoch(j), sizeof epoch);
    assert_int_equal(reading_all(j, &a, error), 0);
    journal_close(j);
    char *stream = stream_of(folder, &size, 0);
    assert_int_equal(import_stream(other, stream, size, false, &summary, error), 0);
    assert_int_equal(summary.batches, 3000);
    assert_int_equal(import_stream(other, stream, size, false, &summary, error), -EEXIST);

    j = journal_open_at(other);
    assert_string_equal(journal_epoch(j), epoch);
    assert_int_equal(reading_all(j, &b, error), 0);
    assert_false(b.wrong);
    assert_memory_equal(&a, &b, sizeof a);
    journal_close(j);
    char *again = stream_of(other, &size_again, 0);
    assert_int_equal(size_again, size);
    assert_memory_equal(stream, again, size);
    j = journal_open_at(other);
    assert_int_equal(batch_append(j, 3001, 4, &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    journal_close(j);
    free(stream);
    free(again);
    folder_remove(folder);
    folder_remove(other);
}

static void a_bad_stream_leaves_nothing(void **state)
{
    (void)state;
    char *folder = folder_make(), *other = folder_make(), error[512], path[256];
    journal_summary summary;
    size_t size;
    struct stat st;

    journal_fill(folder, 30, false);
    char *stream = stream_of(folder, &size, 0);
    for (size_t cut = 0; cut < size; cut += 577) {
        if (cut > 0)
            assert_int_equal(import_stream(other, stream, cut, false, &summary, error), -EBADMSG);
        stream[cut] ^= 16;
        assert_int_equal(import_stream(other, stream, size, false, &summary, error), -EBADMSG);
        stream[cut] ^= 16;
    }
    snprintf(path, sizeof path, "%s/journal", other);
    assert_int_equal(stat(path, &st), -1);
    snprintf(path, sizeof path, "%s/journal.importing", other);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(import_stream(other, stream, size, false, &summary, error), 0);
    free(stream);
    folder_remove(folder);
    folder_remove(other);
}

/* Fills a journal, reads it, and opens its file to be damaged. */
static int filled_open(const char *folder, unsigned count, reading *ret_reading)
{
    char path[256], error[512];

    journal_fill(folder, count, true);
    journal *j = journal_open_at(folder);
    assert_int_equal(reading_all(j, ret_reading, error), 0);
    journal_close(j);
    snprintf(path, sizeof path, "%s/journal/data.mdb", folder);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* A tree that cannot be walked: its meta pages are zeroed. */
static void records_are_found_without_a_tree(void **state)
{
    (void)state;
    char *folder = folder_make(), *other = folder_make(), error[512];
    uint8_t zeroes[8192] = {0};
    journal_summary summary;
    findings f;
    reading a, b;
    size_t size;

    int fd = filled_open(folder, 300, &a);
    assert_int_equal(pwrite(fd, zeroes, sizeof zeroes, 0), sizeof zeroes);
    close(fd);

    assert_int_equal(check(folder, &f, &summary, error), -EBADMSG);
    assert_string_equal(f.table, "tree");
    assert_true(summary.tree_damaged);
    char *stream = stream_of(folder, &size, -EBADMSG);
    assert_int_equal(import_stream(other, stream, size, true, &summary, error), 0);
    journal *j = journal_open_at(other);
    assert_int_equal(reading_all(j, &b, error), 0);
    assert_false(b.wrong);
    assert_int_equal(b.reports, a.reports);
    assert_int_equal(b.batches, a.batches);
    assert_int_equal(b.rejects, a.rejects);
    journal_close(j);
    free(stream);
    folder_remove(folder);
    folder_remove(other);
}

/* The one record that says whose journal it is: numbered anew it is not needed. */
static void reports_are_taken_without_the_head(void **state)
{
    (void)state;
    static const uint8_t MARK[] = {48, 0, 0, 0, 18, 0, 0, 0, 1, 0, 0, 0}; /* body, kind, format */
    char *folder = folder_make(), *other = folder_make(), error[512];
    uint8_t file[1 << 20];
    journal_summary summary;
    reading a, b;
    size_t size;

    int fd = filled_open(folder, 60, &a);
    ssize_t len = read(fd, file, sizeof file);
    assert_true(len > 0 && (size_t)len < sizeof file);
    for (uint8_t *at = file; (at = memmem(at, (size_t)(file + len - at), MARK, sizeof MARK)) != NULL; at++)
        assert_int_equal(pwrite(fd, "x", 1, at - file + 8), 1);
    close(fd);

    char *stream = stream_of(folder, &size, -EBADMSG);
    assert_int_equal(import_stream(other, stream, size, false, &summary, error), -EBADMSG);
    assert_non_null(strstr(error, "--renumber"));
    assert_int_equal(import_stream(other, stream, size, true, &summary, error), 0);
    journal *j = journal_open_at(other);
    assert_int_equal(reading_all(j, &b, error), 0);
    assert_false(b.wrong);
    assert_int_equal(b.reports, a.reports);
    assert_int_equal(b.batches, a.batches);
    journal_close(j);
    free(stream);
    folder_remove(folder);
    folder_remove(other);
}

static void compacting_keeps_everything(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512], path[256];
    journal_summary before, after;
    journal_config config = journal_config_default;
    findings f;
    reading a, b;
    uint64_t ticket;
    struct stat st;

    journal_fill(folder, 300, true);
    journal *j = journal_open_at(folder);
    assert_int_equal(reading_all(j, &a, error), 0);
    assert_int_equal(journal_compact(folder, NULL, &after, error), -EBUSY);
    journal_close(j);
    assert_int_equal(check(folder, &f, &before, error), 0);
    journal_watch watch = {on_progress, NULL, &f};
    f.progress = 0;
    assert_int_equal(journal_compact(folder, &watch, &after, error), 0);
    assert_true(after.bytes < before.bytes);
    assert_int_equal(f.progress, after.bytes);
    snprintf(path, sizeof path, "%s/journal/compact", folder);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(check(folder, &f, &before, error), 0);
    assert_int_equal(before.bytes, after.bytes);
    for (uint64_t n = 301; n <= 310; n++) {
        config.folder = folder;
        assert_int_equal(journal_open(&config, &j, error), 0);
        assert_int_equal(reading_all(j, &b, error), 0);
        assert_false(b.wrong);
        assert_int_equal(b.reports, a.reports + 5 * (n - 301));
        assert_int_equal(batch_append(j, n, 5, &ticket), 0);
        journal_close(j);
    }
    folder_remove(folder);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512] = "", *bytes = NULL;
    journal_summary summary;
    findings f;
    size_t size;

    assert_int_equal(check(folder, &f, &summary, error), -ENOENT);
    assert_non_null(strstr(error, folder));
    FILE *out = open_memstream(&bytes, &size);
    assert_int_equal(journal_export(folder, out, NULL, &summary, error), -ENOENT);
    fclose(out);
    free(bytes);
    assert_int_equal(journal_compact(folder, NULL, &summary, error), -ENOENT);
    char junk[] = "not a journal at all, whatever it says";
    assert_int_equal(import_stream(folder, junk, sizeof junk, false, &summary, error), -EBADMSG);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_journal_is_found_whole),
        cmocka_unit_test(the_check_runs_beside_the_daemon),
        cmocka_unit_test(readers_that_take_every_slot_are_no_damage),
        cmocka_unit_test(a_damaged_report_is_named),
        cmocka_unit_test(a_damaged_report_takes_no_other_along),
        cmocka_unit_test(damage_at_the_end_is_named),
        cmocka_unit_test(an_import_equals_its_export),
        cmocka_unit_test(a_bad_stream_leaves_nothing),
        cmocka_unit_test(records_are_found_without_a_tree),
        cmocka_unit_test(reports_are_taken_without_the_head),
        cmocka_unit_test(compacting_keeps_everything),
        cmocka_unit_test(what_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
