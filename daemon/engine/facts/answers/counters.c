/* counters.c - how much of everything there is, for status. */
#include "facts/answers/write.h"
#include "facts/ledger/ledger.h"

#define PRODUCERS_MOST 10000u /* whoever gives each report a producer of its own needs no list of them */

static uint32_t producers_shown(const facts *f)
{
    return f->producers_count - 1 < PRODUCERS_MOST ? f->producers_count - 1 : PRODUCERS_MOST;
}

/* Those that came first. */
static void write_producers(facts *f, msgpack_packer *out)
{
    write_key(out, "producers");
    msgpack_pack_map(out, producers_shown(f));
    for (uint32_t i = 1; i <= producers_shown(f); i++) {
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
        return 14;
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
    write_uint(out, "memory_bytes", facts_needed(f) - reports_text_bytes(f->reports));
    write_uint(out, "text_bytes", reports_text_bytes(f->reports));
    write_uint(out, "producers_left_out", f->producers_count - 1 - producers_shown(f));
    write_producers(f, out);
    return 14;
}
