/* monitor.c - see monitor.h. */
#include "sockets/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

int monitor_open(void *zmq, void *socket, const char *name, int wanted, void **ret_monitor)
{
    char address[64];
    int linger = 0, unbounded = 0;
    void *monitor;

    snprintf(address, sizeof(address), "inproc://thaw.%s.monitor", name);
    if (zmq_socket_monitor(socket, address, wanted) < 0)
        return -errno;
    monitor = zmq_socket(zmq, ZMQ_PAIR);
    if (monitor == NULL || zmq_setsockopt(monitor, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
        zmq_setsockopt(monitor, ZMQ_RCVHWM, &unbounded, sizeof(unbounded)) < 0 ||
        zmq_connect(monitor, address) < 0) {
        int r = -errno;
        zmq_socket_monitor(socket, NULL, 0);
        if (monitor != NULL)
            zmq_close(monitor);
        return r;
    }
    *ret_monitor = monitor;
    return 0;
}

void monitor_close(void *monitor, void *socket)
{
    if (monitor == NULL)
        return;
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(monitor);
}

/* 16 bits of what, 32 bits of value. */
uint16_t monitor_event(const frames *news, int32_t *ret_value)
{
    uint16_t what;

    if (news->kept == 0 || frames_size(news, 0) < sizeof(what) + sizeof(*ret_value))
        return 0;
    memcpy(&what, frames_data(news, 0), sizeof(what));
    memcpy(ret_value, frames_data(news, 0) + sizeof(what), sizeof(*ret_value));
    return what;
}
