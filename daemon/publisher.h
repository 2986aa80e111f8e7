/*
 * publisher.h - alerts and beats on their way to the subscribers.
 *
 * An alert change goes into the open batch of the journal and into the outbox at once; it leaves
 * when the batch is durable, and stands in the log from then on. The beat carries the number of the
 * last alert that left.
 */
#ifndef DAEMON_PUBLISHER_H
#define DAEMON_PUBLISHER_H

#include "daemon.h"

/* The engine's callback; context is the daemon. A failure is kept in d->failure. */
void publisher_alert(void *context, const thaw_alert *alert);

/* An alert leaves, and is told of in the log. context is the daemon. */
void publisher_leaves(void *context, const frames *message);

/* Sends a beat now. A full queue is no failure: the next beat says the same. */
void publisher_beat(thawd *d);

/* Reads subscriptions, which also frees what libzmq keeps of those who left. */
void publisher_drain(thawd *d);

#endif
