/* items.c - what clustering moves as one: a report, or a group of them. */
#include <stdlib.h>

#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

static group *group_of(const facts *f, item it)
{
    return &f->groups[it & ~ITEM_GROUP];
}

static int64_t tolerance_of(const facts *f, uint8_t kind)
{
    return f->config.tolerance_ns[kind];
}

static item_class class_of_span(const facts *f, uint8_t kind, span s)
{
    if (s.start_ns == TIME_UNKNOWN)
        return ITEM_UNDATED;
    return s.end_ns - s.start_ns <= tolerance_of(f, kind) ? ITEM_SHARP : ITEM_VAGUE;
}

span item_span(const facts *f, item it)
{
    return it & ITEM_GROUP ? group_of(f, it)->date : report_span(report_of(f, it));
}

void report_set_item(facts *f, uint32_t number, item it)
{
    report *r = report_of(f, number);
    if (it == report_item(f, number))
        return;
    r->placed = !it ? PLACED_NOT : it & ITEM_GROUP ? PLACED_IN_GROUP : PLACED_ALONE;
    r->place = it & ITEM_GROUP ? it & ~ITEM_GROUP : 0;
}

static uint32_t item_representative(const facts *f, item it)
{
    return it & ITEM_GROUP ? group_of(f, it)->representative : it;
}

item_class item_class_of(const facts *f, item it)
{
    if (it & ITEM_GROUP)
        return group_of(f, it)->class;
    const report *r = report_of(f, it);
    return r->covers == THAW_WIDER ? ITEM_WIDER : class_of_span(f, r->kind, report_span(r));
}

void item_set_incident(facts *f, item it, uint32_t incident)
{
    if (it & ITEM_GROUP) {
        group_of(f, it)->incident = incident;
        group_of(f, it)->settled = false;
    } else if (report_of(f, it)->placed == PLACED_ALONE) {
        report_of(f, it)->place = incident;
    }
}

const numbers *item_naming(const facts *f, item it)
{
    return it & ITEM_GROUP ? &group_of(f, it)->naming : NULL;
}

bool item_bears_name(const facts *f, item it)
{
    const numbers *naming = item_naming(f, it);
    return naming && naming->count;
}

int item_compare(const facts *f, item a, item b)
{
    int64_t start_a = item_start(f, a), start_b = item_start(f, b);
    if (start_a != start_b)
        return start_a < start_b ? -1 : 1;
    return report_name_compare(f, item_representative(f, a), item_representative(f, b));
}

static int items_order(const void *a, const void *b, void *f)
{
    return item_compare(f, *(const item *)a, *(const item *)b);
}

void items_sort(facts *f, uint32_t *items, uint32_t count)
{
    if (count > 1)
        qsort_r(items, count, sizeof *items, items_order, f);
}

void item_reports(facts *f, item it, numbers *list)
{
    if (!(it & ITEM_GROUP)) {
        add(f, list, it);
        return;
    }
    const group *g = group_of(f, it);
    for (uint32_t i = 0; i < g->members.count; i++)
        add(f, list, g->members.at[i]);
}

/* ---- groups ------------------------------------------------------------------------- */

/* The first in name order of those that count; of a wider group all do. */
static uint32_t undated_representative(const facts *f, const group *g, bool wider)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < g->members.count; i++) {
        uint32_t n = g->members.at[i];
        if ((wider || report_of(f, n)->covers != THAW_WIDER) && (!best || report_name_compare(f, n, best) < 0))
            best = n;
    }
    return best;
}

static void group_measure_dates(facts *f, const group *g, group_place *s)
{
    bool wider = true;
    uint8_t days;
    for (uint32_t i = 0; i < g->members.count && wider; i++)
        wider = report_of(f, g->members.at[i])->covers == THAW_WIDER;
    s->date = date_of(f, g->members.at, g->members.count, wider, &s->representative, &days);
    s->class = wider ? ITEM_WIDER : class_of_span(f, f->keys[g->key_index].kind, s->date);
    if (!s->representative)
        s->representative = undated_representative(f, g, wider);
}

void group_measure(facts *f, group *g)
{
    group_place s = {0};
    g->naming.count = 0;
    for (uint32_t i = 0; i < g->members.count; i++)
        if (report_of(f, g->members.at[i])->named)
            add(f, &g->naming, report_of(f, g->members.at[i])->source);
    numbers_unique(&g->naming);
    group_measure_dates(f, g, &s);
    group_stand(f, g, &s);
}

/* Of many that differ the dates are added up as they come. */
static void group_digest(facts *f, group *g)
{
    if (g->digest || g->members.count <= f->config.digest_min)
        return;
    g->digest = digest_new(f);
    for (uint32_t i = 0; g->digest && i < g->members.count; i++)
        digest_add_date(f, g->digest, g->members.at[i]);
}

group_place group_grown(facts *f, group *g, uint32_t number)
{
    const report *r = report_of(f, number);
    const span date = report_span(r);
    group_place s = {.date = g->date, .representative = g->representative, .class = g->class};
    if (r->named && !numbers_have(&g->naming, r->source))
        s.named_by = r->source;
    if (g->class == ITEM_WIDER || g->class == ITEM_UNDATED) {
        group_measure_dates(f, g, &s);
        return s;
    }
    if (r->covers == THAW_WIDER || date.start_ns == TIME_UNKNOWN)
        return s; /* gives no date */
    if (g->digest)
        digest_add_date(f, g->digest, number);
    if (date.start_ns == g->date.start_ns && date.end_ns == g->date.end_ns) { /* has one voice more, or as many */
        if (report_name_compare(f, number, s.representative) < 0)
            s.representative = number;
        return s;
    }
    group_digest(f, g);
    if (g->digest)
        s.date = digest_date(g->digest, &s.representative);
    else
        group_measure_dates(f, g, &s);
    s.class = class_of_span(f, f->keys[g->key_index].kind, s.date);
    return s;
}

bool group_stands(const facts *f, const group *g, const group_place *s)
{
    const incident *inc = f->incidents[g->incident];
    /* Names part it from others that stand with it; where none does, they cannot bring it elsewhere. */
    return inc && g->class == ITEM_SHARP && g->class == s->class && g->date.start_ns == s->date.start_ns &&
           g->date.end_ns == s->date.end_ns && g->representative == s->representative &&
           (!s->named_by || inc->items.count == 1);
}

void group_stand(facts *f, group *g, const group_place *s)
{
    g->date = s->date;
    g->class = (uint8_t)s->class;
    g->representative = s->representative;
    if (s->named_by)
        numbers_insert(f, &g->naming, s->named_by);
}
