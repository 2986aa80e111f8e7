/*
 * internal.h - what the files of the layer of rules share.
 *
 *   set ─► rule ─► group (of the `by` fields) ─► for each selection a list of entries
 *    │                │
 *    │                └─► life: state, the alert as published, its ground
 *    ├─► dispatch: from constants of the conditions to the selections that can match
 *    ├─► facts: from a handle to its entries, watches and the records that name it
 *    └─► deadlines: entries that enter or leave, lives that wait, watches of silence
 *
 * An entry is one fact in one selection of one group. A round is what happens between two
 * evaluations of a group: entries that came are marked, those that went are kept in `gone`, each
 * with whether a correction did it, so that at the end of the round three states can be read:
 * the present one, the one before, and the one that the news alone would have made.
 */
#ifndef RULES_INTERNAL_H
#define RULES_INTERNAL_H

#include "rules/rules.h"
#include "cel/cel.h"

#define RULES_BY_MAX 4
#define RULES_SELECTIONS_MAX 16 /* the mask of selections is 16 bits wide */
#define RULES_CAUSES_MAX 64
#define RULES_LISTED_MAX 64 /* facts, reports, sources in an alert */
#define RULES_GROUP_TEXT_MAX 200
#define RULES_FACT_GROUPS_MAX 4096 /* groups that one fact may be in, of one rule */
#define RULES_THRESHOLDS_MAX 64
#define RULES_SPARE_MAX 4096

/* ---- definitions -------------------------------------------------------------------- */

typedef enum aggregate {
    AGG_COUNT,
    AGG_PERSONS,
    AGG_SOURCES,
    AGG_VOICES,
    AGG_REPORTS,
    AGG_FIRST,
    AGG_LAST,
    AGG_SUM, /* from here on: of the field `count`, for kinds that have it */
    AGG_MIN,
    AGG_MAX,
    AGG_SPREAD,
    AGG_LOW,
    AGG_HIGH,
    AGG_TOTAL
} aggregate;

#define AGG_DISTINCT_FIRST AGG_PERSONS
#define AGG_DISTINCT_COUNT 4
#define AGG_PERSONS_PLACE 0 /* of the persons among them */
_Static_assert(AGG_DISTINCT_FIRST + AGG_PERSONS_PLACE == AGG_PERSONS, "the persons have another place");

extern const struct cel_field aggregate_fields[AGG_TOTAL];

typedef struct selection {
    char *name;
    fact_kind kind;
    fact_field at;
    bool has_within, has_before, has_ahead;
    int64_t within_ns, before_ns, ahead_ns; /* ahead_ns INT64_MAX: for ever */
    struct cel_program *where;              /* NULL: every fact of the kind */
    uint32_t first_slot;                    /* of its aggregates in the rule's environment */
    uint32_t aggregates;                    /* those that any expression of the rule uses, as bits */
    fact_field by[RULES_BY_MAX];
    fact_field count_field; /* FIELD_NONE where the kind has no count */
    /* The first selection of the set that asks the same of the same kind: its answer about the open
     * fact serves them all. */
    struct selection *where_like;
    uint64_t answered; /* the serial of the view that `answer` is about */
    bool answer, exhausted; /* the latter: not known, it cost too much */
    int64_t *thresholds; /* of silent_for, rising */
    size_t thresholds_count;
} selection;

typedef struct text_part {
    char *literal; /* or NULL, and then: */
    struct cel_program *program;
} text_part;

typedef struct text_template {
    text_part *parts;
    size_t count;
} text_template;

typedef struct rule_label {
    char *name;
    char *source;
    text_template text;
} rule_label;

struct group;
struct newest;
struct rule;

/* What a rule may reach, as bits; an image has them so. */
typedef enum rule_limit {
    LIMIT_FACTS = 1 << 0,
    LIMIT_GROUPS = 1 << 1,
    LIMIT_FACT_GROUPS = 1 << 2, /* groups of one fact */
    LIMIT_STEPS = 1 << 3,       /* of a condition */
} rule_limit;

/* What something costs: one in COST_SAMPLED is measured. */
#define COST_SAMPLED 64
typedef struct cost {
    uint64_t times, measured, measured_ns;
} cost;

typedef struct rule {
    char *id;
    const char *file; /* in set->files */
    unsigned line;
    uint32_t index;
    char *by[RULES_BY_MAX];
    size_t by_count;
    int country_by;             /* index in by, or -1 */
    const struct rule *by_like; /* the first rule of the set with the same `by`: one key serves both */
    selection *selections;
    size_t selections_count;
    struct cel_program *when, *until;
    int64_t for_ns, keep_for_ns;
    char *severity;
    char *title_source;
    text_template title;
    rule_label *labels;
    size_t labels_count;
    uint64_t meaning_hash; /* by, select, when, until */
    uint64_t full_hash;    /* all that was written, normalised */
    char version[17];      /* full_hash in hex */

    /* state */
    struct group *groups; /* all, newest first */
    uint32_t groups_count, facts_count, firing_count, pending_count;
    cost offers, evaluations;
    uint8_t limits; /* that were reached, of rule_limit: thaw-limit fires */
    bool builtin;
    bool recomputed;      /* while a reload is under way: its definition is not what it was */
    uint32_t past;        /* numbers up to this were given under definitions of this id that are gone */
    struct rule *id_next; /* same hash of the id */
} rule;

/* ---- small parts -------------------------------------------------------------------- */

/* table.c: from 64-bit keys to pointers. */
typedef struct table_slot {
    uint64_t key;
    void *value; /* NULL: empty */
} table_slot;
typedef struct table {
    table_slot *slots;
    size_t size, used;
} table;
void *table_get(const table *t, uint64_t key);
void table_fetch(const table *t, uint64_t key);     /* asks for the memory that looking it up needs */
int table_put(table *t, uint64_t key, void *value); /* replaces; -ENOMEM */
void *table_take(table *t, uint64_t key);
int table_expect(table *t, size_t count); /* makes room for so many in an empty one; -ENOMEM */
void table_done(table *t);

/* deadline.c: a heap of what waits for an instant. */
typedef enum deadline_type { DEADLINE_ENTRY = 1, DEADLINE_LIFE, DEADLINE_WATCH } deadline_type;
typedef struct deadline {
    int64_t at_ns;
    uint32_t place; /* in the heap, from 1; 0: not in it */
    uint8_t type;   /* deadline_type: what it is embedded in */
} deadline;
typedef struct deadlines {
    deadline **heap;
    size_t count, capacity;
} deadlines;
int deadline_set(deadlines *d, deadline *one, int64_t at_ns); /* sets, moves; -ENOMEM */
void deadline_clear(deadlines *d, deadline *one);
deadline *deadline_first(const deadlines *d); /* NULL: none */
void deadlines_done(deadlines *d);

/* duration.c */
/* "30s" "5m" "72h" "14d" "2w" "1d12h"; -EINVAL, -ERANGE (0, or above 100 years). */
int rule_duration_parse(const char *text, size_t len, int64_t *ret_ns);
#define DURATION_TEXT 64
const char *duration_text(int64_t ns, char text[DURATION_TEXT]);

/* ---- state -------------------------------------------------------------------------- */

struct record;
struct watch;
struct ground;
struct entry;

/* What is known of one fact: all that must be touched when it changes. Lives as long as something
 * refers to it. */
typedef struct fact_node {
    fact_handle handle;
    struct entry *entries;
    struct watch *watches;
    struct ground *grounds;
    uint32_t references;
    uint32_t successors; /* the first in set->successors, from 1: of this round */
    bool gone;
    bool asked; /* scratch of record_asked; else false */
} fact_node;

typedef struct entry {
    deadline due; /* first member: entering or leaving the window */
    fact_node *fact;
    struct entry *fact_prev, *fact_next;
    struct entry *open_next; /* in group->open, while its fact is offered */
    struct group *group;
    struct entry *prev, *next;     /* in group->entries[selection], or group->gone */
    int64_t at_ns, from_ns, to_ns; /* in the window at from <= now < to */
    int64_t count, low, high;
    uint64_t id_hash;
    uint32_t round; /* of the group, in which it came */
    uint8_t selection;
    bool has_at, has_count;
    bool active;     /* in the window, and in the totals */
    bool correction; /* came by a correction; of a gone entry: went by one */
    bool stays;      /* scratch of a change */
    uint16_t distinct_counts[AGG_DISTINCT_COUNT];
    uint64_t distinct[]; /* hashes of its people (facts_people), sources, voices, reports */
} entry;

static inline size_t entry_bytes(size_t hashes)
{
    return sizeof(entry) + hashes * sizeof(uint64_t);
}

/* A fact whose silence grows, and a selection that compares it. */
typedef struct watch {
    deadline due; /* first member */
    fact_node *fact;
    struct watch *next;
    uint32_t atom;
} watch;

typedef struct totals {
    int64_t count, with_count, with_at;
    int64_t sum, low, high, min, max, first, last;
    int64_t distinct[AGG_DISTINCT_COUNT];
} totals;

typedef struct tally tally;

/* Packed values one after another. */
typedef struct packed_list {
    msgpack_sbuffer data;
    uint32_t count;
} packed_list;

/* An alert as it was last published. */
typedef struct alert_text {
    char *id;
    uint64_t seq;
    uint32_t rev;
    uint8_t state; /* thaw_alert_state */
    int64_t since_ns, at_ns;
    uint64_t hash;   /* of all that makes a new revision worth telling */
    char country[3]; /* "" where the rule does not group by it */
    char *rule, *version, *severity, *title;
    msgpack_sbuffer labels, group, values; /* each one map */
    packed_list facts, reports, sources, because;
    uint64_t held; /* see held.c */
} alert_text;

/* One fact that an alert stood on. */
typedef struct ground {
    struct record *record;
    fact_node *fact;
    struct ground *fact_prev, *fact_next;
    uint8_t selection;
} ground;

/* The ground on which an alert stood when its condition was last true; kept for as long as the
 * alert is, so that a correction can still take it away. */
typedef struct record {
    struct group *group;
    struct record *next; /* in group->records: ended alerts, newest first */
    struct record *touched_next;
    alert_text *alert;  /* NULL while it is the basis of a firing alert */
    int64_t true_at_ns; /* the last instant at which the condition held */
    uint64_t known;     /* number of the last report that was known then */
    uint64_t *causes;   /* of the corrections that touched it since it was last looked at */
    uint32_t causes_count;
    uint32_t count, capacity;
    bool touched;
    bool partial;    /* too many facts: never withdrawn */
    ground *grounds; /* in their facts' lists: only record_room moves them */
    uint64_t shared; /* scratch of grounds_share: set->shares while it stands on that fact, too */
    uint64_t held;   /* see held.c */
} record;

typedef enum life_state { LIFE_NONE, LIFE_PENDING, LIFE_FIRING, LIFE_KEPT } life_state;

typedef struct group {
    deadline due; /* first member: `for` or `keep_for` ends */
    rule *rule;
    struct group *next, *prev; /* in rule->groups */
    struct group *bucket_next; /* same hash */
    uint64_t hash;
    char *text; /* as it stands in the ids of alerts */
    char *key;  /* packed map */
    size_t key_len;
    struct cel_value by[RULES_BY_MAX]; /* texts point into by_text */
    char *by_text;
    entry **entries;       /* one list for each selection */
    entry *open;           /* those of the fact that is being offered */
    struct newest *newest; /* while a large one fires; else NULL */
    totals *totals;
    struct tally **tallies; /* of large selections, else NULL; NULL: of none */
    uint32_t stale; /* selections whose totals must be counted anew */
    uint32_t entries_count;
    uint32_t round;
    entry *gone;
    life_state state;
    int64_t since_ns;
    uint32_t number; /* of the last alert that fired */
    alert_text *alert;
    record *basis; /* firing though `when` is false: what it last stood on */
    record *records;
    uint32_t records_count;
    struct group *heir; /* takes its life over: the fact it is about was replaced */
    uint64_t *causes;   /* of the corrections of this round; RULES_CAUSES_MAX when allocated */
    uint32_t causes_count;
    uint32_t held; /* see held.c */
    bool dirty, corrected;
} group;

/* ---- dispatch ----------------------------------------------------------------------- */

#define DISPATCH_FIELDS_MAX 3
#define DISPATCH_SHAPES_MAX 48

/* One selection of one rule, as the index knows it. */
typedef struct atom {
    rule *rule;
    uint8_t selection;
} atom;

typedef struct shape {
    uint8_t slots[DISPATCH_FIELDS_MAX];
    bool contains[DISPATCH_FIELDS_MAX];
    size_t count;
    uint32_t *atoms; /* of all keys, each key's together */
    size_t atoms_count;
    /* A hash table. Of most facts no key is in it, which the tags tell: a byte for each place, 0 where it is
     * empty, so that of a hundred thousand keys a page or two are touched and not cold memory for each. */
    uint8_t *tags;
    struct posting {
        uint64_t key;
        uint32_t first, count;
    } * postings;
    size_t postings_size;
} shape;

typedef struct dispatch_kind {
    shape *shapes;
    size_t shapes_count;
    uint32_t *always; /* atoms without constants */
    size_t always_count;
    bool wanted;
} dispatch_kind;

/* ---- the view of one fact ----------------------------------------------------------- */

#define VIEW_SLOTS_MAX 96

typedef struct kind_fields {
    size_t count;
    fact_field fields[VIEW_SLOTS_MAX];
    fact_type types[VIEW_SLOTS_MAX];
    const char *names[VIEW_SLOTS_MAX];
    uint8_t slots[FIELD_COUNT_]; /* of each field; VIEW_SLOTS_MAX: the kind does not have it */
} kind_fields;

/* The things that one of the distinct aggregates counts of the open fact, as hashes. */
typedef struct view_things {
    bool known;
    uint16_t count;
    size_t first; /* in the view's hashes */
} view_things;

/* The values of a fact, fetched once each, and what follows from them for every rule alike. */
typedef struct fact_view {
    uint64_t serial; /* counts the facts that were opened */
    facts *facts;
    fact_handle handle;
    fact_kind kind;
    int64_t now_ns;
    uint64_t
        of_known; /* it says what was known then (facts_read_known), and serves the next record of it; 0: does not */
    const kind_fields *fields;
    uint64_t known[(VIEW_SLOTS_MAX + 63) / 64];
    struct cel_value values[VIEW_SLOTS_MAX];
    struct view_block *blocks; /* lists of this fact, newest first; one is kept for the next */
    uint64_t id_hash;          /* 0: not asked for yet */
    view_things things[AGG_DISTINCT_COUNT];
    uint64_t *hashes;
    size_t hashes_count, hashes_capacity;
    const rule *key_of; /* the key below is that of the fact in rules with this `by`; NULL: of none */
    msgpack_sbuffer key;
    uint64_t key_hash;
    bool no_memory;
} fact_view;

/* ---- the set ------------------------------------------------------------------------ */

typedef struct noted {
    fact_change change;
    uint32_t causes_first, from_first;
} noted;

/* A fact to which reports of another went in this round: it says now what they said. */
typedef struct successor {
    fact_node *of;
    fact_handle to;
    uint32_t next; /* of the same one, from 1; 0: the last */
} successor;

/* The last number of an alert of a rule that the set no longer holds: should it come back, numbers go on from there. */
typedef struct past {
    char *rule;
    uint32_t number;
} past;

struct rules {
    rules_limits limits;
    char **files;
    size_t files_count;
    rule **rules; /* in order of id */
    size_t rules_count, rules_capacity;
    table ids; /* hash of an id to its rule */
    rule *limit_rule;
    kind_fields kinds[FACT_KIND_COUNT];
    struct cel_env *envs[FACT_KIND_COUNT];
    struct cel_evaluator *evaluator;

    /* state; all empty before rules_replace */
    facts *facts;
    rules_sink sink;
    int64_t now_ns;
    uint64_t known; /* facts_number when it was evaluated last */
    bool batch;     /* what is evaluated is a batch: all that was due at now_ns has acted before it */
    int failed; /* -errno of a change that could not be noted */
    atom *atoms;
    size_t atoms_count;
    dispatch_kind dispatch[FACT_KIND_COUNT];
    uint64_t *seen; /* by atom: the round of matching in which it was offered the fact */
    uint64_t seen_round;
    uint32_t *matched;
    size_t matched_count, matched_capacity;
    table fact_nodes;
    table groups;
    past *pasts;
    size_t pasts_count, pasts_capacity;
    entry *spare; /* entries without distinct things, to be used again */
    size_t spare_count;
    deadlines deadlines;
    group **heirs; /* groups with an heir, while changes are taken in */
    size_t heirs_count, heirs_capacity;
    group **dirty;
    size_t dirty_count, dirty_capacity;
    record *touched;
    rule **full; /* rules that reached a limit and were not told of */
    size_t full_count, full_capacity;
    noted *noted;
    size_t noted_count, noted_capacity;
    uint64_t *noted_numbers; /* of what was noted: causes, and facts from which reports came */
    size_t noted_numbers_count, noted_numbers_capacity;
    successor *successors; /* of this round */
    size_t successors_count, successors_capacity;
    struct listing *listings; /* what alerts list of facts, in this round */
    uint64_t listing_round;
    uint64_t shares; /* counts the facts that share grounds */
    fact_view view;
    msgpack_sbuffer key; /* scratch of group_get */
    uint64_t *scratch;   /* for counting distinct hashes */
    uint32_t *links;     /* as many: which of them are one person */
    size_t scratch_size;
    uint64_t firing_count;
    uint64_t held;     /* bytes of entries, groups, records and alerts */
    const char *ended; /* the reason that a reload gives to what it ends, or NULL */
};

#endif
