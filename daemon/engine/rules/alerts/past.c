/*
 * past.c - how far the alerts of a rule were numbered by definitions that are gone (removed, or grouped by
 * other fields). An id is given once in the life of a journal, also where a rule comes back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set.h"
#include "rules/state.h"

static int past_note(rules *set, const char *id, size_t len, uint32_t number)
{
    rule *one = set_find(set, id, len);
    if (one) {
        one->past = number > one->past ? number : one->past;
        return 0;
    }
    if (!number)
        return 0;
    if (room_for(&set->pasts, &set->pasts_capacity, set->pasts_count + 1, sizeof *set->pasts) < 0)
        return -ENOMEM;
    char *name = strndup(id, len);
    if (!name)
        return -ENOMEM;
    set->pasts[set->pasts_count++] = (past){name, number};
    return 0;
}

/* Groups without an heir take their numbers with them. */
static uint32_t number_lost(const rule *one)
{
    uint32_t number = one->past;
    for (const group *g = one->groups; g; g = g->next)
        if (!g->heir && g->number > number)
            number = g->number;
    return number;
}

int pasts_inherit(const rules *old, rules *set)
{
    int res = 0;
    for (size_t i = 0; res == 0 && i < old->pasts_count; i++)
        res = past_note(set, old->pasts[i].rule, strlen(old->pasts[i].rule), old->pasts[i].number);
    for (size_t i = 0; res == 0 && i < old->rules_count; i++)
        res = past_note(set, old->rules[i]->id, strlen(old->rules[i]->id), number_lost(old->rules[i]));
    return res;
}

void pasts_done(rules *set)
{
    for (size_t i = 0; i < set->pasts_count; i++)
        free(set->pasts[i].rule);
    free(set->pasts);
    set->pasts = NULL;
    set->pasts_count = set->pasts_capacity = 0;
    for (size_t i = 0; i < set->rules_count; i++)
        set->rules[i]->past = 0;
}

void pasts_put(const rules *set, saved_out *out)
{
    saved_put_number(out, set->rules_count);
    for (size_t i = 0; i < set->rules_count; i++)
        saved_put_number(out, set->rules[i]->past);
    saved_put_number(out, set->pasts_count);
    for (size_t i = 0; i < set->pasts_count; i++) {
        saved_put_text(out, set->pasts[i].rule, strlen(set->pasts[i].rule));
        saved_put_number(out, set->pasts[i].number);
    }
}

int pasts_get(rules *set, saved_in *in)
{
    int res = saved_get_number(in) == set->rules_count ? 0 : -EBADMSG;
    for (size_t i = 0; res == 0 && i < set->rules_count; i++)
        set->rules[i]->past = (uint32_t)saved_get_number(in);
    uint64_t count = res == 0 ? saved_get_number(in) : 0;
    for (uint64_t i = 0; i < count && res == 0 && !in->failed; i++) {
        thaw_str id = saved_get_text(in);
        uint32_t number = (uint32_t)saved_get_number(in);
        res = in->failed ? -EBADMSG : past_note(set, id.data, id.len, number);
    }
    return in->failed ? -EBADMSG : res;
}
