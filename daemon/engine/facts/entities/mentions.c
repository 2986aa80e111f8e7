/*
 * mentions.c - the persons, targets and other objects that a report names, as strings of nodes.
 *
 * A string begins with a letter that says what it is: i an id, n a printed name, s a sector, t an id of
 * a sector, p a program, r an element that has nothing to be known by but its place (a person without ids).
 */
#include <stdio.h>
#include <string.h>

#include "facts/entities/mentions.h"

static void strings_put(strings *s, char prefix, thaw_str string)
{
    if (s->count == STRINGS_MAX || sizeof s->text - s->used < string.len + 1u)
        return;
    char *text = s->text + s->used;
    text[0] = prefix;
    memcpy(text + 1, string.data, string.len);
    s->at[s->count++] = (thaw_str){text, string.len + 1};
    s->used += string.len + 1u;
}

uint32_t mention_find(const facts *f, uint32_t scope, char what, thaw_str text)
{
    char string[STRING_BYTES];
    if (!text.data || text.len >= sizeof string)
        return 0;
    string[0] = what;
    memcpy(string + 1, text.data, text.len);
    return node_find(f, scope, (thaw_str){string, text.len + 1});
}

bool party_is_sector(const thaw_party *party)
{
    return party->name.data && party->type.len == 6 && memcmp(party->type.data, "sector", 6) == 0;
}

/* A target that is a sector is the sector of that name, whether it stands in `targets` or in `sector`. */
static void sector_strings(strings *s, const thaw_party *party)
{
    thaw_list ids = party->ids;
    thaw_str id;
    s->count = 0;
    s->used = 0;
    strings_put(s, 's', party->name);
    while (ids.count && thaw_str_next(&ids, &id))
        strings_put(s, 't', id);
}

/* By what an element of persons (named = false) or targets (true: the name will do) is known. */
static void party_strings(strings *s, const thaw_party *party, bool named, mention m, uint64_t salt)
{
    s->count = 0;
    s->used = 0;
    thaw_list ids = party->ids;
    thaw_str id;
    while (ids.count && thaw_str_next(&ids, &id))
        strings_put(s, 'i', id);
    if (s->count)
        return;
    if (named && party->name.data) {
        strings_put(s, 'n', party->name);
        return;
    }
    char place[40];
    int n = snprintf(place, sizeof place, "%016llx.%u", (unsigned long long)salt, m.party);
    strings_put(s, 'r', (thaw_str){place, (uint32_t)n});
}

/* Party number m.party of its report's list; false where there is none. Entities of one report are looked at in the
 * order of the list: the way goes on from where the last one stood, or a thousand persons were a thousand ways. */
static bool party_at(facts *f, thaw_list list, mention m, thaw_party *ret_party)
{
    party_place *p = &f->parties[m.report % PARTY_PLACES];
    if (p->report != m.report || p->list != list.data || p->party > m.party)
        *p = (party_place){.report = m.report, .list = list.data, .rest = list};
    while (p->party < m.party && p->rest.count && thaw_party_next(&p->rest, ret_party))
        p->party++;
    list = p->rest; /* it stays before the party, which may be asked for again */
    return p->party == m.party && list.count && thaw_party_next(&list, ret_party);
}

/* The n-th of the comma-separated parts of a sector, blanks around it left out. */
static bool sector_part(thaw_str sector, uint32_t n, thaw_str *ret_part)
{
    const char *at = sector.data, *end = sector.data + sector.len;
    for (uint32_t i = 0; at && at <= end; i++) {
        const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
        const char *stop = comma ? comma : end, *start = at;
        while (start < stop && *start == ' ')
            start++;
        while (stop > start && stop[-1] == ' ')
            stop--;
        if (i == n && stop > start) {
            *ret_part = (thaw_str){start, (uint32_t)(stop - start)};
            return true;
        }
        if (i == n && !comma)
            return false;
        at = comma ? comma + 1 : end + 1;
        if (i == n) { /* an empty part: the next takes its number */
            *ret_part = (thaw_str){start, 0};
            return true;
        }
    }
    return false;
}

/* Whether a list of sectors names any: "," names none. */
bool names_sector(thaw_str sector)
{
    for (uint32_t i = 0; i < sector.len; i++)
        if (sector.data[i] != ',' && sector.data[i] != ' ')
            return true;
    return false;
}

/* ---- objects of a sanction ---------------------------------------------------------- */

static void target_strings(strings *s, const thaw_party *party, mention m)
{
    if (party_is_sector(party))
        sector_strings(s, party);
    else
        party_strings(s, party, true, m, 0);
}

/* The strings of object number m.party of a sanction; false where there is no such object. */
static bool object_strings(facts *f, strings *s, const thaw_event *event, mention m)
{
    s->count = 0;
    s->used = 0;
    if (event->targets.count) {
        thaw_party party;
        if (!party_at(f, event->targets, m, &party))
            return false;
        target_strings(s, &party, m);
        return true;
    }
    if (names_sector(event->sector)) {
        thaw_str part;
        if (!sector_part(event->sector, m.party, &part))
            return false;
        if (part.len)
            strings_put(s, 's', part);
        return true;
    }
    if (event->program.data && m.party == 0) {
        strings_put(s, 'p', event->program);
        return true;
    }
    return false;
}

/* ---- persons ------------------------------------------------------------------------ */

void person_strings(strings *s, const report *r, uint32_t place, const thaw_party *person)
{
    party_strings(s, person, false, (mention){.party = place}, r->key.low);
}

static bool person_strings_at(facts *f, strings *s, const report *r, const thaw_event *event, mention m)
{
    thaw_party party;
    if (!party_at(f, event->persons, m, &party))
        return false;
    person_strings(s, r, m.party, &party);
    return true;
}

static bool mention_strings(facts *f, uint32_t scope, mention m, strings *s)
{
    const report *r = report_of(f, m.report);
    thaw_event event;
    report_event(f->reports, r, &event);
    return f->scopes[scope].kind == SCOPE_PERSON ? person_strings_at(f, s, r, &event, m)
                                                 : object_strings(f, s, &event, m);
}

void mention_nodes(facts *f, uint32_t scope, mention m, numbers *list)
{
    strings s;
    if (mention_strings(f, scope, m, &s))
        for (uint32_t i = 0; i < s.count; i++) {
            uint32_t n = node_find(f, scope, s.at[i]);
            if (n && f->nodes[n].count)
                put(f, list, n);
        }
}

void persons_nodes(facts *f, uint32_t scope, uint32_t number, const thaw_event *event, number_set *nodes)
{
    strings s;
    thaw_list list = event->persons;
    thaw_party party;
    for (mention m = {number, 0}; list.count && thaw_party_next(&list, &party); m.party++) {
        person_strings(&s, report_of(f, number), m.party, &party);
        for (uint32_t i = 0; i < s.count; i++) {
            uint32_t n = node_find(f, scope, s.at[i]);
            if (n && f->nodes[n].count)
                set_put(f, nodes, n);
        }
    }
}

bool mention_party(facts *f, mention m, thaw_party *ret_party)
{
    thaw_event event;
    report_event(f->reports, report_of(f, m.report), &event);
    return party_at(f, event.targets.count ? event.targets : event.persons, m, ret_party);
}

uint32_t measure_scope(facts *f, const report *r, bool make)
{
    const key *k = &f->keys[r->key_index];
    return scope_index(f, SCOPE_MEASURE, k->country, k->authority, make);
}

uint32_t report_scope(facts *f, const report *r, const thaw_event *event, bool make)
{
    if (r->kind == THAW_SANCTION)
        return measure_scope(f, r, make);
    return scope_index(f, SCOPE_PERSON, event->country, 0, make);
}

/* ---- each of them ------------------------------------------------------------------- */

void persons_each(facts *f, uint32_t number, const thaw_event *event, mention_fn on_mention)
{
    const report *r = report_of(f, number);
    strings s;
    if (!event->persons.count)
        return;
    uint32_t scope = report_scope(f, r, event, true);
    uint32_t names = scope_index(f, SCOPE_NAME, event->country, 0, true);
    bool parting = r->kind == THAW_RELEASE || r->kind == THAW_DETENTION;
    thaw_list list = event->persons;
    thaw_party party;
    mention m = {number, 0};
    for (; thaw_party_next(&list, &party); m.party++) {
        person_strings(&s, r, m.party, &party);
        (void)on_mention(f, scope, s.at, s.count, m, true);
        if (parting && party.name.data) {
            s.count = 0;
            s.used = 0;
            strings_put(&s, 'n', party.name);
            (void)on_mention(f, names, s.at, s.count, m, false);
        }
    }
}

uint32_t objects_each(facts *f, uint32_t number, const thaw_event *event, mention_fn on_mention, party_fn on_party)
{
    strings s;
    uint32_t scope = measure_scope(f, report_of(f, number), true), only = 0, objects = 0;
    mention m = {number, 0};
    thaw_list list = event->targets;
    thaw_party party;
    if (list.count) {
        for (; thaw_party_next(&list, &party); m.party++, objects++) {
            target_strings(&s, &party, m);
            only = on_mention(f, scope, s.at, s.count, m, true);
            if (on_party && !party_is_sector(&party))
                on_party(f, event->country, &s, m, on_mention);
        }
    } else {
        for (; object_strings(f, &s, event, m); m.party++)
            if (s.count) {
                only = on_mention(f, scope, s.at, s.count, m, true);
                objects++;
            }
    }
    return objects == 1 ? only : 0;
}

static uint32_t entity_collect(facts *f, uint32_t scope, const thaw_str strings_[], uint32_t count, mention m, bool tie)
{
    uint32_t n = count && tie ? node_find(f, scope, strings_[0]) : 0;
    (void)m;
    if (n && f->nodes[n].entity)
        add(f, &f->work_entities, f->nodes[n].entity);
    return n;
}

void report_entities(facts *f, uint32_t number, numbers *list)
{
    const report *r = report_of(f, number);
    thaw_event event;
    if (r->objects_one) {
        if (f->nodes[r->object].entity)
            add(f, list, f->nodes[r->object].entity);
        return;
    }
    report_event(f->reports, r, &event);
    f->work_entities.count = 0;
    if (event.kind == THAW_SANCTION)
        (void)objects_each(f, number, &event, entity_collect, NULL);
    else
        persons_each(f, number, &event, entity_collect);
    for (uint32_t i = 0; i < f->work_entities.count; i++)
        add(f, list, f->work_entities.at[i]);
}
