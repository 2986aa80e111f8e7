/*
 * suspect.c - what cannot be right, and what may be right but looks wrong.
 */
#include <string.h>

#include "rules/files/read.h"

/* Fields with a fixed vocabulary: a word outside it is a slip of the pen. */
static const struct vocabulary {
    fact_field field;
    unsigned kinds; /* bits; 0: all */
    const char *words[13];
} vocabularies[] = {
    {FIELD_STATUS, 1u << FACT_PERSON, {"detained", "released", "re-detained", "deported"}},
    {FIELD_STATUS, 0, {"rumoured", "announced", "confirmed"}},
    {FIELD_EFFECT, 0, {"tightening", "relief", "removal", "none"}},
    {FIELD_ACTION,
     0,
     {"proposed", "imposed", "extended", "amended", "reimposed", "eased", "licensed", "suspended", "lifted", "delisted",
      "maintained"}},
    {FIELD_STAGE, 0, {"reported", "demanded", "offered", "promised", "agreed", "denied", "collapsed"}},
    {FIELD_STATE,
     1u << FACT_MEASURE,
     {"proposed", "in_force", "licensed", "suspended", "expired", "delisted", "lifted"}},
    {FIELD_STATE, 1u << FACT_TALLY, {"agrees", "stale", "other-definition", "differs", "not-comparable"}},
    {FIELD_STATE, 0, {"ok", "broken"}},
    {FIELD_FORM,
     0,
     {"pardon", "amnesty", "sentence_served", "parole", "exchange", "deportation", "acquittal", "other"}},
    {FIELD_FORMS,
     0,
     {"pardon", "amnesty", "sentence_served", "parole", "exchange", "deportation", "acquittal", "other"}},
    {FIELD_OF, 0, {"detained", "released"}},
    {FIELD_KIND, 0, {"release", "detention", "sanction", "talks", "tally", "feed"}},
    {FIELD_COUNT_IS, 0, {"exact", "at_least", "about"}},
    {FIELD_COVERS, 0, {"event", "part", "wider"}},
};

static const struct vocabulary *vocabulary_of(fact_kind kind, fact_field field)
{
    for (size_t i = 0; i < sizeof vocabularies / sizeof vocabularies[0]; i++)
        if (vocabularies[i].field == field && (!vocabularies[i].kinds || vocabularies[i].kinds & 1u << kind))
            return &vocabularies[i];
    return NULL;
}

static void suspect_word(reader *r, struct fy_node *node, const char *name, const struct vocabulary *v,
                         struct cel_text word)
{
    size_t count = 0;
    while (count < 13 && v->words[count]) {
        if (strlen(v->words[count]) == word.len && !memcmp(v->words[count], word.data, word.len))
            return;
        count++;
    }
    const char *near = rule_nearest_name(word.data, word.len, v->words, count);
    warn_node(r, node, "where: %s is never \"%.*s\"%s%s%s", name, (int)(word.len < 64 ? word.len : 64), word.data,
              near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void suspect_country(reader *r, struct fy_node *node, struct cel_text word)
{
    if (word.len != 2 || word.data[0] < 'A' || word.data[0] > 'Z' || word.data[1] < 'A' || word.data[1] > 'Z')
        warn_node(r, node, "where: country is never \"%.*s\": it is two upper-case letters",
                  (int)(word.len < 64 ? word.len : 64), word.data);
}

void suspect_where(reader *r, struct fy_node *node, fact_kind kind, const struct cel_program *where)
{
    size_t count;
    bool verdict;
    if (cel_program_constant(where, &verdict) && verdict)
        warn_node(r, node, "where: the condition is always true: every %s is selected", fact_kind_name(kind));
    const struct cel_constraint *all = cel_program_constraints(where, &count);
    for (size_t i = 0; i < count; i++) {
        fact_field field = r->set->kinds[kind].fields[all[i].slot];
        const struct vocabulary *v = vocabulary_of(kind, field);
        size_t values = all[i].value_count < 100 ? all[i].value_count : 100;
        for (size_t j = 0; (v || field == FIELD_COUNTRY) && j < values; j++) {
            if (all[i].values[j].kind != CEL_STRING)
                continue;
            if (v)
                suspect_word(r, node, r->set->kinds[kind].names[all[i].slot], v, all[i].values[j].text);
            else
                suspect_country(r, node, all[i].values[j].text);
        }
    }
}

/* ---- impossible --------------------------------------------------------------------- */

int refuse_impossible(reader *r, struct fy_node *node, const char *what, const struct cel_program *program)
{
    size_t count, offset;
    const char *name;
    bool verdict;
    if (cel_program_constant(program, &verdict) && !verdict)
        return complain_node(r, node, "%s: the condition is never true", what);
    const struct cel_constraint *all = cel_program_constraints(program, &count);
    for (size_t i = 0; i < count; i++)
        if (all[i].value_count == 0)
            return complain_node(r, node, "%s: the condition is never true: an empty list", what);
    if (!r->set->limits.accepted_once && cel_program_contradicts(program, &offset, &name))
        return complain_offset(r, scalar_offset(r, node, offset),
                               "%s: the condition is never true: its parts on %s exclude one another", what, name);
    return 0;
}

/* ---- never, or always ----------------------------------------------------------------- */

static bool reads_only_selections(const rule *one)
{
    size_t count;
    const struct cel_slot *slots = cel_program_slots(one->when, &count);
    for (size_t i = 0; i < count; i++)
        if (slots[i].slot < one->by_count)
            return false;
    return count > 0;
}

/* Whether every fact of some kind gets into a selection, whatever it says and whenever it was. */
static bool selects_all(const rule *one)
{
    for (size_t s = 0; s < one->selections_count; s++) {
        const selection *sel = &one->selections[s];
        if (!sel->where && !sel->has_within && !sel->has_before && !sel->has_ahead)
            return true;
    }
    return false;
}

/* Whether it asks for absence in a group, which is there only while a fact is. */
static bool wants_absence(reader *r, const rule *one)
{
    bool holds = false;
    return one->by_count > 0 && trial_empty(r->set->evaluator, one, &holds) == 0 && holds;
}

#define SEARCH_STEPS 4000
#define SEARCHES_MAX 500 /* of a set: one that is wrong as a whole is told so within seconds */

void suspect_rule(reader *r, struct fy_node *select, struct fy_node *when_node, struct fy_node *until_node,
                  const rule *one)
{
    trial_result found;
    bool absence = wants_absence(r, one);
    /* A selection of which nothing is asked may serve to keep the group. */
    bool keeping = absence || (one->by_count > 0 && !reads_only_selections(one));
    for (size_t s = 0; s < one->selections_count; s++)
        if (!one->selections[s].aggregates && !keeping)
            warn_node(r, selection_name(select, s), "the selection %s is used nowhere", one->selections[s].name);
    if (until_node && one->keep_for_ns)
        warn_node(r, until_node, "until and keep_for: both delay the end of the alert");
    unsigned steps = r->fruitless < SEARCHES_MAX ? SEARCH_STEPS : 0;
    if (!reads_only_selections(one) || trial_run(r->set->evaluator, one, steps, &found) < 0)
        return;
    r->fruitless += !found.held;
    if (!found.held && absence)
        warn_node(r, when_node,
                  "when: true only while a group has no fact, and then it is gone: it never fires. A further selection "
                  "without the window keeps the group, or by: []");
    else if (!found.held)
        warn_node(r, when_node, "when: no values were found for which this is true: can it ever fire?");
    else if (found.held == found.tried)
        warn_node(r, when_node, "when: true for all values that were tried, also without any fact: it always fires");
    else if (found.filled_held == found.filled && selects_all(one))
        warn_node(r, when_node, "when: true as soon as there is a fact: it fires for every fact");
}
