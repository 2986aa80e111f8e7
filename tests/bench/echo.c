/*
 * echo.c - the floor under acknowledged publishing: a ROUTER that reads each request and answers that it
 * was accepted, looks into nothing and keeps nothing. What a server over libzmq cannot be faster than.
 *
 *   bench_echo ADDRESS PER     binds at ADDRESS, says of each request that PER reports are accepted
 */
#include <msgpack.h>
#include <zmq.h>

#include "common.h"

/* One frame of the request, given back as it came; returns whether more follow. */
static int pass_on(void *socket)
{
    zmq_msg_t frame;
    int more;

    zmq_msg_init(&frame);
    MUST(zmq_msg_recv(&frame, socket, 0) >= 0);
    more = zmq_msg_more(&frame);
    MUST(zmq_msg_send(&frame, socket, ZMQ_SNDMORE) >= 0);
    return more;
}

static int skip_frame(void *socket)
{
    zmq_msg_t frame;
    int more;

    zmq_msg_init(&frame);
    MUST(zmq_msg_recv(&frame, socket, 0) >= 0);
    more = zmq_msg_more(&frame);
    zmq_msg_close(&frame);
    return more;
}

int main(int argc, char *argv[])
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    int hwm = 0;
    msgpack_sbuffer answer;
    msgpack_packer packer;

    MUST(argc == 3 && socket != NULL);
    msgpack_sbuffer_init(&answer);
    msgpack_packer_init(&packer, &answer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 1);
    msgpack_pack_str_with_body(&packer, "accepted", 8);
    msgpack_pack_uint64(&packer, strtoull(argv[2], NULL, 10));
    zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof(hwm));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof(hwm));
    MUST(zmq_bind(socket, argv[1]) == 0);
    tell("ready", 1);
    for (;;) {
        MUST(pass_on(socket)); /* who asks */
        MUST(skip_frame(socket));
        MUST(zmq_send(socket, "OK", 2, ZMQ_SNDMORE) == 2);
        MUST(pass_on(socket)); /* the id of the request */
        MUST(!skip_frame(socket));
        MUST(zmq_send(socket, answer.data, answer.size, 0) >= 0);
    }
}
