/*
 * cost.c - how much time each rule takes, by a stopwatch that the caller lends: nothing that rules do
 * depends on it. Looking at it costs as much as a small rule, so that only every so often is measured.
 */
#include "rules/state.h"

int64_t cost_begin(const rules *set, cost *c)
{
    bool measured = c->times++ % COST_SAMPLED == 0 && set->sink.stopwatch_ns;
    return measured ? set->sink.stopwatch_ns() : INT64_MIN;
}

void cost_end(const rules *set, cost *c, int64_t begun_ns)
{
    if (begun_ns == INT64_MIN)
        return;
    int64_t took_ns = set->sink.stopwatch_ns() - begun_ns;
    c->measured++;
    c->measured_ns += took_ns > 0 ? (uint64_t)took_ns : 0;
}

uint64_t cost_ns(const cost *c)
{
    return c->measured ? (uint64_t)((double)c->measured_ns * ((double)c->times / (double)c->measured)) : 0;
}
