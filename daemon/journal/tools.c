/* tools.c - the check of a whole journal, and its rewriting without free pages. */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_NS = 200000000 };

static int tool_error(int r, const char *what, const char *path, char *error)
{
    snprintf(error, JOURNAL_ERROR_BYTES, "journal %.300s: %s: %s", path, what, strerror(-r));
    return r;
}

int journal_check(const char *folder, const journal_watch *watch, journal_summary *ret_summary,
                  char error[512])
{
    char path[4096];
    journal_scan scan = {.watch = watch, .error = error, .path = path};

    int n = snprintf(path, sizeof path, "%s/journal", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return tool_error(-ENAMETOOLONG, "check", folder, error);
    int seen = journal_witness_read(path, &scan.witness);
    scan.has_witness = seen == 0;
    int r = journal_probe(path, JOURNAL_PROBE_VALUES, error);
    if (r == -ENOENT && seen != -ENOENT)
        r = tool_error(-EBADMSG, "data.mdb is gone or empty, beside a witness that it was kept",
                       path, error);
    if (r == -EBADMSG) {
        scan.summary.tree_damaged = true;
        scan.summary.damaged = 1; /* `error` holds it */
        if (watch != NULL && watch->damage != NULL)
            watch->damage(watch->context, "tree", 0, error);
    } else if (r == 0) {
        r = journal_scan_tree(&scan);
    }
    if (r < 0 && r != -EBADMSG)
        return r;
    *ret_summary = scan.summary;
    return scan.summary.damaged > 0 ? -EBADMSG : r;
}

static int file_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return r;
}

static int copy_make(const char *path, const char *copy)
{
    MDB_env *env;

    int rc = mdb_env_create(&env);
    if (rc != 0)
        return journal_errno(rc);
    rc = mdb_env_set_maxdbs(env, 5);
    if (rc == 0)
        rc = mdb_env_open(env, path, MDB_RDONLY | MDB_NOTLS, 0600);
    if (rc == 0)
        rc = mdb_env_copy2(env, copy, MDB_CP_COMPACT);
    mdb_env_close(env);
    return journal_errno(rc);
}

/* LMDB copies in one call: how far it is shows in the size of the copy. */
typedef struct copying {
    const char *path, *copy;
    pthread_mutex_t mutex;
    pthread_cond_t over;
    bool done;
    int result;
} copying;

static void *copying_run(void *context)
{
    copying *c = context;
    int r = copy_make(c->path, c->copy);

    pthread_mutex_lock(&c->mutex);
    c->result = r;
    c->done = true;
    pthread_cond_signal(&c->over);
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

static void copying_tell(const char *data, const journal_watch *watch)
{
    struct stat st;

    if (stat(data, &st) == 0)
        watch->progress(watch->context, (uint64_t)st.st_size, 0);
}

static void copying_watch(copying *c, const char *data, const journal_watch *watch)
{
    struct timespec until;

    pthread_mutex_lock(&c->mutex);
    while (!c->done) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PROGRESS_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&c->over, &c->mutex, &until);
        copying_tell(data, watch);
    }
    pthread_mutex_unlock(&c->mutex);
}

static int copy_make_watched(const char *path, const char *copy, const char *data,
                             const journal_watch *watch)
{
    copying c = {.path = path,
                 .copy = copy,
                 .mutex = PTHREAD_MUTEX_INITIALIZER,
                 .over = PTHREAD_COND_INITIALIZER};
    pthread_t thread;

    if (watch == NULL || watch->progress == NULL ||
        pthread_create(&thread, NULL, copying_run, &c) != 0)
        return copy_make(path, copy);
    copying_watch(&c, data, watch);
    pthread_join(thread, NULL);
    copying_tell(data, watch);
    return c.result;
}

/* LMDB's lock file remembers the transactions of the file it was made for, and readers may still
 * hold it open: the new file gets a new one. */
static int copy_place(const char *path, const char *from)
{
    char data[4200], lock[4200];

    snprintf(data, sizeof data, "%s/data.mdb", path);
    snprintf(lock, sizeof lock, "%s/lock.mdb", path);
    if (unlink(lock) < 0 && errno != ENOENT)
        return -errno;
    if (rename(from, data) < 0)
        return -errno;
    if (unlink(lock) < 0 && errno != ENOENT)
        return -errno;
    return journal_folder_sync(NULL, path);
}

static int compact_locked(const char *path, const journal_watch *watch, journal_summary *summary,
                          char *error)
{
    char copy[4200], data[4300];
    struct stat st = {0};

    snprintf(copy, sizeof copy, "%s/compact", path);
    snprintf(data, sizeof data, "%s/data.mdb", copy);
    int r = journal_probe(path, JOURNAL_PROBE_ALONE | JOURNAL_PROBE_VALUES, error);
    if (r < 0)
        return r;
    (void)unlink(data); /* of a compaction that was interrupted */
    if (mkdir(copy, 0700) < 0 && errno != EEXIST)
        return tool_error(-errno, "no folder for the copy", path, error);
    r = copy_make_watched(path, copy, data, watch);
    if (r == 0 && chmod(data, 0600) < 0) /* LMDB lets everybody read its copies */
        r = -errno;
    if (r == 0)
        r = file_sync(data);
    if (r == 0 && stat(data, &st) < 0)
        r = -errno;
    if (r < 0)
        (void)tool_error(r, "cannot be copied", path, error);
    if (r == 0)
        r = journal_probe(copy, JOURNAL_PROBE_ALONE, error);
    if (r == 0 && (r = copy_place(path, data)) < 0)
        (void)tool_error(r, "the copy cannot be put in place", path, error);
    (void)unlink(data);
    (void)rmdir(copy);
    summary->bytes = (uint64_t)st.st_size;
    return r;
}

int journal_compact(const char *folder, const journal_watch *watch, journal_summary *ret_summary,
                    char error[512])
{
    char path[4096];
    journal_lock lock;
    journal_summary summary = {0};

    int n = snprintf(path, sizeof path, "%s/journal", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return tool_error(-ENAMETOOLONG, "compact", folder, error);
    int r = journal_lock_take(folder, &lock, error);
    if (r < 0)
        return r;
    r = compact_locked(path, watch, &summary, error);
    journal_lock_give(&lock);
    if (r == 0)
        *ret_summary = summary;
    return r;
}
