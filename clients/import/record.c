/*
 * record.c - a list of sanctioned parties.
 */
#include "record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

record *records_add(list *l, uint64_t line)
{
    if (l->count == RECORDS_MAX)
        return NULL;
    if (l->count == l->room) {
        size_t room = l->room > 0 ? 2 * l->room : 256;
        record *larger = reallocarray(l->at, room, sizeof *larger);
        if (larger == NULL)
            return NULL;
        l->at = larger;
        l->room = room;
    }
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
    if (l->raw_count == l->raw_room) {
        size_t room = l->raw_room > 0 ? 2 * l->raw_room : 256;
        char **larger = reallocarray(l->raw, room, sizeof *larger);
        if (larger == NULL)
            return -ENOMEM;
        l->raw = larger;
        l->raw_room = room;
    }
    const char *copy = pool_text(&l->texts, line, len);
    if (copy == NULL)
        return -ENOMEM;
    l->raw[l->raw_count++] = (char *)(size_t)copy;
    return 0;
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

static size_t mentions_collect(const list *l, mention *to)
{
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++) {
        const char *ids = l->at[i].at[RECORD_IDS];
        const char *id = NULL;
        size_t len = 0;
        while (text_next(&ids, '\n', &id, &len)) {
            if (to != NULL)
                to[count] = (mention){l->at[i].at[RECORD_GROUP], id, len, i};
            count++;
        }
    }
    return count;
}

/* Cuts an identifier out of its record's text, in place. */
static void mention_drop(list *l, const mention *m)
{
    record *r = &l->at[m->record];
    char *text = (char *)(size_t)r->at[RECORD_IDS];
    size_t len = strlen(text);
    for (char *at = text; *at != '\0';) {
        size_t item = strcspn(at, "\n");
        if (item == m->len && m->id != NULL && memcmp(at, m->id, item) == 0) {
            size_t cut = item + (at[item] == '\n' ? 1 : 0);
            memmove(at, at + cut, len - (size_t)(at - text) - cut + 1);
            break;
        }
        at += item + (at[item] == '\n' ? 1 : 0);
    }
    len = strlen(text);
    if (len > 0 && text[len - 1] == '\n')
        text[len - 1] = '\0';
}

/* The mentions of one identifier in one group are of one party only if they are of one record. */
static int shared_drop(list *l)
{
    size_t count = mentions_collect(l, NULL);
    if (count < 2)
        return 0;
    mention *all = reallocarray(NULL, count, sizeof *all);
    text copies = {0};
    if (all == NULL)
        return -ENOMEM;
    mentions_collect(l, all);
    qsort(all, count, sizeof *all, mention_compare);
    for (size_t i = 0, end = 0; i < count; i = end) {
        bool shared = false;
        for (end = i + 1; end < count && mention_compare(&all[i], &all[end]) == 0; end++)
            shared |= all[end].record != all[i].record;
        if (!shared)
            for (size_t j = i; j < end; j++)
                all[j].len = 0; /* stays */
    }
    /* What goes is named by a copy: cutting moves the text that it points into. */
    for (size_t i = 0; i < count; i++) {
        if (all[i].len == 0)
            continue;
        text_clear(&copies);
        text_add(&copies, all[i].id, all[i].len);
        all[i].id = pool_text(&l->texts, text_get(&copies), all[i].len);
        if (all[i].id == NULL)
            copies.failed = true;
    }
    for (size_t i = 0; i < count && !copies.failed; i++)
        if (all[i].len > 0)
            mention_drop(l, &all[i]);
    int result = copies.failed ? -ENOMEM : 0;
    text_done(&copies);
    free(all);
    return result;
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
    return shared_drop(l);
}

record *records_find(const list *l, const char *key)
{
    record wanted = {.at = {[RECORD_KEY] = key}};
    return l->count > 0 ? bsearch(&wanted, l->at, l->count, sizeof wanted, record_compare) : NULL;
}

void records_done(list *l)
{
    free(l->at);
    free(l->raw);
    pool_done(&l->texts);
    *l = (list){0};
}
