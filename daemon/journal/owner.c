/* owner.c - what root's tools make in a state folder belongs to whom the folder belongs: thawd could not open it else. */
#include "journal_private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of files only those with this one name: the folder's owner may have linked another here. */
static bool give(int folder, const char *name, const struct stat *to)
{
    struct stat st;

    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == 0 &&
           (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink == 1)) &&
           fchownat(folder, name, to->st_uid, to->st_gid, AT_SYMLINK_NOFOLLOW) == 0;
}

void journal_owner_keep(const char *folder)
{
    static const char *const FILES[] = {"data.mdb", "lock.mdb", "witness"};
    const int how = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int state = open(folder, how), journal = -1;
    struct stat to;

    if (state >= 0 && geteuid() == 0 && fstat(state, &to) == 0 && to.st_uid != 0) {
        give(state, "lock", &to);
        give(state, "journal", &to);
        journal = openat(state, "journal", how | O_NOFOLLOW);
    }
    for (size_t i = 0; journal >= 0 && i < sizeof FILES / sizeof FILES[0]; i++)
        give(journal, FILES[i], &to);
    if (journal >= 0)
        close(journal);
    if (state >= 0)
        close(state);
}
