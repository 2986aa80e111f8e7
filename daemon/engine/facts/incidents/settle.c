/*
 * settle.c - brings the incidents that were touched up to date and tells what became of them.
 *
 * An incident is known outside by its id, a hash of its key and its earliest-dated report. The objects
 * behind it come and go as runs are cut; so first every touched object gets the id it should have, and one
 * that takes over the id of another takes over its fact. Then the reports in it are compared with
 * those it was last told with: one that left, or came from elsewhere, makes the change a correction.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "facts/entities/entities.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

/* ---- identity ----------------------------------------------------------------------- */

/* Least (start, name order), undated last; of all but wider reports. */
static uint32_t earliest_of(const facts *f, const numbers *list, uint32_t best)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const report *r = report_of(f, list->at[i]), *b = best ? report_of(f, best) : NULL;
        if (r->covers == THAW_WIDER)
            continue;
        bool undated = r->start_ns == TIME_UNKNOWN, best_undated = b && b->start_ns == TIME_UNKNOWN;
        if (!b || (best_undated && !undated) ||
            (undated == best_undated && (r->start_ns < b->start_ns || (r->start_ns == b->start_ns &&
                                                                       report_name_compare(f, list->at[i], best) < 0))))
            best = list->at[i];
    }
    return best;
}

static uint64_t incident_identity(const facts *f, const key *k, uint32_t earliest)
{
    const report *r = report_of(f, earliest);
    thaw_str authority = symbols_get(f->symbols, k->authority);
    uint64_t seed = (uint64_t)k->kind << 56 | (uint64_t)k->discriminator << 48 |
                    (uint64_t)(uint8_t)k->country[0] << 40 | (uint64_t)(uint8_t)k->country[1] << 32;
    if (authority.len)
        seed ^= XXH3_64bits(authority.data, authority.len);
    return XXH3_64bits_withSeed(&r->key, sizeof r->key, seed);
}

/* ---- what there is to see ----------------------------------------------------------- */

static uint64_t incident_fingerprint(const incident *inc)
{
    const summary *s = &inc->now;
    uint64_t h = mix(s->members, s->votes.count);
    h = mix(h, s->votes.low);
    h = mix(h, s->votes.high);
    h = mix(h, (uint64_t)s->acted_at_ns);
    h = mix(h, (uint64_t)s->largest | (uint64_t)s->announced << 1 | (uint64_t)s->votes.has_count << 2 |
                   (uint64_t)s->votes.disagrees << 3);
    return h ? h : 1;
}

/* ---- who goes on as whom ------------------------------------------------------------ */

/* Gives every touched object its id, and lets it take over the fact that bore this id. */
static void identities_settle(facts *f)
{
    hash_index free_ids = {0};
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incidents_ahead(f, i);
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        uint64_t was = inc->now.id;
        inc->heir_of = 0;
        if (inc->used) {
            uint32_t before = inc->now.earliest;
            const numbers news = incident_news(f, inc);
            inc->now.earliest = earliest_of(f, &news, inc->whole ? 0 : before);
            if (inc->now.earliest != before)
                inc->now.id = incident_identity(f, &f->keys[inc->key_index], inc->now.earliest);
            if (inc->handle && inc->now.id == was) {
                inc->heir_of = inc->index;
                continue;
            }
        }
        if (inc->handle && index_put(&free_ids, was, inc->index, &f->held) < 0)
            f->failed = -ENOMEM;
    }
    for (uint32_t i = 0; i < f->dirty_incidents.count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        uint32_t cursor = 0;
        if (inc->used && !inc->heir_of)
            inc->heir_of = index_next(&free_ids, inc->now.id, &cursor);
    }
    index_done(&free_ids, &f->held);
}

/* One touched object while the facts are told of. */
typedef struct line {
    uint32_t incident, heir_of;
    uint32_t before;         /* whose place it takes as another fact; 0: none's */
    fact_handle handle, was; /* that it goes on with; its own, which it may have lost */
    uint64_t fingerprint;    /* as it was told last */
    uint32_t told_count;
    bool correction;
    fact_handle replaces;
    uint32_t from, from_count; /* facts in which reports of it stood, in the list of all lines */
} line;

/* Facts, of all lines one after another. */
typedef struct handles {
    fact_handle *at;
    uint32_t count, capacity;
} handles;

/* Whether nobody goes on with the fact of an object; `inherited` holds those that another took over. */
static bool is_left(const incident *inc, const hash_index *inherited)
{
    uint32_t cursor = 0;
    return inc->handle && inc->heir_of != inc->index && !index_next(inherited, inc->handle, &cursor);
}

/* The fact of an object, if it is one that ends in this batch. */
static fact_handle gone_handle(const facts *f, uint32_t object, const hash_index *inherited)
{
    const incident *inc = f->incidents[object];
    return inc && inc->dirty && is_left(inc, inherited) ? inc->handle : 0;
}

/* Where the reports of an object stood when facts were told last. */
typedef struct origin {
    uint32_t object;  /* the first of those beside the one it goes on as; 0: all of them stood there, or nowhere */
    uint32_t ended;   /* the first whose fact ends, which it takes the place of */
    uint32_t reports; /* that stood in `object` */
    uint32_t same;    /* that stood in the one it goes on as */
    bool several;
} origin;

/* Reports of it stood in that object: where it does not go on as that one's fact, they came from there. */
static void origin_note(facts *f, line *l, uint32_t object, handles *from)
{
    const incident *of = f->incidents[object];
    if (!of || !of->handle || of->handle == l->handle)
        return;
    for (uint32_t i = from->count; i > l->from; i--)
        if (from->at[i - 1] == of->handle)
            return;
    if (array_reserve((void **)&from->at, &from->capacity, (size_t)from->count + 1, sizeof *from->at, &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    from->at[from->count++] = of->handle;
    l->from_count++;
}

static origin origin_of(facts *f, line *l, incident *inc, const hash_index *inherited, handles *from)
{
    const numbers list = incident_news(f, inc); /* beside those it was told with, of which none left then */
    const uint32_t kept = inc->whole ? 0 : inc->told_count;
    origin o = {0};
    if (l->heir_of == inc->index)
        o.same = kept;
    else if (kept) {
        o = (origin){
            .object = inc->index, .ended = gone_handle(f, inc->index, inherited) ? inc->index : 0, .reports = kept};
        origin_note(f, l, inc->index, from);
    }
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t told = report_of(f, list.at[i])->told;
        if (!told)
            continue;
        if (told == l->heir_of) {
            o.same++;
            continue;
        }
        o.object = o.object ? o.object : told;
        o.reports += told == o.object;
        o.several |= told != o.object;
        origin_note(f, l, told, from);
        if (!o.ended && gone_handle(f, told, inherited))
            o.ended = told;
    }
    return o;
}

/* A further report can give an incident another id. It is the same one where all it was told with goes on in it,
 * and nothing comes to it from elsewhere: that is news. */
static bool is_renamed(const facts *f, const line *l, const origin *o)
{
    const incident *inc = f->incidents[l->incident], *before = f->incidents[o->object];
    return !l->handle && o->object && o->object == o->ended && !o->several && o->reports == before->told_count &&
           !inc->why.corrections.count && !before->why.corrections.count;
}

/* Who takes the place or the fact of another takes over what corrected that one in this batch. */
static void corrections_inherit(facts *f, incident *inc, const incident *of)
{
    if (inc == of)
        return;
    for (uint32_t i = 0; i < of->why.corrections.count && inc->why.corrections.count < CAUSES_MAX; i++)
        put(f, &inc->why.corrections, of->why.corrections.at[i]);
}

/* Whether an incident appeared, and did not come of a correction: nothing of it was known, and none of its reports
 * corrects one, even if a correction beside it cut the runs anew. */
static bool is_new(facts *f, const line *l, const origin *o)
{
    const incident *inc = f->incidents[l->incident];
    if (l->handle || l->before || o->object)
        return false;
    const numbers list = incident_news(f, inc);
    for (uint32_t i = 0; i < list.count; i++)
        if (numbers_hold(&inc->why.corrections, list.at[i]))
            return false;
    return true;
}

/* Whether reports left or came from elsewhere; if it is a new fact, whose place it takes. */
static void line_compare(facts *f, line *l, const hash_index *inherited, hash_index *renamed, handles *from)
{
    incident *inc = f->incidents[l->incident];
    l->from = from->count;
    const origin o = origin_of(f, l, inc, inherited, from);
    if (!l->handle) {
        l->before = l->was ? l->incident : o.ended;
        l->replaces = l->before ? gone_handle(f, l->before, inherited) : 0;
        if (l->replaces && is_renamed(f, l, &o)) {
            if (index_put(renamed, l->replaces, 1, &f->held) < 0)
                f->failed = -ENOMEM;
            return;
        }
        if (l->replaces)
            corrections_inherit(f, inc, f->incidents[l->before]);
    }
    l->correction = o.object || o.same < l->told_count || (inc->why.corrections.count && !is_new(f, l, &o));
}

/* The persons of a report that stands elsewhere now: their releases and detentions may be other ones. */
static void persons_moved(facts *f, uint32_t number, bool correction, const causes *why)
{
    numbers entities = {0};
    report_entities(f, number, &entities);
    for (uint32_t i = 0; i < entities.count; i++) {
        entity_mark(f, entities.at[i]);
        entity *e = &f->entities[entities.at[i]];
        e->correction = e->correction || correction;
        if (!e->why.news)
            e->why.news = why->news;
        for (uint32_t j = 0; j < why->corrections.count; j++)
            put(f, &e->why.corrections, why->corrections.at[j]);
    }
    numbers_done(&entities, &f->held);
}

static void items_note_settled(facts *f, const incident *inc)
{
    for (uint32_t i = inc->whole ? 0 : inc->items_settled; i < inc->items.count; i++)
        if (inc->items.at[i] & ITEM_GROUP)
            f->groups[inc->items.at[i] & ~ITEM_GROUP].settled = true;
}

static void line_note_members(facts *f, const line *l, incident *inc)
{
    const numbers list = incident_news(f, inc);
    for (uint32_t i = 0; i < list.count; i++) {
        report *r = report_of(f, list.at[i]);
        if (r->told && r->told != inc->index && r->persons_named)
            persons_moved(f, list.at[i], l->correction, &inc->why);
        r->told = inc->index;
    }
    items_note_settled(f, inc);
    inc->told_count = inc->now.reports_count;
    inc->items_settled = inc->items.count;
    inc->joined_settled = inc->joined.count;
    numbers_done(&inc->grown, &f->held);
    inc->whole = false;
}

static void line_tell(facts *f, line *l, const handles *from)
{
    incident *inc = f->incidents[l->incident];
    const arrivals came = {l->replaces, l->from_count ? from->at + l->from : NULL, l->from_count};
    inc->now.fingerprint = incident_fingerprint(inc);
    line_note_members(f, l, inc);
    if (!l->handle) {
        inc->handle = handle_new(f, f->keys[inc->key_index].kind, inc->index);
        tell_arrivals(f, FACT_APPEARED, inc->handle, &came, l->correction, &inc->why);
    } else if (inc->now.fingerprint != l->fingerprint || l->correction) {
        inc->handle = l->handle;
        tell_arrivals(f, FACT_CHANGED, inc->handle, &came, l->correction, &inc->why);
    } else {
        inc->handle = l->handle;
        inc->why.news = 0;
        inc->why.corrections.count = 0;
    }
}

/* ---- settling ----------------------------------------------------------------------- */

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

static void lines_fill(facts *f, line *lines, uint32_t count, uint32_t known)
{
    for (uint32_t i = 0; i < count; i++) {
        incident *inc = f->incidents[f->dirty_incidents.at[i]];
        if (i >= known) /* drawn in by another's change: itself as it was */
            inc->heir_of = inc->handle ? inc->index : 0;
        lines[i] = (line){.incident = inc->index, .was = inc->handle, .heir_of = inc->heir_of};
    }
    for (uint32_t i = 0; i < count; i++) {
        const incident *heir = lines[i].heir_of ? f->incidents[lines[i].heir_of] : NULL;
        if (!heir)
            continue;
        lines[i].handle = heir->handle;
        lines[i].told_count = heir->told_count;
        lines[i].fingerprint = heir->now.fingerprint;
    }
}

/* Who goes on as another takes over why that one changed in this batch. */
static void line_inherit(facts *f, const line *l)
{
    if (!l->heir_of || l->heir_of == l->incident)
        return;
    incident *inc = f->incidents[l->incident];
    const incident *of = f->incidents[l->heir_of];
    inc->why.news = inc->why.news ? inc->why.news : of->why.news;
    corrections_inherit(f, inc, of);
}

/* A fact ends; where another took its place and only its id is new, that is news too. */
static void line_tell_gone(facts *f, const line *l, const hash_index *renamed)
{
    uint32_t cursor = 0;
    const causes *why = &f->incidents[l->incident]->why;
    causes copy = {.news = why->news};
    for (uint32_t i = 0; i < why->corrections.count; i++)
        add(f, &copy.corrections, why->corrections.at[i]);
    tell(f, FACT_GONE, l->was, !index_next(renamed, l->was, &cursor), &copy);
    numbers_done(&copy.corrections, &f->held);
}

/* Handles that end, and those that go on in another object. */
static void lines_hand_on(facts *f, const line *lines, uint32_t count, const hash_index *inherited)
{
    for (uint32_t i = 0; i < count; i++) {
        const incident *inc = f->incidents[lines[i].incident];
        if (inc->used && is_left(inc, inherited))
            handle_drop(f, lines[i].was, inc->index);
        if (lines[i].handle && lines[i].heir_of != inc->index)
            handle_move(f, lines[i].handle, lines[i].heir_of, inc->index);
    }
    for (uint32_t i = 0; i < count; i++)
        if (!f->incidents[lines[i].incident]->used && is_left(f->incidents[lines[i].incident], inherited))
            handle_drop(f, lines[i].was, lines[i].incident);
}

static void lines_tell(facts *f, line *lines, uint32_t count)
{
    hash_index inherited = {0}, renamed = {0};
    handles from = {0};
    for (uint32_t i = 0; i < count; i++)
        if (lines[i].handle && lines[i].heir_of != lines[i].incident &&
            index_put(&inherited, lines[i].handle, i + 1, &f->held) < 0)
            f->failed = -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        line_inherit(f, &lines[i]);
    for (uint32_t i = 0; i < count; i++)
        if (f->incidents[lines[i].incident]->used)
            line_compare(f, &lines[i], &inherited, &renamed, &from);
    for (uint32_t i = 0; i < count; i++)
        if (lines[i].replaces) /* what corrected the one ended the other */
            corrections_inherit(f, f->incidents[lines[i].before], f->incidents[lines[i].incident]);
    for (uint32_t i = 0; i < count; i++)
        if (is_left(f->incidents[lines[i].incident], &inherited))
            line_tell_gone(f, &lines[i], &renamed);
    lines_hand_on(f, lines, count, &inherited);
    for (uint32_t i = 0; i < count; i++)
        if (f->incidents[lines[i].incident]->used)
            line_tell(f, &lines[i], &from);
    index_done(&inherited, &f->held);
    index_done(&renamed, &f->held);
    array_free((void **)&from.at, &from.capacity, sizeof *from.at, &f->held);
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
    uint32_t count = f->dirty_incidents.count;
    line *lines = calloc(count, sizeof *lines);
    if (!lines)
        f->failed = -ENOMEM;
    if (lines && !f->failed) {
        lines_fill(f, lines, count, known);
        lines_tell(f, lines, count);
    }
    free(lines);
    incidents_release(f);
}
