/*
 * pass.h - one round of the loop, and what makes it run.
 *
 * Nothing works in callbacks: sockets, journal and timers only ask for a pass (schedule.h), and
 * one pass does everything in one order, with a bounded amount of work, from one reading of the
 * clock. What it leaves behind asks for the next.
 */
#ifndef DAEMON_PASS_H
#define DAEMON_PASS_H

#include "daemon.h"

/* Adds the sources to d->event: sockets, journal, timers, signals. */
int pass_attach(thawd *d);
void pass_detach(thawd *d);

#endif
