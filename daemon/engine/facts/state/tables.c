/* tables.c - the tables of `facts`: lists, handles, countries, scopes, keys; and telling of changes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "facts/state/state.h"
#include "lower_bound.h"

void add(facts *f, numbers *list, uint32_t value)
{
    if (numbers_push(list, value, &f->held) < 0)
        f->failed = -ENOMEM;
}

void put(facts *f, numbers *list, uint32_t value)
{
    if (numbers_put(list, value, &f->held) < 0)
        f->failed = -ENOMEM;
}

static int number_order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void numbers_unique(numbers *list)
{
    uint32_t kept = 0;
    if (list->count > 1)
        qsort(list->at, list->count, sizeof *list->at, number_order);
    for (uint32_t i = 0; i < list->count; i++)
        if (!kept || list->at[kept - 1] != list->at[i])
            list->at[kept++] = list->at[i];
    list->count = kept;
}

bool numbers_have(const numbers *list, uint32_t value)
{
    return list->count && bsearch(&value, list->at, list->count, sizeof *list->at, number_order);
}

void numbers_insert(facts *f, numbers *list, uint32_t value)
{
    uint32_t low = 0, high = list->count;
    if (!high || list->at[high - 1] < value) {
        add(f, list, value);
        return;
    }
    LOWER_BOUND(low, high, list->at[middle] < value);
    if (list->at[low] == value)
        return;
    add(f, list, value);
    if (f->failed)
        return;
    memmove(&list->at[low + 1], &list->at[low], (list->count - 1 - low) * sizeof *list->at);
    list->at[low] = value;
}

#define FEW 24u /* up to so many are not worth a table */

static void set_index(facts *f, number_set *set, uint32_t place)
{
    if (index_put(&set->places, scramble(set->list.at[place]), place + 1, &f->held) < 0)
        f->failed = -ENOMEM;
}

void set_put(facts *f, number_set *set, uint32_t value)
{
    uint32_t cursor = 0, count = set->list.count;
    if (count <= FEW) {
        put(f, &set->list, value);
        return;
    }
    if (!set->places.size)
        for (uint32_t i = 0; i < count && !f->failed; i++)
            set_index(f, set, i);
    if (index_next(&set->places, scramble(value), &cursor))
        return;
    add(f, &set->list, value);
    if (!f->failed)
        set_index(f, set, count);
}

void set_done(facts *f, number_set *set)
{
    numbers_done(&set->list, &f->held);
    index_done(&set->places, &f->held);
}

uint32_t grow(facts *f, void **table, uint32_t *count, uint32_t *capacity, size_t size)
{
    if (array_reserve(table, capacity, (size_t)*count + 1, size, &f->held) < 0) {
        f->failed = -ENOMEM;
        return 0;
    }
    memset((char *)*table + *count * size, 0, size);
    return (*count)++;
}

/* ---- handles ------------------------------------------------------------------------ */

fact_kind fact_handle_kind(fact_handle handle)
{
    return (fact_kind)(handle >> 56);
}

fact_handle handle_new(facts *f, fact_kind kind, uint32_t object)
{
    fact_handle handle = (uint64_t)kind << 56 | ++f->next_serial;
    if (index_put(&f->handles, handle, object, &f->held) < 0)
        f->failed = -ENOMEM;
    else
        f->handled[kind]++;
    return handle;
}

void handle_drop(facts *f, fact_handle handle, uint32_t object)
{
    uint32_t live = f->handles.live;
    index_take(&f->handles, handle, object);
    f->handled[fact_handle_kind(handle)] -= live - f->handles.live;
}

void handle_move(facts *f, fact_handle handle, uint32_t from, uint32_t to)
{
    index_take(&f->handles, handle, from);
    if (index_put(&f->handles, handle, to, &f->held) < 0)
        f->failed = -ENOMEM;
}

uint32_t handle_object(const facts *f, fact_handle handle)
{
    uint32_t cursor = 0;
    return index_next(&f->handles, handle, &cursor);
}

/* ---- causes and changes ------------------------------------------------------------- */

void causes_note(facts *f, causes *why)
{
    if (!f->cause)
        return;
    if (!why->news)
        why->news = f->cause;
    if (f->cause_corrects && why->corrections.count < CAUSES_MAX)
        put(f, &why->corrections, f->cause);
}

void facts_step(facts *f)
{
    enum { STEPS_A_BREATH = 1000 };
    if (!f->config.breathe || ++f->steps < STEPS_A_BREATH)
        return;
    f->steps = 0;
    f->config.breathe(f->config.breathe_context);
}

void tell_arrivals(facts *f, fact_change_type type, fact_handle handle, const arrivals *a, bool correction, causes *why)
{
    uint64_t numbers_[CAUSES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; correction && i < why->corrections.count && count < CAUSES_MAX; i++)
        numbers_[count++] = why->corrections.at[i];
    if (!count && why->news)
        numbers_[count++] = why->news;
    fact_change change = {.type = type,
                          .handle = handle,
                          .replaces = a->replaces,
                          .from = a->from,
                          .from_count = a->from_count,
                          .correction = correction,
                          .causes = numbers_,
                          .causes_count = count};
    if (f->on_change)
        f->on_change(f->context, &change);
    facts_step(f);
    why->news = 0;
    numbers_done(&why->corrections, &f->held);
}

void tell(facts *f, fact_change_type type, fact_handle handle, bool correction, causes *why)
{
    tell_arrivals(f, type, handle, &(arrivals){0}, correction, why);
}

/* ---- countries, scopes, keys -------------------------------------------------------- */

static bool is_code(const char code[2])
{
    return code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z';
}

uint32_t country_find(const facts *f, const char code[2])
{
    return is_code(code) ? f->country_places[(code[0] - 'A') * 26 + (code[1] - 'A')] : 0;
}

/* There are at most 26 x 26 of them: the place in a fixed table leads to the index. */
uint32_t country_index(facts *f, const char code[2])
{
    assert(is_code(code)); /* libthaw admits no other */
    uint16_t *place = &f->country_places[(code[0] - 'A') * 26 + (code[1] - 'A')];
    if (*place)
        return *place;
    uint64_t before = f->held; /* countries are kept like sources, whatever lives */
    uint32_t i = grow(f, (void **)&f->countries, &f->countries_count, &f->countries_capacity, sizeof *f->countries);
    f->kept += f->held - before;
    f->held = before;
    memcpy(f->countries[i].code, code, 2);
    *place = (uint16_t)i;
    return i;
}

country *country_of(facts *f, const char code[2])
{
    uint32_t i = country_index(f, code); /* may move the table: first this, then the table */
    return &f->countries[i];
}

uint32_t scope_index(facts *f, scope_kind kind, const char code[2], uint32_t detail, bool make)
{
    uint64_t hash = mix(mix((uint64_t)kind << 32 | (uint64_t)(uint8_t)code[0] << 8 | (uint8_t)code[1], detail), 7);
    uint32_t cursor = 0, i;
    while ((i = index_next(&f->scopes_index, hash, &cursor))) {
        const scope *s = &f->scopes[i];
        if (s->kind == kind && s->country[0] == code[0] && s->country[1] == code[1] && s->detail == detail)
            return i;
    }
    if (!make)
        return 0;
    i = grow(f, (void **)&f->scopes, &f->scopes_count, &f->scopes_capacity, sizeof *f->scopes);
    f->scopes[i] = (scope){.kind = (uint8_t)kind, .country = {code[0], code[1]}, .detail = detail};
    if (i && index_put(&f->scopes_index, hash, i, &f->held) < 0)
        f->failed = -ENOMEM;
    if (i && (kind == SCOPE_PERSON || kind == SCOPE_MEASURE))
        add(f, &country_of(f, code)->scopes, i);
    return i;
}

/* ---- order of reports --------------------------------------------------------------- */

int report_name_compare(const facts *f, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    const report *ra = report_of(f, a), *rb = report_of(f, b);
    int order = symbols_compare(f->symbols, ra->source, rb->source);
    return order ? order : str_compare(report_id(ra), report_id(rb));
}

int report_later_compare(const facts *f, uint32_t a, uint32_t b)
{
    const report *ra = report_of(f, a), *rb = report_of(f, b);
    if (ra->reported_ns != rb->reported_ns)
        return ra->reported_ns < rb->reported_ns ? -1 : 1;
    if (ra->status != rb->status)
        return ra->status < rb->status ? -1 : 1;
    return report_name_compare(f, a, b);
}

bool vote_reported_first(const facts *f, uint32_t a, uint32_t b)
{
    int64_t ra = report_of(f, a)->reported_ns, rb = report_of(f, b)->reported_ns;
    ra = ra == TIME_UNKNOWN ? INT64_MAX : ra;
    rb = rb == TIME_UNKNOWN ? INT64_MAX : rb;
    return ra != rb ? ra < rb : report_name_compare(f, a, b) < 0;
}
