/*
 * why.c - why an alert stands or does not: the condition part by part with the values it read, each
 * selection with its facts and the reports under them, what is missing, and how long the rest holds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packed.h"
#include "rules/answers/growing.h"
#include "rules/answers/listed.h"
#include "rules/set.h"
#include "rules/state.h"

/* ---- what is asked of --------------------------------------------------------------- */

/* A group as it is, or as it would be if a fact were in it. */
typedef struct asked {
    rules *set;
    const char *epoch;
    const engine_explain_query *query;
    rule *rule;
    group *group; /* NULL: no fact is in it, and it has no history */
    const uint8_t *key;
    size_t key_len;
    struct cel_value by[RULES_BY_MAX];
    totals all[RULES_SELECTIONS_MAX];
    scope scope;
} asked;

static int asked_open(asked *a)
{
    a->scope = (scope){.rule = a->rule, .by = a->group ? a->group->by : a->by, .all = a->all};
    return a->group ? totals_read(a->set, a->group, TOTALS_NOW, a->all) : 0;
}

/* ---- conditions --------------------------------------------------------------------- */

typedef struct parts {
    asked *asked;
    growing list, missing;
    bool holds;
    uint32_t read_true; /* selections that true conditions read */
} parts;

static void pack_slots(const struct cel_part *part, msgpack_packer *out)
{
    msgpack_pack_map(out, part->slot_count);
    for (size_t i = 0; i < part->slot_count; i++) {
        pack_text(out, part->slots[i].name);
        if (part->slots[i].value.kind == CEL_ERROR)
            pack_cel_text(out, part->slots[i].value.text);
        else
            pack_cel(out, &part->slots[i].value);
    }
}

/* The instant to which a window that reaches `length` back from now reaches. */
static size_t instant_words(int64_t at_ns, char *text, size_t size)
{
    struct cel_value value = cel_timestamp(at_ns / 1000000000 - (at_ns % 1000000000 < 0), 0);
    return value_words(&value, text, size);
}

/* "a release where count > 3, with occurred_at after 2025-09-01" */
static void need_words(const asked *a, const selection *s, char *text, size_t size)
{
    const kind_fields *fields = &a->set->kinds[s->kind];
    struct cel_text where = s->where ? cel_program_text(s->where) : (struct cel_text){"", 0};
    int64_t now = a->set->now_ns;
    const char *at = "";
    char from[CEL_TIME_TEXT_BYTES] = "", to[CEL_TIME_TEXT_BYTES] = "";
    for (size_t i = 0; i < fields->count; i++)
        if (fields->fields[i] == s->at)
            at = fields->names[i];
    if (now != INT64_MIN && s->has_within)
        instant_words(time_add(now, -s->within_ns), from, sizeof from);
    if (now != INT64_MIN && s->has_ahead)
        instant_words(now, from, sizeof from);
    if (now != INT64_MIN && s->has_before)
        instant_words(time_add(now, -s->before_ns), to, sizeof to);
    if (now != INT64_MIN && s->has_ahead && s->ahead_ns != INT64_MAX)
        instant_words(time_add(now, s->ahead_ns), to, sizeof to);
    bool timed = from[0] || to[0];
    snprintf(text, size, "%s: a %s%s%.*s%s%s%s%s%s%s", s->name, fact_kind_name(s->kind), where.len ? " where " : "",
             (int)(where.len < 500 ? where.len : 500), where.data, timed ? ", with " : "", timed ? at : "",
             from[0] ? " after " : "", from, to[0] ? (s->has_ahead ? " until " : " not after ") : "", to);
}

static uint32_t selections_read(const asked *a, const struct cel_part *part)
{
    uint32_t read = 0;
    for (size_t i = 0; i < part->slot_count; i++)
        for (size_t s = a->rule->selections_count; s-- > 0;)
            if (part->slots[i].slot >= a->rule->selections[s].first_slot) {
                read |= 1u << s;
                break;
            }
    return read;
}

/* When the first fact leaves one of the selections: until then what was read of them stays, if nothing comes. */
static int64_t stays_until(const asked *a, uint32_t read)
{
    int64_t until = INT64_MAX;
    for (size_t s = 0; a->group && s < a->rule->selections_count; s++)
        for (const entry *e = read & 1u << s ? a->group->entries[s] : NULL; e; e = e->next)
            if (e->active && e->to_ns < until)
                until = e->to_ns;
    return until;
}

/* A condition that is false or fails: with which values, and of which facts it would need others. */
static void missing_add(parts *p, const struct cel_part *part, uint32_t read)
{
    growing one, needs;
    grow_open(&one);
    grow_open(&needs);
    pack_cel_text(grow_key(&one, "condition"), part->text);
    if (part->value.kind == CEL_ERROR)
        pack_cel_text(grow_key(&one, "error"), part->value.text);
    pack_slots(part, grow_key(&one, "values"));
    for (size_t s = 0; s < p->asked->rule->selections_count; s++) {
        char text[1024];
        if (!(read & 1u << s))
            continue;
        need_words(p->asked, &p->asked->rule->selections[s], text, sizeof text);
        pack_text(grow_member(&needs), text);
    }
    grow_array(&needs, grow_key(&one, "of"));
    int64_t until = stays_until(p->asked, read);
    if (until != INT64_MAX)
        pack_instant(grow_key(&one, "until"), until);
    grow_map(&one, grow_member(&p->missing));
}

static int on_part(void *context, const struct cel_part *part)
{
    static const char *const kinds[] = {"all", "any", "condition"};
    parts *p = context;
    bool holds = part->value.kind == CEL_BOOL && part->value.boolean;
    growing one;
    grow_open(&one);
    msgpack_pack_unsigned_int(grow_key(&one, "depth"), part->depth);
    grow_text(&one, "kind", kinds[part->kind]);
    pack_cel_text(grow_key(&one, "text"), part->text);
    grow_bool(&one, "holds", holds);
    if (part->value.kind == CEL_ERROR)
        pack_cel_text(grow_key(&one, "error"), part->value.text);
    if (part->kind == CEL_PART_CONDITION) {
        uint32_t read = selections_read(p->asked, part);
        pack_slots(part, grow_key(&one, "values"));
        if (holds)
            p->read_true |= read;
        else
            missing_add(p, part, read);
    }
    grow_map(&one, grow_member(&p->list));
    return 0;
}

static int write_condition(asked *a, const char *key, const struct cel_program *program, growing *out, parts *ret)
{
    growing one;
    bool holds = false;
    *ret = (parts){.asked = a};
    grow_open(&ret->list);
    grow_open(&ret->missing);
    int res = cel_explain(a->set->evaluator, program, scope_resolve, &a->scope, on_part, ret);
    if (res == 0)
        res = scope_holds(a->set, &a->scope, program, &holds);
    bool empty = program == a->rule->when && scope_empty(&a->scope);
    grow_open(&one);
    pack_cel_text(grow_key(&one, "text"), cel_program_text(program));
    ret->holds = holds && !empty;
    grow_bool(&one, "holds", ret->holds);
    if (empty)
        grow_text(&one, "because", "no fact is in any selection of this group");
    grow_array(&ret->list, grow_key(&one, "parts"));
    grow_map(&one, grow_key(out, key));
    return res;
}

/* ---- selections --------------------------------------------------------------------- */

static void window_words(const asked *a, const selection *s, char *text, size_t size)
{
    char length[DURATION_TEXT];
    size_t used = 0;
    text[0] = '\0';
    if (s->has_within)
        used += (size_t)snprintf(text + used, size - used, "within %s", duration_text(s->within_ns, length));
    if (s->has_before)
        used += (size_t)snprintf(text + used, size - used, "%sbefore %s", used ? ", " : "",
                                 duration_text(s->before_ns, length));
    if (s->has_ahead)
        used += (size_t)snprintf(text + used, size - used, "ahead %s",
                                 s->ahead_ns == INT64_MAX ? "none" : duration_text(s->ahead_ns, length));
    const kind_fields *fields = &a->set->kinds[s->kind];
    for (size_t i = 0; used && i < fields->count; i++)
        if (fields->fields[i] == s->at)
            snprintf(text + used, size - used, " (%s)", fields->names[i]);
}

static void write_values(asked *a, size_t s, msgpack_packer *out)
{
    const selection *sel = &a->rule->selections[s];
    growing values;
    grow_open(&values);
    for (uint32_t g = 0; g < AGG_TOTAL; g++) {
        if (!(sel->aggregates & 1u << g) && g != AGG_COUNT)
            continue;
        struct cel_value value = totals_value(&a->all[s], (aggregate)g);
        msgpack_packer *one = grow_key(&values, aggregate_fields[g].name);
        if (value.kind == CEL_ERROR)
            pack_cel_text(one, value.text);
        else
            pack_cel(one, &value);
    }
    grow_map(&values, out);
}

/* The share of one list in an answer that has them all. */
static size_t list_bytes(const asked *a)
{
    return a->query->bytes / (2 * a->rule->selections_count + 1);
}

static void write_selections(asked *a, msgpack_packer *out)
{
    msgpack_pack_array(out, a->rule->selections_count);
    for (size_t s = 0; s < a->rule->selections_count; s++) {
        const selection *sel = &a->rule->selections[s];
        char window[256];
        growing one;
        grow_open(&one);
        grow_text(&one, "name", sel->name);
        grow_text(&one, "kind", fact_kind_name(sel->kind));
        if (sel->where)
            pack_cel_text(grow_key(&one, "where"), cel_program_text(sel->where));
        window_words(a, sel, window, sizeof window);
        if (window[0])
            grow_text(&one, "window", window);
        write_values(a, s, grow_key(&one, "values"));
        for (listed_of of = LISTED_FACTS; of <= LISTED_WAITING; of++)
            listed_write(a->set, a->group, &(listed_place){.of = of, .selection = (uint8_t)s}, list_bytes(a), &one);
        grow_map(&one, out);
    }
}

/* ---- time --------------------------------------------------------------------------- */

static const char *state_word(const asked *a)
{
    static const char *const words[] = {"not firing", "pending", "firing", "kept"};
    return a->group ? words[a->group->state] : words[LIFE_NONE];
}

static void write_times(asked *a, const parts *when, growing *out)
{
    const group *g = a->group;
    if (a->set->now_ns != INT64_MIN)
        pack_instant(grow_key(out, "now"), a->set->now_ns);
    if (g && g->state == LIFE_PENDING) {
        pack_instant(grow_key(out, "since"), g->since_ns);
        pack_instant(grow_key(out, "fires_at"), time_add(g->since_ns, a->rule->for_ns));
    }
    if (g && g->state == LIFE_KEPT)
        pack_instant(grow_key(out, "ends_at"), time_add(g->since_ns, a->rule->keep_for_ns));
    int64_t until = stays_until(a, when->read_true);
    if (until != INT64_MAX)
        pack_instant(grow_key(out, "holds_until"), until);
}

/* ---- the answer --------------------------------------------------------------------- */

static void write_alert(const alert_text *alert, const char *epoch, growing *out)
{
    msgpack_packer *value = grow_key(out, "alert");
    if (alert)
        alert_pack(alert, epoch, value);
    else
        msgpack_pack_nil(value);
}

/* What an alert that has ended stood on when its condition last held. */
static void write_ended(asked *a, const record *r, growing *out)
{
    char text[200] = "this alert has ended: what follows is how its rule and group are now";
    listed_write_ground(a->set, r, &(listed_place){.of = LISTED_STOOD_ON}, list_bytes(a), out);
    if (r->partial)
        snprintf(
            text, sizeof text,
            "this alert has ended; it stood on more than %u facts, which are not recorded: what follows is how its "
            "rule and group are now",
            a->set->limits.recorded_facts);
    grow_text(out, "note", text);
}

/* Only the page of a list that begins there. */
static int write_listed(asked *a, const record *ended, msgpack_packer *out)
{
    listed_place from;
    growing all;
    if (listed_place_read(a->rule, a->query->after, &from) < 0 || (from.of == LISTED_STOOD_ON && !ended))
        return -EBADMSG;
    grow_open(&all);
    grow_text(&all, "rule", a->rule->id);
    msgpack_pack_str_body(grow_key(&all, "group"), a->key, a->key_len);
    if (from.of == LISTED_STOOD_ON) {
        listed_write_ground(a->set, ended, &from, a->query->bytes, &all);
    } else {
        grow_text(&all, "name", a->rule->selections[from.selection].name);
        listed_write(a->set, a->group, &from, a->query->bytes, &all);
    }
    grow_map(&all, out);
    return all.failed ? -ENOMEM : 0;
}

static int write_why(asked *a, const record *ended, msgpack_packer *out)
{
    growing all;
    parts when, until = {0};
    if (a->query->after.len)
        return write_listed(a, ended, out);
    int res = asked_open(a);
    if (res < 0)
        return res;
    grow_open(&all);
    grow_text(&all, "rule", a->rule->id);
    grow_text(&all, "file", a->rule->file ? a->rule->file : "");
    msgpack_pack_unsigned_int(grow_key(&all, "line"), a->rule->line);
    msgpack_pack_str_body(grow_key(&all, "group"), a->key, a->key_len); /* the packed map, as it is */
    grow_text(&all, "state", ended ? thaw_alert_state_name(ended->alert->state) : state_word(a));
    write_alert(ended ? ended->alert : a->group ? a->group->alert : NULL, a->epoch, &all);
    if (ended)
        write_ended(a, ended, &all);
    res = write_condition(a, "when", a->rule->when, &all, &when);
    if (res == 0 && a->rule->until) {
        res = write_condition(a, "until", a->rule->until, &all, &until);
        grow_drop(&until.missing);
    }
    if (when.holds) { /* what is false in it does not matter */
        msgpack_sbuffer_clear(&when.missing.data);
        when.missing.count = 0;
    }
    grow_array(&when.missing, grow_key(&all, "missing"));
    write_times(a, &when, &all);
    write_selections(a, grow_key(&all, "selections"));
    if (res < 0)
        grow_drop(&all);
    else
        grow_map(&all, out);
    return all.failed ? -ENOMEM : res;
}

/* ---- finding what is asked of ------------------------------------------------------- */

static bool is_alert(const alert_text *a, thaw_str id)
{
    return a && strlen(a->id) == id.len && !memcmp(a->id, id.data, id.len);
}

static int alert_in_rule(rules *set, const char *epoch, rule *one, thaw_str id, const engine_explain_query *query,
                         msgpack_packer *out)
{
    for (group *g = one->groups; g; g = g->next) {
        asked a = {.set = set,
                   .epoch = epoch,
                   .query = query,
                   .rule = one,
                   .group = g,
                   .key = (const uint8_t *)g->key,
                   .key_len = g->key_len};
        if (is_alert(g->alert, id))
            return write_why(&a, NULL, out);
        for (const record *r = g->records; r; r = r->next)
            if (is_alert(r->alert, id))
                return write_why(&a, r, out);
    }
    return -ENOENT;
}

/* The alerts of limits have no condition: their title says all. */
static int limit_alert(rules *set, const char *epoch, thaw_str id, const engine_explain_query *query,
                       msgpack_packer *out)
{
    for (group *g = set->limit_rule->groups; g; g = g->next) {
        growing all;
        if (!is_alert(g->alert, id))
            continue;
        if (query->after.len)
            return -EBADMSG;
        grow_open(&all);
        grow_text(&all, "rule", RULES_LIMIT_RULE);
        msgpack_pack_str_body(grow_key(&all, "group"), g->key, g->key_len);
        grow_text(&all, "state", thaw_alert_state_name(g->alert->state));
        write_alert(g->alert, epoch, &all);
        grow_map(&all, out);
        return all.failed ? -ENOMEM : 0;
    }
    return -ENOENT;
}

int rules_write_explain_alert(rules *set, const char *epoch, thaw_str alert, const engine_explain_query *query,
                              msgpack_packer *out)
{
    const char *colon = alert.len ? memchr(alert.data, ':', alert.len) : NULL;
    if (colon && (size_t)(colon - alert.data) == strlen(RULES_LIMIT_RULE) &&
        !memcmp(alert.data, RULES_LIMIT_RULE, strlen(RULES_LIMIT_RULE)))
        return limit_alert(set, epoch, alert, query, out);
    rule *one = colon ? set_find(set, alert.data, (size_t)(colon - alert.data)) : NULL;
    return one ? alert_in_rule(set, epoch, one, alert, query, out) : -ENOENT;
}

static int explain_named(rules *set, const char *epoch, rule *one, const msgpack_object *name, size_t name_len,
                         const engine_explain_query *query, msgpack_packer *out)
{
    asked a = {.set = set, .epoch = epoch, .query = query, .rule = one};
    growing key;
    char *room = malloc(name_len + 1);
    int res = room ? group_named(one, name, room, a.by, &a.group) : -ENOMEM;
    grow_open(&key);
    if (res == 0) {
        group_pack_key(one, a.group ? a.group->by : a.by, &key.out);
        a.key = (const uint8_t *)key.data.data;
        a.key_len = key.data.size;
        res = key.failed ? -ENOMEM : write_why(&a, NULL, out);
    }
    grow_drop(&key);
    free(room);
    return res;
}

int rules_write_explain_rule(rules *set, const char *epoch, thaw_str id, const uint8_t *name, size_t name_len,
                             const engine_explain_query *query, msgpack_packer *out)
{
    static const uint8_t none[] = {0x80};
    rule *one = set_find(set, id.data, id.len);
    msgpack_unpacked group;
    size_t at = 0;
    if (!one)
        return -ENOENT;
    if (!name_len) {
        name = none;
        name_len = sizeof none;
    }
    msgpack_unpacked_init(&group);
    msgpack_unpack_return read = msgpack_unpack_next(&group, (const char *)name, name_len, &at);
    int res = read == MSGPACK_UNPACK_NOMEM_ERROR ? -ENOMEM : -EINVAL;
    if (read == MSGPACK_UNPACK_SUCCESS)
        res = explain_named(set, epoch, one, &group.data, name_len, query, out);
    msgpack_unpacked_destroy(&group);
    return res;
}

size_t rules_by_words(const rules *set, thaw_str id, char *text, size_t size)
{
    const rule *one = set_find(set, id.data, id.len);
    size_t used = (size_t)snprintf(text, size, "%s", one && one->by_count ? "" : "nothing");
    for (size_t i = 0; one && i < one->by_count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 i == 0                  ? ""
                                 : i + 1 < one->by_count ? ", "
                                                         : " and ",
                                 one->by[i]);
    return used;
}
