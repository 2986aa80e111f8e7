/* key.h - the keys of an event: looking them up, and which kinds they belong to. */
#ifndef WIRE_KEY_H
#define WIRE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "lexicon.h"

typedef enum wire_key {
    KEY_KIND = 0, /* in the order in which errors are reported */
    KEY_ID,
    KEY_COUNTRY,
    KEY_SOURCE,
    KEY_ATTRIBUTED_TO,
    KEY_STATUS,
    KEY_OCCURRED_AT,
    KEY_REPORTED_AT,
    KEY_REVISES,
    KEY_RETRACTS,
    KEY_INCIDENT,
    KEY_COUNT,
    KEY_COUNT_IS,
    KEY_COVERS,
    KEY_PART,
    KEY_OF,
    KEY_SINCE,
    KEY_CATEGORY,
    KEY_FORM,
    KEY_DESTINATION,
    KEY_AUTHORITY,
    KEY_ACTION,
    KEY_PROGRAM,
    KEY_SECTOR,
    KEY_TARGETS,
    KEY_STATE,
    KEY_EXPIRES_AT,
    KEY_STAGE,
    KEY_EXPECTED_COUNT,
    KEY_EXPECTED_BY,
    KEY_PARTIES,
    KEY_PERSONS,
    KEY_TITLE,
    KEY_NOTE,
    KEY_URL,
    KEY_PRODUCER,
    KEY_PRODUCER_SEQ,
    KEY_UNKNOWN /* their number */
} wire_key;

#define KEY_BIT(key) (UINT64_C(1) << (key))

/* The keys as a lexicon (its numbers are wire_key), in whose table no two meet with this factor. */
#define WIRE_KEYS_FACTOR UINT64_C(0xb4d66a3a47469a4d)
extern const lexicon_word wire_keys[LEXICON_SLOTS];

/* The key of a name; KEY_UNKNOWN where the protocol does not know it. */
wire_key wire_key_find(const char *name, size_t len);

/* By kind (thaw_kind), as sets of KEY_BIT: the keys that belong to it, and the required ones. */
extern const uint64_t wire_kind_keys[];
extern const uint64_t wire_kind_required[];

#endif
