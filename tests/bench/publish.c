/*
 * publish.c - acknowledged publishing, pipelined, to the `service` endpoint of thawd.
 *
 *   bench_publish --address A --events N [--per M] [--window W] [--countries C]
 *
 * W requests are under way; the clock runs from the first to the last acknowledgement. Every one
 * is read, and what they say was accepted must be what was sent.
 */
#include <msgpack.h>
#include <zmq.h>

#include "common.h"
#include "messages.h"

static uint64_t read_count(const msgpack_object *map, const char *name)
{
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        if (pair->key.type == MSGPACK_OBJECT_STR && pair->key.via.str.size == strlen(name) &&
            memcmp(pair->key.via.str.ptr, name, strlen(name)) == 0) {
            MUST(pair->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER);
            return pair->val.via.u64;
        }
    }
    MUST(!"the reply has this key");
    return 0;
}

static void receive_frame(void *socket, zmq_msg_t *frame, int more)
{
    MUST(zmq_msg_recv(frame, socket, 0) >= 0 && zmq_msg_more(frame) == more);
}

/* One answer: OK, the id of the request, what became of it. */
static uint64_t take_ack(void *socket, zmq_msg_t *frame)
{
    msgpack_unpacked body;
    uint64_t accepted;

    receive_frame(socket, frame, 1);
    MUST(zmq_msg_size(frame) == 2 && memcmp(zmq_msg_data(frame), "OK", 2) == 0);
    receive_frame(socket, frame, 1);
    receive_frame(socket, frame, 0);
    msgpack_unpacked_init(&body);
    MUST(msgpack_unpack_next(&body, zmq_msg_data(frame), zmq_msg_size(frame), NULL) ==
         MSGPACK_UNPACK_SUCCESS);
    MUST(body.data.type == MSGPACK_OBJECT_MAP);
    accepted = read_count(&body.data, "accepted");
    msgpack_unpacked_destroy(&body);
    return accepted;
}

int main(int argc, char *argv[])
{
    uint64_t events = option_count(argc, argv, "--events", 100000), accepted = 0;
    uint32_t per = (uint32_t)option_count(argc, argv, "--per", 1);
    size_t window = option_count(argc, argv, "--window", per == 1 ? 4096 : 64), sent = 0,
           answered = 0;
    const char *address = option(argc, argv, "--address", NULL);
    stream s = stream_until((uint32_t)option_count(argc, argv, "--countries", 200), events,
                            (int64_t)time(NULL));
    messages m = messages_make(&s, 0, events, per, true);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    int hwm = 0;
    zmq_msg_t frame;

    MUST(address != NULL && socket != NULL);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof(hwm));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof(hwm));
    MUST(zmq_connect(socket, address) == 0);
    zmq_msg_init(&frame);
    int64_t start = clock_now();
    while (answered < m.count) {
        for (; sent < m.count && sent - answered < window; sent++) {
            const message *one = &m.items[sent];
            MUST(zmq_send(socket, "publish", 7, ZMQ_SNDMORE) == 7);
            MUST(zmq_send(socket, &sent, sizeof(sent), ZMQ_SNDMORE) == sizeof(sent));
            MUST(zmq_send(socket, m.bytes + one->at, one->len, 0) >= 0);
        }
        accepted += take_ack(socket, &frame);
        answered++;
    }
    int64_t end = clock_now();
    MUST(accepted == events);
    tell("events/s", (double)events / (double)(end - start) * 1e9);
    tell("accepted", (double)accepted);
    zmq_close(socket);
    zmq_ctx_term(context);
    messages_done(&m);
    return 0;
}
