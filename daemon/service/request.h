/*
 * request.h - what comes to the service endpoint, before anything is done about it.
 *
 *   frames of ROUTER:  route | [empty] | verb | request id (at most 64 bytes) | body
 *   frames of a reply: route | [empty] | OK or ERR | request id | body
 *
 * The body of a question is one map of few keys; request_parse reads those its verb knows, from
 * bytes whose shape has been checked, and allocates nothing.
 */
#ifndef DAEMON_REQUEST_H
#define DAEMON_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "sockets/frames.h"
#include "thaw.h"

#define REQUEST_ID_BYTES_MAX 64
#define REQUEST_NESTING_MAX 4       /* a map that may hold a group's map */
#define REQUEST_TEXT_BYTES_MAX 1024 /* ids of alerts carry their group */

/* Whom to answer. */
typedef struct envelope {
    zmq_msg_t route;
    bool delimiter; /* REQ sends an empty frame first and wants it back */
    uint8_t id_len;
    uint8_t id[REQUEST_ID_BYTES_MAX];
} envelope;

typedef struct verb verb; /* service.c */

/* A request other than publish. */
typedef struct question {
    envelope from;
    const verb *verb;
    zmq_msg_t body;
    int fd;        /* of the connection that it came by; -1: not known */
    bool was_held; /* counted once */
} question;

void envelope_move(envelope *to, envelope *from);
void envelope_done(envelope *e);
void question_move(question *to, question *from);
void question_done(question *q);
/* Whether nobody can be answered any more: the connection has ended, and no other can have its route, which libzmq gave
 * it. Until somebody else has taken its descriptor; then this is not seen. */
bool question_is_stale(question *q);

/* Takes a received message apart. On 0 *ret_body is the index of the frame of the body, or 0 where
 * there is none, and *ret_verb a view of the verb. -EBADMSG with *error: it is no request; the
 * envelope is still good for an answer, with an empty id where none could be read. The envelope
 * takes the route over in both cases. */
int request_open(frames *f, envelope *ret_from, thaw_str *ret_verb, size_t *ret_body,
                 thaw_error *error);

/* The keys that questions may hold. */
typedef enum request_key {
    KEY_TOPIC,
    KEY_AFTER,
    KEY_FROM,
    KEY_LIMIT,
    KEY_COUNTRY,
    KEY_KIND,
    KEY_AT,
    KEY_SINCE,
    KEY_ALERT,
    KEY_INCIDENT,
    KEY_RULE,
    KEY_GROUP,
    KEY_DRY,
    KEY_COUNT
} request_key;
#define KEY_BIT(key) (1u << (key))

/* The values, absent as in thaw.h; texts point into the body. */
typedef struct request_values {
    uint32_t present; /* KEY_BIT of each key that was there with a value */
    uint32_t named;   /* the same, with nil too */
    thaw_str topic, after, alert, incident, rule;
    uint64_t from, limit;
    char country[3]; /* "" where absent */
    uint8_t kind;    /* thaw_kind */
    thaw_date at, since;
    const uint8_t *group; /* the packed map or text */
    size_t group_len;
    bool dry;
} request_values;

/* Fills an error and returns -EBADMSG. */
int question_fail(thaw_error *error, thaw_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads a body that may hold the keys in `allowed`; an empty body and nil are an empty map.
 * -EBADMSG with *error. */
int request_parse(const void *data, size_t len, uint32_t allowed, request_values *ret_values,
                  thaw_error *error);

#endif
