/*
 * listed.h - what an incident of many reports says, as lists that are kept from when they are first asked for: its
 * sources, and whom its reports name.
 *
 *   asked ─► listed_new(), all reports of the incident ─► the list
 *   settled with reports that came ─► listed_came() ─► they are read when the list is asked for again
 *   a report leaves ─► listed_free()
 *
 * An alert lists the sources of up to 64 incidents whenever one of them changes, and a watchlist asks for names at each
 * report: both would read all reports of an incident each time. Of few reports (facts_config.digest_min) nothing is kept.
 */
#ifndef FACTS_LISTED_H
#define FACTS_LISTED_H

#include "facts/state/state.h"

struct listed {
    numbers reports; /* all, wider ones too, in the order in which they came */
    numbers sources; /* of the first sources_taken, in order of their strings */
    thaw_str *named; /* strings that the first named_taken name, in order, each once; views of their texts */
    uint32_t named_count, named_capacity;
    uint32_t sources_taken, named_taken;
};

/* NULL and f->failed on lack of memory. */
listed *listed_new(facts *f);
listed *listed_free(facts *f, listed *l); /* NULL is fine */
void listed_came(facts *f, listed *l, const numbers *news);

/* Symbols of the sources of all its reports, in order of their strings. */
const numbers *listed_sources(facts *f, listed *l);
/* Takes in what all reports behind named_taken name: sorted, each once. */
void listed_name(facts *f, listed *l, const thaw_str names[], uint32_t count);

#endif
