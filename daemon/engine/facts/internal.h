/*
 * internal.h - what the parts of facts/ share: the one object `facts` and the records in it.
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

#include "array.h"
#include "facts.h"
#include "index.h"
#include "slabs.h"
#include "reports.h"
#include "symbols.h"

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

typedef struct group {
    numbers members; /* reports; empty: the group is free */
    numbers naming;  /* symbols of sources that bear an `incident` name in it, in order */
    uint32_t key_index, incident;
    uint32_t representative; /* a report */
    span date;
    uint8_t class; /* item_class */
    bool placed;   /* stands in its key's lists */
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
    uint64_t count, low, high;
    uint64_t winner; /* of the exact, else the about votes */
    uint64_t bound;  /* greatest lower bound */
} counted;

#define COUNT_MAX ((uint64_t)INT64_MAX) /* the greatest count that a report may state; sums stop there */

static inline uint64_t count_sum(uint64_t a, uint64_t b)
{
    return a < COUNT_MAX - b ? a + b : COUNT_MAX;
}

typedef struct summary {
    counted votes;
    span occurred;
    uint32_t dated_by; /* a report that gives this date, for its precision */
    uint8_t status, detail;
    bool days_disagree, late, largest, announced;
    int64_t first_reported_ns, last_reported_ns, acted_at_ns;
    uint32_t earliest;   /* the report whose identity names the incident */
    uint32_t latest;     /* the latest report */
    bool act, announces; /* of a sanction: holds an act; holds an announcement */
    bool targets;        /* of a sanction: parties are named, and counted */
    uint32_t reports_count;
    uint64_t id;          /* the 16 digits */
    uint64_t members;     /* a sum over the numbers of its reports */
    uint64_t fingerprint; /* as it was told last */
} summary;

typedef struct digest digest; /* digest.h */

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
    numbers items;                /* sharp items; of an incident of vague groups those; an undated one */
    numbers joined;               /* vague and wider items that stand in it beside */
    digest *digest;               /* of its reports; NULL: few, or one left since */
    digest *sharp_digest; /* the same of `items` alone, where vague items stand beside many; NULL: not asked for yet */
    uint32_t items_settled, joined_settled; /* those behind came since it was settled ... */
    bool whole;                             /* ... unless an item left since: then all of it is news */
    numbers naming;                         /* sources that bear a name in its items, in order */
    uint32_t key_index, index;
    item opener;
    uint8_t class; /* item_class of its items */
    bool used, dirty, correction, sharp_valid, sharp_has_count;
    int64_t start_ns, span_end_ns; /* of its items: least start, greatest end */
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
    incident *hot;            /* took the last item */
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
} node;

/* What reports on a measure say: those that say the same are one step. */
typedef struct measure_step {
    int64_t start_ns, ends_ns; /* ends TIME_UNKNOWN: not said */
    uint32_t program;          /* symbol */
    uint32_t reports;
    uint8_t action;
} measure_step;

typedef struct entity {
    numbers nodes;
    measure_step *steps; /* of a measure, in their order */
    uint32_t steps_count, steps_capacity;
    bool timed;       /* stands in facts.timed */
    bool steps_known; /* else they are to be read from its reports */
    uint32_t scope;
    bool used, dirty, correction;
    fact_handle handle;
    uint64_t fingerprint, id;
    uint32_t named_by;   /* the report whose printed name is its name; 0: to be looked for */
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
    bool dirty;   /* its releases or detentions changed: tallies are compared anew */
    numbers keys; /* clustering keys */
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

/* ---- the whole ---------------------------------------------------------------------- */

struct facts {
    slabs incident_slabs;
    facts_config config;
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
    uint32_t feeds_last; /* asked for last; 0: none */
    numbers groups_free, incidents_free, nodes_free, entities_free, tallies_free;
    hash_index keys_index, scopes_index, nodes_index, tallies_index, feeds_index, producers_index, handles;
    uint64_t next_serial;
    known_from *known;
    uint32_t known_count, known_capacity;

    /* what facts_settle has to look at */
    numbers dirty_keys, dirty_incidents, dirty_entities, dirty_tallies, dirty_feeds, dirty_countries;
    numbers fresh_reports, gone_reports; /* facts of kind report; of the gone pairs (report, cause) */
    int64_t deadline_ns;                 /* least of the entities' */
    numbers timed;                       /* entities with a deadline */

    const uint8_t *only; /* NULL, or a plan: what measures and persons would be without the rest */
    bool restoring;      /* what outlived a retention is taken in again: feeds know of it already */
    uint32_t cause;      /* number of the report that is being taken in */
    bool cause_corrects;

    thaw_str *lists[FACTS_LISTS_LIVE]; /* answers of facts_get */
    uint32_t lists_capacity[FACTS_LISTS_LIVE], lists_next;
    char *list_texts[FACTS_LISTS_LIVE]; /* strings that the lists point to and that stand nowhere else */
    char texts[FACTS_LISTS_LIVE][64];   /* single strings that are made up: ids */
    uint32_t texts_next;
    numbers work_entities; /* scratch of report_entities */
    numbers work_reports;  /* scratch of incidents.c */
};

/* ---- small things (facts.c) --------------------------------------------------------- */

/* Appends; on lack of memory sets f->failed. */
/* Gives back the memory of derived tables; only while nothing lives. */
void facts_release(facts *f);
void add(facts *f, numbers *list, uint32_t value);
void put(facts *f, numbers *list, uint32_t value); /* unless it is there */
void numbers_unique(numbers *list);                /* in order, each once */
/* The next free place of a table ([0] taken): its index, or 0 and f->failed. */
uint32_t grow(facts *f, void **table, uint32_t *count, uint32_t *capacity, size_t size);

fact_handle handle_new(facts *f, fact_kind kind, uint32_t object);
void handle_move(facts *f, fact_handle handle, uint32_t from, uint32_t to);
void handle_drop(facts *f, fact_handle handle, uint32_t object);
uint32_t handle_object(const facts *f, fact_handle handle); /* 0: no such fact */

/* Notes the report being taken in as a cause. */
void causes_note(facts *f, causes *why);
/* Tells of a change and clears *why. */
void tell(facts *f, fact_change_type type, fact_handle handle, fact_handle replaces, bool correction, causes *why);

uint32_t country_index(facts *f, const char code[2]); /* made if need be */
country *country_of(facts *f, const char code[2]);
uint32_t country_find(const facts *f, const char code[2]); /* 0: never heard of */
uint32_t scope_index(facts *f, scope_kind kind, const char code[2], uint32_t detail, bool make);

/* Name order, and "later" (FACTS.md, section 1): < 0, 0, > 0. */
int report_name_compare(const facts *f, uint32_t a, uint32_t b);
int report_later_compare(const facts *f, uint32_t a, uint32_t b);
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
/* What parts the keys of one kind and country: grace, stage or effect. */
uint8_t event_discriminator(const thaw_event *event);

/* ---- items (items.c) ---------------------------------------------------------------- */

/* The item that a report is (its own number) or is in; 0: none. */
static inline item report_item(const facts *f, uint32_t number)
{
    const report *r = report_of(f, number);
    return r->placed == PLACED_ALONE ? number : r->placed == PLACED_IN_GROUP ? r->place | ITEM_GROUP : 0;
}
void report_set_item(facts *f, uint32_t number, item it);
span item_span(const facts *f, item it);
static inline int64_t item_start(const facts *f, item it)
{
    return it & ITEM_GROUP ? f->groups[it & ~ITEM_GROUP].date.start_ns : report_of(f, it)->start_ns;
}
uint32_t item_representative(const facts *f, item it);
item_class item_class_of(const facts *f, item it);
uint32_t item_incident(const facts *f, item it);
void item_set_incident(facts *f, item it, uint32_t incident);
const numbers *item_naming(const facts *f, item it); /* NULL: none */
int item_compare(const facts *f, item a, item b);    /* order of the sweep */
void items_sort(facts *f, uint32_t *items, uint32_t count);
/* The reports of an item, appended to a list. */
void item_reports(facts *f, item it, numbers *list);
/* Computes date, representative, class and naming of a group from its members. */
void group_measure(facts *f, group *g);
/* The date of a set of reports, a report that gives it (0: none has a date), and whether two voices give dates that
 * do not overlap (each its latest dated report); wider reports give none unless asked for. */
span date_of(facts *f, const uint32_t *numbers_, uint32_t count, bool wider, uint32_t *ret_report, bool *ret_disagree);

/* ---- groups (groups.c) -------------------------------------------------------------- */

/* A living report of a clustering kind comes in or goes: finds its item and places it, and mends the
 * groups of others that it ties or parts. */
void groups_enter(facts *f, uint32_t number, const thaw_event *event);
void groups_leave(facts *f, uint32_t number, const thaw_event *event);
/* Whether another living report of its group bears its `incident` name. */
bool incident_name_shared(facts *f, uint32_t number);

/* ---- keys, sweep and loose items (sweep.c, loose.c) --------------------------------- */

/* The key of that sort, 0 where there is none; and one that is made if need be. */
uint32_t key_find(const facts *f, uint8_t kind, const char country_code[2], uint8_t discriminator, uint32_t authority);
uint32_t key_index_of(facts *f, uint8_t kind, const char country_code[2], uint8_t discriminator, uint32_t authority);
void item_place(facts *f, uint32_t key_index, item it);
void item_unplace(facts *f, uint32_t key_index, item it);
/* Vague and wider items of the key need to be placed anew, which facts_settle does first. */
void key_mark_loose(facts *f, uint32_t key_index, span where); /* only those that what changed there may concern */
#define SPAN_ALL ((span){INT64_MIN, INT64_MAX})
void loose_put(facts *f, uint32_t key_index, item it);
void loose_settle(facts *f);

incident *incident_new(facts *f, uint32_t key_index, item opener);
/* Ends an incident that holds nothing any more. */
void incident_end(facts *f, incident *inc);
void incident_mark(facts *f, incident *inc);  /* something in it changed */
void incident_touch(facts *f, incident *inc); /* only what others mean for it */
/* Puts an item into / takes it out of the list of an incident, keeping its outline. */
void incident_take_in(facts *f, incident *inc, item it);
void incident_came(facts *f, incident *inc, item it); /* an item came into one of its lists ... */
void incident_left(facts *f, incident *inc);          /* ... or is about to leave one: all is summed up anew */
void incident_undigest(facts *f, incident *inc);      /* its digests end, for now */
incident *incidents_next(incident *inc);              /* in the order of sharp ones; NULL at the end */
incident *incidents_first(key *k);
incident *incidents_from(const key *k, int64_t start_ns); /* first that opened then or later */
bool naming_conflict(const numbers *a, const numbers *b);

/* ---- counts (counts.c) -------------------------------------------------------------- */

void count_reports(facts *f, const uint32_t *numbers_, uint32_t count, counted *ret_counted);
/* Of those on one part (a symbol) alone, as a whole of their own. */
void count_part(facts *f, const uint32_t *numbers_, uint32_t count, uint32_t part, counted *ret_counted);
/* Which of two votes was reported first (unknown times last). */
bool vote_reported_first(const facts *f, uint32_t a, uint32_t b);
/* For each dimension of `part` the sum of the counts of its values is a lower bound. */
void counted_raise_by_parts(facts *f, counted *c, const uint32_t parts[], const uint64_t counts[], uint32_t count);
/* A further lower bound; and the count that follows from winner and bounds (has_count until then: whether
 * low and high are set). */
void counted_raise(counted *c, uint64_t bound);
void counted_close(counted *c);
/* repeats.c: whether one more report leaves what an incident's reports come to as it is: its votes (of which a bound
 * may be kept that no longer holds, where the count is above it anyway), its date; and what then follows. */
bool votes_repeat(const facts *f, const summary *s, uint32_t number);
bool date_repeats(const facts *f, const summary *s, uint32_t number);
void date_repeat(const facts *f, summary *s, uint32_t number);
/* All reports of an incident, appended; wider ones too if asked for. */
void incident_reports(facts *f, const incident *inc, bool wider, numbers *list);

/* ---- incidents (incidents.c) -------------------------------------------------------- */

void incidents_settle(facts *f);
/* Asks for what settling the next dirty incidents behind i needs. */
void incidents_ahead(const facts *f, uint32_t i);
/* largest.c, acts.c: what one incident's change means for others of the country. `before` is what it was. */
void largest_settle(facts *f, incident *inc, const summary *before);
typedef struct acts_news {
    const uint32_t *changed; /* incidents of one country and authority that changed */
    uint32_t count;
    bool lost; /* more may have happened to them than that they grew */
} acts_news;
void acts_settle(facts *f, const acts_news *news);
uint32_t announcement_act(facts *f, const incident *announced); /* the report of the act that closed it, or 0 */
bool sanction_is_act(const report *r);
/* Where totals count it: an approximate date where it is stated, for its span may begin in the year before. */
int64_t incident_stated_start(facts *f, const incident *inc);
void incident_id_text(const facts *f, const incident *inc, char text[40]);

/* ---- nodes and entities (nodes.c) ---------------------------------------------------------- */

uint32_t node_find(const facts *f, uint32_t scope, thaw_str string);
/* Adds a report's mention of these strings; with tie, the strings become one entity. Returns the node of the first;
 * what is taken away has none any more: 0. */
uint32_t mention_add(facts *f, uint32_t scope, const thaw_str strings[], uint32_t count, mention m, bool tie);
uint32_t mention_take(facts *f, uint32_t scope, const thaw_str strings[], uint32_t count, mention m, bool tie);
/* First place in the node's mentions at or behind (start, report). */
uint32_t node_place(const facts *f, const node *n, int64_t start_ns, uint32_t report);
void entity_mark(facts *f, uint32_t index);
/* Every mention under an entity, sorted by (start, report, party), each once; into two lists. */
void entity_mentions(facts *f, const entity *e, numbers *reports_, numbers *parties);
/* Whether it would be one still, and not several, were there only the reports marked with 1; `whole`: by all its ids. */
bool entity_hangs_together(facts *f, const entity *e, const uint8_t *only, bool whole);
/* Two entities become one, the larger, which is returned; the other ends when things settle. They may be one already. */
uint32_t entities_join(facts *f, uint32_t a, uint32_t b);
/* Parts an entity whose ties may have gone: what hangs together stays together. */
void entity_part(facts *f, uint32_t index);
/* ---- parties of all authorities (links.c) ------------------------------------------- */

/* The strings (symbols) of the party that a node of SCOPE_PARTY is of (0: none), appended where they are several. */
void links_strings(facts *f, uint32_t node_, numbers *strings);
/* The nodes of a measure's scope that are of the same party as this one of them, into the list. */
void links_tied(facts *f, uint32_t node_, numbers *list);
/* A report on the party of that node came: its measures are one under each authority. One went: those that bear
 * several of these strings may be several. */
void links_join(facts *f, const char country_code[2], uint32_t node_);
void links_part(facts *f, const char country_code[2], const numbers *strings);
/* ---- what a report names (parties.c) ------------------------------------------------ */

/* The nodes that one mention ties together, put into a list. */
void mention_nodes(facts *f, uint32_t scope, mention m, numbers *list);
/* Entity of one element of a report's persons, targets or sectors; 0: none. */
uint32_t mention_entity(facts *f, uint32_t scope, mention m);
/* Entities of all elements of a report, appended. */
void report_entities(facts *f, uint32_t number, numbers *list);
/* That element itself; views into the report's text. */
bool mention_party(const facts *f, mention m, thaw_party *ret_party);
/* A target of type `sector` with a name: the sector of that name, and no party. */
bool party_is_sector(const thaw_party *party);
/* The scope of a report's entities; 0: none. */
uint32_t report_scope(facts *f, const report *r, const thaw_event *event, bool make);
uint32_t measure_scope(facts *f, const report *r, bool make); /* of a sanction */
/* How many persons, of a sanction targets, a report names: what is known by one string is one. */
uint32_t parties_named(facts *f, const thaw_event *event);
void parties_enter(facts *f, uint32_t number, const thaw_event *event);
void parties_leave(facts *f, uint32_t number, const thaw_event *event);

/* ---- persons, measures, tallies, feeds ---------------------------------------------- */

void entities_settle(facts *f);

/* A person as the reports show them; an entity of SCOPE_PERSON. */
typedef enum person_status {
    PERSON_UNKNOWN,
    PERSON_RELEASED,
    PERSON_DEPORTED,
    PERSON_DETAINED,
    PERSON_REDETAINED
} person_status;
typedef struct person_view {
    person_status status;
    int64_t since_ns; /* TIME_UNKNOWN: not known */
    uint32_t releases, detentions;
    bool contradiction;
} person_view;
void person_look(facts *f, const entity *e, person_view *ret_view);
const char *person_status_name(person_status status); /* NULL: unknown */

/* A measure as it stands; an entity of SCOPE_MEASURE. */
typedef enum measure_state {
    MEASURE_NONE,
    MEASURE_PROPOSED,
    MEASURE_IN_FORCE,
    MEASURE_LICENSED,
    MEASURE_SUSPENDED,
    MEASURE_DELISTED,
    MEASURE_LIFTED,
    MEASURE_EXPIRED
} measure_state;
typedef struct measure_view {
    measure_state state;
    int64_t since_ns, expires_ns; /* TIME_UNKNOWN: none */
    int64_t next_ns;              /* when it next may change by itself; TIME_UNKNOWN: never */
} measure_view;
void measure_look(facts *f, entity *e, int64_t now_ns, measure_view *ret_view);
/* The same now, of only the reports that a plan keeps (retain.c). */
void measure_look_at(facts *f, const entity *e, const uint8_t *only, measure_view *ret_view);
/* Called for each report on the measure, in order, with what it is after it. */
typedef void (*measure_told_fn)(void *context, uint32_t report, const measure_view *after);
void measure_tell(facts *f, const entity *e, measure_told_fn on_step, void *context);
/* A report came to it or went; and where others did too (entities joined or parted): all is read anew. */
void measure_came(facts *f, entity *e, uint32_t number);
void measure_went(facts *f, entity *e, uint32_t number);
void measure_forget(facts *f, entity *e);
const char *measure_state_name(measure_state state); /* NULL: none */

/* The name an entity is shown by: printed in its earliest report, else its least id without prefix. */
thaw_str entity_name(facts *f, uint32_t index);
uint32_t measure_party(facts *f, const entity *e); /* its entity of SCOPE_PARTY, 0: it is no party */
/* The sector (s) or program (p) that the measure is on; absent where it is on something else. */
thaw_str measure_object(const facts *f, const entity *e, char letter);

/* One incident as a line of the ledger of a country. */
typedef struct ledger_line {
    int64_t start_ns;          /* of an approximate date where it is stated, without what `~` adds */
    uint64_t count, low, high; /* low and high with the count in between */
    uint64_t id;
    uint32_t incidents;
    uint16_t forms; /* bits, by thaw_form; with has_parts once scanned */
    bool scanned, has_parts;
    uint8_t status;
    incident *inc;         /* NULL: a dropped one */
    const result *dropped; /* NULL: a living one */
} ledger_line;
/* The dated and undated incidents of a country and kind in order of start (undated first); the
 * caller frees *ret_lines. Returns how many; f->failed on lack of memory. */
uint32_t ledger_collect(facts *f, uint32_t country_index_, uint8_t kind, ledger_line **ret_lines);
bool line_has_parts(facts *f, ledger_line *l); /* a report on a part stands in it */

/* What a tally states and how it compares. */
typedef enum tally_state {
    TALLY_AGREES = 1,
    TALLY_STALE,
    TALLY_OTHER,
    TALLY_DIFFERS,
    TALLY_NOT_COMPARABLE
} tally_state;
typedef struct ledger_total {
    uint64_t low, count, high;
} ledger_total;
typedef struct tally_view {
    uint32_t report; /* the latest */
    tally_state state;
    ledger_total ledger; /* over the same definition; only where it is comparable */
} tally_view;
const char *tally_state_name(tally_state state);
/* The lines of a country, by kind, collected once for all that look at them: begins as {0}. */
typedef struct ledger_lines {
    ledger_line *at;
    uint32_t count, country; /* country 0: none yet */
} ledger_lines;
typedef struct ledger_pages {
    ledger_lines of[THAW_DETENTION + 1];
} ledger_pages;
ledger_lines *pages_lines(facts *f, ledger_pages *pages, uint32_t country_, uint8_t kind);
void pages_done(ledger_pages *pages);
void tally_look(facts *f, const tally *t, ledger_pages *pages, tally_view *ret_view);
/* Which releases a definition takes by their forms; the last three leave out those of no known form. */
typedef enum reading {
    READING_STATED, /* every one, or with a form given: those that state it, others in doubt */
    READING_GRACE,  /* all but sentences served */
    READING_WITH,   /* those that state the form ... */
    READING_ONLY    /* ... and no other */
} reading;
/* Definition of a total: which incidents count, and how. */
typedef struct definition {
    int64_t from_ns, from_latest_ns, to_ns; /* from_latest: of a vague beginning */
    uint8_t form;                           /* thaw_form, 0: all */
    reading reading;
    thaw_str category;
} definition;
/* What a line counts for under a category, if anything; and whether it stands in the time of a definition. */
bool line_counts(facts *f, ledger_line *l, thaw_str category, ledger_total *ret_total);
bool line_is_in(const ledger_line *l, const definition *d);
/* Whether a reading takes what states these forms, line_forms(); ret_doubt: perhaps. */
bool forms_fit(uint16_t forms, reading reading, uint8_t form, bool *ret_doubt);
uint16_t line_forms(facts *f, ledger_line *l);
/* What lines come to, apart by the forms that they state: any reading of a total adds some of these up. */
enum { FORM_SETS = 1 << THAW_FORM_OTHER };
typedef struct form_sums {
    ledger_total of[FORM_SETS]; /* by line_forms() >> 1 */
    uint8_t sets[FORM_SETS];    /* the places that hold something */
    bool holds[FORM_SETS];
    uint32_t count;
} form_sums;
void form_sums_make(facts *f, const ledger_lines *lines, const definition *d, form_sums *ret_sums);
ledger_total form_sums_read(const form_sums *sums, reading reading, uint8_t form);
void total_add(ledger_total *sum, const ledger_total *one);
const char *reading_name(reading reading);
/* What a tally's report states; false where it lacks what it takes to be compared. And of which kind. */
bool tally_definition(facts *f, const report *r, definition *ret);
uint8_t tally_kind(facts *f, const report *r);
/* definitions.c: others than the stated one, of the same time, under which the lines come to just `stated`. Up to
 * `max` are put into list; returns how many. */
uint32_t definitions_fitting(facts *f, const ledger_lines *lines, const definition *d, uint64_t stated,
                             definition *list, uint32_t max);
/* The same of any beginning, the stated definition included, but of no other category. */
uint32_t definitions_since(facts *f, const ledger_lines *lines, const definition *d, uint64_t stated, definition *list,
                           uint32_t max);

void tally_enter(facts *f, uint32_t number, const thaw_event *event);
void tally_leave(facts *f, uint32_t number, const thaw_event *event);
void tallies_settle(facts *f);
void feed_note(facts *f, uint32_t number, const thaw_event *event); /* every accepted report, once */
void feed_enter(facts *f, uint32_t number, const thaw_event *event);
void feed_leave(facts *f, uint32_t number, const thaw_event *event);
void feeds_settle(facts *f);
uint64_t feed_holes(const facts *f, const feed *fd);
bool feed_is_broken(const facts *f, const feed *fd);
uint64_t producer_holes(const producer *p);
/* As they were before a retention; ranges as bytes of number_range. */
void producer_restore(facts *f, thaw_str name, uint64_t repeats, const uint8_t *ranges, uint32_t count);
uint32_t feed_restore(facts *f, thaw_str source, const char code[2], int64_t first_at_ns, int64_t last_at_ns);
void feed_restore_producer(facts *f, uint32_t feed_index_, uint64_t producer_index_);

/* ---- what was dropped (retain.c, results.c) ----------------------------------------- */

int64_t report_known_at(const facts *f, uint32_t number); /* facts.c */
uint64_t report_seq(const facts *f, uint32_t number);
uint32_t report_of_seq(const facts *f, uint64_t seq);        /* 0: dropped, or none yet */
const identity *dropped_find(const facts *f, thaw_hash key); /* NULL: none */
/* Called for each result of a country and kind. */
void result_add(facts *f, const result *r);
int64_t result_stated_start(const result *r); /* of an approximate date where it is stated */
/* Notes the records that dropped incidents set; called while nothing lives. */
void results_set_records(facts *f);
void record_step_note(facts *f, country *c, uint8_t kind, int64_t start_ns, uint64_t count); /* largest.c */

/* ---- fields (get.c, get_report.c) --------------------------------------------------- */

/* The latest report of an incident that states FIELD_EXPIRES_AT, _EXPECTED_BY or _EXPECTED_COUNT; false: none does. */
bool incident_latest_event(facts *f, const incident *inc, fact_field field, thaw_event *ret_event);
void report_get(facts *f, uint32_t number, fact_field field, fact_value *ret);
/* The reports under a fact, the first reported first, each once; appended. */
void fact_reports_list(facts *f, fact_handle handle, numbers *list);

#endif
