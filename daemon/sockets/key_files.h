/*
 * key_files.h - CURVE keys as files hold them: thawd's own, and those of its clients.
 *
 * A key is 40 characters of Z85. A file holds one on a line by itself, or CZMQ's form
 * (`public-key = "..."`, `secret-key = "..."`). A folder of clients holds files *.public,
 * *.pub or *.key. The daemon's secret key file must not be readable by others.
 */
#ifndef DAEMON_KEY_FILES_H
#define DAEMON_KEY_FILES_H

#include "config/config.h"

#define KEY_CHARS 40
#define KEY_BYTES 32
#define AUTH_CLIENTS_MAX 10000

/* A set of public keys, sorted once it has been read. */
typedef struct key_list {
    uint8_t (*keys)[KEY_BYTES];
    size_t count, capacity;
} key_list;

/* The 40 characters at the front of a text, and nothing of a key after them. */
bool keys_take(const char *text, char key[KEY_CHARS + 1]);
/* The key in a file. -EINVAL: there is none, or none that nobody else can read: -EPERM; -errno. */
int keys_read_file(const char *path, bool secret, char key[KEY_CHARS + 1], char *error);
/* All keys of curve.clients. The errors of keys_read_file; -ENOMEM. */
int keys_read_clients(const config *c, key_list *ret_list, char *error);

int keys_compare(const void *a, const void *b); /* of two keys, for qsort() */
bool keys_have(const key_list *list, const void *key);

#endif
