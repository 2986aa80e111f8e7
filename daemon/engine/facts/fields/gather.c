/*
 * gather.c - the fields of an incident that are lists over its reports.
 */
#include <string.h>

#include "facts/fields/fields.h"
#include "facts/fields/lists.h"
#include "facts/incidents/incidents.h"
#include "facts/incidents/listed.h"

static void forms_list(facts *f, const incident *inc, fact_value *ret)
{
    list_maker m = {.f = f};
    for (unsigned form = 1; form < THAW_FORM_COUNT; form++)
        if (incident_summary(f, inc)->forms >> (form - 1) & 1) {
            const char *name = thaw_form_name((thaw_form)form);
            list_add(&m, (thaw_str){name, (uint32_t)strlen(name)});
        }
    list_finish(&m, ret);
}

/* What one report adds, from its text. */
static void report_gather(facts *f, const report *r, fact_field field, list_maker *m)
{
    thaw_event event;
    thaw_str party;
    report_event(f->reports, r, &event);
    if (field == FIELD_DESTINATIONS)
        list_add(m, event.destination);
    if (field == FIELD_PROGRAMS)
        list_add(m, event.program);
    if (field == FIELD_SECTORS)
        list_sectors(m, event.sector);
    if (field == FIELD_PERSONS)
        list_parties(m, event.persons);
    if (field == FIELD_PARTIES && event.kind == THAW_SANCTION)
        list_parties(m, event.targets);
    while (field == FIELD_PARTIES && event.kind == THAW_TALKS && event.parties.count &&
           thaw_str_next(&event.parties, &party))
        list_add(m, party);
}

/* From the texts of reports; of those that the list leaves to be read. */
static void reports_gather(facts *f, const numbers *reports_, fact_field field, fact_value *ret)
{
    list_maker m = {.f = f};
    for (uint32_t i = 0; i < reports_->count; i++) {
        const report *r = report_of(f, reports_->at[i]);
        if (r->covers != THAW_WIDER && report_adds(r, field))
            report_gather(f, r, field, &m);
    }
    list_finish(&m, ret);
}

/* What is kept of it, made where its reports are many; NULL: they are few, or what was known earlier is asked for. */
static listed *incident_kept(facts *f, incident *inc)
{
    if (f->known_at || inc->now.reports_count <= f->config.digest_min)
        return NULL;
    if (!inc->listed) {
        inc->listed = listed_new(f);
        if (inc->listed)
            incident_reports(f, inc, true, &inc->listed->reports);
        if (f->failed) /* a list of some of them would stay */
            inc->listed = listed_free(f, inc->listed);
    }
    return inc->listed;
}

/* Persons of releases and detentions, parties of sanctions: these are what a watchlist asks for. */
static bool is_kept(const facts *f, const incident *inc, fact_field field)
{
    uint8_t kind = f->keys[inc->key_index].kind;
    return (field == FIELD_PERSONS && (kind == THAW_RELEASE || kind == THAW_DETENTION)) ||
           (field == FIELD_PARTIES && kind == THAW_SANCTION);
}

static void gathered_list(facts *f, incident *inc, fact_field field, fact_value *ret)
{
    numbers all = {0};
    const bool adds = summary_adds(incident_summary(f, inc), field);
    listed *l = adds && is_kept(f, inc, field) ? incident_kept(f, inc) : NULL;
    if (l) {
        const numbers fresh = {.at = l->reports.at + l->named_taken, .count = l->reports.count - l->named_taken};
        if (fresh.count) {
            reports_gather(f, &fresh, field, ret);
            if (!f->failed) /* else some are missing, and would be from then on */
                listed_name(f, l, ret->strings.items, ret->strings.count);
        }
        *ret = (fact_value){.type = FACT_STRINGS, .strings = {l->named, l->named_count}};
        return;
    }
    if (adds)
        incident_reports(f, inc, true, &all);
    reports_gather(f, &all, field, ret);
    numbers_done(&all, &f->held);
}

static void names_list(facts *f, incident *inc, fact_field field, fact_value *ret)
{
    numbers list = {0};
    listed *l = field == FIELD_SOURCES ? incident_kept(f, inc) : NULL;
    if (l) {
        list_symbols(f, listed_sources(f, l), ret);
        return;
    }
    incident_reports(f, inc, field != FIELD_VOICES, &list);
    list_reports(f, &list,
                 field == FIELD_SOURCES  ? LIST_SOURCES
                 : field == FIELD_VOICES ? LIST_VOICES
                                         : LIST_NAMES,
                 ret);
    numbers_done(&list, &f->held);
}

void incident_list(facts *f, incident *inc, fact_field field, fact_value *ret)
{
    if (field == FIELD_FORMS)
        forms_list(f, inc, ret);
    else if (field == FIELD_SOURCES || field == FIELD_VOICES || field == FIELD_REPORTS)
        names_list(f, inc, field, ret);
    else
        gathered_list(f, inc, field, ret);
}
