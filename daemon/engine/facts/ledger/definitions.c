/*
 * definitions.c - what a total may mean that does not hold as it is stated: FACTS.md, section 6.
 *
 * Sources seldom say all of what they count. A total that does not agree as it is stated is tried without
 * sentences served, with each form, with each form and no other, without its category and with each
 * that the reports know. Its beginning is never bent here: among as many beginnings as there are
 * incidents, some number fits by chance.
 */

#include "facts/ledger/ledger.h"
#include "facts/state/state.h"

enum { CATEGORIES_MAX = 8 };

const char *reading_name(reading reading)
{
    static const char *const names[] = {"stated", "grace", "with", "only"};
    return names[reading];
}

/* Whether a total comes to just what is stated. */
static bool comes_to(const ledger_total *sum, uint64_t stated)
{
    return stated && stated >= sum->low && stated <= sum->high;
}

/* ---- of the same beginning ------------------------------------------------------------ */

typedef struct trial {
    facts *f;
    ledger_lines *lines;
    category_sums *sums; /* of the category that is tried */
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
    ledger_total sum = running_total(category_running(t->f, t->lines, t->sums, d->reading, d->form), d);
    if (!comes_to(&sum, t->count))
        return false;
    t->list[t->fits++] = *d;
    return true;
}

static void try_forms(trial *t, facts *f, ledger_lines *lines, thaw_str category)
{
    definition d = *t->stated;
    d.category = category;
    t->sums = lines_category(f, lines, category);
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

uint32_t definitions_fitting(facts *f, ledger_lines *lines, const definition *d, uint64_t stated, definition *list,
                             uint32_t max)
{
    trial t = {.f = f, .lines = lines, .stated = d, .count = stated, .list = list, .max = max};
    try_forms(&t, f, lines, d->category);
    if (t.fits == max)
        return t.fits;
    const numbers *parts = lines_categories(f, lines);
    if (parts->count && d->category.data) /* else nothing is counted by category */
        try_forms(&t, f, lines, (thaw_str){0});
    for (uint32_t i = 0; i < parts->count && i < CATEGORIES_MAX; i++) {
        thaw_str category = part_category(symbols_get(f->symbols, parts->at[i]));
        if (!d->category.data || !str_equal(category, d->category))
            try_forms(&t, f, lines, category);
    }
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

static bool is_one_of(const beginnings *b, int64_t start_ns)
{
    return b->after_ns < start_ns && start_ns <= b->until_ns;
}

/* The earliest beginning behind an instant from which on one of the readings comes to what is stated; INT64_MAX: none. */
static int64_t next_beginning(const running *all, const beginnings *from, int64_t at_ns)
{
    int64_t next = INT64_MAX;
    for (uint32_t r = 0; r < READINGS; r++) {
        int64_t start_ns = running_start_after(all, from[r].after_ns > at_ns ? from[r].after_ns : at_ns);
        if (start_ns <= from[r].until_ns && start_ns < next)
            next = start_ns;
    }
    return next;
}

uint32_t definitions_since(facts *f, ledger_lines *lines, const definition *d, uint64_t stated, definition *list,
                           uint32_t max)
{
    category_sums *sums = lines_category(f, lines, d->category);
    const running *all = category_running(f, lines, sums, READING_STATED, 0);
    beginnings from[READINGS];
    definition any = *d;
    uint32_t count = 0;
    for (uint32_t r = 0; r < READINGS; r++) {
        reading_at(d, r, &any);
        from[r] = running_beginnings(category_running(f, lines, sums, any.reading, any.form), d->to_ns, stated);
    }
    for (int64_t at = INT64_MIN; count < max && (at = next_beginning(all, from, at)) != INT64_MAX;)
        for (uint32_t r = 0; r < READINGS && count < max; r++) {
            any.from_ns = any.from_latest_ns = at;
            reading_at(d, r, &any);
            bool again = r && any.reading == d->reading && any.form == d->form;
            if (r && any.reading == READING_ONLY && is_one_of(&from[r - 1], at))
                again = true; /* with the form fits as well */
            if (is_one_of(&from[r], at) && !again)
                list[count++] = any;
        }
    return count;
}
