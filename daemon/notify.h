/*
 * notify.h - what systemd is told, and when its watchdog is fed.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "daemon.h"

/* Phases. STATUS names no person. Without a service manager these do nothing. */
void notify_phase(const char *format, ...) __attribute__((format(printf, 1, 2)));
void notify_ready(thawd *d);
void notify_reloading(void);
void notify_stopping(void);
/* Recovery or saving goes on: more time, please. */
void notify_patience(void);
/* The same, as often as one likes: said once a second. For engine_sink. */
void notify_breath(void *d);

/* The living line: reports, alerts, last problem. Also feeds the watchdog, but only if the loop
 * and the disk made progress since the last time. Called by the beat. */
void notify_living(thawd *d);

#endif
