/*
 * state.h - the one object `facts` and the records in it, and what everything above does with them: tables, marks,
 * numbers. The headers of incidents/, entities/, ledger/ and fields/ say the rest.
 *
 * Words: an *item* is what clustering moves as one: a group of several reports, or a report that
 * is alone. A *key* holds the items of one (kind, country, ...) and the incidents they form. A
 * *node* is one id (of persons or parties) or name with the reports that mention it, an *entity*
 * the nodes that reports tie together: a person or a measure.
 *
 * Memory: index 0 of every table is a dummy that may be written to. When memory runs out, f->failed
 * is set, what could not be stored is dropped, and the call from outside returns the error: the
 * state can no longer be trusted, but no part of it is unsafe to walk.
 */
#ifndef FACTS_INTERNAL_H
#define FACTS_INTERNAL_H

#include <bsd/sys/tree.h>

#include "facts/facts.h"
#include "facts/memory/array.h"
#include "facts/memory/index.h"
#include "facts/memory/slabs.h"
#include "facts/memory/symbols.h"
#include "facts/state/reports.h"

/* What a sanctions step does; the discriminator of its key. */
typedef enum effect { EFFECT_TIGHTENING = 1, EFFECT_RELIEF, EFFECT_REMOVAL, EFFECT_NONE } effect;

#define DAY_NS 86400000000000LL

/* The day (UTC) of an instant. */
static inline int64_t day_of(int64_t at_ns)
{
    return at_ns == TIME_UNKNOWN ? TIME_UNKNOWN : at_ns / DAY_NS - (at_ns % DAY_NS < 0);
}

#define CAUSES_MAX 64u
#define REVISIONS_MAX 64u /* of one report, that are followed back */

/* ---- items -------------------------------------------------------------------------- */

#define ITEM_GROUP 0x80000000u /* set: index into groups; else the number of a report */
typedef uint32_t item;

typedef struct span {
    int64_t start_ns, end_ns; /* start TIME_UNKNOWN: no date */
} span;

typedef enum item_class { ITEM_UNDATED = 0, ITEM_WIDER, ITEM_VAGUE, ITEM_SHARP } item_class;

typedef struct digest digest;
typedef struct listed listed; /* listed.h */

typedef struct group {
    numbers members; /* reports; empty: the group is free */
    numbers naming;  /* symbols of sources that bear an `incident` name in it, in order */
    uint32_t key_index, incident;
    uint32_t representative; /* a report */
    span date;
    uint8_t class;  /* item_class */
    bool placed;    /* stands in its key's lists */
    bool settled;   /* stood in its incident when that was settled, and has not left since */
    digest *digest; /* of the dates of its reports; NULL: few, or all of a date, or nothing came since one left */
} group;

/* ---- keys and incidents ------------------------------------------------------------- */

/* Why something changed in this batch: a report that is news, and all those that correct. */
typedef struct causes {
    uint32_t news;
    numbers corrections;
} causes;

/* What the votes of a set of reports come to: FACTS.md, section 3. */
typedef struct counted {
    bool has_count, disagrees;
    bool has_winner, has_bound;
    bool known;          /* until counted_close: something that is not rumoured gives a number */
    bool rumoured_range; /* until counted_close: the exact votes, if there are any, are rumoured, and decide nothing */
    uint64_t count, low, high;
    uint64_t winner; /* of the exact, else the about votes */
    uint64_t bound;  /* greatest lower bound */
} counted;

#define COUNT_MAX ((uint64_t)INT64_MAX) /* the greatest count that a report may state; sums stop there */

static inline uint64_t count_sum(uint64_t a, uint64_t b)
{
    return a < COUNT_MAX - b ? a + b : COUNT_MAX;
}

/* What voices say of the day: all dates overlap; only those that are each voice's own (items.c); not even those. */
typedef enum days_said { DAYS_AGREE, DAYS_DIFFER, DAYS_DISAGREE } days_said;

typedef struct summary {
    counted votes;
    span occurred;
    uint32_t dated_by; /* a report that gives this date, for its precision */
    uint8_t status, detail;
    uint8_t days; /* days_said */
    bool late, largest, announced;
    uint8_t forms;                    /* the set of those that its reports give: 1 << (form - 1) */
    bool names, destination, program; /* one of its reports names persons or parties; a destination; a program */
    int64_t first_reported_ns, last_reported_ns, acted_at_ns;
    uint32_t earliest;   /* the report whose identity names the incident */
    uint32_t latest;     /* the latest report */
    bool act, announces; /* of a sanction: holds an act; holds an announcement */
    bool targets;        /* of a sanction: parties are named, and counted */
    bool categories;     /* one of its reports is on a part `category=...` */
    uint32_t reports_count;
    uint64_t id;          /* the 16 digits */
    uint64_t members;     /* a sum over the numbers of its reports */
    uint64_t fingerprint; /* as it was told last */
} summary;

/* What of an incident of sharp items decides which vague and wider ones belong to it. */
typedef struct outline {
    span date;
    uint64_t count;  /* of its items alone */
    uint32_t naming; /* a hash of who bears a name in it */
    bool known, has_count;
} outline;

typedef struct incident {
    RB_ENTRY(incident) node;      /* in its key's tree, by opener */
    struct incident *prev, *next; /* its neighbours in that order */
    int64_t start_ns;             /* least start of its items; beside the links: the way down the tree reads no more */
    item opener;
    uint32_t key_index;
    numbers items;                /* sharp items; of an incident of vague groups those; an undated one */
    numbers joined;               /* vague and wider items that stand in it beside */
    digest *digest;               /* of its reports; NULL: few, or one left since */
    listed *listed;               /* NULL: few reports, or not asked for since one left */
    digest *sharp_digest; /* the same of `items` alone, where vague items stand beside many; NULL: not asked for yet */
    uint32_t items_settled, joined_settled; /* those behind came since it was settled ... */
    numbers grown;                          /* ... and these reports, into groups that stood in it ... */
    bool whole;                             /* ... unless an item left since: then all of it is news */
    numbers naming;                         /* sources that bear a name in its items, in order */
    uint32_t index;
    uint8_t class; /* item_class of its items */
    bool used, dirty, correction, sharp_valid, sharp_has_count;
    int64_t span_end_ns;           /* greatest end of its items */
    outline outlined;              /* as it was when vague items were placed last */
    uint64_t sharp_count;          /* over its items alone, where sharp_valid */
    uint32_t loose_naming;         /* while vague items are placed: the last that joined bearing a name */
    fact_handle handle;            /* 0: not told of yet */
    summary now;
    uint32_t told_count; /* reports in it when it was last settled */
    uint32_t heir_of;    /* the object whose fact it goes on to be: itself, or one that ended */
    bool announcement;   /* of a sanction: holds no act beside it; stands in its key's list */
    causes why;
} incident;

RB_HEAD(incident_tree, incident);

typedef struct key {
    uint8_t kind, discriminator; /* grace, stage or effect */
    char country[2];
    uint32_t authority; /* symbol */
    struct incident_tree sharp;
    incident *first; /* of the tree */
    uint32_t sharp_count;
    numbers loose;          /* vague and wider items, in order */
    span loose_changed[16]; /* where they must be placed anew */
    uint32_t loose_changed_count;
    int64_t loose_longest_ns; /* no loose item is longer */
    uint32_t groups;          /* that stand in it: their reports may be dated far from them */
    numbers vague_incidents;  /* in order of opening */
    numbers undated;          /* items */
    numbers announcements;    /* incidents of a sanction that hold no act beside them */
    incident *hot;            /* took the last item, or may take the next */
    bool loose_dirty;
    bool vague_left; /* an item left one of the vague incidents */
} key;

/* ---- entities ----------------------------------------------------------------------- */

typedef struct mention {
    uint32_t report;
    uint32_t party; /* which element of its persons, targets or sectors */
} mention;

/* Within which strings mean the same. */
typedef enum scope_kind {
    SCOPE_PERSON = 1, /* ids of persons of a country */
    SCOPE_MEASURE,    /* objects of sanctions of a country and authority */
    SCOPE_PARTY,      /* parties of a country, whatever the authority: for their names */
    SCOPE_NAME,       /* printed names of persons of a country */
    SCOPE_NAMES,      /* whole sets of printed names within a clustering key */
    SCOPE_INCIDENT    /* `incident` names within a clustering key */
} scope_kind;

typedef struct scope {
    uint8_t kind; /* scope_kind */
    char country[2];
    uint32_t detail; /* authority, or index of the clustering key */
} scope;

typedef struct node {
    uint64_t hash;
    uint32_t scope, string; /* index; symbol */
    mention *mentions;      /* of living reports, in order of (start, report, party) */
    uint64_t sum;           /* of hashes of them: other mentions, another sum */
    uint32_t count, capacity;
    uint32_t entity;
    bool found; /* while what hangs together is gathered (ties.c), else false */
} node;

/* What reports on a measure say: those that say the same are one step. */
typedef struct measure_step {
    int64_t start_ns, ends_ns; /* ends TIME_UNKNOWN: not said */
    uint32_t program;          /* symbol */
    uint32_t reports;
    uint16_t days;        /* that its date spans from its start, where they are several; 0: within a day */
    uint16_t days_before; /* that `~` widens it by, before its start */
    uint16_t asked_back;  /* how many steps before it that one stood of which `asked` says */
    uint8_t action;
    bool idle : 1;     /* a removal that removes nothing (still_listed.h), where that is known of the entity */
    bool blunt : 1;    /* said more exactly by another (blunt.h), where its course was run */
    bool echo : 1;     /* told again of what came to an end since (echoes.h), known as `idle` is */
    uint8_t asked : 2; /* whether one who says it told something since another step (echoes.c): teller_said */
} measure_step;

#define NAMED_BY_NONE UINT32_MAX /* no report prints a name of it */

typedef struct entity {
    numbers nodes;
    measure_step *steps; /* of a measure, in their order */
    uint32_t steps_count, steps_capacity;
    bool timed;       /* stands in facts.timed */
    bool steps_known; /* else they are to be read from its reports */
    bool idle_known;  /* else it is to be found out which of them are idle */
    uint32_t scope;
    bool used, dirty, correction;
    bool torn; /* stands in facts.torn_entities */
    fact_handle handle;
    uint64_t fingerprint, id;
    uint32_t named_by;   /* the report whose printed name is its name; 0: to be looked for; NAMED_BY_NONE */
    uint64_t name_hash;  /* of that name */
    int64_t deadline_ns; /* when it changes by itself; INT64_MAX: never */
    causes why;
} entity;

/* ---- tallies, feeds, producers ------------------------------------------------------ */

typedef struct tally {
    uint64_t hash;
    uint32_t country, voice; /* country index; symbol */
    numbers reports;         /* living */
    fact_handle handle;
    uint64_t fingerprint, id;
    bool used, dirty, correction;
    uint8_t state;   /* tally_state, as it was last settled ... */
    uint32_t latest; /* ... and the report that speaks for it */
    causes why;
} tally;

typedef struct feed {
    uint64_t id;
    uint32_t source, country; /* symbol; country index */
    uint32_t living;          /* reports */
    int64_t first_at_ns, last_at_ns;
    numbers words;     /* living reports of kind feed */
    numbers producers; /* that number its reports */
    fact_handle handle;
    uint64_t fingerprint;
    bool dirty, correction;
    causes why;
} feed;

typedef struct number_range {
    uint64_t first, last;
} number_range;

typedef struct producer {
    uint32_t name;
    number_range *ranges; /* of its numbers, in order, apart */
    uint32_t count, capacity;
    uint64_t numbers; /* how many they hold: as many as lack between the first and the last are holes */
    uint64_t repeats;
    numbers feeds;
} producer;

/* The incidents of a country and kind that counted more than every one before them, in order of
 * (start, count). */
typedef struct record_step {
    int64_t start_ns;
    uint64_t count;
    uint32_t incident; /* its index; 0: a dropped one */
} record_step;
typedef struct records {
    record_step *steps;
    uint32_t count, capacity;
} records;

/* What is asked of a whole country. */
typedef struct country {
    char code[2];
    bool dirty;         /* its releases or detentions changed: tallies are compared anew ... */
    int64_t changed_ns; /* ... that count what began then or later */
    numbers keys;       /* clustering keys */
    numbers tallies, feeds, scopes;
    records records[THAW_DETENTION + 1]; /* by kind: release, detention */
} country;

/* From this report on (until the next entry) reports became known at this instant. */
typedef struct known_from {
    uint32_t number;
    int64_t at_ns;
} known_from;

/* ---- what was dropped (retain.c) ---------------------------------------------------- */

/* What is left of dropped incidents: of one, or (id 0) of several of one day together. */
typedef struct result {
    uint64_t id, count, low, high, largest; /* largest: greatest count among them */
    int64_t start_ns;                       /* of its date; TIME_UNKNOWN: undated */
    thaw_date date;                         /* as it was stated */
    uint32_t incidents;
    uint32_t authority; /* symbol */
    uint16_t forms;     /* bits, by thaw_form */
    uint8_t kind, discriminator, status;
    bool has_count;
    char country[2];
} result;

/* A dropped report is still known. */
typedef struct identity {
    thaw_hash key;
    uint64_t content, seq;
    int64_t known_at_ns;
} identity;

/* What a report that is about to come leads to (ahead.c); a guess, 0 where there is none. */
typedef struct foreseen {
    thaw_hash key;                  /* of the report */
    uint32_t source, feed, cluster; /* symbol; indexes of its feed and its clustering key */
    incident *incident;             /* opened last before its date; by now it may have ended, its memory stays */
} foreseen;

/* How far the list of a report's parties was gone along; a guess for who asks next. */
typedef struct party_place {
    uint32_t report, party;
    const uint8_t *list; /* its first element: the list is the same one */
    thaw_list rest;      /* from that party on */
} party_place;
#define PARTY_PLACES 16u

/* ---- the whole ---------------------------------------------------------------------- */

struct facts {
    slabs incident_slabs;
    facts_config config;
    uint32_t steps; /* since the last breath */
    fact_change_fn on_change;
    void *context;
    int64_t now_ns;
    int failed;                          /* 0 or -ENOMEM */
    uint16_t fields_known[FIELD_COUNT_]; /* a bit for each kind of fact that has the field */

    symbols *symbols;
    reports *reports;
    uint64_t kept;            /* bytes of what is known of sources, producers and countries */
    uint64_t held, base_held; /* bytes of everything derived; of the empty tables */
    uint64_t duplicates, conflicts, living;

    /* Reports are numbered 1, 2, 3 ... inside; those that outlived a retention had a greater number
     * before, which is theirs to the outside. */
    uint64_t *seqs; /* of the reports 1 ... seqs_count */
    uint32_t seqs_count, seqs_capacity;
    uint64_t seq_base;  /* that of the report seqs_count + n is seq_base + n */
    int64_t horizon_ns; /* reports dated before are refused; INT64_MIN: none */
    result *results;
    identity *dropped;
    uint32_t results_count, results_capacity, dropped_count, dropped_capacity;
    hash_index dropped_index;

    country *countries;
    uint16_t country_places[26 * 26];
    key *keys;
    group *groups;
    incident **incidents;
    scope *scopes;
    node *nodes;
    entity *entities;
    tally *tallies;
    feed *feeds;
    producer *producers;
    uint32_t countries_count, countries_capacity, keys_count, keys_capacity, groups_count, groups_capacity;
    uint32_t incidents_count, incidents_capacity, scopes_count, scopes_capacity, nodes_count, nodes_capacity;
    uint32_t entities_count, entities_capacity, tallies_count, tallies_capacity, feeds_count, feeds_capacity;
    uint32_t producers_count, producers_capacity;
    uint32_t feeds_last, keys_last; /* asked for last, or likely to be next; 0: none */
    foreseen ahead[FACTS_AHEAD];    /* of reports that are about to come, in their order */
    uint32_t ahead_count, ahead_at;
    numbers groups_free, incidents_free, nodes_free, entities_free, tallies_free;
    hash_index keys_index, scopes_index, nodes_index, tallies_index, feeds_index, producers_index, handles;
    hash_index names_ids; /* of a node of SCOPE_NAMES the ids that reports of it may bear (aliases.c) */
    uint64_t next_serial;
    uint32_t handled[FACT_KIND_COUNT]; /* how many facts there are, by kind */
    known_from *known;
    uint32_t known_count, known_capacity;

    /* what facts_settle has to look at */
    numbers dirty_keys, dirty_incidents, dirty_entities, dirty_tallies, dirty_feeds, dirty_countries;
    numbers fresh_reports, gone_reports; /* facts of kind report; of the gone pairs (report, cause) */
    numbers incidents_spare;             /* of the dirty ones those that came and ended without having been told of */
    numbers revising;      /* of the fresh ones those that took the place of another; while things settle */
    numbers torn_entities; /* whose mentions are being taken away by a report that goes */
    numbers parties_met;   /* nodes of the parties that it, or one that comes, names ... */
    numbers parties_tied;  /* ... and of those that it names by several ids */
    numbers torn_groups;                 /* a report of theirs went: not placed until they are put together again */
    numbers corrected;                   /* pairs (country, cause): releases and detentions there were corrected */
    int64_t deadline_ns;                 /* least of the entities' */
    numbers timed;                       /* entities with a deadline */
    hash_index nodes_were; /* hash of a node that moved or went in this batch, to the entity of a fact that it was of */

    const uint8_t *only;    /* NULL, or a plan: what measures and persons would be without the rest */
    uint64_t known_at;      /* 0, or only what was known then is read (known.h) ... */
    fact_handle known_fact; /* ... and of this fact it is known whether it was there, and its summary */
    summary known_summary;
    bool known_any;
    bool full;      /* see facts_bound */
    bool unbound;   /* see facts_unbound */
    bool restoring; /* what outlived a retention is taken in again: feeds know of it already */
    uint32_t cause; /* number of the report that is being taken in */
    bool cause_corrects;

    party_place parties[PARTY_PLACES];
    thaw_str *lists[FACTS_LISTS_LIVE]; /* answers of facts_get */
    uint32_t lists_next;
    char *list_texts[FACTS_LISTS_LIVE]; /* strings that the lists point to and that stand nowhere else */
    char texts[FACTS_LISTS_LIVE][64];   /* single strings that are made up: ids */
    uint32_t texts_next;
    numbers work_entities; /* scratch of report_entities */
    numbers work_reports;  /* scratch of summary.c and facts.c */
};

/* ---- small things (tables.c) -------------------------------------------------------- */

/* Appends; on lack of memory sets f->failed. */
void add(facts *f, numbers *list, uint32_t value);
void put(facts *f, numbers *list, uint32_t value);      /* unless it is there */
void numbers_unique(numbers *list);                     /* in order, each once */
/* Of a list in that order. */
bool numbers_have(const numbers *list, uint32_t value);
void numbers_insert(facts *f, numbers *list, uint32_t value); /* unless it is there */

/* Numbers in the order in which they came, each once: found at once, however many they are. */
typedef struct number_set {
    numbers list;
    hash_index places; /* position + 1, where they are many */
} number_set;
void set_put(facts *f, number_set *set, uint32_t value);
void set_done(facts *f, number_set *set);
/* The next free place of a table ([0] taken): its index, or 0 and f->failed. */
uint32_t grow(facts *f, void **table, uint32_t *count, uint32_t *capacity, size_t size);

fact_handle handle_new(facts *f, fact_kind kind, uint32_t object);
void handle_move(facts *f, fact_handle handle, uint32_t from, uint32_t to);
void handle_drop(facts *f, fact_handle handle, uint32_t object);
uint32_t handle_object(const facts *f, fact_handle handle); /* 0: no such fact */

/* Notes the report being taken in as a cause. */
void causes_note(facts *f, causes *why);
/* Tells of a change and clears *why. */
void tell(facts *f, fact_change_type type, fact_handle handle, bool correction, causes *why);
/* The same of a fact to which reports came from others. */
typedef struct arrivals {
    fact_handle replaces; /* the one whose place it takes, or 0 */
    const fact_handle *from;
    uint32_t from_count;
} arrivals;
void tell_arrivals(facts *f, fact_change_type type, fact_handle handle, const arrivals *a, bool correction,
                   causes *why);

uint32_t country_index(facts *f, const char code[2]); /* made if need be */
country *country_of(facts *f, const char code[2]);
uint32_t country_find(const facts *f, const char code[2]); /* 0: never heard of */
uint32_t scope_index(facts *f, scope_kind kind, const char code[2], uint32_t detail, bool make);

/* Name order, and "later" (FACTS.md, section 1): < 0, 0, > 0. */
int report_name_compare(const facts *f, uint32_t a, uint32_t b);
int report_later_compare(const facts *f, uint32_t a, uint32_t b);
/* Which of two votes was reported first (unknown times last). */
bool vote_reported_first(const facts *f, uint32_t a, uint32_t b);
static inline report *report_of(const facts *f, uint32_t number)
{
    return reports_at(f->reports, number);
}
static inline span report_span(const report *r)
{
    return (span){r->start_ns, r->start_ns == TIME_UNKNOWN ? TIME_UNKNOWN : report_end_ns(r)};
}
static inline bool span_overlaps(span a, span b)
{
    return a.start_ns < b.end_ns && b.start_ns < a.end_ns;
}
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccdu;
    return x ^ (x >> 32);
}
/* Spreads a number over all bits; each step can be undone, so that different numbers stay different. */
static inline uint64_t scramble(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}
/* Asks for the lines of an object that is needed soon. NULL is fine. */
static inline void fetch_ahead(const void *object, size_t bytes)
{
    for (size_t at = 0; object && at < bytes; at += 64)
        __builtin_prefetch((const char *)object + at);
}
static inline uint64_t key_hash(uint8_t kind, const char code[2], uint8_t discriminator, uint32_t authority)
{
    return mix((uint64_t)kind << 32 | (uint64_t)discriminator << 16 | (uint64_t)(uint8_t)code[0] << 8 |
                   (uint8_t)code[1],
               authority);
}
static inline uint64_t feed_hash(uint32_t source, uint32_t country_index_)
{
    return mix(source, country_index_);
}
/* Forms of release that are no act of grace, as bits by thaw_form. None given is taken for grace. */
enum { FORMS_WITHOUT_GRACE = 1 << THAW_SENTENCE_SERVED };
_Static_assert(THAW_FORM_COUNT <= 16, "sets of forms are kept in 16 bits");
/* What parts the keys of one kind and country: grace, stage or effect. */
uint8_t event_discriminator(const thaw_event *event);

/* The item that a report is (its own number) or is in; 0: none. */
static inline item report_item(const facts *f, uint32_t number)
{
    const report *r = report_of(f, number);
    return r->placed == PLACED_ALONE ? number : r->placed == PLACED_IN_GROUP ? r->place | ITEM_GROUP : 0;
}
/* Index of the incident that an item stands in; 0: none. */
static inline uint32_t item_incident(const facts *f, item it)
{
    if (it & ITEM_GROUP)
        return f->groups[it & ~ITEM_GROUP].incident;
    const report *r = report_of(f, it);
    return r->placed == PLACED_ALONE ? r->place : 0;
}

/* ---- what facts_settle has to look at (marks.c) ------------------------------------- */

void incident_touch(facts *f, incident *inc); /* something in it changed, or what others mean for it */
void entity_mark(facts *f, uint32_t index);
/* Vague and wider items of the key need to be placed anew, only those that what changed there may concern. */
void key_mark_loose(facts *f, uint32_t key_index, span where);
#define SPAN_ALL ((span){INT64_MIN, INT64_MAX})

/* ---- numbers of reports (numbers.c) ------------------------------------------------- */

/* From this report on, reports became known at this instant; false: no memory. */
bool known_note(facts *f, uint32_t number, int64_t at_ns);
int64_t report_known_at(const facts *f, uint32_t number);
uint64_t report_seq(const facts *f, uint32_t number);
uint32_t report_of_seq(const facts *f, uint64_t seq);        /* 0: dropped, or none yet */
const identity *dropped_find(const facts *f, thaw_hash key); /* NULL: none */

#endif
