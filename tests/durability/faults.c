/*
 * faults.c - preloaded into thawd: lets the n-th call of a kind fail, or all from the n-th on.
 *
 *   THAW_FAULT=KIND:N:ERRNO[+]   "sync:3:5" fails the third sync with EIO, "write:7:28+" the seventh
 *                                write and all after it with ENOSPC; N = 0 only counts
 *   THAW_FAULT_COUNT=FILE        shared by thawd and its children: 8 bytes, calls of that kind so far, and, where N is 0,
 *                                8 behind them: which call fails; 0: none
 *
 *   THAW_CLOCK=SECONDS           the machine's clock shows so much more, or less, than it does
 *   THAW_CLOCK=FILE              two numbers of 8 bytes, read each time: so many seconds more, and of the monotonic clock
 *
 * Kinds: write (to regular files; errno 0: half of it is written), sync, rename, create (files and
 * folders), alloc, loop (alloc by the first thread), map (mmap, ftruncate), fork, thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

typedef enum kind { WRITE, SYNC, RENAME, CREATE, ALLOC, LOOP, MAP, FORK, THREAD, KINDS } kind;
static const char *const NAMES[KINDS] = {"write", "sync", "rename", "create", "alloc",
                                         "loop",  "map",  "fork",   "thread"};

static struct {
    kind kind;
    unsigned long at;
    int error;
    bool onwards;
    atomic_ulong *count; /* and which one fails, where `at` does not say; NULL: nothing fails */
} plan;

__attribute__((constructor)) static void plan_read(void)
{
    const char *text = getenv("THAW_FAULT"), *path = getenv("THAW_FAULT_COUNT");
    char name[16];
    int fd, end = 0;
    void *page;

    if (text == NULL || path == NULL || strcmp(program_invocation_short_name, "thawd") != 0 ||
        sscanf(text, "%15[a-z]:%lu:%d%n", name, &plan.at, &plan.error, &end) != 3)
        return;
    plan.onwards = text[end] == '+';
    while (plan.kind < KINDS && strcmp(NAMES[plan.kind], name) != 0)
        plan.kind++;
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    page = (void *)syscall(SYS_mmap, NULL, 2 * sizeof(*plan.count), PROT_READ | PROT_WRITE,
                           MAP_SHARED, fd, 0);
    if (fd < 0 || page == MAP_FAILED || plan.kind == KINDS)
        abort();
    close(fd);
    plan.count = page;
}

/* Whether this call fails. */
static bool fails(kind k)
{
    unsigned long n;

    if (plan.count == NULL || k != plan.kind)
        return false;
    n = atomic_fetch_add(plan.count, 1) + 1;
    if (plan.at == 0)
        return n == atomic_load(plan.count + 1);
    return n == plan.at || (plan.onwards && n > plan.at);
}

#define NEXT(type, name) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

/* ---- time -------------------------------------------------------------------------------- */

static long clock_fixed_s[2];
static const volatile long *clock_ahead_s = clock_fixed_s; /* real time, monotonic */

__attribute__((constructor)) static void clock_read(void)
{
    const char *text = getenv("THAW_CLOCK");

    if (text == NULL || *text != '/') {
        clock_fixed_s[0] = text == NULL ? 0 : atol(text);
        return;
    }
    int fd = (int)syscall(SYS_openat, AT_FDCWD, text, O_RDONLY | O_CLOEXEC);
    void *page = (void *)syscall(SYS_mmap, NULL, sizeof(clock_fixed_s), PROT_READ, MAP_SHARED, fd, 0);

    if (fd < 0 || page == MAP_FAILED)
        abort();
    close(fd);
    clock_ahead_s = page;
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
    int r = (int)syscall(SYS_clock_gettime, id, ret);

    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_MONOTONIC))
        ret->tv_sec += clock_ahead_s[id == CLOCK_MONOTONIC];
    return r;
}

/* ---- files ------------------------------------------------------------------------------- */

static bool write_fails(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fails(WRITE);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (write_fails(fd)) {
        if (plan.error == 0)
            return syscall(SYS_write, fd, bytes, len / 2);
        errno = plan.error;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    if (write_fails(fd)) {
        if (plan.error == 0)
            return syscall(SYS_pwrite64, fd, bytes, len / 2, at);
        errno = plan.error;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) __attribute__((alias("pwrite")));

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (write_fails(fd)) {
        if (plan.error == 0)
            return syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2);
        errno = plan.error;
        return -1;
    }
    return syscall(SYS_writev, fd, parts, count);
}

static int failed(void)
{
    errno = plan.error;
    return -1;
}

int fsync(int fd)
{
    return fails(SYNC) ? failed() : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fails(SYNC) ? failed() : (int)syscall(SYS_fdatasync, fd);
}

int msync(void *at, size_t len, int flags)
{
    return fails(SYNC) ? failed() : (int)syscall(SYS_msync, at, len, flags);
}

int rename(const char *from, const char *to)
{
    return fails(RENAME) ? failed() : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return fails(RENAME) ? failed() : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int open(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return flags & O_CREAT && fails(CREATE) ? failed() : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int openat(int folder, const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return flags & O_CREAT && fails(CREATE) ? failed() : (int)syscall(SYS_openat, folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));

int mkdir(const char *path, mode_t mode)
{
    return fails(CREATE) ? failed() : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* ---- memory ------------------------------------------------------------------------------ */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

static bool alloc_fails(void)
{
    if (plan.kind == LOOP && syscall(SYS_gettid) == getpid())
        return fails(LOOP);
    return fails(ALLOC);
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t bytes)
{
    return alloc_fails() ? no_memory() : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return alloc_fails() ? no_memory() : __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
    return bytes > 0 && alloc_fails() ? no_memory() : __libc_realloc(old, bytes);
}

void *reallocarray(void *old, size_t count, size_t bytes)
{
    size_t all;

    if (__builtin_mul_overflow(count, bytes, &all))
        return no_memory();
    return realloc(old, all);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    if (fails(MAP)) {
        errno = plan.error;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset) __attribute__((alias("mmap")));

int ftruncate(int fd, off_t len)
{
    return fails(MAP) ? failed() : (int)syscall(SYS_ftruncate, fd, len);
}

int ftruncate64(int fd, off_t len) __attribute__((alias("ftruncate")));

/* ---- processes --------------------------------------------------------------------------- */

pid_t fork(void)
{
    return fails(FORK) ? failed() : NEXT(pid_t(*)(void), "fork")();
}

typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context)
{
    return fails(THREAD) ? plan.error : NEXT(create_fn, "pthread_create")(thread, attributes, run, context);
}
