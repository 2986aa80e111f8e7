/*
 * listed.c - the facts under an alert, a page of them at a time.
 */
#include "packed.h"
#include "rules/answers/listed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set.h"
#include "rules/state.h"

#define PAGE_FACTS 1000u
#define PLACE_TEXT 160

static const struct {
    const char *list, *more, *next;
} keys[] = {
    [LISTED_FACTS] = {"facts", "more", "next"},
    [LISTED_WAITING] = {"waiting", "more_waiting", "next_waiting"},
    [LISTED_STOOD_ON] = {"stood_on", "more", "next"},
};

/* ---- places ------------------------------------------------------------------------- */

/* LIST SELECTION HAS-AT AT HASH HANDLE, or stood_on PASSED. */
static void place_write(const rule *one, const listed_place *place, growing *out)
{
    char text[PLACE_TEXT];
    if (place->of == LISTED_STOOD_ON)
        snprintf(text, sizeof text, "%s %" PRIu32, keys[place->of].list, place->passed);
    else
        snprintf(text, sizeof text, "%s %s %d %" PRId64 " %" PRIx64 " %" PRIx64, keys[place->of].list,
                 one->selections[place->selection].name, place->has_at, place->at_ns, place->id_hash, place->handle);
    grow_text(out, keys[place->of].next, text);
}

static bool selection_named(const rule *one, const char *name, uint8_t *ret_selection)
{
    for (size_t i = 0; i < one->selections_count; i++)
        if (!strcmp(one->selections[i].name, name)) {
            *ret_selection = (uint8_t)i;
            return true;
        }
    return false;
}

/* What stands behind the name of the list, to its end. */
static bool place_rest(const rule *one, const char *text, listed_place *p)
{
    char name[PLACE_TEXT];
    int has_at = 0, end = 0;
    if (p->of == LISTED_STOOD_ON)
        return sscanf(text, "%" SCNu32 "%n", &p->passed, &end) == 1 && !text[end];
    if (sscanf(text, "%159s %d %" SCNd64 " %" SCNx64 " %" SCNx64 "%n", name, &has_at, &p->at_ns, &p->id_hash,
               &p->handle, &end) != 5 ||
        text[end])
        return false;
    p->has_at = has_at != 0;
    return selection_named(one, name, &p->selection);
}

int listed_place_read(const rule *one, thaw_str text, listed_place *ret_place)
{
    char copy[PLACE_TEXT];
    if (text.len >= sizeof copy)
        return -EINVAL;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t len = strlen(keys[i].list);
        listed_place p = {.of = (listed_of)i, .has_after = true};
        if (strncmp(copy, keys[i].list, len) != 0 || copy[len] != ' ' || !place_rest(one, copy + len + 1, &p))
            continue;
        *ret_place = p;
        return 0;
    }
    return -EINVAL;
}

/* ---- one fact ----------------------------------------------------------------------- */

static void write_report(rules *set, uint64_t number, growing *list)
{
    thaw_str source, id;
    growing one;
    if (facts_report_name(set->facts, number, &source, &id) < 0)
        return;
    grow_open(&one);
    pack_cel_text(grow_key(&one, "source"), (struct cel_text){source.data, source.len});
    pack_cel_text(grow_key(&one, "id"), (struct cel_text){id.data, id.len});
    grow_map(&one, grow_member(list));
}

static void write_reports(rules *set, fact_handle handle, growing *fact)
{
    uint64_t few[64], *numbers = few;
    size_t count = facts_reports(set->facts, handle, few, sizeof few / sizeof few[0]);
    growing list;
    grow_open(&list);
    if (count > sizeof few / sizeof few[0]) {
        numbers = calloc(count, sizeof *numbers);
        list.failed = !numbers;
        count = numbers ? facts_reports(set->facts, handle, numbers, count) : 0;
    }
    for (size_t i = 0; i < count; i++)
        write_report(set, numbers[i], &list);
    if (numbers != few)
        free(numbers);
    grow_array(&list, grow_key(fact, "reports"));
}

static void write_fact(rules *set, fact_handle handle, const entry *e, growing *list)
{
    fact_value value;
    growing one;
    grow_open(&one);
    if (facts_get(set->facts, handle, FIELD_ID, set->now_ns, &value) == 0 && value.type == FACT_STRING)
        pack_cel_text(grow_key(&one, "id"), (struct cel_text){value.string.data, value.string.len});
    if (e && e->has_at)
        pack_instant(grow_key(&one, "at"), e->at_ns);
    if (e && e->has_count)
        msgpack_pack_int64(grow_key(&one, "count"), e->count);
    if (e && !e->active && e->from_ns != INT64_MAX)
        pack_instant(grow_key(&one, "enters"), e->from_ns);
    if (e && e->active && e->to_ns != INT64_MAX)
        pack_instant(grow_key(&one, "leaves"), e->to_ns);
    write_reports(set, handle, &one);
    grow_map(&one, grow_member(list));
}

/* ---- pages -------------------------------------------------------------------------- */

static void write_page(const rule *one, const listed_place *end, growing *list, size_t behind, growing *out)
{
    grow_array(list, grow_key(out, keys[end->of].list));
    if (!behind)
        return;
    msgpack_pack_uint64(grow_key(out, keys[end->of].more), behind);
    place_write(one, end, out);
}

void listed_write(rules *set, const group *g, const listed_place *from, size_t bytes, growing *out)
{
    const entry *page[PAGE_FACTS];
    fact_node after_fact = {.handle = from->handle};
    const entry after = {.fact = &after_fact,
                         .has_at = from->has_at,
                         .at_ns = from->at_ns,
                         .id_hash = from->id_hash,
                         .selection = from->selection};
    size_t count = 0, all = 0, used = 0;
    growing list;
    if (g)
        all = newest_page(g, from->selection, from->of == LISTED_FACTS, from->has_after ? &after : NULL, page,
                          PAGE_FACTS, &count);
    if (!count && from->of == LISTED_WAITING && !from->has_after)
        return;
    listed_place end = *from;
    grow_open(&list);
    while (used < count && (used == 0 || list.data.size < bytes))
        write_fact(set, page[used]->fact->handle, page[used], &list), used++;
    if (used) {
        const entry *last = page[used - 1];
        end.has_at = last->has_at;
        end.at_ns = last->at_ns;
        end.id_hash = last->id_hash;
        end.handle = last->fact->handle;
    }
    write_page(g ? g->rule : NULL, &end, &list, all - used, out);
}

void listed_write_ground(rules *set, const record *r, const listed_place *from, size_t bytes, growing *out)
{
    listed_place end = *from;
    growing list;
    grow_open(&list);
    while (end.passed < r->count && list.count < PAGE_FACTS && (!list.count || list.data.size < bytes))
        write_fact(set, r->grounds[end.passed++].fact->handle, NULL, &list);
    write_page(r->group->rule, &end, &list, end.passed < r->count ? r->count - end.passed : 0, out);
}
