/* journal_tools.c - the check of a whole journal, and its rewriting without free pages. */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    int r = journal_probe(path, false, error);
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

static int compact_locked(const char *path, journal_summary *summary, char *error)
{
    char copy[4200], data[4300];
    struct stat st = {0};

    snprintf(copy, sizeof copy, "%s/compact", path);
    snprintf(data, sizeof data, "%s/data.mdb", copy);
    int r = journal_probe(path, true, error);
    if (r < 0)
        return r;
    (void)unlink(data); /* of a compaction that was interrupted */
    if (mkdir(copy, 0700) < 0 && errno != EEXIST)
        return tool_error(-errno, "no folder for the copy", path, error);
    r = copy_make(path, copy);
    if (r == 0)
        r = file_sync(data);
    if (r == 0 && stat(data, &st) < 0)
        r = -errno;
    if (r < 0)
        (void)tool_error(r, "cannot be copied", path, error);
    if (r == 0)
        r = journal_probe(copy, true, error);
    if (r == 0 && (r = copy_place(path, data)) < 0)
        (void)tool_error(r, "the copy cannot be put in place", path, error);
    (void)unlink(data);
    (void)rmdir(copy);
    summary->bytes = (uint64_t)st.st_size;
    return r;
}

int journal_compact(const char *folder, journal_summary *ret_summary, char error[512])
{
    char path[4096];
    int lock_fd;
    journal_summary summary = {0};

    int n = snprintf(path, sizeof path, "%s/journal", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return tool_error(-ENAMETOOLONG, "compact", folder, error);
    int r = journal_lock_take(folder, &lock_fd, error);
    if (r < 0)
        return r;
    r = compact_locked(path, &summary, error);
    close(lock_fd);
    if (r == 0)
        *ret_summary = summary;
    return r;
}
