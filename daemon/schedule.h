/*
 * schedule.h - asking for a pass (pass.h). Callbacks do nothing else.
 */
#ifndef DAEMON_SCHEDULE_H
#define DAEMON_SCHEDULE_H

#include "daemon.h"

/* Asks for a pass before the loop sleeps again; `d` is the daemon. */
void pass_schedule(void *d);

#endif
