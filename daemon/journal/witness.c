/*
 * witness.c - folder/journal/witness: a lower bound of what the journal holds.
 *
 *    0        8         16      32      40       48      56      64       72
 *   ┌────────┬─────────┬───────┬───────┬────────┬───────┬───────┬────────┐
 *   │checksum│"thwitns1"│ epoch │ chunk │ report │ batch │ alert │ reject │
 *   └────────┴─────────┴───────┴───────┴────────┴───────┴───────┴────────┘
 */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WITNESS_BYTES = 72 };
static const char WITNESS_MAGIC[8] = {'t', 'h', 'w', 'i', 't', 'n', 's', '1'};

static int witness_path(const char *path, char *ret_path, size_t size)
{
    int n = snprintf(ret_path, size, "%s/witness", path);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int journal_witness_read(const char *path, journal_witness *ret_witness)
{
    char file[4096];
    uint8_t bytes[WITNESS_BYTES];

    int r = witness_path(path, file, sizeof file);
    if (r < 0)
        return r;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    close(fd);
    if (n != WITNESS_BYTES || memcmp(bytes + 8, WITNESS_MAGIC, sizeof WITNESS_MAGIC) != 0 ||
        journal_get64(bytes) != journal_checksum(bytes + 8, WITNESS_BYTES - 8))
        return -EBADMSG;
    memcpy(ret_witness->epoch, bytes + 16, sizeof ret_witness->epoch);
    ret_witness->chunk = journal_get64(bytes + 32);
    ret_witness->report = journal_get64(bytes + 40);
    ret_witness->batch = journal_get64(bytes + 48);
    ret_witness->alert = journal_get64(bytes + 56);
    ret_witness->reject = journal_get64(bytes + 64);
    return 0;
}

int journal_witness_open(journal *j, char *error)
{
    char file[4096];

    int r = witness_path(j->path, file, sizeof file);
    if (r == 0) {
        j->witness_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        r = j->witness_fd < 0 ? -errno : 0;
    }
    if (r == 0)
        r = journal_witness_write(j, &j->tail);
    if (r < 0)
        snprintf(error, JOURNAL_ERROR_BYTES, "journal %.200s: witness: %s%s", j->path, strerror(-r),
                 journal_remedy(r));
    return r;
}

int journal_witness_write(journal *j, const journal_tail *tail)
{
    uint8_t bytes[WITNESS_BYTES];

    memcpy(bytes + 8, WITNESS_MAGIC, sizeof WITNESS_MAGIC);
    memcpy(bytes + 16, j->head.epoch, sizeof j->head.epoch);
    journal_put64(bytes + 32, tail->chunk);
    journal_put64(bytes + 40, tail->report);
    journal_put64(bytes + 48, tail->batch);
    journal_put64(bytes + 56, tail->alert);
    journal_put64(bytes + 64, tail->reject);
    journal_put64(bytes, journal_checksum(bytes + 8, WITNESS_BYTES - 8));
    ssize_t n = pwrite(j->witness_fd, bytes, sizeof bytes, 0);
    return n == WITNESS_BYTES ? 0 : n < 0 ? -errno : -ENOSPC;
}

int journal_witness_compare(const journal_witness *witness, const journal_head *head,
                            const journal_tail *tail, const char *path, char *error)
{
    if (memcmp(witness->epoch, head->epoch, sizeof witness->epoch) == 0 &&
        witness->chunk <= tail->chunk && (witness->report <= tail->report || tail->torn) &&
        (witness->batch <= tail->batch || tail->torn) && witness->alert <= tail->alert &&
        witness->reject <= tail->reject)
        return 0;
    if (memcmp(witness->epoch, head->epoch, sizeof witness->epoch) != 0)
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: data.mdb is of another epoch than the file `witness` beside it: "
                 "restore both from one copy, or remove `witness` if the data is right",
                 path);
    else
        snprintf(
            error, JOURNAL_ERROR_BYTES,
            "journal %.200s ends with report %llu and alert %llu, but once held report %llu "
            "and alert %llu: it is damaged or an old copy; remove the file `witness` to accept "
            "the loss",
            path, (unsigned long long)tail->report, (unsigned long long)tail->alert,
            (unsigned long long)witness->report, (unsigned long long)witness->alert);
    return -EBADMSG;
}
