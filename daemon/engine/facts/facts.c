/*
 * facts.c - takes reports in, keeps track of which of them live, and lets each kind of fact follow.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "clusters.h"
#include "entities.h"
#include "ledger.h"
#include "internal.h"

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
    }
    for (uint32_t i = 0; i < f->incidents_count; i++) {
        incident *inc = f->incidents[i];
        if (!inc)
            continue;
        incident_undigest(f, inc);
        numbers_done(&inc->items, &f->held);
        numbers_done(&inc->joined, &f->held);
        numbers_done(&inc->naming, &f->held);
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
    numbers *lists[] = {&f->groups_free,   &f->incidents_free, &f->nodes_free,      &f->entities_free,
                        &f->tallies_free,  &f->dirty_keys,     &f->dirty_incidents, &f->dirty_entities,
                        &f->dirty_tallies, &f->dirty_feeds,    &f->dirty_countries, &f->fresh_reports,
                        &f->gone_reports,  &f->work_entities,  &f->timed,           &f->work_reports};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        numbers_done(lists[i], &f->held);
    hash_index *indexes[] = {&f->keys_index,  &f->scopes_index,    &f->nodes_index, &f->tallies_index,
                             &f->feeds_index, &f->producers_index, &f->handles};
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

void facts_release(facts *f)
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
    hash_index *indexes[] = {&f->keys_index, &f->scopes_index, &f->nodes_index, &f->tallies_index, &f->handles};
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        index_done(indexes[i], &f->held);
    numbers *lists[] = {&f->groups_free,   &f->incidents_free,  &f->nodes_free,      &f->entities_free,
                        &f->tallies_free,  &f->dirty_keys,      &f->dirty_incidents, &f->dirty_entities,
                        &f->dirty_tallies, &f->dirty_countries, &f->fresh_reports,   &f->gone_reports,
                        &f->dirty_feeds,   &f->work_entities,   &f->timed,           &f->work_reports};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        numbers_done(lists[i], &f->held);
    f->deadline_ns = INT64_MAX;
    results_set_records(f);
}

/* ---- one report --------------------------------------------------------------------- */

static uint8_t effect_of(uint8_t action)
{
    switch (action) {
    case THAW_EASED:
    case THAW_LICENSED:
    case THAW_SUSPENDED:
        return EFFECT_RELIEF;
    case THAW_LIFTED:
    case THAW_DELISTED:
        return EFFECT_REMOVAL;
    case THAW_MAINTAINED:
        return EFFECT_NONE;
    default:
        return EFFECT_TIGHTENING;
    }
}

uint8_t event_discriminator(const thaw_event *event)
{
    switch (event->kind) {
    case THAW_RELEASE:
        return event->form != THAW_SENTENCE_SERVED;
    case THAW_TALKS:
        return event->stage;
    case THAW_SANCTION:
        return effect_of(event->action);
    default:
        return 0;
    }
}

static uint32_t cluster_key(facts *f, const thaw_event *event)
{
    uint32_t authority = 0;
    if (event->kind == THAW_SANCTION && symbols_put(f->symbols, event->authority, &authority) < 0)
        f->failed = -ENOMEM;
    switch (event->kind) {
    case THAW_RELEASE:
    case THAW_DETENTION:
    case THAW_TALKS:
    case THAW_SANCTION:
        return key_index_of(f, event->kind, event->country, event_discriminator(event), authority);
    default:
        return 0;
    }
}

static void report_date(report *r, const thaw_event *event)
{
    const thaw_date *date = event->occurred_at.precision ? &event->occurred_at : &event->reported_at;
    int64_t end;
    r->start_ns = r->reported_ns = TIME_UNKNOWN;
    if (date->precision) {
        thaw_date_interval(date, &r->start_ns, &end);
        r->precision = date->precision & 7;
        r->approximate = date->approximate;
    }
    if (event->reported_at.precision)
        thaw_date_interval(&event->reported_at, &r->reported_ns, &end);
}

static uint32_t symbol_of(facts *f, thaw_str string)
{
    uint32_t symbol = 0;
    if (symbols_put(f->symbols, string, &symbol) < 0)
        f->failed = -ENOMEM;
    return symbol;
}

static void report_fill(facts *f, report *r, const thaw_event *event)
{
    uint32_t parties = parties_named(f, event);
    report_date(r, event);
    r->count = event->count;
    r->source = symbol_of(f, event->source);
    if (symbols_rank(f->symbols, r->source) < 0) /* names decide between reports of one day */
        f->failed = -ENOMEM;
    r->voice = event->attributed_to.data ? symbol_of(f, event->attributed_to) : r->source;
    r->part = event->covers == THAW_PART ? symbol_of(f, event->part) : 0;
    if (event->kind == THAW_SANCTION)
        (void)symbol_of(f, event->program); /* measures compare programs by symbol */
    r->id_at = (uint32_t)((const uint8_t *)event->id.data - event->bytes);
    r->id_bytes = (uint8_t)event->id.len;
    r->kind = event->kind;
    r->status = event->status;
    r->count_is = event->count_is & 3;
    r->covers = event->covers ? event->covers & 3 : THAW_EVENT;
    r->detail = event->kind == THAW_SANCTION ? event->action : event->kind == THAW_TALKS ? event->stage : event->form;
    r->parties = (uint16_t)(parties < UINT16_MAX ? parties : UINT16_MAX);
    r->has_count = event->has_count;
    r->has_targets = event->targets.count != 0;
    r->names_bare = names_bare(event->targets);
    r->destination = event->destination.data != NULL;
    r->has_program = event->program.data != NULL;
    r->has_expiry = event->expires_at.precision != THAW_ABSENT;
    bool people = event->kind == THAW_RELEASE || event->kind == THAW_DETENTION;
    r->named = event->incident.data != NULL && (people || event->kind == THAW_SANCTION || event->kind == THAW_TALKS);
    r->persons_named = people && parties != 0;
    r->on_people = r->persons_named && r->has_count && r->count == parties && r->covers != THAW_WIDER;
    r->key_index = cluster_key(f, event);
}

/* A living report makes facts ... */
static void report_enter(facts *f, uint32_t number, const thaw_event *event)
{
    report *r = report_of(f, number);
    if (r->kind == THAW_RETRACTION)
        return;
    f->living++;
    add(f, &f->fresh_reports, number);
    parties_enter(f, number, event);
    if (r->key_index)
        groups_enter(f, number, event);
    if (r->kind == THAW_TALLY)
        tally_enter(f, number, event);
    feed_enter(f, number, event);
}

/* ... until it is withdrawn or replaced. */
static void report_leave(facts *f, uint32_t number)
{
    report *r = report_of(f, number);
    thaw_event event;
    report_event(f->reports, r, &event);
    f->living--;
    if (r->told_as_fact) {
        add(f, &f->gone_reports, number);
        add(f, &f->gone_reports, f->cause);
    }
    parties_leave(f, number, &event);
    if (r->key_index)
        groups_leave(f, number, &event);
    /* It may stand elsewhere since the batch began, in an incident nobody was told of; where it was told last, it is
     * missed. */
    if (r->told)
        incident_touch(f, f->incidents[r->told]);
    if (r->kind == THAW_TALLY)
        tally_leave(f, number, &event);
    feed_leave(f, number, &event);
}

/* ---- withdrawing and replacing ------------------------------------------------------ */

/* Who revises stands for what was said before: an incident that was told of this report alone goes on as the one of
 * its revision. Wider ones may stand nowhere. */
static void report_succeed(facts *f, const report *before)
{
    report *r = report_of(f, f->cause);
    if (r->key_index == before->key_index && r->covers != THAW_WIDER)
        r->told = before->told;
}

static void report_kill(facts *f, uint32_t number, bool withdraw)
{
    report *r = report_of(f, number);
    if (r->kind == THAW_RETRACTION)
        return;
    bool lived = report_lives(r);
    if (lived) {
        f->cause_corrects = true;
        if (!withdraw)
            report_succeed(f, r);
        report_leave(f, number);
        r->dead_by = f->cause;
    }
    if (withdraw)
        r->withdrawn = 1;
    else
        r->replaced = 1;
}

/* Applies a reference of the report being taken in, or lets it wait for what it refers to. */
static void reference_apply(facts *f, const thaw_event *event, thaw_str target, bool withdraw)
{
    thaw_hash key = thaw_report_key(event->source, target);
    uint32_t known = reports_find(f->reports, key);
    if (known == f->cause)
        return;
    if (known) {
        report_kill(f, known, withdraw);
        return;
    }
    pending *p = reports_pending(f->reports, key, true);
    if (!p) {
        f->failed = -ENOMEM;
        return;
    }
    if (withdraw && !p->withdrawn_by)
        p->withdrawn_by = f->cause;
    if (!withdraw && !p->replaced_by)
        p->replaced_by = f->cause;
}

static void references_of(facts *f, const thaw_event *event)
{
    if (event->retracts.data && event->kind == THAW_RETRACTION)
        reference_apply(f, event, event->retracts, true);
    if (event->revises.data)
        reference_apply(f, event, event->revises, false);
}

static void references_awaited(facts *f, report *r)
{
    const pending *p = reports_pending(f->reports, r->key, false);
    if (!p || r->kind == THAW_RETRACTION)
        return;
    r->withdrawn = p->withdrawn_by != 0;
    r->replaced = p->replaced_by != 0;
    r->dead_by = p->withdrawn_by ? p->withdrawn_by : p->replaced_by;
}

/* ---- when what was known ------------------------------------------------------------ */

/* From this report on, reports became known at this instant. */
static bool known_note(facts *f, uint32_t number, int64_t at_ns)
{
    if (f->known_count && f->known[f->known_count - 1].at_ns == at_ns)
        return true;
    if (array_reserve((void **)&f->known, &f->known_capacity, (size_t)f->known_count + 1, sizeof *f->known, &f->kept) <
        0) {
        f->failed = -ENOMEM;
        return false;
    }
    f->known[f->known_count++] = (known_from){number, at_ns};
    return true;
}

int64_t report_known_at(const facts *f, uint32_t number)
{
    uint32_t low = 0, high = f->known_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (f->known[middle].number <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? f->known[low - 1].at_ns : INT64_MIN;
}

int facts_as_known(facts *f, const char *code, int64_t at_ns, bool by_reported, facts **ret_facts)
{
    facts *past = NULL;
    int r = facts_new(&f->config, NULL, NULL, &past);
    for (uint32_t i = 0; r == 0 && i < f->results_count; i++) {
        result copy = f->results[i];
        if (symbols_put(past->symbols, symbols_get(f->symbols, copy.authority), &copy.authority) < 0)
            r = -ENOMEM;
        result_add(past, &copy);
    }
    for (uint32_t n = 1; r == 0 && n <= reports_count(f->reports); n++) {
        const report *rep = report_of(f, n);
        int64_t known = by_reported && rep->reported_ns != TIME_UNKNOWN ? rep->reported_ns : report_known_at(f, n);
        if (known > at_ns)
            continue;
        thaw_event event;
        facts_verdict verdict;
        report_event(f->reports, rep, &event);
        if (!code || (event.country[0] == code[0] && event.country[1] == code[1]))
            r = facts_add(past, &event, facts_key(&event), known, &verdict);
    }
    if (r == 0)
        r = facts_settle(past, at_ns);
    if (r < 0) {
        facts_free(past);
        return r;
    }
    *ret_facts = past;
    return 0;
}

/* ---- from outside ------------------------------------------------------------------- */

thaw_hash facts_key(const thaw_event *event)
{
    return thaw_report_key(event->source, event->id);
}

thaw_code facts_refuse(const facts *f, const thaw_event *event)
{
    const thaw_date *date = event->occurred_at.precision ? &event->occurred_at : &event->reported_at;
    int64_t start, end;
    if (reports_full(f->reports, event->bytes_len))
        return THAW_LIMIT;
    if (f->horizon_ns == INT64_MIN || !date->precision || f->restoring)
        return THAW_OK;
    thaw_date_interval(date, &start, &end);
    return start < f->horizon_ns ? THAW_TOO_OLD : THAW_OK;
}

static int known_again(facts *f, bool same, uint64_t seq, facts_verdict *ret_verdict)
{
    *ret_verdict = (facts_verdict){same ? THAW_OK : THAW_CONFLICT, same, same ? seq : 0};
    f->duplicates += same;
    f->conflicts += !same;
    return 0;
}

bool facts_knows(const facts *f, thaw_hash key)
{
    return reports_find(f->reports, key) != 0 || dropped_find(f, key) != NULL;
}

/* A repeat mostly comes byte for byte; else what counts is the content, however it is encoded. */
static bool same_content(const report *r, const thaw_event *event)
{
    const thaw_event known = {.bytes = r->text, .bytes_len = r->text_bytes};
    if (r->text_bytes == event->bytes_len && memcmp(r->text, event->bytes, r->text_bytes) == 0)
        return true;
    thaw_hash a = thaw_event_content_hash(&known), b = thaw_event_content_hash(event);
    return a.low == b.low && a.high == b.high;
}

int facts_add(facts *f, const thaw_event *event, thaw_hash key, int64_t known_at_ns, facts_verdict *ret_verdict)
{
    uint32_t number = reports_find(f->reports, key);
    if (number) {
        return known_again(f, same_content(report_of(f, number), event), report_seq(f, number), ret_verdict);
    }
    const identity *dropped = dropped_find(f, key);
    if (dropped)
        return known_again(f, dropped->content == thaw_event_content_hash(event).low, dropped->seq, ret_verdict);
    thaw_code refused = facts_refuse(f, event);
    if (refused != THAW_OK) {
        *ret_verdict = (facts_verdict){.code = refused};
        return 0;
    }
    int r = reports_append(f->reports, key, event->bytes, event->bytes_len, &number);
    if (r == -ENOSPC) {
        *ret_verdict = (facts_verdict){.code = THAW_LIMIT};
        return 0;
    }
    if (r < 0)
        return f->failed = r;
    if (!known_note(f, number, known_at_ns))
        return f->failed;
    f->cause = number;
    f->cause_corrects = false;
    report *record = report_of(f, number);
    reports_lend(f->reports, number, event);
    report_fill(f, record, event);
    references_of(f, event);
    references_awaited(f, record);
    feed_note(f, number, event);
    if (report_lives(record))
        report_enter(f, number, event);
    reports_lend(f->reports, 0, NULL);
    f->cause_corrects = false;
    if (!f->failed)
        *ret_verdict = (facts_verdict){.code = THAW_OK, .number = report_seq(f, number)};
    return f->failed;
}

static void reports_settle(facts *f)
{
    for (uint32_t i = 0; i + 1 < f->gone_reports.count; i += 2) {
        causes why = {.news = f->gone_reports.at[i + 1]};
        report_of(f, f->gone_reports.at[i])->told_as_fact = 0;
        tell(f, FACT_GONE, (uint64_t)FACT_REPORT << 56 | f->gone_reports.at[i], 0, true, &why);
    }
    f->gone_reports.count = 0;
    for (uint32_t i = 0; i < f->fresh_reports.count; i++) {
        uint32_t number = f->fresh_reports.at[i];
        report *r = report_of(f, number);
        if (!report_lives(r))
            continue;
        causes why = {.news = number};
        r->told_as_fact = 1;
        tell(f, FACT_APPEARED, (uint64_t)FACT_REPORT << 56 | number, 0, false, &why);
    }
    f->fresh_reports.count = 0;
}

int facts_settle(facts *f, int64_t now_ns)
{
    if (now_ns > f->now_ns)
        f->now_ns = now_ns;
    reports_settle(f);
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

uint64_t facts_number(const facts *f)
{
    return f->seq_base + (reports_count(f->reports) - f->seqs_count);
}

uint64_t facts_held(const facts *f)
{
    return reports_count(f->reports);
}

uint64_t facts_bytes(const facts *f)
{
    return f->held - f->base_held;
}

/* The report that one withdraws or replaces; 0: it is not known, or there is none. */
static uint32_t report_before(facts *f, uint32_t number)
{
    thaw_event event;
    report_event(f->reports, report_of(f, number), &event);
    thaw_str id = event.kind == THAW_RETRACTION ? event.retracts : event.revises;
    return id.data ? reports_find(f->reports, thaw_report_key(event.source, id)) : 0;
}

uint64_t facts_takes_back(facts *f, uint64_t number)
{
    uint32_t at = number && number <= reports_count(f->reports) ? report_before(f, (uint32_t)number) : 0, first = at;
    for (uint32_t steps = 0; at && steps < REVISIONS_MAX; steps++) { /* they may go in a circle */
        first = at < first ? at : first;
        at = report_before(f, at);
    }
    return first ? report_seq(f, first) : 0;
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
