/* upstream.c - see upstream.h. */
#include "sockets/upstream.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

#include "sockets/monitor.h"

#define EVENTS_MAX 1000 /* of the monitor, in one look */
#define AGAIN_NS INT64_C(2000000000)
#define NUMBERS_BYTES (NI_MAXHOST + 16)

static const int wanted = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED |
                          ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

typedef struct peer {
    const char *address;
    char numbers[NUMBERS_BYTES]; /* what a name was last found to be; "": not known yet */
    bool up, refused, lost; /* the last two: told */
    int64_t again_ns;        /* INT64_MAX: libzmq does it by itself */
} peer;

struct upstream {
    endpoint *events;
    const endpoint_keys *keys;
    void *monitor;
    log *log;
    peer *peers;
    size_t count;
};

static int peers_connect(upstream *u, const config_list *addresses, char *error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < addresses->count; i++) {
        u->peers[u->count++] = (peer){.address = addresses->items[i].text, .again_ns = INT64_MAX};
        r = endpoint_connect(u->events, addresses->items[i].text, u->keys, error);
    }
    return r;
}

int upstream_new(void *zmq, endpoint *events, const config_list *addresses,
                 const endpoint_keys *keys, log *l, upstream **ret_upstream,
                 char error[SOCKET_ERROR_BYTES])
{
    upstream *u = addresses->count == 0 ? NULL : calloc(1, sizeof(*u));
    int r = addresses->count == 0 || u != NULL ? 0 : -ENOMEM;

    snprintf(error, SOCKET_ERROR_BYTES, "events: the publishers cannot be watched: no memory");
    if (u != NULL) {
        *u = (upstream){.events = events,
                        .keys = keys,
                        .log = l,
                        .peers = calloc(addresses->count, sizeof(*u->peers))};
        r = u->peers == NULL ? -ENOMEM
                             : monitor_open(zmq, events->socket, "events", wanted, &u->monitor);
        if (r == 0)
            r = peers_connect(u, addresses, error);
    }
    if (r < 0)
        upstream_free(u);
    else
        *ret_upstream = u;
    return r;
}

upstream *upstream_free(upstream *u)
{
    if (u == NULL)
        return NULL;
    monitor_close(u->monitor, u->events->socket);
    free(u->peers);
    free(u);
    return NULL;
}

/* ---- which of them ---------------------------------------------------------------------- */

static bool is_text(const char *text, const char *address, size_t len)
{
    return strlen(text) == len && memcmp(text, address, len) == 0;
}

/* libzmq names a publisher by the address it was given and, once it has been connected, by the numbers that were
 * found for that. NULL: who connected to thawd. */
static peer *peer_find(upstream *u, const char *address, size_t len)
{
    for (size_t i = 0; i < u->count; i++)
        if (is_text(u->peers[i].address, address, len))
            return &u->peers[i];
    for (size_t i = 0; i < u->count; i++)
        if (is_text(u->peers[i].numbers, address, len))
            return &u->peers[i];
    return NULL;
}

/* The numbers behind a name, as libzmq writes them. The descriptor is libzmq's and may be another's by now: the port
 * has to be the one. */
static void peer_learn(peer *p, int fd)
{
    const char *port = strrchr(p->address, ':');
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof(name);
    char host[NI_MAXHOST], service[NI_MAXSERV];

    if (strncmp(p->address, "tcp://", 6) != 0 || getpeername(fd, (struct sockaddr *)&name, &len) < 0 ||
        getnameinfo((struct sockaddr *)&name, len, host, sizeof(host), service, sizeof(service),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0 ||
        strcmp(service, port + 1) != 0)
        return;
    snprintf(p->numbers, sizeof(p->numbers), name.ss_family == AF_INET6 ? "tcp://[%s]%s" : "tcp://%s%s", host, port);
}

/* ---- what became of it ------------------------------------------------------------------ */

static void peer_came(upstream *u, peer *p)
{
    if (!p->up)
        log_say(u->log, SAY_UPSTREAM_CONNECTED, NULL, "events: connected to the publisher %s",
                p->address);
    p->up = true;
    p->refused = p->lost = false;
    p->again_ns = INT64_MAX;
}

static void peer_went(upstream *u, peer *p)
{
    if (p->up)
        log_say(u->log, SAY_UPSTREAM_LOST, NULL,
                "events: the connection to the publisher %s is lost; what it publishes until it is "
                "back does not arrive",
                p->address);
    p->up = false;
    p->lost = true;
}

/* No answer at the address, or none to its name. */
static void peer_away(upstream *u, peer *p)
{
    if (!p->lost && !p->refused)
        log_say(u->log, SAY_UPSTREAM_LOST, NULL,
                "events: the publisher %s is not there; what it publishes until it is does not arrive", p->address);
    p->lost = true;
}

/* Who hangs up in the middle of a handshake is tried again by libzmq. */
static void peer_refused(upstream *u, peer *p, bool hung_up, int64_t now_ns)
{
    if (!p->refused)
        log_say(u->log, SAY_UPSTREAM_REFUSED, NULL,
                "events: no connection to the publisher %s: it does not admit the key of thawd, or "
                "its own is not "
                "curve.upstream, or one side uses no keys; it is tried again",
                p->address);
    p->up = false;
    p->refused = true;
    if (!hung_up)
        p->again_ns = now_ns + AGAIN_NS;
}

static void event_take(upstream *u, frames *f, int64_t now_ns)
{
    int32_t value;
    uint16_t what = monitor_event(f, &value);
    peer *p = what == 0 || f->kept < 2 ? NULL : peer_find(u, frames_data(f, 1), frames_size(f, 1));

    if (p == NULL)
        return;
    if (what == ZMQ_EVENT_CONNECTED)
        peer_learn(p, value);
    else if (what == ZMQ_EVENT_CONNECT_RETRIED)
        peer_away(u, p);
    else if (what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        peer_came(u, p);
    else if (what == ZMQ_EVENT_DISCONNECTED)
        peer_went(u, p);
    else
        peer_refused(u, p, what == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, now_ns);
}

static void peer_again(upstream *u, peer *p, int64_t now_ns)
{
    char error[SOCKET_ERROR_BYTES];

    zmq_disconnect(u->events->socket, p->address);
    p->again_ns =
        endpoint_connect(u->events, p->address, u->keys, error) < 0 ? now_ns + AGAIN_NS : INT64_MAX;
}

void *upstream_socket(const upstream *u)
{
    return u == NULL ? NULL : u->monitor;
}

void upstream_take(upstream *u, int64_t now_ns)
{
    frames f;

    for (int i = 0; u != NULL && i < EVENTS_MAX && frames_receive(u->monitor, &f) == 0; i++) {
        event_take(u, &f, now_ns);
        frames_done(&f);
    }
    for (size_t i = 0; u != NULL && i < u->count; i++)
        if (u->peers[i].again_ns <= now_ns)
            peer_again(u, &u->peers[i], now_ns);
}

uint64_t upstream_count(const upstream *u)
{
    return u == NULL ? 0 : u->count;
}

uint64_t upstream_connected(const upstream *u)
{
    uint64_t up = 0;

    for (size_t i = 0; u != NULL && i < u->count; i++)
        up += u->peers[i].up;
    return up;
}
