/* explain.c - the incidents that are asked for, and why one of them is as it is. */
#include <stdlib.h>
#include <string.h>

#include "../engine.h"
#include "write.h"

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
        if (inc->now.occurred.start_ns == TIME_UNKNOWN || inc->now.occurred.start_ns < start)
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

int facts_write_incidents(facts *f, const engine_incidents_query *q, msgpack_packer *out)
{
    wanted w = {0};
    uint32_t limit = q->limit ? q->limit : 1000;
    for (uint32_t i = 1; i < f->incidents_count; i++)
        wanted_put(f, &w, f->incidents[i], q);
    if (w.count > 1)
        qsort(w.at, w.count, sizeof *w.at, wanted_order);
    uint32_t first = w.count > limit ? w.count - limit : 0; /* the latest are wanted */
    msgpack_pack_map(out, 2);
    write_key(out, "incidents");
    msgpack_pack_array(out, w.count - first);
    for (uint32_t i = first; i < w.count; i++)
        write_incident(f, out, w.at[i]);
    write_bool(out, "more", first != 0);
    free(w.at);
    return f->failed;
}

/* ---- explaining one ----------------------------------------------------------------- */

static incident *incident_find(facts *f, thaw_str id)
{
    char text[40];
    for (uint32_t i = 1; i < f->incidents_count; i++) {
        incident *inc = f->incidents[i];
        if (!inc || !inc->used || !inc->handle)
            continue;
        incident_id_text(f, inc, text);
        if (strlen(text) == id.len && memcmp(text, id.data, id.len) == 0)
            return inc;
    }
    return NULL;
}

/* Whether a report is the one vote of its voice for the whole. */
static bool is_vote(facts *f, const numbers *list, uint32_t number)
{
    const report *r = report_of(f, number);
    if (r->covers != THAW_EVENT || !r->has_count)
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        const report *o = report_of(f, list->at[i]);
        if (o->covers == THAW_EVENT && o->has_count && o->voice == r->voice &&
            report_later_compare(f, list->at[i], number) > 0)
            return false;
    }
    return true;
}

/* Whether a report counts just the people that it names. */
static bool is_on_named(const report *r)
{
    return r->parties && r->count == r->parties;
}

static bool has_other_vote(facts *f, const numbers *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (is_vote(f, list, list->at[i]) && !is_on_named(report_of(f, list->at[i])))
            return true;
    return false;
}

/* In words: what the report does to the count. */
static const char *part_in_count(facts *f, const numbers *list, uint32_t number)
{
    const report *r = report_of(f, number);
    if (r->covers == THAW_WIDER)
        return "is of something wider: not counted";
    if (r->covers == THAW_PART)
        return r->has_count ? "counts a part: parts of one dimension add up to a lower bound" : "names a part";
    if (!r->has_count)
        return "gives no count";
    if (!is_vote(f, list, number))
        return "a later report of the same voice stands in its place";
    if (r->count_is == THAW_AT_LEAST)
        return "a lower bound";
    if (is_on_named(r) && has_other_vote(f, list))
        return "counts the people it names: a part, where others vote for the whole";
    if (r->count_is == THAW_ABOUT)
        return "a vote, where there is no exact one";
    return "a vote";
}

/* In words: why the report stands in this incident. */
static const char *why_here(facts *f, const incident *inc, uint32_t number)
{
    const report *r = report_of(f, number);
    item it = report_item(f, number);
    if (it & ITEM_GROUP) {
        if (r->named)
            return "bears the same `incident` name";
        if (f->groups[it & ~ITEM_GROUP].members.count > 1)
            return "is on the same named people";
    }
    if (item_class_of(f, it) == ITEM_WIDER)
        return "is of something wider that falls together with it";
    if (item_class_of(f, it) == ITEM_VAGUE)
        return "its date is vague, overlaps, and its count agrees";
    if (item_class_of(f, it) == ITEM_UNDATED)
        return "has no date: stands alone";
    return it == inc->opener ? "is the earliest: opens the incident"
                             : "starts within the tolerance after the incident's first report";
}

static void write_member(facts *f, msgpack_packer *out, const incident *inc, const numbers *list, uint32_t number)
{
    const report *r = report_of(f, number);
    msgpack_pack_map(out, 10);
    write_key(out, "source");
    write_str(out, symbols_get(f->symbols, r->source));
    write_key(out, "id");
    write_str(out, report_id(r));
    write_key(out, "voice");
    write_str(out, symbols_get(f->symbols, r->voice));
    write_key(out, "date");
    write_date(f, out, r);
    write_key(out, "reported_at");
    write_time(out, r->reported_ns);
    write_key(out, "status");
    write_text(out, thaw_status_name(r->status));
    write_key(out, "count");
    if (r->has_count)
        msgpack_pack_uint64(out, r->count);
    else
        msgpack_pack_nil(out);
    write_key(out, "count_is");
    write_text(out, r->has_count ? thaw_count_is_name(r->count_is) : NULL);
    write_key(out, "vote");
    write_text(out, part_in_count(f, list, number));
    write_key(out, "belongs");
    write_text(out, why_here(f, inc, number));
}

/* In words: how the count came about. */
static const char *why_count(const counted *c)
{
    if (!c->has_count)
        return "no report gives a count";
    if (!c->has_winner)
        return "only lower bounds are known: the greatest of them";
    if (c->has_bound && c->bound > c->winner)
        return "a lower bound (named people, at least, or the sum of parts) is above the vote that won";
    return "the count that most voices give among the reports of the best status";
}

int facts_write_explain(facts *f, thaw_str id, msgpack_packer *out)
{
    incident *inc = incident_find(f, id);
    if (!inc)
        return -ENOENT;
    numbers list = {0};
    fact_reports_list(f, inc->handle, &list);
    msgpack_pack_map(out, 5);
    write_key(out, "incident");
    write_incident(f, out, inc);
    write_key(out, "why");
    write_text(out, why_count(&inc->now.votes));
    write_key(out, "winner");
    if (inc->now.votes.has_winner)
        msgpack_pack_uint64(out, inc->now.votes.winner);
    else
        msgpack_pack_nil(out);
    write_key(out, "lower_bound");
    if (inc->now.votes.has_bound)
        msgpack_pack_uint64(out, inc->now.votes.bound);
    else
        msgpack_pack_nil(out);
    write_key(out, "reports");
    msgpack_pack_array(out, list.count);
    for (uint32_t i = 0; i < list.count; i++)
        write_member(f, out, inc, &list, list.at[i]);
    numbers_done(&list, &f->held);
    return f->failed;
}
