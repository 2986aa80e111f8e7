/*
 * rules.h - rules: what somebody wants to know, and the life of the alerts that tell it.
 *
 * RULES.md beside this file says what the rule language means and how an alert lives;
 * thaw-rules(5) is the manual of the language. This header is the manual of the layer.
 *
 *   YAML files ─► rules_load ─► a set of rules, checked, with no state
 *                                   │ rules_replace: computes the state from facts
 *                                   ▼
 *   fact_change ─► rules_on_change ─► waits ─► rules_evaluate ─► rules_sink: alert changes
 *                  time ────────────────────► rules_advance  ─┘
 *
 * Outside the engine only what loads a set, looks at what is wrong with it and frees it is called. Loading is
 * the one place of the engine's folder that reads files (files/: the rules, and the time zones that they name),
 * and nothing that engine_* functions do comes through it. All else has no file, socket or clock: the same
 * calls give the same alert changes.
 *
 * A set belongs to one thread. Instants are nanoseconds since 1970 (thaw.h).
 */
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

#include "engine.h"
#include "facts/facts.h"
#include "thaw.h"

/* ---- limits ------------------------------------------------------------------------- */

typedef struct rules_limits {
    uint64_t file_bytes;      /* 64 MiB: one rule file */
    uint32_t files;           /* 10 000 */
    uint32_t rules;           /* 200 000 in a set */
    uint32_t selections;      /* 16 in a rule */
    uint32_t labels;          /* 32 in a rule */
    uint32_t text_bytes;      /* 4 KiB: title, each label; where, when and until have CEL's own */
    uint32_t complaints;      /* 100: after so many errors reading stops */
    uint32_t groups;          /* 100 000 of one rule; beyond: thaw-limit fires */
    uint32_t facts;           /* 1 000 000 of one rule in all groups; beyond: thaw-limit fires */
    uint32_t recorded_facts;  /* 10 000 that a resolved alert records */
    uint32_t recorded_alerts; /* 64 resolved alerts of one group that are kept, the oldest go */
    uint32_t tallied;         /* 256: a selection of so many facts in a group is not counted anew for each */
    bool accepted_once;       /* false; the rules of a journal: what only a stricter reader calls wrong passes */
} rules_limits;

extern const rules_limits rules_limits_default;

/* The rule of the alerts that are raised when a rule reaches one of its limits. */
#define RULES_LIMIT_RULE "thaw-limit"

/* ---- loading ------------------------------------------------------------------------ */

/* An error or a warning about a rule file. */
typedef struct rules_complaint {
    bool warning;
    char *file;
    unsigned line, column; /* from 1; 0: the file as a whole */
    char *text;            /* what was found and what was expected */
    char *source;          /* the line itself, or NULL */
} rules_complaint;

typedef struct rules_complaints {
    rules_complaint *at;
    size_t count, capacity;
    size_t errors; /* those that are no warnings */
} rules_complaints;

void rules_complaints_done(rules_complaints *c);
/* Writes "FILE:LINE:COLUMN: error: TEXT", the line and a caret below the column, each ended by a
 * newline, into text from malloc(). NULL: no memory. */
char *rules_complaint_text(const rules_complaint *c);

/* Reads files, and those that rules_walk() finds in folders, into one set. *complaints (to
 * be zeroed before) gets every error found, and warnings of what is suspicious if with_warnings.
 * 0: *ret_set is a set without state, the caller owns it. -EINVAL: errors were found. -ENOMEM.
 * limits NULL: the default. */
int rules_load(const char *const paths[], size_t count, const rules_limits *limits, bool with_warnings, rules **ret_set,
               rules_complaints *complaints);
/* Calls on_file for each rule file: of a folder, and of the folders in it, for *.yaml in order of name, but
 * for *.test.yaml and what begins with a dot; for any other path, and a folder that cannot be read, itself.
 * Returns -ENOMEM, or what on_file returned first that was not 0. */
typedef int (*rules_file_fn)(void *context, const char *path);
int rules_walk(const char *path, rules_file_fn on_file, void *context);

/* A file that has been read. */
typedef struct rules_source {
    const char *name; /* as the file is called in complaints */
    const char *text;
    size_t len;
} rules_source;

/* The same over files that have been read, and over one of them. */
int rules_load_texts(const rules_source texts[], size_t count, const rules_limits *limits, bool with_warnings,
                     rules **ret_set, rules_complaints *complaints);
int rules_load_text(const char *name, const char *text, size_t len, const rules_limits *limits, bool with_warnings,
                    rules **ret_set, rules_complaints *complaints);
/* Frees the set with all its state; alerts end without a word. NULL is fine; returns NULL. */
rules *rules_free(rules *set);

size_t rules_count(const rules *set);
/* How many rules have a window that reaches further back than the age at which facts are dropped, and of the one
 * that reaches furthest its id and how far. Feeds are never dropped; a selection without a window asks for what there is. */
size_t rules_beyond(const rules *set, int64_t age_ns, const char **ret_rule, int64_t *ret_window_ns);

/* ---- running ------------------------------------------------------------------------ */

/* Called for each published change of an alert. The alert lives until the call returns; its seq
 * and epoch are empty: the receiver gives the number, and returns it. */
typedef struct rules_sink {
    void *context;
    uint64_t (*alert)(void *context, const thaw_alert *alert);
    int64_t (*stopwatch_ns)(void); /* see engine_sink; NULL: rules cost nothing */
} rules_sink;

/* Notes a change of a fact; called from facts_settle and facts_advance. It acts in the next
 * rules_evaluate or rules_advance; a failure is returned from there. */
void rules_on_change(rules *set, const fact_change *change);

/* End of a batch at now_ns: takes in the noted changes and evaluates each touched (rule, group)
 * once. Deadlines up to now_ns that were not acted act first, each at its own instant, those at
 * now_ns too: a batch comes after what was due when it came. now_ns never goes back. -ENOMEM: the set can no longer be
 * trusted. */
int rules_evaluate(rules *set, int64_t now_ns);
/* The next instant at which a window, `for`, `keep_for` or a silence ends; INT64_MAX: none. */
int64_t rules_next_deadline(const rules *set);
/* Time has come to now_ns: deadlines up to it act, each at its own instant. What was noted meanwhile
 * (a licence that ran out at now_ns) acts together with those at now_ns, in one evaluation. */
int rules_advance(rules *set, int64_t now_ns);

/* Puts `set`, freshly loaded, in the place of `old` (NULL: none), with the facts, the clock and
 * the sink of the engine. on_change (may be NULL) is told of each rule, those of the new set
 * first, in order of their ids:
 *   RULES_UNCHANGED   the same definition; its alerts run on
 *   RULES_KEPT        only texts, severity or durations (for, keep_for) differ; its alerts run on
 *   RULES_RECOMPUTED  selections or conditions differ: an alert runs on where the new condition
 *                     holds for its group too, and ends as resolved where it does not
 *   RULES_REMOVED     its alerts end as resolved
 *   RULES_NEW
 * An alert that ends by this carries the label `ended` with the reason. With dry nothing but the
 * telling is done. Otherwise the caller frees `old` afterwards. The facts must outlive the set. Nothing is
 * evaluated where now_ns is INT64_MIN (no time yet). -ENOMEM: old runs on untouched,
 * set is as it was. -ENOTRECOVERABLE: memory ran out after lives had moved; both can only be freed, and
 * what was told of alerts on the way must not leave. */
int rules_replace(rules *old, rules *set, facts *f, int64_t now_ns, const rules_sink *sink, bool dry,
                  rules_change_fn on_change, void *context);

/* ---- over a retention (facts.h) ----------------------------------------------------- */

/* Writes the lives of the alerts: what does not follow from the facts. -ENOMEM. */
int rules_save(rules *set, saved_out *out);
/* Gives a set without state, of the same definition, these facts and those lives. What the facts no
 * longer hold ends by the news, and is told through the sink. -EBADMSG: the bytes are not of this
 * set; -ENOMEM. The set is without state again then. */
int rules_load_lives(rules *set, facts *f, int64_t now_ns, const rules_sink *sink, saved_in *in);

/* ---- as an image (engine.h) --------------------------------------------------------- */

uint64_t rules_image_layout(void); /* another number: the structs look otherwise */
/* Everything that a set knows, as it stands between two evaluations. -EBUSY: something waits for one. */
int rules_put_image(const rules *set, saved_out *out);
/* Gives a set without state, of the same definition, what the other knew; `f` are the facts of then.
 * -ESTALE: of another definition; -ENOMEM. The set can only be freed then. */
int rules_get_image(rules *set, facts *f, const rules_sink *sink, saved_in *in);

/* ---- questions (engine.h) ----------------------------------------------------------- */

uint64_t rules_firing(const rules *set); /* number of active alerts */
bool rules_limited(const rules *set);    /* the alert on a limit fires: loaded anew, a rule may watch other facts */
uint64_t rules_bytes(const rules *set);  /* memory that the state needs, of facts in selections, groups, alerts */
/* Packs active alerts with id > after whose topic begins with topic, in order of id, at most limit
 * (0: 1000): the keys epoch, seq, alerts, more. */
int rules_write_snapshot(rules *set, const char *epoch, uint64_t seq, thaw_str topic, thaw_str after, uint32_t limit,
                         msgpack_packer *out);
/* -ENOENT: no alert of that id is active or kept. -EBADMSG: query->after is no `next` of an answer. */
int rules_write_explain_alert(rules *set, const char *epoch, thaw_str alert, const engine_explain_query *query,
                              msgpack_packer *out);
/* group: packed map of the rule's `by` fields, or text as in the ids of alerts; none is an empty map.
 * -ENOENT: no such rule; -EINVAL: group does not give each `by` field once, of its type. A group in which
 * no fact is, is explained as empty. */
int rules_write_explain_rule(rules *set, const char *epoch, thaw_str rule, const uint8_t *group, size_t group_len,
                             const engine_explain_query *query, msgpack_packer *out);
/* "country and authority"; "nothing". Returns the length, as snprintf() does. */
size_t rules_by_words(const rules *set, thaw_str rule, char *text, size_t size);
/* Packs {rules: [{rule, file, line, version, groups, facts, firing, pending, evaluations, time}]}; time
 * in nanoseconds, by the sink's stopwatch, estimated from one in 64. */
int rules_write_rules(rules *set, msgpack_packer *out);

#endif
