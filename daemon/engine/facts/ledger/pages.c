/*
 * pages.c - the lines of a country collected once for all that look at them, and what they come to by date.
 *
 * Thousands of totals may be stated over the same thousands of lines. So the lines are added up once for each reading
 * of a category that somebody asks for, from the first on; what a total comes to is then the difference of two sums.
 */
#include <stdlib.h>
#include <string.h>

#include "facts/ledger/ledger.h"
#include "lower_bound.h"

enum { CATEGORIES_KEPT = 16 }; /* more than are tried for one total */

typedef unsigned __int128 exact; /* no sum of counts is cut off in it */

/* The lines of one start, and what all before them come to. */
typedef struct step {
    int64_t start_ns;
    exact low, count, high;
} step;

struct running {
    step *at; /* behind the last the whole, once made */
    uint32_t count, capacity;
};

/* A line that counts for something under a category. */
typedef struct counting {
    uint32_t line;
    ledger_total total;
} counting;

struct category_sums {
    uint32_t part; /* symbol; 0: whatever the category */
    uint32_t asked;
    counting *at;
    uint32_t count, capacity;
    running of[READING_ONLY + 1][THAW_FORM_COUNT];
};

/* ---- pages -------------------------------------------------------------------------- */

static void category_empty(category_sums *c)
{
    free(c->at);
    for (size_t i = 0; i < sizeof c->of / sizeof c->of[0][0]; i++)
        free((&c->of[0][0])[i].at);
    *c = (category_sums){0};
}

static void lines_done(facts *f, ledger_lines *l)
{
    for (uint32_t i = 0; i < l->sums_count; i++)
        category_empty(&l->sums[i]);
    free(l->sums);
    numbers_done(&l->categories, &f->held);
    free(l->parts);
    free(l->at);
    *l = (ledger_lines){0};
}

ledger_lines *pages_lines(facts *f, ledger_pages *pages, uint32_t country_, uint8_t kind)
{
    ledger_lines *l = &pages->of[kind];
    if (l->country == country_)
        return l;
    lines_done(f, l);
    l->country = country_;
    l->count = ledger_collect(f, country_, kind, &l->at);
    return l;
}

void pages_done(facts *f, ledger_pages *pages)
{
    for (size_t i = 0; i < sizeof pages->of / sizeof *pages->of; i++)
        lines_done(f, &pages->of[i]);
}

/* ---- categories ---------------------------------------------------------------------- */

static bool room(facts *f, void **at, uint32_t *capacity, uint32_t count, size_t size)
{
    uint64_t unused = 0;
    bool has = array_reserve(at, capacity, (size_t)count + 1, size, &unused) == 0 && *at;
    f->failed = has ? f->failed : -ENOMEM;
    return has;
}

static int text_order(const void *a_, const void *b_, void *f_)
{
    const facts *f = f_;
    return symbols_compare(f->symbols, *(const uint32_t *)a_, *(const uint32_t *)b_);
}

static int part_order(const void *a_, const void *b_)
{
    const line_part *a = a_, *b = b_;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

const numbers *lines_categories(facts *f, ledger_lines *lines)
{
    numbers *all = &lines->categories, told = {0};
    if (lines->categories_known)
        return all;
    lines->categories_known = true;
    for (uint32_t i = 0; i < lines->count; i++) {
        told.count = 0;
        if (lines->at[i].categories)
            line_categories(f, &lines->at[i], &told);
        numbers_unique(&told);
        for (uint32_t p = 0; p < told.count; p++)
            if (room(f, (void **)&lines->parts, &lines->parts_capacity, lines->parts_count, sizeof *lines->parts))
                lines->parts[lines->parts_count++] = (line_part){told.at[p], i};
    }
    numbers_done(&told, &f->held);
    if (lines->parts_count > 1)
        qsort(lines->parts, lines->parts_count, sizeof *lines->parts, part_order);
    for (uint32_t i = 0; i < lines->parts_count; i++)
        if (!i || lines->parts[i].part != lines->parts[i - 1].part)
            add(f, all, lines->parts[i].part);
    if (all->count > 1)
        qsort_r(all->at, all->count, sizeof *all->at, text_order, f);
    return all;
}

/* The part that counts a category; 0: no line knows of it, and all count as if there were none. */
static uint32_t category_part(facts *f, ledger_lines *lines, thaw_str category)
{
    if (!category.data)
        return 0;
    const numbers *all = lines_categories(f, lines);
    uint32_t low = 0, high = all->count;
    LOWER_BOUND(low, high, str_compare(part_category(symbols_get(f->symbols, all->at[middle])), category) < 0);
    bool found = low < all->count && str_equal(part_category(symbols_get(f->symbols, all->at[low])), category);
    return found ? all->at[low] : 0;
}

static bool line_stands(const ledger_line *l)
{
    return l->status > THAW_RUMOURED && l->start_ns != TIME_UNKNOWN;
}

/* The first line where a report counts a part; parts_count: none. */
static uint32_t part_place(const ledger_lines *lines, uint32_t part)
{
    uint32_t low = 0, high = part ? lines->parts_count : 0;
    LOWER_BOUND(low, high, lines->parts[middle].part < part);
    return part ? low : lines->parts_count;
}

static void category_fill(facts *f, ledger_lines *lines, category_sums *c)
{
    uint32_t next = part_place(lines, c->part);
    counting one;
    for (one.line = 0; one.line < lines->count; one.line++) {
        bool told =
            next < lines->parts_count && lines->parts[next].part == c->part && lines->parts[next].line == one.line;
        next += told;
        if (line_stands(&lines->at[one.line]) && line_counts(f, &lines->at[one.line], told ? c->part : 0, &one.total) &&
            room(f, (void **)&c->at, &c->capacity, c->count, sizeof *c->at))
            c->at[c->count++] = one;
    }
}

category_sums *lines_category(facts *f, ledger_lines *lines, thaw_str category)
{
    uint32_t part = category_part(f, lines, category), oldest = 0;
    for (uint32_t i = 0; i < lines->sums_count; i++) {
        if (lines->sums[i].part == part) {
            lines->sums[i].asked = ++lines->asked;
            return &lines->sums[i];
        }
        oldest = lines->sums[i].asked < lines->sums[oldest].asked ? i : oldest;
    }
    if (lines->sums_count < CATEGORIES_KEPT) {
        if (!room(f, (void **)&lines->sums, &lines->sums_capacity, lines->sums_count, sizeof *lines->sums))
            return NULL;
        oldest = lines->sums_count++;
    } else {
        category_empty(&lines->sums[oldest]);
    }
    lines->sums[oldest] = (category_sums){.part = part, .asked = ++lines->asked};
    category_fill(f, lines, &lines->sums[oldest]);
    return &lines->sums[oldest];
}

/* ---- sums ---------------------------------------------------------------------------- */

static void step_add(step *sum, const ledger_total *one)
{
    sum->low += one->low;
    sum->count += one->count;
    sum->high += one->high;
}

static uint16_t lines_forms(ledger_lines *lines)
{
    for (uint32_t i = 0; !lines->forms_known && i < lines->count; i++)
        lines->forms |= lines->at[i].forms;
    lines->forms_known = true;
    return lines->forms;
}

static running running_make(facts *f, ledger_lines *lines, const category_sums *c, reading reading, uint8_t form)
{
    running r = {0};
    step sum = {.start_ns = INT64_MAX};
    bool none = reading >= READING_WITH && !(lines_forms(lines) & 1u << form);
    for (uint32_t i = 0; i < c->count && !none; i++) {
        const ledger_line *l = &lines->at[c->at[i].line];
        ledger_total t = c->at[i].total;
        bool doubt = false, all = reading == READING_STATED && !form;
        if (!all && !forms_fit(l->forms, reading, form, &doubt))
            continue;
        if (!r.count || r.at[r.count - 1].start_ns != l->start_ns) {
            if (!room(f, (void **)&r.at, &r.capacity, r.count, sizeof *r.at))
                return r;
            r.at[r.count] = sum;
            r.at[r.count++].start_ns = l->start_ns;
        }
        t.low = doubt ? 0 : t.low; /* what states no form may count for nothing where one is asked for */
        step_add(&sum, &t);
    }
    if (room(f, (void **)&r.at, &r.capacity, r.count, sizeof *r.at))
        r.at[r.count] = sum;
    return r;
}

const running *category_running(facts *f, ledger_lines *lines, category_sums *c, reading reading, uint8_t form)
{
    static step nothing;
    static const running none = {.at = &nothing};
    running *r = c ? &c->of[reading][form] : NULL;
    if (r && !r->at)
        *r = running_make(f, lines, c, reading, form);
    return r && r->at && !f->failed ? r : &none;
}

/* The first step at or behind an instant. */
static uint32_t running_place(const running *r, int64_t at_ns)
{
    uint32_t low = 0, high = r->count;
    LOWER_BOUND(low, high, r->at[middle].start_ns < at_ns);
    return low;
}

static uint64_t between(exact before, exact behind)
{
    return behind - before < COUNT_MAX ? (uint64_t)(behind - before) : COUNT_MAX;
}

ledger_total running_total(const running *r, const definition *d)
{
    uint32_t to = running_place(r, d->to_ns), from = running_place(r, d->from_ns);
    uint32_t surely = running_place(r, d->from_latest_ns);
    if (from >= to)
        return (ledger_total){0};
    /* what perhaps came before a vague beginning may count for nothing */
    surely = surely < from ? from : surely > to ? to : surely;
    return (ledger_total){between(r->at[surely].low, r->at[to].low), between(r->at[from].count, r->at[to].count),
                          between(r->at[from].high, r->at[to].high)};
}

bool running_passed(const running *r, const definition *d, uint64_t stated)
{
    uint32_t to = running_place(r, d->to_ns), from = running_place(r, d->from_ns);
    uint32_t low = from + 1, high = to;
    if (from >= to)
        return false;
    LOWER_BOUND(low, high, between(r->at[from].count, r->at[middle].count) < stated);
    return between(r->at[from].count, r->at[low].count) == stated;
}

beginnings running_beginnings(const running *r, int64_t to_ns, uint64_t stated)
{
    uint32_t to = running_place(r, to_ns), first = 0, first_high = to, behind = 0, behind_high = to;
    /* from the first on they come to no more than it at the least, up to the last to no less at the most */
    LOWER_BOUND(first, first_high, between(r->at[middle].low, r->at[to].low) > stated);
    LOWER_BOUND(behind, behind_high, between(r->at[middle].high, r->at[to].high) >= stated);
    if (!stated || first >= behind)
        return (beginnings){INT64_MAX, INT64_MIN};
    return (beginnings){first ? r->at[first - 1].start_ns : INT64_MIN, r->at[behind - 1].start_ns};
}

int64_t running_start_after(const running *r, int64_t at_ns)
{
    uint32_t place = at_ns == INT64_MAX ? r->count : running_place(r, at_ns + 1);
    return place < r->count ? r->at[place].start_ns : INT64_MAX;
}

ledger_total lines_total(facts *f, ledger_lines *lines, const definition *d)
{
    return running_total(category_running(f, lines, lines_category(f, lines, d->category), d->reading, d->form), d);
}
