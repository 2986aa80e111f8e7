/*
 * failure.h - what ends thawd is told, once.
 */
#ifndef DAEMON_FAILURE_H
#define DAEMON_FAILURE_H

#include "daemon.h"

/* Notes that r < 0 ends thawd, says why, and returns why. The journal fails in its own thread, at any moment: whatever
 * met it first is only what followed. Another r than that of an earlier call changes nothing. */
int failure_note(thawd *d, int r);

#endif
