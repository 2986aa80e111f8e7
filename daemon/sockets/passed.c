/* passed.c - see passed.h. */
#include "sockets/passed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "sockets/socket_fail.h"

static bool is_passed_name(const char *name)
{
    static const char *const known[] = {"events", "service", "service-publish", "service-read",
                                        "alerts"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

int passed_take(passed_sockets *ret_passed, char *error)
{
    passed_sockets p = {0, NULL};
    int r = sd_listen_fds_with_names(1, &p.names);

    if (r < 0)
        return socket_fail(error, r,
                           "cannot take over what systemd passed (LISTEN_FDS, LISTEN_FDNAMES): %s",
                           strerror(-r));
    p.count = r;
    for (int i = 0; i < p.count; i++)
        if (!is_passed_name(p.names[i])) { /* whoever connects there would wait for ever */
            r = socket_fail(
                error, -EINVAL,
                "systemd passed a socket named \"%s\", expected FileDescriptorName= events, "
                "service, service-publish, service-read or alerts in its unit",
                p.names[i]);
            passed_done(&p);
            return r;
        }
    *ret_passed = p;
    return 0;
}

void passed_done(passed_sockets *passed)
{
    for (int i = 0; i < passed->count && passed->names != NULL; i++)
        free(passed->names[i]);
    free(passed->names);
    *passed = (passed_sockets){0, NULL};
}

/* An abstract name, which begins with a NUL and ends with its length; a NUL in it no address can say. */
static bool is_abstract(const struct sockaddr_un *name, socklen_t len)
{
    size_t bytes = len - offsetof(struct sockaddr_un, sun_path);

    return len > offsetof(struct sockaddr_un, sun_path) + 1 && name->sun_path[0] == '\0' &&
           memchr(name->sun_path + 1, '\0', bytes - 1) == NULL;
}

int passed_address(int fd, char *address, size_t size)
{
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } name;
    socklen_t len = sizeof(name);
    char host[INET6_ADDRSTRLEN];

    memset(&name, 0, sizeof(name));
    if (getsockname(fd, &name.any, &len) < 0)
        return -errno;
    if (name.any.sa_family == AF_UNIX && name.un.sun_path[0] == '/')
        snprintf(address, size, "ipc://%.*s", (int)sizeof(name.un.sun_path), name.un.sun_path);
    else if (name.any.sa_family == AF_UNIX && is_abstract(&name.un, len))
        snprintf(address, size, "ipc://@%.*s",
                 (int)(len - offsetof(struct sockaddr_un, sun_path) - 1), name.un.sun_path + 1);
    else if (name.any.sa_family == AF_INET &&
             inet_ntop(AF_INET, &name.in.sin_addr, host, sizeof(host)) != NULL)
        snprintf(address, size, "tcp://%s:%u", host, ntohs(name.in.sin_port));
    else if (name.any.sa_family == AF_INET6 &&
             inet_ntop(AF_INET6, &name.in6.sin6_addr, host, sizeof(host)) != NULL)
        snprintf(address, size, "tcp://[%s]:%u", host, ntohs(name.in6.sin6_port));
    else
        return -EAFNOSUPPORT;
    return 0;
}
