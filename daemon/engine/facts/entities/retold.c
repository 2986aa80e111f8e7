/*
 * retold.c - persons told by their printed names alone, where their report is revised.
 *
 * Such a person is known by its place in the report and by nothing else, so that the revision names another. But who
 * bears the same name in it is who was meant: what was said of the one is said of the other from now on.
 */
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "facts/entities/entities.h"
#include "facts/entities/mentions.h"

/* A person of a report, by name; the second of a name is another person. */
typedef struct printed {
    uint64_t name, node; /* hashes */
    uint32_t party;
} printed;

static int printed_order(const void *a_, const void *b_)
{
    const printed *a = a_, *b = b_;
    if (a->name != b->name)
        return a->name < b->name ? -1 : 1;
    return (a->party > b->party) - (a->party < b->party);
}

/* Those with a name; `bare`: and without ids. */
static uint32_t printed_read(const report *r, uint32_t scope, thaw_list persons, bool bare, printed *all)
{
    uint32_t count = 0;
    thaw_party party;
    strings s;
    for (uint32_t i = 0; persons.count && thaw_party_next(&persons, &party); i++) {
        if (!party.name.data || (bare && party.ids.count))
            continue;
        person_strings(&s, r, i, &party);
        all[count++] = (printed){XXH3_64bits(party.name.data, party.name.len), node_hash(scope, s.at[0]), i};
    }
    if (count > 1)
        qsort(all, count, sizeof *all, printed_order);
    return count;
}

static void printed_match(facts *f, const printed *before, uint32_t before_count, const printed *after,
                          uint32_t after_count)
{
    for (uint32_t i = 0, j = 0; i < before_count && j < after_count;) {
        if (before[i].name == after[j].name)
            node_note_retold(f, before[i++].node, after[j++].node);
        else if (before[i].name < after[j].name)
            i++;
        else
            j++;
    }
}

void persons_retold(facts *f, uint32_t number, uint32_t by)
{
    thaw_event old, now;
    report_event(f->reports, report_of(f, number), &old);
    if (!old.persons.count)
        return;
    report_event(f->reports, report_of(f, by), &now);
    uint32_t scope = report_scope(f, report_of(f, number), &old, false);
    if (!scope || !now.persons.count || scope != report_scope(f, report_of(f, by), &now, false))
        return;
    printed *before = calloc((size_t)old.persons.count + now.persons.count, sizeof *before);
    if (!before) {
        f->failed = -ENOMEM;
        return;
    }
    printed *after = before + old.persons.count;
    uint32_t bare = printed_read(report_of(f, number), scope, old.persons, true, before);
    if (bare)
        printed_match(f, before, bare, after, printed_read(report_of(f, by), scope, now.persons, false, after));
    free(before);
}
