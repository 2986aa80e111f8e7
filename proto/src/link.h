/* link.h - a socket towards the daemon, set up as the protocol asks, and its frames. */
#ifndef WIRE_LINK_H
#define WIRE_LINK_H

#include <zmq.h>

#include "thaw.h"

#define WIRE_REQUEST_ID_BYTES 16
#define WIRE_QUEUE_MESSAGES 10000 /* that a socket keeps for each direction */

typedef struct wire_link {
    void *context, *socket;
    void *monitor; /* readable: wire_link_tend has something to do */
    bool own_context;
    bool refused;     /* the daemon did not take the keys, or asks for some; since the last handshake that succeeded */
    char *endpoint;   /* where it connects again after that, which libzmq does not */
    int64_t again_ms; /* when; INT64_MAX: never */
    uint64_t prefix;  /* of request ids, drawn at random */
} wire_link;

/* Opens a DEALER or SUB and connects it. -errno; the link is closed then. */
int wire_link_open(wire_link *link, const thaw_connection *connection, int type);
void wire_link_close(wire_link *link);

/* Takes in what became of the connection, without waiting; to be called when the monitor is readable and at
 * again_ms. True: a connection was lost since the last call, and what was sent over it with it. */
bool wire_link_tend(wire_link *link, int64_t now_ms);

/* Sends verb, id and body without waiting; -EAGAIN: nobody is connected, or the queue is full. */
int wire_link_request(wire_link *link, const char *verb, uint64_t number, const void *body,
                      size_t body_len);

/* An answer; body is to be closed by the caller. */
typedef struct wire_answer {
    bool ok;
    uint64_t number;
    zmq_msg_t body;
} wire_answer;

/* Takes the next answer, without waiting, to a request of this link. 1; 0: none; -errno. What
 * is no answer to this link is dropped. */
int wire_link_answer(wire_link *link, wire_answer *ret_answer);

/* Takes the next message of two frames of a SUB, without waiting; both are to be closed by the
 * caller. 1; 0: none; -errno. Messages of another shape are dropped. */
int wire_link_message(wire_link *link, zmq_msg_t *ret_topic, zmq_msg_t *ret_body);

/* Reads code and message of an ERR body; THAW_UNAVAILABLE with no message where it has none. */
void wire_reply_error(const void *body, size_t len, thaw_code *ret_code, thaw_str *ret_message);

/* A monotonic clock, in milliseconds. */
int64_t wire_clock_ms(void);

#endif
