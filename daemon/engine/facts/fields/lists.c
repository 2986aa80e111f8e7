/* lists.c - see lists.h. */
#include "facts/fields/lists.h"

#include <stdlib.h>
#include <string.h>

void list_add(list_maker *m, thaw_str string)
{
    uint64_t unused = 0;
    if (!string.data)
        return;
    if (array_reserve((void **)&m->items, &m->capacity, (size_t)m->count + 1, sizeof *m->items, &unused) < 0) {
        m->f->failed = -ENOMEM;
        return;
    }
    m->items[m->count++] = string;
}

/* For strings that stand nowhere; never together with list_add. While the list is made, data holds the offset into the
 * text, which may move. */
static void list_add_copy(list_maker *m, thaw_str string)
{
    uint64_t unused = 0;
    if (array_reserve((void **)&m->text, &m->text_capacity, (size_t)m->text_used + string.len + 1, 1, &unused) < 0) {
        m->f->failed = -ENOMEM;
        return;
    }
    memcpy(m->text + m->text_used, string.data, string.len);
    list_add(m, (thaw_str){(const char *)(uintptr_t)(m->text_used + 1), string.len});
    m->text_used += string.len;
}

/* Hands over the first `kept`. */
static void list_hand_over(list_maker *m, uint32_t kept, fact_value *ret_value)
{
    facts *f = m->f;
    uint32_t place = f->lists_next++ % FACTS_LISTS_LIVE;
    free(f->lists[place]);
    free(f->list_texts[place]);
    f->lists[place] = m->items;
    f->list_texts[place] = m->text;
    *ret_value = (fact_value){.type = FACT_STRINGS, .strings = {m->items, kept}};
    *m = (list_maker){.f = f};
}

void list_finish(list_maker *m, fact_value *ret_value)
{
    for (uint32_t i = 0; m->text && i < m->count; i++)
        m->items[i].data = m->text + ((uintptr_t)m->items[i].data - 1);
    if (m->count > 1)
        qsort(m->items, m->count, sizeof *m->items, str_order);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->count; i++)
        if (!kept || !str_equal(m->items[kept - 1], m->items[i]))
            m->items[kept++] = m->items[i];
    list_hand_over(m, kept, ret_value);
}

void list_symbols(facts *f, const numbers *symbols_, fact_value *ret_value)
{
    list_maker m = {.f = f};
    uint64_t unused = 0;
    if (array_reserve((void **)&m.items, &m.capacity, symbols_->count, sizeof *m.items, &unused) < 0)
        f->failed = -ENOMEM;
    for (uint32_t i = 0; i < symbols_->count; i++)
        list_add(&m, symbols_get(f->symbols, symbols_->at[i]));
    list_hand_over(&m, m.count, ret_value);
}

void list_parties(list_maker *m, thaw_list parties)
{
    thaw_party party;
    while (parties.count && thaw_party_next(&parties, &party)) {
        thaw_str id;
        list_add(m, party.name);
        while (party.ids.count && thaw_str_next(&party.ids, &id))
            list_add(m, id);
    }
}

void list_sectors(list_maker *m, thaw_str sector)
{
    const char *at = sector.data, *end = at + sector.len;
    while (at && at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        while (at < stop && *at == ' ')
            at++;
        const char *last = stop;
        while (last > at && last[-1] == ' ')
            last--;
        if (last > at)
            list_add(m, (thaw_str){at, (uint32_t)(last - at)});
        at = comma ? comma + 1 : end;
    }
}

void list_reports(facts *f, const numbers *reports_, list_of what, fact_value *ret_value)
{
    list_maker m = {.f = f};
    for (uint32_t i = 0; i < reports_->count; i++) {
        const report *r = report_of(f, reports_->at[i]);
        if (what == LIST_NAMES) {
            char text[260];
            thaw_str source = symbols_get(f->symbols, r->source), id = report_id(r);
            uint32_t n = source.len < 128 ? source.len : 128;
            memcpy(text, source.data, n);
            text[n++] = '/';
            memcpy(text + n, id.data, id.len);
            list_add_copy(&m, (thaw_str){text, n + id.len});
        } else {
            list_add(&m, symbols_get(f->symbols, what == LIST_SOURCES ? r->source : r->voice));
        }
    }
    list_finish(&m, ret_value);
}
