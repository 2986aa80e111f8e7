/*
 * parties.c - the persons, targets and other objects that a report names, as strings of nodes.
 *
 * A string begins with a letter that says what it is: i an id, n a printed name, s a sector, t an id of
 * a sector, p a program, r an element that has nothing to be known by but its place (a person without ids).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "entities.h"
#include "internal.h"

#define STRINGS_MAX 65 /* ids of one party and its name: thaw_limits.ids and one */
#define STRING_BYTES 4200

/* The strings of one party, in a buffer of their own; 13 KiB of stack. */
typedef struct strings {
    thaw_str at[STRINGS_MAX];
    uint32_t count;
    size_t used;
    char text[STRINGS_MAX * 130 + STRING_BYTES];
} strings;

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
static bool names_sector(thaw_str sector)
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
static bool object_strings(strings *s, const thaw_event *event, mention m)
{
    s->count = 0;
    s->used = 0;
    if (event->targets.count) {
        thaw_list list = event->targets;
        thaw_party party;
        for (uint32_t i = 0; thaw_party_next(&list, &party); i++)
            if (i == m.party) {
                target_strings(s, &party, m);
                return true;
            }
        return false;
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

static bool person_strings(strings *s, const report *r, const thaw_event *event, mention m)
{
    thaw_list list = event->persons;
    thaw_party party;
    for (uint32_t i = 0; list.count && thaw_party_next(&list, &party); i++)
        if (i == m.party) {
            party_strings(s, &party, false, m, r->key.low);
            return true;
        }
    return false;
}

static bool mention_strings(facts *f, uint32_t scope, mention m, strings *s)
{
    const report *r = report_of(f, m.report);
    thaw_event event;
    report_event(f->reports, r, &event);
    return f->scopes[scope].kind == SCOPE_PERSON ? person_strings(s, r, &event, m) : object_strings(s, &event, m);
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

static uint32_t entity_collect(facts *f, uint32_t scope, const thaw_str strings_[], uint32_t count, mention m, bool tie)
{
    uint32_t n = count && tie ? node_find(f, scope, strings_[0]) : 0;
    (void)m;
    if (n && f->nodes[n].entity)
        add(f, &f->work_entities, f->nodes[n].entity);
    return n;
}

/* ---- how many a report names -------------------------------------------------------- */

/* One string by which one element of a list is known. */
typedef struct known_by {
    uint64_t hash;
    uint32_t element;
} known_by;

static int known_order(const void *a_, const void *b_)
{
    const known_by *a = a_, *b = b_;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->element > b->element) - (a->element < b->element);
}

static void known_put(known_by *all, uint32_t *count, char prefix, thaw_str string, uint32_t element)
{
    all[(*count)++] = (known_by){XXH3_64bits_withSeed(string.data, string.len, (uint64_t)prefix), element};
}

/* As party_strings() and sector_strings(): by ids; a target without any by its name, a sector by both. */
static uint32_t known_collect(thaw_list list, bool targets, known_by *all)
{
    uint32_t count = 0;
    thaw_party party;
    for (uint32_t i = 0; list.count && thaw_party_next(&list, &party); i++) {
        bool sector = targets && party_is_sector(&party);
        thaw_str id;
        if (sector || (targets && !party.ids.count && party.name.data))
            known_put(all, &count, sector ? 's' : 'n', party.name, i);
        while (party.ids.count && thaw_str_next(&party.ids, &id))
            known_put(all, &count, sector ? 't' : 'i', id, i);
    }
    return count;
}

static uint32_t element_root(uint32_t *parents, uint32_t at)
{
    while (parents[at] != at)
        at = parents[at] = parents[parents[at]];
    return at;
}

uint32_t parties_named(facts *f, const thaw_event *event)
{
    bool targets = event->kind == THAW_SANCTION;
    thaw_list list = targets ? event->targets : event->persons, left = list;
    uint32_t count = list.count, strings_count = 0;
    thaw_party party;
    if (count < 2)
        return count;
    while (left.count && thaw_party_next(&left, &party))
        strings_count += party.ids.count + 1;
    known_by few[16], *all = strings_count <= 16 ? few : malloc(strings_count * sizeof *all);
    uint32_t few_parents[16], *parents = count <= 16 ? few_parents : malloc(count * sizeof *parents);
    if (all && parents) {
        for (uint32_t i = 0; i < count; i++)
            parents[i] = i;
        uint32_t known = known_collect(list, targets, all);
        qsort(all, known, sizeof *all, known_order);
        for (uint32_t i = 1; i < known; i++) {
            uint32_t a = element_root(parents, all[i - 1].element), b = element_root(parents, all[i].element);
            if (all[i - 1].hash != all[i].hash || a == b)
                continue;
            parents[b] = a;
            count--;
        }
    } else {
        f->failed = -ENOMEM;
    }
    if (all != few)
        free(all);
    if (parents != few_parents)
        free(parents);
    return count;
}

bool mention_party(const facts *f, mention m, thaw_party *ret_party)
{
    thaw_event event;
    report_event(f->reports, report_of(f, m.report), &event);
    thaw_list list = event.targets.count ? event.targets : event.persons;
    for (uint32_t i = 0; list.count && thaw_party_next(&list, ret_party); i++)
        if (i == m.party)
            return true;
    return false;
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

/* ---- entering and leaving ----------------------------------------------------------- */

/* Returns a node of the strings; 0: none. */
typedef uint32_t (*mention_fn)(facts *, uint32_t, const thaw_str[], uint32_t, mention, bool);

static void persons_each(facts *f, uint32_t number, const thaw_event *event, mention_fn on_mention)
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
        party_strings(&s, &party, false, m, r->key.low);
        (void)on_mention(f, scope, s.at, s.count, m, true);
        if (parting && party.name.data) {
            s.count = 0;
            s.used = 0;
            strings_put(&s, 'n', party.name);
            (void)on_mention(f, names, s.at, s.count, m, false);
        }
    }
}

/* The mention of a party, for all authorities: it ties what they name it by, or no longer does. */
static void party_each(facts *f, const char country_code[2], const strings *s, mention m, mention_fn on_mention)
{
    uint32_t all = scope_index(f, SCOPE_PARTY, country_code, 0, true);
    numbers before = {0};
    if (on_mention == mention_take)
        links_strings(f, node_find(f, all, s->at[0]), &before);
    uint32_t node_ = on_mention(f, all, s->at, s->count, m, true);
    if (on_mention == mention_take)
        links_part(f, country_code, &before);
    else
        links_join(f, country_code, node_);
    numbers_done(&before, &f->held);
}

/* Returns a node of the only object; 0: there is none, or there are several. */
static uint32_t objects_each(facts *f, uint32_t number, const thaw_event *event, mention_fn on_mention)
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
            if (on_mention != entity_collect && !party_is_sector(&party))
                party_each(f, event->country, &s, m, on_mention);
        }
    } else {
        for (; object_strings(&s, event, m); m.party++)
            if (s.count) {
                only = on_mention(f, scope, s.at, s.count, m, true);
                objects++;
            }
    }
    return objects == 1 ? only : 0;
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
        (void)objects_each(f, number, &event, entity_collect);
    else
        persons_each(f, number, &event, entity_collect);
    for (uint32_t i = 0; i < f->work_entities.count; i++)
        add(f, list, f->work_entities.at[i]);
}

/* A program that is lifted as a whole: every measure of the authority may be of it. */
static void program_marks(facts *f, uint32_t number, const thaw_event *event)
{
    if (event->kind != THAW_SANCTION || event->action != THAW_LIFTED || event->targets.count ||
        names_sector(event->sector) || !event->program.data)
        return;
    uint32_t scope = measure_scope(f, report_of(f, number), true);
    for (uint32_t i = 1; i < f->entities_count; i++)
        if (f->entities[i].used && f->entities[i].scope == scope)
            entity_mark(f, i);
}

void parties_enter(facts *f, uint32_t number, const thaw_event *event)
{
    if (event->kind == THAW_SANCTION) {
        /* It is asked for whenever its incident is counted. */
        uint32_t only = objects_each(f, number, event, mention_add);
        report *r = report_of(f, number);
        r->objects_one = only && r->covers != THAW_PART;
        if (r->objects_one)
            r->object = only;
    } else {
        persons_each(f, number, event, mention_add);
    }
    program_marks(f, number, event);
}

void parties_leave(facts *f, uint32_t number, const thaw_event *event)
{
    if (event->kind == THAW_SANCTION)
        (void)objects_each(f, number, event, mention_take);
    else
        persons_each(f, number, event, mention_take);
    program_marks(f, number, event);
}
