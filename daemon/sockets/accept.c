/* accept.c - see accept.h. */
#include "sockets/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BREATH_MS 1

static atomic_int spare = -1;
static _Atomic uint64_t turned_away;

static int accept_really(int listening, struct sockaddr *address, socklen_t *len, int flags)
{
    return (int)syscall(SYS_accept4, listening, address, len, flags);
}

void accept_prepare(void)
{
    int none = -1, fd;

    if (atomic_load(&spare) >= 0)
        return;
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!atomic_compare_exchange_strong(&spare, &none, fd) && fd >= 0)
        close(fd); /* another thread was first */
}

uint64_t accept_turned_away(void)
{
    return atomic_load(&turned_away);
}

/* Left in the queue, the connection wakes the listener again at once: another thread may have taken the spare
 * descriptor, and what is taken here while that holds it is only time. */
static void turn_away(int listening, int flags)
{
    int fd = atomic_exchange(&spare, -1);

    if (fd >= 0)
        close(fd);
    fd = accept_really(listening, NULL, NULL, flags);
    if (fd >= 0) {
        close(fd);
        atomic_fetch_add(&turned_away, 1);
    } else {
        (void)poll(NULL, 0, BREATH_MS);
    }
    accept_prepare();
}

/* glibc's, for everything in this process. */
int accept4(int listening, struct sockaddr *address, socklen_t *len, int flags)
{
    accept_prepare(); /* before a client takes what became free */
    int fd = accept_really(listening, address, len, flags);

    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        turn_away(listening, flags);
        errno = ECONNABORTED;
    }
    return fd;
}
