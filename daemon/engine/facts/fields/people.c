/* people.c - the people that a fact names, told apart so that they can be counted. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "facts/fields/fields.h"
#include "facts/incidents/incidents.h"

/* One id or printed name of one mention. */
typedef struct naming {
    uint64_t hash;
    uint32_t mention;
    bool is_id;
} naming;

typedef struct people {
    facts *f;
    naming *at;
    uint32_t count, capacity;
    uint32_t *parents; /* of mentions: those that are one person have one root */
    uint8_t *has_ids;  /* of roots */
    uint32_t mentions;
} people;

static void naming_add(people *p, thaw_str string, bool is_id)
{
    uint64_t unused = 0;
    if (!string.data)
        return;
    if (array_reserve((void **)&p->at, &p->capacity, (size_t)p->count + 1, sizeof *p->at, &unused) < 0) {
        p->f->failed = -ENOMEM;
        return;
    }
    uint64_t hash = XXH3_64bits_withSeed(string.data, string.len, is_id) & ~UINT64_C(1);
    p->at[p->count++] = (naming){hash ? hash : 2, p->mentions, is_id};
}

static void report_gather(people *p, uint32_t number)
{
    thaw_event event;
    thaw_party party;
    thaw_str id;
    report_event(p->f->reports, report_of(p->f, number), &event);
    while (event.persons.count && thaw_party_next(&event.persons, &party)) {
        naming_add(p, party.name, false);
        while (party.ids.count && thaw_str_next(&party.ids, &id))
            naming_add(p, id, true);
        p->mentions++;
    }
}

static uint32_t root_of(people *p, uint32_t mention)
{
    while (p->parents[mention] != mention)
        mention = p->parents[mention] = p->parents[p->parents[mention]];
    return mention;
}

static void join(people *p, uint32_t a, uint32_t b)
{
    a = root_of(p, a);
    b = root_of(p, b);
    p->parents[b] = a;
    p->has_ids[a] |= p->has_ids[b];
}

static int naming_order(const void *a_, const void *b_)
{
    const naming *a = a_, *b = b_;
    if (a->is_id != b->is_id)
        return a->is_id ? -1 : 1;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->mention > b->mention) - (a->mention < b->mention);
}

/* Whoever shares an id is one person; who has none is whoever of the same fact has that name. */
static void people_join(people *p)
{
    for (uint32_t i = 0; i < p->mentions; i++)
        p->parents[i] = i;
    for (uint32_t i = 0; i < p->count; i++)
        p->has_ids[p->at[i].mention] |= p->at[i].is_id;
    if (p->count > 1)
        qsort(p->at, p->count, sizeof *p->at, naming_order);
    for (uint32_t i = 1; i < p->count && p->at[i].is_id; i++)
        if (p->at[i].hash == p->at[i - 1].hash)
            join(p, p->at[i - 1].mention, p->at[i].mention);
    for (uint32_t i = 0, next; i < p->count; i = next) {
        uint32_t one = i; /* the first that has ids, else the first */
        for (next = i; next < p->count && p->at[next].is_id == p->at[i].is_id && p->at[next].hash == p->at[i].hash;
             next++)
            if (!p->has_ids[root_of(p, p->at[one].mention)] && p->has_ids[root_of(p, p->at[next].mention)])
                one = next;
        for (uint32_t k = i; !p->at[i].is_id && k < next; k++)
            if (!p->has_ids[root_of(p, p->at[k].mention)] &&
                root_of(p, p->at[k].mention) != root_of(p, p->at[one].mention))
                join(p, p->at[one].mention, p->at[k].mention);
    }
}

typedef struct part {
    uint32_t root;
    uint64_t hash;
} part;

static int part_order(const void *a_, const void *b_)
{
    const part *a = a_, *b = b_;
    if (a->root != b->root)
        return a->root < b->root ? -1 : 1;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

/* Of each person the ids, else the name, person after person. */
static int people_write(people *p, uint64_t **ret_hashes, size_t *ret_count)
{
    part *parts = malloc((p->count + 1u) * sizeof *parts);
    uint64_t *hashes = malloc((p->count + 1u) * sizeof *hashes);
    size_t count = 0, kept = 0;
    if (!parts || !hashes) {
        free(parts);
        free(hashes);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t root = root_of(p, p->at[i].mention);
        if (p->at[i].is_id || !p->has_ids[root])
            parts[count++] = (part){root, p->at[i].hash};
    }
    if (count > 1)
        qsort(parts, count, sizeof *parts, part_order);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || parts[i].root != parts[i - 1].root;
        if (first || parts[i].hash != parts[i - 1].hash)
            hashes[kept++] = parts[i].hash | first;
    }
    free(parts);
    *ret_hashes = hashes;
    *ret_count = kept;
    return 0;
}

static int people_of(people *p, const numbers *reports_, uint64_t **ret_hashes, size_t *ret_count)
{
    for (uint32_t i = 0; i < reports_->count; i++)
        report_gather(p, reports_->at[i]);
    p->parents = malloc((p->mentions + 1u) * sizeof *p->parents);
    p->has_ids = calloc(p->mentions + 1u, 1);
    if (!p->parents || !p->has_ids || p->f->failed)
        return -ENOMEM;
    people_join(p);
    return people_write(p, ret_hashes, ret_count);
}

/* A person is one person, known by its ids or else by its own. */
static int person_itself(facts *f, fact_handle handle, uint64_t **ret_hashes, size_t *ret_count)
{
    fact_value ids = {0}, id = {0};
    int r = facts_get(f, handle, FIELD_IDS, 0, &ids);
    if (r == 0)
        r = facts_get(f, handle, FIELD_ID, 0, &id);
    if (r < 0)
        return r;
    const thaw_str *items = ids.type == FACT_STRINGS && ids.strings.count ? ids.strings.items : &id.string;
    size_t count = items == &id.string ? 1 : ids.strings.count;
    uint64_t *hashes = malloc(count * sizeof *hashes);
    if (!hashes)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        hashes[i] = (XXH3_64bits_withSeed(items[i].data, items[i].len, 1) & ~UINT64_C(1)) | (i == 0);
    *ret_hashes = hashes;
    *ret_count = count;
    return 0;
}

int facts_people(facts *f, fact_handle handle, uint64_t **ret_hashes, size_t *ret_count)
{
    fact_kind kind = fact_handle_kind(handle);
    people p = {.f = f};
    numbers list = {0};
    *ret_hashes = NULL;
    *ret_count = 0;
    if (kind == FACT_PERSON)
        return person_itself(f, handle, ret_hashes, ret_count);
    if (kind == FACT_REPORT)
        fact_reports_list(f, handle, &list);
    else if (kind == FACT_RELEASE || kind == FACT_DETENTION || kind == FACT_TALKS) {
        uint32_t object = handle_object(f, handle);
        if (!object)
            return -ENOENT;
        incident_reports(f, f->incidents[object], false, &list);
    }
    int r = list.count ? people_of(&p, &list, ret_hashes, ret_count) : f->failed;
    numbers_done(&list, &f->held);
    free(p.at);
    free(p.parents);
    free(p.has_ids);
    return r;
}
