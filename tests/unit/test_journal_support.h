/* test_journal_support.h - what the journal's tests share: private folders, records whose content
 * follows from their number, and a reading that compares. */
#ifndef TEST_JOURNAL_SUPPORT_H
#define TEST_JOURNAL_SUPPORT_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal.h"
#include "test_mix.h"

enum { BODY_MAX = 1024 };

static inline char *folder_make(void)
{
    char *folder = strdup("/tmp/thaw-journal-XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline int folder_visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void folder_remove(char *folder)
{
    (void)nftw(folder, folder_visit, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

/* Body of record `number` of a kind: its length and bytes follow from both. */
static inline size_t body_of(uint64_t kind, uint64_t number, uint8_t body[BODY_MAX])
{
    uint64_t state = mix(number * 8 + kind + 1);
    size_t len = 20 + state % 400;
    for (size_t i = 0; i < len; i++)
        body[i] = (uint8_t)((state = mix(state + i)) >> 7);
    return len;
}

static inline int64_t received_of(uint64_t batch)
{
    return INT64_C(1700000000000000000) + (int64_t)batch * 1000;
}

static inline int report_append(journal *j, uint64_t seq)
{
    uint8_t body[BODY_MAX];
    thaw_event event = {.bytes = body, .bytes_len = (uint32_t)body_of(0, seq, body)};
    return journal_append_report(j, seq, &event);
}

static inline int alert_append(journal *j, uint64_t seq)
{
    uint8_t body[BODY_MAX];
    char topic[40];
    size_t len = body_of(1, seq, body);
    int n = snprintf(topic, sizeof topic, "alert.rule-%llu.BY", (unsigned long long)(seq % 7));
    return journal_append_alert(j, seq, topic, (size_t)n, body, len);
}

/* A batch: `reports` reports, an alert change, at every third batch an advance and a reject. */
static inline int batch_append(journal *j, uint64_t batch, uint32_t reports, uint64_t *ret_ticket)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < reports; i++)
        r = report_append(j, journal_last_report(j) + 1);
    if (r == 0 && batch % 3 == 0)
        r = journal_append_advance(j, received_of(batch) - 1);
    if (r == 0)
        r = alert_append(j, journal_last_alert(j) + 1);
    if (r == 0 && batch % 3 == 0)
        r = journal_append_reject(j, received_of(batch), THAW_INVALID, "count: expected", "ipc://x",
                                  "bytes", 5);
    return r == 0 ? journal_submit(j, received_of(batch), ret_ticket) : r;
}

/* Waits for a ticket; negative errno if the journal fails before. */
static inline int durable_wait(journal *j, uint64_t ticket)
{
    while (journal_durable(j) < ticket) {
        struct pollfd wait = {.fd = journal_fd(j), .events = POLLIN};
        int failed = journal_failed(j, NULL);
        if (failed != 0)
            return failed;
        (void)poll(&wait, 1, 5000);
    }
    return 0;
}

typedef struct reading {
    uint64_t reports, batches, advances, alerts, rejects;
    uint64_t batch;   /* the last */
    uint64_t expects; /* next report */
    bool wrong;
} reading;

static inline int reading_record(void *context, const journal_record *record)
{
    reading *in = context;
    uint8_t body[BODY_MAX];

    switch (record->kind) {
    case JOURNAL_BATCH:
        in->wrong |= in->batch != 0 && record->number != in->batch + 1;
        in->batch = record->number;
        in->batches++;
        break;
    case JOURNAL_REPORT:
        in->wrong |= record->number != in->expects++ ||
                     record->body_len != body_of(0, record->number, body) ||
                     memcmp(record->body, body, record->body_len) != 0;
        in->reports++;
        break;
    case JOURNAL_ADVANCE:
        in->wrong |= record->at_ns != received_of(record->batch) - 1;
        in->advances++;
        return 0;
    default:
        return 0;
    }
    in->wrong |= record->at_ns != received_of(record->batch);
    return 0;
}

static inline int reading_alert(void *context, uint64_t seq, const void *topic, size_t topic_len,
                                const void *bytes, size_t len)
{
    reading *in = context;
    uint8_t body[BODY_MAX];

    in->alerts++;
    in->wrong |= seq != in->alerts || topic_len < 14 || memcmp(topic, "alert.rule-", 11) != 0 ||
                 len != body_of(1, seq, body) || memcmp(bytes, body, len) != 0;
    return 0;
}

static inline int reading_reject(void *context, const journal_reject *reject)
{
    reading *in = context;

    in->rejects++;
    in->wrong |= reject->code != THAW_INVALID || strcmp(reject->message, "count: expected") != 0 ||
                 strcmp(reject->endpoint, "ipc://x") != 0 || reject->bytes_len != 5;
    return 0;
}

/* Reads everything and compares; the first error, if any. */
static inline int reading_all(journal *j, reading *ret_reading, char error[512])
{
    reading in = {.expects = 1};

    int r = journal_read(j, 0, reading_record, &in, error);
    if (r == 0)
        r = journal_read_alerts(j, 0, reading_alert, &in, error);
    if (r == 0)
        r = journal_read_rejects(j, 0, 1000000, reading_reject, &in, error);
    *ret_reading = in;
    return r;
}

static inline journal *journal_open_at(const char *folder)
{
    journal_config config = journal_config_default;
    journal *j = NULL;
    char error[512] = "";

    config.folder = folder;
    config.map_bytes = 1 << 20;
    int r = journal_open(&config, &j, error);
    if (r < 0)
        print_error("%s\n", error);
    assert_int_equal(r, 0);
    return j;
}

/* A journal of `batches` batches; each is waited for if `apart`. */
static inline void journal_fill(const char *folder, uint64_t batches, bool apart)
{
    journal *j = journal_open_at(folder);
    uint64_t ticket = 0;

    for (uint64_t b = 1; b <= batches; b++) {
        assert_int_equal(batch_append(j, b, (uint32_t)(mix(b) % 9), &ticket), 0);
        if (apart)
            assert_int_equal(durable_wait(j, ticket), 0);
    }
    journal_close(j);
}

/* In a child, where cmocka's assertions would go on with the parent's tests. */
#define CHILD_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

/* Runs `body` in a child; its exit code, or 128 + the signal that ended it. */
static inline int child_run(int (*body)(void *context), void *context)
{
    int status;

    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body(context));
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
