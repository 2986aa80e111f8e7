/* parties.c - what a report names comes in with it, and goes with it; a party for all authorities at once. */
#include "facts/entities/entities.h"
#include "facts/entities/mentions.h"
#include "facts/entities/steps.h"

/* Calls for each scope of measures of a country with the strings. */
static void scopes_each(facts *f, const char country_code[2], const numbers *strings,
                        void (*on_scope)(facts *, uint32_t, const numbers *))
{
    for (uint32_t i = 0; strings->count && i < country_of(f, country_code)->scopes.count; i++) {
        uint32_t scope = country_of(f, country_code)->scopes.at[i];
        if (f->scopes[scope].kind == SCOPE_MEASURE)
            on_scope(f, scope, strings);
    }
}

static void scope_join(facts *f, uint32_t scope, const numbers *strings)
{
    uint32_t together = 0;
    for (uint32_t i = 0; i < strings->count; i++) {
        uint32_t n = node_living(f, scope, strings->at[i]);
        if (n)
            together = together ? entities_join(f, together, f->nodes[n].entity) : f->nodes[n].entity;
    }
}

/* Most often one entity is of all of them: it is parted once. */
static void scope_part(facts *f, uint32_t scope, const numbers *strings)
{
    numbers entities = {0};
    for (uint32_t i = 0; i < strings->count; i++) {
        uint32_t n = node_living(f, scope, strings->at[i]);
        if (n && f->entities[f->nodes[n].entity].nodes.count > 1)
            put(f, &entities, f->nodes[n].entity);
    }
    for (uint32_t i = 0; i < entities.count; i++)
        entity_part(f, entities.at[i]);
    numbers_done(&entities, &f->held);
}

/* Who ties ids under one authority says by it what a removal under another removes (still_listed.c). */
static void scope_doubt(facts *f, uint32_t scope, const numbers *strings)
{
    for (uint32_t i = 0; i < strings->count; i++) {
        uint32_t n = node_living(f, scope, strings->at[i]), of = n ? f->nodes[n].entity : 0;
        const entity *e = &f->entities[of];
        if (of && e->nodes.count > 1 && (!e->steps_known || steps_remove(e)))
            entity_mark(f, of);
    }
}

/* The mention of a party, for all authorities: it ties what they name it by, or no longer does. */
static void party_each(facts *f, const char country_code[2], const strings *s, mention m, mention_fn on_mention)
{
    uint32_t all = scope_index(f, SCOPE_PARTY, country_code, 0, true);
    bool takes = on_mention == mention_take;
    numbers strings = {0};
    if (takes)
        links_strings(f, node_find(f, all, s->at[0]), &strings);
    uint32_t node_ = on_mention(f, all, s->at, s->count, m, true);
    if (!takes)
        links_strings(f, node_, &strings);
    scopes_each(f, country_code, &strings, takes ? scope_part : scope_join);
    if (s->count > 1)
        scopes_each(f, country_code, &strings, scope_doubt);
    numbers_done(&strings, &f->held);
}

/* A program that is lifted or extended as a whole: every measure of the authority may be of it. */
static void program_marks(facts *f, uint32_t number, const thaw_event *event)
{
    if (event->kind != THAW_SANCTION || !step_reaches_listed(event->action) || event->targets.count ||
        names_sector(event->sector) || !event->program.data)
        return;
    uint32_t scope = measure_scope(f, report_of(f, number), true);
    for (uint32_t i = 1; i < f->entities_count; i++)
        if (f->entities[i].used && f->entities[i].scope == scope)
            entity_mark(f, i);
}

void parties_enter(facts *f, uint32_t number, const thaw_event *event)
{
    if (event->kind == THAW_SANCTION) {
        /* It is asked for whenever its incident is counted. */
        uint32_t only = objects_each(f, number, event, mention_add, party_each);
        report *r = report_of(f, number);
        r->objects_one = only && r->covers != THAW_PART;
        if (r->objects_one)
            r->object = only;
    } else {
        persons_each(f, number, event, mention_add);
    }
    program_marks(f, number, event);
}

void parties_leave(facts *f, uint32_t number, const thaw_event *event)
{
    if (event->kind == THAW_SANCTION)
        (void)objects_each(f, number, event, mention_take, party_each);
    else
        persons_each(f, number, event, mention_take);
    program_marks(f, number, event);
}
