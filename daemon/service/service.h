/*
 * service.h - the service endpoint: a table of verbs, and what happens to a request.
 *
 * Requests are read in the pass; publish goes into the batch, everything else waits until the
 * batch was applied, so that an answer shows what the same client sent before it. Whatever comes,
 * an answer goes back.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "daemon.h"
#include "service/reply.h"

/* A verb answers a question: 0 with the body packed, -EBADMSG with *error filled for an ERR, or
 * another negative errno, which ends the process. */
typedef int (*verb_fn)(thawd *d, const request_values *values, reply_body *body,
                       msgpack_packer *out, thaw_error *error);

struct verb {
    const char *name;
    verb_fn answer;   /* NULL: publish */
    uint32_t allowed; /* KEY_BIT of the keys that its body may hold */
    uint32_t roles;   /* besides ROLE_ALL: ROLE_BIT of those that may use it */
    waiting_row row;  /* in which its questions wait */
};

/* Reads requests until there are no more or the batch is full. */
int service_read(thawd *d);
/* Answers those of the questions that wait for which a pass has time. */
int service_answer(thawd *d);

/* The verbs' answers: questions.c, status.c, reload.c. */
int question_snapshot(thawd *, const request_values *, reply_body *, msgpack_packer *,
                      thaw_error *);
int question_replay(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);
int question_events(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);
int question_state(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);
int question_incidents(thawd *, const request_values *, reply_body *, msgpack_packer *,
                       thaw_error *);
int question_explain(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);
int question_rules(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);
int question_rejects(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);
int question_status(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);
int question_reload(thawd *, const request_values *, reply_body *, msgpack_packer *, thaw_error *);

#endif
