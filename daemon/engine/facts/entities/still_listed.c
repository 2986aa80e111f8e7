/*
 * still_listed.c - a list may have one party twice, by ids that only somebody else ties. When it takes one entry off,
 * the party still stands there by the other: FACTS.md, section 5.
 *
 *      list:  imposed x:1 ... imposed x:2 ... delisted x:1        two records of the list, of which one stands
 *      other: x:1 and x:2 are one party                           so the measure does
 */
#include <stdlib.h>
#include <string.h>

#include "facts/entities/course.h"
#include "facts/entities/steps.h"
#include "facts/entities/still_listed.h"
#include "facts/state/known.h"

/* A mention of the party by a source. */
typedef struct entry {
    mention m;
    uint32_t source;
    uint32_t record; /* entries that the source ties are one record: the index of the first of them (maybe its own) */
} entry;

/* A record comes to stand, or no longer does. */
typedef struct change {
    int64_t at_ns;
    uint32_t record, place; /* place: those of one record stay in order */
    bool stands;
} change;

/* What one source says of a party. */
typedef struct source_records {
    facts *f;
    const entity *measure, *party;
    entry *at; /* sorted by record */
    uint32_t count;
    change *changes;
    uint32_t changes_count, changes_capacity;
    uint32_t record; /* the one that is folded */
} source_records;

/* ---- which of its mentions a source ties ---------------------------------------------- */

typedef struct named {
    uint32_t node, entry;
} named;

static int named_order(const void *a_, const void *b_)
{
    const named *a = a_, *b = b_;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (a->entry > b->entry) - (a->entry < b->entry);
}

static uint32_t record_of(entry *all, uint32_t i)
{
    while (all[i].record != i) {
        all[i].record = all[all[i].record].record;
        i = all[i].record;
    }
    return i;
}

static void records_tie(entry *all, const named *names, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t a = record_of(all, names[i - 1].entry), b = record_of(all, names[i].entry);
        if (names[i].node == names[i - 1].node)
            all[a > b ? a : b].record = a > b ? b : a;
    }
}

/* Whether there are several records; all entries know theirs. */
static bool records_find(source_records *s)
{
    facts *f = s->f;
    numbers nodes = {0};
    named *names = NULL;
    uint32_t capacity = 0, count = 0;
    bool several = false;
    for (uint32_t i = 0; i < s->count && !f->failed; i++) {
        s->at[i].record = i;
        nodes.count = 0;
        mention_nodes(f, s->party->scope, s->at[i].m, &nodes);
        if (array_reserve((void **)&names, &capacity, (size_t)count + nodes.count, sizeof *names, &f->held) < 0)
            f->failed = -ENOMEM;
        for (uint32_t n = 0; n < nodes.count && !f->failed; n++)
            names[count++] = (named){nodes.at[n], i};
    }
    if (count > 1)
        qsort(names, count, sizeof *names, named_order);
    records_tie(s->at, names, count);
    for (uint32_t i = 0; i < s->count; i++)
        several = record_of(s->at, i) || several;
    for (uint32_t i = 0; i < s->count; i++)
        s->at[i].record = record_of(s->at, i);
    array_free((void **)&names, &capacity, sizeof *names, &f->held);
    numbers_done(&nodes, &f->held);
    return several && !f->failed;
}

/* ---- when each of its records stands -------------------------------------------------- */

static bool is_of_measure(const source_records *s, const entry *en)
{
    return measure_scope(s->f, report_of(s->f, en->m.report), false) == s->measure->scope;
}

static void record_turned(void *context, const turn *t, bool stands)
{
    source_records *s = context;
    change last = {.at_ns = t->at_ns};
    if (s->changes_count && s->changes[s->changes_count - 1].record == s->record)
        last = s->changes[s->changes_count - 1];
    if (stands == last.stands)
        return;
    if (array_reserve((void **)&s->changes, &s->changes_capacity, (size_t)s->changes_count + 1, sizeof *s->changes,
                      &s->f->held) < 0) {
        s->f->failed = -ENOMEM;
        return;
    }
    /* a removal of a day comes before a listing of that day, whatever their hours */
    int64_t at_ns = last.at_ns > t->at_ns ? last.at_ns : t->at_ns;
    change *next = &s->changes[s->changes_count];
    *next = (change){at_ns, s->record, s->changes_count, stands};
    s->changes_count++;
}

/* The measure that the reports of the source on one record alone make. */
static void record_fold(source_records *s, const numbers *reports_)
{
    entity alone = *s->measure;
    fold fo = fold_new(s->f, INT64_MAX);
    (void)entity_apart(&alone);
    alone.steps_known = alone.idle_known = true;
    for (uint32_t i = 0; i < reports_->count; i++)
        measure_came(s->f, &alone, reports_->at[i]);
    fo.on_turn = record_turned;
    fo.context = s;
    course_run(&fo, &alone);
    measure_forget(s->f, &alone);
}

static int change_order(const void *a_, const void *b_)
{
    const change *a = a_, *b = b_;
    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static int record_order(const void *a_, const void *b_)
{
    const entry *a = a_, *b = b_;
    return (a->record > b->record) - (a->record < b->record);
}

static void records_fold(source_records *s)
{
    numbers told = {0};
    qsort(s->at, s->count, sizeof *s->at, record_order);
    for (uint32_t i = 0; i < s->count; i++) {
        if (is_of_measure(s, &s->at[i]))
            add(s->f, &told, s->at[i].m.report);
        if (i + 1 < s->count && s->at[i + 1].record == s->at[i].record)
            continue;
        s->record = s->at[i].record;
        record_fold(s, &told);
        told.count = 0;
    }
    if (s->changes_count > 1)
        qsort(s->changes, s->changes_count, sizeof *s->changes, change_order);
    numbers_done(&told, &s->f->held);
}

/* ---- which removals are idle ---------------------------------------------------------- */

typedef struct removal {
    int64_t until_ns;
    measure_step step;
    uint32_t record;
} removal;

static int removal_order(const void *a_, const void *b_)
{
    const removal *a = a_, *b = b_;
    return (a->until_ns > b->until_ns) - (a->until_ns < b->until_ns);
}

/* Goes through the removals of a source in order of time, and counts for each step those that take back a record that
 * was listed while another stands. Who removes by ids that it never listed means the party. */
static void removals_count(source_records *s, const entity *e, removal *all, uint32_t count, uint32_t *idle)
{
    enum { STANDS = 1, STOOD = 2 };
    uint8_t *state = calloc((size_t)s->count + 1, 1); /* of each record */
    uint32_t standing = 0, at = 0;
    if (!state) {
        s->f->failed = -ENOMEM;
        return;
    }
    qsort(all, count, sizeof *all, removal_order);
    for (uint32_t i = 0; i < count; i++) {
        for (; at < s->changes_count && s->changes[at].at_ns < all[i].until_ns; at++) {
            standing = s->changes[at].stands ? standing + 1 : standing - 1;
            state[s->changes[at].record] = s->changes[at].stands ? STANDS | STOOD : STOOD;
        }
        uint32_t place = step_place(s->f, e, &all[i].step);
        uint8_t own = state[all[i].record];
        if ((own & STOOD) && standing > (own & STANDS) && place < e->steps_count)
            idle[place]++;
    }
    free(state);
}

static void source_judge(source_records *s, const entity *e, uint32_t *idle)
{
    removal *all = calloc((size_t)s->count + 1, sizeof *all);
    uint32_t count = 0;
    if (!all)
        s->f->failed = -ENOMEM;
    for (uint32_t i = 0; all && i < s->count; i++)
        if (is_of_measure(s, &s->at[i]) && step_of(s->f, s->at[i].m.report, &all[count].step) &&
            step_removes(&all[count].step))
            count++;
    if (count && records_find(s)) {
        records_fold(s);
        count = 0;
        for (uint32_t i = 0; i < s->count; i++) {
            removal *r = &all[count];
            if (!is_of_measure(s, &s->at[i]) || !step_of(s->f, s->at[i].m.report, &r->step) || !step_removes(&r->step))
                continue;
            r->record = s->at[i].record;
            r->until_ns = step_until(&r->step);
            count++;
        }
        removals_count(s, e, all, count, idle);
    }
    array_free((void **)&s->changes, &s->changes_capacity, sizeof *s->changes, &s->f->held);
    free(all);
}

static int source_order(const void *a_, const void *b_)
{
    const entry *a = a_, *b = b_;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    if (a->m.report != b->m.report)
        return a->m.report < b->m.report ? -1 : 1;
    return (a->m.party > b->m.party) - (a->m.party < b->m.party);
}

/* All mentions of the party, under whatever authority, by source; NULL: no memory. */
static entry *entries_read(facts *f, const entity *party, uint32_t *ret_count)
{
    numbers mentioned = {0}, parties = {0};
    entity_mentions(f, party, &mentioned, &parties);
    entry *all = calloc((size_t)mentioned.count + 1, sizeof *all);
    uint32_t count = 0;
    for (uint32_t i = 0; all && i < mentioned.count; i++)
        if (report_is_read(f, mentioned.at[i]))
            all[count++] = (entry){{mentioned.at[i], parties.at[i]}, report_of(f, mentioned.at[i])->source, 0};
    if (count > 1)
        qsort(all, count, sizeof *all, source_order);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    *ret_count = count;
    return all;
}

void removals_judge(facts *f, entity *e)
{
    steps_learn(f, e);
    if (e->idle_known)
        return;
    e->idle_known = true;
    for (uint32_t i = 0; i < e->steps_count; i++)
        e->steps[i].idle = false;
    if (e->nodes.count < 2 || !steps_remove(e))
        return;
    uint32_t party = measure_party(f, e), count;
    const entity *linked = party ? &f->entities[party] : e;
    entry *all = entries_read(f, linked, &count);
    uint32_t *idle = calloc((size_t)e->steps_count + 1, sizeof *idle);
    if (!all || !idle)
        f->failed = -ENOMEM;
    for (uint32_t i = 0, end; idle && i < count && !f->failed; i = end) {
        for (end = i + 1; end < count && all[end].source == all[i].source;)
            end++;
        source_judge(&(source_records){.f = f, .measure = e, .party = linked, .at = all + i, .count = end - i}, e,
                     idle);
    }
    for (uint32_t i = 0; idle && i < e->steps_count; i++)
        e->steps[i].idle = idle[i] && idle[i] == e->steps[i].reports;
    free(all);
    free(idle);
}

/* ---- what is kept --------------------------------------------------------------------- */

/* Whether one id is in all of some mentions. */
static bool share_an_id(facts *f, uint32_t scope, const entry *all, uint32_t count)
{
    numbers shared = {0}, nodes = {0};
    mention_nodes(f, scope, all[0].m, &shared);
    for (uint32_t i = 1; i < count && shared.count; i++) {
        nodes.count = 0;
        mention_nodes(f, scope, all[i].m, &nodes);
        uint32_t kept = 0;
        for (uint32_t n = 0; n < shared.count; n++)
            if (numbers_hold(&nodes, shared.at[n]))
                shared.at[kept++] = shared.at[n];
        shared.count = kept;
    }
    bool any = shared.count;
    numbers_done(&shared, &f->held);
    numbers_done(&nodes, &f->held);
    return any;
}

void removals_rest_on(facts *f, const entity *party, numbers *reports_)
{
    uint32_t count;
    entry *all = entries_read(f, party, &count);
    if (!all)
        f->failed = -ENOMEM;
    for (uint32_t i = 0, end; all && i < count; i = end) {
        for (end = i + 1; end < count && all[end].source == all[i].source;)
            end++;
        bool shared = share_an_id(f, party->scope, all + i, end - i);
        for (uint32_t j = i; !shared && j < end; j++)
            add(f, reports_, all[j].m.report);
    }
    free(all);
}
