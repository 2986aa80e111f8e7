/*
 * known.c - reading facts as they were known: from the reports that had come by then, as they are told now.
 * What has been withdrawn is not there, and what was revised says what it says now; what came later and says
 * otherwise is left out, unless it has taken the place of what was known.
 */
#include "known.h"

#include "clusters.h"
#include "entities.h"

void facts_read_known(facts *f, uint64_t number)
{
    f->known_at = number;
    f->known_fact = 0;
}

static bool was_known(facts *f, uint32_t number)
{
    if (report_seq(f, number) <= f->known_at)
        return true;
    uint64_t before = facts_takes_back(f, number);
    return before && before <= f->known_at;
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

static bool measure_stands(facts *f, fact_handle handle)
{
    measure_view v;
    measure_look(f, &f->entities[handle_object(f, handle)], f->now_ns, &v);
    return v.state != MEASURE_NONE;
}

/* Where all of its reports were known, an incident reads as it is. */
static bool incident_was_there(facts *f, const incident *inc)
{
    numbers list = {0};
    incident_reports(f, inc, true, &list);
    bool any = list.count > 0;
    f->known_summary = inc->now;
    if (any && list.count < inc->now.reports_count)
        summary_of_reports(f, &list, &f->known_summary);
    numbers_done(&list, &f->held);
    return any;
}

static bool entity_was_there(facts *f, fact_handle handle)
{
    numbers list = {0};
    fact_reports_list(f, handle, &list);
    bool any = list.count > 0 && (fact_handle_kind(handle) == FACT_PERSON || measure_stands(f, handle));
    numbers_done(&list, &f->held);
    return any;
}

bool fact_is_read(facts *f, fact_handle handle)
{
    fact_kind kind = fact_handle_kind(handle);
    if (!f->known_at || kind == FACT_TALLY || kind == FACT_FEED || kind == FACT_REPORT)
        return true;
    if (f->known_fact == handle)
        return f->known_any;
    f->known_fact = handle;
    f->known_any = kind == FACT_PERSON || kind == FACT_MEASURE
                       ? entity_was_there(f, handle)
                       : incident_was_there(f, f->incidents[handle_object(f, handle)]);
    return f->known_any;
}
