/*
 * lists.h - the parts of a country's ledger: what people are counted, and the rows of each list.
 */
#ifndef FACTS_STATE_LISTS_H
#define FACTS_STATE_LISTS_H

#include "facts/answers/rows.h"
#include "facts/answers/write.h"
#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"

/* What is asked of a country. */
typedef struct asked {
    facts *f;
    const char *code;
    uint32_t country;
    int64_t now_ns;
    ledger_pages pages;
    bool possible_cut; /* there are other pairs that may be one person */
} asked;

/* Totals of releases or detentions: all, by year, since a date, and rumours apart (totals.c). */
void write_people(facts *f, msgpack_packer *out, uint32_t country, uint8_t kind, const thaw_date *since);

/* A line for each country (countries.c). */
void write_countries(facts *f, const thaw_date *since, msgpack_packer *out);

/* Each packs its rows; lack of memory is in a->f->failed, or in the rows. */
void fill_measures(asked *a, rows *r); /* entries.c */
void fill_persons(asked *a, rows *r);
void fill_feeds(asked *a, rows *r);
void fill_open(asked *a, rows *r); /* disputes.c */
void fill_disagreements(asked *a, rows *r);
void fill_talks(asked *a, rows *r);    /* talks.c */
void fill_tallies(asked *a, rows *r);  /* tallies.c */
void fill_sources(asked *a, rows *r);  /* sources.c */
void fill_possible(asked *a, rows *r); /* possible.c */

/* A value of a fact; none is nil. */
void write_value(msgpack_packer *out, const fact_value *v);
/* The key of an incident's row: by the start of its date, the undated ones last. */
void key_incident(rows *r, const facts *f, const incident *inc);

#endif
