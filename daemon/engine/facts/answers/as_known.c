/* as_known.c - the facts as they were at an instant: made anew of what was known by then. */
#include <errno.h>

#include "facts/ledger/ledger.h"
#include "facts/state/state.h"

static bool is_of(const thaw_event *event, const char *code)
{
    return !code || (event->country[0] == code[0] && event->country[1] == code[1]);
}

/* Whether a report of another country takes back or replaces one of this. */
static bool corrects_one_of(facts *f, const thaw_event *event, const char *code)
{
    thaw_str target = event->kind == THAW_RETRACTION ? event->retracts : event->revises;
    uint32_t number = target.data ? reports_find(f->reports, thaw_report_key(event->source, target)) : 0;
    thaw_event corrected;
    if (!number)
        return false;
    report_event(f->reports, report_of(f, number), &corrected);
    return is_of(&corrected, code);
}

/* A report that was known then; of those of other countries what bears on this one. */
static int known_add(facts *f, facts *past, const report *rep, const char *code, int64_t known_ns)
{
    thaw_event event;
    facts_verdict verdict;
    report_event(f->reports, rep, &event);
    if (is_of(&event, code) || corrects_one_of(f, &event, code))
        return facts_add(past, &event, facts_key(&event), known_ns, &verdict);
    producer_heard(past, &event);
    return past->failed;
}

static int64_t known_since(const facts *f, uint32_t number, bool by_reported)
{
    const report *rep = report_of(f, number);
    return by_reported && rep->reported_ns != TIME_UNKNOWN ? rep->reported_ns : report_known_at(f, number);
}

/* The numbers that producers are known by, but for those of reports that came later: what was dropped bore some. */
static void numbers_known(facts *f, facts *past, int64_t at_ns, bool by_reported)
{
    for (uint32_t i = 1; i < f->producers_count; i++) {
        const producer *p = &f->producers[i];
        producer_restore(past, symbols_get(f->symbols, p->name), 0, (const uint8_t *)p->ranges, p->count);
    }
    for (uint32_t n = 1; f->producers_count > 1 && n <= reports_count(f->reports); n++) {
        thaw_event event;
        if (known_since(f, n, by_reported) <= at_ns)
            continue;
        report_event(f->reports, report_of(f, n), &event);
        producer_not_heard(past, &event);
    }
}

/* What is left of dropped incidents, but for those that were still to come. */
static int results_known(const facts *f, facts *past, int64_t at_ns)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < f->results_count; i++) {
        result copy = f->results[i];
        if (result_stated_start(&copy) > at_ns)
            continue;
        if (symbols_put(past->symbols, symbols_get(f->symbols, copy.authority), &copy.authority) < 0)
            r = -ENOMEM;
        result_add(past, &copy);
    }
    return r;
}

/* Facts and what is made beside them may need half as much again as the facts alone: memory that gives twice that bound
 * bears it. */
static bool has_room(const facts *f, const facts *past)
{
    return (facts_needed(f) + facts_needed(past)) / 3 <= f->config.bytes_max / 2;
}

int facts_as_known(facts *f, const char *code, int64_t at_ns, bool by_reported, facts **ret_facts)
{
    facts *past = NULL;
    int r = facts_new(&f->config, NULL, NULL, &past);
    if (r == 0)
        facts_unbound(past); /* all of it was accepted once */
    if (r == 0)
        r = results_known(f, past, at_ns);
    if (r == 0)
        numbers_known(f, past, at_ns, by_reported);
    for (uint32_t n = 1; r == 0 && n <= reports_count(f->reports); n++) {
        int64_t known = known_since(f, n, by_reported);
        if (known <= at_ns)
            r = has_room(f, past) ? known_add(f, past, report_of(f, n), code, known) : -ENOSPC;
        facts_step(past);
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
