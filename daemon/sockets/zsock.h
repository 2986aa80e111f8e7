/*
 * zsock.h - a libzmq socket in an sd-event loop.
 *
 * The trap: ZMQ_FD is edge-triggered, and the edge is swallowed by any send, receive or look at
 * ZMQ_EVENTS. A loop that only waits for the descriptor sleeps on waiting messages.
 *
 * The way out: the descriptor is watched only so that the loop wakes. What decides is ZMQ_EVENTS,
 * read in the prepare hook, which sd-event calls before each sleep and so also after each wake-up.
 * Where there is something to read, on_ready is called; it does no work itself but schedules the
 * pass. A pass that stops at its budget needs no memory of it: the next prepare asks again.
 *
 * Reading ZMQ_EVENTS before each sleep also keeps a bound SUB socket accepting its publishers
 * and lets an idle XPUB socket forget those who left.
 */
#ifndef DAEMON_ZSOCK_H
#define DAEMON_ZSOCK_H

#include <stdbool.h>
#include <systemd/sd-event.h>

typedef struct zsock zsock;
typedef void (*zsock_ready_fn)(void *context);

/* The socket stays the caller's and must outlive the attachment. -ENOMEM and what sd-event says. */
int zsock_attach(sd_event *event, void *socket, zsock_ready_fn on_ready, void *context,
                 zsock **ret_zsock);
zsock *zsock_detach(zsock *z);

/* A paused socket is looked at but never reported ready: its peers wait. */
void zsock_pause(zsock *z, bool paused);

#endif
