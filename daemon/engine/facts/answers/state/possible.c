/* possible.c - persons of a country whose names are close: offered as possibly one, never merged. */
#include "facts/answers/state/lists.h"

#include <stdlib.h>

#include "facts/answers/similar.h"
#include "facts/entities/entities.h"

#define PAIRS_MAX 1000u

static int name_order(const void *a, const void *b)
{
    return str_compare(((const named *)a)->name, ((const named *)b)->name);
}

/* The names of a country's persons, in order: what is cut does not depend on that of the reports. */
static uint32_t names_collect(facts *f, const char *code, named **ret_names)
{
    uint32_t sc = scope_index(f, SCOPE_PERSON, code, 0, false), count = 0, capacity = 0;
    uint64_t unused = 0;
    *ret_names = NULL;
    for (uint32_t i = 1; sc && i < f->entities_count; i++) {
        if (!f->entities[i].used || !f->entities[i].handle || f->entities[i].scope != sc)
            continue;
        if (array_reserve((void **)ret_names, &capacity, (size_t)count + 1, sizeof **ret_names, &unused) < 0) {
            f->failed = -ENOMEM;
            break;
        }
        named_make(entity_name(f, i), &(*ret_names)[count++]);
    }
    if (count)
        qsort(*ret_names, count, sizeof **ret_names, name_order);
    return count;
}

void fill_possible(asked *a, rows *r)
{
    facts *f = a->f;
    named *names;
    name_pair *pairs = NULL;
    uint32_t names_count = names_collect(f, a->code, &names), count = 0;
    bool more = false;
    if (names && similar_find(names, names_count, PAIRS_MAX, &pairs, &count, &more) < 0)
        f->failed = -ENOMEM;
    for (uint32_t i = 0; names && i < count; i++) {
        msgpack_pack_map(&r->out, 2);
        write_key(&r->out, "person");
        write_str(&r->out, names[pairs[i].first].name);
        write_key(&r->out, "maybe");
        write_str(&r->out, names[pairs[i].second].name);
        rows_key_time(r, i);
        rows_end(r);
    }
    free(pairs);
    free(names);
    a->possible_cut = more;
}
