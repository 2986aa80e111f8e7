/*
 * probe.c - is the tree whole? LMDB trusts its file: a flipped bit in a page can make it
 * follow a wild offset, abort, or, in its list of free pages, write over living ones. So before
 * anything is trusted a child process walks every table's keys (not the chunks' pages), and marks
 * each page in a map as used or free: none twice, none missing. If the child dies, the tree is
 * damaged, and the parent says so.
 *
 * Branch pages are not shown by LMDB's interface; they are what remains, and their number must
 * be right. What a page says of itself must be so (page.c); of a value's pages a start does not ask, since
 * each would have to be read: the writer does, before it drops one.
 */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MISPLACED "a page is out of place, or its head is wrong"

enum { META_VERSION = 20, META_FREE_FLAGS = 44 };
enum { SNAPSHOT_TRIES = 5000, SNAPSHOT_PAUSE_US = 1000, SNAPSHOT_UNCHANGED = 1000 };
/* Of processor time: the walk itself takes a hundredth of it. */
enum { WALK_SECONDS = 20, WALK_BYTES_A_SECOND = 64 << 20 };

typedef struct probe {
    const char *path;
    bool alone;  /* nobody writes meanwhile */
    bool values; /* the heads of values' pages, too */
    char *error;
    MDB_env *env;
    MDB_txn *txn;
    size_t page_bytes;
    uint64_t pages;      /* of the file: last page number + 1 */
    uint8_t *map;        /* a bit a page: seen */
    uint64_t seen;       /* bits set */
    uint64_t unseen;     /* branch and meta pages: accounted, but not to be seen */
    const uint8_t *base; /* address of page 0 */
    uint64_t leaf;       /* the leaf marked last */
} probe;

static int damaged(const probe *p, const char *what, const char *table, uint64_t number)
{
    snprintf(p->error, JOURNAL_ERROR_BYTES,
             "journal %.200s: the tree is damaged: %s (table %s, near %llu): export what is "
             "readable, or restore a copy",
             p->path, what, table, (unsigned long long)number);
    return -EBADMSG;
}

/* What LMDB says of a page is damage; want of memory is none, nor that all slots of readers are
 * taken. */
static int failed(const probe *p, int rc, const char *table)
{
    if (rc != ENOMEM && rc != MDB_READERS_FULL)
        return damaged(p, mdb_strerror(rc), table, 0);
    snprintf(p->error, JOURNAL_ERROR_BYTES, "journal %.200s: cannot be checked now: %s", p->path,
             mdb_strerror(rc));
    return journal_errno(rc);
}

static int page_mark(probe *p, uint64_t page, uint64_t count)
{
    if (page < 2 || count > p->pages || page > p->pages - count)
        return -EBADMSG;
    for (uint64_t i = page; i < page + count; i++) {
        uint8_t bit = (uint8_t)(1u << (i & 7));
        if (p->map[i >> 3] & bit)
            return -EBADMSG;
        p->map[i >> 3] |= bit;
    }
    p->seen += count;
    return 0;
}

/* The pages that hold a key and its value. */
static int entry_mark(probe *p, const MDB_val *key, const MDB_val *value)
{
    uintptr_t at = (uintptr_t)key->mv_data;
    const uint8_t *page = (const uint8_t *)key->mv_data - (at & (p->page_bytes - 1));
    const uint8_t *data = value->mv_data;
    uint64_t number;

    memcpy(&number, page, sizeof number); /* each page begins with its number */
    if (p->base == NULL)
        p->base = page - number * p->page_bytes;
    if (page < p->base || page != p->base + number * p->page_bytes)
        return -EBADMSG;
    if (number != p->leaf) {
        if (page_mark(p, number, 1) < 0 || !journal_page_right(page, number, JOURNAL_PAGE_LEAF, p->page_bytes))
            return -EBADMSG;
        p->leaf = number;
    }
    if (data < p->base || (uint64_t)(data - p->base) >= p->pages * p->page_bytes ||
        value->mv_size > p->pages * p->page_bytes - (uint64_t)(data - p->base))
        return -EBADMSG;
    if (data >= page && data < page + p->page_bytes) { /* in the leaf itself */
        if (value->mv_size > (size_t)(page + p->page_bytes - data))
            return -EBADMSG;
        return 0;
    }
    if ((size_t)(data - p->base) % p->page_bytes != JOURNAL_PAGE_HEADER)
        return -EBADMSG;
    uint64_t count = (value->mv_size + JOURNAL_PAGE_HEADER + p->page_bytes - 1) / p->page_bytes;
    uint64_t first = (uint64_t)(data - p->base) / p->page_bytes;
    if (p->values && !journal_value_pages_right(data - JOURNAL_PAGE_HEADER, first, value->mv_size, p->page_bytes))
        return -EBADMSG;
    return page_mark(p, first, count);
}

/* A key must be found where the walk saw it: this tries what branch pages say. Between the first
 * and the last of a leaf all keys go the same way. */
static bool number_found(probe *p, MDB_dbi table, uint64_t number, const void *at)
{
    MDB_val key = {sizeof number, &number}, value;

    return mdb_get(p->txn, table, &key, &value) == 0 && value.mv_data == at;
}

/* What a table is said to be decides how LMDB writes to it. */
static bool flags_right(const probe *p, MDB_dbi table, unsigned expected)
{
    unsigned flags;

    return mdb_dbi_flags(p->txn, table, &flags) == 0 && flags == expected;
}

/* Where the walk over a table stands. */
typedef struct table_walk {
    const char *name;
    MDB_dbi table;
    bool numbered;          /* its keys are numbers without holes */
    uint64_t count, number; /* entries so far; the key of the last */
    MDB_val last;           /* its value */
} table_walk;

/* The next entry: its number follows, and it is found by its key where it begins or ends a page. */
static int entry_probe(probe *p, table_walk *w, const MDB_val *key, const MDB_val *value)
{
    uint64_t expected = w->count > 0 ? w->number + 1 : 0, number = 0, leaf = p->leaf;

    if (w->numbered && key->mv_size != sizeof number)
        return damaged(p, "a key has a wrong size", w->name, expected);
    if (w->numbered)
        memcpy(&number, key->mv_data, sizeof number);
    if (w->numbered && w->count > 0 && number != expected)
        return damaged(p, "the numbers have a hole", w->name, expected);
    if (entry_mark(p, key, value) < 0)
        return damaged(p, MISPLACED, w->name, number);
    if (w->numbered && leaf != p->leaf &&
        (!number_found(p, w->table, number, value->mv_data) ||
         (w->count > 0 && !number_found(p, w->table, number - 1, w->last.mv_data))))
        return damaged(p, "a key cannot be found", w->name, number);
    w->last = *value;
    w->number = number;
    w->count++;
    return 0;
}

/* Keys without holes, as many as the table says. */
static int table_probe(probe *p, const char *name, bool numbered)
{
    MDB_cursor *cursor;
    MDB_dbi table;
    MDB_val key, value;
    MDB_stat stat;

    int rc = mdb_dbi_open(p->txn, name, numbered ? MDB_INTEGERKEY : 0, &table);
    if (rc == 0)
        rc = mdb_stat(p->txn, table, &stat);
    if (rc == 0)
        rc = mdb_cursor_open(p->txn, table, &cursor);
    if (rc != 0)
        return failed(p, rc, name);
    if (!flags_right(p, table, numbered ? MDB_INTEGERKEY : 0))
        return damaged(p, "its kind is wrong", name, 0);
    p->leaf = 0;
    uint64_t seen_before = p->seen;
    table_walk w = {.name = name, .table = table, .numbered = numbered};
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        int r = entry_probe(p, &w, &key, &value);
        if (r < 0)
            return r;
    }
    if (rc != MDB_NOTFOUND)
        return failed(p, rc, name);
    uint64_t expected = w.count > 0 ? w.number + 1 : 0;
    if (numbered && w.count > 0 && !number_found(p, table, w.number, w.last.mv_data))
        return damaged(p, "a key cannot be found", name, w.number);
    if (w.count != stat.ms_entries)
        return damaged(p, "entries are missing", name, expected);
    if (p->seen - seen_before != stat.ms_leaf_pages + stat.ms_overflow_pages)
        return damaged(p, "pages are missing", name, expected);
    p->unseen += stat.ms_branch_pages;
    return 0;
}

/* LMDB's list of free pages (table 0): transaction number -> count, page numbers, falling. */
static int free_probe(probe *p)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_stat stat;

    int rc = mdb_cursor_open(p->txn, 0, &cursor);
    if (rc == 0)
        rc = mdb_stat(p->txn, 0, &stat);
    if (rc != 0)
        return failed(p, rc, "free pages");
    p->leaf = 0;
    p->values = true; /* the lists are read here anyway */
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        uint64_t count, page, before = UINT64_MAX;
        if (key.mv_size != sizeof count || entry_mark(p, &key, &value) < 0 ||
            value.mv_size < sizeof count)
            return damaged(p, MISPLACED, "free pages", p->seen);
        const uint8_t *list = value.mv_data;
        memcpy(&count, list, sizeof count);
        if (count > value.mv_size / sizeof page - 1)
            return damaged(p, "a list is cut", "free pages", count);
        for (uint64_t i = 1; i <= count; i++, before = page) {
            memcpy(&page, list + i * sizeof page, sizeof page);
            if (page >= before || page_mark(p, page, 1) < 0)
                return damaged(p, "a page is free and used, or free twice", "free pages", page);
        }
    }
    p->unseen += stat.ms_branch_pages;
    return rc == MDB_NOTFOUND ? 0 : failed(p, rc, "free pages");
}

/* What was not seen by now are the branch pages. */
static int branches_probe(probe *p)
{
    if (p->seen + p->unseen != p->pages)
        return damaged(p, "pages are neither used nor free", "free pages", p->seen + p->unseen);
    for (uint64_t page = 2; page < p->pages; page++)
        if ((p->map[page >> 3] & 1u << (page & 7)) == 0 &&
            !journal_page_right(p->base + page * p->page_bytes, page, JOURNAL_PAGE_BRANCH, p->page_bytes))
            return damaged(p, MISPLACED, "branches", page);
    return 0;
}

/* The names of the tables stand in a table of their own. */
static int main_probe(probe *p)
{
    MDB_cursor *cursor;
    MDB_dbi table;
    MDB_val key, value;
    MDB_stat stat;

    int rc = mdb_dbi_open(p->txn, NULL, 0, &table);
    if (rc == 0)
        rc = mdb_cursor_open(p->txn, table, &cursor);
    if (rc == 0)
        rc = mdb_stat(p->txn, table, &stat);
    if (rc != 0)
        return failed(p, rc, "main");
    if (!flags_right(p, table, 0))
        return damaged(p, "its kind is wrong", "main", 0);
    p->leaf = 0;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        if (entry_mark(p, &key, &value) < 0)
            return damaged(p, MISPLACED, "main", 0);
    p->unseen += stat.ms_branch_pages;
    return rc == MDB_NOTFOUND ? 0 : failed(p, rc, "main");
}

/* LMDB does not show the flags of the list of free pages; both meta pages hold them (layout of
 * data version 1), and with wrong ones the first write would abort. */
static bool free_flags_right(const probe *p, int fd)
{
    uint8_t version[4], flags[2];
    uint32_t version_number;
    uint16_t number;

    for (uint64_t page = 0; page < 2; page++) {
        off_t at = (off_t)(page * p->page_bytes);
        if (pread(fd, version, sizeof version, at + META_VERSION) != sizeof version ||
            pread(fd, flags, sizeof flags, at + META_FREE_FLAGS) != sizeof flags)
            return false;
        memcpy(&version_number, version, sizeof version);
        memcpy(&number, flags, sizeof number);
        if (version_number == 1 && number != MDB_INTEGERKEY)
            return false;
    }
    return true;
}

/* A transaction, and the size of the file as of it: the daemon may be writing beside us, and while
 * it syncs a meta page (milliseconds) the two differ. With damaged meta pages they never agree:
 * then also their difference stays the same, for longer than any sync. */
static int snapshot_take(probe *p, MDB_envinfo *info)
{
    size_t last_seen = 0;
    int unchanged = 0;

    for (int i = 0; i < SNAPSHOT_TRIES; i++) {
        int rc = journal_txn_read(p->env, &p->txn);
        if (rc == MDB_MAP_RESIZED) {
            rc = mdb_env_set_mapsize(p->env, 0);
            if (rc == 0)
                continue;
        }
        if (rc == 0)
            rc = mdb_env_info(p->env, info);
        if (rc != 0 || info->me_last_txnid == mdb_txn_id(p->txn))
            return rc;
        unchanged = info->me_last_txnid == last_seen ? unchanged + 1 : 0;
        last_seen = info->me_last_txnid;
        mdb_txn_abort(p->txn);
        p->txn = NULL;
        if (p->alone || unchanged > SNAPSHOT_UNCHANGED)
            break;
        usleep(SNAPSHOT_PAUSE_US);
    }
    return MDB_CORRUPTED;
}

static int file_probe(probe *p)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat st;
    int fd;

    int rc = snapshot_take(p, &info);
    if (rc == 0)
        rc = mdb_env_stat(p->env, &stat);
    if (rc == 0)
        rc = mdb_env_get_fd(p->env, &fd);
    if (rc != 0 || fstat(fd, &st) < 0)
        return failed(p, rc != 0 ? rc : errno, "main");
    p->page_bytes = stat.ms_psize;
    p->pages = info.me_last_pgno + 1;
    if (p->page_bytes < 512 || p->page_bytes > 65536 || (p->page_bytes & (p->page_bytes - 1)) != 0)
        return damaged(p, "the size of its pages is none", "main", p->page_bytes);
    if (p->pages > (uint64_t)st.st_size / p->page_bytes) {
        snprintf(p->error, JOURNAL_ERROR_BYTES,
                 "journal %.200s: data.mdb is cut: it has %lld bytes and must have %llu: restore a "
                 "copy",
                 p->path, (long long)st.st_size, (unsigned long long)(p->pages * p->page_bytes));
        return -EBADMSG;
    }
    if (!free_flags_right(p, fd))
        return damaged(p, "its kind is wrong", "free pages", 0);
    p->map = calloc(p->pages / 8 + 1, 1);
    p->unseen = 2; /* the meta pages */
    return p->map == NULL ? failed(p, ENOMEM, "main") : 0;
}

static bool is_emptied(const char *path)
{
    char file[4096];
    struct stat st;
    int n = snprintf(file, sizeof file, "%s/data.mdb", path);

    return n > 0 && (size_t)n < sizeof file && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_size == 0;
}

static int probe_open(probe *p)
{
    int rc = mdb_env_create(&p->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(p->env, 5);
    if (rc == 0)
        rc = mdb_env_open(p->env, p->path, MDB_RDONLY | MDB_NOTLS | (p->alone ? MDB_NOLOCK : 0),
                          0600);
    if (rc == 0)
        return 0;
    if (is_emptied(p->path)) { /* LMDB's own word for it is "Bad file descriptor" */
        snprintf(p->error, JOURNAL_ERROR_BYTES, "journal %.200s: data.mdb is empty: restore a copy",
                 p->path);
        return -EBADMSG;
    }
    int r = journal_errno(rc);
    snprintf(p->error, JOURNAL_ERROR_BYTES, "journal %.200s: cannot be opened: %s%s", p->path,
             mdb_strerror(rc),
             rc == ENOENT    ? " (expected the journal of a state folder)"
             : r == -EBADMSG ? ": export what is readable, or restore a copy"
                             : "");
    return r;
}

/* In the child. What it holds goes with the process. */
static int probe_run(const char *path, unsigned how, char *error)
{
    static const char *const numbered[] = {"base", "log", "alerts", "rejects"};
    probe p = {.path = path,
               .alone = (how & JOURNAL_PROBE_ALONE) != 0,
               .values = (how & JOURNAL_PROBE_VALUES) != 0,
               .error = error};

    int r = probe_open(&p);
    if (r < 0)
        return r;
    r = file_probe(&p);
    if (r == 0)
        r = main_probe(&p);
    if (r == 0)
        r = table_probe(&p, "meta", false);
    for (size_t i = 0; r == 0 && i < sizeof numbered / sizeof numbered[0]; i++)
        r = table_probe(&p, numbered[i], true);
    if (r == 0)
        r = free_probe(&p);
    if (r == 0)
        r = branches_probe(&p);
    if (p.txn != NULL)
        mdb_txn_abort(p.txn);
    mdb_env_close(p.env); /* gives the reader's slot back */
    return r;
}

/* What goes round in circles ends, too. */
static void walk_limit(const char *path)
{
    char file[4200];
    struct stat st = {0};

    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    (void)stat(file, &st);
    rlim_t seconds = WALK_SECONDS + (rlim_t)st.st_size / WALK_BYTES_A_SECOND;
    struct rlimit limit = {seconds, seconds};
    (void)setrlimit(RLIMIT_CPU, &limit);
}

typedef struct probe_answer {
    int result;
    char error[JOURNAL_ERROR_BYTES];
} probe_answer;

int journal_probe(const char *path, unsigned how, char *error)
{
    probe_answer answer = {0};
    int pipe_fds[2], status = 0;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return -errno;
    pid_t child = fork();
    if (child == 0) {
        journal_child_prepare();
        walk_limit(path);
        answer.result = probe_run(path, how, answer.error);
        _exit(write(pipe_fds[1], &answer, sizeof answer) == sizeof answer ? 0 : 1);
    }
    int r = child < 0 ? -errno : 0;
    close(pipe_fds[1]);
    size_t got = r == 0 ? journal_read_all(pipe_fds[0], &answer, sizeof answer) : 0;
    close(pipe_fds[0]);
    if (r == 0)
        r = journal_child_end(child, &status);
    if (r < 0) {
        snprintf(error, JOURNAL_ERROR_BYTES, "journal %.200s: it cannot be checked: %s", path,
                 strerror(-r));
        return r;
    }
    if (got == sizeof answer) {
        if (answer.result < 0)
            memcpy(error, answer.error, JOURNAL_ERROR_BYTES);
        return answer.result;
    }
    snprintf(error, JOURNAL_ERROR_BYTES,
             "journal %.200s: the tree is damaged: its walk ended with %s %d: export what is "
             "readable, or restore a copy",
             path, WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return -EBADMSG;
}
