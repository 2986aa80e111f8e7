/*
 * ledger.h - the incidents of a country as lines of its ledger, totals over them, tallies and feeds.
 */
#ifndef FACTS_LEDGER_H
#define FACTS_LEDGER_H

#include "facts/state/state.h"

/* ---- what was dropped (results.c) --------------------------------------------------- */

void result_add(facts *f, const result *r);
int64_t result_stated_start(const result *r); /* of an approximate date where it is stated */
/* Adds up the older half, each with those of the same day that are like it. */
void results_fold(facts *f);
/* Notes the records that dropped incidents set; called while nothing lives. */
void results_set_records(facts *f);

/* ---- lines (lines.c) ----------------------------------------------------------------- */

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
/* Which releases a definition takes by their forms; the last two leave out those of no known form. */
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
enum { FORM_SETS = 1 << (THAW_FORM_COUNT - 1) };
typedef struct form_sums {
    ledger_total of[FORM_SETS]; /* by line_forms() >> 1 */
    uint16_t sets[FORM_SETS];   /* the places that hold something */
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
void producer_heard(facts *f, const thaw_event *event); /* the number of a report that is not taken in */
void producer_not_heard(facts *f, const thaw_event *event); /* ... which it takes out again */
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

#endif
