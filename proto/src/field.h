/* field.h - reading one known key's value into an event. */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

#include "cursor.h"
#include "error.h"
#include "key.h"
#include "name.h"
#include "text.h"
#include "thaw.h"

typedef enum wire_field_type {
    FIELD_KEY,      /* str of 1 to id_bytes: what a report is known by */
    FIELD_NAME,     /* the same, and not blank */
    FIELD_INCIDENT, /* the same, also behind "shared:" */
    FIELD_TEXT,     /* str of 0 to text_bytes */
    FIELD_NOTE,     /* the same, with tab and newline */
    FIELD_WORD,     /* one of a list of words */
    FIELD_UINT,
    FIELD_DATE,
    FIELD_COUNTRY,
    FIELD_PART,
    FIELD_PERSONS,
    FIELD_TARGETS,
    FIELD_STRS
} wire_field_type;

/* How the value of a key is read, and where it goes. */
typedef struct wire_field {
    const char *name;
    uint8_t type;            /* wire_field_type */
    uint16_t offset;         /* of its member */
    uint16_t flag;           /* of has_...: FIELD_UINT */
    const wire_names *words; /* FIELD_WORD */
} wire_field;

extern const wire_field wire_fields[KEY_UNKNOWN];

/* What a field is read with. error is NULL where only the verdict counts: the sentence costs
 * more than the reading. */
typedef struct wire_reading {
    const thaw_limits *limits;
    thaw_error *error;
} wire_reading;

/* Reads the value at the cursor, which is not nil, into the event. On failure the cursor and
 * the event's member are in no defined state; the caller knows where the value began. */
thaw_code wire_field_read(const wire_reading *reading, wire_key key, wire_cursor *cursor,
                          thaw_event *event);

/* Whether the name of an incident is "shared:" with nothing behind it. */
bool wire_incident_unnamed(thaw_str incident);

/* Sets the member of a key back to absent. */
void wire_field_clear(wire_key key, thaw_event *event);

/* Name of a key, for messages. Static. */
const char *wire_field_name(wire_key key);

/* Checks a value that is not interpreted: its texts, its keys (strings, once each), no NaN. */
thaw_code wire_value_check(const wire_reading *reading, const wire_where *where,
                           wire_cursor *cursor);

/* Most pairs of a map whose keys are not all known, and in which each is compared with each. */
#define WIRE_KEYS_MAX 64

/* A name among those seen in one map: THAW_MALFORMED where it is there already, THAW_LIMIT
 * beyond WIRE_KEYS_MAX. */
typedef struct wire_seen {
    uint32_t count;
    thaw_str names[WIRE_KEYS_MAX];
} wire_seen;
thaw_code wire_seen_add(wire_seen *seen, thaw_str name, const char *place, thaw_error *error);

/* Reads a key: a str of 0 to 128 bytes of admitted text. */
thaw_code wire_key_read(const wire_reading *reading, const char *place, wire_cursor *cursor,
                        thaw_str *ret_name);

/* A str of at most so many bytes of admitted text of a kind. */
thaw_code wire_text_read(const wire_reading *reading, const wire_where *where, wire_cursor *cursor,
                         wire_kind_of_text kind, uint32_t most, thaw_str *ret_text);

/* A time or a date. */
thaw_code wire_date_read(const wire_reading *reading, const wire_where *where, wire_cursor *cursor,
                         thaw_date *ret_date);

/* An array of {name, ids, type} and one of texts of a kind. */
thaw_code wire_parties_read(const wire_reading *reading, const wire_where *where, bool typed,
                            wire_cursor *cursor, thaw_list *ret_list);
thaw_code wire_strs_read(const wire_reading *reading, const wire_where *where,
                         wire_kind_of_text kind, uint32_t most_bytes, wire_cursor *cursor,
                         thaw_list *ret_list);

#endif
