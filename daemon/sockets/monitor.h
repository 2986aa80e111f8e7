/*
 * monitor.h - the news of a socket's connections, which libzmq tells on a socket of its own.
 *
 * Where news of them found no room, libzmq's thread would wait and everything with it: the room is unbounded, so
 * whoever opens one reads it in each pass.
 */
#ifndef DAEMON_MONITOR_H
#define DAEMON_MONITOR_H

#include <stdint.h>

#include "sockets/frames.h"

/* Opens it under a name of its own for the wanted events of libzmq. *ret_monitor is a PAIR that monitor_close closes.
 * Negative errno. */
int monitor_open(void *zmq, void *socket, const char *name, int wanted, void **ret_monitor);
/* Ends the telling, too; NULL is fine. */
void monitor_close(void *monitor, void *socket);

/* What happened (ZMQ_EVENT_...), and its number: a descriptor or an errno. 0: that is none. */
uint16_t monitor_event(const frames *news, int32_t *ret_value);

#endif
