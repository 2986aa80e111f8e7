/* value.c - the checks that keys share: texts, dates, names of keys, values not interpreted. */
#include "field.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "text.h"

#define KEY_BYTES_MAX 128
#define SECONDS_FIRST INT64_C(-2208988800) /* 1900-01-01 */
#define SECONDS_END INT64_C(7289654400)    /* 2201-01-01 */
#define SECOND_NS INT64_C(1000000000)

static thaw_code text_fault(const wire_reading *reading, const wire_where *where, wire_text fault,
                            wire_cursor value)
{
    if (fault == WIRE_TEXT_UTF8)
        return wire_error_value(reading->error, THAW_MALFORMED, where, value, "valid UTF-8");
    return wire_error_value(reading->error, THAW_INVALID, where, value,
                            "text without control characters");
}

thaw_code wire_text_read(const wire_reading *reading, const wire_where *where, wire_cursor *cursor,
                         wire_kind_of_text kind, uint32_t most, thaw_str *ret_text)
{
    wire_cursor value = *cursor;
    uint32_t least = kind >= WIRE_TEXT_KEY;

    if (!wire_read_str(cursor, ret_text))
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "a str of %" PRIu32 " to %" PRIu32 " bytes", least, most);
    wire_text fault = wire_text_check(ret_text->data, ret_text->len, kind == WIRE_TEXT_LINES);
    if (fault)
        return text_fault(reading, where, fault, value);
    if (ret_text->len > most)
        return wire_error_value(reading->error, THAW_TOO_LARGE, where, value,
                                "at most %" PRIu32 " bytes, not %" PRIu32, most, ret_text->len);
    if (ret_text->len < least)
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "a str of %" PRIu32 " to %" PRIu32 " bytes", least, most);
    if (!reading->limits->blanks && wire_text_says_nothing(kind, ret_text->data, ret_text->len))
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                kind == WIRE_TEXT_ID ? "an id, or none where there is none"
                                                     : "text that is not blank");
    return THAW_OK;
}

thaw_code wire_key_read(const wire_reading *reading, const char *place, wire_cursor *cursor,
                        thaw_str *ret_name)
{
    wire_cursor key = *cursor;
    char found[WIRE_DESCRIBE_BYTES];

    if (!wire_read_str(cursor, ret_name)) {
        if (reading->error)
            wire_describe(found, key);
        return wire_error(reading->error, THAW_MALFORMED, "%s: found the key %s, expected a str",
                          place, reading->error ? found : "");
    }
    if (wire_text_check(ret_name->data, ret_name->len, false)) {
        if (reading->error)
            wire_describe(found, key);
        return wire_error(reading->error, THAW_MALFORMED,
                          "%s: found the key %s, expected UTF-8 without control characters", place,
                          reading->error ? found : "");
    }
    if (ret_name->len > KEY_BYTES_MAX)
        return wire_error(reading->error, THAW_TOO_LARGE,
                          "%s: found a key of %" PRIu32 " bytes, expected at most %d", place,
                          ret_name->len, KEY_BYTES_MAX);
    return THAW_OK;
}

thaw_code wire_seen_add(wire_seen *seen, thaw_str name, const char *place, thaw_error *error)
{
    char found[64];

    for (uint32_t i = 0; i < seen->count; i++) {
        /* Those below count are set.
         * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        if (seen->names[i].len != name.len || memcmp(seen->names[i].data, name.data, name.len) != 0)
            continue;
        wire_text_quote(found, sizeof(found), name.data, name.len);
        return wire_error(error, THAW_MALFORMED, "%s: found the key %s twice, expected it once",
                          place, found);
    }
    if (seen->count == WIRE_KEYS_MAX)
        return wire_error(error, THAW_LIMIT,
                          "%s: found more than %d keys that are not the protocol's", place,
                          WIRE_KEYS_MAX);
    seen->names[seen->count++] = name;
    return THAW_OK;
}

/* Its own frame for the names seen, so that only maps pay for them on the stack. */
static thaw_code value_check_map(const wire_reading *reading, const wire_where *where,
                                 uint32_t pairs, wire_cursor *cursor)
{
    wire_seen seen;
    thaw_str name;
    thaw_code code;

    seen.count = 0;
    for (uint32_t i = 0; i < pairs; i++) {
        if ((code = wire_key_read(reading, where->name, cursor, &name)) ||
            (code = wire_seen_add(&seen, name, where->name, reading->error)) ||
            (code = wire_value_check(reading, where, cursor)))
            return code;
    }
    return THAW_OK;
}

/* Recursion is bounded: wire_shape has measured the nesting of all bytes that come here. */
thaw_code wire_value_check(const wire_reading *reading, const wire_where *where,
                           wire_cursor *cursor)
{
    wire_cursor value = *cursor;
    wire_item item;
    thaw_code code = THAW_OK;

    if (!wire_read(cursor, &item))
        return wire_error_value(reading->error, THAW_MALFORMED, where, value, "a whole value");
    if (item.type == WIRE_STR) {
        wire_text fault = wire_text_check((const char *)item.bytes, item.len, true);
        return fault ? text_fault(reading, where, fault, value) : THAW_OK;
    }
    if (item.type == WIRE_FLOAT && !isfinite(item.f))
        return wire_error_value(reading->error, THAW_INVALID, where, value, "a finite number");
    if (item.type == WIRE_MAP)
        return value_check_map(reading, where, item.len, cursor);
    for (uint32_t i = 0; item.type == WIRE_ARRAY && i < item.len && !code; i++)
        code = wire_value_check(reading, where, cursor);
    return code;
}

static thaw_code date_fault(const wire_reading *reading, const wire_where *where, wire_cursor value,
                            bool range)
{
    if (range)
        return wire_error_value(reading->error, THAW_INVALID, where, value,
                                "a date in the years 1900 to 2200");
    return wire_error_value(reading->error, THAW_INVALID, where, value,
                            "a timestamp, Unix seconds, an RFC 3339 time or a date such as "
                            "2025-12-13, 2025-12~, 2025");
}

/* Whole seconds and nanoseconds. */
static int date_set(int64_t seconds, int64_t nanoseconds, thaw_date *ret_date)
{
    if (seconds < SECONDS_FIRST || seconds >= SECONDS_END)
        return -ERANGE;
    *ret_date = (thaw_date){seconds * SECOND_NS + nanoseconds, THAW_INSTANT, false};
    return 0;
}

static int date_set_float(double value, thaw_date *ret_date)
{
    if (!(value >= (double)SECONDS_FIRST && value < (double)SECONDS_END))
        return -ERANGE;
    double whole = floor(value);
    return date_set((int64_t)whole, (int64_t)((value - whole) * 1e9 + 0.5), ret_date);
}

int wire_date(const wire_item *item, thaw_date *ret_date)
{
    int64_t seconds;
    uint32_t nanoseconds;

    switch (item->type) {
    case WIRE_STR:
        return thaw_date_parse((const char *)item->bytes, item->len, ret_date);
    case WIRE_UINT:
        return item->u < (uint64_t)SECONDS_END ? date_set((int64_t)item->u, 0, ret_date) : -ERANGE;
    case WIRE_INT:
        return date_set(item->i, 0, ret_date);
    case WIRE_FLOAT:
        return date_set_float(item->f, ret_date);
    case WIRE_EXT:
        return wire_timestamp(item, &seconds, &nanoseconds)
                   ? date_set(seconds, nanoseconds, ret_date)
                   : -EINVAL;
    default:
        return -EINVAL;
    }
}

thaw_code wire_date_read(const wire_reading *reading, const wire_where *where, wire_cursor *cursor,
                         thaw_date *ret_date)
{
    wire_cursor value = *cursor;
    wire_item item;
    wire_text fault;
    int r;

    if (!wire_read(cursor, &item))
        return date_fault(reading, where, value, false);
    fault = item.type == WIRE_STR ? wire_text_check((const char *)item.bytes, item.len, false) : 0;
    if (fault)
        return text_fault(reading, where, fault, value);
    r = wire_date(&item, ret_date);
    return r ? date_fault(reading, where, value, r == -ERANGE) : THAW_OK;
}
