/* auth.c - see auth.h. */
#include "sockets/auth.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define ZAP_ADDRESS "inproc://zeromq.zap.01"
#define ZAP_FRAMES 7 /* version, request id, domain, address, identity, mechanism, key */
#define SERVE_MAX 1000

struct auth {
    void *socket;
    log *log;
    counters *counts;
    key_list clients;
    key_list revoked; /* since the start: connections that they had last until they end */
    endpoint_keys keys;
    char secret[KEY_CHARS + 1], public[KEY_CHARS + 1], upstream[KEY_CHARS + 1];
};

static void add_missing(key_list *list, const key_list *from, const key_list *now)
{
    for (size_t i = 0; i < from->count; i++)
        if (!keys_have(now, from->keys[i]))
            memcpy(list->keys[list->count++], from->keys[i], KEY_BYTES);
}

/* Who was admitted once, and is not now. */
static int find_revoked(const auth *a, const key_list *now, key_list *ret_list, char *error)
{
    size_t most = a->clients.count + a->revoked.count;
    key_list list = {calloc(most + 1, KEY_BYTES), 0, most};

    if (list.keys == NULL)
        return socket_fail(error, -ENOMEM, "out of memory");
    add_missing(&list, &a->clients, now);
    add_missing(&list, &a->revoked, now);
    qsort(list.keys, list.count, KEY_BYTES, keys_compare);
    *ret_list = list;
    return 0;
}

/* ---- life -------------------------------------------------------------------------------- */

static int read_keys(auth *a, const config *c, char *error)
{
    int r = 0;

    if (c->curve_server == NULL)
        return 0; /* only roles */
    r = keys_read_file(c->curve_server, true, a->secret, error);
    if (r == 0 && zmq_curve_public(a->public, a->secret) < 0)
        r = socket_fail(error, -EINVAL, "%s: found no secret key of CURVE", c->curve_server);
    if (r == 0 && c->curve_upstream != NULL &&
        !(config_is_key(c->curve_upstream) && keys_take(c->curve_upstream, a->upstream)))
        r = keys_read_file(c->curve_upstream, false, a->upstream, error);
    if (r == 0)
        r = keys_read_clients(c, &a->clients, error);
    if (r == 0)
        a->keys =
            (endpoint_keys){a->secret, a->public, c->curve_upstream == NULL ? NULL : a->upstream};
    return r;
}

int auth_new(void *zmq, const config *c, log *l, counters *counts, auth **ret_auth,
             char error[SOCKET_ERROR_BYTES])
{
    auth *a = calloc(1, sizeof(*a));
    int linger = 0, r;

    if (a == NULL)
        return socket_fail(error, -ENOMEM, "out of memory");
    a->log = l;
    a->counts = counts;
    (void)sodium_mlock(a->secret, sizeof(a->secret)); /* without the right to, it may be swapped */
    r = read_keys(a, c, error);
    if (r == 0 && zmq != NULL) {
        a->socket = zmq_socket(zmq, ZMQ_REP);
        if (a->socket == NULL ||
            zmq_setsockopt(a->socket, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
            zmq_bind(a->socket, ZAP_ADDRESS) < 0)
            r = socket_fail(error, -errno, "cannot answer for keys: %s", zmq_strerror(errno));
    }
    if (r < 0) {
        auth_free(a);
        return r;
    }
    *ret_auth = a;
    return 0;
}

auth *auth_free(auth *a)
{
    if (a == NULL)
        return NULL;
    if (a->socket != NULL)
        zmq_close(a->socket);
    free(a->clients.keys);
    free(a->revoked.keys);
    sodium_munlock(a->secret, sizeof(a->secret)); /* wipes it */
    free(a);
    return NULL;
}

int auth_check(const config *c, char error[SOCKET_ERROR_BYTES])
{
    auth *a = NULL;
    int r = c->curve_server == NULL ? 0 : auth_new(NULL, c, NULL, NULL, &a, error);

    auth_free(a);
    return r;
}

int auth_reload(auth *a, const config *c, bool dry, char error[SOCKET_ERROR_BYTES])
{
    key_list clients, revoked;
    int r = keys_read_clients(c, &clients, error);

    if (r < 0)
        return r;
    r = dry ? -EAGAIN : find_revoked(a, &clients, &revoked, error);
    if (r < 0) {
        free(clients.keys);
        return dry ? 0 : r;
    }
    free(a->clients.keys);
    free(a->revoked.keys);
    a->clients = clients;
    a->revoked = revoked;
    return 0;
}

void *auth_socket(const auth *a)
{
    return a->socket;
}

const endpoint_keys *auth_keys(const auth *a)
{
    return a == NULL ? NULL : &a->keys;
}

/* ---- ZAP --------------------------------------------------------------------------------- */

/* The frames of a question:
 *   version "1.0" | request id | domain | address | identity | mechanism | credentials
 * and of its answer:
 *   version | request id | status code | status text | user id | metadata */
typedef struct zap_question {
    zmq_msg_t frames[ZAP_FRAMES];
    size_t kept, count;
} zap_question;

static int receive(void *socket, zap_question *q)
{
    int more;

    q->kept = q->count = 0;
    do {
        zmq_msg_t spare, *frame = q->kept < ZAP_FRAMES ? &q->frames[q->kept] : &spare;
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(frame);
            return -errno;
        }
        more = zmq_msg_more(frame);
        q->count++;
        if (frame == &spare)
            zmq_msg_close(&spare);
        else
            q->kept++;
    } while (more);
    return 0;
}

static bool frame_is(zap_question *q, size_t i, const char *text, size_t len)
{
    return q->kept > i && zmq_msg_size(&q->frames[i]) == len &&
           memcmp(zmq_msg_data(&q->frames[i]), text, len) == 0;
}

/* The role of the address that a client has connected to; with keys it is ROLE_ALL. */
static endpoint_role asked_role(zap_question *q)
{
    char domain[64];

    for (endpoint_role role = ROLE_PUBLISH; role < ROLE_COUNT; role++) {
        int len = snprintf(domain, sizeof(domain), ENDPOINT_DOMAIN "%s", endpoint_roles[role]);
        if (frame_is(q, 2, domain, (size_t)len) && frame_is(q, 5, "NULL", 4))
            return role;
    }
    return ROLE_ALL;
}

/* What was answered for the connection over which a message came, NULL: nothing. Every frame of it tells; the route,
 * which is libzmq's own, is first. */
static const char *user_of(frames *f)
{
    return f->kept == 0 ? NULL : zmq_msg_gets(&f->part[f->kept - 1], "User-Id");
}

bool auth_is_revoked(const auth *a, frames *f)
{
    uint8_t key[KEY_BYTES];
    const char *user = a->revoked.count == 0 ? NULL : user_of(f);

    return user != NULL && strlen(user) == KEY_CHARS && zmq_z85_decode(key, user) != NULL &&
           keys_have(&a->revoked, key);
}

void auth_log_revoked(const auth *a, frames *f, const char *endpoint)
{
    log_fields fields = {.code = log_str(thaw_code_name(THAW_DENIED)),
                         .endpoint = log_str(endpoint)};

    a->counts->denied++;
    log_say(a->log, SAY_CLIENT_DENIED, &fields,
            "a message on %s was refused: the public key %s is no longer among curve.clients",
            endpoint, user_of(f));
}

endpoint_role auth_role(frames *f)
{
    const char *user = user_of(f);

    for (endpoint_role role = ROLE_PUBLISH; user != NULL && role < ROLE_COUNT; role++)
        if (strcmp(user, endpoint_roles[role]) == 0)
            return role;
    return ROLE_ALL;
}

static bool is_admitted(const auth *a, zap_question *q)
{
    if (frame_is(q, 5, "NULL", 4))
        return true; /* at an ipc address: the mode of its file has let the client in */
    if (q->count != ZAP_FRAMES || zmq_msg_size(&q->frames[5]) != 5 ||
        memcmp(zmq_msg_data(&q->frames[5]), "CURVE", 5) != 0 ||
        zmq_msg_size(&q->frames[6]) != KEY_BYTES)
        return false;
    return keys_have(&a->clients, zmq_msg_data(&q->frames[6]));
}

/* The key of a client with CURVE, "" for another. */
static void asked_key(zap_question *q, char key[KEY_CHARS + 1])
{
    key[0] = '\0';
    if (q->kept == ZAP_FRAMES && zmq_msg_size(&q->frames[6]) == KEY_BYTES)
        zmq_z85_encode(key, zmq_msg_data(&q->frames[6]), KEY_BYTES);
}

static void log_denied(auth *a, zap_question *q, const char *key)
{
    a->counts->denied++;
    log_say(a->log, SAY_CLIENT_DENIED, &(log_fields){.code = log_str(thaw_code_name(THAW_DENIED))},
            "a client at %.*s was refused: its public key %s is not among curve.clients",
            q->kept > 3 ? (int)zmq_msg_size(&q->frames[3]) : 0,
            q->kept > 3 ? (const char *)zmq_msg_data(&q->frames[3]) : "",
            key[0] == '\0' ? "none" : key);
}

static void answer(auth *a, zap_question *q)
{
    char key[KEY_CHARS + 1];
    endpoint_role role = asked_role(q);
    const char *user = role == ROLE_ALL ? key : endpoint_roles[role];
    bool admitted = is_admitted(a, q);
    const char *code = admitted ? "200" : "400", *text = admitted ? "OK" : "denied";

    asked_key(q, key);
    if (!admitted)
        log_denied(a, q, key);
    /* a REP socket must answer; inproc to libzmq itself has room */
    (void)zmq_send(a->socket, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    if (q->kept > 1)
        (void)zmq_send(a->socket, zmq_msg_data(&q->frames[1]), zmq_msg_size(&q->frames[1]),
                       ZMQ_SNDMORE | ZMQ_DONTWAIT);
    else
        (void)zmq_send(a->socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, code, 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, text, strlen(text), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, "", 0, ZMQ_DONTWAIT);
}

void auth_serve(auth *a)
{
    zap_question q;

    for (int i = 0; i < SERVE_MAX; i++) {
        int r = receive(a->socket, &q);
        if (r == 0)
            answer(a, &q);
        for (size_t k = 0; k < q.kept; k++)
            zmq_msg_close(&q.frames[k]);
        if (r < 0)
            return;
    }
}
