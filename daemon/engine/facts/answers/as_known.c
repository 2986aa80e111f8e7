/* as_known.c - the facts as they were at an instant: made anew of what was known by then. */
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

int facts_as_known(facts *f, const char *code, int64_t at_ns, bool by_reported, facts **ret_facts)
{
    facts *past = NULL;
    int r = facts_new(&f->config, NULL, NULL, &past);
    if (r == 0)
        r = results_known(f, past, at_ns);
    for (uint32_t n = 1; r == 0 && n <= reports_count(f->reports); n++) {
        const report *rep = report_of(f, n);
        int64_t known = by_reported && rep->reported_ns != TIME_UNKNOWN ? rep->reported_ns : report_known_at(f, n);
        if (known <= at_ns)
            r = known_add(f, past, rep, code, known);
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
