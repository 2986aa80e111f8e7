/* party.c - lists of persons, of targets, of strings and of reports: checking and walking them. */
#include "field.h"

#include <inttypes.h>
#include <string.h>

#include "error.h"

/* The keys of a party. */
enum { PARTY_NAME, PARTY_TYPE, PARTY_IDS, PARTY_UNKNOWN };

static unsigned party_key(thaw_str name, bool typed)
{
    if (name.len == 4 && memcmp(name.data, "name", 4) == 0)
        return PARTY_NAME;
    if (name.len == 3 && memcmp(name.data, "ids", 3) == 0)
        return PARTY_IDS;
    if (typed && name.len == 4 && memcmp(name.data, "type", 4) == 0)
        return PARTY_TYPE;
    return PARTY_UNKNOWN;
}

static bool value_is_nil(const wire_cursor *cursor)
{
    return cursor->at < cursor->end && *cursor->at == 0xc0;
}

/* One key's value of a party. */
static thaw_code party_value(const wire_reading *reading, wire_where where, unsigned key,
                             wire_cursor *cursor, thaw_party *party)
{
    static const char *const names[] = {"name", "type", "ids", NULL};

    where.inner = names[key];
    if (value_is_nil(cursor)) {
        cursor->at++;
        return THAW_OK;
    }
    switch (key) {
    case PARTY_NAME:
        return wire_text_read(reading, &where, cursor, WIRE_TEXT_NAME, reading->limits->text_bytes,
                              &party->name);
    case PARTY_TYPE:
        return wire_text_read(reading, &where, cursor, WIRE_TEXT_NAME, reading->limits->id_bytes,
                              &party->type);
    case PARTY_IDS:
        return wire_strs_read(reading, &where, WIRE_TEXT_ID, reading->limits->id_bytes, cursor,
                              &party->ids);
    default:
        return wire_value_check(reading, &where, cursor);
    }
}

/* The pairs of one party; names that it does not know are kept apart, for duplicates. */
static thaw_code party_pairs(const wire_reading *reading, const wire_where *where, bool typed,
                             uint32_t pairs, wire_cursor *cursor, thaw_party *party)
{
    wire_seen unknown;
    unsigned seen = 0;
    thaw_str name;
    thaw_code code;

    unknown.count = 0;
    for (uint32_t i = 0; i < pairs; i++) {
        if ((code = wire_key_read(reading, where->name, cursor, &name)))
            return code;
        unsigned key = party_key(name, typed);
        if (key == PARTY_UNKNOWN) {
            code = wire_seen_add(&unknown, name, where->name, reading->error);
            if (code)
                return code;
        } else if (seen & 1U << key) {
            return wire_error(reading->error, THAW_MALFORMED,
                              "%s[%d]: found the key \"%.*s\" twice, expected it once", where->name,
                              where->index, (int)name.len, name.data);
        } else {
            seen |= 1U << key;
        }
        code = party_value(reading, *where, key, cursor, party);
        if (code)
            return code;
    }
    return THAW_OK;
}

static thaw_code party_read(const wire_reading *reading, const wire_where *where, bool typed,
                            wire_cursor *cursor)
{
    wire_cursor value = *cursor;
    thaw_party party = {0};
    wire_item item;
    thaw_code code;

    if (!wire_read(cursor, &item) || item.type != WIRE_MAP)
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "a map of name and ids");
    code = party_pairs(reading, where, typed, item.len, cursor, &party);
    if (code)
        return code;
    if (!party.name.data && party.ids.count == 0)
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "a name, ids or both in it");
    return THAW_OK;
}

/* Head of a list of at most `most` elements. */
static thaw_code list_open(const wire_reading *reading, const wire_where *where, uint32_t most,
                           wire_cursor *cursor, thaw_list *ret_list)
{
    wire_cursor value = *cursor;
    wire_item item;

    if (!wire_read(cursor, &item) || item.type != WIRE_ARRAY)
        return wire_error_value(reading->error, THAW_INVALID, where, value, "an array");
    if (item.len > most)
        return wire_error_value(reading->error, THAW_LIMIT, where, value,
                                "at most %" PRIu32 " elements", most);
    *ret_list = (thaw_list){.data = cursor->at, .count = item.len};
    return THAW_OK;
}

thaw_code wire_parties_read(const wire_reading *reading, const wire_where *where, bool typed,
                            wire_cursor *cursor, thaw_list *ret_list)
{
    wire_where element = *where;
    thaw_code code = list_open(reading, where, reading->limits->persons, cursor, ret_list);

    for (uint32_t i = 0; !code && i < ret_list->count; i++) {
        element.index = (int)i;
        code = party_read(reading, &element, typed, cursor);
    }
    if (!code)
        ret_list->bytes = (uint32_t)(cursor->at - ret_list->data);
    return code;
}

thaw_code wire_strs_read(const wire_reading *reading, const wire_where *where,
                         wire_kind_of_text kind, uint32_t most_bytes, wire_cursor *cursor,
                         thaw_list *ret_list)
{
    wire_where element = *where;
    thaw_str text;
    thaw_code code = list_open(reading, where, reading->limits->ids, cursor, ret_list);

    for (uint32_t i = 0; !code && i < ret_list->count; i++) {
        element.inner_index = (int)i;
        code = wire_text_read(reading, &element, cursor, kind, most_bytes, &text);
    }
    if (!code)
        ret_list->bytes = (uint32_t)(cursor->at - ret_list->data);
    return code;
}

/* Takes what the cursor passed over off the front of the list. */
static void list_advance(thaw_list *list, const wire_cursor *cursor)
{
    list->bytes -= (uint32_t)(cursor->at - list->data);
    list->data = cursor->at;
    list->count--;
}

bool thaw_str_next(thaw_list *list, thaw_str *ret_str)
{
    wire_cursor cursor = wire_cursor_over(list->data, list->bytes);

    if (!list->data || list->count == 0 || !wire_read_str(&cursor, ret_str))
        return false;
    list_advance(list, &cursor);
    return true;
}

/* The value of a pair whose list has been validated; a nil leaves the member absent. */
static void party_take(unsigned key, wire_cursor *cursor, thaw_party *party)
{
    wire_cursor value = *cursor;
    wire_item item;

    if (!wire_skip(cursor) || key == PARTY_UNKNOWN || !wire_read(&value, &item))
        return;
    if (key == PARTY_IDS && item.type == WIRE_ARRAY)
        party->ids = (thaw_list){value.at, (uint32_t)(cursor->at - value.at), item.len};
    else if (key == PARTY_NAME && item.type == WIRE_STR)
        party->name = (thaw_str){(const char *)item.bytes, item.len};
    else if (key == PARTY_TYPE && item.type == WIRE_STR)
        party->type = (thaw_str){(const char *)item.bytes, item.len};
}

bool thaw_party_next(thaw_list *list, thaw_party *ret_party)
{
    wire_cursor cursor = wire_cursor_over(list->data, list->bytes);
    thaw_party party = {0};
    wire_item item;
    thaw_str name;

    if (!list->data || list->count == 0 || !wire_read(&cursor, &item) || item.type != WIRE_MAP)
        return false;
    for (uint32_t i = 0; i < item.len && wire_read_str(&cursor, &name); i++)
        party_take(party_key(name, true), &cursor, &party);
    if (cursor.failed)
        return false;
    list_advance(list, &cursor);
    *ret_party = party;
    return true;
}

bool thaw_report_next(thaw_list *list, thaw_report_ref *ret_report)
{
    wire_cursor cursor = wire_cursor_over(list->data, list->bytes);
    thaw_report_ref report = {0};
    wire_item item;
    thaw_str name;

    if (!list->data || list->count == 0 || !wire_read(&cursor, &item) || item.type != WIRE_MAP)
        return false;
    for (uint32_t i = 0; i < item.len; i++) {
        if (!wire_read_str(&cursor, &name))
            return false;
        bool source = name.len == 6 && memcmp(name.data, "source", 6) == 0;
        bool id = name.len == 2 && memcmp(name.data, "id", 2) == 0;
        if (source || id ? !wire_read_str(&cursor, source ? &report.source : &report.id)
                         : !wire_skip(&cursor))
            return false;
    }
    if (!report.source.data || !report.id.data)
        return false;
    list->bytes -= (uint32_t)(cursor.at - list->data);
    list->data = cursor.at;
    list->count--;
    *ret_report = report;
    return true;
}
