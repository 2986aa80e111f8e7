/*
 * incidents.h - how reports become incidents: items, groups, the sweep of a key, vague items, counts.
 */
#ifndef FACTS_CLUSTERS_H
#define FACTS_CLUSTERS_H

#include "facts/state/state.h"

/* ---- items (items.c) ---------------------------------------------------------------- */

void report_set_item(facts *f, uint32_t number, item it);
span item_span(const facts *f, item it);
static inline int64_t item_start(const facts *f, item it)
{
    return it & ITEM_GROUP ? f->groups[it & ~ITEM_GROUP].date.start_ns : report_of(f, it)->start_ns;
}
item_class item_class_of(const facts *f, item it);
void item_set_incident(facts *f, item it, uint32_t incident);
const numbers *item_naming(const facts *f, item it); /* NULL: none */
bool item_bears_name(const facts *f, item it);
int item_compare(const facts *f, item a, item b);    /* order of the sweep */
void items_sort(facts *f, uint32_t *items, uint32_t count);
/* The reports of an item, appended to a list. */
void item_reports(facts *f, item it, numbers *list);
/* What the place of a group hangs on. */
typedef struct group_place {
    span date;
    uint32_t representative;
    item_class class;
    uint32_t named_by; /* a source that bears an `incident` name in it and did not before; 0: none */
} group_place;
/* Computes date, representative, class and naming of a group from its members. */
void group_measure(facts *f, group *g);
/* What it stands by now that this member has come, which it does not take over: group_stand() does. */
group_place group_grown(facts *f, group *g, uint32_t number);
bool group_stands(const facts *f, const group *g, const group_place *s); /* where it did, among sharp ones */
void group_stand(facts *f, group *g, const group_place *s);

/* ---- the date of a set of reports (dates.c) ----------------------------------------- */

/* The shorter, then the earlier first: which of two dates is the better known. */
int spans_order(span a, span b);
/* What dates have in common. */
typedef struct overlap {
    int64_t start_ns, end_ns;
} overlap;
static const overlap overlap_any = {INT64_MIN, INT64_MAX};
static inline void overlap_add(overlap *o, span date)
{
    o->start_ns = date.start_ns > o->start_ns ? date.start_ns : o->start_ns;
    o->end_ns = date.end_ns < o->end_ns ? date.end_ns : o->end_ns;
}
days_said days_of(const overlap *all, const overlap *own); /* of all dates, and of those that are each voice's own */
/* The date of a set of reports, the first in name order that gives it (0: none has a date), and what their voices say of
 * the day (days_said); wider reports give no date unless asked for. */
span date_of(facts *f, const uint32_t *numbers_, uint32_t count, bool wider, uint32_t *ret_report, uint8_t *ret_days);

/* ---- groups (groups.c) -------------------------------------------------------------- */

/* A living report of a clustering kind comes in or goes: finds its item and places it, and mends the
 * groups of others that it ties or parts. */
void groups_enter(facts *f, uint32_t number, const thaw_event *event);
void groups_leave(facts *f, uint32_t number, const thaw_event *event);
/* Puts together again what others left; before incidents are settled. */
void groups_settle(facts *f);
/* Whether another living report of its group bears its `incident` name. */
bool incident_name_shared(facts *f, uint32_t number);

/* ---- keys (keys.c) ------------------------------------------------------------------ */

/* The key of that sort, 0 where there is none; and one that is made if need be. */
uint32_t key_find(const facts *f, uint8_t kind, const char country_code[2], uint8_t discriminator, uint32_t authority);
uint32_t key_index_of(facts *f, uint8_t kind, const char country_code[2], uint8_t discriminator, uint32_t authority);
incident *incidents_next(incident *inc); /* in the order of sharp ones; NULL at the end */
incident *incidents_first(key *k);
incident *incidents_from(const key *k, int64_t start_ns); /* first that opened then or later */
/* Puts an incident behind `before` (NULL: in front of all). */
void incidents_insert(key *k, incident *inc, incident *before);
void incidents_remove(key *k, incident *inc);

/* ---- one incident (incident.c) ------------------------------------------------------ */

incident *incident_new(facts *f, uint32_t key_index, item opener);
/* Ends an incident that holds nothing any more. */
void incident_end(facts *f, incident *inc);
/* Puts an item into / takes it out of the list of an incident, keeping its outline. */
void incident_take_in(facts *f, incident *inc, item it);
void incident_came(facts *f, incident *inc, item it); /* an item came into one of its lists ... */
void incident_left(facts *f, incident *inc);          /* ... or is about to leave one: all is summed up anew */
/* A report came into a group of sharp date that goes on standing in it. */
void incident_grow(facts *f, incident *inc, const group *g, uint32_t number);
void incident_undigest(facts *f, incident *inc);      /* its digests end, for now */
bool naming_conflict(const numbers *a, const numbers *b);
/* All reports of an incident, appended; wider ones too if asked for. */
void incident_reports(facts *f, const incident *inc, bool wider, numbers *list);
/* Where totals count it: an approximate date where it is stated, for its span may begin in the year before. */
int64_t incident_stated_start(facts *f, const incident *inc);
void incident_id_text(const facts *f, const incident *inc, char text[40]);
/* Asks for what settling the next dirty incidents behind i needs. */
void incidents_ahead(const facts *f, uint32_t i);

/* ---- where items stand (sweep.c, loose.c, placing.c) --------------------------------- */

void item_place(facts *f, uint32_t key_index, item it);
void item_unplace(facts *f, uint32_t key_index, item it);
void loose_put(facts *f, uint32_t key_index, item it);
/* Places the vague and wider items that key_mark_loose concerned; before incidents are settled. */
void loose_settle(facts *f);

/* ---- counts (counts.c) -------------------------------------------------------------- */

/* Whether it counts just the persons (or targets) that it names: a part, where another votes for the whole or names more. */
bool report_counts_named(const report *r);
/* Which of two votes of one voice stands: one for the whole, else the one that names more, else the later one. */
int vote_stands_compare(const facts *f, uint32_t a, uint32_t b);
/* Order of report numbers for qsort_r: by voice, and of one voice the vote that stands first. */
int vote_order(const void *a, const void *b, void *f);
void count_reports(facts *f, const uint32_t *numbers_, uint32_t count, counted *ret_counted);
bool part_is_category(thaw_str part); /* `category=...` */
/* Of those on one part (a symbol) alone, as a whole of their own. */
void count_part(facts *f, const uint32_t *numbers_, uint32_t count, uint32_t part, counted *ret_counted);
/* For each dimension of `part` the sum of the counts of its values is a lower bound. */
void counted_raise_by_parts(facts *f, counted *c, const uint32_t parts[], const uint64_t counts[], uint32_t count);
/* A further lower bound; and the count that follows from winner and bounds (has_count until then: whether
 * low and high are set). */
void counted_raise(counted *c, uint64_t bound);
void counted_close(counted *c);
/* repeats.c: whether one more report leaves the votes of an incident, or its date, as they are (a bound may be kept
 * that no longer holds, where the count is above it anyway); date_repeat notes a report that leaves the date. */
bool votes_repeat(const facts *f, const summary *s, uint32_t number);
bool date_repeats(const facts *f, const summary *s, uint32_t number);
void date_repeat(const facts *f, summary *s, uint32_t number);

/* ---- what an incident comes to (summary.c) ------------------------------------------ */

/* What an incident's summary comes to over these reports alone; the list is worn out by it. */
void summary_of_reports(facts *f, numbers *list, summary *s);
/* Its reports that are news: all where something left, else those that came since. Stands until the next list is
 * asked for; single reports are listed in the incident already. */
numbers incident_news(facts *f, const incident *inc);
/* Brings inc->now up to date with what came, or with all of it. */
void incident_summarise(facts *f, incident *inc);

/* ---- all of them (settle.c) --------------------------------------------------------- */

void incidents_settle(facts *f);
/* identities.c: gives every touched object its id, and lets it take over the fact that bore this id. */
void identities_settle(facts *f);
/* succession.c: tells of all that were touched; the first `known` of them are those that identities_settle saw. */
void succession_settle(facts *f, uint32_t known);
/* largest.c, acts.c: what one incident's change means for others of the country. `before` is what it was. */
void largest_settle(facts *f, incident *inc, const summary *before);
void record_step_note(facts *f, country *c, uint8_t kind, int64_t start_ns, uint64_t count);
typedef struct acts_news {
    const uint32_t *changed; /* incidents of one country and authority that changed */
    uint32_t count;
    bool lost; /* more may have happened to them than that they grew */
} acts_news;
void acts_settle(facts *f, const acts_news *news);
uint32_t announcement_act(facts *f, const incident *announced); /* the report of the act that closed it, or 0 */
/* Of an announcement, as it is read (known.h): whether acts that are read have closed it. */
void announcement_read(facts *f, const incident *inc, summary *as);
bool sanction_is_act(const report *r);

#endif
