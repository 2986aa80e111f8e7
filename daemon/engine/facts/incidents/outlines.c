/* outlines.c - see loose.h: what vague items go by in an incident of sharp items. */

#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/incidents/loose.h"
#include "facts/state/state.h"

/* Whether items that vote stand in it beside its own. */
static bool vague_joined(const facts *f, const incident *inc)
{
    for (uint32_t i = 0; i < inc->joined.count; i++)
        if (item_class_of(f, inc->joined.at[i]) != ITEM_WIDER)
            return true;
    return false;
}

/* The digest that these reports, all of its items, are to be counted by, made if need be; NULL: they are few, or
 * parties, which are counted over all. One of an incident that nothing joined is that of all its reports. */
static digest *sharp_digest(facts *f, incident *inc, const numbers *list)
{
    digest *d;
    if (!inc->digest && (inc->joined.count || list->count <= f->config.digest_min))
        return NULL;
    for (uint32_t i = 0; !inc->digest && i < list->count; i++)
        if (report_of(f, list->at[i])->kind == THAW_SANCTION && report_of(f, list->at[i])->has_targets)
            return NULL;
    d = *(inc->digest ? &inc->sharp_digest : &inc->digest) = digest_new(f);
    for (uint32_t i = 0; d && i < list->count; i++)
        digest_add(f, d, list->at[i]);
    return d;
}

/* What its items come to, without those that joined it. */
static void sharp_count(facts *f, incident *inc, counted *ret_counted)
{
    digest *d = inc->sharp_digest;
    if (!d && inc->digest && !vague_joined(f, inc))
        d = inc->digest;
    if (!d) {
        numbers list = {0};
        for (uint32_t i = 0; i < inc->items.count; i++)
            item_reports(f, inc->items.at[i], &list);
        d = sharp_digest(f, inc, &list);
        if (!d)
            count_reports(f, list.at, list.count, ret_counted);
        numbers_done(&list, &f->held);
    }
    if (d)
        digest_count(f, d, ret_counted);
}

/* Whether all that happened since it was settled is that reports came that repeat what it says. */
static bool sharp_repeats(const facts *f, const incident *inc)
{
    if (inc->whole || inc->joined.count || inc->now.targets || f->keys[inc->key_index].kind == THAW_TALKS)
        return false;
    for (uint32_t i = inc->items_settled; i < inc->items.count; i++)
        if ((inc->items.at[i] & ITEM_GROUP) || !votes_repeat(f, &inc->now, inc->items.at[i]))
            return false;
    for (uint32_t i = 0; i < inc->grown.count; i++)
        if (!votes_repeat(f, &inc->now, inc->grown.at[i]))
            return false;
    return true;
}

static outline outline_of(facts *f, incident *inc)
{
    if (!inc->sharp_valid && sharp_repeats(f, inc)) {
        inc->sharp_valid = true;
        inc->sharp_has_count = inc->now.votes.has_count;
        inc->sharp_count = inc->now.votes.count;
    }
    if (!inc->sharp_valid) {
        counted votes = {0};
        sharp_count(f, inc, &votes);
        inc->sharp_valid = true;
        inc->sharp_has_count = votes.has_count;
        inc->sharp_count = votes.has_count ? votes.count : 0;
    }
    outline o = {.date = {inc->start_ns, inc->span_end_ns},
                 .count = inc->sharp_count,
                 .known = true,
                 .has_count = inc->sharp_has_count};
    for (uint32_t i = 0; i < inc->naming.count; i++)
        o.naming += (uint32_t)mix(inc->naming.at[i], 3);
    return o;
}

static bool outline_same(const outline *a, const outline *b)
{
    return a->known == b->known && a->date.start_ns == b->date.start_ns && a->date.end_ns == b->date.end_ns &&
           a->has_count == b->has_count && a->count == b->count && a->naming == b->naming;
}

const outline *sharp_look(facts *f, incident *inc)
{
    inc->outlined = outline_of(f, inc);
    return &inc->outlined;
}

void sharp_changed(facts *f, incident *inc)
{
    outline now = inc->used ? outline_of(f, inc) : (outline){.date = {inc->start_ns, inc->span_end_ns}};
    if (outline_same(&now, &inc->outlined))
        return;
    if (inc->outlined.known)
        key_mark_loose(f, inc->key_index, inc->outlined.date);
    key_mark_loose(f, inc->key_index, now.date);
    inc->outlined = now;
}
