/*
 * reload.h - exchanging the rules, at the start, on SIGHUP and by the verb.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon.h"
#include "ruleset.h"

/* Whether it is the set that runs, text for text. */
bool reload_in_force(const thawd *d, const ruleset *set);

/* Hands a set to the engine and the journal, with the alert changes that this causes; takes the
 * set over. The caller submits the batch. -ENOMEM: the old set runs on. */
int reload_apply(thawd *d, ruleset *set, rules_change_fn on_change, void *context);

/* SIGHUP: reads rules and keys of clients, checks, exchanges; an error is logged and leaves the old
 * set running. A negative errno ends the process. */
int reload_now(thawd *d);

#endif
