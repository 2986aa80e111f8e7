/* replayed.c - see replayed.h. */
#include "kept/replayed.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

/* What subscribers hold on to. Texts and values are left out: their wording may change. */
static uint64_t mark_of(const thaw_alert *alert)
{
    return XXH3_64bits_withSeed(alert->id.data, alert->id.len, alert->rev << 8 | alert->state);
}

int replayed_note(replayed *r, const thaw_alert *alert)
{
    if (r->marks == NULL) {
        r->marks = malloc(REPLAYED_CHANGES * sizeof(*r->marks));
        if (r->marks == NULL)
            return -ENOMEM;
        r->first = alert->seq;
    }
    r->last = alert->seq;
    r->marks[alert->seq % REPLAYED_CHANGES] = mark_of(alert);
    return 0;
}

typedef struct comparison {
    const replayed *r;
    uint64_t differs;
} comparison;

static int on_published(void *context, uint64_t seq, const void *topic, size_t topic_len, const void *body,
                        size_t body_len)
{
    comparison *c = context;
    thaw_alert alert;
    thaw_error error;

    (void)topic;
    (void)topic_len;
    if (seq > c->r->last)
        return 1;
    if (thaw_alert_decode(&alert, body, body_len, &error) < 0)
        return -EBADMSG;
    if (mark_of(&alert) == c->r->marks[seq % REPLAYED_CHANGES])
        return 0;
    c->differs = seq;
    return 1;
}

uint64_t replayed_compare(const replayed *r, journal *j)
{
    comparison c = {r, 0};
    uint64_t from = journal_first_alert(j) > r->first ? journal_first_alert(j) : r->first;
    char error[512];

    if (r->last >= from + REPLAYED_CHANGES)
        from = r->last - REPLAYED_CHANGES + 1;
    if (r->last > 0)
        (void)journal_read_alerts(j, from - 1, on_published, &c, error);
    return c.differs;
}

void replayed_done(replayed *r)
{
    free(r->marks);
    *r = (replayed){0};
}
