/* key.c - keys by name and by kind; see key.h. */
#include "key.h"

#include <string.h>

#include "thaw.h"

#define IS(text, key)                                                                              \
    if (memcmp(name, text, sizeof(text) - 1) == 0)                                                 \
    return key

/* Every event passes here ten times or more: the length leaves at most six candidates, each
 * compared as a word or two. */
static wire_key key_find_short(const char *name, size_t len)
{
    switch (len) {
    case 2:
        IS("id", KEY_ID);
        IS("of", KEY_OF);
        break;
    case 3:
        IS("url", KEY_URL);
        break;
    case 4:
        IS("kind", KEY_KIND);
        IS("note", KEY_NOTE);
        IS("form", KEY_FORM);
        IS("part", KEY_PART);
        break;
    case 5:
        IS("count", KEY_COUNT);
        IS("title", KEY_TITLE);
        IS("stage", KEY_STAGE);
        IS("state", KEY_STATE);
        IS("since", KEY_SINCE);
        break;
    case 6:
        IS("source", KEY_SOURCE);
        IS("status", KEY_STATUS);
        IS("action", KEY_ACTION);
        IS("covers", KEY_COVERS);
        IS("sector", KEY_SECTOR);
        break;
    case 7:
        IS("country", KEY_COUNTRY);
        IS("persons", KEY_PERSONS);
        IS("program", KEY_PROGRAM);
        IS("targets", KEY_TARGETS);
        IS("revises", KEY_REVISES);
        IS("parties", KEY_PARTIES);
        break;
    default:
        break;
    }
    return KEY_UNKNOWN;
}

wire_key wire_key_find(const char *name, size_t len)
{
    switch (len) {
    case 8:
        IS("incident", KEY_INCIDENT);
        IS("producer", KEY_PRODUCER);
        IS("count_is", KEY_COUNT_IS);
        IS("category", KEY_CATEGORY);
        IS("retracts", KEY_RETRACTS);
        break;
    case 9:
        IS("authority", KEY_AUTHORITY);
        break;
    case 10:
        IS("expires_at", KEY_EXPIRES_AT);
        break;
    case 11:
        IS("occurred_at", KEY_OCCURRED_AT);
        IS("reported_at", KEY_REPORTED_AT);
        IS("destination", KEY_DESTINATION);
        IS("expected_by", KEY_EXPECTED_BY);
        break;
    case 12:
        IS("producer_seq", KEY_PRODUCER_SEQ);
        break;
    case 13:
        IS("attributed_to", KEY_ATTRIBUTED_TO);
        break;
    case 14:
        IS("expected_count", KEY_EXPECTED_COUNT);
        break;
    default:
        return key_find_short(name, len);
    }
    return KEY_UNKNOWN;
}

#define B(key) KEY_BIT(KEY_##key)
#define REQUIRED (B(ID) | B(KIND) | B(COUNTRY) | B(SOURCE))
#define EVERY                                                                                      \
    (REQUIRED | B(ATTRIBUTED_TO) | B(REPORTED_AT) | B(TITLE) | B(NOTE) | B(URL) | B(PRODUCER) |    \
     B(PRODUCER_SEQ))
#define CLAIM (EVERY | B(OCCURRED_AT) | B(STATUS) | B(REVISES) | B(INCIDENT))
#define COUNTED (B(COUNT) | B(COUNT_IS))

const uint64_t wire_kind_keys[THAW_KIND_COUNT] = {
    [THAW_RELEASE] = CLAIM | COUNTED | B(COVERS) | B(PART) | B(PERSONS) | B(FORM) | B(DESTINATION),
    [THAW_DETENTION] = CLAIM | COUNTED | B(COVERS) | B(PART) | B(PERSONS),
    [THAW_SANCTION] = CLAIM | COUNTED | B(AUTHORITY) | B(ACTION) | B(PROGRAM) | B(SECTOR) |
                      B(TARGETS) | B(EXPIRES_AT),
    [THAW_TALKS] = CLAIM | B(STAGE) | B(EXPECTED_COUNT) | B(EXPECTED_BY) | B(PARTIES) | B(PERSONS),
    [THAW_TALLY] = CLAIM | COUNTED | B(OF) | B(SINCE) | B(CATEGORY) | B(FORM) | B(PERSONS),
    [THAW_FEED] = EVERY | B(INCIDENT) | B(STATE),
    [THAW_RETRACTION] = EVERY | B(RETRACTS),
};

const uint64_t wire_kind_required[THAW_KIND_COUNT] = {
    [THAW_RELEASE] = REQUIRED,
    [THAW_DETENTION] = REQUIRED,
    [THAW_SANCTION] = REQUIRED | B(AUTHORITY) | B(ACTION),
    [THAW_TALKS] = REQUIRED | B(STAGE),
    [THAW_TALLY] = REQUIRED,
    [THAW_FEED] = REQUIRED | B(STATE),
    [THAW_RETRACTION] = REQUIRED | B(RETRACTS),
};
