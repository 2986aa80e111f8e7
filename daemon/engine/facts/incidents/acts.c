/*
 * acts.c - announcements of an authority, and the acts that close them (FACTS.md, section 3).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/entities/entities.h"
#include "facts/incidents/incidents.h"
#include "facts/state/known.h"
#include "facts/state/state.h"
#include "lower_bound.h"

/* A rumour of one is none. */
bool sanction_is_act(const report *r)
{
    return r->detail != THAW_PROPOSED && r->detail != THAW_EASED && r->detail != THAW_MAINTAINED &&
           r->status > THAW_RUMOURED;
}

/* Whether an act goes in the direction of announcements of an effect. */
static bool act_closes(uint8_t announced, uint8_t action)
{
    if (announced == EFFECT_TIGHTENING)
        return action == THAW_IMPOSED || action == THAW_EXTENDED || action == THAW_AMENDED || action == THAW_REIMPOSED;
    return action == THAW_LICENSED || action == THAW_SUSPENDED || action == THAW_LIFTED || action == THAW_DELISTED;
}

/* What a step is about. */
typedef struct subject {
    numbers targets, sectors, programs; /* entities, of sectors too; symbols */
    bool parties;                       /* whether a target is more than a sector */
} subject;

static void subject_add_targets(facts *f, subject *s, uint32_t number, thaw_list list)
{
    thaw_party party;
    uint32_t symbol;
    if (list.count)
        report_entities(f, number, &s->targets);
    while (list.count && thaw_party_next(&list, &party))
        if (!party_is_sector(&party))
            s->parties = true;
        else if (symbols_put(f->symbols, party.name, &symbol) == 0)
            put(f, &s->sectors, symbol);
}

static void subject_add(facts *f, subject *s, uint32_t number)
{
    thaw_event event;
    const report *r = report_of(f, number);
    report_event(f->reports, r, &event);
    subject_add_targets(f, s, number, event.targets);
    thaw_str part = event.sector;
    while (part.data && part.len) {
        uint32_t end = 0, symbol;
        while (end < part.len && part.data[end] != ',')
            end++;
        thaw_str one = {part.data, end};
        while (one.len && one.data[0] == ' ')
            one = (thaw_str){one.data + 1, one.len - 1};
        while (one.len && one.data[one.len - 1] == ' ')
            one.len--;
        if (one.len && symbols_put(f->symbols, one, &symbol) == 0)
            put(f, &s->sectors, symbol);
        part = end < part.len ? (thaw_str){part.data + end + 1, part.len - end - 1} : (thaw_str){0};
    }
    uint32_t program;
    if (event.program.data && symbols_put(f->symbols, event.program, &program) == 0)
        put(f, &s->programs, program);
}

static void subject_done(facts *f, subject *s)
{
    numbers_done(&s->targets, &f->held);
    numbers_done(&s->sectors, &f->held);
    numbers_done(&s->programs, &f->held);
}

static bool shares(const numbers *a, const numbers *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++)
            if (a->at[i] == b->at[j])
                return true;
    return false;
}

/* The same target; where one of the two names no party, the same sector, or else program. */
static bool subjects_meet(const subject *a, const subject *b)
{
    if (shares(&a->targets, &b->targets))
        return true;
    if (a->parties && b->parties)
        return false;
    if (a->sectors.count && b->sectors.count)
        return shares(&a->sectors, &b->sectors);
    return shares(&a->programs, &b->programs);
}

/* An announcement whose act is looked for. */
typedef struct search {
    facts *f;
    const incident *announced;
    subject about;
    bool about_known;
    int64_t from;  /* start of the announcement: an act before it closes nothing */
    int64_t first; /* start of the earliest act so far; INT64_MAX: none */
    uint32_t act;  /* the report that says so */
} search;

static search search_for(facts *f, const incident *announced, const summary *as)
{
    return (search){.f = f, .announced = announced, .from = as->occurred.start_ns, .first = INT64_MAX};
}

static void search_about(search *s)
{
    numbers list = {0};
    s->about_known = true;
    incident_reports(s->f, s->announced, false, &list);
    for (uint32_t i = 0; i < list.count; i++)
        subject_add(s->f, &s->about, list.at[i]);
    numbers_done(&list, &s->f->held);
}

/* Whether a report is an act that closes the announcement, earlier than those found. */
static bool report_acts(search *s, uint32_t number)
{
    const report *r = report_of(s->f, number);
    uint8_t announced = s->f->keys[s->announced->key_index].discriminator;
    if (!sanction_is_act(r) || !act_closes(announced, r->detail) || r->start_ns == TIME_UNKNOWN ||
        r->start_ns < s->from || r->start_ns >= s->first)
        return false;
    if (!s->about_known)
        search_about(s);
    subject of = {0};
    subject_add(s->f, &of, number);
    bool meet = subjects_meet(&s->about, &of);
    subject_done(s->f, &of);
    return meet;
}

static void search_incident(search *s, const incident *acts)
{
    numbers list = {0};
    if (acts == s->announced || !acts->now.act)
        return;
    incident_reports(s->f, acts, false, &list);
    for (uint32_t i = 0; i < list.count; i++)
        if (report_acts(s, list.at[i])) {
            s->first = report_of(s->f, list.at[i])->start_ns;
            s->act = list.at[i];
        }
    numbers_done(&list, &s->f->held);
}

static void search_key(search *s, key *k)
{
    int64_t reach = 2 * s->f->config.tolerance_ns[THAW_SANCTION];
    /* Where names group reports or dates are vague, an act may be dated far from the incident it stands in. */
    bool all = k->groups || k->loose.count || s->from <= INT64_MIN + reach;
    for (incident *inc = incidents_from(k, all ? INT64_MIN : s->from - reach); inc && (all || inc->start_ns < s->first);
         inc = incidents_next(inc))
        search_incident(s, inc);
    for (uint32_t i = 0; i < k->vague_incidents.count; i++)
        search_incident(s, s->f->incidents[k->vague_incidents.at[i]]);
}

/* The keys of one authority's steps in a country, by effect; 0 where there is none. */
typedef struct authority_keys {
    uint32_t at[EFFECT_NONE + 1];
} authority_keys;

static authority_keys keys_of_authority(const facts *f, const key *one)
{
    authority_keys keys = {{0}};
    for (int e = EFFECT_TIGHTENING; e <= EFFECT_NONE; e++)
        keys.at[e] = key_find(f, THAW_SANCTION, one->country, (uint8_t)e, one->authority);
    return keys;
}

static void search_all(search *s, const authority_keys *keys)
{
    for (int e = EFFECT_TIGHTENING; e <= EFFECT_NONE; e++)
        if (keys->at[e])
            search_key(s, &s->f->keys[keys->at[e]]);
}

/* ---- what corrections did to acts ---------------------------------------------------- */

/* An act that a correction took back, or that it is itself. */
typedef struct corrected {
    int64_t start_ns;
    uint32_t act, by;
} corrected;

typedef struct corrected_acts {
    corrected *at; /* by start */
    uint32_t count, capacity;
} corrected_acts;

static int corrected_order(const void *a_, const void *b_)
{
    const corrected *a = a_, *b = b_;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return a->by != b->by ? (a->by < b->by ? -1 : 1) : (a->act > b->act) - (a->act < b->act);
}

/* Keeps a report, living or not, that is an act of the authority. */
static void corrected_add(facts *f, corrected_acts *acts, const key *k, uint32_t act, uint32_t by)
{
    const report *r = act ? report_of(f, act) : NULL;
    thaw_event event;
    if (!r || r->kind != THAW_SANCTION || !sanction_is_act(r) || r->start_ns == TIME_UNKNOWN)
        return;
    report_event(f->reports, r, &event);
    if (memcmp(event.country, k->country, sizeof k->country) != 0 ||
        str_compare(event.authority, symbols_get(f->symbols, k->authority)) != 0)
        return;
    if (array_reserve((void **)&acts->at, &acts->capacity, (size_t)acts->count + 1, sizeof *acts->at, &f->held) < 0)
        f->failed = -ENOMEM;
    else
        acts->at[acts->count++] = (corrected){r->start_ns, act, by};
}

static void corrected_read(facts *f, const acts_news *news, corrected_acts *acts)
{
    for (uint32_t i = 0; i < news->count; i++) {
        const incident *inc = f->incidents[news->changed[i]];
        for (uint32_t j = 0; j < inc->why.corrections.count; j++) {
            uint32_t by = inc->why.corrections.at[j];
            corrected_add(f, acts, &f->keys[inc->key_index], report_before(f, by), by);
            corrected_add(f, acts, &f->keys[inc->key_index], by, by);
        }
    }
    if (acts->count > 1)
        qsort(acts->at, acts->count, sizeof *acts->at, corrected_order);
}

static uint32_t corrected_from(const corrected_acts *acts, int64_t start_ns)
{
    uint32_t low = 0, high = acts->count;
    LOWER_BOUND(low, high, acts->at[middle].start_ns < start_ns);
    return low;
}

static bool closes(search *s, uint32_t act)
{
    s->first = INT64_MAX;
    return report_acts(s, act);
}

/* What is told of an announcement rests on the act, too: which corrections took back one that came from `from` to
 * before `until`, or made a report the one at `acted` that was none before. */
static void announcement_inherit(search *s, const corrected_acts *acts, incident *inc, int64_t from, int64_t until,
                                 int64_t acted)
{
    numbers *list = &inc->why.corrections;
    for (uint32_t i = corrected_from(acts, from); i < acts->count && acts->at[i].start_ns < until; i++)
        if (list->count < CAUSES_MAX && acts->at[i].act != acts->at[i].by && closes(s, acts->at[i].act))
            put(s->f, list, acts->at[i].by);
    for (uint32_t i = corrected_from(acts, acted); i < acts->count && acts->at[i].start_ns == acted; i++) {
        const corrected *c = &acts->at[i];
        uint32_t before = c->act == c->by ? report_before(s->f, c->by) : 0;
        bool was = before && report_of(s->f, before)->kind == THAW_SANCTION &&
                   report_of(s->f, before)->start_ns == acted && closes(s, before);
        if (list->count < CAUSES_MAX && c->act == c->by && !was && closes(s, c->act))
            put(s->f, list, c->by);
    }
}

/* ---- settling ----------------------------------------------------------------------- */

/* Where steps only grew, an act may have come and none has gone: those that changed are enough. */
static void announcement_settle(facts *f, const authority_keys *keys, const acts_news *news, const corrected_acts *acts,
                                incident *inc)
{
    search s = search_for(f, inc, &inc->now);
    int64_t told = inc->now.acted_at_ns, from = inc->now.occurred.start_ns;
    int64_t was = inc->now.acted_at_ns == TIME_UNKNOWN ? INT64_MAX : inc->now.acted_at_ns;
    if (inc->now.occurred.start_ns == TIME_UNKNOWN) {
        was = INT64_MAX;
    } else if (inc->dirty || (news->lost && was != INT64_MAX)) {
        search_all(&s, keys);
        was = INT64_MAX;
    } else {
        for (uint32_t i = 0; i < news->count; i++)
            if (f->incidents[news->changed[i]]->used)
                search_incident(&s, f->incidents[news->changed[i]]);
    }
    int64_t acted = s.first < was ? s.first : was;
    int64_t acted_at = acted == INT64_MAX ? TIME_UNKNOWN : acted;
    bool announced = acted == INT64_MAX, changed = inc->now.announced != announced || told != acted_at;
    if (from != TIME_UNKNOWN && inc->dirty) /* when it was closed before is not known any more */
        announcement_inherit(&s, acts, inc, from, acted, acted);
    else if (changed)
        announcement_inherit(&s, acts, inc, told, told != TIME_UNKNOWN && told < acted ? told + 1 : told, acted);
    subject_done(f, &s.about);
    inc->now.announced = announced;
    inc->now.acted_at_ns = acted_at;
    if (changed)
        incident_touch(f, inc);
}

void acts_settle(facts *f, const acts_news *news)
{
    authority_keys keys = keys_of_authority(f, &f->keys[f->incidents[news->changed[0]]->key_index]);
    corrected_acts acts = {0};
    corrected_read(f, news, &acts);
    for (int e = EFFECT_TIGHTENING; e <= EFFECT_NONE; e++) {
        const numbers *announced = &f->keys[keys.at[e]].announcements; /* the first key has none */
        for (uint32_t j = 0; j < announced->count && !f->failed; j++)
            announcement_settle(f, &keys, news, &acts, f->incidents[announced->at[j]]);
    }
    array_free((void **)&acts.at, &acts.capacity, sizeof *acts.at, &f->held);
}

uint32_t announcement_act(facts *f, const incident *announced)
{
    search s = search_for(f, announced, &announced->now);
    authority_keys keys = keys_of_authority(f, &f->keys[announced->key_index]);
    search_all(&s, &keys);
    subject_done(f, &s.about);
    return s.act;
}

void announcement_read(facts *f, const incident *inc, summary *as)
{
    if (!as->announces || as->act)
        return;
    search s = search_for(f, inc, as);
    authority_keys keys = keys_of_authority(f, &f->keys[inc->key_index]);
    if (s.from != TIME_UNKNOWN)
        search_all(&s, &keys);
    subject_done(f, &s.about);
    as->announced = s.first == INT64_MAX;
    as->acted_at_ns = as->announced ? TIME_UNKNOWN : s.first;
}
