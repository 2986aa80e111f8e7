/*
 * engine.h - the engine: reports -> facts -> alerts, and nothing else.
 *
 * The engine has no socket, file or clock. It is handed batches of decoded reports with the
 * instant at which they were received, and it is told when time has passed; it answers with
 * alert changes through one callback. The same batches in the same order give the same alerts,
 * byte for byte: restart, backtest, `state --at` and tests are all one operation, replay.
 *
 *        reports                    fact changes                     alert changes
 *   engine_apply ──► facts.h (identity, incidents, ──► rules.h (selections, ──► engine_sink
 *                    counts, measures, persons ...)    conditions, lives)
 *   engine_advance ─────────────────┘                      │
 *   engine_next_deadline ◄─────────────────────────────────┘
 *
 * Ownership: an engine owns all that it was told; events are copied, so the bytes under a
 * thaw_event need only live for the call. Every size is bounded by engine_config.
 * Not thread-safe: one thread owns an engine; several engines may run in several threads.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

#include "thaw.h"

typedef struct engine engine;
typedef struct rules rules;

/* What drives the engine's clock. */
typedef enum engine_clock {
    ENGINE_CLOCK_WALL,    /* received_at of the batches, and engine_advance */
    ENGINE_CLOCK_REPORTED /* the greatest reported_at so far (history, demos, tests) */
} engine_clock;

typedef struct engine_config {
    engine_clock clock;
    /* How far after an incident's first report another may start and still belong to it. */
    int64_t tolerance_release_ns, tolerance_detention_ns, tolerance_talks_ns; /* 36 h */
    int64_t tolerance_sanction_ns;                                            /* 7 days */
    uint64_t reports_max; /* living and dead reports held; beyond: verdict LIMIT */
    uint64_t bytes_max;   /* memory for reports with their text, for facts and rules; beyond: verdict LIMIT */
    char epoch[33];       /* the journal's life, stands in every alert */
} engine_config;

extern const engine_config engine_config_default;

/* Called for each published change of an alert (firing, resolved, withdrawn), in order; seq
 * runs on without holes. The alert and all it points to live until the call returns. */
typedef struct engine_sink {
    void *context;
    void (*alert)(void *context, const thaw_alert *alert);
    int64_t (*stopwatch_ns)(void); /* or NULL: only to tell what each rule costs; decides nothing */
    /* Called again and again where all there is is gone through (rules exchanged, a state of the past made, what was
     * loaded settled), for those who take silence for a standstill. Or NULL. */
    void (*breathe)(void *context);
} engine_sink;

/* -EINVAL: the config holds an impossible value; -ENOMEM. Without rules no alert is raised. */
int engine_new(const engine_config *config, const engine_sink *sink, engine **ret_engine);
engine *engine_free(engine *e);
/* Looks, before a batch is applied, whether reports, facts and rules need more than bytes_max: if they do, its new reports get
 * the verdict LIMIT. */
void engine_bound(engine *e);
/* From now on and until engine_bound is called, nothing gets it: what is read again was accepted once, perhaps under wider
 * bounds. */
void engine_unbound(engine *e);

/* ---- reports in --------------------------------------------------------------------- */

typedef struct engine_verdict {
    thaw_code code;       /* THAW_OK; THAW_CONFLICT, THAW_TOO_OLD, THAW_LIMIT: rejected */
    bool duplicate;       /* THAW_OK, but already known with the same content: nothing is done */
    uint64_t journal_seq; /* number of the report, 1, 2, 3 ... in the order of acceptance; that of
                             the known one for a duplicate; 0 when rejected */
} engine_verdict;

/* Takes in a batch: deadlines up to received_at_ns act first, then the reports, then the rules
 * are evaluated once (with ENGINE_CLOCK_REPORTED: at each move of the clock within the batch).
 * received_at_ns never goes back; an earlier value counts as the latest. `verdicts` holds a place
 * for each event. -ENOMEM: the engine can no longer be trusted and must be freed. */
int engine_apply(engine *e, const thaw_event events[], size_t count, int64_t received_at_ns, engine_verdict verdicts[]);

/* Moves the clock to now_ns (not back) and lets every deadline on the way act at its own instant.
 * With ENGINE_CLOCK_REPORTED the caller decides whether wall time may move it (thawd: never). */
int engine_advance(engine *e, int64_t now_ns);

/* The next instant at which something may change by itself; INT64_MAX where there is none. */
int64_t engine_next_deadline(const engine *e);
int64_t engine_now(const engine *e);            /* INT64_MIN before the first batch */
uint64_t engine_journal_seq(const engine *e);   /* number of the last accepted report */
uint64_t engine_reports_held(const engine *e);  /* those that were not dropped */
int64_t engine_horizon(const engine *e);        /* reports dated before it are too old; INT64_MIN: none are */
uint64_t engine_alert_seq(const engine *e);     /* number of the last alert change */
uint64_t engine_alerts_firing(const engine *e); /* alerts that are active now */
bool engine_rules_limited(const engine *e);     /* some rule would watch other facts if loaded anew */

/* ---- dropping the past -------------------------------------------------------------- *
 * Whole incidents that lie before a horizon are dropped with their reports; their counts stay in the
 * ledger, their reports stay known against repeats, and reports dated before it are refused from
 * then on (THAW_TOO_OLD). What else is kept: facts/FACTS.md, section 7.
 *
 * Nothing is cut out of a running engine: engine_save hands out what is to be kept, as records, and
 * a new engine is made of them - at once by the caller, and again at each start. Alerts whose
 * ground was dropped end by the news when it is made; the sink is told in both cases. */

typedef enum engine_saved_kind {
    ENGINE_SAVED_STATE = 1,
    ENGINE_SAVED_IDENTITIES,
    ENGINE_SAVED_REPORT
} engine_saved_kind;
/* number and at_ns are those of a report: its journal_seq, and when it became known. A negative
 * answer ends the saving. */
typedef int (*engine_saved_fn)(void *context, engine_saved_kind kind, uint64_t number, int64_t at_ns,
                               const uint8_t *bytes, size_t len);
typedef struct engine_retention {
    int64_t horizon_ns;  /* incidents that end before it go */
    int64_t ids_from_ns; /* identities of reports that became known before it go; INT64_MIN: none */
} engine_retention;
typedef struct engine_dropped {
    uint64_t incidents, reports;
} engine_dropped;

/* Hands out what is kept, states first, reports last; nothing at all where nothing would be dropped.
 * The engine is as it was. -ENOMEM. */
int engine_save(engine *e, const engine_retention *what, engine_saved_fn on_record, void *context,
                engine_dropped *ret_dropped);
/* The horizon that leaves at most about so many bytes of reports. */
int engine_horizon_for_bytes(engine *e, uint64_t bytes, int64_t *ret_horizon_ns);

/* Takes one record into an engine fresh from engine_new. -EBADMSG: it is none of engine_save, or out
 * of order; -ENOSPC: more than the engine may hold. */
int engine_load(engine *e, engine_saved_kind kind, uint64_t number, int64_t at_ns, const uint8_t *bytes, size_t len);
/* All records came. `set` (NULL where none was in force) is the rule set of then, freshly loaded; it
 * is the engine's afterwards, on failure the caller's. */
int engine_load_end(engine *e, rules *set);

/* ---- as an image -------------------------------------------------------------------- *
 * An image is the engine as it stands between two batches, so that a start need not come by the reports
 * again. It is memory rather than a format: only the build that wrote one can read it. */

typedef int (*engine_image_fn)(void *context, const void *bytes, size_t len); /* 0, or -errno: it ends */
/* Hands out the bytes of an image. -EBUSY: reports were taken in that were not evaluated (never between
 * two calls of engine_apply and engine_advance, but before the first); -ENOMEM; what on_bytes said. */
int engine_image_save(const engine *e, engine_image_fn on_bytes, void *context);
/* Makes an engine fresh from engine_new what the other was; `set` is the rule set of then, freshly loaded,
 * NULL where there was none. `pages` are from mmap, private and writable, and the engine's from now on,
 * whatever comes of it; `set` is the engine's on success. -EBADMSG: damaged; -ESTALE: of a build that lays
 * its memory out otherwise, or with another clock, other tolerances or rules; -ENOMEM. On failure the
 * engine can only be freed. */
int engine_image_load(engine *e, rules *set, void *pages, size_t len);
/* The text of a report that is held; false where there is none of that number. */
bool engine_report_text(const engine *e, uint64_t journal_seq, const uint8_t **ret_text, size_t *ret_len);

/* ---- rules -------------------------------------------------------------------------- */

/* What a change of rules did, or would do, to each rule. */
typedef enum rules_fate { RULES_UNCHANGED, RULES_KEPT, RULES_RECOMPUTED, RULES_REMOVED, RULES_NEW } rules_fate;
typedef struct rules_change {
    const char *rule; /* lives until the call returns */
    rules_fate fate;
    uint32_t active; /* alerts that are firing and end with it, or are kept */
} rules_change;
typedef void (*rules_change_fn)(void *context, const rules_change *change);

/* Takes over a rule set that rules_load() built (rules.h); computes its state from the facts and
 * exchanges. With dry, only reports what would become of each rule and leaves everything, `set`
 * included, to the caller. On failure the old set runs on and `set` stays the caller's;
 * -ENOTRECOVERABLE: as rules_replace has it. */
int engine_set_rules(engine *e, rules *set, bool dry, rules_change_fn on_change, void *context);

/* ---- questions ---------------------------------------------------------------------- *
 * Each packs one MessagePack map, the reply body of the service verb of that name, and returns 0;
 * -ENOENT: no such thing; -ENOMEM: the engine is as it was. What is packed then is no answer. */

typedef struct engine_state_query {
    const char *country; /* two letters, or NULL: one line for each country */
    int64_t at_ns;       /* as it was known at that moment; INT64_MAX: now */
    thaw_date since;     /* totals since then; ABSENT: none asked for */
    /* Of one country: each list ends before the row with which it has more than so many bytes (0: it is whole), and
     * `more` has, for each that does not go to its end, how many are left and the text with which `after` asks for
     * them: then only these, of that list, and one at least. -EBADMSG: it is no such text. */
    size_t list_bytes;
    size_t bytes; /* that the answer may take: of a list that alone has more, not all is gathered; 0: any */
    thaw_str after;
} engine_state_query;
/* -ENOSPC: the state of then, which is made anew, would need more memory than bytes_max leaves beside that of now. */
int engine_write_state(engine *e, const engine_state_query *query, msgpack_packer *out);

typedef struct engine_incidents_query {
    const char *country; /* or NULL */
    uint8_t kind;        /* thaw_kind, or 0 */
    thaw_date since;     /* occurred_at not before; or ABSENT */
    uint32_t limit;      /* 0: 1000 */
    size_t bytes;        /* that the page may take, if it has more than one; 0: any */
    thaw_str after;      /* `next` of an earlier answer: only those before; -EBADMSG where it is none. Or empty */
} engine_incidents_query;
int engine_write_incidents(engine *e, const engine_incidents_query *query, msgpack_packer *out);

/* explain {incident}, {alert}, {rule, group}; group is the packed map or text as it came, -EINVAL where it is none of
 * the rule. */
typedef struct engine_explain_query {
    thaw_str after; /* `next` of an earlier answer: only the facts, or reports, behind it; -EBADMSG where it is none. Or
                     * empty */
    size_t bytes;   /* that facts and reports may take, about; of an incident 0: any */
} engine_explain_query;
int engine_write_explain_incident(engine *e, thaw_str incident, const engine_explain_query *query, msgpack_packer *out);
int engine_write_explain_alert(engine *e, thaw_str alert, const engine_explain_query *query, msgpack_packer *out);
int engine_write_explain_rule(engine *e, thaw_str rule, const uint8_t *group, size_t group_len,
                              const engine_explain_query *query, msgpack_packer *out);
/* What a rule groups by, in words; "nothing". */
void engine_by_words(const engine *e, thaw_str rule, char *text, size_t size);

/* snapshot: active alerts with id > after whose topic begins with topic, at most limit; the keys
 * epoch, seq, alerts, more. */
int engine_write_snapshot(engine *e, thaw_str topic, thaw_str after, uint32_t limit, msgpack_packer *out);
int engine_write_rules(engine *e, msgpack_packer *out);

/* Counters for status, packed as one map: reports, living, duplicates, conflicts, incidents,
 * measures, persons, tallies, feeds, countries, alerts_firing, rules, rules_bytes, memory_bytes,
 * producers {name: {seq, holes, repeats}} ... */
int engine_write_counters(engine *e, msgpack_packer *out);

#endif
