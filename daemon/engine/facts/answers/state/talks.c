/* talks.c - talks: what was promised and what came. */
#include "facts/answers/state/lists.h"

#include "facts/fields/fields.h"

/* The end of the time by which they are expected. */
static int64_t expected_until(facts *f, const incident *inc)
{
    thaw_event event;
    int64_t start, until = INT64_MAX;
    if (incident_latest_event(f, inc, FIELD_EXPECTED_BY, &event))
        thaw_date_interval(&event.expected_by, &start, &until);
    return until;
}

/* How many were released since; of talks without a date nobody can say. */
static void write_came(facts *f, msgpack_packer *out, ledger_pages *pages, const incident *inc)
{
    int64_t from = incident_stated_start(f, inc);
    definition d = {.from_ns = from, .from_latest_ns = from, .to_ns = expected_until(f, inc)};
    if (from == TIME_UNKNOWN) {
        msgpack_pack_nil(out);
        return;
    }
    ledger_lines *lines = pages_lines(f, pages, country_find(f, f->keys[inc->key_index].country), THAW_RELEASE);
    msgpack_pack_uint64(out, lines_total(f, lines, &d).count);
}

typedef struct talks_writer {
    asked *asked;
    rows *rows;
} talks_writer;

static int write_talk(void *context, fact_handle handle)
{
    const talks_writer *w = context;
    asked *a = w->asked;
    msgpack_packer *out = &w->rows->out;
    incident *inc = a->f->incidents[handle_object(a->f, handle)];
    const key *k = &a->f->keys[inc->key_index];
    fact_value expected = {0}, by = {0};
    char id[40];
    (void)facts_get(a->f, handle, FIELD_EXPECTED_COUNT, a->now_ns, &expected);
    (void)facts_get(a->f, handle, FIELD_EXPECTED_BY, a->now_ns, &by);
    incident_id_text(a->f, inc, id);
    msgpack_pack_map(out, 6);
    write_key(out, "id");
    write_text(out, id);
    write_key(out, "stage");
    write_text(out, thaw_stage_name(k->discriminator));
    write_key(out, "occurred_at");
    write_date(a->f, out, inc->now.dated_by ? report_of(a->f, inc->now.dated_by) : NULL);
    write_key(out, "expected_count");
    write_value(out, &expected);
    write_key(out, "expected_by");
    write_value(out, &by);
    write_key(out, "came");
    write_came(a->f, out, &a->pages, inc);
    key_incident(w->rows, a->f, inc);
    rows_end(w->rows);
    return 0;
}

void fill_talks(asked *a, rows *r)
{
    talks_writer w = {a, r};
    (void)facts_each(a->f, FACT_TALKS, a->code, write_talk, &w);
}
