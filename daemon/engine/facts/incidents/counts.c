/*
 * counts.c - how many people (or parties) a set of reports comes to: FACTS.md, section 3.
 *
 * Each voice has one vote, its latest: who names one of those freed afterwards takes nothing back of what he said of
 * all, and who names fewer than another says no other number. Votes for the whole decide, the best status first; lower
 * bounds (at least, named persons, sums of disjoint parts) can only raise what they decided. A rumoured vote decides and
 * raises nothing where something else is known: `least` is the status that votes.
 */
#include <stdlib.h>

#include "facts/entities/entities.h"
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

/* ---- votes -------------------------------------------------------------------------- */

#define FEW 24u /* up to so many are not worth sorting */

typedef struct votes {
    uint32_t few[64];
    uint32_t *at; /* reports: first all that vote, then the latest of each voice */
    uint32_t count;
} votes;

static bool votes_init(facts *f, votes *v, uint32_t size)
{
    v->at = v->few;
    v->count = 0;
    if (size > 64 && !(v->at = malloc(size * sizeof *v->at))) {
        f->failed = -ENOMEM;
        v->at = v->few;
        return false;
    }
    return true;
}

static void votes_done(votes *v)
{
    if (v->at != v->few)
        free(v->at);
}

bool report_counts_named(const report *r)
{
    return r->parties && r->count == r->parties;
}

int vote_stands_compare(const facts *f, uint32_t a, uint32_t b)
{
    const report *ra = report_of(f, a), *rb = report_of(f, b);
    bool named_a = report_counts_named(ra), named_b = report_counts_named(rb);
    if (named_a != named_b)
        return named_b - named_a;
    if (named_a && ra->count != rb->count)
        return ra->count < rb->count ? -1 : 1;
    return report_later_compare(f, a, b);
}

int vote_order(const void *a_, const void *b_, void *f)
{
    uint32_t a = *(const uint32_t *)a_, b = *(const uint32_t *)b_;
    uint32_t voice_a = report_of(f, a)->voice, voice_b = report_of(f, b)->voice;
    if (voice_a != voice_b)
        return voice_a < voice_b ? -1 : 1;
    return -vote_stands_compare(f, a, b);
}

static void votes_keep_latest(facts *f, votes *v)
{
    uint32_t kept = 1;
    if (v->count <= FEW) {
        for (uint32_t i = 1, j; i < v->count; i++) {
            uint32_t voice = report_of(f, v->at[i])->voice;
            for (j = 0; j < kept && report_of(f, v->at[j])->voice != voice; j++)
                ;
            if (j == kept)
                v->at[kept++] = v->at[i];
            else if (vote_stands_compare(f, v->at[i], v->at[j]) > 0)
                v->at[j] = v->at[i];
        }
        v->count = v->count ? kept : 0;
        return;
    }
    qsort_r(v->at, v->count, sizeof *v->at, vote_order, f);
    for (uint32_t i = 1; i < v->count; i++)
        if (report_of(f, v->at[i])->voice != report_of(f, v->at[kept - 1])->voice)
            v->at[kept++] = v->at[i];
    v->count = kept;
}

/* Leaves out the votes that only count the persons they name, where another does not, or names more. */
static void votes_drop_named(facts *f, votes *v)
{
    uint32_t kept = 0, most = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        const report *r = report_of(f, v->at[i]);
        uint32_t names = report_counts_named(r) ? r->parties : UINT32_MAX;
        if (names > most)
            kept = 0;
        most = names > most ? names : most;
        if (names == most)
            v->at[kept++] = v->at[i];
    }
    v->count = kept;
}

/* ---- the winner --------------------------------------------------------------------- */

/* Votes of one count: how many, and the one first reported. */
typedef struct stand {
    uint64_t count;
    uint32_t voices, first;
} stand;

static void stand_add(const facts *f, stand *all, uint32_t *count, uint32_t number)
{
    uint32_t i = 0;
    const report *r = report_of(f, number);
    while (i < *count && all[i].count != r->count)
        i++;
    if (i == *count)
        all[(*count)++] = (stand){.count = r->count, .first = number};
    all[i].voices++;
    if (all[i].first != number && vote_reported_first(f, number, all[i].first))
        all[i].first = number;
}

/* Whether one of them is no rumour. */
static bool votes_known(const facts *f, const votes *v)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (report_of(f, v->at[i])->status > THAW_RUMOURED)
            return true;
    return false;
}

/* The count that most voices give among the votes of one sort and the best status, which is `least` or better. */
static bool votes_winner(facts *f, const votes *v, uint8_t count_is, uint8_t least, uint64_t *ret_count)
{
    stand few[FEW], *all = few;
    uint32_t count = 0;
    uint8_t best_status = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        const report *r = report_of(f, v->at[i]);
        if (r->count_is == count_is && r->status > best_status)
            best_status = r->status;
    }
    if (best_status < least)
        return false;
    if (v->count > FEW && !(all = malloc(v->count * sizeof *all))) {
        f->failed = -ENOMEM;
        return false;
    }
    all[0] = (stand){0}; /* one stands for best_status */
    for (uint32_t i = 0; i < v->count; i++) {
        const report *r = report_of(f, v->at[i]);
        if (r->count_is == count_is && r->status == best_status)
            stand_add(f, all, &count, v->at[i]);
    }
    const stand *best = &all[0];
    for (uint32_t i = 1; i < count; i++)
        if (all[i].voices > best->voices ||
            (all[i].voices == best->voices && vote_reported_first(f, all[i].first, best->first)))
            best = &all[i];
    *ret_count = best->count;
    if (all != few)
        free(all);
    return true;
}

/* ---- one whole, or one part --------------------------------------------------------- */

void counted_raise(counted *c, uint64_t bound)
{
    if (!c->has_bound || bound > c->bound) {
        c->has_bound = true;
        c->bound = bound;
    }
}

/* Winner, range and bounds of the reports of one `covers` (and, of parts, one `part`); c->known: whether what is not
 * rumoured gives a number, here or, before, elsewhere. */
static void count_level(facts *f, const uint32_t *numbers_, uint32_t count, uint8_t covers, uint32_t part, counted *c)
{
    votes v;
    if (!votes_init(f, &v, count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const report *r = report_of(f, numbers_[i]);
        if (r->covers != covers || (covers == THAW_PART && r->part != part))
            continue;
        if (r->has_count)
            v.at[v.count++] = numbers_[i];
        if (r->parties && r->kind != THAW_SANCTION)
            counted_raise(c, r->parties);
        c->known = c->known || (r->parties && r->status > THAW_RUMOURED);
    }
    votes_keep_latest(f, &v);
    c->known = c->known || votes_known(f, &v);
    votes_drop_named(f, &v);
    const uint8_t least = c->known ? THAW_ANNOUNCED : THAW_RUMOURED;
    c->has_winner = votes_winner(f, &v, THAW_EXACT, least, &c->winner);
    c->rumoured_range = !c->has_winner;
    bool range = false;
    for (uint32_t i = 0; i < v.count; i++) {
        const report *r = report_of(f, v.at[i]);
        if (r->count_is == THAW_AT_LEAST && r->status >= least)
            counted_raise(c, r->count);
        if (r->count_is != THAW_EXACT || report_counts_named(r))
            continue;
        c->low = !range || r->count < c->low ? r->count : c->low;
        c->high = !range || r->count > c->high ? r->count : c->high;
        range = true;
    }
    if (!c->has_winner)
        c->has_winner = votes_winner(f, &v, THAW_ABOUT, least, &c->winner);
    c->has_count = range; /* until counted_close: whether low and high are set */
    votes_done(&v);
}

void counted_close(counted *c)
{
    bool range = c->has_count;
    c->has_count = c->has_winner || c->has_bound;
    c->count = c->has_winner ? c->winner : 0;
    if (c->has_bound && (!c->has_winner || c->bound > c->count))
        c->count = c->bound;
    if (!range)
        c->low = c->high = c->count;
    if (range && c->rumoured_range && c->has_count) {
        c->low = c->count < c->low ? c->count : c->low;
        c->high = c->count > c->high ? c->count : c->high;
    }
    c->disagrees = c->disagrees || c->low != c->high;
    c->known = c->rumoured_range = false;
}

/* Whether anything but a rumour gives a number. */
static bool count_part_known(facts *f, const uint32_t *numbers_, uint32_t count, uint32_t part, counted *ret_counted)
{
    counted c = {0};
    count_level(f, numbers_, count, THAW_PART, part, &c);
    bool known = c.known;
    counted_close(&c);
    *ret_counted = c;
    return known;
}

void count_part(facts *f, const uint32_t *numbers_, uint32_t count, uint32_t part, counted *ret_counted)
{
    (void)count_part_known(f, numbers_, count, part, ret_counted);
}

/* ---- parts -------------------------------------------------------------------------- */

bool part_is_category(thaw_str part)
{
    static const char begin[] = "category=";
    return part.len >= sizeof begin && memcmp(part.data, begin, sizeof begin - 1) == 0;
}

static thaw_str part_dimension(const facts *f, uint32_t part)
{
    thaw_str s = symbols_get(f->symbols, part);
    uint32_t length = 0;
    while (length < s.len && s.data[length] != '=')
        length++;
    return (thaw_str){s.data, length};
}

typedef struct part_count {
    thaw_str dimension;
    uint64_t count;
} part_count;

static int dimension_order(const void *a, const void *b)
{
    return str_compare(((const part_count *)a)->dimension, ((const part_count *)b)->dimension);
}

void counted_raise_by_parts(facts *f, counted *c, const uint32_t parts[], const uint64_t counts[], uint32_t count)
{
    part_count few[16], *all = count <= 16 ? few : malloc(count * sizeof *all);
    if (!all) {
        f->failed = -ENOMEM;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        all[i] = (part_count){part_dimension(f, parts[i]), counts[i]};
    if (count > 1)
        qsort(all, count, sizeof *all, dimension_order);
    for (uint32_t i = 0, next; i < count; i = next) {
        uint64_t sum = 0;
        for (next = i; next < count && str_equal(all[next].dimension, all[i].dimension); next++)
            sum = count_sum(sum, all[next].count);
        counted_raise(c, sum);
    }
    if (all != few)
        free(all);
}

static void count_parts(facts *f, const uint32_t *numbers_, uint32_t count, counted *c)
{
    numbers parts = {0};
    for (uint32_t i = 0; i < count; i++) {
        const report *r = report_of(f, numbers_[i]);
        if (r->covers == THAW_PART && (r->has_count || r->parties))
            put(f, &parts, r->part);
    }
    uint64_t *counts = parts.count ? calloc(parts.count, sizeof *counts) : NULL;
    if (parts.count && !counts)
        f->failed = -ENOMEM;
    for (uint32_t i = 0; counts && i < parts.count; i++) {
        counted one;
        c->known |= count_part_known(f, numbers_, count, parts.at[i], &one);
        c->disagrees = c->disagrees || one.disagrees;
        counts[i] = one.count;
    }
    if (counts)
        counted_raise_by_parts(f, c, parts.at, counts, parts.count);
    free(counts);
    numbers_done(&parts, &f->held);
}

/* How many different parties the reports name between them: a bare name that one of them bears is nobody new. */
static uint64_t parties_distinct(facts *f, const uint32_t *numbers_, uint32_t count)
{
    numbers entities = {0};
    for (uint32_t i = 0; i < count; i++)
        if (report_of(f, numbers_[i])->has_targets)
            report_entities(f, numbers_[i], &entities);
    numbers_unique(&entities);
    uint64_t distinct = entities.count;
    numbers_done(&entities, &f->held);
    return distinct - bare_names_known(f, numbers_, count);
}

void count_reports(facts *f, const uint32_t *numbers_, uint32_t count, counted *ret_counted)
{
    counted c = {0};
    bool parts = false, targets = false;
    for (uint32_t i = 0; i < count; i++) {
        const report *r = report_of(f, numbers_[i]);
        parts = parts || r->covers == THAW_PART;
        targets = targets || (r->has_targets && r->kind == THAW_SANCTION);
    }
    if (parts)
        count_parts(f, numbers_, count, &c);
    count_level(f, numbers_, count, THAW_EVENT, 0, &c);
    if (targets)
        counted_raise(&c, parties_distinct(f, numbers_, count));
    counted_close(&c);
    *ret_counted = c;
}
