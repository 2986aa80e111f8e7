/*
 * known.c - reading facts as they were known: from the reports that had come by then, as they are told now.
 * What has been withdrawn is not there, and what was revised says what it says now; what came later and says
 * otherwise is left out, unless it has taken the place of what was known.
 */
#include "facts/state/known.h"

void facts_read_known(facts *f, uint64_t number)
{
    f->known_at = number;
    f->known_fact = 0;
}

/* Whether a report stood then: it had come, and nothing had withdrawn or replaced it. */
static bool stood(facts *f, uint32_t number)
{
    const report *r = report_of(f, number);
    return report_seq(f, number) <= f->known_at && (report_lives(r) || report_seq(f, r->dead_by) > f->known_at);
}

/* Whether a living report was known then: it had come, or it revises one that stood. */
static bool was_known(facts *f, uint32_t number)
{
    if (report_seq(f, number) <= f->known_at)
        return true;
    for (uint32_t steps = 0, at = report_before(f, number); at && steps < REVISIONS_MAX; steps++) {
        if (stood(f, at))
            return true;
        at = report_before(f, at);
    }
    return false;
}

bool report_is_read(facts *f, uint32_t number)
{
    return (!f->only || f->only[number] == 1) && (!f->known_at || was_known(f, number));
}

void reports_read(facts *f, numbers *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count && f->known_at; i++)
        if (was_known(f, list->at[i]))
            list->at[kept++] = list->at[i];
    list->count = f->known_at ? kept : list->count;
}

uint32_t report_before(facts *f, uint32_t number)
{
    const report *r = report_of(f, number);
    thaw_event event;
    if (r->kind != THAW_RETRACTION && !r->revises)
        return 0;
    report_event(f->reports, r, &event);
    thaw_str id = event.kind == THAW_RETRACTION ? event.retracts : event.revises;
    return id.data ? reports_find(f->reports, thaw_report_key(event.source, id)) : 0;
}

uint64_t facts_takes_back(facts *f, uint64_t number)
{
    uint32_t at = number && number <= reports_count(f->reports) ? report_before(f, (uint32_t)number) : 0, first = at;
    for (uint32_t steps = 0; at && steps < REVISIONS_MAX; steps++) { /* they may go in a circle */
        first = at < first ? at : first;
        at = report_before(f, at);
    }
    return first ? report_seq(f, first) : 0;
}
