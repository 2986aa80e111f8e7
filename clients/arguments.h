/*
 * arguments.h - the options of a verb as one table: parsing, --help and near misses from it.
 *
 * Every verb is called with argv[0] = its own name.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum argument_type {
    ARGUMENT_FLAG,   /* target: bool, set to true */
    ARGUMENT_TEXT,   /* target: const char * */
    ARGUMENT_NUMBER, /* target: uint64_t, between least and most */
    ARGUMENT_SECONDS /* target: int64_t of nanoseconds, from "5", "0.2", "500ms", "2m", "1h", "3d" */
} argument_type;

typedef struct argument {
    const char *name; /* long name, without dashes */
    char letter;      /* short name, or 0 */
    argument_type type;
    void *target;
    const char *value;    /* name of the value in --help; NULL for a flag */
    const char *help;     /* one line */
    uint64_t least, most; /* bounds of a number */
} argument;

/* How a verb is described. */
typedef struct usage {
    const char *verb;
    const char *synopsis; /* what follows the verb and its options: "[COUNTRY]" */
    const char *text;     /* paragraph below it */
} usage;

#define ARGUMENTS_TIMEOUT_NS INT64_C(5000000000)

/* Options that every verb with a connection has. Values come from the command line, else from
 * THAW_SERVICE, THAW_ALERTS, THAW_EVENTS, THAW_SERVER_KEY and THAW_KEY, else are the defaults;
 * that of service is service-publish or service-read for those who may use only these. */
typedef struct common_options {
    const char *service, *alerts, *events;
    const char *server_key; /* CURVE: the server's public key, or a file of it; NULL: none */
    const char *key;        /* CURVE: file of the own secret key; NULL: one made for the occasion */
    int64_t timeout_ns;     /* 5 s unless set before parsing */
    bool json;
} common_options;

/* Reads argv. True: *ret_first is the index of the first operand, of which there are between
 * operands_least and operands_most. False: the verb ends with *ret_exit; help or a complaint was
 * printed. `common` may be NULL for a verb without connection. */
bool arguments_parse(const usage *u, const argument arguments[], size_t count,
                     common_options *common, int operands_least, int operands_most, int argc,
                     char **argv, int *ret_first, int *ret_exit);

/* Reads a length of time as ARGUMENT_SECONDS does; -EINVAL. */
int duration_parse(const char *text, int64_t *ret_ns);

#endif
