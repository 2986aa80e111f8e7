/*
 * writer.c - the writer's thread: takes everything that waits, has it written (commit.c), and only then
 * raises the durable ticket.
 */
#include "journal_private.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void writer_fail(journal *j, const char *step, int rc, size_t bytes)
{
    rc = journal_write_error(j->path, rc, bytes);
    int r = journal_errno(rc);
    bool full = r == -ENOSPC || r == -EDQUOT, damaged = r == -EBADMSG;

    snprintf(
        j->failed_text, sizeof j->failed_text,
        "journal %.200s: %s failed: %s; what was acknowledged before is kept, nothing after it "
        "is; %s and start again",
        j->path, step, mdb_strerror(rc),
        full           ? "make room on that file system"
        : r == -ENOMEM ? "give it more memory"
        : damaged ? "what stands there is damaged: see thaw journal check, restore a copy or what can be exported,"
                  : "look after that file system");
    atomic_store(&j->failed, r != 0 ? r : -EIO);
}

/* Whether the next start will find what was written: a file that was removed, or moved away, takes everything
 * and keeps nothing. Where that cannot be seen it counts as there. */
static bool still_in_place(const journal *j)
{
    char place[4096];
    struct stat open_file, found;
    mdb_filehandle_t fd;
    int n = snprintf(place, sizeof place, "%s/data.mdb", j->path);

    if (n < 0 || (size_t)n >= sizeof place || mdb_env_get_fd(j->env, &fd) != 0 || fstat(fd, &open_file) < 0)
        return true;
    if (stat(place, &found) < 0)
        return errno != ENOENT && errno != ENOTDIR;
    return found.st_ino == open_file.st_ino && found.st_dev == open_file.st_dev;
}

static void writer_fail_gone(journal *j)
{
    snprintf(j->failed_text, sizeof j->failed_text,
             "journal %.200s: data.mdb was removed or exchanged while thawd writes to it; nothing is acknowledged any "
             "more: put it back, or restore a copy, before the next start",
             j->path);
    atomic_store(&j->failed, -ESTALE);
}

static void counters_update(journal *j, int64_t took_ns)
{
    MDB_envinfo info;

    (void)mdb_env_info(j->env, &info);
    atomic_store(&j->used_bytes, (info.me_last_pgno + 1) * j->page_bytes);
    atomic_store(&j->done_reports, j->tail.report);
    atomic_store(&j->done_alerts, j->tail.alert);
    atomic_store(&j->done_rejects, j->tail.reject);
    atomic_store(&j->done_batches, j->tail.batch);
    atomic_fetch_add(&j->commits, 1);
    atomic_store(&j->commit_ns_last, took_ns);
    if (took_ns > atomic_load(&j->commit_ns_max))
        atomic_store(&j->commit_ns_max, took_ns);
}

static void writer_signal(journal *j)
{
    uint64_t one = 1;
    ssize_t n;

    do
        n = write(j->event_fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
}

static void group_reset(journal_group *group)
{
    journal_arena_free(&group->base);
    group->first_alert = 0;
    journal_arena_reset(&group->log);
    journal_arena_reset(&group->alerts);
    journal_arena_reset(&group->rejects);
}

/* Everything that waits; false when there is nothing left and the journal closes. */
static bool writer_take(journal *j)
{
    pthread_mutex_lock(&j->mutex);
    while (journal_group_bytes(&j->waiting) == 0 && !j->stop)
        pthread_cond_wait(&j->wake, &j->mutex);
    journal_group taken = j->waiting;
    j->waiting = j->writing;
    j->writing = taken;
    pthread_mutex_unlock(&j->mutex);
    return journal_group_bytes(&j->writing) > 0;
}

static void *writer_run(void *context)
{
    journal *j = context;

    while (writer_take(j)) {
        const char *step;
        size_t bytes = journal_group_bytes(&j->writing);
        int64_t start_ns = clock_ns();
        int rc = journal_group_write(j, &j->writing, &step);
        if (rc != 0) {
            writer_fail(j, step, rc, bytes);
            writer_signal(j);
            return NULL;
        }
        if (!still_in_place(j)) {
            writer_fail_gone(j);
            writer_signal(j);
            return NULL;
        }
        (void)journal_witness_write(j, &j->tail);
        counters_update(j, clock_ns() - start_ns);
        atomic_store(&j->durable, j->writing.ticket);
        group_reset(&j->writing);
        atomic_fetch_sub(&j->queued, bytes);
        writer_signal(j);
    }
    return NULL;
}

int journal_writer_start(journal *j)
{
    sigset_t all, before;

    j->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (j->event_fd < 0)
        return -errno;
    /* Signals belong to the loop. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&j->thread, NULL, writer_run, j);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r != 0)
        return -r;
    (void)pthread_setname_np(j->thread, "journal");
    j->threaded = true;
    return 0;
}

void journal_writer_stop(journal *j)
{
    if (!j->threaded)
        return;
    pthread_mutex_lock(&j->mutex);
    j->stop = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->mutex);
    pthread_join(j->thread, NULL);
    j->threaded = false;
}
