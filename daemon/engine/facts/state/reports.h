/*
 * reports.h - every report that was accepted: its identity, what clustering needs of it in fixed
 * fields, and its text (the event's own bytes) beside it.
 *
 *   identity table          reports, numbered 1, 2, 3 ...           text
 *   hash -> number  ──────► fixed records in chunks of 4096  ─────► 1 MiB blocks
 *
 * A report is never moved. A report that was withdrawn or replaced stays, marked; its identity
 * serves against repeats, its text `explain`.
 */
#ifndef FACTS_REPORTS_H
#define FACTS_REPORTS_H

#include <assert.h>

#include "saved.h"
#include "thaw.h"

#define TIME_UNKNOWN INT64_MIN

/* How a report stands among the items of its key. */
typedef enum report_placed { PLACED_NOT = 0, PLACED_ALONE, PLACED_IN_GROUP } report_placed;

typedef struct report {
    thaw_hash key;       /* of (source, id) */
    int64_t start_ns;    /* of its date; TIME_UNKNOWN: undated */
    int64_t reported_ns; /* start of reported_at, or TIME_UNKNOWN */
    const uint8_t *text; /* the event's map */
    uint64_t count;
    uint32_t text_bytes;
    uint32_t source, voice; /* symbols */
    uint32_t place;         /* by `placed`: its group, or the incident where it stands alone (0: nowhere) */
    uint32_t key_index;     /* of the clustering key; 0: makes no incident */
    union {
        uint32_t told;    /* of one that lives: the incident it stood in when facts were last settled */
        uint32_t dead_by; /* else the number of the report that withdrew or replaced it */
    };
    union {
        uint32_t part;   /* of one that covers a part: symbol of `part` */
        uint32_t object; /* of a sanction on one object: its node (objects_one) */
    };
    uint32_t id_at;                                /* where its id stands in the text */
    uint16_t parties;                              /* parties_named() */
    uint8_t kind : 4, status : 3, states_date : 1; /* states_date: `occurred_at`, and not only when it was reported */
    uint8_t count_is : 2, covers : 2, precision : 3, approximate : 1;
    uint8_t detail; /* form, action or stage */
    uint8_t has_count : 1, withdrawn : 1, replaced : 1, named : 1, on_people : 1, persons_named : 1, has_targets : 1,
        destination : 1;
    uint8_t id_bytes;
    union {
        struct {
            uint8_t told_as_fact : 1; /* rules know it as a fact of kind report */
            uint8_t placed : 2;       /* report_placed */
            uint8_t revises : 1;      /* it says that it replaces another */
            /* of a sanction */
            uint8_t has_program : 1, has_expiry : 1; /* it gives them */
            uint8_t objects_one : 1;                 /* on just one party, sector or program: `object` is set */
            uint8_t names_bare : 1;                  /* a target of it has a name and no ids */
        };
        struct {
            uint8_t : 4;
            uint8_t away : 1;        /* of a release: over a border */
            uint8_t of_detained : 1; /* of a tally */
        };
    };
} report;

typedef struct reports reports;

#define REPORTS_CHUNK 4096u
#define REPORTS_MAX (UINT32_MAX / 2) /* of which corrections may have a part more */

/* What every look at a report needs, in front of the whole object. */
typedef struct reports_table {
    report **chunks;
    uint32_t count;
} reports_table;

int reports_new(uint64_t reports_max, uint64_t bytes_max, reports **ret_reports);
reports *reports_free(reports *r);

/* The report of that number, which must exist. */
static inline report *reports_at(const reports *r, uint32_t number)
{
    const reports_table *t = (const reports_table *)r;
    assert(number >= 1 && number <= t->count);
    return &t->chunks[(number - 1) / REPORTS_CHUNK][(number - 1) % REPORTS_CHUNK];
}
uint32_t reports_count(const reports *r);
uint64_t reports_bytes(const reports *r);      /* fixed records and identity */
uint64_t reports_text_bytes(const reports *r); /* text blocks */

/* Number of the report with that identity, 0 if there is none. */
uint32_t reports_find(const reports *r, thaw_hash key);
void reports_prefetch(const reports *r, thaw_hash key);
/* Whether a limit is reached. What corrects a report that stands may go beyond it by one part in CORRECTIONS_PART (and
 * by one report): what is wrong can be put right when memory is full. */
#define CORRECTIONS_PART 16u
bool reports_full(const reports *r, uint32_t text_bytes, bool correction);
/* Appends a report with that identity and a copy of its text, whatever reports_full says; the rest is zero. -ENOSPC: there are
 * as many as numbers; -ENOMEM. */
int reports_append(reports *r, thaw_hash key, const uint8_t *text, uint32_t text_bytes, uint32_t *ret_number);

/* Living reports make facts. */
static inline bool report_lives(const report *r)
{
    return !r->withdrawn && !r->replaced;
}
static inline thaw_str report_id(const report *r)
{
    return (thaw_str){(const char *)r->text + r->id_at, r->id_bytes};
}
/* End of a report's date (which it must have). */
int64_t report_end_ns(const report *r);
/* The start of its date without what `~` widens it by. */
int64_t report_stated_ns(const report *r);
/* The event, decoded again from the text; views into the text. Facts that follow from one report
 * ask for it one after the other: those decoded last are at hand. */
void report_event(reports *all, const report *r, thaw_event *ret_event);
/* Until the next call (number 0: ends it), that report's event is this one: it need not be decoded. */
void reports_lend(reports *r, uint32_t number, const thaw_event *event);

/* References that wait for a report that is not known yet. */
typedef struct pending {
    thaw_hash key;
    uint32_t withdrawn_by, replaced_by; /* numbers, 0: not */
} pending;
/* The entry of an identity: NULL where there is none and `make` is false, or memory ran out. */
pending *reports_pending(reports *r, thaw_hash key, bool make);

/* ---- for an image (image_tables.h) -------------------------------------------------- *
 * Records and text are written as whole pages, and stay where they are read: what is read must begin
 * with a page of memory that is the caller's alone. From the first such page on it is owned by `r`, as
 * far as *in has moved when reports_get_pages returns. Failure shows in in->failed. */
void reports_put_image(const reports *r, saved_out *out);
void reports_put_pages(const reports *r, saved_out *out);
void reports_get_image(reports *r, saved_in *in); /* into one without reports */
void reports_get_pages(reports *r, saved_in *in);

#endif
