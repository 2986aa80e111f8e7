/*
 * namesakes.c - rows of one name in one annex.
 */
#include "namesakes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef struct entry {
    record *record;
    const char *born;
} entry;

static int key_order(const entry *one, const entry *two)
{
    return strcmp(one->record->at[RECORD_KEY], two->record->at[RECORD_KEY]);
}

/* What is folded comes out the same in whatever order the rows stand. */
static int entry_order(const void *a, const void *b)
{
    const entry *one = a;
    const entry *two = b;
    int order = key_order(one, two);
    return order != 0 ? order
                      : strcmp(one->record->at[RECORD_DETAILS], two->record->at[RECORD_DETAILS]);
}

static const char *number_of(const record *r)
{
    return strchr(r->at[RECORD_OTHER], '#');
}

/* Two parties of one name in one annex are told apart by their numbers. */
static int number_add(list *l, record *r)
{
    const char *number = number_of(r);
    text key = {0};
    text_put(&key, r->at[RECORD_KEY]);
    text_put(&key, number != NULL ? number : "#");
    int result = key.failed ? -ENOMEM : record_put(l, r, RECORD_KEY, text_get(&key));
    text_done(&key);
    return result;
}

/* ---- one entry, printed twice --------------------------------------------------------- */

static bool is_same_party(const entry *one, const entry *two)
{
    return strcmp(one->born, two->born) == 0 &&
           strcmp(one->record->at[RECORD_TYPE], two->record->at[RECORD_TYPE]) == 0;
}

static int ids_fold(list *l, record *to, const record *from)
{
    text all = {0};
    const char *ids = from->at[RECORD_IDS];
    const char *id = NULL;
    size_t len = 0;
    text_put(&all, to->at[RECORD_IDS]);
    while (text_next(&ids, '\n', &id, &len))
        if (!text_has_line(to->at[RECORD_IDS], id, len))
            text_join(&all, "\n", id, len);
    int result = all.failed ? -ENOMEM : record_put(l, to, RECORD_IDS, text_get(&all));
    text_done(&all);
    return result;
}

/* Where one of the rows changes, the whole did. */
static int details_fold(list *l, record *to, const record *from)
{
    static const char form[] = "columns:";
    char tag[sizeof form + 16] = "columns:";
    text both = {0};
    text_put(&both, to->at[RECORD_DETAILS]);
    text_put(&both, "\n");
    text_put(&both, from->at[RECORD_DETAILS]);
    text_hash(text_get(&both), both.len, tag + sizeof form - 1);
    int result = both.failed ? -ENOMEM : record_put(l, to, RECORD_DETAILS, tag);
    text_done(&both);
    return result;
}

/* The earlier listing is the party's. */
static void listed_fold(record *to, const record *from)
{
    const char *listed = to->at[RECORD_LISTED];
    const char *other = from->at[RECORD_LISTED];
    if (listed[0] == '\0' || (other[0] != '\0' && strcmp(other, listed) < 0))
        to->at[RECORD_LISTED] = other;
}

/* What is folded into another record has no key any more. */
static int entry_fold(list *l, entry *to, entry *from)
{
    int result = ids_fold(l, to->record, from->record);
    if (result == 0)
        result = details_fold(l, to->record, from->record);
    listed_fold(to->record, from->record);
    from->record->at[RECORD_KEY] = "";
    return result;
}

/* ---- all of one name ------------------------------------------------------------------ */

/* Folds those without a number; how many parties are left, or -ENOMEM. */
static ssize_t group_fold(list *l, entry group[], size_t count)
{
    entry *first = NULL; /* without a number */
    ssize_t left = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_numbered = number_of(group[i].record) != NULL;
        left++;
        if (is_numbered || first == NULL) {
            first = is_numbered ? first : &group[i];
        } else if (is_same_party(first, &group[i])) {
            left--;
            if (entry_fold(l, first, &group[i]) != 0)
                return -ENOMEM;
        }
    }
    return left;
}

static int group_part(list *l, entry group[], size_t count)
{
    ssize_t left = group_fold(l, group, count);
    int result = left < 0 ? (int)left : 0;
    for (size_t i = 0; i < count && result == 0 && left > 1; i++)
        if (group[i].record->at[RECORD_KEY][0] != '\0')
            result = number_add(l, group[i].record);
    return result;
}

static void folded_drop(list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->at[i].at[RECORD_KEY][0] != '\0')
            l->at[kept++] = l->at[i];
    l->count = kept;
}

int namesakes_part(list *l, const char *const births[])
{
    entry *order = reallocarray(NULL, l->count + 1, sizeof *order);
    if (order == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < l->count; i++)
        order[i] = (entry){&l->at[i], births[i]};
    qsort(order, l->count, sizeof *order, entry_order);
    int result = 0;
    for (size_t i = 0, end = 0; i < l->count && result == 0; i = end) {
        for (end = i + 1; end < l->count && key_order(&order[i], &order[end]) == 0; end++)
            ;
        if (end - i > 1)
            result = group_part(l, &order[i], end - i);
    }
    folded_drop(l);
    free(order);
    return result;
}
