/* system.c - what the system and LMDB say, and folders on the disk. */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FULL_SLACK_BYTES = 1 << 20 };

int journal_errno(int rc)
{
    if (rc >= 0)
        return -rc;
    switch (rc) {
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
        return -ENOSPC;
    case MDB_NOTFOUND:
        return -ENODATA;
    case MDB_READERS_FULL:
        return -EAGAIN;
    case MDB_PANIC:
        return -EIO;
    default:
        return -EBADMSG; /* corrupted, page not found, invalid, of another version ... */
    }
}

int journal_txn_read(MDB_env *env, MDB_txn **ret_txn)
{
    int dead = 0, rc = mdb_txn_begin(env, NULL, MDB_RDONLY, ret_txn);

    if (rc == MDB_READERS_FULL && mdb_reader_check(env, &dead) == 0 && dead > 0)
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, ret_txn);
    return rc;
}

int journal_write_error(const char *path, int rc, size_t bytes)
{
    struct statvfs fs;

    return rc == EIO && statvfs(path, &fs) == 0 &&
                   (uint64_t)fs.f_bavail * fs.f_frsize < bytes + FULL_SLACK_BYTES
               ? ENOSPC
               : rc;
}

const char *journal_remedy(int r)
{
    switch (r) {
    case -ENOSPC:
    case -EDQUOT:
        return "; make room on that file system";
    case -EROFS:
        return "; expected a folder that may be written (in the unit: StateDirectory= or "
               "ReadWritePaths=)";
    case -EACCES:
    case -EPERM:
        return "; expected a folder that belongs to thawd's user, with all that is in it";
    case -ENOTDIR:
        return "; expected a folder";
    default:
        return "";
    }
}

int journal_folder_sync(const journal_faults *faults, const char *path)
{
    int rc = journal_fault_at(faults, JOURNAL_FAULT_FOLDER);
    if (rc != 0)
        return -rc;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return r;
}
