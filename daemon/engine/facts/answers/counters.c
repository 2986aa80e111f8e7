/* counters.c - how much of everything there is, for status. */
#include "facts/answers/write.h"
#include "facts/ledger/ledger.h"

static void write_producers(facts *f, msgpack_packer *out)
{
    write_key(out, "producers");
    msgpack_pack_map(out, f->producers_count - 1);
    for (uint32_t i = 1; i < f->producers_count; i++) {
        const producer *p = &f->producers[i];
        write_str(out, symbols_get(f->symbols, p->name));
        msgpack_pack_map(out, 3);
        write_uint(out, "seq", p->count ? p->ranges[p->count - 1].last : 0);
        write_uint(out, "holes", producer_holes(p));
        write_uint(out, "repeats", p->repeats);
    }
}

uint32_t facts_write_counters(facts *f, msgpack_packer *out)
{
    const uint32_t *n = f->handled;
    if (!out)
        return 13;
    write_uint(out, "reports", reports_count(f->reports));
    write_uint(out, "living", f->living);
    write_uint(out, "duplicates", f->duplicates);
    write_uint(out, "conflicts", f->conflicts);
    write_uint(out, "incidents", n[FACT_RELEASE] + n[FACT_DETENTION] + n[FACT_SANCTION] + n[FACT_TALKS]);
    write_uint(out, "measures", n[FACT_MEASURE]);
    write_uint(out, "persons", n[FACT_PERSON]);
    write_uint(out, "tallies", n[FACT_TALLY]);
    write_uint(out, "feeds", n[FACT_FEED]);
    write_uint(out, "countries", f->countries_count - 1);
    write_uint(out, "memory_bytes", reports_bytes(f->reports) + f->held + f->kept);
    write_uint(out, "text_bytes", reports_text_bytes(f->reports));
    write_producers(f, out);
    return 13;
}
