/*
 * reply.h - answers of the service endpoint, put into the outbox.
 *
 * A body is packed into a reply_body, which never grows beyond its bound: what does not fit is
 * noted, and the answer becomes an ERR that says so.
 */
#ifndef DAEMON_REPLY_H
#define DAEMON_REPLY_H

#include <msgpack.h>

#include "daemon.h"
#include "packed.h"

typedef struct reply_body {
    char *data; /* `small`, or of its own; the struct stays where it is meanwhile */
    size_t size, capacity, max;
    char small[192]; /* most answers to a publish fit */
    bool over;   /* it would have grown beyond max */
    bool failed; /* no memory */
} reply_body;

/* Makes `out` pack into `body`, with at most max bytes. */
void reply_body_init(reply_body *body, size_t max, msgpack_packer *out);
void reply_body_done(reply_body *body);
/* The bytes as memory of the caller's, from malloc(), however few they are; the body is as after reply_body_done.
 * -ENOMEM: and is as it was. */
int reply_body_take(reply_body *body, uint8_t **ret_bytes, size_t *ret_len);
/* Appends bytes that are packed already; -1 where they do not fit. */
int reply_body_write(void *body, const char *data, size_t len);
/* Appends what another body holds, and what befell that one, which is emptied. */
void reply_body_add(reply_body *body, reply_body *part);

/* OK with a packed body, or ERR too-large where it did not fit, or unavailable where memory ran out; the
 * body's memory is taken over, whatever the result. */
int reply_ok(thawd *d, const envelope *to, reply_body *body);
/* Where there is no memory even for that, the request is dropped and counted. */
int reply_error(thawd *d, const envelope *to, const thaw_error *error);
/* The answer to a publish request. */
int reply_publish(thawd *d, const batch_request *request);

#endif
