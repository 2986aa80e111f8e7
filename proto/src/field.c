/* field.c - one table of the keys, and how the value of each is read. */
#include "field.h"

#include <string.h>

#include "error.h"
#include "text.h"

#define FIELD(text, kind, member)                                                                  \
    {                                                                                              \
        text, kind, offsetof(thaw_event, member), 0, NULL                                          \
    }
#define WORD(text, member, names)                                                                  \
    {                                                                                              \
        text, FIELD_WORD, offsetof(thaw_event, member), 0, &(names)                                \
    }
#define UINT(text, member)                                                                         \
    {                                                                                              \
        text, FIELD_UINT, offsetof(thaw_event, member), offsetof(thaw_event, has_##member), NULL   \
    }

const wire_field wire_fields[KEY_UNKNOWN] = {
    [KEY_KIND] = WORD("kind", kind, wire_kind_names),
    [KEY_ID] = FIELD("id", FIELD_KEY, id),
    [KEY_COUNTRY] = FIELD("country", FIELD_COUNTRY, country),
    [KEY_SOURCE] = FIELD("source", FIELD_KEY, source),
    [KEY_ATTRIBUTED_TO] = FIELD("attributed_to", FIELD_NAME, attributed_to),
    [KEY_STATUS] = WORD("status", status, wire_status_names),
    [KEY_OCCURRED_AT] = FIELD("occurred_at", FIELD_DATE, occurred_at),
    [KEY_REPORTED_AT] = FIELD("reported_at", FIELD_DATE, reported_at),
    [KEY_REVISES] = FIELD("revises", FIELD_KEY, revises),
    [KEY_RETRACTS] = FIELD("retracts", FIELD_KEY, retracts),
    [KEY_INCIDENT] = FIELD("incident", FIELD_INCIDENT, incident),
    [KEY_COUNT] = UINT("count", count),
    [KEY_COUNT_IS] = WORD("count_is", count_is, wire_count_is_names),
    [KEY_COVERS] = WORD("covers", covers, wire_covers_names),
    [KEY_PART] = FIELD("part", FIELD_PART, part),
    [KEY_OF] = WORD("of", of, wire_of_names),
    [KEY_SINCE] = FIELD("since", FIELD_DATE, since),
    [KEY_CATEGORY] = FIELD("category", FIELD_NAME, category),
    [KEY_FORM] = WORD("form", form, wire_form_names),
    [KEY_DESTINATION] = FIELD("destination", FIELD_NAME, destination),
    [KEY_AUTHORITY] = FIELD("authority", FIELD_NAME, authority),
    [KEY_ACTION] = WORD("action", action, wire_action_names),
    [KEY_PROGRAM] = FIELD("program", FIELD_NAME, program),
    [KEY_SECTOR] = FIELD("sector", FIELD_NAME, sector),
    [KEY_TARGETS] = FIELD("targets", FIELD_TARGETS, targets),
    [KEY_STATE] = WORD("state", feed_state, wire_feed_state_names),
    [KEY_EXPIRES_AT] = FIELD("expires_at", FIELD_DATE, expires_at),
    [KEY_STAGE] = WORD("stage", stage, wire_stage_names),
    [KEY_EXPECTED_COUNT] = UINT("expected_count", expected_count),
    [KEY_EXPECTED_BY] = FIELD("expected_by", FIELD_DATE, expected_by),
    [KEY_PARTIES] = FIELD("parties", FIELD_STRS, parties),
    [KEY_PERSONS] = FIELD("persons", FIELD_PERSONS, persons),
    [KEY_TITLE] = FIELD("title", FIELD_TEXT, title),
    [KEY_NOTE] = FIELD("note", FIELD_NOTE, note),
    [KEY_URL] = FIELD("url", FIELD_TEXT, url),
    [KEY_PRODUCER] = FIELD("producer", FIELD_KEY, producer),
    [KEY_PRODUCER_SEQ] = UINT("producer_seq", producer_seq),
};

const char *wire_field_name(wire_key key)
{
    return wire_fields[key].name;
}

static void *field_member(const wire_field *field, thaw_event *event)
{
    return (char *)event + field->offset;
}

static thaw_code read_word(const wire_reading *reading, const wire_where *where,
                           const wire_names *words, wire_cursor *cursor, uint8_t *ret_number)
{
    wire_cursor value = *cursor;
    char list[120];
    thaw_str text;

    if (wire_read_str(cursor, &text)) {
        unsigned number = text.len ? wire_names_find(words, text.data, text.len) : 0;
        if (number) {
            *ret_number = (uint8_t)number;
            return THAW_OK;
        }
        if (wire_text_check(text.data, text.len, true) == WIRE_TEXT_UTF8)
            return wire_error_value(reading->error, THAW_MALFORMED, where, value, "valid UTF-8");
    }
    if (!reading->error)
        return THAW_INVALID;
    wire_names_list(words, list, sizeof(list));
    return wire_error_value(reading->error, THAW_INVALID, where, value, "%s", list);
}

static thaw_code read_uint(const wire_reading *reading, const wire_where *where,
                           wire_cursor *cursor, uint64_t *ret_number)
{
    wire_cursor value = *cursor;
    wire_item item;

    if (!wire_read(cursor, &item) || item.type != WIRE_UINT || item.u > INT64_MAX)
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "a whole number from 0 to 2^63-1");
    *ret_number = item.u;
    return THAW_OK;
}

static thaw_code read_country(const wire_reading *reading, const wire_where *where,
                              wire_cursor *cursor, char *ret_country)
{
    wire_cursor value = *cursor;
    thaw_str text;

    if (wire_read_str(cursor, &text)) {
        if (text.len == 2 && text.data[0] >= 'A' && text.data[0] <= 'Z' && text.data[1] >= 'A' &&
            text.data[1] <= 'Z') {
            memcpy(ret_country, text.data, 2);
            return THAW_OK;
        }
        if (wire_text_check(text.data, text.len, true) == WIRE_TEXT_UTF8)
            return wire_error_value(reading->error, THAW_MALFORMED, where, value, "valid UTF-8");
    }
    return wire_error_value(reading->error, THAW_INVALID, where, value, "two letters A to Z");
}

bool wire_incident_unnamed(thaw_str incident)
{
    static const char prefix[] = "shared:";
    const size_t len = sizeof(prefix) - 1;

    return incident.len >= len && memcmp(incident.data, prefix, len) == 0 &&
           wire_text_says_nothing(WIRE_TEXT_NAME, incident.data + len, incident.len - len);
}

static thaw_code read_incident(const wire_reading *reading, const wire_where *where,
                               wire_cursor *cursor, thaw_str *ret_incident)
{
    wire_cursor value = *cursor;
    thaw_code code = wire_text_read(reading, where, cursor, WIRE_TEXT_NAME,
                                    reading->limits->id_bytes, ret_incident);

    if (!code && !reading->limits->blanks && wire_incident_unnamed(*ret_incident))
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "a name behind \"shared:\"");
    return code;
}

/* DIMENSION=VALUE, neither of them empty; the first '=' parts them. */
static thaw_code read_part(const wire_reading *reading, const wire_where *where,
                           wire_cursor *cursor, thaw_event *event)
{
    wire_cursor value = *cursor;
    thaw_code code = wire_text_read(reading, where, cursor, WIRE_TEXT_NAME,
                                    reading->limits->id_bytes, &event->part);

    if (code)
        return code;
    const char *data = event->part.data, *sign = memchr(data, '=', event->part.len);
    if (!sign || sign == data || sign + 1 == data + event->part.len)
        return wire_error_value(reading->error, THAW_INVALID, where, value, "DIMENSION=VALUE");
    thaw_str dimension = {data, (uint32_t)(sign - data)};
    thaw_str part = {sign + 1, (uint32_t)(data + event->part.len - sign - 1)};
    if (!reading->limits->blanks &&
        (wire_text_says_nothing(WIRE_TEXT_NAME, dimension.data, dimension.len) ||
         wire_text_says_nothing(WIRE_TEXT_NAME, part.data, part.len)))
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "DIMENSION=VALUE, neither of them blank");
    event->part_dimension = dimension;
    event->part_value = part;
    return THAW_OK;
}

thaw_code wire_field_read(const wire_reading *reading, wire_key key, wire_cursor *cursor,
                          thaw_event *event)
{
    const wire_field *field = &wire_fields[key];
    const thaw_limits *limits = reading->limits;
    const wire_where where = {field->name, -1, NULL, -1};
    void *member = field_member(field, event);
    thaw_code code;

    switch (field->type) {
    case FIELD_KEY:
        return wire_text_read(reading, &where, cursor, WIRE_TEXT_KEY, limits->id_bytes, member);
    case FIELD_NAME:
        return wire_text_read(reading, &where, cursor, WIRE_TEXT_NAME, limits->id_bytes, member);
    case FIELD_INCIDENT:
        return read_incident(reading, &where, cursor, member);
    case FIELD_TEXT:
        return wire_text_read(reading, &where, cursor, WIRE_TEXT_FREE, limits->text_bytes, member);
    case FIELD_NOTE:
        return wire_text_read(reading, &where, cursor, WIRE_TEXT_LINES, limits->text_bytes, member);
    case FIELD_WORD:
        return read_word(reading, &where, field->words, cursor, member);
    case FIELD_UINT:
        code = read_uint(reading, &where, cursor, member);
        *((char *)event + field->flag) = code == THAW_OK;
        return code;
    case FIELD_DATE:
        return wire_date_read(reading, &where, cursor, member);
    case FIELD_COUNTRY:
        return read_country(reading, &where, cursor, member);
    case FIELD_PART:
        return read_part(reading, &where, cursor, event);
    case FIELD_PERSONS:
        return wire_parties_read(reading, &where, false, cursor, member);
    case FIELD_TARGETS:
        return wire_parties_read(reading, &where, true, cursor, member);
    default:
        return wire_strs_read(reading, &where, WIRE_TEXT_NAME, limits->text_bytes, cursor, member);
    }
}

void wire_field_clear(wire_key key, thaw_event *event)
{
    static const uint8_t sizes[] = {
        [FIELD_KEY] = sizeof(thaw_str),
        [FIELD_NAME] = sizeof(thaw_str),
        [FIELD_INCIDENT] = sizeof(thaw_str),
        [FIELD_TEXT] = sizeof(thaw_str),
        [FIELD_NOTE] = sizeof(thaw_str),
        [FIELD_WORD] = sizeof(uint8_t),
        [FIELD_UINT] = sizeof(uint64_t),
        [FIELD_DATE] = sizeof(thaw_date),
        [FIELD_COUNTRY] = 2,
        [FIELD_PART] = sizeof(thaw_str),
        [FIELD_PERSONS] = sizeof(thaw_list),
        [FIELD_TARGETS] = sizeof(thaw_list),
        [FIELD_STRS] = sizeof(thaw_list),
    };
    const wire_field *field = &wire_fields[key];

    memset(field_member(field, event), 0, sizes[field->type]);
    if (field->type == FIELD_UINT)
        *((char *)event + field->flag) = false;
    if (field->type == FIELD_PART)
        event->part_dimension = event->part_value = (thaw_str){0};
}
