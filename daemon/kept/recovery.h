/*
 * recovery.h - from the journal back to where thawd was: the same batches with the same rules
 * give the same facts, alerts, ids, revisions and numbers.
 */
#ifndef DAEMON_RECOVERY_H
#define DAEMON_RECOVERY_H

#include "daemon.h"

/* Replays the journal into a fresh engine, then puts the rules of today in force. Alerts that had
 * been published are not published again. Logs its errors. -ECANCELED: told to end meanwhile. */
int recovery_run(thawd *d);

#endif
