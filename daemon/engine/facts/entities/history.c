/* history.c - see history.h. */
#include "facts/entities/history.h"

void history_add(history *h, const turn *t)
{
    h->at[h->turns++ % HISTORY_MAX] = *t;
}

void turn_report(const facts *f, turn *t, uint32_t number)
{
    t->reports++;
    if (!t->report || vote_reported_first(f, number, t->report))
        t->report = number;
}

uint32_t history_kept(const history *h)
{
    return h->turns < HISTORY_MAX ? h->turns : HISTORY_MAX;
}

turn *history_at(history *h, uint32_t n)
{
    return &h->at[(h->turns <= HISTORY_MAX ? n : h->turns + n) % HISTORY_MAX];
}
