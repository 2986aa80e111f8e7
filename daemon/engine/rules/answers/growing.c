/*
 * growing.c - maps and arrays whose members are counted while they are packed.
 */
#include "rules/answers/growing.h"

#include "packed.h"

static int grow_write(void *context, const char *bytes, size_t len)
{
    growing *g = context;
    g->failed = g->failed || msgpack_sbuffer_write(&g->data, bytes, len) < 0;
    return g->failed ? -1 : 0;
}

void grow_open(growing *g)
{
    *g = (growing){.count = 0};
    msgpack_packer_init(&g->out, g, grow_write);
}

void grow_drop(growing *g)
{
    msgpack_sbuffer_destroy(&g->data);
}

/* Where it is part of another, that one is not whole either. */
static void grow_raw(growing *g, msgpack_packer *out)
{
    if (g->failed && out->callback == grow_write)
        ((growing *)out->data)->failed = true;
    if (g->data.size)
        msgpack_pack_str_body(out, g->data.data, g->data.size); /* as it is */
    grow_drop(g);
}

void grow_map(growing *g, msgpack_packer *out)
{
    msgpack_pack_map(out, g->count);
    grow_raw(g, out);
}

void grow_array(growing *g, msgpack_packer *out)
{
    msgpack_pack_array(out, g->count);
    grow_raw(g, out);
}

msgpack_packer *grow_member(growing *g)
{
    g->count++;
    return &g->out;
}

msgpack_packer *grow_key(growing *g, const char *key)
{
    msgpack_packer *out = grow_member(g);
    pack_text(out, key);
    return out;
}

void grow_text(growing *g, const char *key, const char *text)
{
    pack_text(grow_key(g, key), text);
}

void grow_bool(growing *g, const char *key, bool truth)
{
    msgpack_packer *out = grow_key(g, key);
    truth ? msgpack_pack_true(out) : msgpack_pack_false(out);
}
