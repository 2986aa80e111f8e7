/* get.c - the values of the fields of facts, and walking over facts and their reports. */
#include <string.h>

#include "facts/entities/entities.h"
#include "facts/fields/fields.h"
#include "facts/fields/lists.h"
#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"
#include "facts/state/known.h"

static fact_value none(void)
{
    return (fact_value){.type = FACT_NONE};
}
static fact_value of_int(uint64_t n)
{
    return (fact_value){.type = FACT_INT, .number = n > INT64_MAX ? INT64_MAX : (int64_t)n};
}
static fact_value of_bool(bool b)
{
    return (fact_value){.type = FACT_BOOL, .truth = b};
}
static fact_value of_time(int64_t at_ns)
{
    return at_ns == TIME_UNKNOWN ? none() : (fact_value){.type = FACT_TIME, .at_ns = at_ns};
}
static fact_value of_str(thaw_str s)
{
    return s.data ? (fact_value){.type = FACT_STRING, .string = s} : none();
}
static fact_value of_text(const char *text)
{
    return text ? of_str((thaw_str){text, (uint32_t)strlen(text)}) : none();
}
static fact_value of_date(const thaw_date *date)
{
    int64_t start, end;
    if (!date->precision)
        return none();
    thaw_date_interval(date, &start, &end);
    return of_time(start);
}
/* Of something that lasts, or is due, until a date: the start of its last day. */
static fact_value of_last_day(const thaw_date *date)
{
    int64_t start, end;
    thaw_date_interval(date, &start, &end);
    return of_time(date->precision == THAW_INSTANT ? start : end - DAY_NS);
}
static fact_value of_id(facts *f, const char *kind, const char code[2], uint64_t id)
{
    char *text = f->texts[f->texts_next++ % FACTS_LISTS_LIVE], *at = stpcpy(text, kind);
    *at++ = '-';
    for (int i = 0; i < 2 && code[i]; i++)
        *at++ = code[i];
    *at++ = '-';
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[id >> shift & 15];
    *at = '\0';
    return of_str((thaw_str){text, (uint32_t)(at - text)});
}

/* ---- incidents ---------------------------------------------------------------------- */

static const char *effect_name(uint8_t effect_)
{
    static const char *const names[] = {NULL, "tightening", "relief", "removal", "none"};
    return names[effect_];
}

/* Whether a report states one of the fields that an incident has from the latest that does, rumours last. */
static bool event_states(const thaw_event *event, fact_field field)
{
    return field == FIELD_EXPECTED_COUNT ? event->has_expected_count
           : field == FIELD_EXPIRES_AT   ? event->expires_at.precision != THAW_ABSENT
                                         : event->expected_by.precision != THAW_ABSENT;
}

/* Whether what the one states gives way to what the other does: the earlier to the later, but nothing to a rumour. */
static bool gives_way(const facts *f, uint32_t one, uint32_t other)
{
    bool rumoured_one = report_of(f, one)->status == THAW_RUMOURED,
         rumoured_other = report_of(f, other)->status == THAW_RUMOURED;
    return rumoured_one != rumoured_other ? rumoured_one : report_later_compare(f, one, other) < 0;
}

bool incident_latest_event(facts *f, const incident *inc, fact_field field, thaw_event *ret_event)
{
    numbers list = {0};
    uint32_t latest = 0;
    incident_reports(f, inc, false, &list);
    for (uint32_t i = 0; i < list.count; i++) {
        thaw_event event;
        if (latest && gives_way(f, list.at[i], latest))
            continue;
        report_event(f->reports, report_of(f, list.at[i]), &event);
        if (!event_states(&event, field))
            continue;
        latest = list.at[i];
        *ret_event = event;
    }
    numbers_done(&list, &f->held);
    return latest != 0;
}

static void incident_latest(facts *f, const incident *inc, fact_field field, fact_value *ret)
{
    thaw_event event;
    *ret = none();
    if (!incident_latest_event(f, inc, field, &event))
        return;
    *ret = field == FIELD_EXPECTED_COUNT ? of_int(event.expected_count)
           : field == FIELD_EXPIRES_AT   ? of_last_day(&event.expires_at)
                                         : of_last_day(&event.expected_by);
}

static fact_value incident_simple(facts *f, const incident *inc, fact_field field)
{
    const key *k = &f->keys[inc->key_index];
    const summary *s = incident_summary(f, inc);
    switch (field) {
    case FIELD_ID:
        return of_id(f, thaw_kind_name(k->kind), k->country, s->id);
    case FIELD_COUNTRY:
        return of_str((thaw_str){country_of(f, k->country)->code, 2});
    case FIELD_FIRST_REPORTED_AT:
        return of_time(s->first_reported_ns);
    case FIELD_LAST_REPORTED_AT:
        return of_time(s->last_reported_ns);
    case FIELD_STATUS:
        return of_text(thaw_status_name(s->status));
    case FIELD_LATE:
        return of_bool(s->late);
    case FIELD_OCCURRED_AT:
        return of_time(s->occurred.start_ns);
    case FIELD_COUNT:
        return s->votes.has_count ? of_int(s->votes.count) : none();
    case FIELD_LOW:
        return s->votes.has_count ? of_int(s->votes.low) : none();
    case FIELD_HIGH:
        return s->votes.has_count ? of_int(s->votes.high) : none();
    case FIELD_SPREAD:
        return s->votes.has_count ? of_int(s->votes.high - s->votes.low) : none();
    case FIELD_DISAGREES:
        return of_bool(s->votes.disagrees);
    case FIELD_DAYS_DISAGREE:
        return of_bool(s->days == DAYS_DISAGREE);
    case FIELD_LARGEST:
        return of_bool(s->largest);
    case FIELD_AUTHORITY:
        return of_str(symbols_get(f->symbols, k->authority));
    case FIELD_EFFECT:
        return of_text(effect_name(k->discriminator));
    case FIELD_ACTION:
        return of_text(thaw_action_name(s->detail));
    case FIELD_ANNOUNCED:
        return of_bool(s->announced);
    case FIELD_ACTED_AT:
        return of_time(s->acted_at_ns);
    default:
        return of_text(thaw_stage_name(k->discriminator));
    }
}

static void incident_get(facts *f, incident *inc, fact_field field, fact_value *ret)
{
    switch (field) {
    case FIELD_SOURCES:
    case FIELD_VOICES:
    case FIELD_REPORTS:
    case FIELD_FORMS:
    case FIELD_DESTINATIONS:
    case FIELD_PROGRAMS:
    case FIELD_SECTORS:
    case FIELD_PERSONS:
    case FIELD_PARTIES:
        incident_list(f, inc, field, ret);
        return;
    case FIELD_EXPIRES_AT:
    case FIELD_EXPECTED_BY:
    case FIELD_EXPECTED_COUNT:
        incident_latest(f, inc, field, ret);
        return;
    default:
        *ret = incident_simple(f, inc, field);
    }
}

/* ---- fields that follow from a list of reports (persons, measures, tallies) --------- */

static void reported_get(facts *f, const numbers *list, fact_field field, fact_value *ret)
{
    int64_t first = TIME_UNKNOWN, last = TIME_UNKNOWN;
    uint8_t status = 0;
    uint32_t earliest = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const report *r = report_of(f, list->at[i]);
        if (r->reported_ns != TIME_UNKNOWN &&
            (first == TIME_UNKNOWN || r->reported_ns < first ||
             (r->reported_ns == first && report_name_compare(f, list->at[i], earliest) < 0))) {
            first = r->reported_ns;
            earliest = list->at[i];
        }
        last = r->reported_ns > last ? r->reported_ns : last;
        status = r->status > status ? r->status : status;
    }
    switch (field) {
    case FIELD_FIRST_REPORTED_AT:
        *ret = of_time(first);
        return;
    case FIELD_LAST_REPORTED_AT:
        *ret = of_time(last);
        return;
    case FIELD_STATUS:
        *ret = of_text(thaw_status_name(status));
        return;
    case FIELD_LATE:
        *ret = of_bool(earliest && report_of(f, earliest)->start_ns != TIME_UNKNOWN &&
                       first > report_end_ns(report_of(f, earliest)) + 30 * DAY_NS);
        return;
    default:
        list_reports(f, list,
                     field == FIELD_SOURCES  ? LIST_SOURCES
                     : field == FIELD_VOICES ? LIST_VOICES
                                             : LIST_NAMES,
                     ret);
    }
}

static bool is_reported_field(fact_field field)
{
    return field == FIELD_FIRST_REPORTED_AT || field == FIELD_LAST_REPORTED_AT || field == FIELD_STATUS ||
           field == FIELD_LATE || field == FIELD_SOURCES || field == FIELD_VOICES || field == FIELD_REPORTS;
}

static void entity_reported(facts *f, const entity *e, fact_field field, fact_value *ret)
{
    numbers list = {0}, parties = {0};
    entity_mentions(f, e, &list, &parties);
    reports_read(f, &list);
    reported_get(f, &list, field, ret);
    numbers_done(&list, &f->held);
    numbers_done(&parties, &f->held);
}

/* ---- persons and measures ----------------------------------------------------------- */

static void entity_ids(facts *f, const entity *e, fact_value *ret)
{
    list_maker m = {.f = f};
    for (uint32_t i = 0; i < e->nodes.count; i++) {
        thaw_str s = symbols_get(f->symbols, f->nodes[e->nodes.at[i]].string);
        if (s.data[0] == 'i' || s.data[0] == 't')
            list_add(&m, (thaw_str){s.data + 1, s.len - 1});
    }
    list_finish(&m, ret);
}

static void person_get(facts *f, uint32_t index, fact_field field, fact_value *ret)
{
    const entity *e = &f->entities[index];
    person_view v;
    if (field == FIELD_IDS) {
        entity_ids(f, e, ret);
    } else if (field == FIELD_PERSON) {
        *ret = of_str(entity_name(f, index));
    } else if (is_reported_field(field) && field != FIELD_STATUS) {
        entity_reported(f, e, field, ret);
    } else {
        person_look(f, e, &v);
        *ret = field == FIELD_STATUS       ? of_text(person_status_name(v.status))
               : field == FIELD_SINCE      ? of_time(v.since_ns)
               : field == FIELD_RELEASES   ? of_int(v.releases)
               : field == FIELD_DETENTIONS ? of_int(v.detentions)
                                           : of_bool(v.contradiction);
    }
}

bool measure_shows(const measure_view *v, fact_field field, fact_value *ret)
{
    *ret = field == FIELD_STATE        ? of_text(measure_state_name(v->state))
           : field == FIELD_SINCE      ? of_time(v->since_ns)
           : field == FIELD_EXPIRES_AT ? of_time(v->expires_ns)
                                       : none();
    return field == FIELD_STATE || field == FIELD_SINCE || field == FIELD_EXPIRES_AT;
}

static void measure_get(facts *f, uint32_t index, fact_field field, int64_t now_ns, fact_value *ret)
{
    entity *e = &f->entities[index];
    const scope *sc = &f->scopes[e->scope];
    measure_view v;
    uint32_t party;
    switch (field) {
    case FIELD_AUTHORITY:
        *ret = of_str(symbols_get(f->symbols, sc->detail));
        return;
    case FIELD_PARTY:
        party = measure_party(f, e);
        *ret = party ? of_str(entity_name(f, party)) : none();
        return;
    case FIELD_SECTOR:
        *ret = of_str(measure_object(f, e, 's'));
        return;
    case FIELD_PROGRAM:
        *ret = of_str(measure_object(f, e, 'p'));
        return;
    case FIELD_IDS:
        entity_ids(f, e, ret);
        return;
    default:
        break;
    }
    if (is_reported_field(field)) {
        entity_reported(f, e, field, ret);
        return;
    }
    measure_look(f, e, now_ns > f->now_ns ? f->now_ns : now_ns, &v);
    (void)measure_shows(&v, field, ret);
}

/* ---- tallies and feeds -------------------------------------------------------------- */

static void tally_get(facts *f, uint32_t index, fact_field field, fact_value *ret)
{
    const tally *t = &f->tallies[index];
    thaw_event event;
    if (is_reported_field(field)) {
        reported_get(f, &t->reports, field, ret);
        return;
    }
    if (field == FIELD_SOURCE) {
        *ret = of_str(symbols_get(f->symbols, t->voice));
        return;
    }
    report_event(f->reports, report_of(f, t->latest), &event);
    *ret = field == FIELD_STATE      ? of_text(tally_state_name(t->state))
           : field == FIELD_COUNT    ? (event.has_count ? of_int(event.count) : none())
           : field == FIELD_OF       ? of_text(thaw_of_name(event.of))
           : field == FIELD_FORM     ? of_text(thaw_form_name(event.form))
           : field == FIELD_CATEGORY ? of_str(event.category)
                                     : of_date(&event.since);
}

static void feed_get(facts *f, const feed *fd, fact_field field, int64_t now_ns, fact_value *ret)
{
    thaw_str source = symbols_get(f->symbols, fd->source);
    list_maker m = {.f = f};
    switch (field) {
    case FIELD_SOURCE:
        *ret = of_str(source);
        return;
    case FIELD_FIRST_REPORTED_AT:
        *ret = of_time(fd->first_at_ns);
        return;
    case FIELD_LAST_AT:
    case FIELD_LAST_REPORTED_AT:
        *ret = of_time(fd->last_at_ns);
        return;
    case FIELD_SILENT_FOR:
        *ret = fd->last_at_ns == TIME_UNKNOWN || now_ns < fd->last_at_ns
                   ? none()
                   : (fact_value){.type = FACT_DURATION, .duration_ns = now_ns - fd->last_at_ns};
        return;
    case FIELD_HOLES:
        *ret = of_int(feed_holes(f, fd));
        return;
    case FIELD_BROKEN:
        *ret = of_bool(feed_is_broken(f, fd));
        return;
    case FIELD_LATE:
        *ret = of_bool(false);
        return;
    case FIELD_SOURCES:
        list_add(&m, source);
        list_finish(&m, ret);
        return;
    case FIELD_VOICES:
    case FIELD_REPORTS:
        list_reports(f, &fd->words, field == FIELD_VOICES ? LIST_VOICES : LIST_NAMES, ret);
        return;
    default:
        *ret = none();
    }
}

/* ---- from outside ------------------------------------------------------------------- */

static int object_get(facts *f, fact_kind kind, uint32_t object, fact_field field, int64_t now_ns, fact_value *ret)
{
    const char *code;
    uint64_t id;
    switch (kind) {
    case FACT_MEASURE:
    case FACT_PERSON:
        code = f->scopes[f->entities[object].scope].country;
        id = f->entities[object].id;
        break;
    case FACT_TALLY:
        code = f->countries[f->tallies[object].country].code;
        id = f->tallies[object].id;
        break;
    case FACT_FEED:
        code = f->countries[f->feeds[object].country].code;
        id = f->feeds[object].id;
        break;
    default:
        incident_get(f, f->incidents[object], field, ret);
        return 0;
    }
    if (field == FIELD_ID)
        *ret = of_id(f, fact_kind_name(kind), code, id);
    else if (field == FIELD_COUNTRY)
        *ret = of_str((thaw_str){code, 2});
    else if (kind == FACT_PERSON)
        person_get(f, object, field, ret);
    else if (kind == FACT_MEASURE)
        measure_get(f, object, field, now_ns, ret);
    else if (kind == FACT_TALLY)
        tally_get(f, object, field, ret);
    else
        feed_get(f, &f->feeds[object], field, now_ns, ret);
    return 0;
}

int facts_get(facts *f, fact_handle handle, fact_field field, int64_t now_ns, fact_value *ret_value)
{
    fact_kind kind = fact_handle_kind(handle);
    if (kind < FACT_RELEASE || kind >= FACT_KIND_COUNT || field >= FIELD_COUNT_ ||
        !(f->fields_known[field] >> kind & 1))
        return -EINVAL;
    if (kind == FACT_REPORT) {
        uint64_t number = handle & 0xffffffffffffff;
        if (!number || number > reports_count(f->reports) || !report_lives(report_of(f, (uint32_t)number)))
            return -ENOENT;
        report_get(f, (uint32_t)number, field, ret_value);
        return f->failed;
    }
    uint32_t object = handle_object(f, handle);
    if (!object || !fact_is_read(f, handle))
        return -ENOENT;
    int r = object_get(f, kind, object, field, now_ns, ret_value);
    return r < 0 ? r : f->failed;
}
