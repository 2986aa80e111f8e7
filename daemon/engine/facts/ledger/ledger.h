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
    uint16_t forms;  /* bits, by thaw_form */
    bool categories; /* a report on a part `category=...` stands in it */
    uint8_t status;
    incident *inc;         /* NULL: a dropped one */
    const result *dropped; /* NULL: a living one */
} ledger_line;
/* The dated and undated incidents of a country and kind in order of start (undated first); the
 * caller frees *ret_lines. Returns how many; f->failed on lack of memory. */
uint32_t ledger_collect(facts *f, uint32_t country_index_, uint8_t kind, ledger_line **ret_lines);
typedef struct ledger_total {
    uint64_t low, count, high;
} ledger_total;
void total_add(ledger_total *sum, const ledger_total *one);
/* What a line counts for, if anything; where a report on it counts that part (symbol, 0: none) alone, that. */
bool line_counts(facts *f, ledger_line *l, uint32_t part, ledger_total *ret_total);
thaw_str part_category(thaw_str part); /* of `category=...` what is behind it */
/* The parts of a category that reports on a line with categories count, appended. */
void line_categories(facts *f, const ledger_line *l, numbers *parts);

/* ---- pages (pages.c) ----------------------------------------------------------------- */

typedef struct category_sums category_sums;
/* A part of a category, and a line where a report counts it. */
typedef struct line_part {
    uint32_t part, line;
} line_part;
/* The lines of a country, by kind, collected once for all that look at them: begins as {0}. */
typedef struct ledger_lines {
    ledger_line *at;
    uint32_t count, country; /* country 0: none yet */
    numbers categories;      /* lines_categories() */
    line_part *parts;        /* by which lines they are told, in order */
    uint32_t parts_count, parts_capacity;
    uint16_t forms; /* that any of them states */
    bool categories_known, forms_known;
    category_sums *sums; /* what the lines come to under those asked for last */
    uint32_t sums_count, sums_capacity, asked;
} ledger_lines;
typedef struct ledger_pages {
    ledger_lines of[THAW_DETENTION + 1];
} ledger_pages;
ledger_lines *pages_lines(facts *f, ledger_pages *pages, uint32_t country_, uint8_t kind);
void pages_done(facts *f, ledger_pages *pages);
/* The parts `category=...` that reports on the lines count, as symbols in the order of their text. */
const numbers *lines_categories(facts *f, ledger_lines *lines);
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
/* Whether a reading takes what states these forms; ret_doubt: perhaps. */
bool forms_fit(uint16_t forms, reading reading, uint8_t form, bool *ret_doubt);
/* What the lines come to under a category (none: data NULL); good until another is asked for. NULL: no memory. */
category_sums *lines_category(facts *f, ledger_lines *lines, thaw_str category);
/* ... and of those that a reading takes, up to each start. */
typedef struct running running;
const running *category_running(facts *f, ledger_lines *lines, category_sums *c, reading reading, uint8_t form);
/* What they come to in the time of a definition; whether they came to just `stated` before one of the starts in it, or
 * at its end: lines of one start are one. */
ledger_total running_total(const running *r, const definition *d);
bool running_passed(const running *r, const definition *d, uint64_t stated);
/* The beginnings from which on the lines come to just `stated` at an end: those after the one and up to the other. */
typedef struct beginnings {
    int64_t after_ns, until_ns;
} beginnings;
beginnings running_beginnings(const running *r, int64_t to_ns, uint64_t stated);
int64_t running_start_after(const running *r, int64_t at_ns); /* INT64_MAX: there is none */
ledger_total lines_total(facts *f, ledger_lines *lines, const definition *d);

/* ---- tallies (tallies.c, definitions.c) ---------------------------------------------- */

/* What a tally states and how it compares. */
typedef enum tally_state {
    TALLY_AGREES = 1,
    TALLY_STALE,
    TALLY_OTHER,
    TALLY_DIFFERS,
    TALLY_NOT_COMPARABLE
} tally_state;
typedef struct tally_view {
    uint32_t report; /* the latest */
    tally_state state;
    ledger_total ledger; /* over the same definition; only where it is comparable */
} tally_view;
const char *tally_state_name(tally_state state);
void tally_look(facts *f, const tally *t, ledger_pages *pages, tally_view *ret_view);
const char *reading_name(reading reading);
/* What a tally's report states; false where it lacks what it takes to be compared. And of which kind. */
bool tally_definition(facts *f, const report *r, definition *ret);
uint8_t tally_kind(facts *f, const report *r);
/* definitions.c: others than the stated one, of the same time, under which the lines come to just `stated`. Up to
 * `max` are put into list; returns how many. */
uint32_t definitions_fitting(facts *f, ledger_lines *lines, const definition *d, uint64_t stated, definition *list,
                             uint32_t max);
/* The same of any beginning, the stated definition included, but of no other category. */
uint32_t definitions_since(facts *f, ledger_lines *lines, const definition *d, uint64_t stated, definition *list,
                           uint32_t max);
void tally_enter(facts *f, uint32_t number, const thaw_event *event);
void tally_leave(facts *f, uint32_t number, const thaw_event *event);
void tallies_settle(facts *f);

/* ---- feeds (feeds.c) ----------------------------------------------------------------- */

void feed_note(facts *f, uint32_t number, const thaw_event *event); /* every accepted report, once */
void producer_heard(facts *f, const thaw_event *event); /* the number of a report that is not taken in */
void producer_not_heard(facts *f, const thaw_event *event); /* ... which it takes out again */
void feed_enter(facts *f, uint32_t number, const thaw_event *event);
void feed_leave(facts *f, uint32_t number, const thaw_event *event);
void feeds_settle(facts *f);
uint64_t feed_holes(const facts *f, const feed *fd);
bool feed_is_broken(facts *f, const feed *fd);
uint64_t producer_holes(const producer *p);
/* As they were before a retention; ranges as bytes of number_range. */
void producer_restore(facts *f, thaw_str name, uint64_t repeats, const uint8_t *ranges, uint32_t count);
uint32_t feed_restore(facts *f, thaw_str source, const char code[2], int64_t first_at_ns, int64_t last_at_ns);
void feed_restore_producer(facts *f, uint32_t feed_index_, uint64_t producer_index_);

#endif
