/* messages.c - see messages.h. */
#include "messages.h"

#include "common.h"

typedef struct gathering {
    char topic[STREAM_TOPIC_MAX];
    uint8_t *bytes;
    size_t len;
    uint32_t count;
} gathering;

#define TOPICS_MAX 4096u

static gathering *gathering_of(gathering *all, const char *topic, uint32_t per_message)
{
    uint32_t slot = 2166136261u;

    for (const char *c = topic; *c; c++)
        slot = (slot ^ (uint8_t)*c) * 16777619u;
    for (slot %= TOPICS_MAX;; slot = (slot + 1) % TOPICS_MAX) {
        gathering *g = &all[slot];
        if (g->bytes == NULL) {
            memcpy(g->topic, topic, STREAM_TOPIC_MAX);
            g->bytes = malloc((size_t)per_message * STREAM_BYTES_MAX);
            MUST(g->bytes != NULL);
        }
        if (strcmp(g->topic, topic) == 0)
            return g;
    }
}

static void close_message(messages *m, gathering *g, size_t *used, uint32_t per_message)
{
    message *to = &m->items[m->count++];
    uint8_t *at = m->bytes + *used;

    to->at = *used;
    memcpy(to->topic, g->topic, STREAM_TOPIC_MAX);
    if (per_message > 1) {
        *at++ = 0xdc;
        *at++ = (uint8_t)(g->count >> 8);
        *at++ = (uint8_t)g->count;
    }
    memcpy(at, g->bytes, g->len);
    to->len = (size_t)(at - m->bytes) - *used + g->len;
    *used += to->len;
    m->events += g->count;
    g->len = g->count = 0;
}

messages messages_make(const stream *s, uint64_t first, uint64_t count, uint32_t per_message,
                       bool any)
{
    messages m = {.bytes = malloc(count * (STREAM_BYTES_MAX + 3)),
                  .items = malloc(count * sizeof(message))};
    gathering *all = calloc(TOPICS_MAX, sizeof(*all));
    size_t used = 0;

    MUST(m.bytes != NULL && m.items != NULL && all != NULL);
    for (uint64_t i = first; i < first + count; i++) {
        uint8_t bytes[STREAM_BYTES_MAX];
        char topic[STREAM_TOPIC_MAX] = "";
        size_t len = stream_report(s, i, bytes, topic);
        gathering *g = gathering_of(all, any ? "" : topic, per_message);
        memcpy(g->topic, topic, STREAM_TOPIC_MAX * !any);
        memcpy(g->bytes + g->len, bytes, len);
        g->len += len;
        if (++g->count == per_message)
            close_message(&m, g, &used, per_message);
    }
    for (uint32_t i = 0; i < TOPICS_MAX; i++) {
        if (all[i].count > 0)
            close_message(&m, &all[i], &used, per_message);
        free(all[i].bytes);
    }
    free(all);
    return m;
}

void messages_done(messages *m)
{
    free(m->bytes);
    free(m->items);
}
