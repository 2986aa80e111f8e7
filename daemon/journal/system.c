/* system.c - what the system and LMDB say, and folders on the disk. */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
    case MDB_VERSION_MISMATCH:
        return -EPROTONOSUPPORT;
    default:
        return -EBADMSG; /* corrupted, page not found, invalid, incompatible ... */
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
