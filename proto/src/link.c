/* link.c - sockets, keys and frames; see link.h. */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "body.h"

#define MESSAGE_BYTES_DEFAULT (64U << 20)
#define HANDSHAKE_MS 5000
#define RECONNECT_MS 100
#define RECONNECT_MAX_MS 2000
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3

int64_t wire_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) ? -zmq_errno() : 0;
}

static int set_key(void *socket, int option, const char *key)
{
    if (strlen(key) != 40 || zmq_setsockopt(socket, option, key, 41) != 0)
        return -EINVAL;
    return 0;
}

static int link_curve(void *socket, const thaw_connection *connection)
{
    char public_key[41], secret_key[41];
    const char *public_used = connection->public_key, *secret_used = connection->secret_key;
    int r;

    if (!public_used != !secret_used || (!connection->server_key && public_used))
        return -EINVAL;
    if (!connection->server_key)
        return 0;
    if (!public_used) {
        if (zmq_curve_keypair(public_key, secret_key) != 0)
            return -zmq_errno();
        public_used = public_key;
        secret_used = secret_key;
    }
    r = set_key(socket, ZMQ_CURVE_SERVERKEY, connection->server_key);
    if (!r)
        r = set_key(socket, ZMQ_CURVE_PUBLICKEY, public_used);
    if (!r)
        r = set_key(socket, ZMQ_CURVE_SECRETKEY, secret_used);
    explicit_bzero(secret_key, sizeof(secret_key));
    return r;
}

/* With ZMQ_IPV6 libzmq takes a name that has both, as localhost, for its IPv6 address alone, and thawd may listen at
 * the other only. */
static bool is_ipv6(const char *endpoint)
{
    return strncmp(endpoint, "tcp://[", 7) == 0;
}

/* No ZMTP heartbeats: on the connecting side they can abort the process (libzmq before 4.3.6).
 * The protocol has its own beat, and TCP its keepalive. */
static int link_options(void *socket, const thaw_connection *connection, int type)
{
    uint32_t most = connection->message_bytes ? connection->message_bytes : MESSAGE_BYTES_DEFAULT;
    int64_t message_bytes = most;
    const int options[][2] = {
        {ZMQ_LINGER, 0},
        {ZMQ_SNDHWM, WIRE_QUEUE_MESSAGES},
        {ZMQ_RCVHWM, WIRE_QUEUE_MESSAGES},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT},
        {ZMQ_IPV6, is_ipv6(connection->endpoint)},
        {ZMQ_IMMEDIATE, type == ZMQ_DEALER},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        int r = set_int(socket, options[i][0], options[i][1]);
        if (r)
            return r;
    }
    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes, sizeof(message_bytes)) != 0)
        return -zmq_errno();
    return link_curve(socket, connection);
}

/* Whether an address means what it says: of a port, libzmq reads the digits in front and goes around
 * at 65536, so that 99999 would be 34463. */
static bool endpoint_is_sound(const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':');
    size_t digits;
    unsigned port = 0;

    if (strncmp(endpoint, "tcp://", 6) != 0)
        return true;
    digits = strspn(colon + 1, "0123456789");
    for (size_t i = 1; i <= digits && digits <= 5; i++)
        port = port * 10 + (unsigned)(colon[i] - '0');
    return digits >= 1 && digits <= 5 && colon[digits + 1] == '\0' && port >= 1 &&
           port <= UINT16_MAX;
}

/* A monitor without a bound: libzmq's thread would wait for whoever does not read it. */
static int monitor_open(wire_link *link)
{
    char address[64];
    const int wanted = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

    snprintf(address, sizeof(address), "inproc://thaw-link-%p", link->socket);
    if (zmq_socket_monitor(link->socket, address, wanted) != 0)
        return -zmq_errno();
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    if (!link->monitor)
        return -zmq_errno();
    int r = set_int(link->monitor, ZMQ_LINGER, 0);
    if (!r)
        r = set_int(link->monitor, ZMQ_RCVHWM, 0);
    return !r && zmq_connect(link->monitor, address) != 0 ? -zmq_errno() : r;
}

int wire_link_open(wire_link *link, const thaw_connection *connection, int type)
{
    int r = -EINVAL;

    *link = (wire_link){.context = connection->zmq_context, .again_ms = INT64_MAX};
    if (!connection->endpoint || !endpoint_is_sound(connection->endpoint))
        return r;
    if (getrandom(&link->prefix, sizeof(link->prefix), 0) != (ssize_t)sizeof(link->prefix))
        return -EIO;
    if (!link->context) {
        link->context = zmq_ctx_new();
        if (!link->context)
            return -ENOMEM;
        link->own_context = true;
    }
    link->socket = zmq_socket(link->context, type);
    r = link->socket ? link_options(link->socket, connection, type) : -zmq_errno();
    link->endpoint = strdup(connection->endpoint);
    if (!r && !link->endpoint)
        r = -ENOMEM;
    if (!r)
        r = monitor_open(link);
    if (!r && zmq_connect(link->socket, connection->endpoint) != 0)
        r = -zmq_errno();
    if (r)
        wire_link_close(link);
    return r;
}

void wire_link_close(wire_link *link)
{
    if (link->monitor) {
        zmq_socket_monitor(link->socket, NULL, 0);
        zmq_close(link->monitor);
    }
    if (link->socket)
        zmq_close(link->socket);
    if (link->own_context)
        zmq_ctx_term(link->context);
    free(link->endpoint);
    *link = (wire_link){0};
}

/* libzmq gives a peer up that refused it; a key may be admitted later. */
static void link_again(wire_link *link)
{
    link->again_ms = INT64_MAX;
    zmq_disconnect(link->socket, link->endpoint);
    if (zmq_connect(link->socket, link->endpoint) != 0)
        link->again_ms = wire_clock_ms() + RECONNECT_MAX_MS;
}

/* A handshake that failed without a reason: the peer hung up, as one does that asks for keys, or it never answered. */
static bool hung_up(uint32_t error)
{
    return error == EPIPE || error == ECONNRESET;
}

bool wire_link_tend(wire_link *link, int64_t now_ms)
{
    uint8_t event[6], address[256];
    bool lost = false;

    while (zmq_recv(link->monitor, event, sizeof(event), ZMQ_DONTWAIT) >= 0) {
        uint16_t what;
        uint32_t value;
        memcpy(&what, event, sizeof(what));
        memcpy(&value, event + sizeof(what), sizeof(value));
        zmq_recv(link->monitor, address, sizeof(address), ZMQ_DONTWAIT);
        if (what == ZMQ_EVENT_DISCONNECTED) {
            lost = true;
            continue;
        }
        if (what == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL && !hung_up(value))
            continue;
        link->refused = what != ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        if (what != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) /* who only hangs up is tried again by libzmq */
            link->again_ms = link->refused ? now_ms + RECONNECT_MAX_MS : INT64_MAX;
    }
    if (now_ms >= link->again_ms)
        link_again(link);
    return lost;
}

int wire_link_request(wire_link *link, const char *verb, uint64_t number, const void *body,
                      size_t body_len)
{
    uint8_t id[WIRE_REQUEST_ID_BYTES];
    const int more = ZMQ_DONTWAIT | ZMQ_SNDMORE;

    memcpy(id, &link->prefix, 8);
    memcpy(id + 8, &number, 8);
    if (zmq_send(link->socket, verb, strlen(verb), more) < 0)
        return -zmq_errno();
    /* Once the first frame is taken, the others of the message are too. */
    if (zmq_send(link->socket, id, sizeof(id), more) < 0 ||
        zmq_send(link->socket, body, body_len, ZMQ_DONTWAIT) < 0)
        return -zmq_errno();
    return 0;
}

/* Receives all frames of one message, at most `most` of them kept. Number of frames there were;
 * 0: no message; -errno. */
static int receive_frames(void *socket, zmq_msg_t *frames, int most)
{
    zmq_msg_t extra;
    int count = 0, more = 1;

    while (more) {
        zmq_msg_t *frame = count < most ? &frames[count] : &extra;
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            int r = -zmq_errno();
            zmq_msg_close(frame);
            for (int i = 0; i < count && i < most; i++)
                zmq_msg_close(&frames[i]);
            return r == -EAGAIN ? 0 : r;
        }
        more = zmq_msg_more(frame);
        if (frame == &extra)
            zmq_msg_close(frame);
        count++;
    }
    return count;
}

static void close_frames(zmq_msg_t *frames, int count, int most)
{
    for (int i = 0; i < count && i < most; i++)
        zmq_msg_close(&frames[i]);
}

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    size_t len = strlen(text);
    return zmq_msg_size(frame) == len && memcmp(zmq_msg_data(frame), text, len) == 0;
}

/* OK or ERR, the id, the body. */
static bool answer_take(const wire_link *link, zmq_msg_t *frames, wire_answer *ret_answer)
{
    bool ok = frame_is(&frames[0], "OK");
    const uint8_t *id = zmq_msg_data(&frames[1]);

    if ((!ok && !frame_is(&frames[0], "ERR")) ||
        zmq_msg_size(&frames[1]) != WIRE_REQUEST_ID_BYTES || memcmp(id, &link->prefix, 8) != 0)
        return false;
    ret_answer->ok = ok;
    memcpy(&ret_answer->number, id + 8, 8);
    zmq_msg_init(&ret_answer->body);
    zmq_msg_move(&ret_answer->body, &frames[2]);
    return true;
}

int wire_link_answer(wire_link *link, wire_answer *ret_answer)
{
    zmq_msg_t frames[3];

    for (;;) {
        int count = receive_frames(link->socket, frames, 3);
        if (count <= 0)
            return count;
        bool taken = count == 3 && answer_take(link, frames, ret_answer);
        close_frames(frames, count, 3);
        if (taken)
            return 1;
    }
}

int wire_link_message(wire_link *link, zmq_msg_t *ret_topic, zmq_msg_t *ret_body)
{
    zmq_msg_t frames[2];

    for (;;) {
        int count = receive_frames(link->socket, frames, 2);
        if (count <= 0)
            return count;
        if (count == 2) {
            zmq_msg_init(ret_topic);
            zmq_msg_init(ret_body);
            zmq_msg_move(ret_topic, &frames[0]);
            zmq_msg_move(ret_body, &frames[1]);
        }
        close_frames(frames, count, 2);
        if (count == 2)
            return 1;
    }
}

void wire_reply_error(const void *body, size_t len, thaw_code *ret_code, thaw_str *ret_message)
{
    struct refusal {
        thaw_str code, message;
    } refusal = {0};
    static const wire_slot slots[] = {
        {"code", SLOT_STR, true, offsetof(struct refusal, code)},
        {"message", SLOT_STR, false, offsetof(struct refusal, message)},
    };

    *ret_code = THAW_UNAVAILABLE;
    *ret_message = (thaw_str){0};
    if (wire_body_read("reply", body, len, slots, 2, &refusal, NULL) != 0)
        return;
    *ret_message = refusal.message;
    /* A code of a later daemon is a refusal like any other: the same bytes lead to the same again. */
    if (thaw_code_parse(refusal.code.data, refusal.code.len, ret_code) != 0 || *ret_code == THAW_OK)
        *ret_code = THAW_INVALID;
}
