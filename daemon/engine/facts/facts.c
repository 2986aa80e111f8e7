/*
 * facts.c - takes reports in, keeps track of which of them live, and lets each kind of fact follow.
 */
#include <stdlib.h>
#include <string.h>

#include "facts/entities/entities.h"
#include "facts/entities/steps.h"
#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/incidents/listed.h"
#include "facts/ledger/ledger.h"
#include "facts/state/known.h"
#include "facts/state/state.h"

#define DIGEST_MIN 12u /* below it adding all up anew costs less than keeping a table */

/* ---- making and ending -------------------------------------------------------------- */

static int tables_init(facts *f)
{
    grow(f, (void **)&f->countries, &f->countries_count, &f->countries_capacity, sizeof *f->countries);
    grow(f, (void **)&f->keys, &f->keys_count, &f->keys_capacity, sizeof *f->keys);
    grow(f, (void **)&f->groups, &f->groups_count, &f->groups_capacity, sizeof *f->groups);
    grow(f, (void **)&f->incidents, &f->incidents_count, &f->incidents_capacity, sizeof *f->incidents);
    grow(f, (void **)&f->scopes, &f->scopes_count, &f->scopes_capacity, sizeof *f->scopes);
    grow(f, (void **)&f->nodes, &f->nodes_count, &f->nodes_capacity, sizeof *f->nodes);
    grow(f, (void **)&f->entities, &f->entities_count, &f->entities_capacity, sizeof *f->entities);
    grow(f, (void **)&f->tallies, &f->tallies_count, &f->tallies_capacity, sizeof *f->tallies);
    grow(f, (void **)&f->feeds, &f->feeds_count, &f->feeds_capacity, sizeof *f->feeds);
    grow(f, (void **)&f->producers, &f->producers_count, &f->producers_capacity, sizeof *f->producers);
    return f->failed;
}

/* Rules ask for fields all the time: which kind has which is written down by field. */
static void fields_note(facts *f)
{
    for (fact_kind kind = FACT_RELEASE; kind < FACT_KIND_COUNT; kind++) {
        const char *name;
        fact_field field;
        fact_type type;
        for (size_t i = 0; fact_field_at(kind, i, &name, &field, &type); i++)
            f->fields_known[field] |= (uint16_t)(1u << kind);
    }
}

int facts_new(const facts_config *config, fact_change_fn on_change, void *context, facts **ret_facts)
{
    facts *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    f->config = *config;
    if (!f->config.digest_min)
        f->config.digest_min = DIGEST_MIN;
    f->on_change = on_change;
    f->context = context;
    f->now_ns = f->horizon_ns = INT64_MIN;
    f->deadline_ns = INT64_MAX;
    fields_note(f);
    if (symbols_new(&f->symbols) < 0 || reports_new(config->reports_max, config->bytes_max, &f->reports) < 0 ||
        tables_init(f) < 0) {
        facts_free(f);
        return -ENOMEM;
    }
    f->base_held = f->held;
    *ret_facts = f;
    return 0;
}

static void clusters_free(facts *f)
{
    for (uint32_t i = 0; i < f->keys_count; i++) {
        key *k = &f->keys[i];
        numbers_done(&k->loose, &f->held);
        numbers_done(&k->vague_incidents, &f->held);
        numbers_done(&k->undated, &f->held);
        numbers_done(&k->announcements, &f->held);
    }
    for (uint32_t i = 0; i < f->groups_count; i++) {
        numbers_done(&f->groups[i].members, &f->held);
        numbers_done(&f->groups[i].naming, &f->held);
        (void)digest_free(f, f->groups[i].digest);
    }
    for (uint32_t i = 0; i < f->incidents_count; i++) {
        incident *inc = f->incidents[i];
        if (!inc)
            continue;
        incident_undigest(f, inc);
        numbers_done(&inc->items, &f->held);
        numbers_done(&inc->joined, &f->held);
        numbers_done(&inc->grown, &f->held);
        numbers_done(&inc->naming, &f->held);
        inc->listed = listed_free(f, inc->listed);
        numbers_done(&inc->why.corrections, &f->held);
        f->held -= sizeof *inc;
    }
    slabs_done(&f->incident_slabs);
}

static void entities_free(facts *f)
{
    for (uint32_t i = 0; i < f->nodes_count; i++)
        array_free((void **)&f->nodes[i].mentions, &f->nodes[i].capacity, sizeof(mention), &f->held);
    for (uint32_t i = 0; i < f->entities_count; i++) {
        measure_forget(f, &f->entities[i]);
        numbers_done(&f->entities[i].nodes, &f->held);
        numbers_done(&f->entities[i].why.corrections, &f->held);
    }
    for (uint32_t i = 0; i < f->tallies_count; i++) {
        numbers_done(&f->tallies[i].reports, &f->held);
        numbers_done(&f->tallies[i].why.corrections, &f->held);
    }
    for (uint32_t i = 0; i < f->feeds_count; i++) {
        numbers_done(&f->feeds[i].words, &f->kept);
        numbers_done(&f->feeds[i].producers, &f->kept);
        numbers_done(&f->feeds[i].why.corrections, &f->held);
    }
    for (uint32_t i = 0; i < f->producers_count; i++) {
        numbers_done(&f->producers[i].feeds, &f->kept);
        array_free((void **)&f->producers[i].ranges, &f->producers[i].capacity, sizeof(number_range), &f->kept);
    }
    for (uint32_t i = 0; i < f->countries_count; i++) {
        country *c = &f->countries[i];
        numbers_done(&c->keys, &f->held);
        numbers_done(&c->tallies, &f->held);
        numbers_done(&c->feeds, &f->kept);
        numbers_done(&c->scopes, &f->held);
        for (int k = 0; k <= THAW_DETENTION; k++)
            free(c->records[k].steps);
    }
}

static void lists_free(facts *f)
{
    numbers *lists[] = {&f->groups_free,     &f->incidents_free, &f->nodes_free,      &f->entities_free,
                        &f->tallies_free,    &f->dirty_keys,     &f->dirty_incidents, &f->dirty_entities,
                        &f->dirty_tallies,   &f->dirty_feeds,    &f->dirty_countries, &f->fresh_reports,
                        &f->incidents_spare, &f->revising,       &f->gone_reports,    &f->corrected,
                        &f->work_entities,   &f->timed,          &f->work_reports,    &f->torn_groups,
                        &f->torn_entities,   &f->parties_met,    &f->parties_tied};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        numbers_done(lists[i], &f->held);
    hash_index *indexes[] = {&f->keys_index,      &f->scopes_index, &f->nodes_index, &f->tallies_index, &f->feeds_index,
                             &f->producers_index, &f->handles,      &f->nodes_were,  &f->names_ids};
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        index_done(indexes[i], &f->held);
    for (size_t i = 0; i < FACTS_LISTS_LIVE; i++) {
        free(f->lists[i]);
        free(f->list_texts[i]);
    }
}

facts *facts_free(facts *f)
{
    if (!f)
        return NULL;
    clusters_free(f);
    entities_free(f);
    lists_free(f);
    free(f->countries);
    free(f->keys);
    free(f->groups);
    free(f->incidents);
    free(f->scopes);
    free(f->nodes);
    free(f->entities);
    free(f->tallies);
    free(f->feeds);
    free(f->producers);
    free(f->known);
    free(f->seqs);
    free(f->results);
    free(f->dropped);
    index_done(&f->dropped_index, &f->kept);
    reports_free(f->reports);
    symbols_free(f->symbols);
    free(f);
    return NULL;
}

/* Empties a table but for its dummy. */
static void table_release(facts *f, void **table, uint32_t *count, uint32_t *capacity, size_t size)
{
    array_free(table, capacity, size, &f->held);
    *count = 0;
    grow(f, table, count, capacity, size);
}

static void facts_release(facts *f)
{
    clusters_free(f);
    for (uint32_t i = 0; i < f->nodes_count; i++)
        array_free((void **)&f->nodes[i].mentions, &f->nodes[i].capacity, sizeof(mention), &f->held);
    for (uint32_t i = 0; i < f->entities_count; i++) {
        measure_forget(f, &f->entities[i]);
        numbers_done(&f->entities[i].nodes, &f->held);
    }
    for (uint32_t i = 0; i < f->countries_count; i++) {
        country *c = &f->countries[i];
        numbers_done(&c->keys, &f->held);
        numbers_done(&c->tallies, &f->held);
        numbers_done(&c->scopes, &f->held);
        for (int k = 0; k <= THAW_DETENTION; k++) {
            array_free((void **)&c->records[k].steps, &c->records[k].capacity, sizeof(record_step), &f->held);
            c->records[k] = (records){0};
        }
    }
    table_release(f, (void **)&f->keys, &f->keys_count, &f->keys_capacity, sizeof *f->keys);
    table_release(f, (void **)&f->groups, &f->groups_count, &f->groups_capacity, sizeof *f->groups);
    table_release(f, (void **)&f->incidents, &f->incidents_count, &f->incidents_capacity, sizeof *f->incidents);
    table_release(f, (void **)&f->scopes, &f->scopes_count, &f->scopes_capacity, sizeof *f->scopes);
    table_release(f, (void **)&f->nodes, &f->nodes_count, &f->nodes_capacity, sizeof *f->nodes);
    table_release(f, (void **)&f->entities, &f->entities_count, &f->entities_capacity, sizeof *f->entities);
    table_release(f, (void **)&f->tallies, &f->tallies_count, &f->tallies_capacity, sizeof *f->tallies);
    hash_index *indexes[] = {&f->keys_index, &f->scopes_index, &f->nodes_index, &f->tallies_index,
                             &f->handles,    &f->nodes_were,   &f->names_ids};
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        index_done(indexes[i], &f->held);
    numbers *lists[] = {&f->groups_free,   &f->incidents_free,  &f->nodes_free,      &f->entities_free,
                        &f->tallies_free,  &f->dirty_keys,      &f->dirty_incidents, &f->dirty_entities,
                        &f->dirty_tallies, &f->dirty_countries, &f->fresh_reports,   &f->gone_reports,
                        &f->corrected,     &f->dirty_feeds,     &f->work_entities,   &f->timed,
                        &f->work_reports,  &f->torn_groups,     &f->torn_entities,   &f->parties_met,
                        &f->parties_tied};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        numbers_done(lists[i], &f->held);
    f->deadline_ns = INT64_MAX;
    f->keys_last = f->ahead_count = f->ahead_at = 0; /* what they lead to is gone */
    results_set_records(f);
}

/* The report whose place this one takes as a fact; 0: none's. What came and was replaced in this batch was no fact. */
static uint32_t report_replaced(facts *f, uint32_t number)
{
    number = f->gone_reports.count && report_of(f, number)->revises ? report_before(f, number) : 0;
    for (uint32_t steps = 0; number && steps < REVISIONS_MAX; steps++) { /* they may go in a circle */
        if (report_of(f, number)->told_as_fact)
            return number;
        number = report_before(f, number);
    }
    return 0;
}

static void reports_settle(facts *f)
{
    for (uint32_t i = 0; i + 1 < f->gone_reports.count; i += 2) {
        causes why = {.news = f->gone_reports.at[i + 1]};
        tell(f, FACT_GONE, (uint64_t)FACT_REPORT << 56 | f->gone_reports.at[i], true, &why);
    }
    for (uint32_t i = 0; i < f->fresh_reports.count; i++) {
        uint32_t number = f->fresh_reports.at[i];
        report *r = report_of(f, number);
        if (!report_lives(r))
            continue;
        causes why = {.news = number};
        const uint32_t before = report_replaced(f, number);
        const fact_handle from = (uint64_t)FACT_REPORT << 56 | before;
        const arrivals came = {.from = &from, .from_count = before != 0};
        if (before)
            add(f, &f->revising, number);
        tell_arrivals(f, FACT_APPEARED, (uint64_t)FACT_REPORT << 56 | number, &came, before != 0, &why);
        r->told_as_fact = 1;
    }
    for (uint32_t i = 0; i + 1 < f->gone_reports.count; i += 2)
        report_of(f, f->gone_reports.at[i])->told_as_fact = 0;
    f->gone_reports.count = f->fresh_reports.count = 0;
}

int facts_settle(facts *f, int64_t now_ns)
{
    if (now_ns > f->now_ns)
        f->now_ns = now_ns;
    reports_settle(f);
    groups_settle(f);
    incidents_settle(f);
    entities_settle(f);
    tallies_settle(f);
    feeds_settle(f);
    for (uint32_t i = 0; i < f->dirty_countries.count; i++)
        f->countries[f->dirty_countries.at[i]].dirty = false;
    f->dirty_countries.count = 0;
    if (!f->living && !f->failed)
        facts_release(f);
    return f->failed;
}

int64_t facts_next_deadline(const facts *f)
{
    return f->deadline_ns;
}

int facts_advance(facts *f, int64_t now_ns)
{
    if (now_ns > f->now_ns)
        f->now_ns = now_ns;
    f->cause = 0;
    f->cause_corrects = false;
    if (f->deadline_ns > f->now_ns)
        return f->failed;
    for (uint32_t i = 0; i < f->timed.count; i++)
        if (f->entities[f->timed.at[i]].used && f->entities[f->timed.at[i]].deadline_ns <= f->now_ns)
            entity_mark(f, f->timed.at[i]);
    return facts_settle(f, now_ns);
}

int64_t facts_horizon(const facts *f)
{
    return f->horizon_ns;
}

uint64_t facts_held(const facts *f)
{
    return reports_count(f->reports);
}

uint64_t facts_bytes(const facts *f)
{
    return f->held - f->base_held;
}

int facts_report_name(facts *f, uint64_t number, thaw_str *ret_source, thaw_str *ret_id)
{
    if (!number || number > reports_count(f->reports))
        return -ENOENT;
    const report *r = report_of(f, (uint32_t)number);
    *ret_source = symbols_get(f->symbols, r->source);
    *ret_id = report_id(r);
    return 0;
}

bool facts_report_text(const facts *f, uint64_t seq, const uint8_t **ret_text, size_t *ret_len)
{
    uint32_t number = report_of_seq(f, seq);
    if (!number)
        return false;
    *ret_text = report_of(f, number)->text;
    *ret_len = report_of(f, number)->text_bytes;
    return true;
}

int facts_failed(const facts *f)
{
    return f->failed;
}

/* What was kept of measures on the way may be a part: it is read anew when it is needed. */
int facts_read_failed(facts *f)
{
    int failed = f->failed;
    for (uint32_t i = 1; failed && i < f->entities_count; i++) {
        measure_forget(f, &f->entities[i]);
        f->entities[i].idle_known = false;
    }
    f->failed = 0;
    return failed;
}
