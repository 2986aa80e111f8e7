/* disputes.c - incidents that need an eye: open, or told differently. */
#include "facts/answers/state/lists.h"

#include <string.h>

static bool is_open(const facts *f, const incident *inc)
{
    const key *k = &f->keys[inc->key_index];
    return (k->kind == THAW_SANCTION && inc->now.announced) ||
           (k->kind != THAW_TALKS && inc->now.status <= THAW_ANNOUNCED && k->kind != THAW_SANCTION);
}
static bool is_disputed(const facts *f, const incident *inc)
{
    (void)f;
    return inc->now.votes.disagrees || inc->now.days == DAYS_DISAGREE;
}

void key_incident(rows *r, const facts *f, const incident *inc)
{
    char id[40];
    incident_id_text(f, inc, id);
    rows_key_time(r, inc->now.dated_by ? inc->now.occurred.start_ns : INT64_MAX);
    rows_key_str(r, (thaw_str){id, (uint32_t)strlen(id)});
}

static void fill_incidents(asked *a, rows *r, bool (*in)(const facts *, const incident *))
{
    facts *f = a->f;
    for (uint32_t i = 1; i < f->incidents_count; i++) {
        incident *inc = f->incidents[i];
        if (!inc || !inc->used || !inc->handle || memcmp(f->keys[inc->key_index].country, a->code, 2) != 0 ||
            !in(f, inc))
            continue;
        write_incident(f, &r->out, inc);
        key_incident(r, f, inc);
        rows_end(r);
    }
}

void fill_open(asked *a, rows *r)
{
    fill_incidents(a, r, is_open);
}

void fill_disagreements(asked *a, rows *r)
{
    fill_incidents(a, r, is_disputed);
}
