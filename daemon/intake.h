/*
 * intake.h - reports on their way into the engine and the journal.
 *
 * Reading fills the batch; intake_commit hands it to the engine, the journal what was accepted,
 * and the answers to the outbox, where they wait for the disk.
 */
#ifndef DAEMON_INTAKE_H
#define DAEMON_INTAKE_H

#include "daemon.h"

/* Reads messages from events into the batch until there are no more or the batch is full. */
int intake_read(thawd *d);

/* Takes a publish request into the batch: its envelope and its body, both taken over. */
int intake_publish(thawd *d, envelope *from, zmq_msg_t *body);

/* Applies the batch and hands it to the journal; an empty one is nothing. The ticket of what was
 * handed over is in d->ticket. */
int intake_commit(thawd *d);

#endif
