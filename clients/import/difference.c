/*
 * difference.c - what happened between two lists.
 */
#include "difference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTRIES_BYTES = 400 };

/* Names of records, or identifiers, to find a record by. */
typedef struct entry {
    const char *text;
    size_t len;
    size_t record;
} entry;

typedef struct directory {
    entry *at;
    size_t count;
} directory;

typedef struct matching {
    const list *before;
    list *after;
    const list *elsewhere;
    size_t *partner_of_before, *partner_of_after; /* index + 1; 0: none */
    bool *returned;                               /* of those who left earlier: who is back */
    difference *result;
} matching;

/* ---- directories -------------------------------------------------------------------- */

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

/* All items of a field of the records that have no partner (partner NULL: of all records). */
static int directory_make(const list *l, record_field field, const size_t *partner,
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

/* The entries of a text: the first, and how many. */
static const entry *directory_find(const directory *d, const char *text, size_t len, size_t *ret_n)
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

/* ---- which records are the same ------------------------------------------------------ */

static void pair(matching *m, size_t before, size_t after)
{
    m->partner_of_before[before] = after + 1;
    m->partner_of_after[after] = before + 1;
}

static void pair_by_key(matching *m)
{
    for (size_t i = 0, j = 0; i < m->before->count && j < m->after->count;) {
        int order = strcmp(m->before->at[i].at[RECORD_KEY], m->after->at[j].at[RECORD_KEY]);
        if (order == 0)
            pair(m, i++, j++);
        else if (order < 0)
            i++;
        else
            j++;
    }
}

/* Records left over whose keys changed: a field of the old ones against one of the new. */
static int pair_by_fields(matching *m, record_field of_before, record_field of_after)
{
    directory olds;
    int result = directory_make(m->before, of_before, m->partner_of_before, &olds);
    if (result != 0)
        return result;
    for (size_t j = 0; j < m->after->count; j++) {
        const char *others = m->after->at[j].at[of_after];
        const char *other = NULL;
        size_t len = 0;
        while (m->partner_of_after[j] == 0 && text_next(&others, '\n', &other, &len)) {
            size_t n = 0;
            const entry *found = directory_find(&olds, other, len, &n);
            for (size_t k = 0; k < n; k++) {
                if (m->partner_of_before[found[k].record] == 0) {
                    pair(m, found[k].record, j);
                    break;
                }
            }
        }
    }
    free(olds.at);
    return 0;
}

/* What was folded into a record that has a partner already (two records became one) is no
 * delisting either: it leaves, and its party stands in that record. */
static int merged_mark(const matching *m, size_t *ret_into)
{
    directory others;
    int result = directory_make(m->after, RECORD_OTHER, NULL, &others);
    if (result != 0)
        return result;
    for (size_t i = 0; i < m->before->count; i++) {
        const char *key = m->before->at[i].at[RECORD_KEY];
        size_t n = 0;
        const entry *found = directory_find(&others, key, strlen(key), &n);
        if (m->partner_of_before[i] == 0 && n > 0)
            ret_into[i] = found->record + 1;
    }
    free(others.at);
    return 0;
}

/* ---- changes ------------------------------------------------------------------------ */

/* Where a list numbers its versions only a greater one is a change. Details of another form (or of
 * a file that was not there) say nothing. */
static bool details_differ(const char *before, const char *after)
{
    static const char version[] = "version:";
    const char *end = strchr(before, ':');
    if (strncmp(before, version, sizeof version - 1) == 0 &&
        strncmp(after, version, sizeof version - 1) == 0)
        return strtoull(after + sizeof version - 1, NULL, 10) >
               strtoull(before + sizeof version - 1, NULL, 10);
    size_t form = end != NULL ? (size_t)(end - before) : strlen(before);
    return before[0] != '\0' && after[0] != '\0' && strncmp(before, after, form + 1) == 0 &&
           strcmp(before, after) != 0;
}

/* Whether each program of one record is among those of the other. */
static bool programs_within(const char *some, const char *all)
{
    const char *program = NULL;
    size_t len = 0;
    while (text_next(&some, ',', &program, &len)) {
        const char *rest = all;
        const char *item = NULL;
        size_t item_len = 0;
        bool found = false;
        text_trim(&program, &len);
        while (!found && text_next(&rest, ',', &item, &item_len)) {
            text_trim(&item, &item_len);
            found = item_len == len && memcmp(item, program, len) == 0;
        }
        if (!found)
            return false;
    }
    return true;
}

/* Their order says nothing. */
static bool programs_differ(const record *one, const record *two)
{
    const char *a = one->at[RECORD_PROGRAMS];
    const char *b = two->at[RECORD_PROGRAMS];
    return strcmp(a, b) != 0 && !(programs_within(a, b) && programs_within(b, a));
}

unsigned record_changes(const record *before, const record *after)
{
    static const record_field plain[] = {RECORD_NAME,   RECORD_TYPE,    RECORD_AUTHORITY,
                                         RECORD_SECTOR, RECORD_EXPIRES, RECORD_LISTED};
    static const record_field details[] = {RECORD_DETAILS, RECORD_ALIASES, RECORD_ADDRESSES};
    unsigned changes = 0;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (strcmp(before->at[plain[i]], after->at[plain[i]]) != 0)
            changes |= 1U << plain[i];
    if (programs_differ(before, after))
        changes |= 1U << RECORD_PROGRAMS;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++)
        if (details_differ(before->at[details[i]], after->at[details[i]]))
            changes |= 1U << details[i];
    if (strcmp(before->at[RECORD_KEY], after->at[RECORD_KEY]) != 0)
        changes |= 1U << RECORD_KEY;
    return changes;
}

/* The countries of two records, each once. */
static int countries_join(list *after, record *to, const char *own, const char *more)
{
    char all[COUNTRIES_BYTES] = "";
    size_t len = 0;
    const char *lists[] = {own, more};
    for (size_t i = 0; i < 2; i++) {
        const char *item = NULL;
        size_t item_len = 0;
        while (text_next(&lists[i], ' ', &item, &item_len)) {
            if (text_has_word(all, item, item_len) || len + item_len + 2 > sizeof all)
                continue;
            if (len > 0)
                all[len++] = ' ';
            memcpy(all + len, item, item_len);
            len += item_len;
            all[len] = '\0';
        }
    }
    return strcmp(all, to->at[RECORD_COUNTRIES]) == 0
               ? 0
               : record_set(after, to, RECORD_COUNTRIES, all, len);
}

/* The new record's own countries, then those that it had before; one that names none of its own
 * (ZZ) keeps those that it had. */
static int countries_keep(list *after, record *to, const record *from)
{
    const char *own = to->at[RECORD_COUNTRIES];
    const char *had = from->at[RECORD_COUNTRIES];
    return countries_join(after, to, strcmp(own, "ZZ") == 0 && had[0] != '\0' ? "" : own, had);
}

/* ---- steps -------------------------------------------------------------------------- */

static void step_add(matching *m, step s)
{
    difference *d = m->result;
    d->at[d->count++] = s;
    d->imposed += s.kind == STEP_IMPOSED;
    d->amended += s.kind == STEP_AMENDED;
    d->maintained += s.kind == STEP_MAINTAINED;
    d->delisted += s.kind == STEP_DELISTED;
}

/* The records without a partner by their names, and the old ones by their identifiers. */
typedef struct leftovers {
    directory before, after, before_ids;
    directory gone_ids; /* of those who left before the old list */
    directory gone_elsewhere;
} leftovers;

static int leftovers_make(const matching *m, leftovers *n)
{
    int result = directory_make(m->before, RECORD_NAME, m->partner_of_before, &n->before);
    if (result == 0)
        result = directory_make(m->after, RECORD_NAME, m->partner_of_after, &n->after);
    if (result == 0)
        result = directory_make(m->before, RECORD_IDS, m->partner_of_before, &n->before_ids);
    if (result == 0 && m->before->gone != NULL)
        result = directory_make(m->before->gone, RECORD_IDS, NULL, &n->gone_ids);
    if (result == 0 && m->elsewhere->gone != NULL)
        result = directory_make(m->elsewhere->gone, RECORD_IDS, NULL, &n->gone_elsewhere);
    return result;
}

static void leftovers_done(leftovers *n)
{
    free(n->before.at);
    free(n->after.at);
    free(n->before_ids.at);
    free(n->gone_ids.at);
    free(n->gone_elsewhere.at);
}

static bool same_field(const record *a, const record *b, record_field field)
{
    return strcmp(a->at[field], b->at[field]) == 0;
}

/* The records of one authority that bear an identifier of `one`, one after the other, NULL at the
 * end. */
typedef struct namesakes {
    const list *at;
    const directory *ids;
    const record *one;
    const char *rest; /* identifiers still to look for */
    const entry *found;
    size_t left;
} namesakes;

static const record *namesakes_next(namesakes *w)
{
    const char *item = NULL;
    size_t len = 0;
    for (;;) {
        for (; w->left > 0; w->left--) {
            const record *r = &w->at->at[(w->found++)->record];
            if (same_field(r, w->one, RECORD_AUTHORITY)) {
                w->left--;
                return r;
            }
        }
        if (!text_next(&w->rest, '\n', &item, &len))
            return NULL;
        if (record_id_is_certain(item))
            w->found = directory_find(w->ids, item, len, &w->left);
    }
}

static const record *record_by_ids(const list *at, const directory *ids, const record *one)
{
    namesakes w = {at, ids, one, one->at[RECORD_IDS], NULL, 0};
    return namesakes_next(&w);
}

int64_t date_start_ns(const char *date)
{
    thaw_date parsed;
    int64_t start = INT64_MIN;
    int64_t end = 0;
    if (thaw_date_parse(date, strlen(date), &parsed) == 0)
        thaw_date_interval(&parsed, &start, &end);
    return start;
}

int64_t date_day(const char *date)
{
    static const int64_t day_ns = INT64_C(86400000000000);
    int64_t start = date_start_ns(date);
    return start == INT64_MIN ? start : start / day_ns - (start % day_ns < 0);
}

/* The later of two days; NULL is none. */
static const char *later_day(const char *one, const char *other)
{
    return one == NULL || (other != NULL && date_day(other) > date_day(one)) ? other : one;
}

/* When the party of a record left last, before the old list was made; NULL: it did not. With this
 * record it is back. */
static const char *left_of(const matching *m, const leftovers *n, const record *one)
{
    const char *last = NULL;
    const record *r = NULL;
    const list *gone = m->before->gone;
    namesakes w = {gone, &n->gone_ids, one, one->at[RECORD_IDS], NULL, 0};
    while (gone != NULL && (r = namesakes_next(&w)) != NULL) {
        m->returned[r - gone->at] = true;
        last = later_day(last, r->at[RECORD_UPDATED]);
    }
    return last;
}

/* The same of a record that comes, in all lists of the kind. */
static const char *left_of_new(const matching *m, const leftovers *n, const record *one)
{
    const char *last = left_of(m, n, one);
    const record *r = NULL;
    const list *gone = m->elsewhere->gone;
    namesakes w = {gone, &n->gone_elsewhere, one, one->at[RECORD_IDS], NULL, 0};
    while (gone != NULL && (r = namesakes_next(&w)) != NULL)
        last = later_day(last, r->at[RECORD_UPDATED]);
    return last;
}

/* The same of a record that stands: its change ties it to an entry that left. */
static const char *left_of_either(const matching *m, const leftovers *n, const record *before,
                                  const record *after)
{
    const char *one = left_of(m, n, before);
    return later_day(one, left_of(m, n, after));
}

/* One party that leaves and comes on one day is a move: it bears an identifier of both records, or
 * its name stands once in each. */
static const record *move_of(const matching *m, const leftovers *n, const record *comes)
{
    const char *name = comes->at[RECORD_NAME];
    size_t gone_count = 0;
    size_t come_count = 0;
    const record *by_ids = record_by_ids(m->before, &n->before_ids, comes);
    if (by_ids != NULL)
        return by_ids;
    const entry *gone = directory_find(&n->before, name, strlen(name), &gone_count);
    directory_find(&n->after, name, strlen(name), &come_count);
    if (gone_count != 1 || come_count != 1)
        return NULL;
    const record *r = &m->before->at[gone->record];
    return same_field(r, comes, RECORD_TYPE) && same_field(r, comes, RECORD_AUTHORITY) ? r : NULL;
}

static int steps_of_new(matching *m, const leftovers *n)
{
    for (size_t j = 0; j < m->after->count; j++) {
        record *after = &m->after->at[j];
        if (m->partner_of_after[j] == 0) {
            step_add(m, (step){STEP_IMPOSED, NULL, after, move_of(m, n, after),
                               left_of_new(m, n, after)});
            continue;
        }
        const record *before = &m->before->at[m->partner_of_after[j] - 1];
        int result = countries_keep(m->after, after, before);
        if (result != 0)
            return result;
        if (record_changes(before, after) != 0)
            step_add(
                m, (step){STEP_AMENDED, before, after, NULL, left_of_either(m, n, before, after)});
    }
    return 0;
}

static bool countries_within(const char *some, const char *all)
{
    const char *item = NULL;
    size_t len = 0;
    while (text_next(&some, ' ', &item, &len))
        if (!text_has_word(all, item, len))
            return false;
    return true;
}

/* The record of the party in another list of the kind, where it stands in the same countries. */
static const record *elsewhere_find(const matching *m, const directory *ids, const record *gone)
{
    namesakes w = {m->elsewhere, ids, gone, gone->at[RECORD_IDS], NULL, 0};
    const record *r = NULL;
    do
        r = namesakes_next(&w);
    while (r != NULL && !countries_within(gone->at[RECORD_COUNTRIES], r->at[RECORD_COUNTRIES]));
    return r;
}

static int steps_of_gone(matching *m)
{
    size_t *into = calloc(m->before->count + 1, sizeof *into);
    directory ids = {0};
    directory ids_elsewhere = {0};
    int result = into != NULL ? directory_make(m->after, RECORD_IDS, NULL, &ids) : -ENOMEM;
    if (result == 0)
        result = directory_make(m->elsewhere, RECORD_IDS, NULL, &ids_elsewhere);
    if (result == 0)
        result = merged_mark(m, into);
    for (size_t i = 0; result == 0 && i < m->before->count; i++) {
        const record *gone = &m->before->at[i];
        if (m->partner_of_before[i] != 0)
            continue;
        /* else another record of the same party; it stands for this one from now on */
        const record *beside =
            into[i] > 0 ? &m->after->at[into[i] - 1] : record_by_ids(m->after, &ids, gone);
        if (beside != NULL)
            result = countries_join(m->after, &m->after->at[beside - m->after->at],
                                    beside->at[RECORD_COUNTRIES], gone->at[RECORD_COUNTRIES]);
        else
            beside = elsewhere_find(m, &ids_elsewhere, gone);
        step_add(
            m, (step){beside != NULL ? STEP_MAINTAINED : STEP_DELISTED, gone, NULL, beside, NULL});
    }
    free(into);
    free(ids.at);
    free(ids_elsewhere.at);
    return result;
}

/* ---- who has left -------------------------------------------------------------------- */

static int gone_add(list *gone, const record *r, const char *date)
{
    static const record_field kept[] = {RECORD_KEY, RECORD_AUTHORITY, RECORD_IDS};
    record *one = records_add(gone, 0);
    int result = one != NULL ? record_put(gone, one, RECORD_UPDATED, date) : -ENOMEM;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0] && result == 0; i++)
        result = record_put(gone, one, kept[i], r->at[kept[i]]);
    return result;
}

/* Those who left earlier, but for who is back or leaves again, and those who leave now. */
static int gone_take_over(matching *m)
{
    const list *old = m->before->gone;
    const difference *d = m->result;
    directory leave = {0};
    int result = 0;
    if (m->after->gone != NULL)
        records_done(m->after->gone);
    list *gone = records_gone(m->after);
    if (gone == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->count && result == 0; i++)
        if (d->at[i].kind == STEP_DELISTED)
            result = gone_add(gone, d->at[i].before, records_date(m->after));
    if (result == 0)
        result = directory_make(gone, RECORD_KEY, NULL, &leave);
    for (size_t i = 0; old != NULL && i < old->count && result == 0; i++) {
        const char *key = old->at[i].at[RECORD_KEY];
        size_t n = 0;
        directory_find(&leave, key, strlen(key), &n);
        if (n == 0 && !m->returned[i])
            result = gone_add(gone, &old->at[i], old->at[i].at[RECORD_UPDATED]);
    }
    free(leave.at);
    return result;
}

/* Which records of the two lists are the same. */
static int pair_all(matching *m)
{
    pair_by_key(m);
    int result = records_doubt(m->after, m->before);
    if (result == 0)
        result = pair_by_fields(m, RECORD_KEY, RECORD_OTHER);
    if (result == 0)
        result = pair_by_fields(m, RECORD_OTHER, RECORD_KEY); /* what was merged is parted */
    return result == 0 ? pair_by_fields(m, RECORD_OTHER, RECORD_OTHER) : result;
}

int difference_make(const list *before, list *after, const list *elsewhere,
                    difference *ret_difference)
{
    difference d = {.at = calloc(before->count + after->count + 1, sizeof *d.at)};
    leftovers n = {0};
    matching m = {.before = before,
                  .after = after,
                  .elsewhere = elsewhere,
                  .partner_of_before = calloc(before->count + 1, sizeof(size_t)),
                  .partner_of_after = calloc(after->count + 1, sizeof(size_t)),
                  .returned =
                      calloc(before->gone != NULL ? before->gone->count + 1 : 1, sizeof(bool)),
                  .result = &d};
    int result = -ENOMEM;
    if (d.at != NULL && m.partner_of_before != NULL && m.partner_of_after != NULL &&
        m.returned != NULL) {
        result = pair_all(&m);
        if (result == 0)
            result = leftovers_make(&m, &n);
        /* Who comes before who leaves: of a move nobody ever hears as of a delisting. */
        if (result == 0)
            result = steps_of_new(&m, &n);
        if (result == 0)
            result = steps_of_gone(&m);
        if (result == 0)
            result = gone_take_over(&m);
    }
    leftovers_done(&n);
    free(m.partner_of_before);
    free(m.partner_of_after);
    free(m.returned);
    if (result != 0) {
        difference_done(&d);
        return result;
    }
    *ret_difference = d;
    return 0;
}

void difference_done(difference *d)
{
    free(d->at);
    *d = (difference){0};
}
