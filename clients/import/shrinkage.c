/* shrinkage.c - see shrinkage.h. */
#include "shrinkage.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GONE_LEAST = 5 };

static bool is_too_much(const shrinkage *s, uint64_t percent)
{
    return s->gone > GONE_LEAST && s->gone * 100 > s->all * percent;
}

static int name_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many of some sorted names are `name`; *at stands behind them after. */
static size_t names_take(const char *const names[], size_t count, size_t *at, const char *name)
{
    size_t from = *at;
    while (*at < count && strcmp(names[*at], name) == 0)
        (*at)++;
    return *at - from;
}

static bool authorities_compare(const char *const all[], size_t all_count, const char *const gone[],
                                size_t gone_count, uint64_t percent, shrinkage *ret_shrinkage)
{
    for (size_t i = 0, j = 0; i < all_count;) {
        shrinkage one = {.authority = all[i]};
        one.all = names_take(all, all_count, &i, one.authority);
        one.gone = names_take(gone, gone_count, &j, one.authority);
        if (is_too_much(&one, percent)) {
            *ret_shrinkage = one;
            return true;
        }
    }
    return false;
}

int shrinkage_find(const list *before, const difference *d, uint64_t percent,
                   shrinkage *ret_shrinkage)
{
    shrinkage whole = {NULL, d->delisted + d->maintained, before->count};
    if (is_too_much(&whole, percent)) {
        *ret_shrinkage = whole;
        return 1;
    }
    const char **all = reallocarray(NULL, before->count + whole.gone + 1, sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    const char **gone = all + before->count;
    size_t count = 0;
    for (size_t i = 0; i < before->count; i++)
        all[i] = before->at[i].at[RECORD_AUTHORITY];
    for (size_t i = 0; i < d->count; i++)
        if (d->at[i].kind == STEP_DELISTED || d->at[i].kind == STEP_MAINTAINED)
            gone[count++] = d->at[i].before->at[RECORD_AUTHORITY];
    qsort(all, before->count, sizeof *all, name_order);
    qsort(gone, count, sizeof *gone, name_order);
    bool found = authorities_compare(all, before->count, gone, count, percent, ret_shrinkage);
    free(all);
    return found;
}
