/*
 * definitions.c - what a total may mean that does not hold as it is stated: FACTS.md, section 6.
 *
 * Sources seldom say all of what they count. A total that does not agree as it is stated is tried without
 * sentences served, with each form, with each form and no other, without its category and with each
 * that the reports know. Its beginning is never bent here: among as many beginnings as there are
 * incidents, some number fits by chance.
 */
#include <stdlib.h>

#include "internal.h"

enum { CATEGORIES_MAX = 8 };

const char *reading_name(reading reading)
{
    static const char *const names[] = {"stated", "grace", "with", "only"};
    return names[reading];
}

static int text_order(const void *a_, const void *b_, void *f_)
{
    const facts *f = f_;
    return symbols_compare(f->symbols, *(const uint32_t *)a_, *(const uint32_t *)b_);
}

/* The parts `category=...` that reports on the lines count, as symbols in the order of their text. */
static void categories_of(facts *f, ledger_line *lines, uint32_t count, numbers *ret_parts)
{
    for (uint32_t i = 0; i < count; i++) {
        numbers list = {0};
        if (!lines[i].inc || !line_has_parts(f, &lines[i]))
            continue;
        incident_reports(f, lines[i].inc, false, &list);
        for (uint32_t j = 0; j < list.count; j++) {
            const report *r = report_of(f, list.at[j]);
            thaw_str part = symbols_get(f->symbols, r->part);
            if (r->covers == THAW_PART && part.len > 9 && memcmp(part.data, "category=", 9) == 0)
                put(f, ret_parts, r->part);
        }
        numbers_done(&list, &f->held);
    }
    if (ret_parts->count > 1)
        qsort_r(ret_parts->at, ret_parts->count, sizeof *ret_parts->at, text_order, f);
    if (ret_parts->count > CATEGORIES_MAX)
        ret_parts->count = CATEGORIES_MAX;
}

typedef struct trial {
    facts *f;
    ledger_line *lines;
    uint32_t lines_count;
    const definition *stated;
    uint64_t count;
    definition *list;
    uint32_t fits, max;
} trial;

/* Whether the lines come to just the count; the definition goes on the list then, if it is not there. */
static bool try(trial *t, const definition *d)
{
    bool same_category = d->category.len == t->stated->category.len &&
                         (!d->category.len || memcmp(d->category.data, t->stated->category.data, d->category.len) == 0);
    for (uint32_t i = 0; i < t->fits; i++)
        if (t->list[i].reading == d->reading && t->list[i].form == d->form)
            return false; /* in another category it is the same again */
    if (t->fits == t->max || (d->reading == t->stated->reading && d->form == t->stated->form && same_category))
        return false;
    ledger_total sum = ledger_sum(t->f, t->lines, t->lines_count, d);
    if (!t->count || t->count < sum.low || t->count > sum.high)
        return false;
    t->list[t->fits++] = *d;
    return true;
}

static void try_forms(trial *t, thaw_str category)
{
    definition d = *t->stated;
    d.category = category;
    d.reading = READING_STATED;
    d.form = 0;
    try(t, &d);
    d.reading = READING_GRACE;
    try(t, &d);
    for (int form = THAW_PARDON; form <= THAW_FORM_OTHER; form++) {
        d.form = (uint8_t)form;
        d.reading = READING_WITH;
        if (try(t, &d))
            continue;
        d.reading = READING_ONLY;
        try(t, &d);
    }
}

uint32_t definitions_fitting(facts *f, ledger_line *lines, uint32_t count, const definition *d, uint64_t stated,
                             bool categories, definition *list, uint32_t max)
{
    trial t = {f, lines, count, d, stated, list, 0, max};
    numbers parts = {0};
    try_forms(&t, d->category);
    if (categories && t.fits < max)
        categories_of(f, lines, count, &parts);
    if (parts.count && d->category.data) /* else nothing is counted by category */
        try_forms(&t, (thaw_str){0});
    for (uint32_t i = 0; i < parts.count; i++) {
        thaw_str part = symbols_get(f->symbols, parts.at[i]);
        thaw_str category = {part.data + 9, part.len - 9};
        if (!d->category.data || category.len != d->category.len ||
            memcmp(category.data, d->category.data, category.len) != 0)
            try_forms(&t, category);
    }
    numbers_done(&parts, &f->held);
    return t.fits;
}
