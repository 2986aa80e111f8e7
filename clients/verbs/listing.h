/*
 * listing.h - questions whose answer is a list or a document: asked, then shown as a table, as
 * text or as JSON.
 */
#ifndef LISTING_H
#define LISTING_H

#include <msgpack.h>

#include "arguments.h"
#include "screen/columns.h"
#include "screen/screen.h"
#include "wire/connection.h"

typedef struct listing {
    const char *list;      /* key of the reply that holds the list; NULL: the reply is a document */
    const column *columns; /* of the text; NULL: all keys */
    const char *none;      /* what to say in text where the list is empty */
    void (*print)(const screen *s, const msgpack_object *reply); /* own text; NULL: a general one */
} listing;

/* Asks `verb` with `body` (NULL: none), prints the answer, returns an exit code. */
int listing_ask(const common_options *options, const char *verb, const msgpack_sbuffer *body,
                const listing *how);

/* Prints a reply that is already there. */
void listing_print(const common_options *options, const msgpack_object *reply, const listing *how);

/* Packs the pairs of a request: values that are NULL or 0 are left out. */
typedef struct request_pair {
    const char *key;
    const char *text;
    uint64_t number;
    const int64_t *instant_ns;
} request_pair;
void request_pack(msgpack_sbuffer *body, const request_pair pairs[], size_t count);

/* The same question, a map of few keys, with `next` of an answer as its `after`. */
void request_after(const msgpack_sbuffer *body, const msgpack_object *place, msgpack_sbuffer *ret);

/* Reads a time or a date of the command line: its first instant, or with `end` its last. False
 * after a complaint. */
bool moment_parse(const char *option, const char *text, bool end, int64_t *ret_ns);
/* Whether text is a country; complains where it is not. */
bool country_check(const char *text);

#endif
