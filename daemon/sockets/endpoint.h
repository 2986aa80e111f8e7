/*
 * endpoint.h - one of thawd's sockets with all the addresses it is bound or connected to.
 *
 * libzmq unlinks whatever lies at an ipc path before it binds, so a second daemon would take an
 * endpoint over in silence. Each ipc path therefore has a lock beside it (PATH.lock), taken
 * before binding and held as long as the endpoint is open; the lock's file stays, the socket's is
 * taken away at the end unless it is systemd's. A path at which somebody listens, systemd for
 * instance, is refused too.
 *
 * Listening sockets that systemd passed with the endpoint's name (thawd.socket) are taken over
 * first; configured addresses that are not among them are bound beside them.
 *
 * An ipc address of service may stand for a part of the verbs: the mode of its file says who may do
 * that part. libzmq tells the address apart by its ZAP domain; auth.h answers with the role.
 */
#ifndef DAEMON_ENDPOINT_H
#define DAEMON_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

#define ENDPOINT_ERROR_BYTES 512
#define ENDPOINT_ADDRESSES_MAX CONFIG_ADDRESSES_MAX

/* What a client may do that connects to an address; the ZAP domain of one with a role is
 * ENDPOINT_DOMAIN and the role's name. */
#define ENDPOINT_DOMAIN "thaw.role."
typedef enum endpoint_role { ROLE_ALL, ROLE_PUBLISH, ROLE_READ, ROLE_COUNT } endpoint_role;
extern const char *const endpoint_roles[ROLE_COUNT]; /* "", "publish", "read" */

typedef struct endpoint_keys { /* CURVE, for tcp addresses; NULL: none */
    const char *secret;        /* 40 characters of Z85 */
    const char *public;
    const char *upstream; /* public key of the publishers that events connects to */
} endpoint_keys;

typedef struct endpoint {
    const char *name; /* static */
    void *socket;
    char *addresses[ENDPOINT_ADDRESSES_MAX]; /* as bound, a wildcard port resolved */
    endpoint_role roles[ENDPOINT_ADDRESSES_MAX];
    int locks[ENDPOINT_ADDRESSES_MAX];
    size_t count, lock_count;
    size_t passed_count; /* addresses from systemd, which come first */
    bool has_domain;     /* of ZAP: once set, libzmq lets it be changed but not taken away */
} endpoint;

/* What systemd passed; names as in thawd.socket: the endpoint's, or that and a role
 * ("service-read"). */
typedef struct endpoint_passed {
    int count;
    char **names;
} endpoint_passed;

/* Takes note of the sockets that systemd passed, if any. -EINVAL with *error where one has the name of
 * no endpoint: whoever connects there would wait for ever. */
int endpoint_passed_take(endpoint_passed *ret_passed, char error[ENDPOINT_ERROR_BYTES]);
void endpoint_passed_done(endpoint_passed *passed);

/* Makes the socket (ZMQ_SUB, ZMQ_ROUTER or ZMQ_XPUB) and binds each address. `c` bounds message
 * size, queues and linger. Negative errno with *error saying which address and why. */
int endpoint_open(endpoint *ret_endpoint, const char *name, void *zmq, int type,
                  const config_endpoint *addresses, const config *c, const endpoint_keys *keys,
                  const endpoint_passed *passed, char error[ENDPOINT_ERROR_BYTES]);

/* Whether what lies at the ipc paths to bind, if anything, are sockets; nothing is opened. */
int endpoint_paths_check(const config *c, char error[ENDPOINT_ERROR_BYTES]);

/* Connects to an address of `connect`, which upstream.c watches: with keys, but for one on this machine. */
int endpoint_connect(endpoint *e, const char *address, const endpoint_keys *keys,
                     char error[ENDPOINT_ERROR_BYTES]);

/* Closes the socket and gives up the locks; an endpoint of zeros is fine. */
void endpoint_close(endpoint *e);

#endif
