/*
 * name_sets.c - reports that print the same set of names, whoever prints them, and what stands between reports.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "facts/entities/entities.h"
#include "facts/incidents/name_sets.h"

bool names_string(facts *f, const thaw_event *event, char text[16], thaw_str *ret_string)
{
    thaw_str *names = malloc((event->persons.count + 1u) * sizeof *names);
    if (!names) {
        f->failed = -ENOMEM;
        return false;
    }
    uint32_t count = 0;
    bool whole = true;
    thaw_list list = event->persons;
    thaw_party party;
    while (list.count && thaw_party_next(&list, &party)) {
        whole = whole && party.name.data;
        names[count++] = party.name;
    }
    if (whole && count) {
        qsort(names, count, sizeof *names, str_order);
        XXH128_hash_t h = {0};
        for (uint32_t i = 0; i < count; i++)
            if (i == 0 || !str_equal(names[i - 1], names[i]))
                h = XXH3_128bits_withSeed(names[i].data, names[i].len, h.low64 ^ (h.high64 * 3));
        memcpy(text, &h, 16);
        *ret_string = (thaw_str){text, 16};
    }
    free(names);
    return whole && count;
}

uint32_t names_node(facts *f, const report *r, const thaw_event *event)
{
    char text[16];
    thaw_str string;
    if (!names_string(f, event, text, &string))
        return 0;
    uint32_t scope = scope_index(f, SCOPE_NAMES, f->keys[r->key_index].country, r->key_index, false);
    return scope ? node_find(f, scope, string) : 0;
}

void names_near(facts *f, uint32_t names, int64_t from_ns, int64_t to_ns, number_set *ret_reports)
{
    const node *n = &f->nodes[names];
    for (uint32_t i = node_place(f, n, from_ns, 0); i < n->count; i++) {
        if (report_of(f, n->mentions[i].report)->start_ns > to_ns)
            break;
        set_put(f, ret_reports, n->mentions[i].report);
    }
}

bool is_opposite(const report *a, const report *b)
{
    return (a->kind == THAW_RELEASE && b->kind == THAW_DETENTION) ||
           (a->kind == THAW_DETENTION && b->kind == THAW_RELEASE);
}

bool parted_in(const facts *f, const node *n, const report *r, int64_t from_ns, int64_t to_ns)
{
    for (uint32_t i = node_place(f, n, from_ns, 0); i < n->count; i++) {
        const report *other = report_of(f, n->mentions[i].report);
        if (other->start_ns > to_ns)
            return false;
        if (is_opposite(r, other))
            return true;
    }
    return false;
}
