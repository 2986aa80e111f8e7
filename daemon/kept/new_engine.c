/* new_engine.c - see new_engine.h. */
#include "kept/new_engine.h"

#include <stdio.h>

#include "notify.h"
#include "publisher.h"

int new_engine(thawd *d, engine **ret_engine)
{
    const config *c = &d->config;
    engine_config e = engine_config_default;
    engine_sink sink = {d, publisher_alert, instant_stopwatch_ns, notify_breath};

    e.clock = c->clock;
    e.tolerance_release_ns = c->tolerance_release_ns;
    e.tolerance_detention_ns = c->tolerance_detention_ns;
    e.tolerance_talks_ns = c->tolerance_talks_ns;
    e.tolerance_sanction_ns = c->tolerance_sanction_ns;
    e.reports_max = c->memory_reports_count;
    e.bytes_max = c->memory_bytes;
    snprintf(e.epoch, sizeof(e.epoch), "%s", journal_epoch(d->journal));
    int r = engine_new(&e, &sink, ret_engine);

    if (r == 0)
        engine_unbound(*ret_engine);
    return r;
}
