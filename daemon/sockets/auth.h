/*
 * auth.h - CURVE keys, and ZAP (ZeroMQ RFC 27): who may connect over tcp, and in which role over
 * ipc.
 *
 * The keys are those of key_files.h; those of clients are read anew whenever the rules are.
 *
 * libzmq asks about each new connection on inproc://zeromq.zap.01; every question is answered,
 * by the loop thread. Who connects to an address with a role (endpoint.h) gets it as the user id of
 * its messages (auth_role); who connects with a key, that key. libzmq has no way to end a connection
 * once it stands: what comes over that of a key that was revoked is refused message by message.
 */
#ifndef DAEMON_AUTH_H
#define DAEMON_AUTH_H

#include "config/config.h"
#include "counters.h"
#include "log.h"
#include "sockets/endpoint.h"
#include "sockets/frames.h"
#include "sockets/key_files.h"

typedef struct auth auth;

/* Reads the keys; the ZAP socket is bound, which must happen before any other socket is. */
int auth_new(void *zmq, const config *c, log *l, counters *counts, auth **ret_auth,
             char error[SOCKET_ERROR_BYTES]);
auth *auth_free(auth *a);

/* Reads the clients' keys again; an error, or dry, leaves the old ones. */
int auth_reload(auth *a, const config *c, bool dry, char error[SOCKET_ERROR_BYTES]);

void *auth_socket(const auth *a);
const endpoint_keys *auth_keys(const auth *a);
/* Answers what libzmq asks. */
void auth_serve(auth *a);

/* The role in which a message came, that of any of its frames. */
endpoint_role auth_role(frames *f);

/* Whether a message came from a client whose key has been taken out of curve.clients since; and to tell of it. */
bool auth_is_revoked(const auth *a, frames *f);
void auth_log_revoked(const auth *a, frames *f, const char *endpoint);

/* For --check: whether the keys can be read. */
int auth_check(const config *c, char error[SOCKET_ERROR_BYTES]);

#endif
