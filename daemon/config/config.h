/*
 * config.h - what an operator may set, read from YAML.
 *
 * Each key is a line of one table in config.c: name, parser, destination. Any key may be left
 * out and then has its default, which config_default() there sets; state and the endpoints lie in
 * $STATE_DIRECTORY and $RUNTIME_DIRECTORY where systemd has set these. An error names file, line
 * and column, what was found and what was expected, and leaves nothing behind.
 *
 * Ownership: a config owns its strings.
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "thaw.h"

#define CONFIG_FILE_DEFAULT "/etc/thaw/thawd.yaml"
#define CONFIG_ERROR_BYTES 512
#define CONFIG_FILE_BYTES_MAX (1024 * 1024) /* a larger configuration is a mistake */
#define CONFIG_ITEMS_MAX 256                /* addresses, topics, files in one list */
#define CONFIG_ADDRESSES_MAX 32             /* at which one endpoint is bound */
#define CONFIG_STATE_BYTES_MAX 3000         /* the names of files in it are added */
#define CONFIG_MEMORY_BYTES_MIN (1024 * 1024)

/* One text of a list, with the place it stands at (0: a default). */
typedef struct config_item {
    char *text;
    int line, column;
} config_item;

typedef struct config_list {
    config_item *items;
    size_t count;
} config_list;

typedef struct config_endpoint {
    config_list bind, connect, topics; /* connect and topics: events only */
    config_list publish, read;         /* service only: ipc addresses for a part of the verbs */
    uint64_t hwm_count;                /* messages that may wait for each peer */
    uint32_t mode;                     /* of ipc sockets */
} config_endpoint;

typedef struct config {
    char *file; /* where it was read from */
    char *state;
    config_list rules; /* files and folders of *.yaml */
    engine_clock clock;
    config_endpoint events, service, alerts;
    int64_t beat_ns;
    int64_t linger_ns; /* how long stopping may wait for slow peers */
    int64_t tolerance_release_ns, tolerance_detention_ns, tolerance_talks_ns, tolerance_sanction_ns;
    thaw_limits limits;
    uint64_t reply_bytes;                        /* of one answer */
    uint64_t request_bytes;                      /* of one question; publish has limits.message */
    uint64_t memory_reports_count, memory_bytes; /* what the engine may hold (settle.h) */
    uint64_t outbox_bytes;                       /* replies and alerts that wait for the disk */
    uint64_t queue_bytes;                        /* batches that wait for the disk */
    uint64_t map_bytes;                          /* first size of the journal's map */
    int64_t image_ns; /* so long may a start take to take in again what the image does not know */
    int64_t retain_age_ns, retain_ids_ns;
    uint64_t retain_bytes;
    char *curve_server;        /* file of the daemon's secret key */
    config_list curve_clients; /* folders, files or keys of those that may connect */
    char *curve_upstream;      /* file or key of the publishers that events connects to */
} config;

/* Defaults with what the file says over them. -EINVAL with *error; -ENOMEM. */
int config_load(const char *file, config *ret_config, char error[CONFIG_ERROR_BYTES]);

/* The same from text; `file` is only the name in errors. */
int config_parse(const char *file, const char *text, size_t len, config *ret_config,
                 char error[CONFIG_ERROR_BYTES]);

/* Whether a text in place of a file is a key itself: 40 characters of Z85, and no file is called so. */
bool config_is_key(const char *text);

/* Frees what a config owns and clears it. */
void config_done(config *c);

#endif
