/* publisher.c - see publisher.h. */
#include "publisher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../proto/src/cursor.h"
#include "rules/rules.h"

#define DRAIN_MAX 10000 /* subscription messages read in one pass */

static const log_kind alert_kinds[] = {
    [THAW_FIRING] = SAY_ALERT_FIRING,
    [THAW_RESOLVED] = SAY_ALERT_RESOLVED,
    [THAW_WITHDRAWN] = SAY_ALERT_WITHDRAWN,
};

/* Whether a group's values may stand in the log: fields that say who a fact is about may not. */
static bool group_is_public(const thaw_alert *alert)
{
    static const char *const names[] = {"country", "authority", "source", "program",
                                        "sector",  "effect",    "stage",  "state",
                                        "of",      "status",    "rule"};
    wire_cursor at = wire_cursor_over(alert->group.data, alert->group.len);
    wire_item map;
    bool known = true;

    if (alert->group.len == 0)
        return true;
    if (!wire_read(&at, &map) || map.type != WIRE_MAP)
        return false;
    for (uint32_t i = 0; known && i < map.len; i++) {
        thaw_str key;
        if (!wire_read_str(&at, &key) || !wire_skip(&at))
            return false;
        known = false;
        for (size_t k = 0; !known && k < sizeof(names) / sizeof(names[0]); k++)
            known = strlen(names[k]) == key.len && memcmp(names[k], key.data, key.len) == 0;
    }
    return known;
}

/* Its words are thawd's own: the title may stand in the log. */
static bool tells_limit(const thaw_alert *alert)
{
    return alert->state == THAW_FIRING && alert->rule.len == strlen(RULES_LIMIT_RULE) &&
           memcmp(alert->rule.data, RULES_LIMIT_RULE, alert->rule.len) == 0;
}

/* Neither title nor values stand in the log: both may hold names of persons. */
static void log_alert(thawd *d, const thaw_alert *alert)
{
    log_fields fields = {.rule = alert->rule, .seq = alert->seq};
    thaw_str country = alert->country.len > 0 ? alert->country : log_str("-");
    bool update = alert->state == THAW_FIRING && alert->rev > 1;

    if (alert->state < THAW_FIRING || alert->state > THAW_WITHDRAWN)
        return;
    if (alert->country.len > 0)
        fields.country = alert->country;
    if (group_is_public(alert))
        fields.alert = alert->id; /* it has the group in it */
    if (tells_limit(alert)) {
        log_say(d->log, SAY_RULE_LIMITED, &fields, "alert %" PRIu64 ": %.*s", alert->seq,
                (int)alert->title.len, alert->title.data);
        return;
    }
    log_say(d->log, update ? SAY_ALERT_UPDATED : alert_kinds[alert->state], &fields,
            "alert %" PRIu64 ": %.*s for %.*s is %s", alert->seq, (int)alert->rule.len,
            alert->rule.data, (int)country.len, country.data,
            thaw_alert_state_name((thaw_alert_state)alert->state));
}

static int put_alert(thawd *d, const thaw_alert *alert)
{
    char topic[THAW_TOPIC_BYTES];
    frames *message = NULL;
    uint8_t *body;
    size_t body_len;
    int topic_len = thaw_alert_topic(alert->country, alert->rule, topic);
    int r = topic_len < 0 ? topic_len : thaw_alert_encode(alert, &body, &body_len);

    if (r < 0)
        return r;
    r = journal_append_alert(d->journal, alert->seq, topic, (size_t)topic_len, body, body_len);
    if (r == 0)
        r = outbox_place(d->outbox, &message);
    if (r == 0)
        r = frames_add_copy(message, topic, (size_t)topic_len);
    if (r == 0)
        r = frames_add_owned(message, body, body_len, NULL);
    if (r < 0) {
        free(body);
        if (message != NULL)
            frames_done(message);
        return r;
    }
    outbox_put(d->outbox, OUTBOX_ALERTS, alert->seq);
    return 0;
}

void publisher_alert(void *context, const thaw_alert *alert)
{
    thawd *d = context;
    int r;

    if (d->failure != 0) /* thawd ends for it: what came of an alert before says why, and not what comes of this one */
        return;
    if (d->replaying && alert->seq <= journal_last_alert(d->journal)) { /* published in an earlier life */
        r = replayed_note(&d->replayed, alert);
        if (r < 0)
            d->failure = r;
        return;
    }
    d->counters.alerts++;
    r = put_alert(d, alert);
    if (r < 0) {
        log_say(d->log, SAY_INTERNAL, NULL, "cannot keep alert %" PRIu64 ": %s", alert->seq,
                strerror(-r));
        d->failure = r;
    }
}

void publisher_leaves(void *context, const frames *message)
{
    thawd *d = context;
    thaw_alert alert;
    thaw_error error;

    if (thaw_alert_decode(&alert, frames_data(message, 1), frames_size(message, 1), &error) == 0)
        log_alert(d, &alert);
    else
        log_say(d->log, SAY_INTERNAL, NULL, "an alert leaves of which nothing can be told: %s",
                error.message);
}

void publisher_beat(thawd *d)
{
    thaw_beat beat = {log_str(journal_epoch(d->journal)), outbox_alert_seq(d->outbox),
                      d->now.machine_ns};
    uint8_t body[THAW_BEAT_BYTES];
    frames message = {.kept = 0};
    int len = thaw_beat_encode(&beat, body);

    if (len < 0 || frames_add_copy(&message, THAW_BEAT_TOPIC, strlen(THAW_BEAT_TOPIC)) < 0)
        return;
    if (frames_add_copy(&message, body, (size_t)len) == 0 &&
        frames_send(d->alerts.socket, &message) == 0)
        d->counters.beats++;
    frames_done(&message);
}

void publisher_drain(thawd *d)
{
    frames f;

    for (int i = 0; i < DRAIN_MAX && frames_receive(d->alerts.socket, &f) == 0; i++) {
        if (f.kept > 0 && frames_size(&f, 0) > 0) {
            if (frames_data(&f, 0)[0] == 1)
                d->counters.subscriptions_in++;
            else if (frames_data(&f, 0)[0] == 0)
                d->counters.subscriptions_out++;
        }
        frames_done(&f);
    }
}
