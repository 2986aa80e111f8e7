/* engine_internal.h - the engine's one object, for the files that answer questions about it. */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "engine.h"
#include "facts/facts.h"
#include "rules/rules.h"

struct engine {
    engine_config config;
    engine_sink sink;
    facts *facts;
    rules *rules; /* NULL: none yet */
    int64_t now_ns;
    uint64_t alert_seq;
    saved_out saved;    /* while it is loaded: the state's bytes */
    size_t saved_lives; /* where in them the lives of the alerts begin */
    bool saved_taken;   /* the facts' part was taken in */
};

/* Gives an alert change its number and hands it on. */
uint64_t engine_on_alert(void *context, const thaw_alert *alert);

#endif
