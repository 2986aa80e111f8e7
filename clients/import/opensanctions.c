/*
 * opensanctions.c - sanctions and parties out of FollowTheMoney entities.
 *
 * Parties and sanctions are entities of their own; a sanction points to its party, and either may
 * come first. So all that may matter is kept as reduced JSON, and the list is made of it at the
 * end: a record for each party and authority.
 */
#include "opensanctions.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "country.h"
#include "ftm.h"
#include "identifier.h"
#include "lower_bound.h"
#include "programs.h"
#include "room.h"

enum { AUTHORITY_BYTES = 64 };

/* A sanction on a party, taken out of its entity. */
typedef struct penalty {
    const char *id, *party, *authority, *programs, *listed, *expires;
    bool ended;
    uint64_t line; /* 0: remembered */
} penalty;

typedef struct store {
    ftm_entities all;
    penalty *penalties;
    size_t penalty_count, penalty_room;
    char version[THAW_DATE_TEXT]; /* of the list, or the last change applied; "": not known */
} store;

/* ---- sanctions ------------------------------------------------------------------------ */

/* Who decides: by the country code in front of a program ("EU-BLR") or dataset ("us_ofac_sdn"). */
static bool authority_in_front(const char *code, char to[AUTHORITY_BYTES])
{
    size_t len = strcspn(code, "-_");
    if (code[len] == '\0' && len != 2)
        return false;
    if (text_equals_fold(code, len, "eu") || text_equals_fold(code, len, "un"))
        snprintf(to, AUTHORITY_BYTES, "%s", tolower((unsigned char)code[0]) == 'e' ? "EU" : "UN");
    else if (text_equals_fold(code, len, "gb") || text_equals_fold(code, len, "uk"))
        snprintf(to, AUTHORITY_BYTES, "UK");
    else if (len == 2 && country_of_alpha2(code, len) != NULL)
        snprintf(to, AUTHORITY_BYTES, "%s", country_of_alpha2(code, len));
    else
        return false;
    return true;
}

static void authority_of(const json_t *sanction, char to[AUTHORITY_BYTES])
{
    const char *dataset =
        json_string_value(json_array_get(json_object_get(sanction, "datasets"), 0));
    const char *candidates[] = {ftm_property(sanction, "programId", 0), dataset,
                                ftm_property(sanction, "country", 0)};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        if (candidates[i] != NULL && authority_in_front(candidates[i], to))
            return;
    const char *said = ftm_property(sanction, "authority", 0);
    snprintf(to, AUTHORITY_BYTES, "%.60s", said != NULL ? said : dataset != NULL ? dataset : "ZZ");
}

static const char *date_or_none(const char *says)
{
    thaw_date date;
    return says != NULL && thaw_date_parse(says, strlen(says), &date) == 0 ? says : "";
}

/* When a date is over; never where it is none. */
static int64_t end_of(const char *says)
{
    thaw_date date;
    int64_t start_ns = 0;
    int64_t end_ns = INT64_MAX;
    if (thaw_date_parse(says, strlen(says), &date) == 0)
        thaw_date_interval(&date, &start_ns, &end_ns);
    return end_ns;
}

/* Whether a date lies before another one, both whole. */
static bool is_past(const char *end, const char *now)
{
    thaw_date of_now;
    return thaw_date_parse(now, strlen(now), &of_now) == 0 && end_of(end) <= of_now.at_ns;
}

/* Of several days the first one: the entity may be made of several, and their order says nothing. */
static const char *first_read(const json_t *e, const char *name)
{
    const char *first = "";
    const char *says = NULL;
    for (size_t n = 0; (says = ftm_property(e, name, n)) != NULL; n++)
        if (date_or_none(says)[0] != '\0' && (first[0] == '\0' || strcmp(says, first) < 0))
            first = says;
    return first;
}

/* Of several ends the last one. */
static const char *end_read(const json_t *e)
{
    const char *end = "";
    const char *says = NULL;
    for (size_t n = 0; (says = ftm_property(e, "endDate", n)) != NULL; n++)
        if (date_or_none(says)[0] != '\0' && (end[0] == '\0' || end_of(says) > end_of(end)))
            end = says;
    return end;
}

/* Whether every status says that it is over. */
static bool status_ended(const json_t *e)
{
    const char *status = NULL;
    size_t n = 0;
    for (; (status = ftm_property(e, "status", n)) != NULL; n++)
        if (strcasecmp(status, "inactive") != 0 && strcasecmp(status, "expired") != 0)
            return false;
    return n > 0;
}

static penalty *penalty_add(store *s)
{
    if (room_for(&s->penalties, &s->penalty_room, s->penalty_count + 1, sizeof *s->penalties) < 0)
        return NULL;
    s->penalties[s->penalty_count] = (penalty){"", "", "", "", "", "", false, 0};
    return &s->penalties[s->penalty_count++];
}

static const char *kept_text(store *s, const char *says)
{
    return pool_text(&s->all.texts, says, strlen(says));
}

static int penalty_read(store *s, const ftm_entity *of, const json_t *e, const char *now)
{
    char authority[AUTHORITY_BYTES];
    text programs = {0};
    const json_t *properties = json_object_get(e, "properties");
    const json_t *named = json_object_get(properties, "programId");
    const char *listed = first_read(e, "startDate");
    const char *end = end_read(e);
    int result =
        ftm_values_join(json_array_size(named) > 0 ? named : json_object_get(properties, "program"),
                        ", ", &programs);
    authority_of(e, authority);
    if (listed[0] == '\0')
        listed = first_read(e, "listingDate");
    bool ended = status_ended(e) || is_past(end, now);
    const char *party = NULL;
    for (size_t n = 0; result == 0 && (party = ftm_property(e, "entity", n)) != NULL; n++) {
        penalty *one = penalty_add(s);
        if (one == NULL) {
            result = -ENOMEM;
            break;
        }
        *one = (penalty){of->id,
                         kept_text(s, party),
                         kept_text(s, authority),
                         kept_text(s, text_get(&programs)),
                         kept_text(s, listed),
                         kept_text(s, end),
                         ended,
                         of->line};
        if (!one->party || !one->authority || !one->programs || !one->listed || !one->expires)
            result = -ENOMEM;
    }
    text_done(&programs);
    return result;
}

static int penalty_order(const void *a, const void *b)
{
    const penalty *one = a;
    const penalty *two = b;
    int result = strcmp(one->party, two->party);
    if (result == 0)
        result = strcmp(one->authority, two->authority);
    if (result == 0)
        result = strcmp(one->programs, two->programs);
    return result != 0 ? result : strcmp(one->listed, two->listed);
}

/* ---- records -------------------------------------------------------------------------- */

static const char *type_of(const json_t *e)
{
    const char *schema = ftm_text(e, "schema");
    return strcmp(schema, "Person") == 0     ? "person"
           : strcmp(schema, "Vessel") == 0   ? "vessel"
           : strcmp(schema, "Airplane") == 0 ? "aircraft"
                                             : "entity";
}

/* The one country of the party; NULL where it has several or none. */
static const char *country_of_party(const json_t *e)
{
    static const char *const names[] = {"country", "jurisdiction", "nationality"};
    const char *country = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = NULL;
        for (size_t n = 0; (value = ftm_property(e, names[i], n)) != NULL; n++) {
            const char *one = country_of_alpha2(value, strlen(value));
            if (one != NULL && country != NULL && strcmp(one, country) != 0)
                return NULL;
            country = one != NULL ? one : country;
        }
    }
    return country;
}

/* The number that a party has in the list that an id was taken from: "ofac-36". */
static void source_id_add(text *ids, const char *id)
{
    static const struct {
        const char *beginning, *kind;
    } lists[] = {{"ofac-", "ofac"}, {"unsc-", "unsc"}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        size_t len = strlen(lists[i].beginning);
        if (strncmp(id, lists[i].beginning, len) == 0 &&
            strspn(id + len, "0123456789") == strlen(id + len))
            identifier_add_world(ids, lists[i].kind, id + len, strlen(id + len));
    }
}

static void ids_read(const json_t *e, text *ids)
{
    static const struct {
        const char *property, *kind, *country;
    } numbers[] = {{"registrationNumber", "registration", NULL},
                   {"taxNumber", "tax", NULL},
                   {"innCode", "tax", "RU"},
                   {"ogrnCode", "registration", "RU"}};
    const char *country = country_of_party(e);
    const char *value = NULL;
    char clean[110];
    text_clean(ftm_text(e, "id"), (size_t)-1, clean, sizeof clean);
    text_put(ids, "opensanctions:");
    text_put(ids, clean);
    source_id_add(ids, ftm_text(e, "id"));
    const json_t *referents = json_object_get(e, "referents");
    for (size_t n = 0; n < json_array_size(referents); n++) {
        value = json_string_value(json_array_get(referents, n));
        if (value != NULL)
            source_id_add(ids, value);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        for (size_t n = 0; (value = ftm_property(e, numbers[i].property, n)) != NULL; n++)
            identifier_add(ids, numbers[i].kind,
                           numbers[i].country != NULL ? numbers[i].country : country, value,
                           strlen(value));
    for (size_t n = 0; (value = ftm_property(e, "imoNumber", n)) != NULL; n++)
        identifier_add_imo(ids, value, strlen(value));
    for (size_t n = 0; (value = ftm_property(e, "leiCode", n)) != NULL; n++)
        identifier_add_lei(ids, value, strlen(value));
}

/* Former ids of the party, as keys under this authority. */
static void others_read(const json_t *e, const char *authority, text *others)
{
    const json_t *referents = json_object_get(e, "referents");
    for (size_t n = 0; n < json_array_size(referents) && n < FTM_VALUES_MAX; n++) {
        char key[300];
        char clean[300];
        const char *value = json_string_value(json_array_get(referents, n));
        if (value == NULL)
            continue;
        snprintf(key, sizeof key, "%.200s/%s", value, authority);
        size_t len = text_clean(key, sizeof key, clean, sizeof clean);
        text_join(others, "\n", clean, len);
    }
}

/* What is the same for all authorities of a party. */
typedef struct party {
    const json_t *entity;
    uint64_t line;
    text ids;
} party;

static int record_make(list *l, const party *of, const penalty *what)
{
    char key[300];
    char countries[200];
    char details[40];
    text others = {0};
    record *r = records_add(l, of->line);
    if (r == NULL)
        return -ENOMEM;
    const char *own = country_of_party(of->entity);
    snprintf(key, sizeof key, "%.200s/%s", ftm_text(of->entity, "id"), what->authority);
    snprintf(details, sizeof details, "ftm:%.20s", ftm_text(of->entity, "digest"));
    program_countries(what->programs, program_country, countries, sizeof countries);
    others_read(of->entity, what->authority, &others);
    int result = record_put(l, r, RECORD_KEY, key);
    result |= record_put(l, r, RECORD_OTHER, text_get(&others));
    result |= record_put(l, r, RECORD_GROUP, what->authority);
    result |= record_put(l, r, RECORD_NAME, ftm_text(of->entity, "caption"));
    result |= record_put(l, r, RECORD_TYPE, type_of(of->entity));
    result |= record_put(l, r, RECORD_AUTHORITY, what->authority);
    result |= record_put(l, r, RECORD_COUNTRIES,
                         strcmp(countries, "ZZ") == 0 && own != NULL ? own : countries);
    result |= record_put(l, r, RECORD_PROGRAMS, what->programs);
    result |= record_put(l, r, RECORD_LISTED, what->listed);
    result |= record_put(l, r, RECORD_EXPIRES, what->expires);
    result |= record_put(l, r, RECORD_IDS, text_get(&of->ids));
    result |= record_put(l, r, RECORD_DETAILS, details);
    result |= others.failed ? -ENOMEM : 0;
    text_done(&others);
    return result != 0 ? -ENOMEM : 0;
}

/* Whether programs stand among others as they are: between commas, not within a name. */
static bool programs_among(const char *all, const char *some)
{
    size_t len = strlen(some);
    for (const char *at = all; (at = strstr(at, some)) != NULL; at++)
        if ((at == all || at[-1] == ' ') && (at[len] == '\0' || at[len] == ',') &&
            (at < all + 2 || at[-2] == ','))
            return true;
    return false;
}

/* Sanctions of one authority as one: all programs, the first listing, the last end. */
static int penalties_fold(list *l, const party *of, const penalty *from, size_t count)
{
    text programs = {0};
    penalty all = {"", "", from->authority, "", "", "", true, 0};
    bool endless = false;
    for (size_t i = 0; i < count; i++) {
        const penalty *one = &from[i];
        if (one->ended)
            continue;
        all.ended = false;
        if (one->programs[0] != '\0' && !programs_among(text_get(&programs), one->programs))
            text_join(&programs, ", ", one->programs, strlen(one->programs));
        if (one->listed[0] != '\0' &&
            (all.listed[0] == '\0' || strcmp(one->listed, all.listed) < 0))
            all.listed = one->listed;
        endless |= one->expires[0] == '\0';
        if (all.expires[0] == '\0' || end_of(one->expires) > end_of(all.expires))
            all.expires = one->expires;
    }
    all.programs = text_get(&programs);
    if (endless)
        all.expires = "";
    int result = programs.failed ? -ENOMEM : all.ended ? 0 : record_make(l, of, &all);
    text_done(&programs);
    return result;
}

/* A list without sanctions of their own marks its parties by a topic. */
static int topic_records(list *l, const party *of, ftm_entity *e)
{
    const char *topic = NULL;
    bool listed = false;
    for (size_t n = 0; (topic = ftm_property(of->entity, "topics", n)) != NULL; n++)
        listed |= strcmp(topic, "sanction") == 0;
    const json_t *datasets = json_object_get(of->entity, "datasets");
    text done = {0};
    int result = 0;
    for (size_t n = 0; listed && result == 0 && n < json_array_size(datasets); n++) {
        char authority[AUTHORITY_BYTES];
        char mark[AUTHORITY_BYTES + 2];
        const char *dataset = json_string_value(json_array_get(datasets, n));
        if (dataset == NULL || !authority_in_front(dataset, authority))
            continue;
        snprintf(mark, sizeof mark, " %s ", authority);
        if (strstr(text_get(&done), mark) != NULL)
            continue;
        text_put(&done, mark);
        const penalty what = {"", "", authority, "", "", "", false, 0};
        result = record_make(l, of, &what);
    }
    e->needed |= listed;
    text_done(&done);
    return result;
}

static size_t penalties_find(const store *s, const char *party_id)
{
    size_t low = 0;
    size_t high = s->penalty_count;
    LOWER_BOUND(low, high, strcmp(s->penalties[middle].party, party_id) < 0);
    return low;
}

static int party_records(store *s, list *l, ftm_entity *e, const json_t *value)
{
    party of = {.entity = value, .line = e->line};
    size_t at = penalties_find(s, e->id);
    int result = 0;
    ids_read(value, &of.ids);
    if (of.ids.failed)
        result = -ENOMEM;
    if (at == s->penalty_count || strcmp(s->penalties[at].party, e->id) != 0)
        result = result == 0 ? topic_records(l, &of, e) : result;
    while (result == 0 && at < s->penalty_count && strcmp(s->penalties[at].party, e->id) == 0) {
        size_t count = 1;
        while (at + count < s->penalty_count &&
               strcmp(s->penalties[at + count].party, e->id) == 0 &&
               strcmp(s->penalties[at + count].authority, s->penalties[at].authority) == 0)
            count++;
        result = penalties_fold(l, &of, &s->penalties[at], count);
        e->needed = true;
        at += count;
    }
    text_done(&of.ids);
    return result;
}

/* One pass over the entities of one sort. */
static int entities_visit(store *s, list *l, bool sanctions, const char *now)
{
    int result = 0;
    for (size_t i = 0; i < s->all.count && result == 0; i++) {
        ftm_entity *e = &s->all.at[i];
        json_t *value = e->json != NULL ? json_loads(e->json, 0, NULL) : NULL;
        if (value == NULL)
            continue;
        if (ftm_is_sanction(value) && sanctions) {
            e->needed = true;
            result = penalty_read(s, e, value, now);
        } else if (!ftm_is_sanction(value) && !sanctions) {
            result = party_records(s, l, e, value);
        }
        json_decref(value);
    }
    return result;
}

static int list_make(store *s, list *l, problem *p)
{
    const char *now = l->date[0] != '\0' ? l->date : l->fetched;
    int result = entities_visit(s, l, true, now);
    if (result == 0 && s->penalty_count > 1)
        qsort(s->penalties, s->penalty_count, sizeof *s->penalties, penalty_order);
    if (result == 0)
        result = entities_visit(s, l, false, now);
    for (size_t i = 0; i < s->all.count && result == 0; i++)
        if (s->all.at[i].needed)
            result = records_add_raw(l, s->all.at[i].json, strlen(s->all.at[i].json));
    if (result == 0 && s->version[0] != '\0') {
        char line[100];
        snprintf(line, sizeof line, "{\"version\":\"%s\"}", s->version);
        result = records_add_raw(l, line, strlen(line));
    }
    return result == 0 ? records_finish(l, s->all.file, p) : result;
}

static void store_done(store *s)
{
    free(s->penalties);
    ftm_done(&s->all);
}

/* ---- whole lists and changes ----------------------------------------------------------- */

static int party_order(const void *a, const void *b)
{
    return strcmp(((const ftm_entity *)a)->id, ((const ftm_entity *)b)->id);
}

static bool holds_party(const store *s, const penalty *one)
{
    const ftm_entity wanted = {.id = one->party};
    return bsearch(&wanted, s->all.at, s->all.count, sizeof wanted, party_order) != NULL;
}

/* The records of parties that are not there while a sanction on them is. */
static int claims_make(const store *s, list *l, problem *p)
{
    const penalty *last = NULL;
    list *claimed = NULL;
    int result = 0;
    for (size_t i = 0; i < s->penalty_count && result == 0; i++) {
        const penalty *one = &s->penalties[i];
        bool same = last != NULL && strcmp(one->party, last->party) == 0 &&
                    strcmp(one->authority, last->authority) == 0;
        if (one->ended || same || holds_party(s, one))
            continue;
        char key[300];
        snprintf(key, sizeof key, "%.200s/%s", one->party, one->authority);
        last = one;
        claimed = records_claimed(l);
        record *r = claimed != NULL ? records_add(claimed, one->line) : NULL;
        result = r != NULL ? record_put(claimed, r, RECORD_KEY, key) : -ENOMEM;
    }
    return result == 0 && claimed != NULL ? records_finish(claimed, s->all.file, p) : result;
}

int opensanctions_read(source *const sources[], size_t count, list *ret_list, problem *p)
{
    store s = {.all.file = source_name(sources[0])};
    (void)count;
    int result = ftm_read(&s.all, sources[0], false, p);
    /* A day in its name may be that of fetching it; a time is that of its version. */
    if (!source_date_of_name(s.all.file, s.version) || strchr(s.version, 'T') == NULL)
        s.version[0] = '\0';
    if (result == 0)
        result = ftm_settle(&s.all, false, p);
    if (result == 0 && s.all.count == 0)
        result = problem_set(p, s.all.file, 0, "is empty; expected entities");
    if (result == 0)
        snprintf(ret_list->date, sizeof ret_list->date, "%s", s.all.last_seen);
    if (result == 0)
        result = list_make(&s, ret_list, p);
    if (result == 0)
        result = claims_make(&s, ret_list, p);
    if (result == 0 && ret_list->count == 0)
        result = problem_set(p, s.all.file, 0, "holds no party that is under sanctions");
    store_done(&s);
    return result;
}

bool opensanctions_is_change(source *s)
{
    const char *data = NULL;
    size_t len = 0;
    const char *slash = strrchr(source_name(s), '/');
    const char *name = slash != NULL ? slash + 1 : source_name(s);
    if (strstr(name, "delta") != NULL)
        return true;
    source_peek(s, &data, &len);
    return len > 6 && memmem(data, len < 40 ? len : 40, "\"op\"", 4) != NULL;
}

static int remembered_take(store *s, const list *before, problem *p)
{
    int result = 0;
    for (size_t i = 0; i < before->raw_count && result == 0; i++) {
        json_t *value = json_loads(before->raw[i], 0, NULL);
        const char *version = ftm_text(value, "version");
        if (version[0] != '\0')
            snprintf(s->version, sizeof s->version, "%s", version);
        else
            result = value != NULL
                         ? ftm_add(&s->all, ftm_text(value, "id"), value, 0)
                         : problem_set(p, s->all.file, 0, "the remembered list is damaged");
        json_decref(value);
    }
    return result;
}

/* A sanction of this change on a party that nobody has named: a change was left out, or the party
 * was none when the list was remembered. Its listing would be lost without a word. */
static int parties_check(const store *s, problem *p)
{
    for (size_t i = 0; i < s->penalty_count; i++) {
        const penalty *one = &s->penalties[i];
        if (!one->ended && one->line > 0 && !holds_party(s, one))
            return problem_set(p, s->all.file, one->line,
                               "sanction %.60s is on %.60s, which neither this change nor the "
                               "remembered list holds; import a whole list",
                               one->id, one->party);
    }
    return 0;
}

int opensanctions_change(source *from, const list *before, list *ret_list, problem *p)
{
    store s = {.all.file = source_name(from)};
    char version[THAW_DATE_TEXT] = "";
    int result = remembered_take(&s, before, p);
    if (!source_date_of_name(s.all.file, version))
        version[0] = '\0';
    if (result == 0 && strcmp(version, s.version) != 0 && is_past(version, s.version))
        result = problem_set(p, s.all.file, 0,
                             "is of %s, older than %s, of which the remembered list is", version,
                             s.version);
    if (result == 0 && version[0] != '\0')
        snprintf(s.version, sizeof s.version, "%s", version);
    if (result == 0)
        result = ftm_read(&s.all, from, true, p);
    if (result == 0)
        result = ftm_settle(&s.all, true, p);
    if (result == 0)
        snprintf(ret_list->date, sizeof ret_list->date, "%s",
                 version[0] != '\0' ? version : s.all.last_seen);
    if (result == 0)
        result = list_make(&s, ret_list, p);
    if (result == 0)
        result = parties_check(&s, p);
    store_done(&s);
    return result;
}
