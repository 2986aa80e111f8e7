/* status.c - the verb `status`: who this is, how far it got, what it counted, what bounds it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../proto/src/cursor.h"
#include "service/service.h"
#include "sockets/upstream.h"
#include "watch.h"

/* How many maps' keys follow is known only by counting: each part packs into a buffer of its own
 * and the pairs are counted while they are packed. */
typedef struct section {
    reply_body body;
    msgpack_packer out;
    uint32_t pairs;
} section;

static void section_init(section *s)
{
    reply_body_init(&s->body, SIZE_MAX, &s->out);
    s->pairs = 0;
}

static void section_count(section *s, const char *key, uint64_t value)
{
    pack_count(&s->out, key, value);
    s->pairs++;
}

static void section_text(section *s, const char *key, const char *value)
{
    pack_text(&s->out, key);
    pack_text(&s->out, value);
    s->pairs++;
}

static void section_key(section *s, const char *key)
{
    pack_text(&s->out, key);
    s->pairs++;
}

/* Puts the section's map at `to`. */
static void section_end(section *s, reply_body *to, msgpack_packer *out)
{
    msgpack_pack_map(out, s->pairs);
    reply_body_add(to, &s->body);
}

static void section_nest(section *outer, const char *key, section *inner)
{
    section_key(outer, key);
    section_end(inner, &outer->body, &outer->out);
}

static void add_counters(section *s, const thawd *d)
{
    const outbox_counters *o = outbox_count(d->outbox);
    section by_code;

#define ADD_COUNTER(name) section_count(s, #name, d->counters.name);
    COUNTERS(ADD_COUNTER)
#undef ADD_COUNTER
    section_count(s, "replies", o->sent[OUTBOX_SERVICE]);
    section_count(s, "replies_unroutable", o->unroutable);
    section_count(s, "replies_stalled", o->stalled);
    section_count(s, "replies_dropped", o->dropped);
    section_count(s, "alerts_sent", o->sent[OUTBOX_ALERTS]);
    section_count(s, "alerts_unsent", o->alerts_unsent);
    section_count(s, "log_suppressed", log_suppressed(d->log));
    section_init(&by_code);
    for (int code = 1; code < THAW_CODE_COUNT; code++)
        if (d->counters.by_code[code] > 0)
            section_count(&by_code, thaw_code_name((thaw_code)code), d->counters.by_code[code]);
    section_nest(s, "rejected_by_code", &by_code);
}

static void add_journal(section *s, const thawd *d)
{
    journal_counters c;

    journal_count(d->journal, &c);
    section_count(s, "reports", c.reports);
    section_count(s, "alerts", c.alerts);
    section_count(s, "rejects", c.rejects);
    section_count(s, "batches", c.batches);
    section_count(s, "commits", c.commits);
    section_count(s, "queue_bytes", c.queue_bytes);
    section_count(s, "map_bytes", c.map_bytes);
    section_count(s, "used_bytes", c.used_bytes);
    section_count(s, "live_bytes", c.live_bytes);
    section_count(s, "kept_below", journal_base_report(d->journal));
    section_count(s, "first_alert", journal_first_alert(d->journal));
    section_count(s, "commit_us_last", (uint64_t)(c.commit_ns_last / 1000));
    section_count(s, "commit_us_max", (uint64_t)(c.commit_ns_max / 1000));
}

static void add_limits(section *s, const config *c)
{
    section_count(s, "message_bytes", c->limits.message_bytes);
    section_count(s, "nesting", c->limits.nesting);
    section_count(s, "events", c->limits.events);
    section_count(s, "persons", c->limits.persons);
    section_count(s, "ids", c->limits.ids);
    section_count(s, "id_bytes", c->limits.id_bytes);
    section_count(s, "text_bytes", c->limits.text_bytes);
    section_count(s, "future_s", (uint64_t)(c->limits.future_ns / 1000000000));
    section_count(s, "reply_bytes", c->reply_bytes);
    section_count(s, "request_bytes", c->request_bytes);
    section_count(s, "reports", c->memory_reports_count);
    section_count(s, "memory_bytes", c->memory_bytes);
    section_count(s, "outbox_bytes", c->outbox_bytes);
    section_count(s, "queue_bytes", c->queue_bytes);
}

static void add_endpoint(section *s, const endpoint *e)
{
    section_key(s, e->name);
    msgpack_pack_array(&s->out, e->count);
    for (size_t i = 0; i < e->count; i++)
        pack_text(&s->out, e->addresses[i]);
}

static uint64_t resident_bytes(void)
{
    unsigned long total, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f == NULL)
        return 0;
    if (fscanf(f, "%lu %lu", &total, &resident) != 2)
        resident = 0;
    fclose(f);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The engine's own counters; its producers stand beside them. */
static int add_engine(section *s, thawd *d)
{
    reply_body packed;
    msgpack_packer out;
    section rest;
    wire_cursor at;
    wire_item map;
    int r;

    reply_body_init(&packed, d->config.reply_bytes / 2, &out);
    r = engine_write_counters(d->engine, &out);
    if (packed.failed)
        r = -ENOMEM;
    at = wire_cursor_over((const uint8_t *)packed.data, packed.size);
    if (r < 0 || packed.size == 0 || !wire_read(&at, &map) || map.type != WIRE_MAP) {
        reply_body_done(&packed);
        return r < 0 ? r : -EPROTO;
    }
    section_init(&rest);
    for (uint32_t i = 0; i < map.len; i++) {
        const uint8_t *pair = at.at;
        thaw_str key;
        if (!wire_read_str(&at, &key) || !wire_skip(&at))
            break;
        bool producers = key.len == 9 && memcmp(key.data, "producers", 9) == 0;
        section *to = producers ? s : &rest;
        reply_body_write(&to->body, (const char *)pair, (size_t)(at.at - pair));
        to->pairs++;
    }
    section_nest(s, "engine", &rest);
    reply_body_done(&packed);
    return 0;
}

static void add_problem(section *s, const log *l)
{
    int64_t at_ns;
    const char *problem = log_last_problem(l, &at_ns);

    section_text(s, "last_problem", problem);
    section_key(s, "last_problem_at");
    if (*problem == '\0')
        msgpack_pack_nil(&s->out);
    else
        pack_instant(&s->out, at_ns);
}

static void add_self(section *s, const thawd *d)
{
    section_text(s, "version", THAW_VERSION);
    section_text(s, "protocol", THAW_PROTOCOL);
    section_text(s, "epoch", journal_epoch(d->journal));
    section_count(s, "seq", outbox_alert_seq(d->outbox));
    section_count(s, "journal_seq", journal_last_report(d->journal));
    section_count(s, "uptime", (uint64_t)((d->now.mono.ns - d->started.ns) / 1000000000));
    section_count(s, "pid", (uint64_t)getpid());
    section_text(s, "clock", d->config.clock == ENGINE_CLOCK_WALL ? "wall" : "reported");
    section_key(s, "now");
    if (engine_now(d->engine) == INT64_MIN)
        msgpack_pack_nil(&s->out);
    else
        pack_instant(&s->out, engine_now(d->engine));
    add_problem(s, d->log);
    section_count(s, "resident_bytes", resident_bytes());
    section_count(s, "outbox_bytes", outbox_bytes(d->outbox));
    section_count(s, "unread_bytes", readers_unread(d->readers));
    section_count(s, "subscribers", watch_connected(d->watch));
    section_count(s, "subscribers_stalled", watch_stalled(d->watch));
    section_count(s, "upstreams", upstream_count(d->upstream));
    section_count(s, "upstreams_connected", upstream_connected(d->upstream));
}

int question_status(thawd *d, const request_values *v, reply_body *body, msgpack_packer *out,
                    thaw_error *error)
{
    section all, part;
    int r;

    (void)v;
    section_init(&all);
    add_self(&all, d);
    section_init(&part);
    add_endpoint(&part, &d->events);
    add_endpoint(&part, &d->service);
    add_endpoint(&part, &d->alerts);
    section_nest(&all, "endpoints", &part);
    section_init(&part);
    add_counters(&part, d);
    section_nest(&all, "counters", &part);
    section_init(&part);
    add_journal(&part, d);
    section_nest(&all, "journal", &part);
    section_init(&part);
    add_limits(&part, &d->config);
    section_nest(&all, "limits", &part);
    r = add_engine(&all, d);
    section_end(&all, body, out);
    return r < 0 ? question_fail(error, THAW_UNAVAILABLE, "cannot answer now: %s", strerror(-r))
                 : 0;
}
