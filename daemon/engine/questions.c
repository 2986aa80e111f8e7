/* questions.c - what can be asked of the engine's facts. */
#include <errno.h>

#include "engine_internal.h"

int engine_write_state(engine *e, const engine_state_query *query, msgpack_packer *out)
{
    if (query->at_ns == INT64_MAX)
        return facts_write_state(e->facts, query, e->now_ns, out);
    facts *past;
    int r = facts_as_known(e->facts, query->country, query->at_ns, e->config.clock == ENGINE_CLOCK_REPORTED, &past);
    if (r < 0)
        return r;
    r = facts_write_state(past, query, query->at_ns, out);
    facts_free(past);
    return r;
}

int engine_write_incidents(engine *e, const engine_incidents_query *query, msgpack_packer *out)
{
    return facts_write_incidents(e->facts, query, out);
}

int engine_write_explain_incident(engine *e, thaw_str incident, const engine_explain_query *query, msgpack_packer *out)
{
    return facts_write_explain(e->facts, incident, query, out);
}

int engine_write_counters(engine *e, msgpack_packer *out)
{
    msgpack_pack_map(out, facts_write_counters(e->facts, NULL) + 3);
    (void)facts_write_counters(e->facts, out);
    msgpack_pack_str_with_body(out, "rules", 5);
    msgpack_pack_uint64(out, e->rules ? rules_count(e->rules) : 0);
    msgpack_pack_str_with_body(out, "alerts_firing", 13);
    msgpack_pack_uint64(out, e->rules ? rules_firing(e->rules) : 0);
    msgpack_pack_str_with_body(out, "rules_bytes", 11);
    msgpack_pack_uint64(out, e->rules ? rules_bytes(e->rules) : 0);
    return 0;
}
