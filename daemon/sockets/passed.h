/*
 * passed.h - the listening sockets that systemd passed (thawd.socket).
 */
#ifndef DAEMON_PASSED_H
#define DAEMON_PASSED_H

#include <stddef.h>

/* Names as in thawd.socket: an endpoint's, or that and a role ("service-read"). */
typedef struct passed_sockets {
    int count;
    char **names;
} passed_sockets;

/* Takes note of what systemd passed, if anything. -EINVAL with `error`, of SOCKET_ERROR_BYTES, where
 * one has the name of no endpoint: whoever connects there would wait for ever. */
int passed_take(passed_sockets *ret_passed, char *error);
void passed_done(passed_sockets *passed);

/* The address of one, in libzmq's words. -EAFNOSUPPORT: neither ipc nor tcp. */
int passed_address(int fd, char *address, size_t size);

#endif
