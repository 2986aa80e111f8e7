/*
 * values.h - parsers of single configuration values, as the table in config.c names them.
 *
 * A parser writes to its destination only if the value is right; otherwise it returns a text that
 * says what was expected (until the next is parsed), and config.c adds where and what was found.
 */
#ifndef DAEMON_CONFIG_VALUES_H
#define DAEMON_CONFIG_VALUES_H

#include "config/config.h"

/* Bounds of a number; both inclusive. */
typedef struct config_range {
    uint64_t min, max;
} config_range;

/* One scalar into *destination; NULL: done, else what was expected. */
typedef const char *(*config_parse_fn)(const char *text, size_t len, const config_range *range,
                                       void *destination);

const char *config_value_text(const char *text, size_t len, const config_range *,
                              void *destination);
const char *config_value_clock(const char *text, size_t len, const config_range *,
                               void *destination);
const char *config_value_duration(const char *text, size_t len, const config_range *,
                                  void *destination);
const char *config_value_bytes(const char *text, size_t len, const config_range *,
                               void *destination);
const char *config_value_bytes32(const char *text, size_t len, const config_range *,
                                 void *destination);
const char *config_value_count(const char *text, size_t len, const config_range *,
                               void *destination);
const char *config_value_count32(const char *text, size_t len, const config_range *,
                                 void *destination);
const char *config_value_mode(const char *text, size_t len, const config_range *,
                              void *destination);

/* Checks of one item of a list; NULL: fine, else what was expected. */
const char *config_check_address(const char *text, size_t len);
const char *config_check_bind(const char *text, size_t len);
const char *config_check_ipc(const char *text, size_t len);
const char *config_check_topic(const char *text, size_t len);
const char *config_check_path(const char *text, size_t len);

/* Whether a tcp address can only be reached from this machine; true for ipc. */
bool config_address_is_local(const char *address);

/* Appends a copy to a list. -ENOMEM. */
int config_list_add(config_list *list, const char *text, size_t len, int line, int column);
void config_list_clear(config_list *list);

/* The name of `count` that is nearest to what was written, or NULL where none is near. */
const char *config_nearest(const char *text, size_t len, const char *const names[], size_t count);

#endif
