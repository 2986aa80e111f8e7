/* client.c - questions to the service, one at a time. */
#include <errno.h>
#include <stdlib.h>

#include "link.h"

struct thaw_client {
    wire_link link;
    uint64_t number;  /* of the last request */
    zmq_msg_t answer; /* body of the last answer, under the caller's views */
};

int thaw_client_new(const thaw_connection *connection, thaw_client **ret_client)
{
    thaw_client *client = calloc(1, sizeof(*client));

    if (!client)
        return -ENOMEM;
    int r = wire_link_open(&client->link, connection, ZMQ_DEALER);
    if (r) {
        free(client);
        return r;
    }
    zmq_msg_init(&client->answer);
    *ret_client = client;
    return 0;
}

thaw_client *thaw_client_free(thaw_client *client)
{
    if (client) {
        zmq_msg_close(&client->answer);
        wire_link_close(&client->link);
        free(client);
    }
    return NULL;
}

/* Waits for the socket to be readable or writable until the deadline (below 0: none). */
static int client_wait(thaw_client *client, short events, int64_t deadline_ms)
{
    zmq_pollitem_t items[] = {
        {.socket = client->link.socket, .events = events},
        {.socket = client->link.monitor, .events = ZMQ_POLLIN},
    };

    for (;;) {
        int64_t now_ms = wire_clock_ms(), until_ms = deadline_ms < 0 ? INT64_MAX : deadline_ms;
        wire_link_tend(&client->link, now_ms);
        if (client->link.again_ms < until_ms)
            until_ms = client->link.again_ms;
        long wait_ms = until_ms == INT64_MAX ? -1 : until_ms > now_ms ? (long)(until_ms - now_ms) : 0;
        if (zmq_poll(items, 2, wait_ms) < 0)
            return -zmq_errno();
        if (items[0].revents)
            return 0;
        if (deadline_ms >= 0 && wire_clock_ms() >= deadline_ms && !items[1].revents)
            return client->link.refused ? -EACCES : -ETIMEDOUT;
    }
}

static int client_send(thaw_client *client, const char *verb, const void *body, size_t body_len,
                       int64_t deadline_ms)
{
    for (;;) {
        int r = wire_link_request(&client->link, verb, client->number, body, body_len);
        if (r != -EAGAIN)
            return r;
        r = client_wait(client, ZMQ_POLLOUT, deadline_ms);
        if (r)
            return r;
    }
}

/* Answers to earlier questions, whose time was up, are dropped. */
static int client_receive(thaw_client *client, int64_t deadline_ms, bool *ret_ok)
{
    wire_answer answer;

    for (;;) {
        int r = wire_link_answer(&client->link, &answer);
        if (r < 0)
            return r;
        if (r == 0) {
            r = client_wait(client, ZMQ_POLLIN, deadline_ms);
            if (r)
                return r;
            continue;
        }
        if (answer.number == client->number) {
            zmq_msg_move(&client->answer, &answer.body);
            zmq_msg_close(&answer.body);
            *ret_ok = answer.ok;
            return 0;
        }
        zmq_msg_close(&answer.body);
    }
}

int thaw_client_call(thaw_client *client, const char *verb, const void *body, size_t body_len,
                     int timeout_ms, thaw_reply *ret_reply)
{
    static const uint8_t empty[] = {0x80};
    int64_t deadline_ms = timeout_ms < 0 ? -1 : wire_clock_ms() + timeout_ms;
    bool ok = false;

    if (!verb || !verb[0]) /* an empty first frame would be the delimiter of a REQ socket */
        return -EINVAL;
    if (!body) {
        body = empty;
        body_len = sizeof(empty);
    }
    client->number++;
    int r = client_send(client, verb, body, body_len, deadline_ms);
    if (!r)
        r = client_receive(client, deadline_ms, &ok);
    if (r)
        return r;
    thaw_reply reply = {.body = zmq_msg_data(&client->answer),
                        .body_len = zmq_msg_size(&client->answer)};
    if (!ok)
        wire_reply_error(reply.body, reply.body_len, &reply.code, &reply.message);
    *ret_reply = reply;
    return 0;
}
