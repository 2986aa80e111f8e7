/* get_report.c - the fields of a report as a fact: the event's own keys, as sent, and what all facts have. */
#include <string.h>

#include "facts/fields/fields.h"
#include "facts/fields/lists.h"

static fact_value text_value(const char *text)
{
    return text ? (fact_value){.type = FACT_STRING, .string = {text, (uint32_t)strlen(text)}}
                : (fact_value){.type = FACT_NONE};
}

static fact_value string_value(thaw_str s)
{
    return s.data ? (fact_value){.type = FACT_STRING, .string = s} : (fact_value){.type = FACT_NONE};
}

static fact_value date_value(const thaw_date *date)
{
    int64_t start, end;
    if (!date->precision)
        return (fact_value){.type = FACT_NONE};
    thaw_date_interval(date, &start, &end);
    return (fact_value){.type = FACT_TIME, .at_ns = start};
}

static fact_value int_value(bool has, uint64_t n)
{
    return has ? (fact_value){.type = FACT_INT, .number = n > INT64_MAX ? INT64_MAX : (int64_t)n}
               : (fact_value){.type = FACT_NONE};
}

static bool report_is_late(const report *r)
{
    return r->reported_ns != TIME_UNKNOWN && r->start_ns != TIME_UNKNOWN &&
           r->reported_ns > report_end_ns(r) + 30 * DAY_NS;
}

static fact_value strings_get(facts *f, const thaw_event *e, fact_field field)
{
    list_maker m = {.f = f};
    fact_value value;
    thaw_list parties = e->parties;
    thaw_str party;
    if (field == FIELD_PERSONS)
        list_parties(&m, e->persons);
    else if (field == FIELD_TARGETS)
        list_parties(&m, e->targets);
    else
        while (parties.count && thaw_str_next(&parties, &party))
            list_add(&m, party);
    list_finish(&m, &value);
    return value;
}

/* What is said of all facts: a report is one report of one source, and of one voice. */
static fact_value names_get(facts *f, uint32_t number, fact_field field)
{
    const numbers one = {.at = &number, .count = 1};
    fact_value value;
    list_reports(f, &one,
                 field == FIELD_SOURCES  ? LIST_SOURCES
                 : field == FIELD_VOICES ? LIST_VOICES
                                         : LIST_NAMES,
                 &value);
    return value;
}

static fact_value words_get(const thaw_event *e, fact_field field)
{
    switch (field) {
    case FIELD_ACTION:
        return text_value(thaw_action_name(e->action));
    case FIELD_STAGE:
        return text_value(thaw_stage_name(e->stage));
    case FIELD_STATE:
        return text_value(thaw_feed_state_name(e->feed_state));
    case FIELD_OF:
        return text_value(thaw_of_name(e->of));
    case FIELD_FORM:
        return text_value(thaw_form_name(e->form));
    case FIELD_COUNT_IS:
        return text_value(thaw_count_is_name(e->count_is));
    default:
        return text_value(thaw_covers_name(e->covers));
    }
}

static fact_value own_string(const thaw_event *e, fact_field field)
{
    switch (field) {
    case FIELD_ID:
        return string_value(e->id);
    case FIELD_SOURCE:
        return string_value(e->source);
    case FIELD_ATTRIBUTED_TO:
        return string_value(e->attributed_to);
    case FIELD_INCIDENT:
        return string_value(e->incident);
    case FIELD_TITLE:
        return string_value(e->title);
    case FIELD_NOTE:
        return string_value(e->note);
    case FIELD_URL:
        return string_value(e->url);
    case FIELD_PRODUCER:
        return string_value(e->producer);
    case FIELD_PART:
        return string_value(e->part);
    case FIELD_CATEGORY:
        return string_value(e->category);
    case FIELD_DESTINATION:
        return string_value(e->destination);
    case FIELD_AUTHORITY:
        return string_value(e->authority);
    case FIELD_SECTOR:
        return string_value(e->sector);
    case FIELD_PROGRAM:
        return string_value(e->program);
    default:
        return string_value(e->revises);
    }
}

/* What rules part reports by, without reading their texts: kind, status, and whether anybody is named. */
static bool get_unread(facts *f, const report *r, fact_field field, fact_value *ret)
{
    list_maker nobody = {.f = f};
    if (field == FIELD_KIND)
        *ret = text_value(thaw_kind_name(r->kind));
    else if (field == FIELD_STATUS)
        *ret = text_value(thaw_status_name(r->status));
    else if ((field == FIELD_PERSONS || field == FIELD_TARGETS) && !report_adds(r, field))
        list_finish(&nobody, ret);
    else
        return false;
    return true;
}

void report_get(facts *f, uint32_t number, fact_field field, fact_value *ret)
{
    thaw_event e;
    const report *r = report_of(f, number);
    if (get_unread(f, r, field, ret))
        return;
    report_event(f->reports, r, &e);
    switch (field) {
    case FIELD_COUNTRY:
        *ret = string_value((thaw_str){country_of(f, e.country)->code, 2});
        return;
    case FIELD_LATE:
        *ret = (fact_value){.type = FACT_BOOL, .truth = report_is_late(r)};
        return;
    case FIELD_OCCURRED_AT:
        *ret = date_value(e.occurred_at.precision ? &e.occurred_at : &e.reported_at);
        return;
    case FIELD_SOURCES:
    case FIELD_VOICES:
    case FIELD_REPORTS:
        *ret = names_get(f, number, field);
        return;
    case FIELD_REPORTED_AT:
    case FIELD_FIRST_REPORTED_AT:
    case FIELD_LAST_REPORTED_AT:
        *ret = date_value(&e.reported_at);
        return;
    case FIELD_EXPIRES_AT:
        *ret = date_value(&e.expires_at);
        return;
    case FIELD_EXPECTED_BY:
        *ret = date_value(&e.expected_by);
        return;
    case FIELD_SINCE:
        *ret = date_value(&e.since);
        return;
    case FIELD_COUNT:
        *ret = int_value(e.has_count, e.count);
        return;
    case FIELD_EXPECTED_COUNT:
        *ret = int_value(e.has_expected_count, e.expected_count);
        return;
    case FIELD_PRODUCER_SEQ:
        *ret = int_value(e.has_producer_seq, e.producer_seq);
        return;
    case FIELD_PERSONS:
    case FIELD_TARGETS:
    case FIELD_PARTIES:
        *ret = strings_get(f, &e, field);
        return;
    case FIELD_ACTION:
    case FIELD_STAGE:
    case FIELD_STATE:
    case FIELD_OF:
    case FIELD_FORM:
    case FIELD_COUNT_IS:
    case FIELD_COVERS:
        *ret = words_get(&e, field);
        return;
    default:
        *ret = own_string(&e, field);
    }
}
