/*
 * directory.c - see directory.h.
 */
#include "directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int entry_compare(const void *a, const void *b)
{
    const entry *one = a;
    const entry *two = b;
    size_t len = one->len < two->len ? one->len : two->len;
    int result = memcmp(one->text, two->text, len);
    return result != 0 ? result : (one->len > two->len) - (one->len < two->len);
}

static int entry_order(const void *a, const void *b)
{
    const entry *one = a;
    const entry *two = b;
    int result = entry_compare(a, b);
    return result != 0 ? result : (one->record > two->record) - (one->record < two->record);
}

void id_unmark(const char **id, size_t *len)
{
    if (*len > 0 && (*id)[0] == RECORD_ID_EARLIER) {
        (*id)++;
        (*len)--;
    }
}

int directory_make(const list *l, record_field field, const size_t *partner,
                   directory *ret_directory)
{
    directory d = {0};
    for (int pass = 0; pass < 2; pass++) {
        size_t count = 0;
        for (size_t i = 0; i < l->count; i++) {
            const char *items = l->at[i].at[field];
            const char *item = NULL;
            size_t len = 0;
            while ((partner == NULL || partner[i] == 0) && text_next(&items, '\n', &item, &len)) {
                if (field == RECORD_IDS)
                    id_unmark(&item, &len);
                if (d.at != NULL)
                    d.at[count] = (entry){item, len, i};
                count++;
            }
        }
        if (pass == 0) {
            d.count = count;
            d.at = calloc(count > 0 ? count : 1, sizeof *d.at);
            if (d.at == NULL)
                return -ENOMEM;
        }
    }
    qsort(d.at, d.count, sizeof *d.at, entry_order);
    *ret_directory = d;
    return 0;
}

const entry *directory_find(const directory *d, const char *text, size_t len, size_t *ret_n)
{
    entry wanted = {text, len, 0};
    const entry *found =
        d->count > 0 ? bsearch(&wanted, d->at, d->count, sizeof wanted, entry_compare) : NULL;
    *ret_n = 0;
    if (found == NULL)
        return NULL;
    while (found > d->at && entry_compare(found - 1, &wanted) == 0)
        found--;
    while (found + *ret_n < d->at + d->count && entry_compare(found + *ret_n, &wanted) == 0)
        (*ret_n)++;
    return found;
}
