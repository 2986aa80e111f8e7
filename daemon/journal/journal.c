/* journal.c - opening and closing: the lock, the folder, the checks before anything is trusted. */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const journal_config journal_config_default = {
    .map_bytes = UINT64_C(1) << 30,
    .queue_bytes = UINT64_C(64) << 20,
    .sync = true,
};

enum { LOCK_TRIES = 1000, LOCK_PAUSE_US = 10000 };
enum { FRESH_BYTES = 2 * 4096 }; /* LMDB's two meta pages: a file not beyond them holds nothing */

static int system_error(const char *path, const char *what, int r, char *error)
{
    snprintf(error, JOURNAL_ERROR_BYTES, "%.300s: %s: %s%s", path, what, strerror(-r),
             journal_remedy(r));
    return r;
}

/* fd: of the file, which names who has it. */
static int lock_refused(const char *path, int fd, char *error)
{
    char pid[24] = "";

    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    if (n > 0)
        pid[strcspn(pid, "\n")] = '\0';
    snprintf(error, JOURNAL_ERROR_BYTES,
             "%.300s is held by process %s: another thawd uses this state folder; stop it or give "
             "this one its own",
             path, n > 0 ? pid : "(unknown)");
    return -EBUSY;
}

/* The process that took it has ended, and what it started (a child that writes an image) holds it still,
 * for the moment until the kernel has ended that too. */
static bool lock_holder_gone(int fd)
{
    char text[24] = "";
    long pid = pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;

    return pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* 0, or the negative errno of flock(). file_fd names who has it. */
static int lock_try(int fd, int file_fd)
{
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
        int r = -errno;
        if (r != -EWOULDBLOCK || i == LOCK_TRIES || !lock_holder_gone(file_fd))
            return r;
        (void)usleep(LOCK_PAUSE_US);
    }
    return 0;
}

/* Where a folder cannot be opened or locked, the file alone has to do. */
static int lock_folder(const char *folder, journal_lock *lock)
{
    lock->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return lock->folder >= 0 && lock_try(lock->folder, lock->file) == -EWOULDBLOCK ? -EWOULDBLOCK
                                                                                   : 0;
}

static void lock_sign(const journal_lock *lock)
{
    char pid[24];
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

    /* The pid serves only the text and the patience above: that it cannot be written (a full disk) is no
     * reason to refuse. */
    bool noted = ftruncate(lock->file, 0) == 0 && pwrite(lock->file, pid, (size_t)n, 0) == n;
    (void)noted;
}

/* Held until the descriptors are closed, by whatever end of the process. */
int journal_lock_take(const char *folder, journal_lock *ret_lock, char *error)
{
    journal_lock lock = {-1, -1};
    char path[4096];

    int n = snprintf(path, sizeof path, "%s/lock", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return system_error(folder, "lock", -ENAMETOOLONG, error);
    lock.file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock.file < 0 && errno == ENOENT)
        return system_error(folder, "expected the state folder, make it or name another", -ENOENT, error);
    if (lock.file < 0)
        return system_error(path, "cannot be opened", -errno, error);
    int r = lock_try(lock.file, lock.file);
    if (r == 0)
        r = lock_folder(folder, &lock);
    if (r == -EWOULDBLOCK)
        r = lock_refused(path, lock.file, error);
    else if (r < 0)
        (void)system_error(path, "cannot be locked", r, error);
    if (r < 0) {
        journal_lock_give(&lock);
        return r;
    }
    lock_sign(&lock);
    *ret_lock = lock;
    return 0;
}

void journal_lock_give(journal_lock *lock)
{
    if (lock->file >= 0)
        close(lock->file);
    if (lock->folder >= 0)
        close(lock->folder);
    *lock = (journal_lock){-1, -1};
}

static int folders_make(const journal *j, char *error)
{
    if (mkdir(j->path, 0700) < 0 && errno != EEXIST)
        return system_error(j->path, "cannot be made", -errno, error);
    int r = journal_folder_sync(j->faults, j->folder);
    return r < 0 ? system_error(j->folder, "sync", r, error) : 0;
}

int journal_head_make(journal_head *ret_head)
{
    struct timespec now;
    journal_head head =
        (journal_head){.format = JOURNAL_FORMAT, .first_chunk = 1, .first_alert = 1};
    if (getrandom(head.epoch, sizeof head.epoch, 0) != sizeof head.epoch)
        return -EIO;
    clock_gettime(CLOCK_REALTIME, &now);
    head.created_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    *ret_head = head;
    return 0;
}

/* Whether a journal must be made: there is no data file, or one that holds nothing and of which
 * nothing is known (the witness appears with the first opening). */
static int fresh_find(const journal *j, int witness, bool *ret_fresh, char *error)
{
    char path[4096];
    struct stat st = {0};

    int n = snprintf(path, sizeof path, "%s/data.mdb", j->path);
    if (n < 0 || (size_t)n >= sizeof path)
        return system_error(j->path, "data.mdb", -ENAMETOOLONG, error);
    if (stat(path, &st) < 0 && errno != ENOENT)
        return system_error(path, "cannot be looked at", -errno, error);
    *ret_fresh = st.st_size <= FRESH_BYTES;
    if (*ret_fresh && witness != -ENOENT) {
        snprintf(error, JOURNAL_ERROR_BYTES,
                 "%.300s is gone or cut to nothing, but the file `witness` beside it says that it "
                 "held a journal: restore it, or remove `witness` to begin a new one",
                 path);
        return -EBADMSG;
    }
    if (*ret_fresh && j->read_only) {
        snprintf(error, JOURNAL_ERROR_BYTES, "%.300s: there is no journal", j->path);
        return -ENOENT;
    }
    return 0;
}

static int environment_open(journal *j, uint64_t map_bytes, const journal_head *preset, char *error)
{
    journal_head head;
    journal_witness witness;
    bool fresh = false;

    /* Read before the tables: a daemon that writes meanwhile only makes these larger. */
    int seen = journal_witness_read(j->path, &witness);
    int r = fresh_find(j, seen, &fresh, error);
    if (r == 0 && fresh && preset != NULL)
        head = *preset;
    else if (r == 0 && fresh && (r = journal_head_make(&head)) < 0)
        return system_error(j->path, "random numbers", r, error);
    if (r == 0 && !fresh)
        r = journal_probe(j->path, j->read_only ? 0 : JOURNAL_PROBE_ALONE, error);
    if (r == 0 && fresh)
        r = journal_env_create(j, map_bytes, &head, error);
    if (r == 0)
        r = journal_env_open(j, map_bytes, error);
    if (r == 0 && seen == 0)
        r = journal_witness_compare(&witness, &j->head, &j->tail, j->path, error);
    if (r < 0 || j->read_only)
        return r;
    return journal_witness_open(j, error);
}

static void state_load(journal *j)
{
    j->last_report = j->tail.report;
    j->last_alert = j->tail.alert;
    j->last_reject = j->tail.reject;
    j->last_batch = j->tail.batch;
    atomic_store(&j->base_report, j->base.report);
    atomic_store(&j->base_mark, journal_base_mark_of(&j->base));
    atomic_store(&j->first_alert, j->head.first_alert);
    atomic_store(&j->done_reports, j->tail.report);
    atomic_store(&j->done_alerts, j->tail.alert);
    atomic_store(&j->done_rejects, j->tail.reject);
    atomic_store(&j->done_batches, j->tail.batch);
    for (size_t i = 0; i < sizeof j->head.epoch; i++)
        snprintf(j->epoch + 2 * i, 3, "%02x", j->head.epoch[i]);
}

static journal *journal_new(const journal_config *config, const char *name)
{
    journal *j = calloc(1, sizeof *j);
    if (j == NULL)
        return NULL;
    j->lock = (journal_lock){-1, -1};
    j->event_fd = j->witness_fd = -1;
    j->read_only = config->read_only;
    j->sync = config->sync;
    j->faults = config->faults;
    j->queue_max = config->queue_bytes;
    pthread_rwlock_init(&j->map_lock, NULL);
    pthread_mutex_init(&j->mutex, NULL);
    pthread_cond_init(&j->wake, NULL);
    j->folder = strdup(config->folder);
    if (j->folder == NULL || asprintf(&j->path, "%s/%s", config->folder, name) < 0) {
        j->path = NULL;
        return journal_close(j);
    }
    return j;
}

int journal_open_named(const journal_config *config, const char *name, bool locked,
                       const journal_head *preset, journal **ret_journal, char *error)
{
    journal *j = journal_new(config, name);
    int r = 0;

    if (j == NULL)
        return system_error(config->folder, "journal", -ENOMEM, error);
    if (!j->read_only && !locked)
        r = journal_lock_take(j->folder, &j->lock, error);
    if (r == 0 && !j->read_only)
        r = folders_make(j, error);
    if (r == 0)
        r = environment_open(j, config->map_bytes, preset, error);
    if (r == 0)
        state_load(j);
    if (r == 0 && !j->read_only && (r = journal_writer_start(j)) < 0)
        r = system_error(j->path, "thread", r, error);
    if (r < 0) {
        journal_close(j);
        return r;
    }
    *ret_journal = j;
    return 0;
}

int journal_open(const journal_config *config, journal **ret_journal, char error[512])
{
    if (config->folder == NULL || config->folder[0] == '\0' || strlen(config->folder) > 3000)
        return system_error("journal", "its folder is not named, or too long", -EINVAL, error);
    return journal_open_named(config, "journal", false, NULL, ret_journal, error);
}

static void group_free(journal_group *group)
{
    journal_arena_free(&group->base);
    journal_arena_free(&group->log);
    journal_arena_free(&group->alerts);
    journal_arena_free(&group->rejects);
}

journal *journal_close(journal *j)
{
    if (j == NULL)
        return NULL;
    journal_writer_stop(j);
    if (j->env != NULL)
        mdb_env_close(j->env);
    group_free(&j->open);
    group_free(&j->waiting);
    group_free(&j->writing);
    int fds[] = {j->event_fd, j->witness_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    journal_lock_give(&j->lock);
    pthread_cond_destroy(&j->wake);
    pthread_mutex_destroy(&j->mutex);
    pthread_rwlock_destroy(&j->map_lock);
    free(j->folder);
    free(j->path);
    free(j);
    return NULL;
}

const char *journal_epoch(const journal *j)
{
    return j->epoch;
}

uint64_t journal_last_report(const journal *j)
{
    return j->last_report;
}

uint64_t journal_last_batch(const journal *j)
{
    return j->last_batch;
}

uint64_t journal_first_alert(const journal *j)
{
    return atomic_load(&j->first_alert);
}

uint64_t journal_last_alert(const journal *j)
{
    return j->last_alert;
}
