/* quick.c - the plain pairs of an event; see quick.h. A reader here returns where its value ends,
 * or NULL where the general way must look. */
#include "quick.h"

#include <string.h>

#include "field.h"
#include "key.h"
#include "name.h"
#include "text.h"

/* What may say nothing, by its first byte, is left to the general way where it does. */
static inline const uint8_t *quick_text(const uint8_t *at, const uint8_t *end,
                                        wire_kind_of_text kind, uint32_t most, thaw_str *ret_text)
{
    thaw_str text;
    const uint8_t *past = wire_quick_str(at, end, &text);

    if (!past || text.len < (kind >= WIRE_TEXT_KEY) || text.len > most ||
        (!wire_text_plain_within(text.data, text.len, (size_t)((const char *)end - text.data)) &&
         wire_text_check(text.data, text.len, kind == WIRE_TEXT_LINES)))
        return NULL;
    if (kind >= WIRE_TEXT_NAME && wire_text_suspect(kind, text.data) &&
        wire_text_says_nothing(kind, text.data, text.len))
        return NULL;
    *ret_text = text;
    return past;
}

static inline const uint8_t *quick_word(const wire_names *words, const uint8_t *at,
                                        const uint8_t *end, uint8_t *ret_number)
{
    thaw_str text;
    const uint8_t *past = wire_quick_str(at, end, &text);
    const lexicon_word *word;

    if (!past)
        return NULL;
    word = lexicon_quick(wire_words, WIRE_WORDS_FACTOR, text.data, text.len,
                         (size_t)((const char *)end - text.data));
    if (!word || word->list != words->list)
        return NULL;
    *ret_number = word->number;
    return past;
}

/* A whole number up to 2^32-1. */
static inline const uint8_t *quick_uint(const uint8_t *at, const uint8_t *end, uint64_t *ret_number)
{
    size_t left = (size_t)(end - at);

    if (left >= 1 && at[0] < 0x80)
        return *ret_number = at[0], at + 1;
    if (left >= 2 && at[0] == 0xcc)
        return *ret_number = at[1], at + 2;
    if (left >= 3 && at[0] == 0xcd)
        return *ret_number = wire_be16(at + 1), at + 3;
    if (left >= 5 && at[0] == 0xce)
        return *ret_number = wire_be32(at + 1), at + 5;
    return NULL;
}

/* A timestamp of 32 or 64 bits, Unix seconds of 32 bits, or a text. */
static inline const uint8_t *quick_date(const uint8_t *at, const uint8_t *end, thaw_date *ret_date)
{
    size_t left = (size_t)(end - at);
    uint64_t seconds, nanoseconds = 0;
    const uint8_t *past;
    thaw_str text;

    if (left >= 6 && at[0] == 0xd6 && at[1] == 0xff) {
        seconds = wire_be32(at + 2);
        past = at + 6;
    } else if (left >= 10 && at[0] == 0xd7 && at[1] == 0xff) {
        seconds = wire_be64(at + 2) & 0x3ffffffffULL;
        nanoseconds = wire_be64(at + 2) >> 34;
        past = at + 10;
    } else if (left >= 5 && at[0] == 0xce) {
        seconds = wire_be32(at + 1);
        past = at + 5;
    } else {
        past = wire_quick_str(at, end, &text);
        return past && thaw_date_parse(text.data, text.len, ret_date) == 0 ? past : NULL;
    }
    if (seconds > UINT32_MAX || nanoseconds > 999999999)
        return NULL;
    ret_date->at_ns = (int64_t)(seconds * 1000000000 + nanoseconds);
    ret_date->precision = THAW_INSTANT;
    ret_date->approximate = false;
    return past;
}

static inline const uint8_t *quick_country(const uint8_t *at, const uint8_t *end, char *ret_country)
{
    if (end - at < 3 || at[0] != 0xa2 || (unsigned)(at[1] - 'A') > 25 ||
        (unsigned)(at[2] - 'A') > 25)
        return NULL;
    memcpy(ret_country, at + 1, 2);
    return at + 3;
}

/* The head of an array of at most 15 and `most` elements. */
static inline const uint8_t *quick_array(const uint8_t *at, const uint8_t *end, uint32_t most,
                                         thaw_list *ret_list)
{
    if (at == end || (*at & 0xf0) != 0x90 || (*at & 0x0fU) > most)
        return NULL;
    *ret_list = (thaw_list){.data = at + 1, .count = *at & 0x0f};
    return at + 1;
}

static __attribute__((noinline)) const uint8_t *quick_strs(const thaw_limits *limits,
                                                           wire_kind_of_text kind,
                                                           uint32_t most_bytes, const uint8_t *at,
                                                           const uint8_t *end, thaw_list *ret_list)
{
    thaw_list list;
    thaw_str text;

    at = quick_array(at, end, limits->ids, &list);
    for (uint32_t i = 0; at && i < list.count; i++)
        at = quick_text(at, end, kind, most_bytes, &text);
    if (!at)
        return NULL;
    list.bytes = (uint32_t)(at - list.data);
    *ret_list = list;
    return at;
}

/* A map of name, ids and, where it is typed, type. */
static const uint8_t *quick_party(const thaw_limits *limits, bool typed, const uint8_t *at,
                                  const uint8_t *end)
{
    enum { NAME = 1, TYPE = 2, IDS = 4 };
    unsigned seen = 0, key, pairs;
    thaw_list ids = {.count = 0};
    thaw_str name, text;

    if (at == end || (*at & 0xf0) != 0x80)
        return NULL;
    pairs = *at & 0x0f;
    for (at++; pairs > 0; pairs--) {
        at = wire_quick_str(at, end, &name);
        if (!at)
            return NULL;
        if (name.len == 4 && memcmp(name.data, "name", 4) == 0)
            key = NAME;
        else if (name.len == 3 && memcmp(name.data, "ids", 3) == 0)
            key = IDS;
        else if (typed && name.len == 4 && memcmp(name.data, "type", 4) == 0)
            key = TYPE;
        else
            return NULL;
        if (seen & key)
            return NULL;
        seen |= key;
        if (key == IDS)
            at = quick_strs(limits, WIRE_TEXT_ID, limits->id_bytes, at, end, &ids);
        else
            at = quick_text(at, end, WIRE_TEXT_NAME,
                            key == NAME ? limits->text_bytes : limits->id_bytes, &text);
        if (!at)
            return NULL;
    }
    return (seen & NAME) || ids.count > 0 ? at : NULL;
}

static __attribute__((noinline)) const uint8_t *quick_parties(const thaw_limits *limits, bool typed,
                                                              const uint8_t *at, const uint8_t *end,
                                                              thaw_list *ret_list)
{
    thaw_list list;

    at = quick_array(at, end, limits->persons, &list);
    for (uint32_t i = 0; at && i < list.count; i++)
        at = quick_party(limits, typed, at, end);
    if (!at)
        return NULL;
    list.bytes = (uint32_t)(at - list.data);
    *ret_list = list;
    return at;
}

static inline const uint8_t *quick_value(const thaw_limits *limits, const wire_field *field,
                                         const uint8_t *at, const uint8_t *end, thaw_event *event)
{
    void *member = (char *)event + field->offset;

    switch (field->type) {
    case FIELD_KEY:
        return quick_text(at, end, WIRE_TEXT_KEY, limits->id_bytes, member);
    case FIELD_NAME:
        return quick_text(at, end, WIRE_TEXT_NAME, limits->id_bytes, member);
    case FIELD_INCIDENT:
        at = quick_text(at, end, WIRE_TEXT_NAME, limits->id_bytes, member);
        return at && !wire_incident_unnamed(*(thaw_str *)member) ? at : NULL;
    case FIELD_TEXT:
    case FIELD_NOTE:
        return quick_text(at, end, field->type == FIELD_NOTE ? WIRE_TEXT_LINES : WIRE_TEXT_FREE,
                          limits->text_bytes, member);
    case FIELD_WORD:
        return quick_word(field->words, at, end, member);
    case FIELD_UINT:
        at = quick_uint(at, end, member);
        *((char *)event + field->flag) = at != NULL;
        return at;
    case FIELD_DATE:
        return quick_date(at, end, member);
    case FIELD_COUNTRY:
        return quick_country(at, end, member);
    case FIELD_PERSONS:
    case FIELD_TARGETS:
        return quick_parties(limits, field->type == FIELD_TARGETS, at, end, member);
    case FIELD_STRS:
        return quick_strs(limits, WIRE_TEXT_NAME, limits->text_bytes, at, end, member);
    default:
        return NULL;
    }
}

uint32_t wire_quick_pairs(const thaw_limits *limits, uint32_t pairs, wire_cursor *cursor,
                          uint64_t *seen, thaw_event *event)
{
    const uint8_t *at = cursor->at, *end = cursor->end, *past;
    uint64_t found = *seen;
    uint32_t taken = 0;

    for (; taken < pairs && at < end; taken++) {
        size_t left = (size_t)(end - at) - 1, len = *at & 0x1f;
        if ((*at & 0xe0) != 0xa0 || len > left)
            break;
        const lexicon_word *key =
            lexicon_quick(wire_keys, WIRE_KEYS_FACTOR, (const char *)at + 1, len, left);
        if (!key || (found & KEY_BIT(key->number)))
            break;
        past = quick_value(limits, &wire_fields[key->number], at + 1 + len, end, event);
        if (!past)
            break;
        found |= KEY_BIT(key->number);
        at = past;
    }
    *seen = found;
    cursor->at = at;
    return taken;
}
