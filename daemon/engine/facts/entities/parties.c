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

static void scope_tear(facts *f, uint32_t scope, const numbers *strings)
{
    for (uint32_t i = 0; i < strings->count; i++) {
        uint32_t n = node_living(f, scope, strings->at[i]);
        if (n && f->entities[f->nodes[n].entity].nodes.count > 1)
            entity_tear(f, f->nodes[n].entity);
    }
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

/* The mention of a party, for all authorities. What it ties, or no longer does, is looked at when all of the report's
 * mentions are there, or gone: parties of one report may be one. */
static void party_each(facts *f, const char country_code[2], const strings *s, mention m, mention_fn on_mention)
{
    uint32_t all = scope_index(f, SCOPE_PARTY, country_code, 0, true);
    uint32_t node_ = on_mention(f, all, s->at, s->count, m, true);
    if (!node_)
        node_ = node_find(f, all, s->at[0]);
    add(f, &f->parties_met, node_);
    if (s->count > 1)
        add(f, &f->parties_tied, node_);
}

/* The parties of nodes, each once, in the place of the nodes. */
static void parties_of(facts *f, numbers *nodes)
{
    for (uint32_t i = 0; i < nodes->count; i++)
        nodes->at[i] = f->nodes[nodes->at[i]].entity;
    numbers_unique(nodes);
}

/* The strings of parties, for each scope of measures: of all together, or of each party by itself. */
static void parties_each(facts *f, const char country_code[2], const numbers *parties, bool together,
                         void (*on_scope)(facts *, uint32_t, const numbers *))
{
    numbers strings = {0};
    for (uint32_t i = 0; i < parties->count; i++) {
        links_strings(f, parties->at[i], &strings);
        if (together && i + 1 < parties->count)
            continue;
        scopes_each(f, country_code, &strings, on_scope);
        strings.count = 0;
    }
    numbers_done(&strings, &f->held);
}

static void parties_forget(facts *f)
{
    f->parties_met.count = f->parties_tied.count = 0;
}

/* All mentions of a sanction came: its parties tie measures. */
static void parties_join(facts *f, const char country_code[2])
{
    parties_of(f, &f->parties_met);
    parties_of(f, &f->parties_tied);
    parties_each(f, country_code, &f->parties_met, false, scope_join);
    parties_each(f, country_code, &f->parties_tied, true, scope_doubt);
}

/* All went: which ids were tied is known until the parties are parted. */
static void parties_part(facts *f, const char country_code[2])
{
    parties_of(f, &f->parties_met);
    parties_of(f, &f->parties_tied);
    numbers were = {0};
    for (uint32_t i = 0; i < f->parties_tied.count; i++)
        links_strings(f, f->parties_tied.at[i], &were);
    parties_each(f, country_code, &f->parties_met, true, scope_tear);
    entities_mend(f, SCOPE_PARTY);
    entities_mend(f, SCOPE_MEASURE);
    scopes_each(f, country_code, &were, scope_doubt);
    numbers_done(&were, &f->held);
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
        parties_join(f, event->country);
        parties_forget(f);
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
    if (event->kind == THAW_SANCTION) {
        (void)objects_each(f, number, event, mention_take, party_each);
        parties_part(f, event->country);
    } else {
        persons_each(f, number, event, mention_take);
        entities_mend(f, SCOPE_PERSON);
    }
    parties_forget(f);
    program_marks(f, number, event);
}
