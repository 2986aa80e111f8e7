/*
 * ruleset.h - the rules as they are written: read from their files, and packed for the journal.
 *
 * Replay needs the rules that held when a report came in, so each exchange is journaled with the
 * whole text of every file, and with the settings that change what the engine makes of a report:
 *
 *   {clock: str, tolerance: [release, detention, talks, sanction in ns], files: [{file, text}]}
 */
#ifndef DAEMON_RULESET_H
#define DAEMON_RULESET_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "log.h"
#include "rules/rules.h"

#define RULESET_ERROR_BYTES 1024

typedef struct ruleset {
    rules *set;
    uint8_t *packed;
    size_t packed_len;
} ruleset;

/* Reads and checks what config.rules names. -EINVAL with the first error in *error (file, line,
 * column, what was expected, and how many more there are); -ENOMEM. */
int ruleset_load(const config *c, ruleset *ret_ruleset, char error[RULESET_ERROR_BYTES]);

/* The set that was packed. -EBADMSG: it is none; -EINVAL: its texts are no longer rules. */
int ruleset_unpack(const uint8_t *packed, size_t len, rules **ret_set,
                   char error[RULESET_ERROR_BYTES]);

/* Whether clock and tolerances are those of the configuration; *error says which is not. */
bool ruleset_same_meaning(const uint8_t *packed, size_t len, const config *c,
                          char error[RULESET_ERROR_BYTES]);

/* Warns of rules whose windows reach beyond retain.age: what is dropped leaves them without a report of it. */
void ruleset_tell_beyond(const ruleset *r, const config *c, log *l);

void ruleset_done(ruleset *r);

#endif
