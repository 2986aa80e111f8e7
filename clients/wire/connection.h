/*
 * connection.h - the `service` endpoint of thawd: one question, one answer.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <msgpack.h>
#include <zmq.h>

#include "../proto/src/link.h"
#include "arguments.h"

typedef struct connection connection;

/* A decoded reply. `body` lives until the answer is freed or used for another question. */
typedef struct answer {
    msgpack_zone zone;
    zmq_msg_t frame;
    msgpack_object body;
    bool open; /* zone and frame are in use */
} answer;

/* Connects; that nobody listens is no error yet. 0, or -errno after a complaint. */
int connection_new(const common_options *options, connection **ret_connection);
connection *connection_free(connection *c);

/* The DEALER, for verbs that pipeline. */
wire_link *connection_service(connection *c);

/* Opens another socket of the given type to one endpoint, with the same keys and limits; -errno after
 * a complaint. The caller closes it with wire_link_close before connection_free. */
int connection_open(connection *c, int type, const char *endpoint, wire_link *ret_link);

/* Sends verb and body (NULL: an empty map) and waits for the reply.
 * CLIENT_DONE: ret_answer holds an OK body. Otherwise a complaint was printed: CLIENT_NOT_SO for an
 * ERR reply, CLIENT_NO_ANSWER where none came within the timeout. */
int connection_ask(connection *c, const char *verb, const msgpack_sbuffer *body,
                   answer *ret_answer);

/* The same without complaint: 0; -EREMOTEIO: ret_answer holds an ERR body; -ETIMEDOUT; -EACCES: no
 * answer either, as thawd refused the keys or asks for some; -EBADMSG. */
int connection_try(connection *c, const char *verb, const msgpack_sbuffer *body,
                   answer *ret_answer);

/* What a result of connection_try comes to, complained of as by connection_ask. */
int connection_judge(connection *c, const char *verb, int result, const answer *a);

/* Empty to begin with ({0} will do); freeing an empty one is fine. */
void answer_free(answer *a);

/* Whether a result says that no answer came; and says so, with the reason or a likely one. */
bool connection_is_silence(int result);
void connection_complain_silence(const common_options *options, const char *endpoint, int result);

/* Says what an ERR body says. */
void connection_complain_refusal(const char *verb, const msgpack_object *body);

/* Receives a whole message of at most `most` frames; *ret_count frames are initialised and the
 * caller closes them. More frames are thrown away with the message (-EBADMSG). -EAGAIN: none. */
int parts_receive(void *socket, zmq_msg_t frames[], size_t most, size_t *ret_count);
void frames_close(zmq_msg_t frames[], size_t count);
bool frame_equals(zmq_msg_t *frame, const char *text);

#endif
