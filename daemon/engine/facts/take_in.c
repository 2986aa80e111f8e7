/*
 * take_in.c - one report comes in: what it is to be known by, what it withdraws or replaces, and where all that
 * follows from it begins.
 */
#include <string.h>
#include <strings.h>

#include "facts/entities/entities.h"
#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"
#include "facts/state/known.h"
#include "facts/state/state.h"

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
        return !(FORMS_WITHOUT_GRACE & 1u << event->form);
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
        r->states_date = event->occurred_at.precision != THAW_ABSENT;
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

/* Whether a release leads into another country. "by" and "BY " are no other than BY: who came home is not deported. */
static bool leads_away(const thaw_event *event)
{
    thaw_str to = event->destination;
    if (event->form == THAW_DEPORTATION || !to.data)
        return event->form == THAW_DEPORTATION;
    while (to.len && to.data[0] == ' ')
        to.data++, to.len--;
    while (to.len && to.data[to.len - 1] == ' ')
        to.len--;
    return to.len && (to.len != 2 || strncasecmp(to.data, event->country, 2) != 0);
}

/* source: its symbol as foreseen, 0: it was not. */
static void report_fill(facts *f, report *r, const thaw_event *event, uint32_t source)
{
    uint32_t parties = parties_named(f, event);
    report_date(r, event);
    r->count = event->count;
    r->source =
        source && str_equal(symbols_get(f->symbols, source), event->source) ? source : symbol_of(f, event->source);
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
    r->revises = event->revises.data != NULL;
    if (event->kind == THAW_SANCTION) {
        r->has_program = event->program.data != NULL;
        r->has_expiry = event->expires_at.precision != THAW_ABSENT;
    } else if (event->kind == THAW_RELEASE) {
        r->away = leads_away(event);
    } else {
        r->of_detained = event->kind == THAW_TALLY && event->of == THAW_OF_DETAINED;
    }
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

/* Who revises stands for what was said before: an incident that was told of this report alone goes on as the one of
 * its revision, also in another country or by another form. Wider ones may stand nowhere. */
static bool report_succeeds(const report *r, const report *before)
{
    return r->key_index && r->kind == before->kind && r->covers != THAW_WIDER;
}

static void report_succeed(facts *f, const report *before)
{
    report *r = report_of(f, f->cause);
    if (report_succeeds(r, before))
        r->told = before->told;
}

/* The same where revisions of the one that comes came before it, of which the last one lives. */
static void revisions_succeed(facts *f, const report *before, uint32_t told)
{
    for (uint32_t steps = 0; before->replaced && !before->withdrawn && steps < REVISIONS_MAX; steps++) {
        report *r = report_of(f, before->dead_by);
        if (!report_succeeds(r, before))
            return;
        if (report_lives(r) && !r->told)
            r->told = told;
        before = r;
    }
}

/* Whether a report stood when facts were told last, or takes the place of one that did: what came and went since was
 * never known, and nothing is corrected by that. */
static bool report_was_told(facts *f, uint32_t number)
{
    for (uint32_t steps = 0; number && steps < REVISIONS_MAX; steps++) { /* they may go in a circle */
        if (report_of(f, number)->told_as_fact)
            return true;
        number = report_before(f, number);
    }
    return false;
}

static void report_kill(facts *f, uint32_t number, bool withdraw)
{
    report *r = report_of(f, number);
    if (r->kind == THAW_RETRACTION)
        return;
    f->cause_corrects = f->cause_corrects || report_was_told(f, number);
    if (report_lives(r)) {
        if (!withdraw) {
            report_succeed(f, r);
            persons_retold(f, number, f->cause);
        }
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
    const uint32_t told = r->told; /* which dead_by takes the place of */
    if (!p || r->kind == THAW_RETRACTION)
        return;
    r->withdrawn = p->withdrawn_by != 0;
    r->replaced = p->replaced_by != 0;
    r->dead_by = p->withdrawn_by ? p->withdrawn_by : p->replaced_by;
    if (told)
        revisions_succeed(f, r, told);
}

thaw_hash facts_key(const thaw_event *event)
{
    return thaw_report_key(event->source, event->id);
}

uint64_t facts_needed(const facts *f)
{
    return reports_bytes(f->reports) + reports_text_bytes(f->reports) + symbols_bytes(f->symbols) + f->held + f->kept;
}

void facts_bound(facts *f, uint64_t others_bytes)
{
    f->full = facts_needed(f) + others_bytes > f->config.bytes_max;
    f->unbound = false;
}

void facts_unbound(facts *f)
{
    f->unbound = true;
}

/* Whether the report withdraws or replaces one that stands. */
static bool corrects(const facts *f, const thaw_event *event)
{
    thaw_str target = event->kind == THAW_RETRACTION ? event->retracts : event->revises;
    uint32_t known = target.data ? reports_find(f->reports, thaw_report_key(event->source, target)) : 0;
    return known && report_lives(reports_at(f->reports, known));
}

static bool has_no_room(const facts *f, const thaw_event *event)
{
    if (f->restoring || f->unbound || (!f->full && !reports_full(f->reports, event->bytes_len, false)))
        return false;
    return !corrects(f, event) || reports_full(f->reports, event->bytes_len, true);
}

thaw_code facts_refuse(const facts *f, const thaw_event *event)
{
    const thaw_date *date = event->occurred_at.precision ? &event->occurred_at : &event->reported_at;
    int64_t start, end;
    if (has_no_room(f, event))
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

/* What was foreseen of the report that comes now; its symbol of the source, 0: none. */
static uint32_t foreseen_take(facts *f, thaw_hash key)
{
    const foreseen *next = &f->ahead[f->ahead_at];
    if (f->ahead_at == f->ahead_count || next->key.low != key.low || next->key.high != key.high)
        return 0;
    f->ahead_at++;
    f->feeds_last = next->feed;
    f->keys_last = next->cluster;
    incident *near = next->incident; /* may have ended since */
    if (near && near->used && near->class == ITEM_SHARP && near->key_index == next->cluster)
        f->keys[next->cluster].hot = near;
    return next->source;
}

int facts_add(facts *f, const thaw_event *event, thaw_hash key, int64_t known_at_ns, facts_verdict *ret_verdict)
{
    uint32_t source = foreseen_take(f, key), number = reports_find(f->reports, key);
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
    report_fill(f, record, event, source);
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
