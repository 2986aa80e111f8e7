/*
 * keys.h - CURVE keys of a client: Z85 text of 40 characters, on the command line or in files.
 */
#ifndef KEYS_H
#define KEYS_H

enum { KEY_TEXT = 41 }; /* with NUL */

typedef struct keys {
    char server_public[KEY_TEXT], own_public[KEY_TEXT], own_secret[KEY_TEXT];
} keys;

/* server: the key itself or a file of it. own: file of the secret key, or NULL for one made for
 * the occasion. -EINVAL or -errno after a complaint. */
int keys_load(keys *k, const char *server, const char *own);
void keys_clear(keys *k);

#endif
