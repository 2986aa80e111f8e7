/*
 * settle.h - what a configuration means once it has been read: folders that systemd has set, paths
 * from its own folder, keys in place of files; how much memory the engine may have where nothing is
 * said of it; and whether nobody can connect from elsewhere without a key.
 */
#ifndef DAEMON_CONFIG_SETTLE_H
#define DAEMON_CONFIG_SETTLE_H

#include "config/config.h"

/* What one reading of a file needs to know. */
typedef struct config_reading {
    const char *file;
    config *into;
    char *error; /* of CONFIG_ERROR_BYTES */
} config_reading;

/* Writes the error: where, what was found and what was expected. -EINVAL. */
int config_fail(const config_reading *r, int line, int column, const char *found, size_t found_len,
                const char *expected);

/* 0; -EINVAL with the error written; -ENOMEM. */
int config_settle(const config_reading *r);

#endif
