/* incident.c - one incident: what comes into it, what leaves it, the reports in it. */
#include <stdio.h>

#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/incidents/listed.h"
#include "facts/state/known.h"

/* One that is in the list of what was touched already; or none. */
static incident *incident_again(facts *f)
{
    incident *inc = f->incidents_spare.count ? f->incidents[f->incidents_spare.at[--f->incidents_spare.count]] : NULL;
    if (inc)
        numbers_done(&inc->why.corrections, &f->held);
    return inc;
}

static incident *incident_made(facts *f)
{
    uint32_t i = f->incidents_free.count ? f->incidents_free.at[--f->incidents_free.count]
                                         : grow(f, (void **)&f->incidents, &f->incidents_count, &f->incidents_capacity,
                                                sizeof *f->incidents);
    if (i && !f->incidents[i]) {
        f->incidents[i] = slabs_take(&f->incident_slabs, sizeof **f->incidents);
        f->held += f->incidents[i] ? sizeof **f->incidents : 0;
    }
    incident *inc = i ? f->incidents[i] : NULL;
    if (!inc)
        f->failed = -ENOMEM;
    else
        *inc = (incident){.index = i};
    return inc;
}

incident *incident_new(facts *f, uint32_t key_index, item opener)
{
    incident *inc = incident_again(f);
    inc = inc ? inc : incident_made(f);
    if (!inc)
        return NULL;
    *inc = (incident){.key_index = key_index, .index = inc->index, .dirty = inc->dirty, .used = true, .opener = opener};
    inc->class = item_class_of(f, opener);
    inc->whole = true;
    inc->start_ns = INT64_MAX;
    inc->now.acted_at_ns = TIME_UNKNOWN;
    inc->span_end_ns = INT64_MIN;
    return inc;
}

/* An incident that ends stays in the table, unused and dirty, until facts_settle has told that it went. One that nobody
 * was told of is used again at once: a message that cuts the runs of a day anew with each of its reports would leave
 * millions of them otherwise. */
void incident_end(facts *f, incident *inc)
{
    incident_touch(f, inc);
    inc->used = false;
    for (uint32_t i = 0; i < inc->joined.count; i++)
        item_set_incident(f, inc->joined.at[i], 0);
    incident_left(f, inc);
    numbers_done(&inc->items, &f->held);
    numbers_done(&inc->joined, &f->held);
    numbers_done(&inc->grown, &f->held);
    numbers_done(&inc->naming, &f->held);
    if (!inc->handle && inc->class == ITEM_SHARP)
        add(f, &f->incidents_spare, inc->index);
}

/* Mostly one name comes to none or to many. */
static void naming_take_in(facts *f, incident *inc, const numbers *naming)
{
    if (naming && naming->count == 1) {
        numbers_insert(f, &inc->naming, naming->at[0]);
        return;
    }
    for (uint32_t i = 0; naming && i < naming->count; i++)
        add(f, &inc->naming, naming->at[i]);
    if (naming && naming->count)
        numbers_unique(&inc->naming);
}

void incident_take_in(facts *f, incident *inc, item it)
{
    span s = item_span(f, it);
    const numbers *naming = item_naming(f, it);
    add(f, &inc->items, it);
    if (s.start_ns < inc->start_ns)
        inc->start_ns = s.start_ns;
    if (s.end_ns > inc->span_end_ns)
        inc->span_end_ns = s.end_ns;
    naming_take_in(f, inc, naming);
    incident_came(f, inc, it);
    inc->sharp_valid = false;
    if (item_incident(f, it) != inc->index)
        item_set_incident(f, it, inc->index);
    incident_touch(f, inc);
}

void incident_undigest(facts *f, incident *inc)
{
    inc->digest = digest_free(f, inc->digest);
    inc->sharp_digest = digest_free(f, inc->sharp_digest);
}

static void incident_digest(facts *f, incident *inc, uint32_t number, bool joins)
{
    const report *r = report_of(f, number);
    if (r->has_targets && r->kind == THAW_SANCTION) { /* parties are counted over all reports */
        incident_undigest(f, inc);
        return;
    }
    if (inc->digest)
        digest_add(f, inc->digest, number);
    if (inc->sharp_digest && !joins)
        digest_add(f, inc->sharp_digest, number);
}

void incident_came(facts *f, incident *inc, item it)
{
    bool joins = inc->joined.count && inc->joined.at[inc->joined.count - 1] == it;
    if (!inc->digest && !inc->sharp_digest)
        return;
    if (!(it & ITEM_GROUP)) {
        incident_digest(f, inc, it, joins);
        return;
    }
    const group *g = &f->groups[it & ~ITEM_GROUP];
    for (uint32_t i = 0; i < g->members.count; i++)
        incident_digest(f, inc, g->members.at[i], joins);
}

void incident_left(facts *f, incident *inc)
{
    incident_undigest(f, inc);
    inc->listed = listed_free(f, inc->listed);
    inc->whole = true;
    if (inc->class == ITEM_VAGUE)
        f->keys[inc->key_index].vague_left = true;
}

void incident_grow(facts *f, incident *inc, const group *g, uint32_t number)
{
    const report *r = report_of(f, number);
    inc->sharp_valid = false;
    if (r->named)
        numbers_insert(f, &inc->naming, r->source);
    if (inc->digest || inc->sharp_digest)
        incident_digest(f, inc, number, false);
    if (g->settled) /* else all of the group is news */
        add(f, &inc->grown, number);
    incident_touch(f, inc);
}

bool naming_conflict(const numbers *a, const numbers *b)
{
    if (a && b && b->count == 1)
        return numbers_have(a, b->at[0]);
    for (uint32_t i = 0, j = 0; a && b && i < a->count && j < b->count;) { /* both in order */
        if (a->at[i] == b->at[j])
            return true;
        if (a->at[i] < b->at[j])
            i++;
        else
            j++;
    }
    return false;
}

void incident_reports(facts *f, const incident *inc, bool wider, numbers *list)
{
    for (uint32_t i = 0; i < inc->items.count; i++)
        item_reports(f, inc->items.at[i], list);
    for (uint32_t i = 0; i < inc->joined.count; i++)
        item_reports(f, inc->joined.at[i], list);
    reports_read(f, list);
    if (wider)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (report_of(f, list->at[i])->covers != THAW_WIDER)
            list->at[kept++] = list->at[i];
    list->count = kept;
}

/* A batch touches incidents that lie anywhere, and their reports: they are fetched while those before them
 * are worked on, first the object, then what it points to, then the reports. */
void incidents_ahead(const facts *f, uint32_t i)
{
    const uint32_t *dirty = f->dirty_incidents.at, count = f->dirty_incidents.count;
    if (i + 12 < count)
        fetch_ahead(f->incidents[dirty[i + 12]], sizeof(incident));
    if (i + 8 < count) {
        const incident *inc = f->incidents[dirty[i + 8]];
        __builtin_prefetch(inc->items.at);
        fetch_ahead(inc->digest, digest_bytes());
    }
    const incident *inc = i + 4 < count ? f->incidents[dirty[i + 4]] : NULL;
    if (!inc || !inc->items.at)
        return;
    digest_fetch(inc->digest, 0);
    for (uint32_t n = inc->digest ? inc->items_settled : 0; n < inc->items.count && n < 16u; n++)
        if (!(inc->items.at[n] & ITEM_GROUP)) {
            fetch_ahead(report_of(f, inc->items.at[n]), sizeof(report));
        }
}

void incident_id_text(const facts *f, const incident *inc, char text[40])
{
    const key *k = &f->keys[inc->key_index];
    (void)snprintf(text, 40, "%s-%.2s-%016llx", thaw_kind_name(k->kind), k->country, (unsigned long long)inc->now.id);
}

int64_t incident_stated_start(facts *f, const incident *inc)
{
    if (inc->now.occurred.end_ns - inc->now.occurred.start_ns <= DAY_NS || !inc->now.dated_by)
        return inc->now.occurred.start_ns;
    return report_stated_ns(report_of(f, inc->now.dated_by));
}
