/* as_known.c - the facts as they were at an instant: made anew of what was known by then. */
#include "facts/ledger/ledger.h"
#include "facts/state/state.h"

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
