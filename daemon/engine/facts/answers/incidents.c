/* incidents.c - the incidents that are asked for, in pages from the latest back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "facts/answers/rows.h"
#include "facts/answers/write.h"
#include "facts/incidents/incidents.h"
#include "lower_bound.h"

typedef struct wanted {
    incident **at;
    uint32_t count, capacity;
} wanted;

static void wanted_put(facts *f, wanted *w, incident *inc, const engine_incidents_query *q)
{
    uint64_t unused = 0;
    if (!inc || !inc->used || !inc->handle)
        return;
    const key *k = &f->keys[inc->key_index];
    if ((q->kind && k->kind != q->kind) || (q->country && memcmp(q->country, k->country, 2) != 0))
        return;
    if (q->since.precision) {
        int64_t start, end;
        thaw_date_interval(&q->since, &start, &end);
        if (inc->now.occurred.start_ns == TIME_UNKNOWN || incident_stated_start(f, inc) < start)
            return;
    }
    if (array_reserve((void **)&w->at, &w->capacity, (size_t)w->count + 1, sizeof *w->at, &unused) < 0)
        f->failed = -ENOMEM;
    else
        w->at[w->count++] = inc;
}

static int wanted_order(const void *a_, const void *b_)
{
    const incident *a = *(incident *const *)a_, *b = *(incident *const *)b_;
    if (a->now.occurred.start_ns != b->now.occurred.start_ns)
        return a->now.occurred.start_ns < b->now.occurred.start_ns ? -1 : 1;
    return (a->now.id > b->now.id) - (a->now.id < b->now.id);
}

#define PLACE_TEXT 48

/* Where a page ended: START-NS ID. */
static void place_text(const incident *inc, char text[PLACE_TEXT])
{
    snprintf(text, PLACE_TEXT, "%" PRId64 " %016" PRIx64, inc->now.occurred.start_ns, inc->now.id);
}

/* Nothing but what place_text writes. */
static bool place_read(thaw_str text, incident *ret_place)
{
    char copy[PLACE_TEXT], written[PLACE_TEXT];
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (sscanf(copy, "%" SCNd64 " %" SCNx64, &ret_place->now.occurred.start_ns, &ret_place->now.id) != 2)
        return false;
    place_text(ret_place, written);
    return strcmp(copy, written) == 0;
}

/* How many stand before a place. */
static uint32_t before_place(const wanted *w, const incident *place)
{
    uint32_t low = 0, high = w->count;
    LOWER_BOUND(low, high, wanted_order(&w->at[middle], &place) < 0);
    return low;
}

/* The page that ends before the given place; in it the latest of those that are left. */
static void write_page(facts *f, const wanted *w, uint32_t end, const engine_incidents_query *q, msgpack_packer *out)
{
    uint32_t limit = q->limit ? q->limit : 1000, first = end;
    char next[PLACE_TEXT];
    rows r;
    rows_begin(&r);
    while (first > 0 && end - first < limit) {
        write_incident(f, &r.out, w->at[first - 1]);
        if (q->bytes && r.bytes.size > q->bytes && first < end)
            break; /* it is that of the next page */
        rows_key_time(&r, --first);
        rows_end(&r);
    }
    msgpack_pack_map(out, first ? 3 : 2);
    write_key(out, "incidents");
    rows_write(f, &r, out);
    write_bool(out, "more", first != 0);
    if (!first)
        return;
    place_text(w->at[first], next);
    write_key(out, "next");
    write_text(out, next);
}

int facts_write_incidents(facts *f, const engine_incidents_query *q, msgpack_packer *out)
{
    wanted w = {0};
    incident place = {0};
    if (q->after.len && !place_read(q->after, &place))
        return -EBADMSG;
    for (uint32_t i = 1; i < f->incidents_count; i++)
        wanted_put(f, &w, f->incidents[i], q);
    if (w.count > 1)
        qsort(w.at, w.count, sizeof *w.at, wanted_order);
    write_page(f, &w, q->after.len ? before_place(&w, &place) : w.count, q, out);
    free(w.at);
    return f->failed;
}
