/* paths.c - see paths.h. */
#include "sockets/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sockets/socket_fail.h"

int path_lock(const char *endpoint, const char *path, char *error)
{
    char lock[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 8];
    int fd;

    snprintf(lock, sizeof(lock), "%s.lock", path);
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return socket_fail(
            error, -errno,
            "%s: cannot make the lock %s: %s; the folder must exist and be writable for "
            "thawd",
            endpoint, lock, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int r = -errno;
        close(fd);
        return socket_fail(
            error, r == -EWOULDBLOCK ? -EADDRINUSE : r,
            "%s: ipc://%s is in use: another thawd holds %s; stop it, or give this one "
            "other addresses",
            endpoint, path, lock);
    }
    return fd;
}

/* 1: a socket lies there, 0: nothing does. */
static int check_kind(const char *endpoint, const char *path, char *error)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return 0;
    return S_ISSOCK(st.st_mode)
               ? 1
               : socket_fail(error, -EEXIST,
                             "%s: %s is there and is no socket; remove it or choose "
                             "another address",
                             endpoint, path);
}

int paths_check(const config *c, char *error)
{
    const struct {
        const char *name;
        const config_list *list;
    } all[] = {{"alerts", &c->alerts.bind},
               {"service", &c->service.bind},
               {"service", &c->service.publish},
               {"service", &c->service.read},
               {"events", &c->events.bind}};
    int r = 0;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (size_t j = 0; j < all[i].list->count && r >= 0; j++)
            if (strncmp(all[i].list->items[j].text, "ipc:///", 7) == 0)
                r = check_kind(all[i].name, all[i].list->items[j].text + 6, error);
    return r < 0 ? r : 0;
}

int path_check(const char *endpoint, const char *path, char *error)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int r = check_kind(endpoint, path, error);
    bool taken;
    int fd;

    if (r <= 0)
        return r;
    if (strlen(path) >= sizeof(name.sun_path))
        return 0; /* libzmq refuses it */
    memcpy(name.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    taken = connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0 || errno == EAGAIN;
    close(fd);
    return !taken
               ? 0
               : socket_fail(error, -EADDRINUSE,
                             "%s: ipc://%s is in use by another program, or held open by systemd "
                             "(thawd.socket); stop that, or choose another address",
                             endpoint, path);
}
