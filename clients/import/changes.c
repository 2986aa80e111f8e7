/*
 * changes.c - which fields of a record changed.
 */
#include <stdlib.h>
#include <string.h>

#include "difference.h"

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
