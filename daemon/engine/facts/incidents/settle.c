/* settle.c - brings the incidents that were touched up to date, and what hangs on them in their country. */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

static void announcements_follow(facts *f, incident *inc)
{
    key *k = &f->keys[inc->key_index];
    if (k->kind != THAW_SANCTION)
        return;
    if (inc->used && inc->announcement)
        put(f, &k->announcements, inc->index);
    else
        numbers_take(&k->announcements, inc->index);
}

static int sanction_order(const void *a_, const void *b_, void *f_)
{
    const facts *f = f_;
    const key *a = &f->keys[f->incidents[*(const uint32_t *)a_]->key_index];
    const key *b = &f->keys[f->incidents[*(const uint32_t *)b_]->key_index];
    int order = memcmp(a->country, b->country, sizeof a->country);
    return order ? order : (a->authority > b->authority) - (a->authority < b->authority);
}

/* What sanctions that changed mean for the announcements of their authority. */
static void sanctions_settle(facts *f, numbers *changed, bool lost)
{
    if (changed->count > 1)
        qsort_r(changed->at, changed->count, sizeof *changed->at, sanction_order, f);
    for (uint32_t i = 0, end; i < changed->count; i = end) {
        end = i + 1;
        while (end < changed->count && sanction_order(&changed->at[i], &changed->at[end], f) == 0)
            end++;
        acts_settle(f, &(acts_news){&changed->at[i], end - i, lost});
    }
    numbers_done(changed, &f->held);
}

/* Whether all that happened to an incident is that something came to it. */
static bool incident_grew(const incident *inc)
{
    if (!inc->used)
        return false;
    return !inc->handle || (!inc->whole && (inc->items.count > inc->items_settled ||
                                            inc->joined.count > inc->joined_settled || inc->grown.count));
}

/* Whether totals count an incident as they did, from the same date on: it is that of a report. */
static bool counts_as_before(const summary *now, const summary *before)
{
    return now->status == before->status && now->forms == before->forms && now->dated_by == before->dated_by &&
           now->votes.has_count == before->votes.has_count && now->votes.count == before->votes.count &&
           now->votes.low == before->votes.low && now->votes.high == before->votes.high;
}

/* Totals that count what began then or later may come to something else; INT64_MAX: none. Which categories are known
 * matters to all. */
static int64_t totals_changed_from(const incident *inc, const summary *before)
{
    static const summary none = {.occurred.start_ns = INT64_MAX};
    const summary *was = before->reports_count ? before : &none, *now = inc->used ? &inc->now : &none;
    if (was->categories || now->categories)
        return INT64_MIN;
    if (counts_as_before(now, was))
        return INT64_MAX;
    return was->occurred.start_ns < now->occurred.start_ns ? was->occurred.start_ns : now->occurred.start_ns;
}

/* Totals that somebody states of a country are compared with its releases and detentions. */
static void ledger_follows(facts *f, const incident *inc, const summary *before, const char *code)
{
    country *c = country_of(f, code);
    uint32_t index = country_index(f, code);
    const int64_t changed_ns = totals_changed_from(inc, before);
    if (!c->dirty && changed_ns < INT64_MAX) {
        c->dirty = true;
        c->changed_ns = changed_ns;
        add(f, &f->dirty_countries, index);
    }
    c->changed_ns = changed_ns < c->changed_ns ? changed_ns : c->changed_ns;
    for (uint32_t i = 0; c->tallies.count && i < inc->why.corrections.count; i++) {
        add(f, &f->corrected, index);
        add(f, &f->corrected, inc->why.corrections.at[i]);
    }
}

/* New summaries, and what they mean for other incidents of the country; the list grows meanwhile. */
static void summaries_settle(facts *f)
{
    uint32_t touched = f->dirty_incidents.count;
    numbers sanctions = {0};
    bool lost = false;
    for (uint32_t i = 0; i < touched && !f->failed; i++) {
        incidents_ahead(f, i);
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        const key *k = &f->keys[inc->key_index];
        summary before = inc->now;
        bool grew = incident_grew(inc);
        if (inc->used)
            incident_summarise(f, inc);
        announcements_follow(f, inc);
        if (k->kind == THAW_SANCTION) {
            add(f, &sanctions, inc->index);
            lost = lost || !grew;
            continue;
        }
        if (k->kind == THAW_RELEASE || k->kind == THAW_DETENTION) {
            largest_settle(f, inc, &before);
            ledger_follows(f, inc, &before, k->country);
        }
    }
    sanctions_settle(f, &sanctions, lost);
}

static void incidents_release(facts *f)
{
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        inc->dirty = false;
        numbers_done(&inc->why.corrections, &f->held);
        inc->why.news = 0;
        if (inc->used)
            continue;
        uint32_t index = inc->index;
        f->held -= sizeof *inc;
        slabs_give(&f->incident_slabs, inc);
        f->incidents[index] = NULL;
        add(f, &f->incidents_free, index);
    }
    f->dirty_incidents.count = 0;
    numbers_done(&f->incidents_spare, &f->held);
}

/* Where a vague date leads is known only now, when what took it in is forgotten: who revises corrects there, too. */
static void revisions_note(facts *f)
{
    for (uint32_t i = 0; i < f->revising.count; i++) {
        const report *r = report_of(f, f->revising.at[i]);
        uint32_t at = r->placed == PLACED_ALONE      ? r->place
                      : r->placed == PLACED_IN_GROUP ? f->groups[r->place].incident
                                                     : 0;
        incident *inc = at ? f->incidents[at] : NULL;
        if (inc && inc->dirty && inc->why.corrections.count < CAUSES_MAX)
            put(f, &inc->why.corrections, f->revising.at[i]);
    }
    numbers_done(&f->revising, &f->held);
}

void incidents_settle(facts *f)
{
    loose_settle(f);
    revisions_note(f);
    if (!f->dirty_incidents.count)
        return;
    f->cause = 0;
    identities_settle(f);
    uint32_t known = f->dirty_incidents.count;
    summaries_settle(f);
    if (!f->failed)
        succession_settle(f, known);
    incidents_release(f);
}
