/*
 * schedule.h - asking for a pass (pass.h). Callbacks do nothing else.
 */
#ifndef DAEMON_SCHEDULE_H
#define DAEMON_SCHEDULE_H

#include "daemon.h"

/* Asks for a pass before the loop sleeps again; `d` is the daemon. */
void pass_schedule(void *d);

/* To sd-event a deferred source, as which a pass is asked for, is older than all others, for ever:
 * where each pass asks for the next one, nothing of the same priority has its turn. What must have
 * it, besides asking for a pass, comes first. 0 or as sd_event_source_set_priority(). */
int schedule_before_passes(sd_event_source *source);

#endif
