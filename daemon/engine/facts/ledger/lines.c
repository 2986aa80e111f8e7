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
                           .forms = (uint16_t)(inc->now.forms << 1),
                           .categories = inc->now.categories,
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
                           .forms = r->forms,
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

thaw_str part_category(thaw_str part)
{
    return (thaw_str){part.data + strlen("category="), part.len - (uint32_t)strlen("category=")};
}

void line_categories(facts *f, const ledger_line *l, numbers *parts)
{
    numbers list = {0};
    incident_reports(f, l->inc, false, &list);
    for (uint32_t i = 0; i < list.count; i++) {
        const report *r = report_of(f, list.at[i]);
        if (r->covers == THAW_PART && part_is_category(symbols_get(f->symbols, r->part)))
            add(f, parts, r->part);
    }
    numbers_done(&list, &f->held);
}

/* The count of a living line for a part, if a report is on it. */
static void line_count_part(facts *f, const ledger_line *l, uint32_t part, ledger_total *t, bool *has_count)
{
    numbers list = {0};
    counted c;
    bool told = false;
    incident_reports(f, l->inc, false, &list);
    for (uint32_t i = 0; i < list.count && !told; i++) {
        const report *r = report_of(f, list.at[i]);
        told = r->covers == THAW_PART && r->part == part;
    }
    if (told) {
        count_part(f, list.at, list.count, part, &c);
        *has_count = c.has_count;
        *t = (ledger_total){c.low, c.count, c.high > c.count ? c.high : c.count};
    }
    numbers_done(&list, &f->held);
}

bool line_counts(facts *f, ledger_line *l, uint32_t part, ledger_total *ret_total)
{
    bool has_count = l->inc ? l->inc->now.votes.has_count : l->dropped->has_count;
    *ret_total = (ledger_total){l->low, l->count, l->high};
    if (part)
        line_count_part(f, l, part, ret_total, &has_count);
    return has_count;
}

void total_add(ledger_total *sum, const ledger_total *one)
{
    sum->low = count_sum(sum->low, one->low);
    sum->count = count_sum(sum->count, one->count);
    sum->high = count_sum(sum->high, one->high);
}
