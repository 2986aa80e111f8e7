/* request.c - see request.h. */
#include "service/request.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../proto/src/cursor.h"
#include "../proto/src/error.h"
#include "../proto/src/name.h"
#include "../proto/src/text.h"

void envelope_move(envelope *to, envelope *from)
{
    to->delimiter = from->delimiter;
    to->id_len = from->id_len;
    memcpy(to->id, from->id, from->id_len);
    zmq_msg_init(&to->route);
    zmq_msg_move(&to->route, &from->route);
    zmq_msg_close(&from->route);
}

void envelope_done(envelope *e)
{
    zmq_msg_close(&e->route);
}

void question_move(question *to, question *from)
{
    envelope_move(&to->from, &from->from);
    to->verb = from->verb;
    to->fd = from->fd;
    to->was_held = from->was_held;
    zmq_msg_init(&to->body);
    zmq_msg_move(&to->body, &from->body);
    zmq_msg_close(&from->body);
}

void question_done(question *q)
{
    envelope_done(&q->from);
    zmq_msg_close(&q->body);
}

#define OWN_ROUTE_BYTES 5 /* of a route that libzmq made: a zero and a number */

bool question_is_stale(question *q)
{
    struct pollfd peer = {.fd = q->fd, .events = POLLRDHUP};
    const char *route = zmq_msg_data(&q->from.route);

    if (q->fd < 0 || zmq_msg_size(&q->from.route) != OWN_ROUTE_BYTES || route[0] != '\0')
        return false;
    return poll(&peer, 1, 0) > 0 &&
           (peer.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

int question_fail(thaw_error *error, thaw_code code, const char *format, ...)
{
    va_list args;

    error->code = code;
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    return -EBADMSG;
}

int request_open(frames *f, envelope *ret_from, thaw_str *ret_verb, size_t *ret_body,
                 thaw_error *error)
{
    envelope *from = ret_from;
    size_t first = 1, rest;

    from->id_len = 0;
    from->delimiter = f->kept > 1 && frames_size(f, 1) == 0;
    zmq_msg_init(&from->route);
    zmq_msg_move(&from->route, &f->part[0]);
    first += from->delimiter;
    rest = f->count - first;
    if (rest >= 2 && frames_size(f, first + 1) <= REQUEST_ID_BYTES_MAX) {
        from->id_len = (uint8_t)frames_size(f, first + 1);
        memcpy(from->id, frames_data(f, first + 1), from->id_len);
    }
    if (rest < 2 || rest > 3)
        return question_fail(error, THAW_MALFORMED,
                             "found %zu frames, expected 3: verb, request id, body", rest);
    if (frames_size(f, first + 1) > REQUEST_ID_BYTES_MAX)
        return question_fail(error, THAW_TOO_LARGE,
                             "found a request id of %zu bytes, expected at most %d",
                             frames_size(f, first + 1), REQUEST_ID_BYTES_MAX);
    *ret_verb = (thaw_str){frames_data(f, first), (uint32_t)frames_size(f, first)};
    *ret_body = rest == 3 ? first + 2 : 0;
    return 0;
}

typedef enum value_type { TEXT, NUMBER, COUNTRY, KIND, DATE, GROUP, BOOLEAN } value_type;

typedef struct key_info {
    const char *name;
    value_type type;
    size_t offset; /* in request_values */
} key_info;

#define AT(member) offsetof(request_values, member)
static const key_info key_table[KEY_COUNT] = {
    [KEY_TOPIC] = {"topic", TEXT, AT(topic)},
    [KEY_AFTER] = {"after", TEXT, AT(after)},
    [KEY_FROM] = {"from", NUMBER, AT(from)},
    [KEY_LIMIT] = {"limit", NUMBER, AT(limit)},
    [KEY_COUNTRY] = {"country", COUNTRY, AT(country)},
    [KEY_KIND] = {"kind", KIND, AT(kind)},
    [KEY_AT] = {"at", DATE, AT(at)},
    [KEY_SINCE] = {"since", DATE, AT(since)},
    [KEY_ALERT] = {"alert", TEXT, AT(alert)},
    [KEY_INCIDENT] = {"incident", TEXT, AT(incident)},
    [KEY_RULE] = {"rule", TEXT, AT(rule)},
    [KEY_GROUP] = {"group", GROUP, AT(group)},
    [KEY_DRY] = {"dry", BOOLEAN, AT(dry)},
};

static const char *const expected[] = {
    [TEXT] = "a text of at most 1024 bytes",
    [NUMBER] = "a whole number, 0 or above",
    [COUNTRY] = "two upper-case letters",
    [KIND] = "release, detention, sanction, talks, tally, feed or retraction",
    [DATE] = "a time or a date in the years 1900 to 2200",
    [GROUP] = "a map of the fields of `by`, or a text as in the ids of alerts",
    [BOOLEAN] = "true or false",
};

static bool read_kind(const wire_item *item, uint8_t *kind)
{
    if (item->type == WIRE_STR && item->len > 0)
        *kind = (uint8_t)wire_names_find(&wire_kind_names, (const char *)item->bytes, item->len);
    return *kind != 0;
}

static bool read_country(const wire_item *item, char country[3])
{
    if (item->type != WIRE_STR || item->len != 2)
        return false;
    for (int i = 0; i < 2; i++)
        if (item->bytes[i] < 'A' || item->bytes[i] > 'Z')
            return false;
    memcpy(country, item->bytes, 2);
    return true;
}

static bool read_text(const wire_item *item, thaw_str *text)
{
    if (item->type != WIRE_STR || item->len > REQUEST_TEXT_BYTES_MAX ||
        wire_text_check((const char *)item->bytes, item->len, false) != WIRE_TEXT_OK)
        return false;
    *text = (thaw_str){(const char *)item->bytes, item->len};
    return true;
}

/* Reads one value at the cursor into its place. */
static bool read_value(wire_cursor *at, const key_info *info, request_values *v)
{
    void *place = (char *)v + info->offset;
    wire_cursor start = *at;
    wire_item item;
    thaw_str text;

    if (!wire_read(at, &item))
        return false;
    switch (info->type) {
    case TEXT:
        return read_text(&item, place);
    case NUMBER:
        *(uint64_t *)place = item.type == WIRE_UINT ? item.u : 0;
        return item.type == WIRE_UINT;
    case COUNTRY:
        return read_country(&item, place);
    case KIND:
        return read_kind(&item, place);
    case DATE:
        return wire_date(&item, place) == 0;
    case BOOLEAN:
        *(bool *)place = item.type == WIRE_BOOL && item.boolean;
        return item.type == WIRE_BOOL;
    case GROUP:
        *at = start;
        v->group = start.at;
        if ((item.type != WIRE_MAP && !read_text(&item, &text)) || !wire_skip(at))
            return false;
        v->group_len = (size_t)(at->at - start.at);
        return true;
    }
    return false;
}

static int fail_unknown(thaw_error *error, thaw_str name, uint32_t allowed)
{
    char quoted[64], known[128] = "";

    wire_text_quote(quoted, sizeof(quoted), name.data, name.len);
    for (int k = 0; k < KEY_COUNT; k++)
        if ((allowed & KEY_BIT(k)) != 0) {
            strncat(known, " ", sizeof(known) - strlen(known) - 1);
            strncat(known, key_table[k].name, sizeof(known) - strlen(known) - 1);
        }
    return question_fail(error, THAW_UNKNOWN_KEY, "found the key %s, expected%s%s", quoted,
                         allowed == 0 ? " none" : " one of", known);
}

/* A key whose value is nil is as if it were not there. */
static bool skip_nil(wire_cursor *at)
{
    wire_cursor next = *at;
    wire_item item;

    if (!wire_read(&next, &item) || item.type != WIRE_NIL)
        return false;
    *at = next;
    return true;
}

#define PASSED_OVER_MAX 16

/* Keys without a value that the verb does not know. */
typedef struct passed_over {
    uint32_t count;
    thaw_str names[PASSED_OVER_MAX];
} passed_over;

static int fail_twice(thaw_error *error, thaw_str name)
{
    char quoted[64];

    wire_text_quote(quoted, sizeof(quoted), name.data, name.len);
    return question_fail(error, THAW_MALFORMED, "found the key %s twice", quoted);
}

/* Nothing is asked by nil, but a key that stands twice is wrong all the same. */
static int pass_over(wire_cursor *at, thaw_str name, uint32_t allowed, passed_over *over,
                     thaw_error *error)
{
    for (uint32_t i = 0; i < over->count; i++)
        if (over->names[i].len == name.len && memcmp(over->names[i].data, name.data, name.len) == 0)
            return fail_twice(error, name);
    if (over->count == PASSED_OVER_MAX || !skip_nil(at))
        return fail_unknown(error, name, allowed);
    over->names[over->count++] = name;
    return 0;
}

static int read_pair(wire_cursor *at, uint32_t allowed, request_values *v, passed_over *over,
                     thaw_error *error)
{
    char found[WIRE_DESCRIBE_BYTES];
    thaw_str name;

    if (!wire_read_str(at, &name))
        return question_fail(error, THAW_MALFORMED,
                             "found a key that is no text, expected texts as keys");
    for (int k = 0; k < KEY_COUNT; k++) {
        if (strlen(key_table[k].name) != name.len ||
            memcmp(key_table[k].name, name.data, name.len) != 0)
            continue;
        if ((allowed & KEY_BIT(k)) == 0)
            break;
        if ((v->named & KEY_BIT(k)) != 0)
            return fail_twice(error, name);
        v->named |= KEY_BIT(k);
        wire_cursor value = *at;
        if (skip_nil(at))
            return 0;
        v->present |= KEY_BIT(k);
        if (read_value(at, &key_table[k], v))
            return 0;
        wire_describe(found, value);
        return question_fail(error, THAW_INVALID, "%s: found %s, expected %s", key_table[k].name,
                             found, expected[key_table[k].type]);
    }
    return pass_over(at, name, allowed, over, error);
}

int request_parse(const void *data, size_t len, uint32_t allowed, request_values *ret_values,
                  thaw_error *error)
{
    wire_cursor at = wire_cursor_over(data, len);
    request_values v = {.present = 0};
    wire_item item;
    passed_over over;
    size_t offset = 0;

    over.count = 0;
    if (len == 0) {
        *ret_values = v;
        return 0;
    }
    if (wire_shape(data, len, REQUEST_NESTING_MAX, &offset) != WIRE_SOUND)
        return question_fail(error, THAW_MALFORMED,
                             "found no sound MessagePack at byte %zu of the body, expected one map",
                             offset);
    if (!wire_read(&at, &item) || (item.type != WIRE_MAP && item.type != WIRE_NIL))
        return question_fail(error, THAW_MALFORMED,
                             "found a body that is no map, expected one map");
    for (uint32_t i = 0; item.type == WIRE_MAP && i < item.len; i++) {
        int r = read_pair(&at, allowed, &v, &over, error);
        if (r < 0)
            return r;
    }
    *ret_values = v;
    return 0;
}
