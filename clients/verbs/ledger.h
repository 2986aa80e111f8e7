/*
 * ledger.h - the ledger of a country, whole: lists that do not fit into one answer are asked for to
 * their ends.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "wire/connection.h"

typedef struct ledger ledger;

/* Asks `state` with `body` and for all that is behind its lists. CLIENT_DONE; otherwise a complaint
 * was printed, as by connection_ask, and there is no ledger. */
int ledger_ask(connection *c, const msgpack_sbuffer *body, ledger **ret_ledger);
void ledger_free(ledger *l);

/* The answer as if it had come in one, which lives as long as the ledger; `more` has what thawd does
 * not tell. */
const msgpack_object *ledger_reply(const ledger *l);

#endif
