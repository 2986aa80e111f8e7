/* entries.c - facts as lists of their fields: measures, persons, feeds. */
#include "facts/answers/state/lists.h"

#include "facts/answers/write.h"
#include "facts/entities/history.h"
#include "facts/fields/fields.h"

void write_value(msgpack_packer *out, const fact_value *v)
{
    switch (v->type) {
    case FACT_BOOL:
        (void)(v->truth ? msgpack_pack_true(out) : msgpack_pack_false(out));
        break;
    case FACT_INT:
        msgpack_pack_int64(out, v->number);
        break;
    case FACT_STRING:
        write_str(out, v->string);
        break;
    case FACT_TIME:
        write_time(out, v->at_ns);
        break;
    case FACT_DURATION:
        msgpack_pack_int64(out, v->duration_ns / 1000000000);
        break;
    case FACT_STRINGS:
        msgpack_pack_array(out, v->strings.count);
        for (uint32_t i = 0; i < v->strings.count; i++)
            write_str(out, v->strings.items[i]);
        break;
    default:
        msgpack_pack_nil(out);
    }
}

enum { FIELDS_MAX = 8 }; /* of a row */

typedef struct fact_writer {
    facts *f;
    rows *rows;
    const fact_field *fields; /* the first ones are what the rows sort by */
    const char *const *names; /* of the fields */
    size_t fields_count;
    int64_t now_ns;
    told_programs told; /* of measures */
} fact_writer;

static const char *field_name(fact_kind kind, fact_field field)
{
    const char *name;
    fact_field f;
    fact_type type;
    for (size_t i = 0; fact_field_at(kind, i, &name, &f, &type); i++)
        if (f == field)
            return name;
    return "";
}

static void key_value(rows *r, const fact_value *v)
{
    if (v->type == FACT_STRING || v->type == FACT_NONE)
        rows_key_str(r, v->type == FACT_STRING ? v->string : (thaw_str){NULL, 0});
    for (uint32_t i = 0; v->type == FACT_STRINGS && i < v->strings.count; i++)
        rows_key_str(r, v->strings.items[i]);
}

/* Of persons of one name without ids: the report that names this one. */
static void key_first_turn(rows *r, facts *f, history *h)
{
    thaw_event event;
    if (!h->turns || !history_at(h, 0)->report)
        return;
    report_event(f->reports, report_of(f, history_at(h, 0)->report), &event);
    rows_key_str(r, event.source);
    rows_key_str(r, event.id);
}

static int fact_written(void *context, fact_handle handle)
{
    fact_writer *w = context;
    fact_kind kind = fact_handle_kind(handle);
    history h;
    measure_view seen;
    bool measure = kind == FACT_MEASURE, turns = measure || kind == FACT_PERSON;
    entity *e = turns ? &w->f->entities[handle_object(w->f, handle)] : NULL;
    if (measure)
        measure_history(w->f, e, w->now_ns > w->f->now_ns ? w->f->now_ns : w->now_ns, &w->told, &h, &seen);
    else if (turns)
        person_history(w->f, e, &h);
    msgpack_pack_map(&w->rows->out, w->fields_count + (turns ? 2 : 0));
    for (size_t i = 0; i < w->fields_count; i++) {
        fact_value v = {0};
        write_key(&w->rows->out, w->names[i]);
        if (!measure || !measure_shows(&seen, w->fields[i], &v))
            (void)facts_get(w->f, handle, w->fields[i], w->now_ns, &v);
        write_value(&w->rows->out, &v);
        key_value(w->rows, &v);
    }
    if (turns) {
        key_first_turn(w->rows, w->f, &h);
        write_uint(&w->rows->out, "turns", h.turns);
        write_key(&w->rows->out, "history");
        write_history(w->f, &w->rows->out, &h);
    }
    rows_end(w->rows);
    return 0;
}

static void fill_facts(asked *a, rows *r, fact_kind kind, const fact_field *fields, size_t fields_count)
{
    const char *names[FIELDS_MAX];
    fact_writer w = {a->f, r, fields, names, fields_count, a->now_ns, {0}};
    for (size_t i = 0; i < fields_count; i++)
        names[i] = field_name(kind, fields[i]);
    (void)facts_each(a->f, kind, a->code, fact_written, &w);
    told_programs_done(a->f, &w.told);
}

void fill_measures(asked *a, rows *r)
{
    static const fact_field fields[] = {FIELD_AUTHORITY, FIELD_PARTY, FIELD_SECTOR,     FIELD_PROGRAM,
                                        FIELD_STATE,     FIELD_SINCE, FIELD_EXPIRES_AT, FIELD_IDS};
    fill_facts(a, r, FACT_MEASURE, fields, sizeof fields / sizeof *fields);
}

void fill_persons(asked *a, rows *r)
{
    static const fact_field fields[] = {FIELD_PERSON,   FIELD_IDS,        FIELD_STATUS,       FIELD_SINCE,
                                        FIELD_RELEASES, FIELD_DETENTIONS, FIELD_CONTRADICTION};
    fill_facts(a, r, FACT_PERSON, fields, sizeof fields / sizeof *fields);
}

void fill_feeds(asked *a, rows *r)
{
    static const fact_field fields[] = {FIELD_SOURCE, FIELD_LAST_AT, FIELD_HOLES, FIELD_BROKEN};
    fill_facts(a, r, FACT_FEED, fields, sizeof fields / sizeof *fields);
}
