/*
 * definitions.c - what a total may mean that does not hold as it is stated: FACTS.md, section 6.
 *
 * Sources seldom say all of what they count. A total that does not agree as it is stated is tried without
 * sentences served, with each form, with each form and no other, without its category and with each
 * that the reports know. Its beginning is never bent here: among as many beginnings as there are
 * incidents, some number fits by chance.
 */
#include <stdlib.h>

#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"
#include "facts/state/state.h"

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
static void categories_of(facts *f, const ledger_lines *lines, numbers *ret_parts)
{
    for (uint32_t i = 0; i < lines->count; i++) {
        numbers list = {0};
        if (!lines->at[i].inc || !line_has_parts(f, &lines->at[i]))
            continue;
        incident_reports(f, lines->at[i].inc, false, &list);
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

/* Whether a total comes to just what is stated. */
static bool comes_to(const ledger_total *sum, uint64_t stated)
{
    return stated && stated >= sum->low && stated <= sum->high;
}

/* ---- of the same beginning ------------------------------------------------------------ */

typedef struct trial {
    form_sums sums; /* of the category that is tried */
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
    ledger_total sum = form_sums_read(&t->sums, d->reading, d->form);
    if (!comes_to(&sum, t->count))
        return false;
    t->list[t->fits++] = *d;
    return true;
}

static void try_forms(trial *t, facts *f, const ledger_lines *lines, thaw_str category)
{
    definition d = *t->stated;
    d.category = category;
    form_sums_make(f, lines, &d, &t->sums);
    d.reading = READING_STATED;
    d.form = 0;
    try(t, &d);
    d.reading = READING_GRACE;
    try(t, &d);
    for (int form = THAW_PARDON; form < THAW_FORM_COUNT; form++) {
        d.form = (uint8_t)form;
        d.reading = READING_WITH;
        if (try(t, &d))
            continue;
        d.reading = READING_ONLY;
        try(t, &d);
    }
}

uint32_t definitions_fitting(facts *f, const ledger_lines *lines, const definition *d, uint64_t stated,
                             definition *list, uint32_t max)
{
    trial t = {.stated = d, .count = stated, .list = list, .max = max};
    numbers parts = {0};
    try_forms(&t, f, lines, d->category);
    if (t.fits < max)
        categories_of(f, lines, &parts);
    if (parts.count && d->category.data) /* else nothing is counted by category */
        try_forms(&t, f, lines, (thaw_str){0});
    for (uint32_t i = 0; i < parts.count; i++) {
        thaw_str part = symbols_get(f->symbols, parts.at[i]);
        thaw_str category = {part.data + 9, part.len - 9};
        if (!d->category.data || category.len != d->category.len ||
            memcmp(category.data, d->category.data, category.len) != 0)
            try_forms(&t, f, lines, category);
    }
    numbers_done(&parts, &f->held);
    return t.fits;
}

/* ---- of any beginning ----------------------------------------------------------------- */

enum { READINGS = 3 + 2 * (THAW_FORM_COUNT - 1) }; /* as stated, all, acts of grace, and with and only each form */

static void reading_at(const definition *stated, uint32_t i, definition *d)
{
    d->reading = i == 0   ? stated->reading
                 : i == 1 ? READING_STATED
                 : i == 2 ? READING_GRACE
                 : i % 2  ? READING_WITH
                          : READING_ONLY;
    d->form = i == 0 ? stated->form : i < 3 ? 0 : (uint8_t)(THAW_PARDON + (i - 3) / 2);
}

/* Sums of the lines from the last back to each beginning, in every reading; the readings that come to
 * just `stated` there, as bits at the first line of the beginning. */
static void readings_since(facts *f, const ledger_lines *lines, const definition *d, uint64_t stated, uint32_t *fits)
{
    ledger_total sums[READINGS] = {0}, t;
    bool counted = false;
    for (uint32_t i = lines->count; i-- > 0 && lines->at[i].start_ns != TIME_UNKNOWN;) {
        ledger_line *l = &lines->at[i];
        bool counts = line_is_in(l, d) && line_counts(f, l, d->category, &t);
        for (uint32_t r = 0; counts && r < READINGS; r++) {
            definition one = *d;
            bool doubt;
            reading_at(d, r, &one);
            if (forms_fit(line_forms(f, l), one.reading, one.form, &doubt))
                total_add(&sums[r], &(ledger_total){doubt ? 0 : t.low, t.count, t.high});
        }
        counted = counted || counts;
        if (!counted || (i && lines->at[i - 1].start_ns == l->start_ns))
            continue;
        counted = false;
        for (uint32_t r = 0; r < READINGS; r++)
            fits[i] |= comes_to(&sums[r], stated) ? 1u << r : 0;
    }
}

uint32_t definitions_since(facts *f, const ledger_lines *lines, const definition *d, uint64_t stated, definition *list,
                           uint32_t max)
{
    uint32_t *fits = calloc(lines->count + 1u, sizeof *fits), count = 0;
    definition any = *d;
    any.from_ns = INT64_MIN;
    if (!fits)
        f->failed = -ENOMEM;
    else
        readings_since(f, lines, &any, stated, fits);
    for (uint32_t i = 0; fits && i < lines->count; i++)
        for (uint32_t r = 0; fits[i] && r < READINGS && count < max; r++) {
            any.from_ns = any.from_latest_ns = lines->at[i].start_ns;
            reading_at(d, r, &any);
            bool again = r && any.reading == d->reading && any.form == d->form;
            if (r && any.reading == READING_ONLY && (fits[i] & 1u << (r - 1)))
                again = true; /* with the form fits as well */
            if ((fits[i] & 1u << r) && !again)
                list[count++] = any;
        }
    free(fits);
    return count;
}
