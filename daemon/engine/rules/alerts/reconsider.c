/*
 * reconsider.c - whether an alert would still have stood, after a correction of what it stood on.
 */
#include <errno.h>
#include <stdlib.h>

#include "rules/state.h"

/* The open fact in one selection, as of then; NULL: it is not in it. */
static int selection_entry(rules *set, const record *r, uint8_t index, entry **ret_entry)
{
    const selection *s = &r->group->rule->selections[index];
    bool matches, found = false;
    *ret_entry = NULL;
    int res = view_matches(set, s, &matches);
    if (res < 0 || !matches)
        return res;
    res = group_takes(set, r->group, s, &found);
    if (res < 0 || !found)
        return res;
    entry *e = entry_new(set, s, index);
    if (!e)
        return -ENOMEM;
    if (r->true_at_ns < e->from_ns || r->true_at_ns >= e->to_ns)
        entry_free(set, e);
    else
        *ret_entry = e;
    return 0;
}

/* A recorded fact as what was known then says now: a correction may have brought it from one selection into
 * another. */
static int ground_entries(rules *set, const record *r, const fact_node *fact, entry *entries[])
{
    const rule *one = r->group->rule;
    int res = 0;
    view_open_known(set, fact->handle, r->true_at_ns, r->known);
    if (view_value(&set->view, FIELD_ID)->kind != CEL_STRING)
        return set->view.no_memory ? -ENOMEM : 0; /* nothing that was known is of it any more */
    for (size_t s = 0; res == 0 && s < one->selections_count; s++)
        if (one->selections[s].kind == set->view.kind)
            res = selection_entry(set, r, (uint8_t)s, &entries[s]);
    return res;
}

static int record_totals(rules *set, const record *r, entry **entries, totals all[])
{
    const rule *one = r->group->rule;
    const entry **theirs = calloc(r->count + 1, sizeof *theirs);
    int res = theirs ? 0 : -ENOMEM;
    for (size_t s = 0; res == 0 && s < one->selections_count; s++) {
        size_t count = 0;
        for (uint32_t i = 0; i < r->count; i++) {
            const entry *e = entries[i * one->selections_count + s];
            if (!e)
                continue;
            totals_add(&all[s], e);
            theirs[count++] = e;
        }
        res = totals_distinct_add(set, &all[s], one->selections[s].aggregates, theirs, count);
    }
    free(theirs);
    return res;
}

/* A fact counts once, in however many selections it was, and where it was merged with another. */
static bool seen_before(fact_node *fact)
{
    bool seen = fact->asked;
    fact->asked = true;
    return seen;
}

static int record_asked(rules *set, const record *r, bool *ret_holds)
{
    totals all[RULES_SELECTIONS_MAX] = {0};
    const size_t each = r->group->rule->selections_count, count = r->count * each;
    entry **entries = calloc(count + 1, sizeof *entries);
    int res = entries ? 0 : -ENOMEM;
    for (uint32_t i = 0; res == 0 && i < r->count; i++)
        if (!seen_before(r->grounds[i].fact))
            res = ground_entries(set, r, r->grounds[i].fact, &entries[i * each]);
    for (uint32_t i = 0; i < r->count; i++)
        r->grounds[i].fact->asked = false;
    if (res == 0)
        res = record_totals(set, r, entries, all);
    if (res == 0) {
        scope s = {.rule = r->group->rule, .by = r->group->by, .all = all};
        *ret_holds = false;
        if (!scope_empty(&s))
            res = scope_holds(set, &s, r->group->rule->when, ret_holds);
    }
    for (size_t i = 0; entries && i < count; i++)
        entry_free(set, entries[i]);
    free(entries);
    return res;
}

int record_holds(rules *set, record *r, bool *ret_holds)
{
    *ret_holds = true;
    if (r->partial)
        return 0;
    facts_read_known(set->facts, r->known);
    int res = record_asked(set, r, ret_holds);
    facts_read_known(set->facts, 0);
    return res;
}
