/*
 * difference.c - what happened between two lists.
 */
#include "difference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"

enum { COUNTRIES_BYTES = 400 };

typedef struct matching {
    const list *before;
    list *after;
    const list *elsewhere;
    size_t *partner_of_before, *partner_of_after; /* index + 1; 0: none */
    size_t *stays_as;                             /* of those that leave: the same */
    bool *moved;                                  /* and seems to come under another key */
    text *back_in; /* of those who left earlier: where they are back */
    difference *result;
} matching;

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

/* ---- countries ------------------------------------------------------------------------ */

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
    bool now; /* only by what the list gives it now */
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
        if (!w->now)
            id_unmark(&item, &len);
        if (record_id_is_certain(item))
            w->found = directory_find(w->ids, item, len, &w->left);
    }
}

static const record *record_by_ids(const list *at, const directory *ids, const record *one,
                                   bool now)
{
    namesakes w = {at, ids, one, one->at[RECORD_IDS], NULL, 0, now};
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

static void countries_add(text *to, const char *countries)
{
    const char *item = NULL;
    size_t len = 0;
    while (text_next(&countries, ' ', &item, &len))
        if (!text_has_word(text_get(to), item, len))
            text_join(to, " ", item, len);
}

/* The later of two days; NULL is none. */
static const char *later_day(const char *one, const char *other)
{
    return one == NULL || (other != NULL && date_day(other) > date_day(one)) ? other : one;
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

/* Whether who left did so in one of the countries; where it is not known in which, it did. */
static bool left_one_of(const record *gone, const char *countries)
{
    const char *left = gone->at[RECORD_COUNTRIES];
    const char *item = NULL;
    size_t len = 0;
    if (left[0] == '\0')
        return true;
    while (text_next(&left, ' ', &item, &len))
        if (text_has_word(countries, item, len))
            return true;
    return false;
}

/* When the party of a record left last, before the old list was made, in one of the countries in
 * which this record is told; NULL: it did not. There it is back. */
static const char *left_of(const matching *m, const leftovers *n, const record *one,
                           const char *countries)
{
    const char *last = NULL;
    const record *r = NULL;
    const list *gone = m->before->gone;
    namesakes w = {gone, &n->gone_ids, one, one->at[RECORD_IDS], NULL, 0, false};
    while (gone != NULL && (r = namesakes_next(&w)) != NULL) {
        if (!left_one_of(r, countries))
            continue;
        countries_add(&m->back_in[r - gone->at], countries);
        last = later_day(last, r->at[RECORD_UPDATED]);
    }
    return last;
}

/* The same of a record that comes, in all lists of the kind. */
static const char *left_of_new(const matching *m, const leftovers *n, const record *one)
{
    const char *countries = one->at[RECORD_COUNTRIES];
    const char *last = left_of(m, n, one, countries);
    const record *r = NULL;
    const list *gone = m->elsewhere->gone;
    namesakes w = {gone, &n->gone_elsewhere, one, one->at[RECORD_IDS], NULL, 0, false};
    while (gone != NULL && (r = namesakes_next(&w)) != NULL)
        if (left_one_of(r, countries))
            last = later_day(last, r->at[RECORD_UPDATED]);
    return last;
}

/* The same of a record that stands: its change ties it to an entry that left. */
static const char *left_of_either(const matching *m, const leftovers *n, const record *before,
                                  const record *after)
{
    const char *one = left_of(m, n, before, after->at[RECORD_COUNTRIES]);
    return later_day(one, left_of(m, n, after, after->at[RECORD_COUNTRIES]));
}

static bool share_id(const record *one, const record *other)
{
    const char *ids = one->at[RECORD_IDS];
    const char *id = NULL;
    size_t len = 0;
    while (text_next(&ids, '\n', &id, &len))
        if (record_id_is_certain(id) && text_has_line(other->at[RECORD_IDS], id, len))
            return true;
    return false;
}

/* One party that leaves and comes on one day is a move: it bears an identifier of both records, or,
 * which is not certain, one that was told earlier of the one that leaves, or its name stands once
 * in each. */
static const record *move_of(const matching *m, const leftovers *n, const record *comes,
                             bool *ret_certain)
{
    const char *name = comes->at[RECORD_NAME];
    size_t gone_count = 0;
    size_t come_count = 0;
    const record *by_ids = record_by_ids(m->before, &n->before_ids, comes, true);
    *ret_certain = by_ids != NULL && share_id(comes, by_ids);
    if (by_ids != NULL)
        return by_ids;
    const entry *gone = directory_find(&n->before, name, strlen(name), &gone_count);
    directory_find(&n->after, name, strlen(name), &come_count);
    if (gone_count != 1 || come_count != 1)
        return NULL;
    const record *r = &m->before->at[gone->record];
    return same_field(r, comes, RECORD_TYPE) && same_field(r, comes, RECORD_AUTHORITY) ? r : NULL;
}

/* ---- which identifiers are of one party -------------------------------------------------- */

/* Who is back is known by all that its entries were told with before they left. */
static int ids_of_gone(matching *m, const leftovers *n, record *back)
{
    const list *gone = m->before->gone;
    const record *r = NULL;
    namesakes w = {gone, &n->gone_ids, back, back->at[RECORD_IDS], NULL, 0, false};
    int result = 0;
    while (result == 0 && gone != NULL && (r = namesakes_next(&w)) != NULL)
        result = record_ids_keep(m->after, back, r, true);
    return result;
}

static int ids_of_new(matching *m, const leftovers *n, record *after)
{
    bool certain = false;
    const record *from = move_of(m, n, after, &certain);
    if (from != NULL && !certain)
        m->moved[from - m->before->at] = true;
    int result = from != NULL ? record_ids_keep(m->after, after, from, true) : 0;
    return result == 0 ? ids_of_gone(m, n, after) : result;
}

/* What is told with a record is of its party: what it was told with, and what a record bears from
 * which it takes over. */
static int ids_take_over(matching *m, const leftovers *n)
{
    int result = 0;
    for (size_t j = 0; j < m->after->count && result == 0; j++) {
        record *after = &m->after->at[j];
        if (m->partner_of_after[j] == 0) {
            result = ids_of_new(m, n, after);
            continue;
        }
        const record *before = &m->before->at[m->partner_of_after[j] - 1];
        result = countries_keep(m->after, after, before);
        if (result == 0)
            result = record_ids_keep(m->after, after, before, false);
    }
    return result;
}

/* Records of several authorities on one party: what is told of it with one is known with all. */
static int ids_share(matching *m)
{
    directory ids = {0};
    bool any = false;
    for (size_t j = 0; j < m->after->count && !any; j++)
        any = record_has_earlier(&m->after->at[j], NULL);
    int result = any ? directory_make(m->after, RECORD_IDS, NULL, &ids) : 0;
    for (size_t j = 0; j < m->after->count && any && result == 0; j++) {
        const char *items = m->after->at[j].at[RECORD_IDS];
        const char *item = NULL;
        size_t len = 0;
        while (result == 0 && record_has_earlier(&m->after->at[j], NULL) &&
               text_next(&items, '\n', &item, &len)) {
            size_t count = 0;
            const entry *found =
                record_id_is_certain(item) ? directory_find(&ids, item, len, &count) : NULL;
            for (size_t k = 0; k < count && result == 0; k++)
                if (found[k].record != j)
                    result = record_ids_keep(m->after, &m->after->at[found[k].record],
                                             &m->after->at[j], false);
        }
    }
    free(ids.at);
    return result;
}

/* The new list's record of a party that leaves under another one takes over its countries and
 * identifiers: it stands for both from now on. */
static int stand_for(matching *m, const record *beside, const record *gone)
{
    record *to = &m->after->at[beside - m->after->at];
    int result = countries_join(m->after, to, to->at[RECORD_COUNTRIES], gone->at[RECORD_COUNTRIES]);
    return result == 0 ? record_ids_keep(m->after, to, gone, true) : result;
}

/* For each record that leaves the one under which its party stands in the new list, index + 1. What
 * one of them hands over may show where another one's party stands. */
static int stays_find(matching *m)
{
    size_t *into = m->stays_as;
    int result = merged_mark(m, into);
    bool found = result == 0;
    for (size_t i = 0; result == 0 && i < m->before->count; i++)
        if (into[i] > 0)
            result = stand_for(m, &m->after->at[into[i] - 1], &m->before->at[i]);
    while (result == 0 && found) {
        directory ids = {0};
        found = false;
        result = ids_share(m);
        if (result == 0)
            result = directory_make(m->after, RECORD_IDS, NULL, &ids);
        for (size_t i = 0; result == 0 && i < m->before->count; i++) {
            const record *beside = m->partner_of_before[i] == 0 && into[i] == 0 && !m->moved[i]
                                       ? record_by_ids(m->after, &ids, &m->before->at[i], false)
                                       : NULL;
            if (beside == NULL)
                continue;
            found = true;
            into[i] = (size_t)(beside - m->after->at) + 1;
            result = stand_for(m, beside, &m->before->at[i]);
        }
        free(ids.at);
    }
    return result;
}

/* ---- steps --------------------------------------------------------------------------- */

/* What did not change is told where its party is tied to an entry that left, by another record. */
static void step_of_both(matching *m, const leftovers *n, const record *before, const record *after)
{
    bool changed = record_changes(before, after) != 0;
    const char *left =
        changed || record_has_earlier(after, before) ? left_of_either(m, n, before, after) : NULL;
    if (changed || left != NULL)
        step_add(m, (step){STEP_AMENDED, before, after, NULL, left});
}

static void steps_of_new(matching *m, const leftovers *n)
{
    bool unused = false;
    for (size_t j = 0; j < m->after->count; j++) {
        const record *after = &m->after->at[j];
        if (m->partner_of_after[j] > 0)
            step_of_both(m, n, &m->before->at[m->partner_of_after[j] - 1], after);
        else
            step_add(m, (step){STEP_IMPOSED, NULL, after, move_of(m, n, after, &unused),
                               left_of_new(m, n, after)});
    }
}

/* The record of the party in another list of the kind, where it stands in the same countries. */
static const record *elsewhere_find(const matching *m, const directory *ids, const record *gone)
{
    namesakes w = {m->elsewhere, ids, gone, gone->at[RECORD_IDS], NULL, 0, false};
    const record *r = NULL;
    do
        r = namesakes_next(&w);
    while (r != NULL && !countries_within(gone->at[RECORD_COUNTRIES], r->at[RECORD_COUNTRIES]));
    return r;
}

static int steps_of_gone(matching *m)
{
    directory ids_elsewhere = {0};
    int result = directory_make(m->elsewhere, RECORD_IDS, NULL, &ids_elsewhere);
    for (size_t i = 0; result == 0 && i < m->before->count; i++) {
        const record *gone = &m->before->at[i];
        if (m->partner_of_before[i] != 0)
            continue;
        const record *beside = m->stays_as[i] > 0 ? &m->after->at[m->stays_as[i] - 1]
                                                  : elsewhere_find(m, &ids_elsewhere, gone);
        step_add(
            m, (step){beside != NULL ? STEP_MAINTAINED : STEP_DELISTED, gone, NULL, beside, NULL});
    }
    free(ids_elsewhere.at);
    return result;
}

/* ---- who has left -------------------------------------------------------------------- */

static int gone_add(list *gone, const record *r, const char *date)
{
    static const record_field kept[] = {RECORD_KEY, RECORD_AUTHORITY, RECORD_COUNTRIES, RECORD_IDS};
    record *one = records_add(gone, 0);
    int result = one != NULL ? record_put(gone, one, RECORD_UPDATED, date) : -ENOMEM;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0] && result == 0; i++)
        result = record_put(gone, one, kept[i], r->at[kept[i]]);
    return result;
}

/* Who left earlier, for the countries in which its party is not back. */
static int gone_keep(list *gone, const record *old, const text *back_in)
{
    char rest[COUNTRIES_BYTES] = "";
    size_t used = 0;
    const char *left = old->at[RECORD_COUNTRIES];
    const char *item = NULL;
    size_t len = 0;
    if (back_in->failed)
        return -ENOMEM;
    while (text_next(&left, ' ', &item, &len))
        if (!text_has_word(text_get(back_in), item, len) && used + len + 2 < sizeof rest)
            used += (size_t)snprintf(rest + used, sizeof rest - used, "%s%.*s", used > 0 ? " " : "",
                                     (int)len, item);
    if (used == 0 && back_in->len > 0)
        return 0;
    int result = gone_add(gone, old, old->at[RECORD_UPDATED]);
    return result == 0 ? record_set(gone, &gone->at[gone->count - 1], RECORD_COUNTRIES, rest, used)
                       : result;
}

/* Those who left earlier, but for who is back or leaves again, and those who leave now. Who moved
 * stands under another key. */
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
        if (d->at[i].kind == STEP_DELISTED && !m->moved[d->at[i].before - m->before->at])
            result = gone_add(gone, d->at[i].before, records_date(m->after));
    if (result == 0)
        result = directory_make(gone, RECORD_KEY, NULL, &leave);
    for (size_t i = 0; old != NULL && i < old->count && result == 0; i++) {
        const char *key = old->at[i].at[RECORD_KEY];
        size_t n = 0;
        const entry *again = directory_find(&leave, key, strlen(key), &n);
        if (n > 0)
            countries_add(&m->back_in[i], gone->at[again->record].at[RECORD_COUNTRIES]);
        result = gone_keep(gone, &old->at[i], &m->back_in[i]);
    }
    free(leave.at);
    return result;
}

static void back_done(matching *m)
{
    for (size_t i = 0; m->back_in != NULL && m->before->gone != NULL && i < m->before->gone->count;
         i++)
        text_done(&m->back_in[i]);
    free(m->back_in);
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
                  .stays_as = calloc(before->count + 1, sizeof(size_t)),
                  .moved = calloc(before->count + 1, sizeof(bool)),
                  .back_in =
                      calloc(before->gone != NULL ? before->gone->count + 1 : 1, sizeof(text)),
                  .result = &d};
    int result = -ENOMEM;
    if (d.at != NULL && m.partner_of_before != NULL && m.partner_of_after != NULL &&
        m.stays_as != NULL && m.moved != NULL && m.back_in != NULL) {
        result = pair_all(&m);
        if (result == 0)
            result = leftovers_make(&m, &n);
        if (result == 0)
            result = ids_take_over(&m, &n);
        if (result == 0)
            result = stays_find(&m);
        /* Who comes before who leaves: of a move nobody ever hears as of a delisting. */
        if (result == 0)
            steps_of_new(&m, &n);
        if (result == 0)
            result = steps_of_gone(&m);
        if (result == 0)
            result = gone_take_over(&m);
    }
    leftovers_done(&n);
    free(m.partner_of_before);
    free(m.partner_of_after);
    free(m.stays_as);
    free(m.moved);
    back_done(&m);
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
