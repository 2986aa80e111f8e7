/*
 * connection.c - the `service` endpoint of thawd.
 */
#include "wire/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "forms/pack.h"
#include "screen/screen.h"
#include "wire/keys.h"

enum { REPLY_FRAMES = 3, REPLY_BYTES_MAX = 256 * 1024 * 1024, TEND_MS = 500 };

struct connection {
    const common_options *options;
    void *context;
    wire_link service;
    keys curve;
    uint64_t asked;
};

connection *connection_free(connection *c)
{
    if (c == NULL)
        return NULL;
    wire_link_close(&c->service);
    if (c->context != NULL)
        zmq_ctx_term(c->context);
    keys_clear(&c->curve);
    free(c);
    return NULL;
}

int connection_open(connection *c, int type, const char *endpoint, wire_link *ret_link)
{
    /* thawd asks for keys over tcp alone, and the environment may have keys and addresses of both kinds. */
    const bool keyed = c->options->server_key != NULL && strncmp(endpoint, "tcp://", 6) == 0;
    const thaw_connection to = {.endpoint = endpoint,
                                .server_key = keyed ? c->curve.server_public : NULL,
                                .public_key = keyed ? c->curve.own_public : NULL,
                                .secret_key = keyed ? c->curve.own_secret : NULL,
                                .zmq_context = c->context,
                                .message_bytes = REPLY_BYTES_MAX};
    int result = wire_link_open(ret_link, &to, type);
    if (result != 0)
        complain(
            "cannot connect to '%s': %s (expected an address such as ipc:///run/thaw/service or "
            "tcp://127.0.0.1:5780)",
            endpoint, zmq_strerror(-result));
    return result;
}

int connection_new(const common_options *options, connection **ret_connection)
{
    connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    c->options = options;
    c->context = zmq_ctx_new();
    if (c->context == NULL) {
        complain("no ZeroMQ context: %s", zmq_strerror(errno));
        connection_free(c);
        return -ENOMEM;
    }
    int result =
        options->server_key == NULL ? 0 : keys_load(&c->curve, options->server_key, options->key);
    if (result == 0)
        result = connection_open(c, ZMQ_DEALER, options->service, &c->service);
    if (result != 0) {
        connection_free(c);
        return result;
    }
    *ret_connection = c;
    return 0;
}

wire_link *connection_service(connection *c)
{
    return &c->service;
}

/* ---- frames ------------------------------------------------------------------------- */

void frames_close(zmq_msg_t frames[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        zmq_msg_close(&frames[i]);
}

bool frame_equals(zmq_msg_t *frame, const char *text)
{
    return zmq_msg_size(frame) == strlen(text) &&
           memcmp(zmq_msg_data(frame), text, strlen(text)) == 0;
}

/* Throws away what is left of a message. */
static void frames_drop(void *socket)
{
    zmq_msg_t rest;
    int more = 1;
    while (more != 0) {
        zmq_msg_init(&rest);
        more = zmq_msg_recv(&rest, socket, ZMQ_DONTWAIT) >= 0 ? zmq_msg_more(&rest) : 0;
        zmq_msg_close(&rest);
    }
}

int parts_receive(void *socket, zmq_msg_t frames[], size_t most, size_t *ret_count)
{
    size_t count = 0;
    for (;;) {
        zmq_msg_init(&frames[count]);
        if (zmq_msg_recv(&frames[count], socket, ZMQ_DONTWAIT) < 0) {
            int result = -errno;
            frames_close(frames, count + 1);
            return result;
        }
        bool more = zmq_msg_more(&frames[count]) != 0;
        count++;
        if (!more)
            break;
        if (count == most) {
            frames_drop(socket);
            frames_close(frames, count);
            return -EBADMSG;
        }
    }
    *ret_count = count;
    return 0;
}

/* ---- one question ------------------------------------------------------------------- */

void answer_free(answer *a)
{
    if (!a->open)
        return;
    msgpack_zone_destroy(&a->zone);
    zmq_msg_close(&a->frame);
    a->open = false;
}

static int answer_decode(answer *a, zmq_msg_t *body)
{
    answer_free(a);
    if (!msgpack_zone_init(&a->zone, 8192))
        return -ENOMEM;
    zmq_msg_init(&a->frame);
    zmq_msg_move(&a->frame, body);
    a->open = true;
    return pack_decode(zmq_msg_data(&a->frame), zmq_msg_size(&a->frame), &a->zone, &a->body);
}

/* Waits until thawd can be asked, or has answered; at the deadline -ETIMEDOUT or -EACCES. */
static int service_wait(wire_link *service, short what, int64_t deadline_ns)
{
    for (;;) {
        int64_t left_ns = deadline_ns - monotonic_ns();
        wire_link_tend(service, wire_clock_ms());
        if (left_ns <= 0)
            return service->refused ? -EACCES : -ETIMEDOUT;
        zmq_pollitem_t items[] = {{.socket = service->socket, .events = what},
                                  {.socket = service->monitor, .events = ZMQ_POLLIN}};
        long wait_ms = (long)(left_ns / 1000000) + 1;
        if (zmq_poll(items, 2, wait_ms < TEND_MS ? wait_ms : TEND_MS) < 0 && errno != EINTR)
            return -errno;
        if (items[0].revents != 0)
            return 0;
    }
}

static int question_send(connection *c, const char *verb, const char *id,
                         const msgpack_sbuffer *body)
{
    static const char empty_map[] = {(char)0x80};
    const char *data = body != NULL ? body->data : empty_map;
    size_t len = body != NULL ? body->size : sizeof empty_map;
    if (zmq_send(c->service.socket, verb, strlen(verb), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
        zmq_send(c->service.socket, id, strlen(id), ZMQ_SNDMORE) < 0 ||
        zmq_send(c->service.socket, data, len, 0) < 0)
        return -errno;
    return 0;
}

static int reply_take(connection *c, const char *id, answer *ret_answer)
{
    zmq_msg_t frames[REPLY_FRAMES];
    size_t count = 0;
    int result = parts_receive(c->service.socket, frames, REPLY_FRAMES, &count);
    if (result != 0)
        return result;
    bool ours = count == REPLY_FRAMES && frame_equals(&frames[1], id);
    bool ok = ours && frame_equals(&frames[0], "OK");
    /* Anything else is the late answer to an earlier question. */
    result = ours ? answer_decode(ret_answer, &frames[2]) : -EAGAIN;
    frames_close(frames, count);
    return result != 0 || ok ? result : -EREMOTEIO;
}

int connection_try(connection *c, const char *verb, const msgpack_sbuffer *body, answer *ret_answer)
{
    char id[24];
    int64_t deadline_ns = monotonic_ns() + c->options->timeout_ns;
    snprintf(id, sizeof id, "%" PRIu64, ++c->asked);
    int result = service_wait(&c->service, ZMQ_POLLOUT, deadline_ns);
    if (result == 0)
        result = question_send(c, verb, id, body);
    if (result != 0)
        return result;
    do {
        result = service_wait(&c->service, ZMQ_POLLIN, deadline_ns);
        if (result == 0)
            result = reply_take(c, id, ret_answer);
    } while (result == -EAGAIN || result == -EINTR);
    return result;
}

int connection_ask(connection *c, const char *verb, const msgpack_sbuffer *body, answer *ret_answer)
{
    return connection_judge(c, verb, connection_try(c, verb, body, ret_answer), ret_answer);
}

int connection_judge(connection *c, const char *verb, int result, const answer *a)
{
    if (result == 0)
        return CLIENT_DONE;
    if (result == -EREMOTEIO) {
        connection_complain_refusal(verb, &a->body);
        return CLIENT_NOT_SO;
    }
    if (connection_is_silence(result))
        connection_complain_silence(c->options, c->options->service, result);
    else
        complain("%s: the reply from %s cannot be read: %s", verb, c->options->service,
                 strerror(-result));
    return CLIENT_NO_ANSWER;
}

/* ---- what went wrong ---------------------------------------------------------------- */

void connection_complain_refusal(const char *verb, const msgpack_object *body)
{
    size_t code_len = 0;
    size_t message_len = 0;
    const char *code = pack_get_str(body, "code", &code_len);
    const char *message = pack_get_str(body, "message", &message_len);
    screen s = screen_open(stderr);
    fflush(stdout);
    fprintf(stderr, "thaw: %s: ", verb);
    if (message_len > 0)
        screen_text(&s, message, message_len);
    else
        fputs("refused", stderr);
    fputs(" (", stderr);
    screen_text(&s, code_len > 0 ? code : "no code", code_len > 0 ? code_len : 7);
    fputs(")\n", stderr);
}

bool connection_is_silence(int result)
{
    return result == -ETIMEDOUT || result == -EACCES;
}

void connection_complain_silence(const common_options *options, const char *endpoint, int result)
{
    double seconds = (double)options->timeout_ns / 1e9;
    if (result == -EACCES) {
        complain(options->server_key != NULL
                     ? "%s refuses the connection: is the own key (--key) among the curve.clients "
                       "of thawd there, and --server-key its public key?"
                 : strncmp(endpoint, "ipc://", 6) == 0
                     ? "%s ends the connection at once: is it thawd's, and may thawd hold more of them "
                       "(LimitNOFILE=)?"
                     : "%s refuses the connection: it asks for keys (--server-key, --key)",
                 endpoint);
        return;
    }
    if (strncmp(endpoint, "ipc://", 6) == 0 && endpoint[6] == '/') {
        if (access(endpoint + 6, F_OK) != 0) {
            complain("no connection to %s: %s; is thawd running?", endpoint, strerror(errno));
            return;
        }
        if (access(endpoint + 6, W_OK) != 0) {
            complain("no connection to %s: %s; its group may use it: thawd(8), ACCESS", endpoint,
                     strerror(errno));
            return;
        }
    }
    complain("no answer from %s within %g s; is thawd running there%s?", endpoint, seconds,
             options->server_key != NULL ? ", and are the keys right"
             : strncmp(endpoint, "tcp://", 6) == 0
                 ? ", and does it ask for keys (--server-key, --key)"
                 : "");
}
