/*
 * image.c - everything that facts hold as bytes, and back (image_tables.h, engine.h).
 *
 * A new member of a struct named below changes its size: then say here what lists it has, or that it
 * has none, and write down the new size. A new pointer of another sort needs code of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/digest.h"
#include "facts/memory/image_tables.h"
#include "facts/memory/pages.h"
#include "facts/state/state.h"

#define LIST(type, member, count, element)                                                                             \
    {                                                                                                                  \
        offsetof(type, member), offsetof(type, count), sizeof(element)                                                 \
    }
/* What offsetof takes stands no parentheses. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define NUMBERS(type, member) LIST(type, member.at, member.count, uint32_t)

static const image_list key_lists[] = {NUMBERS(key, loose), NUMBERS(key, vague_incidents), NUMBERS(key, undated),
                                       NUMBERS(key, announcements)};
static const image_list group_lists[] = {NUMBERS(group, members), NUMBERS(group, naming)};
static const image_list incident_lists[] = {NUMBERS(incident, items), NUMBERS(incident, joined),
                                            NUMBERS(incident, grown), NUMBERS(incident, naming),
                                            NUMBERS(incident, why.corrections)};
static const image_list node_lists[] = {LIST(node, mentions, count, mention)};
static const image_list entity_lists[] = {NUMBERS(entity, nodes), LIST(entity, steps, steps_count, measure_step),
                                          NUMBERS(entity, why.corrections)};
static const image_list tally_lists[] = {NUMBERS(tally, reports), NUMBERS(tally, why.corrections)};
static const image_list feed_lists[] = {NUMBERS(feed, words), NUMBERS(feed, producers), NUMBERS(feed, why.corrections)};
static const image_list producer_lists[] = {LIST(producer, ranges, count, number_range), NUMBERS(producer, feeds)};
static const image_list country_lists[] = {
    NUMBERS(country, keys),
    NUMBERS(country, tallies),
    NUMBERS(country, feeds),
    NUMBERS(country, scopes),
    LIST(country, records[0].steps, records[0].count, record_step),
    LIST(country, records[THAW_RELEASE].steps, records[THAW_RELEASE].count, record_step),
    LIST(country, records[THAW_DETENTION].steps, records[THAW_DETENTION].count, record_step)};
_Static_assert(THAW_RELEASE == 1 && THAW_DETENTION == 2, "records of every kind are named above");

/* The structs of the tables, with their sizes on machines of 64 bits. */
#define STRUCTS(X)                                                                                                     \
    X(struct facts, 5272)                                                                                              \
    X(report, 88)                                                                                                      \
    X(key, 392)                                                                                                        \
    X(group, 80)                                                                                                       \
    X(incident, 432)                                                                                                   \
    X(scope, 8)                                                                                                        \
    X(node, 48)                                                                                                        \
    X(mention, 8)                                                                                                      \
    X(entity, 120)                                                                                                     \
    X(measure_step, 32)                                                                                                \
    X(record_step, 24)                                                                                                 \
    X(tally, 88)                                                                                                       \
    X(feed, 120)                                                                                                       \
    X(producer, 56) X(country, 128) X(result, 80) X(identity, 40) X(known_from, 16) X(summary, 144) X(causes, 24)
#define IS_KNOWN(type, size)                                                                                           \
    _Static_assert(sizeof(void *) != 8 || sizeof(type) == (size), #type " changed: read the head of this file");
STRUCTS(IS_KNOWN)

#define COUNT(lists) (sizeof(lists) / sizeof *(lists))
/* Tables of which nothing but their lists points elsewhere. */
#define TABLES(X)                                                                                                      \
    X(countries, country_lists, COUNT(country_lists))                                                                  \
    X(keys, key_lists, COUNT(key_lists))                                                                               \
    X(groups, group_lists, COUNT(group_lists))                                                                         \
    X(scopes, NULL, 0)                                                                                                 \
    X(nodes, node_lists, COUNT(node_lists)) X(entities, entity_lists, COUNT(entity_lists))                             \
        X(tallies, tally_lists, COUNT(tally_lists)) X(feeds, feed_lists, COUNT(feed_lists))                            \
            X(producers, producer_lists, COUNT(producer_lists)) X(known, NULL, 0) X(seqs, NULL, 0) X(results, NULL, 0) \
                X(dropped, NULL, 0)
#define LISTS(X)                                                                                                       \
    X(groups_free)                                                                                                     \
    X(incidents_free)                                                                                                  \
    X(nodes_free)                                                                                                      \
    X(entities_free)                                                                                                   \
    X(tallies_free)                                                                                                    \
    X(dirty_keys) X(dirty_incidents) X(dirty_entities) X(dirty_tallies) X(dirty_feeds) X(dirty_countries)              \
        X(fresh_reports) X(gone_reports) X(torn_groups) X(torn_entities) X(parties_met) X(parties_tied) X(corrected)   \
            X(timed) X(work_entities) X(work_reports)
#define INDEXES(X)                                                                                                     \
    X(keys_index)                                                                                                      \
    X(scopes_index) X(nodes_index) X(tallies_index) X(feeds_index) X(producers_index) X(handles) X(dropped_index) X(names_ids)
#define SCALARS(X)                                                                                                     \
    X(now_ns)                                                                                                          \
    X(kept)                                                                                                            \
    X(held)                                                                                                            \
    X(base_held)                                                                                                       \
    X(duplicates) X(conflicts) X(living) X(seq_base) X(horizon_ns) X(country_places) X(next_serial) X(handled) X(deadline_ns)

uint64_t facts_image_layout(void)
{
#define SIZE(type, size) sizeof(type),
    const uint64_t sizes[] = {STRUCTS(SIZE) sizeof(index_slot), pages_size()};
    uint64_t layout = 10; /* another where what stands in the structs means something else */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        layout = mix(layout, sizes[i]);
    return layout;
}

/* ---- groups ------------------------------------------------------------------------- */

static void groups_put_digests(const facts *f, saved_out *out)
{
    for (uint32_t i = 0; i < f->groups_count; i++)
        if (f->groups[i].digest)
            digest_put_image(f->groups[i].digest, out);
}

static void groups_get_digests(facts *f, saved_in *in)
{
    for (uint32_t i = 0; i < f->groups_count; i++)
        if (f->groups[i].digest)
            f->groups[i].digest = digest_get_image(in);
}

/* ---- incidents ---------------------------------------------------------------------- *
 * They point to one another: written as indexes in the place of pointers. */

#define LINKS(X) X(prev) X(next) X(node.rbe_left) X(node.rbe_right) X(node.rbe_parent)

static incident *link_out(const incident *to)
{
    return (incident *)(uintptr_t)(to ? to->index : 0);
}

static incident *link_in(const facts *f, saved_in *in, const incident *index)
{
    uintptr_t i = (uintptr_t)index;
    if (i >= f->incidents_count) {
        in->failed = true;
        return NULL;
    }
    return f->incidents[i];
}

static void incidents_put(const facts *f, saved_out *out)
{
    saved_put_number(out, (uint64_t)f->incidents_capacity << 32 | f->incidents_count);
    for (uint32_t i = 0; i < f->incidents_count; i++)
        saved_put_number(out, f->incidents[i] != NULL);
    for (uint32_t i = 0; i < f->incidents_count; i++) {
        const incident *inc = f->incidents[i];
        if (!inc)
            continue;
        incident copy = *inc;
        copy.listed = NULL; /* made again where it is asked for */
#define LINK_OUT(member) copy.member = link_out(copy.member);
        LINKS(LINK_OUT)
        image_put(out, &copy, sizeof copy);
        image_put_lists(out, inc, incident_lists, COUNT(incident_lists));
        if (inc->digest)
            digest_put_image(inc->digest, out);
        if (inc->sharp_digest)
            digest_put_image(inc->sharp_digest, out);
    }
}

static void incident_get(facts *f, saved_in *in, incident *inc)
{
    image_get(in, inc, sizeof *inc);
    image_get_lists(in, inc, incident_lists, COUNT(incident_lists));
#define LINK_IN(member) inc->member = link_in(f, in, inc->member);
    LINKS(LINK_IN)
    if (inc->digest)
        inc->digest = digest_get_image(in);
    if (inc->sharp_digest)
        inc->sharp_digest = digest_get_image(in);
}

/* First a place for each, then what is in them. */
static void incidents_get(facts *f, saved_in *in)
{
    uint64_t sizes = saved_get_number(in);
    uint32_t count = (uint32_t)sizes, capacity = (uint32_t)(sizes >> 32);
    saved_in used = {saved_get(in, (uint64_t)count * sizeof(uint64_t)), (size_t)count * sizeof(uint64_t), in->failed};
    incident **table = in->failed || capacity < count ? NULL : calloc(capacity, sizeof *table);
    if (!table) {
        in->failed = true;
        return;
    }
    pages_expect(table, count * sizeof *table);
    free(f->incidents);
    f->incidents = table;
    f->incidents_count = count;
    f->incidents_capacity = capacity;
    for (uint32_t i = 0; i < count; i++)
        if (saved_get_number(&used) && !(table[i] = slabs_take(&f->incident_slabs, sizeof **table)))
            in->failed = true;
    for (uint32_t i = 0; i < count; i++)
        if (table[i])
            incident_get(f, in, table[i]);
}

/* ---- keys: they point to incidents -------------------------------------------------- */

static void keys_put_links(const facts *f, saved_out *out)
{
    for (uint32_t i = 0; i < f->keys_count; i++) {
        const key *k = &f->keys[i];
        const incident *links[] = {RB_ROOT(&k->sharp), k->first, k->hot};
        for (size_t n = 0; n < COUNT(links); n++)
            saved_put_number(out, links[n] ? links[n]->index : 0);
    }
}

static void keys_get_links(facts *f, saved_in *in)
{
    for (uint32_t i = 0; i < f->keys_count; i++) {
        key *k = &f->keys[i];
        incident **links[] = {&RB_ROOT(&k->sharp), &k->first, &k->hot};
        for (size_t n = 0; n < COUNT(links); n++)
            *links[n] = link_in(f, in, (const incident *)(uintptr_t)saved_get_number(in));
    }
}

/* ---- the whole ---------------------------------------------------------------------- */

static bool is_settled(const facts *f)
{
    return !f->failed && !f->dirty_keys.count && !f->dirty_incidents.count && !f->dirty_entities.count &&
           !f->dirty_tallies.count && !f->dirty_feeds.count && !f->dirty_countries.count && !f->fresh_reports.count &&
           !f->gone_reports.count && !f->torn_groups.count;
}

int facts_put_image(const facts *f, saved_out *out)
{
    if (!is_settled(f))
        return -EBUSY;
#define PUT_TABLE(name, lists, lists_count)                                                                            \
    image_put_table(out, f->name, f->name##_count, f->name##_capacity, sizeof *f->name, lists, lists_count);
    TABLES(PUT_TABLE)
#define PUT_LIST(name) image_put_table(out, f->name.at, f->name.count, f->name.capacity, sizeof *f->name.at, NULL, 0);
    LISTS(PUT_LIST)
#define PUT_INDEX(name) image_put_index(out, &f->name);
    INDEXES(PUT_INDEX)
    groups_put_digests(f, out);
    incidents_put(f, out);
    keys_put_links(f, out);
    symbols_put_image(f->symbols, out);
    reports_put_image(f->reports, out);
#define PUT_SCALAR(name) image_put(out, &f->name, sizeof f->name);
    SCALARS(PUT_SCALAR)
    return 0;
}

void facts_put_image_pages(const facts *f, saved_out *out)
{
    reports_put_pages(f->reports, out);
}

void facts_get_image(facts *f, saved_in *in)
{
#define GET_TABLE(name, lists, lists_count)                                                                            \
    image_get_table(in, (void **)&f->name, &f->name##_count, &f->name##_capacity, sizeof *f->name, lists, lists_count);
    TABLES(GET_TABLE)
#define GET_LIST(name)                                                                                                 \
    image_get_table(in, (void **)&f->name.at, &f->name.count, &f->name.capacity, sizeof *f->name.at, NULL, 0);
    LISTS(GET_LIST)
#define GET_INDEX(name) image_get_index(in, &f->name);
    INDEXES(GET_INDEX)
    groups_get_digests(f, in);
    incidents_get(f, in);
    keys_get_links(f, in);
    symbols_get_image(f->symbols, in);
    reports_get_image(f->reports, in);
#define GET_SCALAR(name) image_get(in, &f->name, sizeof f->name);
    SCALARS(GET_SCALAR)
}

void facts_get_image_pages(facts *f, saved_in *in)
{
    reports_get_pages(f->reports, in);
}
