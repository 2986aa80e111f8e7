/*
 * event.c - from the body of a message to validated events.
 *
 * An event is read in one pass over its map. Keys may come in any order, and which of them mean
 * anything depends on `kind`, which may come last: so every known key is read at once, and one
 * whose value is not what it should be is only noted. When the pass is over and the kind is
 * known, notes on keys of other kinds are dropped and the first that remains is read again,
 * this time with the sentence that says what is wrong.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cursor.h"
#include "error.h"
#include "field.h"
#include "key.h"
#include "quick.h"
#include "text.h"

const thaw_limits thaw_limits_default = {
    .message_bytes = 4U << 20,
    .nesting = 8,
    .events = 10000,
    .persons = 1000,
    .ids = 64,
    .id_bytes = 128,
    .text_bytes = 4096,
    .future_ns = INT64_C(86400) * 1000000000,
};
const thaw_limits thaw_limits_stored = {
    .message_bytes = UINT32_MAX,
    .nesting = 32,
    .events = UINT32_MAX,
    .persons = UINT32_MAX,
    .ids = UINT32_MAX,
    .id_bytes = UINT32_MAX,
    .text_bytes = UINT32_MAX,
    .future_ns = INT64_MAX,
    .blanks = true,
};

static thaw_code shape_fault(wire_verdict verdict, size_t at, const thaw_limits *limits,
                             thaw_error *error)
{
    switch (verdict) {
    case WIRE_TRUNCATED:
        return wire_error(error, THAW_MALFORMED,
                          "message: found its end within the value at byte %zu", at);
    case WIRE_RESERVED:
        return wire_error(error, THAW_MALFORMED,
                          "message: found 0xc1 at byte %zu, which begins no value", at);
    case WIRE_COUNT:
        return wire_error(error, THAW_MALFORMED,
                          "message: found a count at byte %zu that the bytes after it cannot hold",
                          at);
    case WIRE_TRAILING:
        return wire_error(error, THAW_MALFORMED,
                          "message: found bytes after its value, from byte %zu", at);
    default:
        return wire_error(error, THAW_LIMIT,
                          "message: found more than %" PRIu32
                          " arrays and maps within each other at byte %zu",
                          limits->nesting, at);
    }
}

static bool first_is_array(uint8_t first)
{
    return (first & 0xf0) == 0x90 || first == 0xdc || first == 0xdd;
}

static bool first_is_map(uint8_t first)
{
    return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf;
}

/* The shape of the whole message. */
static thaw_code body_walk(const uint8_t *data, size_t len, const thaw_limits *limits,
                           thaw_error *error)
{
    /* The array around the events is not counted. */
    unsigned nesting = limits->nesting + (len > 0 && first_is_array(data[0]));
    size_t at;
    wire_verdict verdict =
        wire_shape(data, len, nesting < WIRE_NESTING_MAX ? nesting : WIRE_NESTING_MAX, &at);

    return verdict ? shape_fault(verdict, at, limits, error) : THAW_OK;
}

/* What stands at the front of the message. */
static thaw_code body_head(thaw_body *body, const uint8_t *data, size_t len,
                           const thaw_limits *limits, int64_t now_ns, thaw_error *error)
{
    wire_cursor cursor = wire_cursor_over(data, len);
    const wire_where where = {"message", -1, NULL, -1};
    uint32_t count = 1;
    wire_item item;

    if (len == 0 || !first_is_map(data[0])) {
        if (!wire_read(&cursor, &item) || item.type != WIRE_ARRAY)
            return wire_error_value(error, THAW_MALFORMED, &where, wire_cursor_over(data, len),
                                    "an event map or an array of them");
        count = item.len;
    }
    if (count > limits->events)
        return wire_error(error, THAW_LIMIT,
                          "message: found %" PRIu32 " events, expected at most %" PRIu32, count,
                          limits->events);
    body->start = data;
    body->next = cursor.at;
    body->end = cursor.end;
    body->count = count;
    body->index = 0;
    body->limits = limits;
    body->now_ns = now_ns;
    return THAW_OK;
}

static bool body_fits(size_t len, const thaw_limits *limits, thaw_error *error)
{
    if (len <= limits->message_bytes)
        return true;
    wire_error(error, THAW_TOO_LARGE, "message: found %zu bytes, expected at most %" PRIu32, len,
               limits->message_bytes);
    return false;
}

int thaw_body_open(thaw_body *body, const void *data, size_t len, const thaw_limits *limits,
                   int64_t now_ns, thaw_error *error)
{
    if (!body_fits(len, limits, error) || body_walk(data, len, limits, error) ||
        body_head(body, data, len, limits, now_ns, error))
        return -EBADMSG;
    body->walked = true;
    return 0;
}

int thaw_body_begin(thaw_body *body, const void *data, size_t len, const thaw_limits *limits,
                    int64_t now_ns, thaw_error *error)
{
    const uint8_t *first = data;
    thaw_body begun = {0};

    /* Nothing but the events themselves must be left to look at. */
    if (len == 0 || len > limits->message_bytes || limits->nesting < WIRE_QUICK_NESTING ||
        !(first_is_map(*first) || first_is_array(*first)) ||
        body_head(&begun, data, len, limits, now_ns, error) || begun.count == 0)
        return thaw_body_open(body, data, len, limits, now_ns, error);
    begun.walked = false;
    *body = begun;
    return 0;
}

/* What one pass over a map found. */
typedef struct event_pass {
    uint64_t seen;                      /* keys that stand in the map, nil or not */
    uint64_t present;                   /* those that were read */
    uint64_t bad;                       /* those whose value is not what it should be */
    uint64_t ill;                       /* of the bad, those that no key may hold */
    const uint8_t *values[KEY_UNKNOWN]; /* where the values of the bad ones begin */
    wire_seen unknown;
} event_pass;

static void pass_begin(event_pass *pass)
{
    pass->seen = pass->present = pass->bad = pass->ill = 0;
    pass->unknown.count = 0;
}

/* A key that the protocol does not know: kept as it is, if it is sound. */
static thaw_code pass_unknown(const wire_reading *reading, event_pass *pass, thaw_str name,
                              wire_cursor *cursor)
{
    char text[32];
    wire_where where = {text, -1, NULL, -1};
    thaw_code code = wire_seen_add(&pass->unknown, name, "event", reading->error);

    if (code)
        return code;
    size_t len = name.len < sizeof(text) - 1 ? name.len : sizeof(text) - 1;
    memcpy(text, name.data, len);
    text[len] = '\0';
    return wire_value_check(reading, &where, cursor);
}

static thaw_code pass_known(const wire_reading *reading, event_pass *pass, wire_key key,
                            wire_cursor *cursor, thaw_event *event)
{
    const wire_reading quiet = {reading->limits, NULL};
    const wire_cursor value = *cursor;
    const wire_where where = {wire_field_name(key), -1, NULL, -1};

    if (pass->seen & KEY_BIT(key))
        return wire_error(reading->error, THAW_MALFORMED,
                          "event: found the key \"%s\" twice, expected it once",
                          wire_field_name(key));
    pass->seen |= KEY_BIT(key);
    if (cursor->at < cursor->end && *cursor->at == 0xc0) {
        cursor->at++; /* nil: as if it were not there */
        return THAW_OK;
    }
    if (wire_field_read(&quiet, key, cursor, event) == THAW_OK) {
        pass->present |= KEY_BIT(key);
        return THAW_OK;
    }
    pass->bad |= KEY_BIT(key);
    pass->values[key] = value.at;
    wire_field_clear(key, event);
    *cursor = value;
    thaw_code code = wire_value_check(&quiet, &where, cursor);
    if (code == THAW_MALFORMED || code == THAW_LIMIT) {
        /* Not to be passed on whatever the kind. The key's own reader may say it better. */
        wire_cursor again = value;
        if (wire_field_read(reading, key, &again, event) != code) {
            again = value;
            wire_value_check(reading, &where, &again);
        }
        wire_field_clear(key, event);
        return code;
    }
    if (code)
        pass->ill |= KEY_BIT(key);
    *cursor = value;
    wire_skip(cursor);
    return THAW_OK;
}

/* One pair that the quick way did not take. */
static thaw_code pass_pair(const wire_reading *reading, event_pass *pass, wire_cursor *cursor,
                           thaw_event *event)
{
    wire_cursor at = *cursor;
    wire_key key = KEY_UNKNOWN;
    thaw_str name;

    if (wire_read_str(cursor, &name))
        key = wire_key_find(name.data, name.len);
    if (key != KEY_UNKNOWN)
        return pass_known(reading, pass, key, cursor, event);
    *cursor = at;
    thaw_code code = wire_key_read(reading, "event", cursor, &name);
    return code ? code : pass_unknown(reading, pass, name, cursor);
}

/* Reads the pairs of a map whose head the cursor has passed: the plain ones in one run, between
 * them those that need a closer look. */
static thaw_code pass_run(const wire_reading *reading, event_pass *pass, uint32_t pairs,
                          wire_cursor *cursor, thaw_event *event)
{
    for (;;) {
        uint64_t before = pass->seen;
        pairs -= wire_quick_pairs(reading->limits, pairs, cursor, &pass->seen, event);
        pass->present |= pass->seen & ~before;
        if (pairs == 0)
            return THAW_OK;
        thaw_code code = pass_pair(reading, pass, cursor, event);
        if (code)
            return code;
        pairs--;
    }
}

/* Reads the bad value of a key once more, to say what is wrong with it. */
static thaw_code pass_say(const wire_reading *reading, const event_pass *pass, wire_key key,
                          const uint8_t *end)
{
    const wire_where where = {wire_field_name(key), -1, NULL, -1};
    const wire_cursor value = {.at = pass->values[key], .end = end};
    wire_cursor cursor = value;
    thaw_event scratch;
    thaw_code code = wire_field_read(reading, key, &cursor, &scratch);

    if (code)
        return code;
    cursor = value;
    return wire_value_check(reading, &where, &cursor);
}

static thaw_code check_missing(const wire_reading *reading, uint64_t missing, unsigned kind)
{
    wire_key key = (wire_key)__builtin_ctzll(missing);

    return wire_error(reading->error, THAW_INVALID, "%s: found nothing, expected it in every %s",
                      wire_field_name(key), kind ? thaw_kind_name((thaw_kind)kind) : "event");
}

/* What keys demand of one another, and the defaults of those that are absent. */
static thaw_code check_together(const wire_reading *reading, uint64_t present, uint64_t keys,
                                thaw_event *event)
{
    if ((keys & KEY_BIT(KEY_STATUS)) && !event->status)
        event->status = THAW_ANNOUNCED;
    if (keys & KEY_BIT(KEY_COUNT)) {
        if ((present & KEY_BIT(KEY_COUNT_IS)) && !event->has_count)
            return wire_error(reading->error, THAW_INVALID,
                              "count_is: found %s without count, expected both or none",
                              thaw_count_is_name((thaw_count_is)event->count_is));
        if (!event->count_is)
            event->count_is = THAW_EXACT;
    }
    if (keys & KEY_BIT(KEY_COVERS)) {
        if (!event->covers)
            event->covers = THAW_EVENT;
        if (event->covers == THAW_PART && !event->part.data)
            return wire_error(reading->error, THAW_INVALID,
                              "part: found nothing, expected DIMENSION=VALUE with covers part");
        if (event->covers != THAW_PART && event->part.data)
            return wire_error(reading->error, THAW_INVALID,
                              "part: found it with covers %s, expected covers part",
                              thaw_covers_name((thaw_covers)event->covers));
    }
    return THAW_OK;
}

static thaw_code check_future(const wire_reading *reading, const char *name, const thaw_date *date,
                              int64_t bound_ns)
{
    char found[THAW_DATE_TEXT], latest[THAW_DATE_TEXT];
    int64_t start_ns, end_ns;

    if (date->precision == THAW_ABSENT)
        return THAW_OK;
    thaw_date_interval(date, &start_ns, &end_ns); /* `~` makes it start earlier */
    if (start_ns <= bound_ns)
        return THAW_OK;
    thaw_date_format(date, found);
    thaw_date_format(&(thaw_date){.at_ns = bound_ns, .precision = THAW_INSTANT}, latest);
    return wire_error(reading->error, THAW_FUTURE,
                      "%s: found %s, expected it to start no later than %s", name, found, latest);
}

/* When it happened and when it was told: neither may lie far ahead of the clock. */
static thaw_code check_dates(const wire_reading *reading, const thaw_event *event, int64_t now_ns)
{
    int64_t bound_ns;
    thaw_code code;

    if (__builtin_add_overflow(now_ns, reading->limits->future_ns, &bound_ns) ||
        (event->occurred_at.at_ns <= bound_ns && event->reported_at.at_ns <= bound_ns))
        return THAW_OK;
    code = check_future(reading, "occurred_at", &event->occurred_at, bound_ns);
    return code ? code : check_future(reading, "reported_at", &event->reported_at, bound_ns);
}

static thaw_code pass_finish(const wire_reading *reading, const event_pass *pass,
                             const thaw_body *body, thaw_event *event)
{
    const uint64_t kind_bit = KEY_BIT(KEY_KIND);
    thaw_code code;

    if (pass->bad & kind_bit)
        return pass_say(reading, pass, KEY_KIND, body->end);
    if (!event->kind)
        return check_missing(reading, kind_bit, 0);
    uint64_t keys = wire_kind_keys[event->kind], bad = pass->bad & (keys | pass->ill);
    uint64_t missing = wire_kind_required[event->kind] & ~pass->present & ~bad;
    if (bad)
        return pass_say(reading, pass, (wire_key)__builtin_ctzll(bad), body->end);
    if (missing)
        return check_missing(reading, missing, event->kind);
    for (uint64_t foreign = pass->present & ~keys; foreign; foreign &= foreign - 1)
        wire_field_clear((wire_key)__builtin_ctzll(foreign), event);
    code = check_together(reading, pass->present, keys, event);
    return code ? code : check_dates(reading, event, body->now_ns);
}

/* Leaves in a rejected event its bytes and, of what tells whose it is, what can be read. */
static void event_reject(const thaw_body *body, wire_cursor map, thaw_event *event)
{
    const uint64_t wanted = KEY_BIT(KEY_ID) | KEY_BIT(KEY_SOURCE) | KEY_BIT(KEY_COUNTRY) | KEY_BIT(KEY_PRODUCER);
    const wire_reading quiet = {body->limits, NULL};
    const uint8_t *start = map.at;
    uint64_t seen = 0;
    wire_cursor end = map;
    wire_item item;
    thaw_str name;

    wire_skip(&end);
    memset(event, 0, sizeof(*event));
    event->bytes = start;
    event->bytes_len = (uint32_t)(end.at - start);
    if (!wire_read(&map, &item) || item.type != WIRE_MAP)
        return;
    for (uint32_t i = 0; i < item.len; i++) {
        bool text = wire_read_str(&map, &name);
        if (!text && !wire_skip(&map))
            return;
        wire_key key = text ? wire_key_find(name.data, name.len) : KEY_UNKNOWN;
        wire_cursor value = map;
        if (text && wanted & KEY_BIT(key) & ~seen && wire_field_read(&quiet, key, &value, event))
            wire_field_clear(key, event);
        seen |= text ? KEY_BIT(key) : 0;
        if (!wire_skip(&map))
            return;
    }
}

int thaw_body_check(thaw_body *body, thaw_error *error)
{
    if (body->walked)
        return 0;
    if (body_walk(body->start, (size_t)(body->end - body->start), body->limits, error)) {
        body->index = body->count;
        return -EPROTO;
    }
    body->walked = true;
    return 0;
}

/* An event that is not a short map of plain pairs alone, or what the quick way left of one. */
static thaw_code event_rest(const wire_reading *reading, event_pass *pass, uint32_t pairs,
                            wire_cursor *cursor, thaw_event *event)
{
    const wire_where where = {"event", -1, NULL, -1};
    const wire_cursor map = *cursor;
    wire_item item;

    if (pairs > 0)
        return pass_run(reading, pass, pairs, cursor, event);
    if (!wire_read(cursor, &item) || item.type != WIRE_MAP)
        return wire_error_value(reading->error, THAW_MALFORMED, &where, map, "a map");
    return pass_run(reading, pass, item.len, cursor, event);
}

int thaw_body_next(thaw_body *body, thaw_event *event, thaw_error *error)
{
    const wire_cursor map = {.at = body->next, .end = body->end};
    const wire_reading reading = {body->limits, error};
    wire_cursor cursor = map;
    uint32_t pairs = 0;
    event_pass pass;
    thaw_code code = THAW_OK;

    if (body->index >= body->count)
        return 0;
    wire_clear(event, sizeof(*event));
    pass_begin(&pass);
    if (map.at<map.end && * map.at> 0x80 && *map.at < 0x90) {
        cursor.at++;
        pairs = *map.at & 0x0f;
        pairs -= wire_quick_pairs(body->limits, pairs, &cursor, &pass.seen, event);
        pass.present = pass.seen;
    }
    bool plain = pairs == 0 && cursor.at > map.at;
    if ((!plain || (body->index + 1 == body->count && cursor.at < cursor.end)) &&
        thaw_body_check(body, error))
        return -EPROTO;
    if (!plain)
        code = event_rest(&reading, &pass, pairs, &cursor, event);
    if (!code)
        code = pass_finish(&reading, &pass, body, event);
    if (code && thaw_body_check(body, error))
        return -EPROTO;
    body->index++;
    if (code) {
        event_reject(body, map, event);
        body->next = map.at + event->bytes_len;
        return -EBADMSG;
    }
    event->bytes = map.at;
    event->bytes_len = (uint32_t)(cursor.at - map.at);
    body->next = cursor.at;
    return 1;
}

thaw_str thaw_event_voice(const thaw_event *event)
{
    return event->attributed_to.data ? event->attributed_to : event->source;
}

thaw_code thaw_topic_check(const char *topic, size_t topic_len, const thaw_event *event,
                           thaw_error *error)
{
    const char *kind = wire_kind_names.text[event->kind];
    size_t len = wire_kind_names.len[event->kind];
    char found[64];

    if (topic_len == len + 3 && memcmp(topic, kind, len) == 0 && topic[len] == '.' &&
        memcmp(topic + len + 1, event->country, 2) == 0)
        return THAW_OK;
    wire_text_quote(found, sizeof(found), topic, topic_len);
    return wire_error(error, THAW_TOPIC_MISMATCH, "topic: found %s, expected \"%s.%.2s\"", found,
                      kind, event->country);
}
