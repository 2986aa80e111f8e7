/* zsock.c - see zsock.h. */
#include "sockets/zsock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <zmq.h>

struct zsock {
    void *socket;
    sd_event_source *source;
    zsock_ready_fn on_ready;
    void *context;
    bool paused;
};

static bool is_readable(void *socket)
{
    int events = 0;
    size_t size = sizeof(events);

    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

static int on_prepare(sd_event_source *source, void *context)
{
    zsock *z = context;

    (void)source;
    if (is_readable(z->socket) && !z->paused)
        z->on_ready(z->context);
    return 0;
}

/* Only the wake-up counts; the prepare hook that follows asks what there is. */
static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *context)
{
    (void)source;
    (void)fd;
    (void)revents;
    (void)context;
    return 0;
}

int zsock_attach(sd_event *event, void *socket, zsock_ready_fn on_ready, void *context,
                 zsock **ret_zsock)
{
    zsock *z = calloc(1, sizeof(*z));
    int fd, r;
    size_t size = sizeof(fd);

    if (z == NULL)
        return -ENOMEM;
    *z = (zsock){.socket = socket, .on_ready = on_ready, .context = context};
    r = zmq_getsockopt(socket, ZMQ_FD, &fd, &size) < 0 ? -errno : 0;
    if (r == 0)
        r = sd_event_add_io(event, &z->source, fd, EPOLLIN, on_wake, z);
    if (r >= 0)
        r = sd_event_source_set_prepare(z->source, on_prepare);
    if (r < 0) {
        zsock_detach(z);
        return r;
    }
    *ret_zsock = z;
    return 0;
}

zsock *zsock_detach(zsock *z)
{
    if (z == NULL)
        return NULL;
    sd_event_source_disable_unref(z->source);
    free(z);
    return NULL;
}

void zsock_pause(zsock *z, bool paused)
{
    z->paused = paused;
}
