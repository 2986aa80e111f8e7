/*
 * sources.c - the sources of an incident, kept from when they are first asked for: an alert lists those of up to 64
 * incidents each time that one of them changes.
 */
#include "facts/incidents/incidents.h"

/* The first that does not stand before it. */
static uint32_t source_place(const facts *f, const numbers *sources, uint32_t source)
{
    uint32_t low = 0, high = sources->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sources->at[middle] != source && symbols_compare(f->symbols, sources->at[middle], source) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void source_insert(facts *f, numbers *sources, uint32_t source)
{
    uint32_t at = source_place(f, sources, source);
    if (at < sources->count && sources->at[at] == source)
        return;
    add(f, sources, source);
    if (f->failed)
        return;
    for (uint32_t i = sources->count - 1; i > at; i--)
        sources->at[i] = sources->at[i - 1];
    sources->at[at] = source;
}

void incident_sources_take_in(facts *f, incident *inc, const numbers *news)
{
    for (uint32_t i = 0; inc->sources_known && i < news->count; i++)
        source_insert(f, &inc->sources, report_of(f, news->at[i])->source);
}

void incident_sources_forget(facts *f, incident *inc)
{
    numbers_done(&inc->sources, &f->held);
    inc->sources_known = false;
}

const numbers *incident_sources(facts *f, incident *inc)
{
    if (inc->sources_known)
        return &inc->sources;
    numbers all = {0};
    incident_reports(f, inc, true, &all);
    inc->sources_known = true;
    incident_sources_take_in(f, inc, &all);
    numbers_done(&all, &f->held);
    return &inc->sources;
}
