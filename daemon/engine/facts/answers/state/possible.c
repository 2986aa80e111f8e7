/* possible.c - persons of a country whose names are close: offered as possibly one, never merged. */
#include "facts/answers/state/lists.h"

#include <stdlib.h>

#include "facts/answers/similar.h"
#include "facts/entities/entities.h"

#define PAIRS_MAX 1000u
#define BYTES_PART 8           /* of memory.bytes: what comparing may take ... */
#define BYTES_LEAST (1u << 20) /* ... and that in any case */

static bool is_person_of(const facts *f, uint32_t i, uint32_t sc)
{
    return f->entities[i].used && f->entities[i].handle && f->entities[i].scope == sc;
}

/* The names of a country's persons, in order: what is cut does not depend on that of the reports. */
static thaw_str *texts_collect(facts *f, const char *code, uint32_t *ret_count)
{
    uint32_t sc = scope_index(f, SCOPE_PERSON, code, 0, false), count = 0, all = 0;
    for (uint32_t i = 1; sc && i < f->entities_count; i++)
        all += is_person_of(f, i, sc);
    thaw_str *texts = all ? malloc(all * sizeof *texts) : NULL;
    if (all && !texts)
        f->failed = -ENOMEM;
    for (uint32_t i = 1; texts && i < f->entities_count; i++)
        if (is_person_of(f, i, sc))
            texts[count++] = entity_name(f, i);
    if (count)
        qsort(texts, count, sizeof *texts, str_order);
    *ret_count = count;
    return texts;
}

/* As many of them as half of the bytes hold, to be compared. */
static named *names_make(facts *f, const thaw_str texts[], uint32_t all, size_t bytes, uint32_t *ret_count)
{
    const size_t fit = bytes / 2 / sizeof(named);
    uint32_t count = all < fit ? all : (uint32_t)fit;
    named *names = count ? malloc(count * sizeof *names) : NULL;
    if (count && !names)
        f->failed = -ENOMEM;
    for (uint32_t i = 0; names && i < count; i++)
        named_make(texts[i], &names[i]);
    *ret_count = count;
    return names;
}

void fill_possible(asked *a, rows *r)
{
    facts *f = a->f;
    const uint64_t part = f->config.bytes_max / BYTES_PART;
    const size_t bytes = part > BYTES_LEAST ? part : BYTES_LEAST;
    uint32_t all, compared, count = 0;
    name_pair *pairs = NULL;
    bool more = false;
    thaw_str *texts = texts_collect(f, a->code, &all);
    named *names = names_make(f, texts, all, bytes, &compared);
    free(texts);
    if (names && similar_find(names, compared, PAIRS_MAX, bytes - compared * sizeof *names, &pairs, &count, &more) < 0)
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
    a->possible_cut = more || compared < all;
}
