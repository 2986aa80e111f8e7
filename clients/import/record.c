/*
 * record.c - a list of sanctioned parties.
 */
#include "record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

record *records_add(list *l, uint64_t line)
{
    if (l->count == RECORDS_MAX)
        return NULL;
    if (room_for(&l->at, &l->room, l->count + 1, sizeof *l->at) < 0)
        return NULL;
    record *r = &l->at[l->count++];
    for (size_t i = 0; i < RECORD_FIELDS; i++)
        r->at[i] = "";
    r->line = line;
    return r;
}

static bool is_lines(record_field field)
{
    return field == RECORD_IDS || field == RECORD_OTHER;
}

/* Each line cleaned by itself; what does not fit any more is left out whole. */
static size_t lines_clean(const char *from, size_t len, char *to, size_t room)
{
    size_t out = 0;
    for (size_t at = 0; at < len;) {
        char line[512];
        const char *end = memchr(from + at, '\n', len - at);
        size_t item = end != NULL ? (size_t)(end - (from + at)) : len - at;
        size_t clean = text_clean(from + at, item, line, sizeof line);
        at += item + 1;
        if (clean == 0 || out + clean + 2 > room)
            continue;
        if (out > 0)
            to[out++] = '\n';
        memcpy(to + out, line, clean);
        out += clean;
    }
    return out;
}

int record_set(list *l, record *r, record_field field, const char *text, size_t len)
{
    char clean[RECORD_TEXT_MAX];
    size_t clean_len = is_lines(field) ? lines_clean(text, len, clean, sizeof clean)
                                       : text_clean(text, len, clean, 4096);
    r->at[field] = pool_text(&l->texts, clean, clean_len);
    if (r->at[field] != NULL)
        return 0;
    r->at[field] = "";
    return -ENOMEM;
}

int record_put(list *l, record *r, record_field field, const char *string)
{
    return record_set(l, r, field, string, strlen(string));
}

int records_add_raw(list *l, const char *line, size_t len)
{
    if (room_for(&l->raw, &l->raw_room, l->raw_count + 1, sizeof *l->raw) < 0)
        return -ENOMEM;
    const char *copy = pool_text(&l->texts, line, len);
    if (copy == NULL)
        return -ENOMEM;
    l->raw[l->raw_count++] = (char *)(size_t)copy;
    return 0;
}

static list *list_within(list **place)
{
    if (*place == NULL)
        *place = calloc(1, sizeof **place);
    return *place;
}

list *records_gone(list *l)
{
    return list_within(&l->gone);
}

list *records_claimed(list *l)
{
    return list_within(&l->claimed);
}

const char *records_date(const list *l)
{
    return l->date[0] != '\0' ? l->date : l->fetched;
}

/* ---- finishing ---------------------------------------------------------------------- */

static int record_compare(const void *a, const void *b)
{
    const record *one = a;
    const record *two = b;
    return strcmp(one->at[RECORD_KEY], two->at[RECORD_KEY]);
}

/* One identifier of one record. */
typedef struct mention {
    const char *group, *id;
    size_t len;
    size_t record;
} mention;

static int mention_compare(const void *a, const void *b)
{
    const mention *one = a;
    const mention *two = b;
    size_t len = one->len < two->len ? one->len : two->len;
    int result = memcmp(one->id, two->id, len);
    if (result == 0)
        result = (one->len > two->len) - (one->len < two->len);
    return result != 0 ? result : strcmp(one->group, two->group);
}

enum { CERTAIN = '\0' };

static char mark_of(const char *id)
{
    return (char)(id[0] == RECORD_ID_DOUBT || id[0] == RECORD_ID_EARLIER ? id[0] : CERTAIN);
}

/* The identifiers with one mark, or those that are certain, in order; *ret_count of them. */
static int mentions_collect(const list *l, char mark, mention **ret_mentions, size_t *ret_count)
{
    mention *all = NULL;
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        all = pass == 0 ? NULL : reallocarray(NULL, count + 1, sizeof *all);
        if (pass == 1 && all == NULL)
            return -ENOMEM;
        count = 0;
        for (size_t i = 0; i < l->count; i++) {
            const char *ids = l->at[i].at[RECORD_IDS];
            const char *id = NULL;
            size_t len = 0;
            while (text_next(&ids, '\n', &id, &len)) {
                size_t skip = mark != CERTAIN;
                if (mark_of(id) != mark)
                    continue;
                if (all != NULL)
                    all[count] = (mention){l->at[i].at[RECORD_GROUP], id + skip, len - skip, i};
                count++;
            }
        }
    }
    qsort(all, count, sizeof *all, mention_compare);
    *ret_mentions = all;
    *ret_count = count;
    return 0;
}

bool record_id_is_certain(const char *id)
{
    return mark_of(id) == CERTAIN;
}

/* Marks those identifiers of a record that are among the doubtful ones. */
static int doubt_record(list *l, record *r, const mention *doubtful, size_t count)
{
    text marked = {0};
    bool changed = false;
    const char mark = RECORD_ID_DOUBT;
    const char *ids = r->at[RECORD_IDS];
    mention one = {.group = r->at[RECORD_GROUP]};
    while (text_next(&ids, '\n', &one.id, &one.len)) {
        bool doubt = record_id_is_certain(one.id) &&
                     bsearch(&one, doubtful, count, sizeof one, mention_compare) != NULL;
        text_join(&marked, "\n", &mark, doubt ? 1 : 0);
        text_add(&marked, one.id, one.len);
        changed |= doubt;
    }
    const char *kept = changed ? pool_text(&l->texts, text_get(&marked), marked.len) : "";
    int result = marked.failed || kept == NULL ? -ENOMEM : 0;
    if (changed && result == 0)
        r->at[RECORD_IDS] = kept;
    text_done(&marked);
    return result;
}

static int doubt_all(list *l, const mention *doubtful, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < l->count && result == 0 && count > 0; i++)
        result = doubt_record(l, &l->at[i], doubtful, count);
    return result;
}

static bool is_same_id(const mention *one, const mention *two)
{
    return one->len == two->len && memcmp(one->id, two->id, one->len) == 0;
}

static bool is_person(const list *l, const mention *m)
{
    return strcmp(l->at[m->record].at[RECORD_TYPE], "person") == 0;
}

/* Whether one of several mentions of an identifier is of a person, and another one is not. */
static bool is_of_other_kinds(const list *l, const mention *all, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (is_person(l, &all[i]) != is_person(l, &all[0]))
            return true;
    return false;
}

/* Whether the first mention, of several in one group, is of another record than one of them. */
static bool is_of_other_records(const mention *all, size_t count)
{
    for (size_t i = 1; i < count && mention_compare(&all[i], &all[0]) == 0; i++)
        if (all[i].record != all[0].record)
            return true;
    return false;
}

/* Registers of companies and ships have no people: the number is of one that the person has. */
static bool is_of_company(const mention *m)
{
    static const char *const kinds[] = {"registration:", "lei:", "imo:", "imo-company:"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(m->id, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

/* The mentions of one identifier in one group are of one party only if they are of one record; a
 * person and a company are never one, wherever they stand. */
static int doubt_shared(list *l)
{
    mention *all = NULL;
    size_t count = 0;
    size_t kept = 0;
    int result = mentions_collect(l, CERTAIN, &all, &count);
    for (size_t i = 0, end = 0; i < count; i = end) {
        for (end = i + 1; end < count && is_same_id(&all[i], &all[end]); end++)
            ;
        bool kinds = is_of_other_kinds(l, &all[i], end - i);
        for (size_t j = i; j < end; j++)
            if ((kept == 0 || mention_compare(&all[kept - 1], &all[j]) != 0) &&
                (kinds || is_of_other_records(&all[j], end - j) ||
                 (is_person(l, &all[j]) && is_of_company(&all[j]))))
                all[kept++] = all[j];
    }
    if (result == 0)
        result = doubt_all(l, all, kept);
    free(all);
    return result;
}

/* Numbers that are given to people and things, and not by the list. */
static bool is_number(const mention *m)
{
    static const char *const kinds[] = {"passport:", "national-id:", "tax:"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(m->id, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return is_of_company(m);
}

int records_doubt(list *l, const list *before)
{
    static const char marks[] = {RECORD_ID_DOUBT, RECORD_ID_EARLIER};
    int result = 0;
    for (size_t i = 0; i < sizeof marks && result == 0; i++) {
        mention *all = NULL;
        size_t count = 0;
        size_t kept = 0;
        result = mentions_collect(before, marks[i], &all, &count);
        for (size_t n = 0; result == 0 && n < count; n++)
            if (marks[i] == RECORD_ID_DOUBT ||
                (is_number(&all[n]) &&
                 records_find(l, before->at[all[n].record].at[RECORD_KEY]) != NULL))
                all[kept++] = all[n];
        if (result == 0)
            result = doubt_all(l, all, kept);
        free(all);
    }
    return result;
}

int record_ids_keep(list *l, record *to, const record *from, bool all)
{
    static const char earlier = RECORD_ID_EARLIER;
    text kept = {0};
    const char *ids = from->at[RECORD_IDS];
    const char *id = NULL;
    size_t len = 0;
    text_put(&kept, to->at[RECORD_IDS]);
    size_t own = kept.len;
    while (text_next(&ids, '\n', &id, &len)) {
        char line[512] = {earlier};
        char mark = mark_of(id);
        size_t skip = mark == RECORD_ID_EARLIER;
        if (mark == RECORD_ID_DOUBT || len >= sizeof line - 1)
            continue;
        memcpy(line + 1, id + skip, len - skip);
        size_t line_len = len - skip + 1;
        if (text_has_line(text_get(&kept), line, line_len) ||
            (mark == CERTAIN && !all && text_has_line(text_get(&kept), id, len)))
            continue;
        text_join(&kept, "\n", line, line_len);
    }
    int result = kept.failed ? -ENOMEM : 0;
    if (result == 0 && kept.len > own)
        result = record_set(l, to, RECORD_IDS, text_get(&kept), kept.len);
    text_done(&kept);
    return result;
}

bool record_has_earlier(const record *r, const record *other)
{
    const char *ids = r->at[RECORD_IDS];
    const char *id = NULL;
    size_t len = 0;
    while (text_next(&ids, '\n', &id, &len))
        if (mark_of(id) == RECORD_ID_EARLIER &&
            (other == NULL || !text_has_line(other->at[RECORD_IDS], id, len)))
            return true;
    return false;
}

int records_finish(list *l, const char *file, problem *p)
{
    if (l->count > 1)
        qsort(l->at, l->count, sizeof *l->at, record_compare);
    for (size_t i = 0; i < l->count; i++) {
        if (l->at[i].at[RECORD_KEY][0] == '\0')
            return problem_set(p, file, l->at[i].line, "a record has no key");
        if (i > 0 && record_compare(&l->at[i - 1], &l->at[i]) == 0)
            return problem_set(p, file, l->at[i].line,
                               "record %s stands in the list twice; the other is on line %llu",
                               l->at[i].at[RECORD_KEY], (unsigned long long)l->at[i - 1].line);
    }
    return doubt_shared(l);
}

record *records_find(const list *l, const char *key)
{
    record wanted = {.at = {[RECORD_KEY] = key}};
    return l->count > 0 ? bsearch(&wanted, l->at, l->count, sizeof wanted, record_compare) : NULL;
}

void records_done(list *l)
{
    list *within[] = {l->gone, l->claimed};
    for (size_t i = 0; i < sizeof within / sizeof within[0]; i++) {
        if (within[i] != NULL)
            records_done(within[i]);
        free(within[i]);
    }
    free(l->at);
    free(l->raw);
    pool_done(&l->texts);
    *l = (list){0};
}
