/* questions.c - the verbs that ask: each packs its reply, in pages where there may be much. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../proto/src/text.h"
#include "service/service.h"

#define PAGE_DEFAULT 1000
#define PAGE_MAX 10000
#define SNAPSHOT_PAGE 256        /* alerts in a page: each holds up to some 20 KiB */
#define SCAN_MAX 100000          /* records looked at for one page, so that the loop goes on */
#define PAGE_BYTES_MAX (4 << 20) /* a page ends before it is larger, or than half of limits.reply */
#define STATE_LISTS_SHARE 16 /* of limits.reply for each of the nine lists, where they are cut */
#define PAGE_HEAD_BYTES 512      /* of a reply beside the elements of its page */
#define RECORD_HEAD_BYTES 128    /* of an element beside its event or text */

static uint64_t page_limit(const request_values *v)
{
    if ((v->present & KEY_BIT(KEY_LIMIT)) == 0 || v->limit == 0)
        return PAGE_DEFAULT;
    return v->limit < PAGE_MAX ? v->limit : PAGE_MAX;
}

static size_t page_bytes(const thawd *d)
{
    return d->config.reply_bytes / 2 < PAGE_BYTES_MAX ? d->config.reply_bytes / 2 : PAGE_BYTES_MAX;
}

/* The engine's -ENOENT is the asker's, about the key that was asked for; -ENOSPC and -ENOMEM are
 * ours, and no reason to end. */
static int answer(int r, thaw_error *error, const char *key, thaw_str value)
{
    char quoted[128] = "nothing";

    if (value.data != NULL)
        wire_text_quote(quoted, sizeof(quoted), value.data, value.len);
    if (r == -ENOENT)
        return question_fail(error, THAW_NOT_FOUND, "%s: found %s, expected one that is known", key,
                             quoted);
    if (r == -ENOSPC)
        return question_fail(error, THAW_LIMIT,
                             "at: the state of then has no room beside that of now: ask for an "
                             "earlier time or one country, or raise memory.bytes");
    if (r < 0)
        return question_fail(error, THAW_UNAVAILABLE, "cannot answer now: %s", strerror(-r));
    return 0;
}

int question_snapshot(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                      thaw_error *error)
{
    uint32_t limit = SNAPSHOT_PAGE;
    int r;

    d->counters.snapshots++;
    do { /* alerts of unusual size: a smaller page */
        reply_body_done(body);
        reply_body_init(body, d->config.reply_bytes, out);
        r = engine_write_snapshot(d->engine, v->topic, v->after, limit, out);
        limit /= 4;
    } while (body->over && limit > 0);
    return answer(r, error, "after", v->after);
}

/* A page that is being filled from the journal. */
typedef struct page {
    const request_values *values;
    reply_body items; /* the packed elements of the array */
    msgpack_packer out;
    uint64_t count, limit, looked_at, next;
    size_t bytes_max;
    bool more; /* of rejects: others are behind */
} page;

static void page_init(page *p, thawd *d, const request_values *v)
{
    *p = (page){.values = v, .limit = page_limit(v), .next = v->from, .bytes_max = page_bytes(d)};
    reply_body_init(&p->items, d->config.reply_bytes - PAGE_HEAD_BYTES, &p->out);
}

/* Whether the page ends before another element of so many bytes; a first one may be of any size. */
static bool page_full(const page *p, size_t len)
{
    return p->count >= p->limit || p->looked_at >= SCAN_MAX || p->items.over || p->items.failed ||
           (p->count > 0 && p->items.size + len > p->bytes_max);
}

static int on_alert(void *context, uint64_t seq, const void *topic, size_t topic_len,
                    const void *alert, size_t alert_len)
{
    page *p = context;
    thaw_str wanted = p->values->topic;

    if (page_full(p, alert_len))
        return 1;
    p->looked_at++;
    p->next = seq;
    if (wanted.len > topic_len ||
        memcmp(topic, wanted.len == 0 ? "" : wanted.data, wanted.len) != 0)
        return 0;
    p->count++;
    reply_body_write(&p->items, alert, alert_len);
    return 0;
}

/* Packs the array's head, then the elements that were packed already. */
static void page_end(page *p, reply_body *body, msgpack_packer *out)
{
    msgpack_pack_array(out, p->count);
    reply_body_add(body, &p->items);
}

/* `next` is up to where the journal was looked through: with a topic, a page may be empty though
 * more follows. */
int question_replay(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                    thaw_error *error)
{
    uint64_t left = outbox_alert_seq(d->outbox);
    char text[512];
    page p;
    int r;

    d->counters.replays++;
    page_init(&p, d, v);
    r = journal_read_alerts(d->journal, v->from, on_alert, &p, text);
    if (r < 0) {
        reply_body_done(&p.items);
        if (r == -ENODATA)
            return question_fail(error, THAW_GONE,
                                 "alert %" PRIu64 " is no longer kept: ask snapshot", v->from + 1);
        return question_fail(error, THAW_UNAVAILABLE, "%.200s", text);
    }
    msgpack_pack_map(out, 4);
    pack_text(out, "epoch");
    pack_text(out, journal_epoch(d->journal));
    /* what was read may be durable and not yet have left */
    pack_count(out, "head", p.next > left && p.count > 0 ? p.next : left);
    pack_count(out, "next", p.next);
    pack_text(out, "alerts");
    page_end(&p, body, out);
    return 0;
}

static void pack_event(page *p, const journal_record *record, const thaw_event *event)
{
    thaw_hash key = thaw_report_key(event->source, event->id);
    char hex[33];

    snprintf(hex, sizeof(hex), "%016" PRIx64 "%016" PRIx64, key.high, key.low);
    msgpack_pack_map(&p->out, 4);
    pack_count(&p->out, "journal_seq", record->number);
    pack_text(&p->out, "received_at");
    pack_instant(&p->out, record->at_ns);
    pack_text(&p->out, "key");
    pack_text(&p->out, hex);
    pack_text(&p->out, "event");
    reply_body_write(&p->items, (const char *)record->body, record->body_len);
}

static int on_record(void *context, const journal_record *record)
{
    page *p = context;
    const request_values *v = p->values;
    thaw_body body;
    thaw_event event;
    thaw_error error;

    if (record->kind != JOURNAL_REPORT)
        return 0;
    if (page_full(p, record->body_len + RECORD_HEAD_BYTES))
        return 1;
    p->looked_at++;
    p->next = record->number;
    if (thaw_body_begin(&body, record->body, record->body_len, &thaw_limits_stored, 0, &error) <
            0 ||
        thaw_body_next(&body, &event, &error) <= 0)
        return 0;
    if (v->country[0] != '\0' && memcmp(v->country, event.country, 2) != 0)
        return 0;
    if (v->kind != 0 && v->kind != event.kind)
        return 0;
    p->count++;
    pack_event(p, record, &event);
    return 0;
}

int question_events(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                    thaw_error *error)
{
    char text[512];
    page p;
    int r;

    page_init(&p, d, v);
    r = journal_read(d->journal, v->from, on_record, &p, text);
    if (r < 0) {
        reply_body_done(&p.items);
        return question_fail(error, r == -ENODATA ? THAW_GONE : THAW_UNAVAILABLE, "%.200s", text);
    }
    msgpack_pack_map(out, 4);
    pack_text(out, "epoch");
    pack_text(out, journal_epoch(d->journal));
    pack_count(out, "head", journal_last_report(d->journal));
    pack_count(out, "next", p.next);
    pack_text(out, "events");
    page_end(&p, body, out);
    return 0;
}

static int fail_place(thaw_error *error)
{
    return question_fail(error, THAW_INVALID,
                         "after: found no place in a list, expected `next` of an earlier answer");
}

/* A country of which all there is does not fit into one answer: lists that go on in others. */
static int write_state(thawd *d, engine_state_query *query, reply_body *body, msgpack_packer *out)
{
    int r = engine_write_state(d->engine, query, out);

    if (!body->over || query->country == NULL || query->after.len > 0)
        return r;
    reply_body_done(body);
    reply_body_init(body, d->config.reply_bytes, out);
    query->list_bytes = d->config.reply_bytes / STATE_LISTS_SHARE;
    return engine_write_state(d->engine, query, out);
}

int question_state(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                   thaw_error *error)
{
    engine_state_query query = {.country = v->country[0] == '\0' ? NULL : v->country,
                                .at_ns = INT64_MAX,
                                .since = v->since,
                                .bytes = d->config.reply_bytes,
                                .after = v->after,
                                .list_bytes = v->after.len > 0 ? page_bytes(d) : 0};

    if (v->after.len > 0 && query.country == NULL)
        return question_fail(
            error, THAW_INVALID,
            "after: found without country, expected the country whose list it is of");
    if ((v->present & KEY_BIT(KEY_AT)) != 0) { /* as known at the end of that day or instant */
        int64_t start;
        thaw_date_interval(&v->at, &start, &query.at_ns);
        query.at_ns--;
    }
    int r = write_state(d, &query, body, out);
    if (r == -EBADMSG)
        return fail_place(error);
    return answer(r, error, "country", log_str(v->country));
}

/* Which kinds make incidents; 0: any. */
static bool makes_incidents(uint8_t kind)
{
    return kind == 0 || kind == THAW_RELEASE || kind == THAW_DETENTION || kind == THAW_SANCTION ||
           kind == THAW_TALKS;
}

int question_incidents(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                       thaw_error *error)
{
    engine_incidents_query query = {.country = v->country[0] == '\0' ? NULL : v->country,
                                    .kind = v->kind,
                                    .since = v->since,
                                    .limit = (uint32_t)page_limit(v),
                                    .bytes = page_bytes(d),
                                    .after = v->after};

    (void)body;
    if (!makes_incidents(v->kind))
        return question_fail(
            error, THAW_INVALID,
            "kind: found %s, which makes no incidents, expected release, detention, "
            "sanction or talks",
            thaw_kind_name(v->kind));
    int r = engine_write_incidents(d->engine, &query, out);
    return r == -EBADMSG ? fail_place(error) : answer(r, error, "country", log_str(v->country));
}

/* What the engine says of an alert, or of a rule and its group. */
static int explained(thawd *d, int result, const request_values *v, thaw_error *error)
{
    char by[128];

    if (result == -EBADMSG)
        return question_fail(
            error, THAW_INVALID,
            "after: found no place in that answer, expected the `next` of a part of "
            "it, as it came");
    if (result != -EINVAL)
        return answer(result, error, v->alert.len > 0 ? "alert" : "rule",
                      v->alert.len > 0 ? v->alert : v->rule);
    engine_by_words(d->engine, v->rule, by, sizeof(by));
    return question_fail(error, THAW_INVALID,
                         "group: found %s, but the rule groups by %s: expected each once, as a "
                         "map or as in the ids of its alerts",
                         v->group == NULL ? "none" : "other values", by);
}

/* Of reports less than of facts: the line of the incident names them all besides. */
static int explained_incident(thawd *d, const request_values *v, msgpack_packer *out,
                              thaw_error *error)
{
    const engine_explain_query query = {.after = v->after, .bytes = d->config.reply_bytes / 4};
    int r = engine_write_explain_incident(d->engine, v->incident, &query, out);

    return r == -EBADMSG ? fail_place(error) : answer(r, error, "incident", v->incident);
}

int question_explain(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                     thaw_error *error)
{
    static const uint8_t empty_map = 0x80;
    const engine_explain_query query = {.after = v->after, .bytes = d->config.reply_bytes / 2};
    uint32_t asked = v->present & (KEY_BIT(KEY_ALERT) | KEY_BIT(KEY_INCIDENT) | KEY_BIT(KEY_RULE));

    (void)body;
    if (asked == KEY_BIT(KEY_ALERT) && v->group == NULL)
        return explained(d, engine_write_explain_alert(d->engine, v->alert, &query, out), v, error);
    if (asked == KEY_BIT(KEY_INCIDENT) && v->group == NULL)
        return explained_incident(d, v, out, error);
    if (asked != KEY_BIT(KEY_RULE))
        return question_fail(error, THAW_INVALID,
                             "found %s, expected one of: alert; incident; rule with group",
                             asked == 0 ? "none of them" : "more than one of them");
    return explained(d,
                     engine_write_explain_rule(d->engine, v->rule,
                                               v->group == NULL ? &empty_map : v->group,
                                               v->group == NULL ? 1 : v->group_len, &query, out),
                     v, error);
}

int question_rules(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                   thaw_error *error)
{
    (void)v;
    (void)body;
    return answer(engine_write_rules(d->engine, out), error, "rules", (thaw_str){NULL, 0});
}

static int on_reject(void *context, const journal_reject *reject)
{
    page *p = context;

    if (page_full(p, reject->bytes_len + strlen(reject->message) + RECORD_HEAD_BYTES)) {
        p->more = true;
        return 1;
    }
    p->count++;
    p->next = reject->number;
    msgpack_pack_map(&p->out, 6);
    pack_count(&p->out, "number", reject->number);
    pack_text(&p->out, "received_at");
    pack_instant(&p->out, reject->received_at_ns);
    pack_text(&p->out, "code");
    pack_text(&p->out, thaw_code_name(reject->code));
    pack_text(&p->out, "message");
    pack_text(&p->out, reject->message);
    pack_text(&p->out, "endpoint");
    pack_text(&p->out, reject->endpoint);
    pack_text(&p->out, "bytes");
    msgpack_pack_bin(&p->out, reject->bytes_len);
    msgpack_pack_bin_body(&p->out, reject->bytes, reject->bytes_len);
    return 0;
}

int question_rejects(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                     thaw_error *error)
{
    char text[512];
    page p;
    int r;

    page_init(&p, d, v);
    r = journal_read_rejects(d->journal, v->from, (uint32_t)p.limit + 1, on_reject, &p, text);
    if (r < 0) {
        reply_body_done(&p.items);
        return question_fail(error, THAW_UNAVAILABLE, "%.200s", text);
    }
    msgpack_pack_map(out, p.more ? 2 : 1);
    if (p.more)
        pack_count(out, "next", p.next);
    pack_text(out, "rejects");
    page_end(&p, body, out);
    return 0;
}
