/*
 * growing.h - a MessagePack map or array whose members are counted while they are packed.
 *
 * Opened, filled, and then packed into what it belongs to by grow_map() or grow_array(), which free it; what is not
 * wanted after all is freed by grow_drop(). Does not move between. Where there was no memory for all of it, `failed`
 * is set, also in what it was packed into.
 */
#ifndef RULES_GROWING_H
#define RULES_GROWING_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct growing {
    msgpack_sbuffer data;
    msgpack_packer out;
    uint32_t count;
    bool failed;
} growing;

void grow_open(growing *g);
void grow_map(growing *g, msgpack_packer *out);
void grow_array(growing *g, msgpack_packer *out);
void grow_drop(growing *g);
/* Counts one more member; its value is packed by the caller. */
msgpack_packer *grow_member(growing *g);               /* of an array */
msgpack_packer *grow_key(growing *g, const char *key); /* of a map */
void grow_text(growing *g, const char *key, const char *text);
void grow_bool(growing *g, const char *key, bool truth);

#endif
