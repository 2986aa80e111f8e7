/* each.c - which facts there are, and the reports under each. */

#include "facts/entities/entities.h"
#include "facts/fields/fields.h"
#include "facts/incidents/incidents.h"
#include "facts/state/known.h"

/* Reports in the order in which they were first reported. */
static int reported_order(const void *a_, const void *b_, void *f)
{
    uint32_t a = *(const uint32_t *)a_, b = *(const uint32_t *)b_;
    int64_t ra = report_of(f, a)->reported_ns, rb = report_of(f, b)->reported_ns;
    ra = ra == TIME_UNKNOWN ? INT64_MAX : ra;
    rb = rb == TIME_UNKNOWN ? INT64_MAX : rb;
    return ra != rb ? (ra < rb ? -1 : 1) : report_name_compare(f, a, b);
}

void fact_reports_list(facts *f, fact_handle handle, numbers *list)
{
    numbers parties = {0};
    fact_kind kind = fact_handle_kind(handle);
    uint32_t object = kind == FACT_REPORT ? 0 : handle_object(f, handle);
    if (kind == FACT_REPORT)
        add(f, list, (uint32_t)handle);
    else if (!object)
        return;
    else if (kind == FACT_PERSON || kind == FACT_MEASURE) {
        entity_mentions(f, &f->entities[object], list, &parties);
        reports_read(f, list);
    } else if (kind == FACT_TALLY || kind == FACT_FEED) {
        const numbers *own = kind == FACT_TALLY ? &f->tallies[object].reports : &f->feeds[object].words;
        for (uint32_t i = 0; i < own->count; i++)
            add(f, list, own->at[i]);
    } else
        incident_reports(f, f->incidents[object], true, list);
    numbers_done(&parties, &f->held);
    if (list->count > 1)
        qsort_r(list->at, list->count, sizeof *list->at, reported_order, f);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (!kept || list->at[kept - 1] != list->at[i])
            list->at[kept++] = list->at[i];
    list->count = kept;
}

size_t facts_reports(facts *f, fact_handle handle, uint64_t numbers_[], size_t max)
{
    numbers list = {0};
    fact_reports_list(f, handle, &list);
    size_t count = list.count;
    for (size_t i = 0; i < count && i < max; i++)
        numbers_[i] = list.at[i];
    numbers_done(&list, &f->held);
    return count;
}

static bool of_country(const char *wanted, const char code[2])
{
    return !wanted || (wanted[0] == code[0] && wanted[1] == code[1]);
}

static int reports_each(facts *f, const char *code, fact_fn on_fact, void *context)
{
    int r = 0;
    for (uint32_t n = 1; r == 0 && n <= reports_count(f->reports); n++) {
        const report *rep = report_of(f, n);
        if (!rep->told_as_fact)
            continue;
        if (code) {
            thaw_event event;
            report_event(f->reports, rep, &event);
            if (!of_country(code, event.country))
                continue;
        }
        r = on_fact(context, (uint64_t)FACT_REPORT << 56 | n);
    }
    return r;
}

int facts_each(facts *f, fact_kind kind, const char *code, fact_fn on_fact, void *context)
{
    int r = 0;
    if (kind == FACT_REPORT)
        return reports_each(f, code, on_fact, context);
    for (uint32_t i = 1; r == 0 && kind == FACT_FEED && i < f->feeds_count; i++)
        if (f->feeds[i].handle && of_country(code, f->countries[f->feeds[i].country].code))
            r = on_fact(context, f->feeds[i].handle);
    for (uint32_t i = 1; r == 0 && kind == FACT_TALLY && i < f->tallies_count; i++)
        if (f->tallies[i].handle && of_country(code, f->countries[f->tallies[i].country].code))
            r = on_fact(context, f->tallies[i].handle);
    for (uint32_t i = 1; r == 0 && (kind == FACT_PERSON || kind == FACT_MEASURE) && i < f->entities_count; i++)
        if (f->entities[i].handle && fact_handle_kind(f->entities[i].handle) == kind &&
            of_country(code, f->scopes[f->entities[i].scope].country))
            r = on_fact(context, f->entities[i].handle);
    for (uint32_t i = 1; r == 0 && kind <= FACT_TALKS && i < f->incidents_count; i++) {
        const incident *inc = f->incidents[i];
        if (inc && inc->handle && f->keys[inc->key_index].kind == kind &&
            of_country(code, f->keys[inc->key_index].country))
            r = on_fact(context, inc->handle);
    }
    return r;
}
