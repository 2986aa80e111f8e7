/*
 * endpoint.h - one of thawd's sockets with all the addresses it is bound or connected to.
 *
 * Listening sockets that systemd passed with the endpoint's name (passed.h) are taken over
 * first; configured addresses that are not among them are bound beside them. The file of an ipc
 * address (paths.h) is taken away at the end unless it is systemd's.
 *
 * An ipc address of service may stand for a part of the verbs: the mode of its file says who may do
 * that part. libzmq tells the address apart by its ZAP domain; auth.h answers with the role.
 */
#ifndef DAEMON_ENDPOINT_H
#define DAEMON_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "sockets/passed.h"
#include "sockets/socket_fail.h"

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

/* Makes the socket (ZMQ_SUB, ZMQ_ROUTER or ZMQ_XPUB) and binds each address. `c` bounds message
 * size, queues and linger. Negative errno with *error saying which address and why. */
int endpoint_open(endpoint *ret_endpoint, const char *name, void *zmq, int type,
                  const config_endpoint *addresses, const config *c, const endpoint_keys *keys,
                  const passed_sockets *passed, char error[SOCKET_ERROR_BYTES]);

/* Connects to an address of `connect`, which upstream.c watches: with keys, but for one on this machine. */
int endpoint_connect(endpoint *e, const char *address, const endpoint_keys *keys,
                     char error[SOCKET_ERROR_BYTES]);

/* Closes the socket and gives up the locks; an endpoint of zeros is fine. */
void endpoint_close(endpoint *e);

#endif
