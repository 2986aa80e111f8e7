/* watch.c - see watch.h. */
#include "watch.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <zmq.h>

#include "sockets/monitor.h"

#define EVENTS_MAX 10000 /* of the monitor, in one look */

typedef struct peer {
    int fd;
    unsigned looks; /* in a row with bytes waiting */
    bool stalled;
} peer;

struct watch {
    void *socket, *monitor;
    log *log;
    peer *peers;
    size_t count;
    uint64_t connected, stalled;
};

int watch_new(void *zmq, void *socket, log *l, watch **ret_watch)
{
    watch *w = calloc(1, sizeof(*w));
    int r;

    if (w == NULL)
        return -ENOMEM;
    w->log = l;
    w->socket = socket;
    w->peers = calloc(WATCH_PEERS_MAX, sizeof(*w->peers));
    r = w->peers == NULL ? -ENOMEM
                         : monitor_open(zmq, socket, "alerts", ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED, &w->monitor);
    if (r < 0) {
        watch_free(w);
        return r;
    }
    *ret_watch = w;
    return 0;
}

watch *watch_free(watch *w)
{
    if (w == NULL)
        return NULL;
    monitor_close(w->monitor, w->socket);
    free(w->peers);
    free(w);
    return NULL;
}

static void peer_came(watch *w, int fd)
{
    w->connected++;
    if (w->count < WATCH_PEERS_MAX)
        w->peers[w->count++] = (peer){.fd = fd};
}

static void peer_went(watch *w, int fd)
{
    w->connected -= w->connected > 0;
    for (size_t i = 0; i < w->count; i++)
        if (w->peers[i].fd == fd) {
            w->stalled -= w->peers[i].stalled;
            w->peers[i] = w->peers[--w->count];
            return;
        }
}

void watch_take(watch *w)
{
    frames f;

    for (int i = 0; i < EVENTS_MAX && frames_receive(w->monitor, &f) == 0; i++) {
        int32_t fd;
        uint16_t what = monitor_event(&f, &fd);
        if (what == ZMQ_EVENT_ACCEPTED)
            peer_came(w, fd);
        else if (what != 0)
            peer_went(w, fd);
        frames_done(&f);
    }
}

/* The descriptor belongs to libzmq's thread and may have been closed since; then this look sees
 * nothing, or another socket's queue once, and the monitor tells at the next. */
static void peer_look(watch *w, peer *p)
{
    int waiting = 0;

    if (ioctl(p->fd, SIOCOUTQ, &waiting) < 0 || waiting == 0) {
        p->looks = 0;
        if (p->stalled) {
            p->stalled = false;
            w->stalled--;
            log_say(w->log, SAY_SUBSCRIBER_BACK, NULL, "a subscriber reads again (connection %d)",
                    p->fd);
        }
        return;
    }
    if (++p->looks < WATCH_STALLED_LOOKS || p->stalled)
        return;
    p->stalled = true;
    w->stalled++;
    log_say(w->log, SAY_SUBSCRIBER_STALLED, NULL,
            "a subscriber does not read: %d bytes wait for it (connection %d)", waiting, p->fd);
}

void watch_look(watch *w)
{
    watch_take(w);
    for (size_t i = 0; i < w->count; i++)
        peer_look(w, &w->peers[i]);
}

void *watch_socket(const watch *w)
{
    return w->monitor;
}

uint64_t watch_connected(const watch *w)
{
    return w == NULL ? 0 : w->connected;
}

uint64_t watch_stalled(const watch *w)
{
    return w == NULL ? 0 : w->stalled;
}
