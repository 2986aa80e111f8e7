/* state.c - the ledger of a country: what is known of it, added up. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "facts/answers/rows.h"
#include "facts/answers/write.h"
#include "facts/entities/history.h"
#include "facts/fields/fields.h"
#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"

static int year_of(int64_t at_ns)
{
    time_t seconds = (time_t)(at_ns / 1000000000 - (at_ns % 1000000000 < 0));
    struct tm parts;
    return gmtime_r(&seconds, &parts) ? parts.tm_year + 1900 : 0;
}

static void write_total(msgpack_packer *out, const ledger_total *t, uint32_t incidents)
{
    msgpack_pack_map(out, 4);
    write_uint(out, "count", t->count);
    write_uint(out, "low", t->low);
    write_uint(out, "high", t->high);
    write_uint(out, "incidents", incidents);
}

typedef bool (*line_fn)(const ledger_line *line, int64_t argument);

static bool line_told(const ledger_line *l, int64_t unused)
{
    (void)unused;
    return l->status > THAW_RUMOURED;
}
static bool line_rumoured(const ledger_line *l, int64_t unused)
{
    (void)unused;
    return l->status <= THAW_RUMOURED;
}
static bool line_in_year(const ledger_line *l, int64_t year)
{
    return line_told(l, 0) && (l->start_ns == TIME_UNKNOWN ? year == 0 : year_of(l->start_ns) == year);
}
static bool line_since(const ledger_line *l, int64_t since_ns)
{
    return line_told(l, 0) && l->start_ns != TIME_UNKNOWN && l->start_ns >= since_ns;
}

static void write_sum(msgpack_packer *out, const ledger_line *lines, uint32_t count, line_fn in, int64_t argument)
{
    ledger_total t = {0};
    uint32_t incidents = 0;
    for (uint32_t i = 0; i < count; i++)
        if (in(&lines[i], argument)) {
            total_add(&t, &(ledger_total){lines[i].low, lines[i].count, lines[i].high});
            incidents += lines[i].incidents;
        }
    write_total(out, &t, incidents);
}

/* Totals of releases or detentions: all, by year, since a date, and rumours apart. */
static void write_people(facts *f, msgpack_packer *out, uint32_t country_, uint8_t kind, const thaw_date *since)
{
    ledger_line *lines;
    uint32_t count = ledger_collect(f, country_, kind, &lines);
    int years[512];
    uint32_t years_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        int year = lines[i].start_ns == TIME_UNKNOWN ? 0 : year_of(lines[i].start_ns);
        if (line_told(&lines[i], 0) && years_count < 512 && (!years_count || years[years_count - 1] != year))
            years[years_count++] = year;
    }
    msgpack_pack_map(out, since->precision ? 4 : 3);
    write_key(out, "total");
    write_sum(out, lines, count, line_told, 0);
    write_key(out, "rumoured");
    write_sum(out, lines, count, line_rumoured, 0);
    write_key(out, "by_year");
    msgpack_pack_array(out, years_count);
    for (uint32_t i = 0; i < years_count; i++) {
        msgpack_pack_map(out, 2);
        write_key(out, "year");
        if (years[i])
            msgpack_pack_int(out, years[i]);
        else
            msgpack_pack_nil(out);
        write_key(out, "people");
        write_sum(out, lines, count, line_in_year, years[i]);
    }
    if (since->precision) {
        int64_t start, end;
        thaw_date_interval(since, &start, &end);
        write_key(out, "since");
        write_sum(out, lines, count, line_since, start);
    }
    free(lines);
}

/* ---- facts as lists of their fields ------------------------------------------------- */

static void write_value(msgpack_packer *out, const fact_value *v)
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

typedef struct fact_writer {
    facts *f;
    rows *rows;
    const fact_field *fields; /* the first ones are what the rows sort by */
    size_t fields_count;
    int64_t now_ns;
    uint32_t count;      /* fact_counted: how many */
    ledger_pages *pages; /* write_talk */
    told_programs told;  /* of measures */
} fact_writer;

static int fact_counted(void *context, fact_handle handle)
{
    (void)handle;
    ((fact_writer *)context)->count++;
    return 0;
}

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
        write_key(&w->rows->out, field_name(kind, w->fields[i]));
        if (!measure || !measure_shows(&seen, w->fields[i], &v))
            (void)facts_get(w->f, handle, w->fields[i], w->now_ns, &v);
        write_value(&w->rows->out, &v);
        if (v.type == FACT_STRING || v.type == FACT_NONE)
            rows_key_str(w->rows, v.type == FACT_STRING ? v.string : (thaw_str){NULL, 0});
    }
    if (turns) {
        write_uint(&w->rows->out, "turns", h.turns);
        write_key(&w->rows->out, "history");
        write_history(w->f, &w->rows->out, &h);
    }
    rows_end(w->rows);
    return 0;
}

static void write_facts(facts *f, msgpack_packer *out, fact_kind kind, const char *code, const fact_field *fields,
                        size_t fields_count, int64_t now_ns)
{
    rows r;
    fact_writer w = {f, &r, fields, fields_count, now_ns, 0, NULL, {0}};
    rows_begin(&r);
    (void)facts_each(f, kind, code, fact_written, &w);
    told_programs_done(f, &w.told);
    rows_write(f, &r, out);
}

/* ---- incidents that need an eye ----------------------------------------------------- */

static bool is_open(const facts *f, const incident *inc)
{
    const key *k = &f->keys[inc->key_index];
    return (k->kind == THAW_SANCTION && inc->now.announced) ||
           (k->kind != THAW_TALKS && inc->now.status <= THAW_ANNOUNCED && k->kind != THAW_SANCTION);
}
static bool is_disputed(const facts *f, const incident *inc)
{
    (void)f;
    return inc->now.votes.disagrees || inc->now.days == DAYS_DISAGREE;
}

/* By the start of their date, the undated ones last. */
static void key_incident(rows *r, const facts *f, const incident *inc)
{
    char id[40];
    incident_id_text(f, inc, id);
    rows_key_time(r, inc->now.dated_by ? inc->now.occurred.start_ns : INT64_MAX);
    rows_key_str(r, (thaw_str){id, (uint32_t)strlen(id)});
}

static void write_incidents_where(facts *f, msgpack_packer *out, const char *code,
                                  bool (*in)(const facts *, const incident *))
{
    rows r;
    rows_begin(&r);
    for (uint32_t i = 1; i < f->incidents_count; i++) {
        incident *inc = f->incidents[i];
        if (!inc || !inc->used || !inc->handle || memcmp(f->keys[inc->key_index].country, code, 2) != 0 || !in(f, inc))
            continue;
        write_incident(f, &r.out, inc);
        key_incident(&r, f, inc);
        rows_end(&r);
    }
    rows_write(f, &r, out);
}

/* ---- talks: what was promised and what came ----------------------------------------- */

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

static int write_talk(void *context, fact_handle handle)
{
    fact_writer *w = context;
    msgpack_packer *out = &w->rows->out;
    incident *inc = w->f->incidents[handle_object(w->f, handle)];
    const key *k = &w->f->keys[inc->key_index];
    fact_value expected = {0}, by = {0};
    char id[40];
    (void)facts_get(w->f, handle, FIELD_EXPECTED_COUNT, w->now_ns, &expected);
    (void)facts_get(w->f, handle, FIELD_EXPECTED_BY, w->now_ns, &by);
    incident_id_text(w->f, inc, id);
    msgpack_pack_map(out, 6);
    write_key(out, "id");
    write_text(out, id);
    write_key(out, "stage");
    write_text(out, thaw_stage_name(k->discriminator));
    write_key(out, "occurred_at");
    write_date(w->f, out, inc->now.dated_by ? report_of(w->f, inc->now.dated_by) : NULL);
    write_key(out, "expected_count");
    write_value(out, &expected);
    write_key(out, "expected_by");
    write_value(out, &by);
    write_key(out, "came");
    write_came(w->f, out, w->pages, inc);
    key_incident(w->rows, w->f, inc);
    rows_end(w->rows);
    return 0;
}

/* ---- tallies ------------------------------------------------------------------------ */

enum { FITS_MAX = 16 };

static void write_fit(msgpack_packer *out, const definition *d)
{
    msgpack_pack_map(out, 4);
    write_key(out, "since");
    write_time(out, d->from_ns);
    write_key(out, "reading");
    write_text(out, reading_name(d->reading));
    write_key(out, "form");
    write_text(out, thaw_form_name(d->form));
    write_key(out, "category");
    write_str(out, d->category);
}

/* The definitions under which the ledger comes to the number that is stated: of the same beginning, or if
 * none of these is known to fit, of any. */
static void write_definition_fits(facts *f, msgpack_packer *out, ledger_pages *pages, const tally *t,
                                  const tally_view *v)
{
    const report *r = report_of(f, v->report);
    definition fits[FITS_MAX], d;
    thaw_event event;
    uint32_t fitting = 0;
    bool comparable = tally_definition(f, r, &d);
    report_event(f->reports, r, &event);
    if (comparable && v->state == TALLY_OTHER)
        fitting =
            definitions_fitting(f, pages_lines(f, pages, t->country, tally_kind(f, r)), &d, r->count, fits, FITS_MAX);
    else if (event.of && r->has_count && (v->state == TALLY_DIFFERS || v->state == TALLY_NOT_COMPARABLE))
        fitting =
            definitions_since(f, pages_lines(f, pages, t->country, tally_kind(f, r)), &d, r->count, fits, FITS_MAX);
    msgpack_pack_array(out, fitting);
    for (uint32_t i = 0; i < fitting; i++)
        write_fit(out, &fits[i]);
}

static void write_tally(facts *f, msgpack_packer *out, ledger_pages *pages, const tally *t)
{
    tally_view v;
    thaw_event event;
    char date[THAW_DATE_TEXT];
    tally_look(f, t, pages, &v);
    const report *r = report_of(f, v.report);
    report_event(f->reports, r, &event);
    bool compared = v.state != TALLY_NOT_COMPARABLE;
    msgpack_pack_map(out, 13);
    write_key(out, "source");
    write_str(out, symbols_get(f->symbols, t->voice));
    write_key(out, "of");
    write_text(out, thaw_of_name(event.of));
    write_key(out, "count");
    if (event.has_count)
        msgpack_pack_uint64(out, event.count);
    else
        msgpack_pack_nil(out);
    write_key(out, "count_is");
    write_text(out, thaw_count_is_name(event.count_is));
    write_key(out, "since");
    if (event.since.precision)
        write_str(out, (thaw_str){date, (uint32_t)thaw_date_format(&event.since, date)});
    else
        msgpack_pack_nil(out);
    write_key(out, "form");
    write_text(out, thaw_form_name(event.form));
    write_key(out, "category");
    write_str(out, event.category);
    write_key(out, "date");
    write_date(f, out, r);
    write_key(out, "state");
    write_text(out, tally_state_name(v.state));
    const char *names[] = {"ledger", "ledger_low", "ledger_high"};
    const uint64_t values[] = {v.ledger.count, v.ledger.low, v.ledger.high};
    for (int i = 0; i < 3; i++) {
        write_key(out, names[i]);
        if (compared)
            msgpack_pack_uint64(out, values[i]);
        else
            msgpack_pack_nil(out);
    }
    write_key(out, "fits");
    write_definition_fits(f, out, pages, t, &v);
}

static void write_tallies(facts *f, msgpack_packer *out, ledger_pages *pages, const country *c)
{
    rows r;
    rows_begin(&r);
    for (uint32_t i = 0; i < c->tallies.count; i++) {
        const tally *t = &f->tallies[c->tallies.at[i]];
        write_tally(f, &r.out, pages, t);
        rows_key_str(&r, symbols_get(f->symbols, t->voice));
        rows_end(&r);
    }
    rows_write(f, &r, out);
}

/* ---- sources: how often and how early they were later confirmed --------------------- */

typedef struct source_line {
    uint32_t source, reports, confirmed;
    __int128 lead_ns; /* exact: no order of adding up shows in it */
} source_line;

static int time_order(const void *a_, const void *b_)
{
    int64_t a = *(const int64_t *)a_, b = *(const int64_t *)b_;
    return (a > b) - (a < b);
}

/* When an incident was confirmed, in order; NULL where it was not. */
static int64_t *confirmations(facts *f, const numbers *list, uint32_t *ret_count)
{
    int64_t *at = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        count += report_of(f, list->at[i])->status == THAW_CONFIRMED;
    *ret_count = 0;
    if (!count || !(at = malloc(count * sizeof *at))) {
        f->failed = count ? -ENOMEM : f->failed;
        return NULL;
    }
    for (uint32_t i = 0; i < list->count; i++)
        if (report_of(f, list->at[i])->status == THAW_CONFIRMED)
            at[(*ret_count)++] = report_of(f, list->at[i])->reported_ns;
    qsort(at, count, sizeof *at, time_order);
    return at;
}

/* The first of them that is not before. */
static uint32_t first_from(const int64_t *at, uint32_t count, int64_t from_ns)
{
    uint32_t low = 0;
    while (low < count) {
        uint32_t middle = low + (count - low) / 2;
        if (at[middle] < from_ns)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

static int source_order(const void *a_, const void *b_)
{
    uint32_t a = ((const source_line *)a_)->source, b = ((const source_line *)b_)->source;
    return (a > b) - (a < b);
}

/* A line for each source of a country, in order of its symbol. */
static source_line *source_lines(facts *f, const country *c)
{
    source_line *lines = calloc((size_t)c->feeds.count + 1, sizeof *lines);
    if (!lines) {
        f->failed = -ENOMEM;
        return NULL;
    }
    for (uint32_t i = 0; i < c->feeds.count; i++)
        lines[i].source = f->feeds[c->feeds.at[i]].source;
    qsort(lines, c->feeds.count, sizeof *lines, source_order);
    return lines;
}

static void source_count(facts *f, source_line *lines, uint32_t lines_count, const numbers *list)
{
    uint32_t count;
    int64_t *confirmed = confirmations(f, list, &count);
    for (uint32_t i = 0; i < list->count; i++) {
        const report *r = report_of(f, list->at[i]);
        source_line *line =
            bsearch(&(source_line){.source = r->source}, lines, lines_count, sizeof *lines, source_order);
        if (!line) /* every source of a country has a feed there */
            continue;
        line->reports++;
        if (!confirmed || r->status == THAW_CONFIRMED || r->reported_ns == TIME_UNKNOWN)
            continue;
        uint32_t first = first_from(confirmed, count, r->reported_ns);
        if (first == count)
            continue;
        line->confirmed++;
        line->lead_ns += confirmed[first] - r->reported_ns;
    }
    free(confirmed);
}

static void write_sources(facts *f, msgpack_packer *out, const char *code)
{
    const country *c = &f->countries[country_find(f, code)];
    source_line *lines = source_lines(f, c);
    uint32_t count = c->feeds.count;
    for (uint32_t i = 1; lines && i < f->incidents_count; i++) {
        const incident *inc = f->incidents[i];
        if (!inc || !inc->used || !inc->handle || memcmp(f->keys[inc->key_index].country, code, 2) != 0)
            continue;
        numbers list = {0};
        incident_reports(f, inc, false, &list);
        source_count(f, lines, count, &list);
        numbers_done(&list, &f->held);
    }
    rows r;
    rows_begin(&r);
    for (uint32_t i = 0; lines && i < count; i++) {
        if (!lines[i].reports)
            continue;
        msgpack_pack_map(&r.out, 4);
        write_key(&r.out, "source");
        write_str(&r.out, symbols_get(f->symbols, lines[i].source));
        write_uint(&r.out, "reports", lines[i].reports);
        write_uint(&r.out, "later_confirmed", lines[i].confirmed);
        write_key(&r.out, "lead_hours");
        if (lines[i].confirmed)
            msgpack_pack_double(&r.out, (double)lines[i].lead_ns / lines[i].confirmed / 3.6e12);
        else
            msgpack_pack_nil(&r.out);
        rows_key_str(&r, symbols_get(f->symbols, lines[i].source));
        rows_end(&r);
    }
    rows_write(f, &r, out);
    free(lines);
}

/* ---- the whole ---------------------------------------------------------------------- */

static void write_country(facts *f, msgpack_packer *out, const char *code, const thaw_date *since, int64_t now_ns)
{
    static const fact_field measure_fields[] = {FIELD_AUTHORITY, FIELD_PARTY, FIELD_SECTOR,     FIELD_PROGRAM,
                                                FIELD_STATE,     FIELD_SINCE, FIELD_EXPIRES_AT, FIELD_IDS};
    static const fact_field person_fields[] = {FIELD_PERSON,   FIELD_IDS,        FIELD_STATUS,       FIELD_SINCE,
                                               FIELD_RELEASES, FIELD_DETENTIONS, FIELD_CONTRADICTION};
    static const fact_field feed_fields[] = {FIELD_SOURCE, FIELD_LAST_AT, FIELD_HOLES, FIELD_BROKEN};
    uint32_t index = country_find(f, code);
    const country *c = &f->countries[index];
    rows talk_rows;
    ledger_pages pages = {0};
    fact_writer talks = {f, &talk_rows, NULL, 0, now_ns, 0, &pages, {0}};
    char since_text[THAW_DATE_TEXT];
    msgpack_pack_map(out, 14);
    write_key(out, "country");
    write_str(out, (thaw_str){code, 2});
    write_key(out, "as_of");
    write_time(out, now_ns);
    write_key(out, "since");
    write_str(out,
              since->precision ? (thaw_str){since_text, (uint32_t)thaw_date_format(since, since_text)} : (thaw_str){0});
    write_key(out, "released");
    write_people(f, out, index, THAW_RELEASE, since);
    write_key(out, "detained");
    write_people(f, out, index, THAW_DETENTION, since);
    write_key(out, "open");
    write_incidents_where(f, out, code, is_open);
    write_key(out, "measures");
    write_facts(f, out, FACT_MEASURE, code, measure_fields, 8, now_ns);
    write_key(out, "talks");
    rows_begin(&talk_rows);
    (void)facts_each(f, FACT_TALKS, code, write_talk, &talks);
    rows_write(f, &talk_rows, out);
    write_key(out, "persons");
    write_facts(f, out, FACT_PERSON, code, person_fields, 7, now_ns);
    write_key(out, "possible");
    write_possible(f, out, code);
    write_key(out, "disagreements");
    write_incidents_where(f, out, code, is_disputed);
    write_key(out, "tallies");
    write_tallies(f, out, &pages, c);
    pages_done(f, &pages);
    write_key(out, "sources");
    write_sources(f, out, code);
    write_key(out, "feeds");
    write_facts(f, out, FACT_FEED, code, feed_fields, 4, now_ns);
}

static void write_line(facts *f, msgpack_packer *out, uint32_t index, const thaw_date *since)
{
    const country *c = &f->countries[index];
    fact_writer measures = {.f = f}, persons = {.f = f};
    (void)facts_each(f, FACT_MEASURE, c->code, fact_counted, &measures);
    (void)facts_each(f, FACT_PERSON, c->code, fact_counted, &persons);
    msgpack_pack_map(out, 5);
    write_key(out, "country");
    write_str(out, (thaw_str){c->code, 2});
    write_key(out, "released");
    write_people(f, out, index, THAW_RELEASE, since);
    write_key(out, "detained");
    write_people(f, out, index, THAW_DETENTION, since);
    write_uint(out, "measures", measures.count);
    write_uint(out, "persons", persons.count);
}

int facts_write_state(facts *f, const engine_state_query *query, int64_t now_ns, msgpack_packer *out)
{
    if (query->country) {
        if (!country_find(f, query->country))
            return -ENOENT;
        write_country(f, out, query->country, &query->since, now_ns);
        return f->failed;
    }
    msgpack_pack_map(out, 1);
    write_key(out, "countries");
    rows r;
    rows_begin(&r);
    for (uint32_t i = 1; i < f->countries_count; i++) {
        write_line(f, &r.out, i, &query->since);
        rows_key_str(&r, (thaw_str){f->countries[i].code, 2});
        rows_end(&r);
    }
    rows_write(f, &r, out);
    return f->failed;
}
