/* lines.c - the incidents of a country as lines of its ledger, and what they add up to. */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"

static int line_order(const void *a_, const void *b_)
{
    const ledger_line *a = a_, *b = b_;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static void line_add(facts *f, ledger_line **lines, uint32_t *count, uint32_t *capacity, ledger_line line)
{
    uint64_t unused = 0;
    if (array_reserve((void **)lines, capacity, (size_t)*count + 1, sizeof **lines, &unused) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    line.low = line.low < line.count ? line.low : line.count;
    line.high = line.high > line.count ? line.high : line.count;
    (*lines)[(*count)++] = line;
}

static void line_put(facts *f, ledger_line **lines, uint32_t *count, uint32_t *capacity, incident *inc)
{
    if (!inc || !inc->used)
        return;
    const counted *v = &inc->now.votes;
    line_add(f, lines, count, capacity,
             (ledger_line){.start_ns = incident_stated_start(f, inc),
                           .count = v->count,
                           .low = v->low,
                           .high = v->high,
                           .id = inc->now.id,
                           .incidents = 1,
                           .status = inc->now.status,
                           .inc = inc});
}

static void line_put_dropped(facts *f, ledger_line **lines, uint32_t *count, uint32_t *capacity, const result *r)
{
    line_add(f, lines, count, capacity,
             (ledger_line){.start_ns = result_stated_start(r),
                           .count = r->count,
                           .low = r->low,
                           .high = r->high,
                           .id = r->id,
                           .incidents = r->incidents,
                           .status = r->status,
                           .dropped = r});
}

uint32_t ledger_collect(facts *f, uint32_t country_, uint8_t kind, ledger_line **ret_lines)
{
    uint32_t count = 0, capacity = 0;
    const country *c = &f->countries[country_];
    *ret_lines = NULL;
    for (uint32_t i = 0; i < c->keys.count; i++) {
        key *k = &f->keys[c->keys.at[i]];
        if (k->kind != kind)
            continue;
        for (incident *inc = incidents_first(k); inc; inc = incidents_next(inc))
            line_put(f, ret_lines, &count, &capacity, inc);
        for (uint32_t j = 0; j < k->vague_incidents.count; j++)
            line_put(f, ret_lines, &count, &capacity, f->incidents[k->vague_incidents.at[j]]);
        for (uint32_t j = 0; j < k->undated.count; j++)
            line_put(f, ret_lines, &count, &capacity, f->incidents[item_incident(f, k->undated.at[j])]);
    }
    for (uint32_t i = 0; i < f->results_count; i++)
        if (f->results[i].kind == kind && memcmp(f->results[i].country, c->code, 2) == 0)
            line_put_dropped(f, ret_lines, &count, &capacity, &f->results[i]);
    if (count > 1)
        qsort(*ret_lines, count, sizeof **ret_lines, line_order);
    return count;
}

ledger_lines *pages_lines(facts *f, ledger_pages *pages, uint32_t country_, uint8_t kind)
{
    ledger_lines *l = &pages->of[kind];
    if (l->country == country_)
        return l;
    free(l->at);
    l->country = country_;
    l->count = ledger_collect(f, country_, kind, &l->at);
    return l;
}

void pages_done(ledger_pages *pages)
{
    for (size_t i = 0; i < sizeof pages->of / sizeof *pages->of; i++)
        free(pages->of[i].at);
}

/* What the reports on a line state, looked at once. */
static void line_scan(facts *f, ledger_line *l)
{
    numbers list = {0};
    if (l->scanned)
        return;
    l->scanned = true;
    if (l->dropped) {
        l->forms = l->dropped->forms;
        return;
    }
    incident_reports(f, l->inc, false, &list);
    for (uint32_t i = 0; i < list.count; i++) {
        const report *r = report_of(f, list.at[i]);
        l->has_parts = l->has_parts || r->covers == THAW_PART;
        if (r->detail)
            l->forms |= (uint16_t)(1u << r->detail);
    }
    numbers_done(&list, &f->held);
}

uint16_t line_forms(facts *f, ledger_line *l)
{
    line_scan(f, l);
    return l->forms;
}

bool line_has_parts(facts *f, ledger_line *l)
{
    line_scan(f, l);
    return l->has_parts;
}

bool forms_fit(uint16_t forms, reading reading, uint8_t form, bool *ret_doubt)
{
    uint16_t wanted = (uint16_t)(1u << form);
    *ret_doubt = false;
    switch (reading) {
    case READING_GRACE:
        return forms == 0 || (forms & ~FORMS_WITHOUT_GRACE) != 0;
    case READING_WITH:
        return forms & wanted;
    case READING_ONLY:
        return forms == wanted;
    default:
        break;
    }
    if (!form)
        return true;
    *ret_doubt = forms == 0;
    return *ret_doubt || (forms & wanted);
}

static bool is_category(thaw_str part, thaw_str category)
{
    return part.len == category.len + 9 && memcmp(part.data, "category=", 9) == 0 &&
           memcmp(part.data + 9, category.data, category.len) == 0;
}

/* The count of a living line for a category: that of the part, if a report is on it. */
static void line_count_category(facts *f, const ledger_line *l, thaw_str category, ledger_total *t, bool *has_count)
{
    numbers list = {0};
    uint32_t part = 0; /* symbol of `category=...` */
    counted c;
    incident_reports(f, l->inc, false, &list);
    for (uint32_t i = 0; i < list.count && !part; i++) {
        const report *r = report_of(f, list.at[i]);
        if (r->covers == THAW_PART && is_category(symbols_get(f->symbols, r->part), category))
            part = r->part;
    }
    if (part) {
        count_part(f, list.at, list.count, part, &c);
        *has_count = c.has_count;
        *t = (ledger_total){c.low, c.count, c.high > c.count ? c.high : c.count};
    }
    numbers_done(&list, &f->held);
}

bool line_counts(facts *f, ledger_line *l, thaw_str category, ledger_total *ret_total)
{
    bool has_count = l->inc ? l->inc->now.votes.has_count : l->dropped->has_count;
    *ret_total = (ledger_total){l->low, l->count, l->high};
    if (category.data && l->inc && line_has_parts(f, l))
        line_count_category(f, l, category, ret_total, &has_count);
    return has_count;
}

bool line_is_in(const ledger_line *l, const definition *d)
{
    return l->status > THAW_RUMOURED && l->start_ns != TIME_UNKNOWN && l->start_ns >= d->from_ns &&
           l->start_ns < d->to_ns;
}

void total_add(ledger_total *sum, const ledger_total *one)
{
    sum->low = count_sum(sum->low, one->low);
    sum->count = count_sum(sum->count, one->count);
    sum->high = count_sum(sum->high, one->high);
}

/* What perhaps came before a vague beginning may count for nothing. */
void form_sums_make(facts *f, const ledger_lines *lines, const definition *d, form_sums *ret_sums)
{
    ledger_total t;
    memset(ret_sums, 0, sizeof *ret_sums);
    for (uint32_t i = 0; i < lines->count && lines->at[i].start_ns < d->to_ns; i++) {
        ledger_line *l = &lines->at[i];
        if (!line_is_in(l, d) || !line_counts(f, l, d->category, &t))
            continue;
        uint16_t set = line_forms(f, l) >> 1;
        if (!ret_sums->holds[set])
            ret_sums->sets[ret_sums->count++] = set;
        ret_sums->holds[set] = true;
        t.low = l->start_ns < d->from_latest_ns ? 0 : t.low;
        total_add(&ret_sums->of[set], &t);
    }
}

/* What states no form may count for nothing where one is asked for. */
ledger_total form_sums_read(const form_sums *sums, reading reading, uint8_t form)
{
    ledger_total sum = {0};
    for (uint32_t i = 0; i < sums->count; i++) {
        ledger_total t = sums->of[sums->sets[i]];
        bool doubt;
        if (!forms_fit((uint16_t)(sums->sets[i] << 1), reading, form, &doubt))
            continue;
        t.low = doubt ? 0 : t.low;
        total_add(&sum, &t);
    }
    return sum;
}
