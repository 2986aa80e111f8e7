/* child.c - a child process that may crash on a damaged file in its parent's place. */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void journal_child_prepare(void)
{
    static const int SIGNALS[] = {SIGSEGV, SIGBUS,  SIGABRT, SIGILL,
                                  SIGFPE,  SIGPIPE, SIGTERM, SIGINT};
    struct rlimit none = {0, 0};

    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++)
        (void)signal(SIGNALS[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &none); /* its death is a finding, not a fault of the program */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* LMDB prints its assertions and sanitizers their reports: the parent says it better. */
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0)
        (void)dup2(null, STDERR_FILENO);
}

int journal_child_end(pid_t child, int *ret_status)
{
    while (waitpid(child, ret_status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

size_t journal_read_all(int fd, void *buffer, size_t size)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = read(fd, (uint8_t *)buffer + got, size - got);
        if (n > 0)
            got += (size_t)n;
        else if (n == 0 || errno != EINTR)
            break;
    }
    return got;
}
