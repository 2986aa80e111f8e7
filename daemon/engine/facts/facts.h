/*
 * facts.h - reports become facts: what the layer of rules may know about them.
 *
 * The meaning of every fact and field is written in FACTS.md beside this file. Facts are a
 * function of the set of living reports, never of their arrival; within a batch they are brought
 * up to date once, by facts_settle(), which tells of every fact that appeared, changed or went.
 *
 *   facts_add ... facts_add ─► marks what is touched ─► facts_settle ─► fact_change, one each
 *
 * A fact is named by a handle, a number that is never used again while the process lives. When a
 * correction splits, merges or moves incidents, the change of a new fact says which one it
 * replaces, so that alerts can keep their identity.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

#include "saved.h"
#include "thaw.h"

typedef struct facts facts;

typedef enum fact_kind {
    FACT_RELEASE = THAW_RELEASE,
    FACT_DETENTION = THAW_DETENTION,
    FACT_SANCTION = THAW_SANCTION,
    FACT_TALKS = THAW_TALKS,
    FACT_TALLY = THAW_TALLY,
    FACT_FEED = THAW_FEED,
    FACT_MEASURE,
    FACT_PERSON,
    FACT_REPORT, /* a living report itself, of any kind but retraction */
    FACT_KIND_COUNT
} fact_kind;

typedef uint64_t fact_handle; /* 0: none. The kind is in it: fact_handle_kind() */
fact_kind fact_handle_kind(fact_handle handle);

const char *fact_kind_name(fact_kind kind); /* "release", "measure" ...; NULL: none such */
int fact_kind_parse(const char *name, size_t len, fact_kind *ret_kind);

/* ---- fields ------------------------------------------------------------------------- */

typedef enum fact_field {
    FIELD_NONE = 0,
    FIELD_ID,
    FIELD_COUNTRY,
    FIELD_FIRST_REPORTED_AT,
    FIELD_LAST_REPORTED_AT,
    FIELD_STATUS,
    FIELD_SOURCES,
    FIELD_VOICES,
    FIELD_REPORTS,
    FIELD_LATE,
    FIELD_OCCURRED_AT,
    FIELD_COUNT,
    FIELD_LOW,
    FIELD_HIGH,
    FIELD_SPREAD,
    FIELD_DISAGREES,
    FIELD_DAYS_DISAGREE,
    FIELD_FORMS,
    FIELD_DESTINATIONS,
    FIELD_PERSONS,
    FIELD_LARGEST,
    FIELD_AUTHORITY,
    FIELD_EFFECT,
    FIELD_ACTION,
    FIELD_ANNOUNCED,
    FIELD_ACTED_AT,
    FIELD_PROGRAMS,
    FIELD_SECTORS,
    FIELD_PARTIES,
    FIELD_EXPIRES_AT,
    FIELD_PARTY,
    FIELD_SECTOR,
    FIELD_PROGRAM,
    FIELD_STATE,
    FIELD_SINCE,
    FIELD_STAGE,
    FIELD_EXPECTED_COUNT,
    FIELD_EXPECTED_BY,
    FIELD_PERSON,
    FIELD_IDS,
    FIELD_RELEASES,
    FIELD_DETENTIONS,
    FIELD_CONTRADICTION,
    FIELD_SOURCE,
    FIELD_OF,
    FIELD_LAST_AT,
    FIELD_SILENT_FOR,
    FIELD_HOLES,
    FIELD_BROKEN,
    /* report only: the event's own keys */
    FIELD_KIND,
    FIELD_ATTRIBUTED_TO,
    FIELD_REPORTED_AT,
    FIELD_INCIDENT,
    FIELD_TITLE,
    FIELD_NOTE,
    FIELD_URL,
    FIELD_PRODUCER,
    FIELD_PRODUCER_SEQ,
    FIELD_COUNT_IS,
    FIELD_COVERS,
    FIELD_PART,
    FIELD_CATEGORY,
    FIELD_FORM,
    FIELD_DESTINATION,
    FIELD_TARGETS,
    FIELD_REVISES,
    FIELD_COUNT_
} fact_field;

typedef enum fact_type {
    FACT_NONE = 0, /* the fact does not have it (no count was given, no date is known) */
    FACT_BOOL,
    FACT_INT,
    FACT_STRING,
    FACT_TIME,     /* instant; of a date, its start */
    FACT_DURATION, /* nanoseconds; only silent_for, which grows with the clock */
    FACT_STRINGS   /* list of strings, sorted, each once. `persons`, `parties`: every id and
                      every printed name; `ids`: the ids alone; reports: "source/id" */
} fact_type;

typedef struct fact_value {
    fact_type type;
    union {
        bool truth;
        int64_t number;
        int64_t at_ns;
        int64_t duration_ns;
        thaw_str string;
        struct {
            const thaw_str *items;
            uint32_t count;
        } strings;
    };
} fact_value;

/* The field of that name on facts of that kind, and its type; -ENOENT where there is none. */
int fact_field_find(fact_kind kind, const char *name, size_t len, fact_field *ret_field, fact_type *ret_type);
/* The fields of a kind one after another (index 0, 1, 2 ...); false at the end. */
bool fact_field_at(fact_kind kind, size_t index, const char **ret_name, fact_field *ret_field, fact_type *ret_type);
/* The field that `within` and the like use unless `at` is given: occurred_at; measure and person
 * since; tally and feed last_reported_at, last_at; report occurred_at, else reported_at. */
fact_field fact_field_default_at(fact_kind kind);

/* The value of a field of a living fact. Strings and lists live until the next facts_add,
 * facts_settle or FACTS_LISTS_LIVE further calls for a list; the names in `sources` and `voices` until the
 * next facts_add. now_ns serves silent_for.
 * -ENOENT: no such fact any more; -EINVAL: no such field; -ENOMEM. */
#define FACTS_LISTS_LIVE 16
int facts_get(facts *f, fact_handle handle, fact_field field, int64_t now_ns, fact_value *ret_value);

/* From now on the fields of incidents, measures and persons, the people they name, and whether a feed is broken are
 * read from those of their reports alone that were known when facts_number was `number`, or have taken the place of
 * such a one; a fact without any is not there. Which reports are on one fact stays as it is known now. 0: all are read
 * again. */
void facts_read_known(facts *f, uint64_t number);

/* The people that a fact names (release, detention, talks, report; a person itself), so that they can
 * be counted: of each the hashes of its ids, or of its printed name where no mention of it in the
 * fact has an id; the first of each person with its lowest bit set, the others without. Of one fact,
 * mentions that share an id are one person, and a name without ids is whoever bears it there.
 * *ret_hashes is from malloc(). -ENOENT, -ENOMEM. */
int facts_people(facts *f, fact_handle handle, uint64_t **ret_hashes, size_t *ret_count);

/* The reports a fact rests on, the earliest reported first: their numbers (journal_seq), at most
 * max of them; returns how many there are. For want of memory some may be missing: facts_failed. */
size_t facts_reports(facts *f, fact_handle handle, uint64_t numbers[], size_t max);
/* 0, or -ENOMEM once memory ran out within a call that could not say so: what was told of since may be
 * wrong, and the facts can only be freed. */
int facts_failed(const facts *f);
/* The same of calls that only read, since they began: 0, or -ENOMEM where what they gave may be wrong. The facts are as
 * they were, and go on. */
int facts_read_failed(facts *f);
/* What the report of that number (as in the causes of a change) takes back: of the report that it withdraws or
 * replaces, and of those that this one replaced, the number of the first that was known, as facts_number
 * counts; 0: none is known. */
uint64_t facts_takes_back(facts *f, uint64_t number);
/* Source and id of a report, living or not; -ENOENT. Live until the next facts_add. */
int facts_report_name(facts *f, uint64_t number, thaw_str *ret_source, thaw_str *ret_id);
/* The event's own bytes of the report of that number to the outside; false: there is none. */
bool facts_report_text(const facts *f, uint64_t seq, const uint8_t **ret_text, size_t *ret_len);

/* Every living fact of a kind (country NULL: of all), in a stable order; the callback returns 0
 * to go on. */
typedef int (*fact_fn)(void *context, fact_handle handle);
int facts_each(facts *f, fact_kind kind, const char *country, fact_fn on_fact, void *context);

/* ---- changes ------------------------------------------------------------------------ */

typedef enum fact_change_type { FACT_APPEARED = 1, FACT_CHANGED, FACT_GONE } fact_change_type;

typedef struct fact_change {
    fact_change_type type;
    fact_handle handle;     /* of a FACT_GONE: only its number means anything */
    fact_handle replaces;   /* FACT_APPEARED: the fact whose place it takes, or 0 */
    const fact_handle *from; /* other facts from which reports came to this one: it says now what they said */
    uint32_t from_count;
    bool correction;        /* a report was revised or retracted, or the fact was moved, split or
                               merged; false: news (a further report, time that passed) */
    const uint64_t *causes; /* numbers of the reports that caused it (of a correction: the revising,
                               retracting or displacing ones), at most 64 */
    uint32_t causes_count;
} fact_change;

typedef void (*fact_change_fn)(void *context, const fact_change *change);

/* ---- for the engine ----------------------------------------------------------------- */

typedef struct facts_config {
    int64_t tolerance_ns[THAW_KIND_COUNT]; /* by thaw_kind; 0 where it does not apply */
    uint64_t reports_max, bytes_max;
    uint32_t digest_min; /* incidents of more reports keep a digest of their votes, and lists; 0: a good number */
    void (*breathe)(void *context); /* as in engine_sink */
    void *breathe_context;
} facts_config;

/* on_change is only called from within facts_settle and facts_advance. */
int facts_new(const facts_config *config, fact_change_fn on_change, void *context, facts **ret_facts);
facts *facts_free(facts *f);
/* One more step of work that may be long: each thousandth breathes. */
void facts_step(facts *f);
/* Bytes that all of it needs. */
uint64_t facts_needed(const facts *f);
/* Whether nothing more is to be taken in, because all of it, with so many bytes of others, needs more than bytes_max, from
 * now on; but what corrects a report that stands is (reports_full says how much of it). */
void facts_bound(facts *f, uint64_t others_bytes);
/* Until facts_bound is called, nothing is refused for want of room. */
void facts_unbound(facts *f);

typedef struct facts_verdict {
    thaw_code code;
    bool duplicate;
    uint64_t number;
} facts_verdict;

/* The identity of a report, which the functions below are given so that it is computed once. */
thaw_hash facts_key(const thaw_event *event);
/* The identities of up to FACTS_AHEAD reports that are about to be added, whose way through memory is
 * prepared meanwhile. */
#define FACTS_AHEAD 16u
void facts_look_ahead(facts *f, const thaw_event events[], size_t count, thaw_hash ret_keys[]);
/* Whether a report of that identity was taken in before. */
bool facts_knows(const facts *f, thaw_hash key);
/* Takes in one report that became known at known_at_ns (the clock of the engine). -ENOMEM. */
int facts_add(facts *f, const thaw_event *event, thaw_hash key, int64_t known_at_ns, facts_verdict *ret_verdict);
/* Whether the report, which is not known, is not to be taken in: THAW_TOO_OLD, THAW_LIMIT; THAW_OK.
 * Asked before the report moves a clock: what is refused leaves no trace. */
thaw_code facts_refuse(const facts *f, const thaw_event *event);
/* Brings the facts up to date and tells of every change. -ENOMEM: no longer to be trusted. */
int facts_settle(facts *f, int64_t now_ns);
/* The next instant after now_ns at which a fact changes by itself (a licence runs out); INT64_MAX. */
int64_t facts_next_deadline(const facts *f);
/* Lets what ends at or before now_ns end; tells of the changes like facts_settle. */
int facts_advance(facts *f, int64_t now_ns);

uint64_t facts_number(const facts *f); /* of the last accepted report */
uint64_t facts_held(const facts *f);   /* reports that were not dropped */
int64_t facts_horizon(const facts *f); /* reports dated before it are too old; INT64_MIN: none are */
uint64_t facts_bytes(const facts *f);  /* memory held beyond identity and text */

/* ---- dropping the past -------------------------------------------------------------- *
 * Whole incidents that lie before a horizon are dropped with their reports; what they came to (count,
 * range, date, form) stays in the ledger as a result, and the identities of the reports stay known.
 * Kept, however old, are incidents that a standing measure or a held person rests on. Facts are
 * not cut: what is to be kept is written (facts_save_*), and a new `facts` made of it (facts_load_*,
 * facts_add_kept, facts_settle). Restart makes it in the same way, so both come to the same.
 * FACTS.md, section 7, says what is dropped. */

/* The horizon before which enough is dropped that the texts behind it take at most `bytes`. */
int facts_horizon_for_bytes(facts *f, uint64_t bytes, int64_t *ret_horizon_ns);

typedef struct facts_sink { /* each returns 0 or a negative errno that ends the saving */
    int (*identities)(void *context, const uint8_t *packed, size_t len);
    int (*report)(void *context, uint64_t seq, int64_t known_at_ns, const uint8_t *bytes, size_t len);
    void *context;
} facts_sink;
typedef struct facts_dropped {
    uint64_t incidents, reports;
} facts_dropped;
/* What would be dropped; *ret_plan is to be given to facts_save_* and freed with free(). */
int facts_plan(facts *f, int64_t horizon_ns, uint8_t **ret_plan, facts_dropped *ret_dropped);
/* Writes everything but reports and identities into `out`, then hands out those, in this order:
 * identities, reports by number. Identities known before ids_from_ns are let go. */
int facts_save_state(facts *f, const uint8_t *plan, int64_t horizon_ns, saved_out *out);
int facts_save_rest(facts *f, const uint8_t *plan, int64_t ids_from_ns, const facts_sink *sink);
/* Into facts that hold nothing yet. -EBADMSG: these are not such bytes; -ENOMEM. */
int facts_load_state(facts *f, saved_in *in);
int facts_load_identities(facts *f, const uint8_t *packed, size_t len);
int facts_add_kept(facts *f, const thaw_event *event, uint64_t seq, int64_t known_at_ns);
/* A fact's name that means the same in facts made anew: its kind and id; of a report its number. */
int facts_name(facts *f, fact_handle handle, int64_t now_ns, saved_out *out);
/* Facts by the names of facts_name; good until the facts change, to be freed by the caller. facts_names_find reads the
 * next name and returns its fact; 0: it is gone. */
typedef struct facts_names facts_names;
int facts_names_new(facts *f, int64_t now_ns, facts_names **ret_names);
fact_handle facts_names_find(const facts_names *names, saved_in *in);
facts_names *facts_names_free(facts_names *names);

/* ---- as an image (engine.h) --------------------------------------------------------- *
 * Everything as it stands, for a `facts` that goes on from there; first what is copied when it is read,
 * then whole pages that stay where they are read. */

uint64_t facts_image_layout(void); /* another number: the structs look otherwise */
/* -EBUSY: there is something that facts_settle has to look at. Lack of memory shows in out->failed. */
int facts_put_image(const facts *f, saved_out *out);
void facts_put_image_pages(const facts *f, saved_out *out);
/* Into facts that hold nothing yet. Where in->failed says so afterwards, they can only be freed. From
 * the first whole page behind in->at to where that stands afterwards the pages are owned by f. */
void facts_get_image(facts *f, saved_in *in);
void facts_get_image_pages(facts *f, saved_in *in);

/* ---- questions: each packs one map, the reply of a service verb (engine.h) ---------- */

struct engine_state_query;
struct engine_incidents_query;
struct engine_explain_query;
int facts_write_state(facts *f, const struct engine_state_query *query, int64_t now_ns, msgpack_packer *out);
int facts_write_incidents(facts *f, const struct engine_incidents_query *query, msgpack_packer *out);
int facts_write_explain(facts *f, thaw_str incident, const struct engine_explain_query *query, msgpack_packer *out);
/* Packs key-value pairs into a map that is open already; returns how many there are when out is NULL. */
uint32_t facts_write_counters(facts *f, msgpack_packer *out);
/* A new facts of one country (NULL: all) with only the reports known by then: in order of number, those
 * whose reported_at (with by_reported) or known time is at or before at_ns; of other countries those that
 * take back or replace a report of this one. -ENOSPC: both would need half as much again as bytes_max; -ENOMEM. */
int facts_as_known(facts *f, const char *country, int64_t at_ns, bool by_reported, facts **ret_facts);

#endif
