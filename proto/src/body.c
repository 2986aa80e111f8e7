/* body.c - reading maps by a table of their keys; see body.h. */
#include "body.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "text.h"

/* Deeper than any body of the protocol: rules may have labels, and values lists. */
#define BODY_NESTING 16

static bool read_text(wire_cursor *cursor, thaw_str *ret_text)
{
    return wire_read_str(cursor, ret_text) &&
           wire_text_check(ret_text->data, ret_text->len, true) != WIRE_TEXT_UTF8;
}

static bool read_time(wire_cursor *cursor, int64_t *ret_ns)
{
    wire_item item;
    int64_t seconds, ns;
    uint32_t nanoseconds;

    if (!wire_read(cursor, &item) || !wire_timestamp(&item, &seconds, &nanoseconds) ||
        __builtin_mul_overflow(seconds, INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, (int64_t)nanoseconds, ret_ns))
        return false;
    return true;
}

static bool read_ref(wire_cursor *cursor)
{
    wire_cursor map = *cursor;
    thaw_list one = {.data = map.at, .bytes = (uint32_t)(map.end - map.at), .count = 1};
    thaw_report_ref ref;

    return thaw_report_next(&one, &ref) && wire_skip(cursor);
}

static bool read_element(wire_cursor *cursor, wire_slot_type type)
{
    wire_cursor ahead = *cursor;
    wire_item item;
    thaw_str text;

    if (type == SLOT_STRS)
        return read_text(cursor, &text);
    if (type == SLOT_REFS)
        return read_ref(cursor);
    return wire_read(&ahead, &item) && item.type == WIRE_MAP && wire_skip(cursor);
}

static bool read_list(wire_cursor *cursor, wire_slot_type type, thaw_list *ret_list)
{
    wire_item item;

    if (!wire_read(cursor, &item) || item.type != WIRE_ARRAY)
        return false;
    const uint8_t *start = cursor->at;
    for (uint32_t i = 0; i < item.len; i++)
        if (!read_element(cursor, type))
            return false;
    *ret_list = (thaw_list){start, (uint32_t)(cursor->at - start), item.len};
    return true;
}

static bool read_map(wire_cursor *cursor, thaw_raw *ret_raw)
{
    const uint8_t *start = cursor->at;
    wire_cursor ahead = *cursor;
    wire_item item;

    if (!wire_read(&ahead, &item) || item.type != WIRE_MAP || !wire_skip(cursor))
        return false;
    *ret_raw = (thaw_raw){start, (uint32_t)(cursor->at - start)};
    return true;
}

static bool read_slot(wire_cursor *cursor, wire_slot_type type, void *member)
{
    wire_item item;

    switch (type) {
    case SLOT_STR:
        return read_text(cursor, member);
    case SLOT_UINT:
        if (!wire_read(cursor, &item) || item.type != WIRE_UINT)
            return false;
        *(uint64_t *)member = item.u;
        return true;
    case SLOT_BOOL:
        if (!wire_read(cursor, &item) || item.type != WIRE_BOOL)
            return false;
        *(bool *)member = item.boolean;
        return true;
    case SLOT_TIME:
        return read_time(cursor, member);
    case SLOT_MAP:
        return read_map(cursor, member);
    default:
        return read_list(cursor, type, member);
    }
}

static const char *slot_expected(wire_slot_type type)
{
    static const char *const expected[] = {
        [SLOT_STR] = "a str",
        [SLOT_UINT] = "a whole number from 0",
        [SLOT_BOOL] = "true or false",
        [SLOT_TIME] = "a timestamp",
        [SLOT_MAP] = "a map",
        [SLOT_STRS] = "an array of str",
        [SLOT_REFS] = "an array of {source, id}",
        [SLOT_MAPS] = "an array of maps",
    };
    return expected[type];
}

static unsigned slot_find(const wire_slot *slots, unsigned count, thaw_str name)
{
    unsigned i = 0;

    while (i < count &&
           (strlen(slots[i].name) != name.len || memcmp(slots[i].name, name.data, name.len) != 0))
        i++;
    return i;
}

/* Any pairs of the map; *seen says which slots they filled. */
static thaw_code read_pairs(const char *what, wire_cursor *cursor, uint32_t pairs,
                            const wire_slot *slots, unsigned count, void *object, uint32_t *seen,
                            thaw_error *error)
{
    thaw_str name;

    for (uint32_t i = 0; i < pairs; i++) {
        if (!wire_read_str(cursor, &name))
            return wire_error(error, THAW_MALFORMED, "%s: found a key that is not a str", what);
        unsigned slot = slot_find(slots, count, name);
        if (slot == count) {
            wire_skip(cursor);
            continue;
        }
        if (*seen & UINT32_C(1) << slot)
            return wire_error(error, THAW_MALFORMED, "%s: found the key \"%s\" twice", what,
                              slots[slot].name);
        wire_cursor value = *cursor;
        if (value.at < value.end && *value.at == 0xc0) { /* nil: as if it were not there */
            cursor->at++;
            continue;
        }
        *seen |= UINT32_C(1) << slot;
        if (!read_slot(cursor, slots[slot].type, (char *)object + slots[slot].offset)) {
            wire_where where = {slots[slot].name, -1, NULL, -1};
            return wire_error_value(error, THAW_INVALID, &where, value, "%s",
                                    slot_expected(slots[slot].type));
        }
    }
    return THAW_OK;
}

int wire_body_read(const char *what, const void *data, size_t len, const wire_slot *slots,
                   unsigned count, void *object, thaw_error *error)
{
    wire_cursor cursor = wire_cursor_over(data, len);
    uint32_t seen = 0;
    wire_item item;
    size_t at;

    if (wire_shape(data, len, BODY_NESTING, &at) || !wire_read(&cursor, &item) ||
        item.type != WIRE_MAP)
        return wire_error(error, THAW_MALFORMED, "%s: found no whole map", what), -EBADMSG;
    if (read_pairs(what, &cursor, item.len, slots, count, object, &seen, error))
        return -EBADMSG;
    for (unsigned i = 0; i < count; i++)
        if (slots[i].required && !(seen & UINT32_C(1) << i))
            return wire_error(error, THAW_INVALID, "%s: found no %s, expected it", what,
                              slots[i].name),
                   -EBADMSG;
    return 0;
}
