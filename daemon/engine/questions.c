/* questions.c - what can be asked of the engine. */
#include <errno.h>
#include <stdio.h>

#include "engine_internal.h"
#include "packed.h"

/* A question changes nothing: what it lacked memory for is its own failure, and no later one's. */
static int asked(engine *e, int r)
{
    int failed = facts_read_failed(e->facts);
    return r < 0 ? r : failed;
}

int engine_write_state(engine *e, const engine_state_query *query, msgpack_packer *out)
{
    if (query->at_ns == INT64_MAX)
        return asked(e, facts_write_state(e->facts, query, e->now_ns, out));
    facts *past;
    int r = facts_as_known(e->facts, query->country, query->at_ns, e->config.clock == ENGINE_CLOCK_REPORTED, &past);
    if (r < 0)
        return asked(e, r);
    r = facts_write_state(past, query, query->at_ns, out);
    facts_free(past);
    return asked(e, r);
}

int engine_write_incidents(engine *e, const engine_incidents_query *query, msgpack_packer *out)
{
    return asked(e, facts_write_incidents(e->facts, query, out));
}

int engine_write_explain_incident(engine *e, thaw_str incident, const engine_explain_query *query, msgpack_packer *out)
{
    return asked(e, facts_write_explain(e->facts, incident, query, out));
}

int engine_write_snapshot(engine *e, thaw_str topic, thaw_str after, uint32_t limit, msgpack_packer *out)
{
    return rules_write_snapshot(e->rules, e->config.epoch, e->alert_seq, topic, after, limit, out);
}

int engine_write_rules(engine *e, msgpack_packer *out)
{
    return rules_write_rules(e->rules, out);
}

int engine_write_explain_alert(engine *e, thaw_str alert, const engine_explain_query *query, msgpack_packer *out)
{
    return asked(e, e->rules ? rules_write_explain_alert(e->rules, e->config.epoch, alert, query, out) : -ENOENT);
}

int engine_write_explain_rule(engine *e, thaw_str rule, const uint8_t *group, size_t group_len,
                              const engine_explain_query *query, msgpack_packer *out)
{
    if (!e->rules)
        return -ENOENT;
    return asked(e, rules_write_explain_rule(e->rules, e->config.epoch, rule, group, group_len, query, out));
}

void engine_by_words(const engine *e, thaw_str rule, char *text, size_t size)
{
    if (e->rules)
        rules_by_words(e->rules, rule, text, size);
    else
        snprintf(text, size, "nothing");
}

int engine_write_counters(engine *e, msgpack_packer *out)
{
    msgpack_pack_map(out, facts_write_counters(e->facts, NULL) + 3);
    (void)facts_write_counters(e->facts, out);
    pack_count(out, "rules", e->rules ? rules_count(e->rules) : 0);
    pack_count(out, "alerts_firing", e->rules ? rules_firing(e->rules) : 0);
    pack_count(out, "rules_bytes", e->rules ? rules_bytes(e->rules) : 0);
    return 0;
}
