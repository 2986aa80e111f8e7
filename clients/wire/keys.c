/*
 * keys.c - CURVE keys of a client.
 */
#include "wire/keys.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "client.h"

static int key_check(const char *text)
{
    uint8_t raw[32];
    int result = strlen(text) == KEY_TEXT - 1 && zmq_z85_decode(raw, text) != NULL ? 0 : -EINVAL;
    sodium_memzero(raw, sizeof raw);
    return result;
}

/* The first line that is neither empty nor a comment (`#`). -errno; -EINVAL: it is no key. */
static int key_read(const char *path, char ret_key[KEY_TEXT])
{
    char line[256];
    int result = -EINVAL;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -errno;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        /* '#' is a character of Z85 too: only what is no key can be a comment. */
        if (key_check(line) == 0) {
            memcpy(ret_key, line, KEY_TEXT);
            result = 0;
            break;
        }
        if (line[0] != '#' && line[0] != '\0')
            break;
    }
    fclose(file);
    sodium_memzero(line, sizeof line);
    return result;
}

static int key_load(const char *what, const char *path, char ret_key[KEY_TEXT])
{
    int result = key_read(path, ret_key);
    if (result == -EINVAL)
        complain("%s: '%s' holds no key; expected 40 characters as 'thaw keygen' writes them", what,
                 path);
    else if (result != 0)
        complain("%s: cannot read '%s': %s", what, path, strerror(-result));
    return result;
}

int keys_load(keys *k, const char *server, const char *own)
{
    int result = 0;
    if (key_check(server) == 0 && access(server, F_OK) != 0)
        memcpy(k->server_public, server, KEY_TEXT);
    else
        result = key_load("server key", server, k->server_public);
    if (result != 0)
        return result;
    if (own == NULL)
        return zmq_curve_keypair(k->own_public, k->own_secret) == 0 ? 0 : -errno;
    result = key_load("own key", own, k->own_secret);
    if (result != 0)
        return result;
    return zmq_curve_public(k->own_public, k->own_secret) == 0 ? 0 : -errno;
}

void keys_clear(keys *k)
{
    sodium_memzero(k, sizeof *k);
}
