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

bool fact_is_read(facts *f, fact_handle handle)
{
    fact_kind kind = fact_handle_kind(handle);
    if (!f->known_at || kind == FACT_TALLY || kind == FACT_FEED || kind == FACT_REPORT)
        return true;
    if (f->known_fact == handle)
        return f->known_any;
    numbers list = {0};
    fact_reports_list(f, handle, &list);
    f->known_fact = handle;
    f->known_any = list.count > 0 && (kind != FACT_MEASURE || measure_stands(f, handle));
    if (f->known_any && kind != FACT_PERSON && kind != FACT_MEASURE) {
        f->known_summary = f->incidents[handle_object(f, handle)]->now;
        summary_of_reports(f, &list, &f->known_summary);
    }
    numbers_done(&list, &f->held);
    return f->known_any;
}
