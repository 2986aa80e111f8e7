/*
 * upstream.h - the publishers that `events` connects to: which of them are there, and who refuses thawd's key.
 *
 * What such a publisher sends while thawd is not connected is lost, and nobody else can tell: the journal has to.
 * libzmq connects again to a publisher that went, but never to one that refused the key; upstream does, so that a
 * key may be admitted later.
 */
#ifndef DAEMON_UPSTREAM_H
#define DAEMON_UPSTREAM_H

#include <stdint.h>

#include "log.h"
#include "sockets/endpoint.h"

typedef struct upstream upstream;

/* Connects to those that `addresses` names. Where there are none *ret_upstream is NULL, with which everything below may
 * be called. All that is handed in must outlive it. Negative errno with *error saying which address and why. */
int upstream_new(void *zmq, endpoint *events, const config_list *addresses,
                 const endpoint_keys *keys, log *l, upstream **ret_upstream,
                 char error[SOCKET_ERROR_BYTES]);
upstream *upstream_free(upstream *u);

/* Readable when there are news; NULL for NULL. */
void *upstream_socket(const upstream *u);
/* Takes them in, and connects again where that is due; called in each pass. */
void upstream_take(upstream *u, int64_t now_ns);

/* How many there are, and to how many it is connected. */
uint64_t upstream_count(const upstream *u);
uint64_t upstream_connected(const upstream *u);

#endif
