/* was_there.c - whether a fact was there while facts are read as they were known (known.h). */
#include "facts/entities/entities.h"
#include "facts/fields/fields.h"
#include "facts/incidents/incidents.h"

static bool measure_was_there(facts *f, fact_handle handle)
{
    measure_view v;
    measure_look(f, &f->entities[handle_object(f, handle)], f->now_ns, &v);
    return v.state != MEASURE_NONE;
}

/* Where all of its reports were known, an incident reads as it is, but for the act that closed it: that may stand in
 * another that was not. */
static bool incident_was_there(facts *f, const incident *inc)
{
    numbers list = {0};
    incident_reports(f, inc, true, &list);
    bool any = list.count > 0;
    f->known_summary = inc->now;
    if (any && list.count < inc->now.reports_count)
        summary_of_reports(f, &list, &f->known_summary);
    if (any)
        announcement_read(f, inc, &f->known_summary);
    numbers_done(&list, &f->held);
    return any;
}

static bool entity_was_there(facts *f, fact_handle handle)
{
    numbers list = {0};
    fact_reports_list(f, handle, &list);
    bool any = list.count > 0 && (fact_handle_kind(handle) == FACT_PERSON || measure_was_there(f, handle));
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
