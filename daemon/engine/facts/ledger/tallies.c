/* tallies.c - totals that sources state, compared with the ledger: FACTS.md, section 6. */
#include <xxhash.h>

#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"
#include "facts/state/state.h"

const char *tally_state_name(tally_state state)
{
    static const char *const names[] = {NULL, "agrees", "stale", "other-definition", "differs", "not-comparable"};
    return names[state];
}

/* ---- comparing ---------------------------------------------------------------------- */

static bool total_agrees(const report *r, const ledger_total *t)
{
    if (r->count_is == THAW_AT_LEAST)
        return r->count <= t->high;
    if (r->count_is == THAW_ABOUT) /* within a tenth, in whole numbers */
        return r->count >= t->low - t->low / 10 && (r->count <= t->high || r->count - t->high <= t->high / 10);
    return r->count >= t->low && r->count <= t->high;
}

static uint32_t tally_latest(const facts *f, const tally *t)
{
    uint32_t latest = 0;
    for (uint32_t i = 0; i < t->reports.count; i++)
        if (!latest || report_later_compare(f, t->reports.at[i], latest) > 0)
            latest = t->reports.at[i];
    return latest;
}

/* What begins then or later is not counted. */
static int64_t tally_end_ns(const report *r)
{
    return r->start_ns == TIME_UNKNOWN ? INT64_MAX : report_end_ns(r);
}

bool tally_definition(facts *f, const report *r, definition *ret)
{
    thaw_event event;
    int64_t end;
    report_event(f->reports, r, &event);
    *ret = (definition){.from_ns = TIME_UNKNOWN,
                        .from_latest_ns = TIME_UNKNOWN,
                        .to_ns = tally_end_ns(r),
                        .form = event.form,
                        .category = event.category};
    if (!event.since.precision || !event.of || !r->has_count)
        return false;
    thaw_date_interval(&event.since, &ret->from_ns, &end);
    ret->from_latest_ns = event.since.approximate ? end - 1 : ret->from_ns;
    return true;
}

uint8_t tally_kind(facts *f, const report *r)
{
    thaw_event event;
    report_event(f->reports, r, &event);
    return event.of == THAW_OF_RELEASED ? THAW_RELEASE : THAW_DETENTION;
}

void tally_look(facts *f, const tally *t, ledger_pages *pages, tally_view *ret_view)
{
    definition d, other;
    *ret_view = (tally_view){.report = tally_latest(f, t), .state = TALLY_NOT_COMPARABLE};
    if (!ret_view->report)
        return;
    const report *r = report_of(f, ret_view->report);
    if (!tally_definition(f, r, &d))
        return;
    ledger_lines *l = pages_lines(f, pages, t->country, tally_kind(f, r));
    const running *sums = category_running(f, l, lines_category(f, l, d.category), d.reading, d.form);
    ret_view->ledger = running_total(sums, &d);
    if (total_agrees(r, &ret_view->ledger))
        ret_view->state = TALLY_AGREES;
    else if (running_passed(sums, &d, r->count)) /* as it was at an earlier moment */
        ret_view->state = TALLY_STALE;
    else if (definitions_fitting(f, l, &d, r->count, &other, 1))
        ret_view->state = TALLY_OTHER;
    else
        ret_view->state = TALLY_DIFFERS;
}

/* ---- series ------------------------------------------------------------------------- */

/* A series is known by this alone: small numbers must not meet in it. */
static uint64_t series_hash(const thaw_event *event, uint32_t country_, uint32_t voice)
{
    const uint64_t words[] = {(uint64_t)country_ << 32 | voice, (uint64_t)event->of << 8 | event->form,
                              (uint64_t)event->since.at_ns,
                              (uint64_t)event->since.precision << 1 | event->since.approximate,
                              event->category.data ? XXH3_64bits(event->category.data, event->category.len) : 0};
    return XXH3_64bits(words, sizeof words);
}

static uint32_t tally_find(const facts *f, uint64_t hash, uint32_t country_, uint32_t voice)
{
    uint32_t cursor = 0, i;
    while ((i = index_next(&f->tallies_index, hash, &cursor)))
        if (f->tallies[i].country == country_ && f->tallies[i].voice == voice)
            break;
    return i;
}

static void tally_mark(facts *f, uint32_t i)
{
    tally *t = &f->tallies[i];
    causes_note(f, &t->why);
    t->correction = t->correction || f->cause_corrects;
    if (!t->dirty) {
        t->dirty = true;
        add(f, &f->dirty_tallies, i);
    }
}

void tally_enter(facts *f, uint32_t number, const thaw_event *event)
{
    uint32_t country_ = country_index(f, event->country), voice = report_of(f, number)->voice;
    uint64_t hash = series_hash(event, country_, voice);
    uint32_t i = tally_find(f, hash, country_, voice);
    if (!i) {
        i = f->tallies_free.count
                ? f->tallies_free.at[--f->tallies_free.count]
                : grow(f, (void **)&f->tallies, &f->tallies_count, &f->tallies_capacity, sizeof *f->tallies);
        if (!i)
            return;
        f->tallies[i] = (tally){.hash = hash, .country = country_, .voice = voice, .used = true};
        thaw_str text = symbols_get(f->symbols, voice);
        uint64_t seed =
            mix(series_hash(event, 0, 0), (uint64_t)(uint8_t)event->country[0] << 8 | (uint8_t)event->country[1]);
        f->tallies[i].id = XXH3_64bits_withSeed(text.data, text.len, seed);
        if (index_put(&f->tallies_index, hash, i, &f->held) < 0)
            f->failed = -ENOMEM;
        add(f, &f->countries[country_].tallies, i);
    }
    add(f, &f->tallies[i].reports, number);
    tally_mark(f, i);
}

void tally_leave(facts *f, uint32_t number, const thaw_event *event)
{
    uint32_t country_ = country_index(f, event->country), voice = report_of(f, number)->voice;
    uint32_t i = tally_find(f, series_hash(event, country_, voice), country_, voice);
    if (!i)
        return;
    numbers_take(&f->tallies[i].reports, number);
    tally_mark(f, i);
}

/* ---- settling ----------------------------------------------------------------------- */

static void tally_end(facts *f, uint32_t i)
{
    tally *t = &f->tallies[i];
    if (t->handle) {
        tell(f, FACT_GONE, t->handle, true, &t->why);
        handle_drop(f, t->handle, i);
    }
    index_take(&f->tallies_index, t->hash, i);
    numbers_take(&f->countries[t->country].tallies, i);
    numbers_done(&t->reports, &f->held);
    numbers_done(&t->why.corrections, &f->held);
    *t = (tally){0};
    add(f, &f->tallies_free, i);
}

static void tally_settle(facts *f, ledger_pages *pages, uint32_t i)
{
    tally *t = &f->tallies[i];
    t->dirty = false;
    if (!t->reports.count) {
        tally_end(f, i);
        return;
    }
    tally_view v;
    tally_look(f, t, pages, &v);
    t->state = (uint8_t)v.state;
    t->latest = v.report;
    uint64_t fingerprint = mix(mix(v.report, (uint64_t)v.state), t->reports.count) | 1;
    for (uint32_t r = 0; r < t->reports.count; r++)
        fingerprint += mix(t->reports.at[r], 3) << 1;
    bool changed = fingerprint != t->fingerprint;
    t->fingerprint = fingerprint;
    if (!t->handle) {
        t->handle = handle_new(f, FACT_TALLY, i);
        tell(f, FACT_APPEARED, t->handle, t->correction, &t->why);
    } else if (changed) {
        tell(f, FACT_CHANGED, t->handle, t->correction, &t->why);
    }
    t->correction = false;
    t->why.news = 0;
    numbers_done(&t->why.corrections, &f->held);
}

/* What a total is compared with was corrected; one that was stated anew meanwhile has changed by itself. */
static void tallies_correct(facts *f)
{
    for (uint32_t i = 0; i + 1 < f->corrected.count; i += 2) {
        const numbers *list = &f->countries[f->corrected.at[i]].tallies;
        for (uint32_t j = 0; j < list->count; j++) {
            tally *t = &f->tallies[list->at[j]];
            if (!t->dirty || t->why.news)
                continue;
            t->correction = true;
            if (t->why.corrections.count < CAUSES_MAX)
                put(f, &t->why.corrections, f->corrected.at[i + 1]);
        }
    }
    f->corrected.count = 0;
}

/* Whether it counts anything that began then or later. */
static bool tally_counts_from(const facts *f, const tally *t, int64_t start_ns)
{
    return t->latest && tally_end_ns(report_of(f, t->latest)) > start_ns;
}

void tallies_settle(facts *f)
{
    ledger_pages pages = {0};
    f->cause = 0;
    f->cause_corrects = false;
    for (uint32_t c = 0; c < f->dirty_countries.count; c++) {
        const country *of = &f->countries[f->dirty_countries.at[c]];
        for (uint32_t i = 0; i < of->tallies.count; i++)
            if (tally_counts_from(f, &f->tallies[of->tallies.at[i]], of->changed_ns))
                tally_mark(f, of->tallies.at[i]);
    }
    tallies_correct(f);
    for (uint32_t i = 0; i < f->dirty_tallies.count && !f->failed; i++)
        if (f->tallies[f->dirty_tallies.at[i]].used)
            tally_settle(f, &pages, f->dirty_tallies.at[i]);
    pages_done(f, &pages);
    f->dirty_tallies.count = 0;
}
