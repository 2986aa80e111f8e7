/*
 * deadline.c - a binary heap of what waits for an instant. Each element knows its place, so that
 * it can be moved and taken out without a search.
 */
#include <errno.h>
#include <stdlib.h>

#include "room.h"
#include "rules/internal.h"

static void place(deadlines *d, size_t at, deadline *one)
{
    d->heap[at] = one;
    one->place = (uint32_t)at + 1;
}

static void sift_up(deadlines *d, size_t at, deadline *one)
{
    while (at > 0 && d->heap[(at - 1) / 2]->at_ns > one->at_ns) {
        place(d, at, d->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(d, at, one);
}

static void sift_down(deadlines *d, size_t at, deadline *one)
{
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= d->count)
            break;
        if (child + 1 < d->count && d->heap[child + 1]->at_ns < d->heap[child]->at_ns)
            child++;
        if (d->heap[child]->at_ns >= one->at_ns)
            break;
        place(d, at, d->heap[child]);
        at = child;
    }
    place(d, at, one);
}

int deadline_set(deadlines *d, deadline *one, int64_t at_ns)
{
    if (at_ns == INT64_MAX) {
        deadline_clear(d, one);
        return 0;
    }
    if (one->place) {
        bool later = at_ns > one->at_ns;
        one->at_ns = at_ns;
        if (later)
            sift_down(d, one->place - 1, one);
        else
            sift_up(d, one->place - 1, one);
        return 0;
    }
    if (d->count == UINT32_MAX - 1)
        return -ENOMEM;
    if (room_for(&d->heap, &d->capacity, d->count + 1, sizeof(deadline *)) < 0)
        return -ENOMEM;
    one->at_ns = at_ns;
    sift_up(d, d->count++, one);
    return 0;
}

void deadline_clear(deadlines *d, deadline *one)
{
    if (!one->place)
        return;
    size_t at = one->place - 1;
    one->place = 0;
    deadline *last = d->heap[--d->count];
    if (last == one)
        return;
    if (at > 0 && d->heap[(at - 1) / 2]->at_ns > last->at_ns)
        sift_up(d, at, last);
    else
        sift_down(d, at, last);
}

deadline *deadline_first(const deadlines *d)
{
    return d->count ? d->heap[0] : NULL;
}

void deadlines_done(deadlines *d)
{
    free(d->heap);
    *d = (deadlines){0};
}
