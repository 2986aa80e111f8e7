/* marks.c - notes what facts_settle has to look at: entities, incidents, the vague items of a key. */
#include "facts/state/state.h"

void entity_mark(facts *f, uint32_t i)
{
    if (!i)
        return;
    entity *e = &f->entities[i];
    causes_note(f, &e->why);
    e->idle_known = false;
    e->correction = e->correction || f->cause_corrects;
    if (!e->dirty) {
        e->dirty = true;
        add(f, &f->dirty_entities, i);
    }
}

void incident_touch(facts *f, incident *inc)
{
    causes_note(f, &inc->why);
    if (!inc->dirty) {
        inc->dirty = true;
        add(f, &f->dirty_incidents, inc->index);
    }
}

void key_mark_loose(facts *f, uint32_t key_index, span where)
{
    key *k = &f->keys[key_index];
    if (k->loose_changed_count == sizeof k->loose_changed / sizeof *k->loose_changed) {
        k->loose_changed[0] = SPAN_ALL;
        k->loose_changed_count = 1;
    }
    span *last = k->loose_changed_count ? &k->loose_changed[k->loose_changed_count - 1] : NULL;
    if (!last || last->start_ns > where.start_ns || last->end_ns < where.end_ns)
        k->loose_changed[k->loose_changed_count++] = where;
    if (!k->loose_dirty) {
        k->loose_dirty = true;
        add(f, &f->dirty_keys, key_index);
    }
}
