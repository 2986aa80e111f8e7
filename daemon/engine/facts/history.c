#include "clusters.h"
#include "history.h"

#include "write.h"

void history_add(history *h, const turn *t)
{
    h->at[h->turns++ % HISTORY_MAX] = *t;
}

void turn_report(const facts *f, turn *t, uint32_t number)
{
    t->reports++;
    if (!t->report || vote_reported_first(f, number, t->report))
        t->report = number;
}

uint32_t history_kept(const history *h)
{
    return h->turns < HISTORY_MAX ? h->turns : HISTORY_MAX;
}

turn *history_at(history *h, uint32_t n)
{
    return &h->at[(h->turns <= HISTORY_MAX ? n : h->turns + n) % HISTORY_MAX];
}

static void write_turn(facts *f, msgpack_packer *out, const turn *t)
{
    const report *r = t->report ? report_of(f, t->report) : NULL;
    msgpack_pack_map(out, 8);
    write_key(out, "at");
    write_time(out, t->at_ns);
    write_key(out, "action");
    write_text(out, t->action);
    write_key(out, "state");
    write_text(out, t->state);
    write_key(out, "program");
    write_str(out, t->program ? symbols_get(f->symbols, t->program) : (thaw_str){0});
    write_key(out, "expires_at");
    write_time(out, t->ends_ns);
    write_uint(out, "reports", t->reports);
    write_key(out, "source");
    write_str(out, r ? symbols_get(f->symbols, r->source) : (thaw_str){0});
    write_key(out, "id");
    write_str(out, r ? report_id(r) : (thaw_str){0});
}

void write_history(facts *f, msgpack_packer *out, history *h)
{
    uint32_t count = history_kept(h);
    msgpack_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        write_turn(f, out, history_at(h, i));
}
