/* body.h - reading the map of a message that is not an event: alerts, beats, replies. */
#ifndef WIRE_BODY_H
#define WIRE_BODY_H

#include "cursor.h"
#include "thaw.h"

/* What one key of such a map holds, and where it goes. */
typedef enum wire_slot_type {
    SLOT_STR,  /* thaw_str */
    SLOT_UINT, /* uint64_t */
    SLOT_BOOL, /* bool */
    SLOT_TIME, /* int64_t of nanoseconds, from a timestamp */
    SLOT_MAP,  /* thaw_raw */
    SLOT_STRS, /* thaw_list of str */
    SLOT_REFS, /* thaw_list of {source, id} */
    SLOT_MAPS  /* thaw_list of maps */
} wire_slot_type;

typedef struct wire_slot {
    const char *name;
    uint8_t type; /* wire_slot_type */
    bool required;
    size_t offset; /* into the object */
} wire_slot;

/* Reads data, one whole map, by the slots (at most 32) into the object, which the caller has
 * set to absent. Unknown keys are passed over. -EBADMSG with *error filled. */
int wire_body_read(const char *what, const void *data, size_t len, const wire_slot *slots,
                   unsigned count, void *object, thaw_error *error);

#endif
