/* write.c - see write.h. */
#include "facts/answers/write.h"
#include "facts/incidents/incidents.h"

#include <string.h>

#include "facts/entities/history.h"
#include "facts/fields/fields.h"
#include "facts/fields/lists.h"

void write_str(msgpack_packer *out, thaw_str s)
{
    if (s.data)
        msgpack_pack_str_with_body(out, s.data, s.len);
    else
        msgpack_pack_nil(out);
}

void write_text(msgpack_packer *out, const char *text)
{
    write_str(out, (thaw_str){text, text ? (uint32_t)strlen(text) : 0});
}

void write_key(msgpack_packer *out, const char *key)
{
    write_text(out, key);
}

void write_time(msgpack_packer *out, int64_t at_ns)
{
    if (at_ns == TIME_UNKNOWN || at_ns == INT64_MAX) {
        msgpack_pack_nil(out);
        return;
    }
    msgpack_timestamp t = {.tv_sec = at_ns / 1000000000, .tv_nsec = 0};
    int64_t rest = at_ns % 1000000000;
    if (rest < 0) {
        t.tv_sec--;
        rest += 1000000000;
    }
    t.tv_nsec = (uint32_t)rest;
    msgpack_pack_timestamp(out, &t);
}

void write_uint(msgpack_packer *out, const char *key, uint64_t n)
{
    write_key(out, key);
    msgpack_pack_uint64(out, n);
}

void write_bool(msgpack_packer *out, const char *key, bool b)
{
    write_key(out, key);
    if (b)
        msgpack_pack_true(out);
    else
        msgpack_pack_false(out);
}

void write_date(facts *f, msgpack_packer *out, const report *r)
{
    char text[THAW_DATE_TEXT];
    thaw_event event;
    if (!r || r->start_ns == TIME_UNKNOWN) {
        msgpack_pack_nil(out);
        return;
    }
    report_event(f->reports, r, &event);
    const thaw_date *date = event.occurred_at.precision ? &event.occurred_at : &event.reported_at;
    int n = thaw_date_format(date, text);
    write_str(out, (thaw_str){text, (uint32_t)n});
}

static void write_report_name(facts *f, msgpack_packer *out, uint32_t number)
{
    const report *r = report_of(f, number);
    msgpack_pack_map(out, 2);
    write_key(out, "source");
    write_str(out, symbols_get(f->symbols, r->source));
    write_key(out, "id");
    write_str(out, report_id(r));
}

static void write_names(msgpack_packer *out, const fact_value *list)
{
    msgpack_pack_array(out, list->strings.count);
    for (uint32_t i = 0; i < list->strings.count; i++)
        write_str(out, list->strings.items[i]);
}

void write_count(msgpack_packer *out, const char *key, bool has, uint64_t n)
{
    write_key(out, key);
    if (has)
        msgpack_pack_uint64(out, n);
    else
        msgpack_pack_nil(out);
}

void write_incident(facts *f, msgpack_packer *out, incident *inc)
{
    const key *k = &f->keys[inc->key_index];
    const summary *s = &inc->now;
    char id[40];
    numbers list = {0}, every = {0}, counted = {0}; /* what is wider shows, and is no voice */
    fact_value sources, voices;
    incident_id_text(f, inc, id);
    fact_reports_list(f, inc->handle, &list);
    incident_reports(f, inc, true, &every);
    list_reports(f, &every, LIST_SOURCES, &sources);
    msgpack_pack_map(out, k->kind == THAW_SANCTION ? 17 : k->kind == THAW_TALKS ? 14 : 13);
    write_key(out, "id");
    write_text(out, id);
    write_key(out, "kind");
    write_text(out, thaw_kind_name(k->kind));
    write_key(out, "country");
    write_str(out, (thaw_str){k->country, 2});
    write_key(out, "occurred_at");
    write_date(f, out, s->dated_by ? report_of(f, s->dated_by) : NULL);
    write_count(out, "count", s->votes.has_count, s->votes.count);
    write_count(out, "low", s->votes.has_count, s->votes.low);
    write_count(out, "high", s->votes.has_count, s->votes.high);
    write_key(out, "status");
    write_text(out, thaw_status_name(s->status));
    write_key(out, "sources");
    write_names(out, &sources);
    incident_reports(f, inc, false, &counted);
    list_reports(f, &counted, LIST_VOICES, &voices);
    write_key(out, "voices");
    write_names(out, &voices);
    write_key(out, "reports");
    msgpack_pack_array(out, list.count);
    for (uint32_t i = 0; i < list.count; i++)
        write_report_name(f, out, list.at[i]);
    write_bool(out, "disagrees", s->votes.disagrees);
    write_bool(out, "days_disagree", s->days == DAYS_DISAGREE);
    if (k->kind == THAW_SANCTION) {
        write_key(out, "authority");
        write_str(out, symbols_get(f->symbols, k->authority));
        write_key(out, "action");
        write_text(out, thaw_action_name(s->detail));
        write_bool(out, "announced", s->announced);
        write_key(out, "acted_at");
        write_time(out, s->acted_at_ns);
    } else if (k->kind == THAW_TALKS) {
        write_key(out, "stage");
        write_text(out, thaw_stage_name(k->discriminator));
    }
    numbers_done(&list, &f->held);
    numbers_done(&every, &f->held);
    numbers_done(&counted, &f->held);
}

static void write_turn(facts *f, msgpack_packer *out, const turn *t)
{
    const report *r = t->report ? report_of(f, t->report) : NULL;
    msgpack_pack_map(out, 9);
    write_key(out, "at");
    write_time(out, t->at_ns);
    write_key(out, "date");
    write_date(f, out, r);
    write_key(out, "action");
    write_text(out, thaw_action_name(t->action));
    write_key(out, "state");
    write_text(out, t->state);
    write_key(out, "program");
    write_str(out, t->program ? symbols_get(f->symbols, t->program) : (thaw_str){0});
    write_key(out, "expires_at");
    write_time(out, t->ends_ns);
    write_uint(out, "reports", t->reports);
    write_key(out, "source");
    write_str(out, r ? symbols_get(f->symbols, r->source) : (thaw_str){0});
    write_key(out, "id");
    write_str(out, r ? report_id(r) : (thaw_str){0});
}

void write_history(facts *f, msgpack_packer *out, history *h)
{
    uint32_t count = history_kept(h);
    msgpack_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        write_turn(f, out, history_at(h, i));
}
