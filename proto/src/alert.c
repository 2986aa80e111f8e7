/* alert.c - the body of an alert, its topic, and the beat. */
#include <errno.h>
#include <msgpack.h>
#include <stdio.h>
#include <string.h>

#include "body.h"
#include "error.h"

#define SECOND_NS INT64_C(1000000000)
#define EPOCH_BYTES_MAX 128

const char *thaw_alert_state_name(thaw_alert_state state)
{
    static const char *const names[THAW_ALERT_STATE_COUNT] = {
        [THAW_PENDING] = "pending",
        [THAW_FIRING] = "firing",
        [THAW_RESOLVED] = "resolved",
        [THAW_WITHDRAWN] = "withdrawn",
    };
    return (unsigned)state < THAW_ALERT_STATE_COUNT ? names[state] : NULL;
}

/* ---- packing: each returns 0 or not, as msgpack-c does; the sum of them is looked at ---- */

static int pack_str(msgpack_packer *packer, thaw_str text)
{
    return msgpack_pack_str(packer, text.len) |
           (text.len ? msgpack_pack_str_body(packer, text.data, text.len) : 0);
}

static int pack_word(msgpack_packer *packer, const char *text)
{
    return pack_str(packer, (thaw_str){text, (uint32_t)strlen(text)});
}

static int pack_key_str(msgpack_packer *packer, const char *key, thaw_str text)
{
    return pack_word(packer, key) | pack_str(packer, text);
}

static int pack_key_uint(msgpack_packer *packer, const char *key, uint64_t number)
{
    return pack_word(packer, key) | msgpack_pack_uint64(packer, number);
}

static int pack_key_time(msgpack_packer *packer, const char *key, int64_t at_ns)
{
    int64_t seconds = at_ns / SECOND_NS, nanoseconds = at_ns % SECOND_NS;

    if (nanoseconds < 0) {
        seconds--;
        nanoseconds += SECOND_NS;
    }
    msgpack_timestamp time = {seconds, (uint32_t)nanoseconds};
    return pack_word(packer, key) | msgpack_pack_timestamp(packer, &time);
}

static int pack_bytes(msgpack_packer *packer, const uint8_t *data, size_t len)
{
    return len ? packer->callback(packer->data, (const char *)data, len) : 0;
}

static int pack_key_map(msgpack_packer *packer, const char *key, thaw_raw map)
{
    return pack_word(packer, key) |
           (map.data ? pack_bytes(packer, map.data, map.len) : msgpack_pack_map(packer, 0));
}

static int pack_key_list(msgpack_packer *packer, const char *key, thaw_list list)
{
    return pack_word(packer, key) | msgpack_pack_array(packer, list.data ? list.count : 0) |
           (list.data ? pack_bytes(packer, list.data, list.bytes) : 0);
}

int thaw_alert_pack(const thaw_alert *alert, struct msgpack_packer *packer)
{
    const char *state = thaw_alert_state_name((thaw_alert_state)alert->state);
    bool withdrawn = alert->state == THAW_WITHDRAWN;
    int failed;

    if (!state)
        return -EINVAL;
    failed = msgpack_pack_map(packer, withdrawn ? 19 : 18);
    failed |= pack_key_str(packer, "epoch", alert->epoch);
    failed |= pack_key_uint(packer, "seq", alert->seq);
    failed |= pack_key_str(packer, "id", alert->id);
    failed |= pack_key_uint(packer, "rev", alert->rev);
    failed |= pack_word(packer, "state") | pack_word(packer, state);
    failed |= pack_key_str(packer, "rule", alert->rule);
    failed |= pack_key_str(packer, "rule_version", alert->rule_version);
    failed |= pack_key_str(packer, "severity", alert->severity);
    failed |= pack_key_str(packer, "title", alert->title);
    failed |= pack_key_map(packer, "labels", alert->labels);
    failed |= pack_key_str(packer, "country", alert->country);
    failed |= pack_key_map(packer, "group", alert->group);
    failed |= pack_key_map(packer, "values", alert->values);
    failed |= pack_key_time(packer, "since", alert->since_ns);
    failed |= pack_key_time(packer, "at", alert->at_ns);
    failed |= pack_key_list(packer, "facts", alert->facts);
    failed |= pack_key_list(packer, "reports", alert->reports);
    failed |= pack_key_list(packer, "sources", alert->sources);
    if (withdrawn)
        failed |= pack_key_list(packer, "because", alert->because);
    return failed ? -ENOMEM : 0;
}

int thaw_alert_encode(const thaw_alert *alert, uint8_t **ret_data, size_t *ret_len)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;

    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    int r = thaw_alert_pack(alert, &packer);
    if (r) {
        msgpack_sbuffer_destroy(&buffer);
        return r;
    }
    *ret_len = buffer.size;
    *ret_data = (uint8_t *)msgpack_sbuffer_release(&buffer);
    return 0;
}

/* ---- reading ------------------------------------------------------------------------ */

/* An alert as it lies in the bytes: the state still a word. */
typedef struct alert_raw {
    thaw_alert alert;
    thaw_str state;
} alert_raw;

#define SLOT(name, type, required, member)                                                         \
    {                                                                                              \
        name, type, required, offsetof(alert_raw, member)                                          \
    }
static const wire_slot alert_slots[] = {
    SLOT("epoch", SLOT_STR, true, alert.epoch),
    SLOT("seq", SLOT_UINT, true, alert.seq),
    SLOT("id", SLOT_STR, true, alert.id),
    SLOT("rev", SLOT_UINT, true, alert.rev),
    SLOT("state", SLOT_STR, true, state),
    SLOT("rule", SLOT_STR, true, alert.rule),
    SLOT("rule_version", SLOT_STR, false, alert.rule_version),
    SLOT("severity", SLOT_STR, false, alert.severity),
    SLOT("title", SLOT_STR, false, alert.title),
    SLOT("labels", SLOT_MAP, false, alert.labels),
    SLOT("country", SLOT_STR, false, alert.country),
    SLOT("group", SLOT_MAP, false, alert.group),
    SLOT("values", SLOT_MAP, false, alert.values),
    SLOT("since", SLOT_TIME, false, alert.since_ns),
    SLOT("at", SLOT_TIME, true, alert.at_ns),
    SLOT("facts", SLOT_STRS, false, alert.facts),
    SLOT("reports", SLOT_REFS, false, alert.reports),
    SLOT("sources", SLOT_STRS, false, alert.sources),
    SLOT("because", SLOT_REFS, false, alert.because),
};
#undef SLOT

static uint8_t alert_state_find(thaw_str word)
{
    for (unsigned i = THAW_FIRING; i < THAW_ALERT_STATE_COUNT; i++) { /* pending is never sent */
        const char *name = thaw_alert_state_name((thaw_alert_state)i);
        if (strlen(name) == word.len && memcmp(name, word.data, word.len) == 0)
            return (uint8_t)i;
    }
    return 0;
}

int thaw_alert_decode(thaw_alert *alert, const void *data, size_t len, thaw_error *error)
{
    alert_raw raw;
    int r;

    memset(&raw, 0, sizeof(raw));
    r = wire_body_read("alert", data, len, alert_slots,
                       sizeof(alert_slots) / sizeof(alert_slots[0]), &raw, error);
    if (r)
        return r;
    raw.alert.state = alert_state_find(raw.state);
    if (!raw.alert.state)
        return wire_error(error, THAW_INVALID, "state: expected firing, resolved or withdrawn"),
               -EBADMSG;
    raw.alert.bytes = (thaw_raw){data, (uint32_t)len};
    *alert = raw.alert;
    return 0;
}

int thaw_alert_next(thaw_list *list, thaw_alert *alert, thaw_error *error)
{
    wire_cursor cursor = wire_cursor_over(list->data, list->bytes);

    if (!list->data || list->count == 0)
        return 0;
    if (!wire_skip(&cursor))
        return wire_error(error, THAW_MALFORMED, "alerts: found a list that is cut"), -EBADMSG;
    int r = thaw_alert_decode(alert, list->data, (size_t)(cursor.at - list->data), error);
    if (r)
        return r;
    list->bytes -= (uint32_t)(cursor.at - list->data);
    list->data = cursor.at;
    list->count--;
    return 1;
}

int thaw_alert_topic(thaw_str country, thaw_str rule, char topic[THAW_TOPIC_BYTES])
{
    bool none = country.len == 0;
    size_t len = 6 + (none ? 1 : country.len) + 1 + (size_t)rule.len + 1;

    if (len >= THAW_TOPIC_BYTES)
        return -ENOSPC;
    return snprintf(topic, THAW_TOPIC_BYTES, "alert.%.*s.%.*s.", none ? 1 : (int)country.len,
                    none ? "-" : country.data, (int)rule.len, rule.data ? rule.data : "");
}

/* ---- the beat ----------------------------------------------------------------------- */

/* A buffer of fixed size as msgpack-c writes into it. */
typedef struct fixed_buffer {
    uint8_t *data;
    size_t used, size;
} fixed_buffer;

static int fixed_write(void *context, const char *data, size_t len)
{
    fixed_buffer *buffer = context;

    if (len > buffer->size - buffer->used)
        return -1;
    memcpy(buffer->data + buffer->used, data, len);
    buffer->used += len;
    return 0;
}

int thaw_beat_encode(const thaw_beat *beat, uint8_t data[THAW_BEAT_BYTES])
{
    fixed_buffer buffer = {data, 0, THAW_BEAT_BYTES};
    msgpack_packer packer;
    int failed;

    if (beat->epoch.len > EPOCH_BYTES_MAX)
        return -EINVAL;
    msgpack_packer_init(&packer, &buffer, fixed_write);
    failed = msgpack_pack_map(&packer, 3);
    failed |= pack_key_str(&packer, "epoch", beat->epoch);
    failed |= pack_key_uint(&packer, "seq", beat->seq);
    failed |= pack_key_time(&packer, "at", beat->at_ns);
    return failed ? -EINVAL : (int)buffer.used;
}

int thaw_beat_decode(thaw_beat *beat, const void *data, size_t len, thaw_error *error)
{
    static const wire_slot slots[] = {
        {"epoch", SLOT_STR, true, offsetof(thaw_beat, epoch)},
        {"seq", SLOT_UINT, true, offsetof(thaw_beat, seq)},
        {"at", SLOT_TIME, true, offsetof(thaw_beat, at_ns)},
    };
    thaw_beat raw = {0};
    int r = wire_body_read("beat", data, len, slots, 3, &raw, error);

    if (r == 0)
        *beat = raw;
    return r;
}
