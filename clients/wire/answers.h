/*
 * answers.h - answers that stay: their parts are put together to one.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "wire/connection.h"

/* Those that were kept, or NULL: none. */
typedef struct answers answers;

/* Asks as connection_ask does, and keeps the answer. Its body, which lives until answers_free; NULL:
 * a complaint was printed, and *ret_code is the exit code. */
const msgpack_object *answers_ask(answers **kept, connection *c, const char *verb,
                                  const msgpack_sbuffer *body, int *ret_code);
void answers_free(answers *kept);

/* Puts the elements of an array, whose answer stays, before or behind those of one that is the caller's
 * own. False after a complaint: no memory. */
bool answers_prepend(msgpack_object *list, const msgpack_object *rows);
bool answers_append(msgpack_object *list, const msgpack_object *rows);

#endif
