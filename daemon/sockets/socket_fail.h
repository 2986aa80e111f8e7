/*
 * socket_fail.h - what is wrong with a socket or its keys, in words.
 */
#ifndef DAEMON_SOCKET_FAIL_H
#define DAEMON_SOCKET_FAIL_H

#define SOCKET_ERROR_BYTES 512

/* Writes it into `error`, of SOCKET_ERROR_BYTES, and returns the code. */
int socket_fail(char *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
