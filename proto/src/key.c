/* key.c - keys by name and by kind; see key.h. */
#include "key.h"

#include "thaw.h"

#define K(text, key) LEXICON_WORD(text, WIRE_KEYS_FACTOR, 0, KEY_##key)

const lexicon_word wire_keys[LEXICON_SLOTS] = {
    K("kind", KIND),
    K("id", ID),
    K("country", COUNTRY),
    K("source", SOURCE),
    K("attributed_to", ATTRIBUTED_TO),
    K("status", STATUS),
    K("occurred_at", OCCURRED_AT),
    K("reported_at", REPORTED_AT),
    K("revises", REVISES),
    K("retracts", RETRACTS),
    K("incident", INCIDENT),
    K("count", COUNT),
    K("count_is", COUNT_IS),
    K("covers", COVERS),
    K("part", PART),
    K("of", OF),
    K("since", SINCE),
    K("category", CATEGORY),
    K("form", FORM),
    K("destination", DESTINATION),
    K("authority", AUTHORITY),
    K("action", ACTION),
    K("program", PROGRAM),
    K("sector", SECTOR),
    K("targets", TARGETS),
    K("state", STATE),
    K("expires_at", EXPIRES_AT),
    K("stage", STAGE),
    K("expected_count", EXPECTED_COUNT),
    K("expected_by", EXPECTED_BY),
    K("parties", PARTIES),
    K("persons", PERSONS),
    K("title", TITLE),
    K("note", NOTE),
    K("url", URL),
    K("producer", PRODUCER),
    K("producer_seq", PRODUCER_SEQ),
};

wire_key wire_key_find(const char *name, size_t len)
{
    const lexicon_word *word = lexicon_find(wire_keys, WIRE_KEYS_FACTOR, name, len);
    return word ? (wire_key)word->number : KEY_UNKNOWN;
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
