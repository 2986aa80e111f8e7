/*
 * paths.h - the files of ipc sockets.
 *
 * libzmq unlinks whatever lies at an ipc path before it binds, so a second daemon would take an
 * endpoint over in silence. Each ipc path therefore has a lock beside it (PATH.lock), taken
 * before binding and held as long as the endpoint is open; the lock's file stays. A path at which
 * somebody listens, systemd for instance, is refused too.
 *
 * Each failure is a negative errno with `error`, of SOCKET_ERROR_BYTES, saying which path and why.
 */
#ifndef DAEMON_PATHS_H
#define DAEMON_PATHS_H

#include "config/config.h"

/* Takes the lock beside a path, whose descriptor is returned. -EADDRINUSE: another thawd has it. */
int path_lock(const char *endpoint, const char *path, char *error);

/* What lies at a path will be removed by libzmq: only a socket that nobody listens at may be. */
int path_check(const char *endpoint, const char *path, char *error);

/* Whether what lies at the paths to bind, if anything, are sockets; nothing is opened. */
int paths_check(const config *c, char *error);

#endif
