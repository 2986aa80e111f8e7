/* error.c - codes and the sentences that go with them. */
#include "error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static const char *const code_names[THAW_CODE_COUNT] = {
    [THAW_OK] = "ok",
    [THAW_MALFORMED] = "malformed",
    [THAW_INVALID] = "invalid",
    [THAW_UNKNOWN_VERB] = "unknown-verb",
    [THAW_UNKNOWN_KEY] = "unknown-key",
    [THAW_CONFLICT] = "conflict",
    [THAW_TOPIC_MISMATCH] = "topic-mismatch",
    [THAW_FUTURE] = "future",
    [THAW_TOO_LARGE] = "too-large",
    [THAW_TOO_OLD] = "too-old",
    [THAW_LIMIT] = "limit",
    [THAW_DENIED] = "denied",
    [THAW_GONE] = "gone",
    [THAW_NOT_FOUND] = "not-found",
    [THAW_UNAVAILABLE] = "unavailable",
};

const char *thaw_code_name(thaw_code code)
{
    return (unsigned)code < THAW_CODE_COUNT ? code_names[code] : "unknown";
}

int thaw_code_parse(const char *name, size_t len, thaw_code *ret_code)
{
    for (unsigned i = 0; i < THAW_CODE_COUNT; i++) {
        if (strlen(code_names[i]) == len && memcmp(code_names[i], name, len) == 0) {
            *ret_code = (thaw_code)i;
            return 0;
        }
    }
    return -ENOENT;
}

/* A cut inside a character would make the message itself bad UTF-8: take the piece away. */
static void error_trim(char *text)
{
    size_t len = strlen(text), at = len;

    while (at > 0 && len - at < 4 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at > 0 && ((unsigned char)text[at - 1] & 0x80) != 0 &&
        wire_text_char((const uint8_t *)text + at - 1, len - at + 1) == 0)
        text[at - 1] = '\0';
}

thaw_code wire_error(thaw_error *error, thaw_code code, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return code;
    error->code = code;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    error_trim(error->message);
    return code;
}

static void describe_ext(char *out, const wire_item *item)
{
    thaw_date date = {.precision = THAW_INSTANT};
    char text[THAW_DATE_TEXT];
    int64_t seconds;
    uint32_t nanoseconds;

    if (item->ext != -1) {
        snprintf(out, WIRE_DESCRIBE_BYTES, "an ext of type %d", item->ext);
    } else if (!wire_timestamp(item, &seconds, &nanoseconds)) {
        snprintf(out, WIRE_DESCRIBE_BYTES, "an ill-formed timestamp of %" PRIu32 " bytes",
                 item->len);
    } else if (seconds < -2208988800 || seconds >= 7289654400) {
        snprintf(out, WIRE_DESCRIBE_BYTES, "a timestamp of %" PRId64 " s", seconds);
    } else {
        date.at_ns = seconds * 1000000000 + nanoseconds;
        thaw_date_format(&date, text);
        snprintf(out, WIRE_DESCRIBE_BYTES, "timestamp %s", text);
    }
}

void wire_describe(char out[WIRE_DESCRIBE_BYTES], wire_cursor cursor)
{
    wire_item item;

    if (!wire_read(&cursor, &item)) {
        snprintf(out, WIRE_DESCRIBE_BYTES, "nothing");
        return;
    }
    switch (item.type) {
    case WIRE_NIL:
        snprintf(out, WIRE_DESCRIBE_BYTES, "nil");
        break;
    case WIRE_BOOL:
        snprintf(out, WIRE_DESCRIBE_BYTES, "%s", item.boolean ? "true" : "false");
        break;
    case WIRE_UINT:
        snprintf(out, WIRE_DESCRIBE_BYTES, "%" PRIu64, item.u);
        break;
    case WIRE_INT:
        snprintf(out, WIRE_DESCRIBE_BYTES, "%" PRId64, item.i);
        break;
    case WIRE_FLOAT:
        snprintf(out, WIRE_DESCRIBE_BYTES, "float %.17g", item.f);
        break;
    case WIRE_STR:
        wire_text_quote(out, 64, (const char *)item.bytes, item.len);
        break;
    case WIRE_BIN:
        snprintf(out, WIRE_DESCRIBE_BYTES, "a binary of %" PRIu32 " bytes", item.len);
        break;
    case WIRE_EXT:
        describe_ext(out, &item);
        break;
    case WIRE_ARRAY:
        snprintf(out, WIRE_DESCRIBE_BYTES, "an array of %" PRIu32, item.len);
        break;
    default:
        snprintf(out, WIRE_DESCRIBE_BYTES, "a map of %" PRIu32, item.len);
    }
}

static void where_format(char *out, size_t size, const wire_where *where)
{
    int used = snprintf(out, size, "%s", where->name);

    if (where->index >= 0)
        used += snprintf(out + used, size - (size_t)used, "[%d]", where->index);
    if (where->inner)
        used += snprintf(out + used, size - (size_t)used, ".%s", where->inner);
    if (where->inner_index >= 0)
        snprintf(out + used, size - (size_t)used, "[%d]", where->inner_index);
}

thaw_code wire_error_value(thaw_error *error, thaw_code code, const wire_where *where,
                           wire_cursor value, const char *format, ...)
{
    char found[WIRE_DESCRIBE_BYTES], place[64], expected[120];
    va_list arguments;

    if (!error)
        return code;
    va_start(arguments, format);
    vsnprintf(expected, sizeof(expected), format, arguments);
    va_end(arguments);
    where_format(place, sizeof(place), where);
    wire_describe(found, value);
    return wire_error(error, code, "%s: found %s, expected %s", place, found, expected);
}
