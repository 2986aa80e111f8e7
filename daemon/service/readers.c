/* readers.c - see readers.h. */
#include "service/readers.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

#define ROUTE_BYTES_MAX 255 /* libzmq's limit */
#define SWEEP_FIRST 64

typedef struct client {
    reader reader; /* first: a reader is its client */
    _Atomic uint64_t bytes, answers;
    uint8_t route_len;
    uint8_t route[ROUTE_BYTES_MAX];
} client;

/* Few clients have much unread: those without anything are swept out when the table has doubled. */
struct readers {
    client **clients;
    size_t count, capacity, sweep_at;
    uint64_t bytes_max;
    _Atomic uint64_t bytes; /* of all */
};

struct unread {
    readers *table;
    client *client;
    size_t bytes;
};

int readers_new(uint64_t bytes_max, readers **ret_readers)
{
    readers *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return -ENOMEM;
    r->bytes_max = bytes_max;
    r->sweep_at = SWEEP_FIRST;
    *ret_readers = r;
    return 0;
}

readers *readers_free(readers *r)
{
    if (r == NULL)
        return NULL;
    for (size_t i = 0; i < r->count; i++)
        free(r->clients[i]);
    free(r->clients);
    free(r);
    return NULL;
}

static void sweep(readers *r)
{
    size_t to = 0;

    for (size_t i = 0; i < r->count; i++) {
        client *c = r->clients[i];
        if (c->reader.held == 0 && atomic_load(&c->answers) == 0)
            free(c);
        else
            r->clients[to++] = c;
    }
    r->count = to;
    r->sweep_at = to * 2 > SWEEP_FIRST ? to * 2 : SWEEP_FIRST;
}

static client *add(readers *r, const void *route, size_t len)
{
    client *c;

    if (r->count >= r->sweep_at)
        sweep(r);
    if (room_for(&r->clients, &r->capacity, r->count + 1, sizeof(client *)) < 0)
        return NULL;
    c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    c->route_len = (uint8_t)len;
    memcpy(c->route, route, len);
    r->clients[r->count++] = c;
    return c;
}

static client *find(readers *r, const void *route, size_t len)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->clients[i]->route_len == len && memcmp(r->clients[i]->route, route, len) == 0)
            return r->clients[i];
    return len > ROUTE_BYTES_MAX ? NULL : add(r, route, len);
}

reader *readers_find(readers *r, const void *route, size_t len)
{
    client *c = find(r, route, len);

    return c == NULL ? NULL : &c->reader;
}

/* libzmq lets go of the last answer only with the next one: a single one may have been read. */
bool readers_behind(const readers *r, const reader *who)
{
    const client *c = (const client *)who;

    return atomic_load(&c->bytes) > r->bytes_max && atomic_load(&c->answers) > 1;
}

bool readers_all_read(const readers *r)
{
    return atomic_load(&r->bytes) <= r->bytes_max;
}

uint64_t readers_unread(const readers *r)
{
    return atomic_load(&r->bytes);
}

unread *readers_owe(readers *r, const void *route, size_t len, size_t bytes)
{
    client *c = find(r, route, len);
    unread *u = c == NULL ? NULL : malloc(sizeof(*u));

    if (u == NULL)
        return NULL;
    *u = (unread){r, c, bytes};
    atomic_fetch_add(&r->bytes, bytes);
    atomic_fetch_add(&c->bytes, bytes);
    atomic_fetch_add(&c->answers, 1);
    return u;
}

/* The last touch is that of `answers`: at 0 the loop may free the client. */
void readers_let_go(unread *u)
{
    if (u == NULL)
        return;
    atomic_fetch_sub(&u->table->bytes, u->bytes);
    atomic_fetch_sub(&u->client->bytes, u->bytes);
    atomic_fetch_sub(&u->client->answers, 1);
    free(u);
}
