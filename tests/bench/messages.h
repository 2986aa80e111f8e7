/* messages.h - the reports of a stream, packed into messages before the clock starts. */
#ifndef BENCH_MESSAGES_H
#define BENCH_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "stream.h"

typedef struct message {
    size_t at, len; /* of its body, in messages.bytes */
    char topic[STREAM_TOPIC_MAX];
} message;

typedef struct messages {
    uint8_t *bytes;
    message *items;
    size_t count, events;
} messages;

/* Reports first, first + 1 ... in messages of per_message. A message of one event is the bare
 * map; of more an array, which may only hold reports of one topic: they are gathered by topic
 * from as many reports as it takes, and what is left over fills shorter messages. With `any`
 * (publish requests, which have no topic) they stay in order. */
messages messages_make(const stream *s, uint64_t first, uint64_t count, uint32_t per_message,
                       bool any);
void messages_done(messages *m);

#endif
