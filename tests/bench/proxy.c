/*
 * proxy.c - zmq_proxy between two processes: the bar of the whole bench.
 *
 *   bench_proxy FRONT BACK HWM     binds an XSUB at FRONT and an XPUB at BACK, until it is killed
 */
#include <zmq.h>

#include "common.h"

static void *bound(void *context, int type, const char *address, int hwm)
{
    void *socket = zmq_socket(context, type);
    int one = 1;

    MUST(socket != NULL);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof(hwm));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof(hwm));
    if (type == ZMQ_XPUB)
        zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &one, sizeof(one));
    MUST(zmq_bind(socket, address) == 0);
    return socket;
}

int main(int argc, char *argv[])
{
    void *context = zmq_ctx_new();

    MUST(argc == 4);
    int hwm = atoi(argv[3]);
    void *front = bound(context, ZMQ_XSUB, argv[1], hwm),
         *back = bound(context, ZMQ_XPUB, argv[2], hwm);
    tell("ready", 1);
    zmq_proxy(front, back, NULL);
    return 0;
}
