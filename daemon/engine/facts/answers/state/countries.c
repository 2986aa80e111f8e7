/* countries.c - a line for each country: its totals, and how many measures and persons there are. */
#include "facts/answers/state/lists.h"

#include <errno.h>
#include <stdlib.h>

typedef struct holding {
    uint32_t measures, persons;
} holding;

/* Of all countries in one pass, by their index. */
static holding *holdings_count(facts *f)
{
    holding *of = calloc(f->countries_count, sizeof *of);
    if (!of) {
        f->failed = -ENOMEM;
        return NULL;
    }
    for (uint32_t i = 1; i < f->entities_count; i++) {
        fact_handle handle = f->entities[i].handle;
        if (!handle)
            continue;
        uint32_t country_ = country_find(f, f->scopes[f->entities[i].scope].country);
        of[country_].measures += fact_handle_kind(handle) == FACT_MEASURE;
        of[country_].persons += fact_handle_kind(handle) == FACT_PERSON;
    }
    return of;
}

static void write_line(facts *f, msgpack_packer *out, uint32_t index, const holding *held, const thaw_date *since)
{
    msgpack_pack_map(out, 5);
    write_key(out, "country");
    write_str(out, (thaw_str){f->countries[index].code, 2});
    write_key(out, "released");
    write_people(f, out, index, THAW_RELEASE, since);
    write_key(out, "detained");
    write_people(f, out, index, THAW_DETENTION, since);
    write_uint(out, "measures", held->measures);
    write_uint(out, "persons", held->persons);
}

void write_countries(facts *f, const thaw_date *since, msgpack_packer *out)
{
    holding *of = holdings_count(f);
    rows r;
    rows_begin(&r);
    for (uint32_t i = 1; of && i < f->countries_count; i++) {
        write_line(f, &r.out, i, &of[i], since);
        rows_key_str(&r, (thaw_str){f->countries[i].code, 2});
        rows_end(&r);
    }
    free(of);
    msgpack_pack_map(out, 1);
    write_key(out, "countries");
    rows_write(f, &r, out);
}
