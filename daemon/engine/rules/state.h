/*
 * state.h - what the files that run rules share.
 */
#ifndef RULES_STATE_H
#define RULES_STATE_H

#include "room.h"
#include "rules/internal.h"

/* Stops at the ends of int64. */
static inline int64_t time_add(int64_t at_ns, int64_t add_ns)
{
    int64_t sum;
    if (__builtin_add_overflow(at_ns, add_ns, &sum))
        return add_ns > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

/* view.c */
void view_open(rules *set, fact_handle handle, int64_t now_ns);
/* The same as it was known when facts_number was `known` (facts_read_known). A fact that is open is not read again
 * unless its of_known is 0: facts may have changed since. */
void view_open_known(rules *set, fact_handle handle, int64_t now_ns, uint64_t known);
const struct cel_value *view_slot(fact_view *v, uint32_t slot);
int view_field(fact_view *v, fact_field field, fact_value *ret_value);
const struct cel_value *view_value(fact_view *v, fact_field field); /* an error or null: it has none */
bool view_time(fact_view *v, fact_field field, int64_t *ret_at_ns);
int view_matches(rules *set, const selection *s, bool *ret_matches); /* `where` of the open fact */
bool view_exhausted(const selection *s);                             /* whether that was given up for its cost */
void view_done(fact_view *v);

/* things.c */
/* What a distinct aggregate counts of the open fact. NULL: no memory. */
const view_things *view_things_of(fact_view *v, aggregate a);
uint64_t view_id_hash(fact_view *v); /* of the fact's id; 0: it has none */

/* dispatch.c */
int dispatch_build(rules *set);
void dispatch_done(rules *set);
/* The atoms whose constants the open fact fits, each once, into set->matched. -ENOMEM. */
int dispatch_match(rules *set);

/* groups.c */
/* Calls on_group for each group that the open fact is in, making those that are new. */
typedef int (*group_fn)(void *context, group *g);
int groups_of_fact(rules *set, rule *one, const selection *s, group_fn on_group, void *context);
int group_get(rules *set, rule *one, const struct cel_value by[], group **ret_group);   /* -ENOSPC: limit */
void group_pack_key(const rule *one, const struct cel_value by[], msgpack_packer *out); /* as a map */
void group_free(rules *set, group *g);
/* Whether the open fact is in a group that is there, by that selection; one that bears another id now is in the group of
 * its old one. -ENOMEM. */
int group_takes(rules *set, const group *g, const selection *s, bool *ret_takes);
bool group_idle(const group *g); /* nothing would be lost with it */
/* Of a rule that groups by `id` the group that has the same values but for the id, which is that of the open fact; NULL:
 * there is none. One fact may bear one id after another. -ENOMEM. */
int group_of_id(rules *set, const group *g, group **ret_group);

/* marks.c */
int group_dirty(rules *set, group *g);                              /* it is evaluated at the end of the round */
int group_correct(group *g, const fact_change *change);             /* notes what corrected it */
int record_touch(rules *set, record *r, const fact_change *change); /* it is reconsidered */

/* named.c */
/* The values of `by` that a map of fields, or the text in ids of alerts, names, and the group that has
 * them; NULL: none. Texts point into name or room, which has as many bytes as a text. -EINVAL. */
int group_named(rule *one, const msgpack_object *name, char *room, struct cel_value by[RULES_BY_MAX],
                group **ret_group);

/* entries.c */
fact_node *node_get(rules *set, fact_handle handle); /* makes it; the caller takes a reference */
fact_node *fact_node_find(const rules *set, fact_handle handle);
void node_release(rules *set, fact_node *node);
/* The open fact as an entry of one selection, not linked to anything. NULL: no memory. */
bool window_over(rules *set, const selection *s); /* the open fact will never be in it again */
entry *entry_new(rules *set, const selection *s, uint8_t index);
void entry_free(rules *set, entry *e);
bool entry_same(const entry *a, const entry *b);
int entry_link(rules *set, entry *e, fact_node *node, group *g, bool correction);
int entry_drop(rules *set, entry *e, bool correction);
int entry_due(rules *set, entry *e); /* its deadline has come */
void group_forget_gone(rules *set, group *g);

/* totals.c */
typedef enum totals_of { TOTALS_NOW, TOTALS_BEFORE, TOTALS_NEWS } totals_of;
void totals_add(totals *t, const entry *e);
void totals_enter(rules *set, group *g, const entry *e); /* into the totals of its group */
void totals_take(rules *set, group *g, const entry *e);
int totals_distinct_add(rules *set, totals *t, uint32_t aggregates, const entry *const entries[], size_t count);
int totals_refresh(rules *set, group *g); /* g->totals say how it is now. -ENOMEM */
/* The totals of all selections of a group, in one of its three states, into all[]. -ENOMEM. */
int totals_read(rules *set, group *g, totals_of which, totals all[]);
struct cel_value totals_value(const totals *t, aggregate a);

/* tally.c */
tally *tally_new(rules *set, const group *g,
                 size_t s); /* NULL: the selection is small, or asks for nothing that needs it */
void tally_free(rules *set, tally *y);
/* One that came, one that went; false: it can no longer tell. */
bool tally_add(tally *y, const entry *e);
bool tally_take(tally *y, const entry *e);
void tally_tell(const tally *y, totals *t); /* extremes and distinct things into totals */

/* condition.c: `when`, `until` and texts over totals. */
typedef struct scope {
    const rule *rule;
    const struct cel_value *by;
    const totals *all;
} scope;
void scope_resolve(void *context, uint32_t slot, struct cel_value *ret);
/* An error makes a condition false. */
int scope_holds(rules *set, const scope *s, const struct cel_program *program, bool *ret_holds);
/* A group is there while a fact is in it, and `when` is false where none is: otherwise it would
 * depend on which facts the group has seen. `by: []` is one group that is always there. */
bool scope_empty(const scope *s);
int scope_render(rules *set, const scope *s, const text_template *t, char **ret_text);
int scope_pack_values(rules *set, const scope *s, msgpack_packer *out);
void pack_cel(msgpack_packer *out, const struct cel_value *value);
void pack_cel_text(msgpack_packer *out, struct cel_text text);
/* Packs into a buffer and knows whether there was memory for all of it. Stays where it is meanwhile. */
typedef struct packing {
    msgpack_packer out;
    msgpack_sbuffer *into;
    bool failed;
} packing;
void packing_begin(packing *p, msgpack_sbuffer *into);
int packing_end(const packing *p); /* 0, or -ENOMEM: what is in the buffer is not whole */
/* At most `max` bytes of what a value says to people. */
size_t value_words(const struct cel_value *value, char *buffer, size_t size);

/* changes.c */
int changes_apply(rules *set);
/* Nothing is noted any more. */
void noted_free(rules *set);
int change_offer(rules *set, fact_handle handle); /* a fact that was there before the rules */
int watch_due(rules *set, watch *w);
void node_end_watches(rules *set, fact_node *node);

/* cost.c */
int64_t cost_begin(const rules *set, cost *c); /* for cost_end */
void cost_end(const rules *set, cost *c, int64_t begun_ns);
uint64_t cost_ns(const cost *c); /* of all of them, estimated */

/* alert_lists.c */
/* The newest facts it rests on, with their reports and sources. -ENOMEM. */
int alert_list(rules *set, group *g, alert_text *a);
/* The reports that corrected it. -ENOMEM. */
int alert_list_causes(rules *set, alert_text *a, const uint64_t causes[], uint32_t count);
void listings_done(rules *set);

/* newest.c */
typedef struct newest newest;
/* The newest facts that are active in the group, in order of time. -ENOMEM. */
int newest_list(group *g, fact_handle all[RULES_LISTED_MAX], size_t *ret_count);
void newest_add(newest *n, const entry *e); /* n may be NULL */
void newest_take(newest *n, const entry *e);
/* Of the entries of a selection that are older than `after` (NULL: of all) the newest, at most max of them, into page[],
 * the newest first. Returns how many there are in all. */
size_t newest_page(const group *g, uint8_t selection, bool active, const entry *after, const entry *page[], size_t max,
                   size_t *ret_count);

/* successors.c: where reports of a fact went in this round. */
int fact_succeeded(rules *set, fact_handle of, const fact_change *by);
void grounds_leave(rules *set, fact_node *gone); /* what is left of it is said by its successors */
void successors_forget(rules *set);              /* the round is over */

/* records.c */
int record_new(rules *set, group *g, record **ret_record);
record *record_alloc(size_t grounds); /* empty, with room for so many. NULL: no memory */
/* One more ground, which takes over the caller's reference to the fact. -ENOMEM. */
int ground_put(rules *set, record *r, fact_node *fact, uint8_t selection);
void ground_take(rules *set, ground *one); /* the last takes its place */
/* It is of another fact, and takes over the caller's reference to that; set: whose fact it was of. */
void ground_move(rules *set, ground *one, fact_node *to);
record *record_free(rules *set, record *r);
void record_forget(rules *set, record *r); /* it becomes mere history: never withdrawn */
void group_keep_record(rules *set, group *g, record *r);

/* reconsider.c */
int record_holds(rules *set, record *r, bool *ret_holds);

/* held.c: what is counted for rules_bytes. What was not counted may be let go all the same. */
void hold_group(rules *set, group *g);
void hold_alert(rules *set, alert_text *a); /* which is whole but for its end; NULL: none */
void hold_record(rules *set, record *r);    /* with its alert; NULL: none */
void hold_life(rules *set, group *g);       /* a group's alert and records, as they were read */
alert_text *alert_let_go(rules *set, alert_text *a);

/* alert_text.c */
alert_text *alert_text_free(alert_text *a);
size_t alert_fit(alert_text *a); /* gives back what its buffers do not need; the bytes that it needs */
thaw_alert alert_view(const alert_text *a); /* all but the epoch; points into *a */
void alert_pack(const alert_text *a, const char *epoch, msgpack_packer *out);
void alert_put(saved_out *out, const alert_text *a); /* NULL: none */
int alert_get(saved_in *in, alert_text **ret_alert);

/* publish.c */
int alert_fire(rules *set, group *g, const totals all[], int64_t since_ns);
int alert_refresh(rules *set, group *g, const totals all[]); /* publishes if something changed */
int alert_end(rules *set, group *g, bool withdrawn);         /* the active one; it becomes a record */
int alert_withdraw_record(rules *set, record *r);
int limit_note(rules *set, rule *one, rule_limit reached); /* told of at the end of the round; -ENOMEM */
int limit_tell(rules *set, rule *one);

/* save.c: what an image is written with, too */
/* The group of that packed key, made if need be. -EBADMSG: it is none of the rule. */
int group_of_key(rules *set, rule *one, thaw_str key, group **ret_group);

/* life.c */
int group_evaluate(rules *set, group *g);
int group_due(rules *set, group *g);

/* evaluate.c */
int evaluate_dirty(rules *set);

/* past.c */
/* What the numbers of an old set leave behind, once its groups know their heirs. -ENOMEM. */
int pasts_inherit(const rules *old, rules *set);
void pasts_done(rules *set);
void pasts_put(const rules *set, saved_out *out);
int pasts_get(rules *set, saved_in *in); /* -EBADMSG, -ENOMEM */

/* live.c */
void set_clear(rules *set); /* drops all state, so that the set is as loaded */
int state_build(rules *set, facts *f, int64_t now_ns);

#endif
