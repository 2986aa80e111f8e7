/* sources.c - how often and how early reports of each source were later confirmed. */
#include "facts/answers/state/lists.h"
#include "lower_bound.h"

#include <stdlib.h>
#include <string.h>

typedef struct source_line {
    uint32_t source, reports, confirmed;
    __int128 lead_ns; /* exact: no order of adding up shows in it */
} source_line;

static int time_order(const void *a_, const void *b_)
{
    int64_t a = *(const int64_t *)a_, b = *(const int64_t *)b_;
    return (a > b) - (a < b);
}

/* When an incident was confirmed, in order; NULL where it was not. */
static int64_t *confirmations(facts *f, const numbers *list, uint32_t *ret_count)
{
    int64_t *at = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        count += report_of(f, list->at[i])->status == THAW_CONFIRMED;
    *ret_count = 0;
    if (!count || !(at = malloc(count * sizeof *at))) {
        f->failed = count ? -ENOMEM : f->failed;
        return NULL;
    }
    for (uint32_t i = 0; i < list->count; i++)
        if (report_of(f, list->at[i])->status == THAW_CONFIRMED)
            at[(*ret_count)++] = report_of(f, list->at[i])->reported_ns;
    qsort(at, count, sizeof *at, time_order);
    return at;
}

/* The first of them that is not before. */
static uint32_t first_from(const int64_t *at, uint32_t count, int64_t from_ns)
{
    uint32_t low = 0;
    LOWER_BOUND(low, count, at[middle] < from_ns);
    return low;
}

static int source_order(const void *a_, const void *b_)
{
    uint32_t a = ((const source_line *)a_)->source, b = ((const source_line *)b_)->source;
    return (a > b) - (a < b);
}

/* A line for each source of a country, in order of its symbol. */
static source_line *source_lines(facts *f, const country *c)
{
    source_line *lines = calloc((size_t)c->feeds.count + 1, sizeof *lines);
    if (!lines) {
        f->failed = -ENOMEM;
        return NULL;
    }
    for (uint32_t i = 0; i < c->feeds.count; i++)
        lines[i].source = f->feeds[c->feeds.at[i]].source;
    qsort(lines, c->feeds.count, sizeof *lines, source_order);
    return lines;
}

static void source_count(facts *f, source_line *lines, uint32_t lines_count, const numbers *list)
{
    uint32_t count;
    int64_t *confirmed = confirmations(f, list, &count);
    for (uint32_t i = 0; i < list->count; i++) {
        const report *r = report_of(f, list->at[i]);
        source_line *line =
            bsearch(&(source_line){.source = r->source}, lines, lines_count, sizeof *lines, source_order);
        if (!line) /* every source of a country has a feed there */
            continue;
        line->reports++;
        if (!confirmed || r->status == THAW_CONFIRMED || r->reported_ns == TIME_UNKNOWN)
            continue;
        uint32_t first = first_from(confirmed, count, r->reported_ns);
        if (first == count)
            continue;
        line->confirmed++;
        line->lead_ns += confirmed[first] - r->reported_ns;
    }
    free(confirmed);
}

/* The lines of all sources, counted over the incidents of the country. */
static source_line *sources_count(facts *f, const country *c)
{
    source_line *lines = source_lines(f, c);
    for (uint32_t i = 1; lines && i < f->incidents_count; i++) {
        const incident *inc = f->incidents[i];
        if (!inc || !inc->used || !inc->handle || memcmp(f->keys[inc->key_index].country, c->code, 2) != 0)
            continue;
        numbers list = {0};
        incident_reports(f, inc, false, &list);
        source_count(f, lines, c->feeds.count, &list);
        numbers_done(&list, &f->held);
    }
    return lines;
}

void fill_sources(asked *a, rows *r)
{
    const country *c = &a->f->countries[a->country];
    source_line *lines = sources_count(a->f, c);
    for (uint32_t i = 0; lines && i < c->feeds.count; i++) {
        if (!lines[i].reports)
            continue;
        msgpack_pack_map(&r->out, 4);
        write_key(&r->out, "source");
        write_str(&r->out, symbols_get(a->f->symbols, lines[i].source));
        write_uint(&r->out, "reports", lines[i].reports);
        write_uint(&r->out, "later_confirmed", lines[i].confirmed);
        write_key(&r->out, "lead_hours");
        if (lines[i].confirmed)
            msgpack_pack_double(&r->out, (double)lines[i].lead_ns / lines[i].confirmed / 3.6e12);
        else
            msgpack_pack_nil(&r->out);
        rows_key_str(r, symbols_get(a->f->symbols, lines[i].source));
        rows_end(r);
    }
    free(lines);
}
