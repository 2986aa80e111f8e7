/*
 * held.c - what the state of a set needs in memory: entries and facts by their number, groups, records and alerts as
 * they are made. An alert that lists what it rests on is larger than all else that one report leaves behind.
 */
#include <string.h>

#include "rules/state.h"

#define SLOT_BYTES (2 * sizeof(table_slot)) /* of a table: from a third to two thirds are in use */

void hold_group(rules *set, group *g)
{
    size_t selections = g->rule->selections_count + 1;
    g->held =
        (uint32_t)(sizeof *g + g->key_len + strlen(g->text) + 1 + selections * (sizeof(entry *) + sizeof(totals)));
    set->held += g->held;
}

void hold_alert(rules *set, alert_text *a)
{
    if (!a)
        return;
    set->held -= a->held;
    a->held = alert_fit(a);
    set->held += a->held;
}

alert_text *alert_let_go(rules *set, alert_text *a)
{
    if (a)
        set->held -= a->held;
    return alert_text_free(a);
}

void hold_record(rules *set, record *r)
{
    if (!r)
        return;
    set->held += sizeof *r - r->held;
    r->held = sizeof *r;
    hold_alert(set, r->alert);
}

void hold_life(rules *set, group *g)
{
    hold_alert(set, g->alert);
    hold_record(set, g->basis);
    for (record *r = g->records; r; r = r->next)
        hold_record(set, r);
}

/* Of changes that were noted: with a clock they are taken in before anybody counts, but before the first report that
 * says a time there is none, and they wait for it. */
static uint64_t noted_bytes(const rules *set)
{
    return !set->noted_count
               ? 0
               : set->noted_capacity * sizeof *set->noted + set->noted_numbers_capacity * sizeof *set->noted_numbers;
}

uint64_t rules_bytes(const rules *set)
{
    return set->held - set->spare_count * entry_bytes(0) + set->fact_nodes.used * (sizeof(fact_node) + SLOT_BYTES) +
           set->groups.used * SLOT_BYTES + set->deadlines.count * sizeof(deadline *) + noted_bytes(set);
}
