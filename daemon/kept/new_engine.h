/*
 * new_engine.h - an engine as the configuration has it, empty, whose alerts the publisher takes. It takes in what was
 * accepted once, whatever the bounds of today, until the intake asks for them.
 */
#ifndef DAEMON_NEW_ENGINE_H
#define DAEMON_NEW_ENGINE_H

#include "daemon.h"

/* -ENOMEM. It is the caller's, who frees it with engine_free. */
int new_engine(thawd *d, engine **ret_engine);

#endif
