/* explain.c - why an incident is as it is: its reports, their votes, and why they belong together. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "facts/answers/rows.h"
#include "facts/answers/write.h"
#include "facts/fields/fields.h"
#include "facts/incidents/incidents.h"

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

/* The reports of an incident, and which of them are the one vote of their voice for the whole or for a part. */
typedef struct said {
    numbers list, votes; /* votes: sorted by number */
    bool counts_more;    /* a vote for the whole that does not only count the persons it names */
    uint32_t names_most; /* of those for the whole that do */
    bool known;          /* what is not rumoured gives a number: a rumour for the whole decides nothing */
} said;

static uint32_t part_of(const report *r)
{
    return r->covers == THAW_PART ? r->part : 0; /* its place is another's otherwise */
}

/* By what is voted on (the whole is part 0), then by voice, of one voice the vote that stands first. */
static int said_order(const void *a_, const void *b_, void *f)
{
    uint32_t a = part_of(report_of(f, *(const uint32_t *)a_)), b = part_of(report_of(f, *(const uint32_t *)b_));
    return a != b ? (a < b ? -1 : 1) : vote_order(a_, b_, f);
}

static void said_make(facts *f, const incident *inc, said *s)
{
    *s = (said){0};
    fact_reports_list(f, inc->handle, &s->list);
    numbers *v = &s->votes;
    for (uint32_t i = 0; i < s->list.count; i++) {
        const report *r = report_of(f, s->list.at[i]);
        if (r->covers != THAW_WIDER && r->has_count)
            add(f, v, s->list.at[i]);
        s->known = s->known || (r->covers != THAW_WIDER && r->parties && r->status > THAW_RUMOURED);
    }
    if (v->count > 1)
        qsort_r(v->at, v->count, sizeof *v->at, said_order, f);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        const report *r = report_of(f, v->at[i]), *last = kept ? report_of(f, v->at[kept - 1]) : NULL;
        if (last && last->voice == r->voice && part_of(last) == part_of(r))
            continue;
        v->at[kept++] = v->at[i];
        s->known = s->known || r->status > THAW_RUMOURED;
        if (r->covers != THAW_EVENT)
            continue;
        s->counts_more = s->counts_more || !report_counts_named(r);
        if (report_counts_named(r) && r->parties > s->names_most)
            s->names_most = r->parties;
    }
    v->count = kept;
    numbers_unique(v);
}

/* Counts the persons it names, and no more than a part of the whole: counts.c. */
static bool is_named_part(const said *s, const report *r)
{
    return r->covers == THAW_EVENT && report_counts_named(r) && (s->counts_more || r->parties < s->names_most);
}

/* In words: what the report does to the count. */
static const char *part_in_count(const facts *f, const said *s, uint32_t number)
{
    const report *r = report_of(f, number);
    if (r->covers == THAW_WIDER)
        return "is of something wider: not counted";
    if (!r->has_count && r->covers == THAW_PART)
        return "names a part";
    if (!r->has_count && r->parties)
        return r->kind == THAW_SANCTION ? "names parties: all that are named are a lower bound"
                                        : "names people: a lower bound";
    if (!r->has_count)
        return "gives no count";
    if (is_named_part(s, r))
        return s->counts_more ? "counts the people it names: a part, where others vote for the whole"
                              : "counts the people it names: a part, where another names more";
    if (!numbers_have(&s->votes, number))
        return "a later report of the same voice stands in its place";
    if (r->covers == THAW_PART)
        return "counts a part: parts of one dimension add up to a lower bound";
    if (r->status == THAW_RUMOURED && s->known)
        return "is rumoured, where others give a number that is not";
    if (r->count_is == THAW_AT_LEAST)
        return "a lower bound";
    if (r->count_is == THAW_ABOUT)
        return "a vote, where there is no exact one";
    return "a vote";
}

/* In words: what puts a report, or the group it is one of, into this incident. */
static const char *why_item_here(facts *f, const incident *inc, item it)
{
    bool group = it & ITEM_GROUP && f->groups[it & ~ITEM_GROUP].members.count > 1;
    bool vague = item_class_of(f, it) == ITEM_VAGUE;
    if (item_class_of(f, it) == ITEM_WIDER)
        return "is of something wider that falls together with it";
    if (vague && inc->class != ITEM_VAGUE)
        return group ? "has a vague date that overlaps, and its count agrees"
                     : "its date is vague, overlaps, and its count agrees";
    if (vague && it == inc->opener)
        return group ? "has a vague date, fits no other incident, and opens this one"
                     : "its date is vague and fits no other incident: opens this one";
    if (vague)
        return group ? "has a vague date that overlaps the first one's, and its count is the same"
                     : "its date is vague, overlaps the first one's, and its count is the same";
    if (item_class_of(f, it) == ITEM_UNDATED)
        return "has no date: stands alone";
    return it == inc->opener ? "is the earliest: opens the incident"
                             : "starts within the tolerance after the incident's first report";
}

/* In words: why the report stands in this incident; what ties it to others, and then why all of them do. */
static void write_why_here(facts *f, msgpack_packer *out, const incident *inc, uint32_t number)
{
    item it = report_item(f, number);
    char text[160];
    if (!(it & ITEM_GROUP) || f->groups[it & ~ITEM_GROUP].members.count < 2) {
        write_text(out, why_item_here(f, inc, it));
        return;
    }
    const char *tie =
        incident_name_shared(f, number) ? "bears the same `incident` name" : "is on the same named people";
    snprintf(text, sizeof text, "%s; the group %s", tie, why_item_here(f, inc, it));
    write_text(out, text);
}

static void write_member(facts *f, msgpack_packer *out, const incident *inc, const said *s, uint32_t number)
{
    const report *r = report_of(f, number);
    msgpack_pack_map(out, 12);
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
    write_count(out, "count", r->has_count, r->count);
    write_key(out, "count_is");
    write_text(out, r->has_count ? thaw_count_is_name(r->count_is) : NULL);
    write_key(out, "part");
    write_str(out, part_of(r) ? symbols_get(f->symbols, part_of(r)) : (thaw_str){0});
    write_uint(out, "names", r->parties);
    write_key(out, "vote");
    write_text(out, part_in_count(f, s, number));
    write_key(out, "belongs");
    write_why_here(f, out, inc, number);
}

/* The votes that decide: of those for the whole the exact ones, else the `about` ones, of the best status. */
static void votes_deciding(facts *f, const said *s, numbers *ret_votes)
{
    uint8_t best = 0;
    bool exact = false;
    for (uint32_t i = 0; i < s->votes.count; i++) {
        const report *r = report_of(f, s->votes.at[i]);
        if (r->covers != THAW_EVENT || r->count_is == THAW_AT_LEAST || is_named_part(s, r) ||
            (r->status == THAW_RUMOURED && s->known))
            continue;
        if ((r->count_is == THAW_EXACT) < exact || ((r->count_is == THAW_EXACT) == exact && r->status < best))
            continue;
        if ((r->count_is == THAW_EXACT) > exact || r->status > best)
            ret_votes->count = 0;
        exact = r->count_is == THAW_EXACT;
        best = r->status;
        add(f, ret_votes, s->votes.at[i]);
    }
}

static int count_order(const void *a_, const void *b_, void *f)
{
    uint64_t a = report_of(f, *(const uint32_t *)a_)->count, b = report_of(f, *(const uint32_t *)b_)->count;
    return (a > b) - (a < b);
}

/* Whether as many voices as for the winner stand for another count. */
static bool is_tied(facts *f, const said *s, const counted *c)
{
    numbers votes = {0};
    uint32_t own = 0, other = 0;
    votes_deciding(f, s, &votes);
    if (votes.count > 1)
        qsort_r(votes.at, votes.count, sizeof *votes.at, count_order, f);
    for (uint32_t i = 0, next; i < votes.count; i = next) {
        uint64_t count = report_of(f, votes.at[i])->count;
        for (next = i; next < votes.count && report_of(f, votes.at[next])->count == count; next++)
            ;
        uint32_t *most = count == c->winner ? &own : &other;
        *most = next - i > *most ? next - i : *most;
    }
    numbers_done(&votes, &f->held);
    return own == other;
}

/* In words: how the count came about. */
static const char *why_count(facts *f, const said *s, const counted *c)
{
    if (!c->has_count)
        return "no report gives a count";
    if (!c->has_winner)
        return "only lower bounds are known: the greatest of them";
    if (c->has_bound && c->bound > c->winner)
        return "a lower bound (named people, at least, or the sum of parts) is above the vote that won";
    if (is_tied(f, s, c))
        return "as many voices give another count: the one first reported of the best status";
    return "the count that most voices give among the reports of the best status";
}

/* What the votes come to, counted anew: a lower bound that decides nothing may not be the last one. */
static void votes_of(facts *f, const incident *inc, counted *ret_counted)
{
    numbers list = {0};
    incident_reports(f, inc, false, &list);
    if (f->keys[inc->key_index].kind != THAW_TALKS)
        count_reports(f, list.at, list.count, ret_counted);
    numbers_done(&list, &f->held);
}

/* ---- its reports, whole or in pages -------------------------------------------------- */

#define PLACE_TEXT 48

/* Where a page ended: how many came before, and which report was the last, by its identity. */
static void place_text(uint32_t passed, uint64_t last, char text[PLACE_TEXT])
{
    snprintf(text, PLACE_TEXT, "%" PRIu32 " %016" PRIx64, passed, last);
}

/* How many reports are before a page: those up to the last one, wherever that is now. -EBADMSG: not what place_text
 * writes. */
static int place_read(facts *f, thaw_str text, const numbers *list, uint32_t *ret_passed)
{
    char copy[PLACE_TEXT], written[PLACE_TEXT];
    uint32_t passed = 0, at;
    uint64_t last = 0;
    if (text.len >= sizeof copy)
        return -EBADMSG;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (sscanf(copy, "%" SCNu32 " %" SCNx64, &passed, &last) != 2)
        return -EBADMSG;
    place_text(passed, last, written);
    if (strcmp(copy, written) != 0)
        return -EBADMSG;
    for (at = 0; at < list->count && report_of(f, list->at[at])->key.high != last; at++)
        ;
    *ret_passed = at < list->count ? at + 1 : passed < list->count ? passed : list->count;
    return 0;
}

/* Packs the reports from `first` on, up to the one with which they reach so many bytes; returns behind which. */
static uint32_t page_fill(facts *f, const incident *inc, const said *all, uint32_t first, size_t bytes, rows *r)
{
    uint32_t end = first;
    rows_begin(r);
    while (end < all->list.count && (end == first || !bytes || r->bytes.size < bytes)) {
        write_member(f, &r->out, inc, all, all->list.at[end]);
        rows_key_time(r, end++);
        rows_end(r);
    }
    return end;
}

/* `reports`, and `more` and `next` where there are others. */
static void write_page(facts *f, const said *all, uint32_t end, rows *r, msgpack_packer *out)
{
    char next[PLACE_TEXT];
    write_key(out, "reports");
    rows_write(f, r, out);
    if (end == all->list.count)
        return;
    write_uint(out, "more", all->list.count - end);
    place_text(end, report_of(f, all->list.at[end - 1])->key.high, next);
    write_key(out, "next");
    write_text(out, next);
}

static void write_why_count(facts *f, const incident *inc, const said *all, msgpack_packer *out)
{
    counted votes = {0};
    votes_of(f, inc, &votes);
    write_key(out, "why");
    write_text(out, why_count(f, all, &votes));
    write_count(out, "winner", votes.has_winner, votes.winner);
    write_count(out, "lower_bound", votes.has_bound, votes.bound);
}

int facts_write_explain(facts *f, thaw_str id, const struct engine_explain_query *query, msgpack_packer *out)
{
    incident *inc = incident_find(f, id);
    if (!inc)
        return -ENOENT;
    said all;
    rows page;
    uint32_t first = 0;
    said_make(f, inc, &all);
    int r = query->after.len ? place_read(f, query->after, &all.list, &first) : 0;
    if (r == 0) {
        uint32_t end = page_fill(f, inc, &all, first, query->bytes, &page);
        msgpack_pack_map(out, (query->after.len ? 1 : 5) + (end < all.list.count ? 2 : 0));
        if (!query->after.len) {
            write_key(out, "incident");
            write_incident(f, out, inc);
            write_why_count(f, inc, &all, out);
        }
        write_page(f, &all, end, &page, out);
    }
    numbers_done(&all.list, &f->held);
    numbers_done(&all.votes, &f->held);
    return r ? r : f->failed;
}
