/* names.c - names by which facts are found again among those made anew. */
#include <stdlib.h>
#include <xxhash.h>

#include "facts/state/state.h"

int facts_name(facts *f, fact_handle handle, int64_t now_ns, saved_out *out)
{
    fact_value id = {0};
    fact_kind kind = fact_handle_kind(handle);
    saved_put_number(out, (uint64_t)kind);
    if (kind == FACT_REPORT) {
        saved_put_number(out, report_seq(f, (uint32_t)handle));
        return out->failed ? -ENOMEM : 0;
    }
    int r = facts_get(f, handle, FIELD_ID, now_ns, &id);
    saved_put_text(out, r == 0 && id.type == FACT_STRING ? id.string.data : "",
                   r == 0 && id.type == FACT_STRING ? id.string.len : 0);
    return out->failed ? -ENOMEM : r == -ENOENT ? 0 : r;
}

struct facts_names {
    facts *f;
    int64_t now_ns;
    fact_handle *handles;
    uint32_t count, capacity;
    hash_index index;
    uint64_t held;
};

static uint64_t name_hash(fact_kind kind, thaw_str id)
{
    return XXH3_64bits_withSeed(id.data, id.len, (uint64_t)kind);
}

static int name_put(void *context, fact_handle handle)
{
    facts_names *names = context;
    fact_value id;
    int r = facts_get(names->f, handle, FIELD_ID, names->now_ns, &id);
    if (r < 0 || id.type != FACT_STRING)
        return r == -ENOENT ? 0 : r;
    if (array_reserve((void **)&names->handles, &names->capacity, (size_t)names->count + 1, sizeof handle,
                      &names->held) < 0)
        return -ENOMEM;
    names->handles[names->count++] = handle;
    return index_put(&names->index, name_hash(fact_handle_kind(handle), id.string), names->count, &names->held);
}

int facts_names_new(facts *f, int64_t now_ns, facts_names **ret_names)
{
    facts_names *names = calloc(1, sizeof *names);
    int r = names ? 0 : -ENOMEM;
    if (names)
        *names = (facts_names){.f = f, .now_ns = now_ns};
    for (int kind = 1; r == 0 && kind < FACT_REPORT; kind++)
        r = facts_each(f, (fact_kind)kind, NULL, name_put, names);
    if (r < 0)
        facts_names_free(names);
    else
        *ret_names = names;
    return r;
}

facts_names *facts_names_free(facts_names *names)
{
    if (!names)
        return NULL;
    free(names->handles);
    index_done(&names->index, &names->held);
    free(names);
    return NULL;
}

fact_handle facts_names_find(const facts_names *names, saved_in *in)
{
    fact_kind kind = (fact_kind)saved_get_number(in);
    if (kind == FACT_REPORT) {
        uint32_t number = report_of_seq(names->f, saved_get_number(in));
        return number && report_of(names->f, number)->told_as_fact ? (uint64_t)FACT_REPORT << 56 | number : 0;
    }
    thaw_str id = saved_get_text(in);
    uint32_t cursor = 0, i;
    while ((i = index_next(&names->index, name_hash(kind, id), &cursor))) {
        fact_value own;
        if (fact_handle_kind(names->handles[i - 1]) == kind &&
            facts_get(names->f, names->handles[i - 1], FIELD_ID, names->now_ns, &own) == 0 && own.type == FACT_STRING &&
            str_equal(own.string, id))
            return names->handles[i - 1];
    }
    return 0;
}
