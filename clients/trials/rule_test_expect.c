/* rule_test_expect.c - what a step expects against the alerts that are there. */
#include <stdlib.h>
#include <string.h>

#include "forms/pack.h"
#include "screen/layout.h"
#include "screen/words.h"
#include "thaw.h"
#include "trials/rule_test.h"

static const char *const rule_test_lists[] = {"firing", "resolved", "withdrawn", NULL};

enum { CELL_BYTES = 4096 };

/* ---- failures ----------------------------------------------------------------------- */

static void failure_add(rule_test_run *run, const rule_test_failure *like, const char *alert,
                        const char *key, const char *expected, const char *found)
{
    rule_test_failure *more = reallocarray(run->failures, run->failures_count + 1, sizeof *more);
    if (more == NULL)
        return;
    run->failures = more;
    rule_test_failure *f = &more[run->failures_count++];
    *f = *like;
    f->at_ns = run->now_ns;
    f->alert = strdup(alert);
    f->key = key != NULL ? strdup(key) : NULL;
    f->expected = expected != NULL ? strdup(expected) : NULL;
    f->found = found != NULL ? strdup(found) : NULL;
}

void rule_test_failures_free(rule_test_run *run)
{
    for (size_t i = 0; i < run->failures_count; i++) {
        free(run->failures[i].alert);
        free(run->failures[i].key);
        free(run->failures[i].expected);
        free(run->failures[i].found);
    }
    free(run->failures);
    run->failures = NULL;
    run->failures_count = 0;
}

static void failure_print(const rule_test_failure *f, const screen *s)
{
    if (strcmp(f->problem, "missing") == 0) {
        screen_print(s, COLOUR_RED, "    - %s", f->alert);
        fprintf(s->out, "  is expected and not there\n");
    } else if (strcmp(f->problem, "unexpected") == 0) {
        screen_print(s, COLOUR_GREEN, "    + %s", f->alert);
        fprintf(s->out, "  %s  is there and not expected\n", f->found != NULL ? f->found : "");
    } else {
        screen_print(s, COLOUR_YELLOW, "    ~ %s", f->alert);
        fprintf(s->out, "  %s\n        expected  %s\n        found     %s\n", f->key, f->expected,
                f->found);
    }
}

void rule_test_failures_print(const rule_test_run *run, const screen *s)
{
    const rule_test_failure *last = NULL;
    for (size_t i = 0; i < run->failures_count; i++) {
        const rule_test_failure *f = &run->failures[i];
        char at[64] = "";
        if (last == NULL || last->line != f->line || strcmp(last->list, f->list) != 0) {
            words_time(f->at_ns, at, sizeof at);
            fprintf(s->out, "  line %u, at %s%s%s:\n", f->line, at, f->list[0] != '\0' ? ", " : "",
                    f->list);
        }
        failure_print(f, s);
        last = f;
    }
}

json_t *rule_test_failures_json(const rule_test_run *run)
{
    json_t *all = json_array();
    for (size_t i = 0; i < run->failures_count; i++) {
        const rule_test_failure *f = &run->failures[i];
        char at[64];
        words_time(f->at_ns, at, sizeof at);
        json_array_append_new(all, json_pack("{s:i, s:s, s:s, s:s, s:s, s:s*, s:s*, s:s*}", "line",
                                             (int)f->line, "at", at, "list", f->list, "problem",
                                             f->problem, "alert", f->alert, "key", f->key,
                                             "expected", f->expected, "found", f->found));
    }
    return all;
}

/* ---- comparing values --------------------------------------------------------------- */

/* Times may be written in several ways; everything else is compared as text. */
static bool value_equals(const char *key, const char *expected, const msgpack_object *found,
                         char *text)
{
    thaw_date date;
    int64_t at_ns;
    if (found == NULL) {
        snprintf(text, CELL_BYTES, "(none)");
        return strcmp(expected, "none") == 0;
    }
    layout_cell(key, found, text, CELL_BYTES);
    if (found->type == MSGPACK_OBJECT_NIL) {
        snprintf(text, CELL_BYTES, "(none)");
        return strcmp(expected, "none") == 0;
    }
    if (found->type == MSGPACK_OBJECT_EXT && pack_time(found, &at_ns) == 0)
        return thaw_date_parse(expected, strlen(expected), &date) == 0 && date.at_ns == at_ns;
    if (found->type == MSGPACK_OBJECT_BOOLEAN)
        return strcmp(expected, found->via.boolean ? "true" : "false") == 0;
    return strcmp(expected, text) == 0;
}

typedef struct comparing {
    rule_test_run *run;
    rule_test_failure like;
    const replay_alert *alert;
} comparing;

static bool compare_scalar(comparing *c, const char *key, const msgpack_object *found,
                           struct fy_node *node)
{
    char text[CELL_BYTES];
    char *expected = yaml_text(node);
    if (expected == NULL)
        return yaml_complain(c->run->file, node, "%s: expected one value", key);
    if (!value_equals(key, expected, found, text))
        failure_add(c->run, &c->like, c->alert->id, key, expected, text);
    free(expected);
    return true;
}

/* Of a map (values, labels) only the keys that the test names. */
static bool compare_map(comparing *c, const char *key, const msgpack_object *found,
                        struct fy_node *node)
{
    void *walk = NULL;
    struct fy_node_pair *pair;
    bool done = true;
    if (fy_node_get_type(node) != FYNT_MAPPING)
        return yaml_complain(c->run->file, node, "%s: expected a map", key);
    while (done && (pair = fy_node_mapping_iterate(node, &walk)) != NULL) {
        char *name = yaml_text(fy_node_pair_key(pair));
        done = name != NULL && compare_scalar(c, name, found != NULL ? pack_get(found, name) : NULL,
                                              fy_node_pair_value(pair));
        free(name);
    }
    return done;
}

/* A list (reports, sources, because) is compared as a set. */
static bool compare_list(comparing *c, const char *key, const msgpack_object *found,
                         struct fy_node *node)
{
    char cell[CELL_BYTES], text[CELL_BYTES] = "", want[CELL_BYTES] = "";
    void *walk = NULL;
    struct fy_node *item;
    uint32_t count = pack_is_array(found) ? found->via.array.size : 0;
    size_t wanted = 0, hits = 0;
    if (!yaml_list(c->run->file, node, key))
        return false;
    if (count > 0)
        layout_cell(key, found, text, sizeof text);
    while ((item = fy_node_sequence_iterate(node, &walk)) != NULL) {
        char *expected = yaml_text(item);
        if (expected == NULL)
            return yaml_complain(c->run->file, item, "%s: expected SOURCE/ID", key);
        for (uint32_t i = 0; i < count; i++) {
            layout_cell(key, &found->via.array.ptr[i], cell, sizeof cell);
            hits += strcmp(cell, expected) == 0;
        }
        size_t used = strlen(want);
        snprintf(want + used, sizeof want - used, "%s%s", wanted > 0 ? ", " : "", expected);
        wanted++;
        free(expected);
    }
    if (hits != wanted || wanted != count)
        failure_add(c->run, &c->like, c->alert->id, key, want, text);
    return true;
}

/* ---- comparing alerts --------------------------------------------------------------- */

static const char *const alert_keys[] = {"alert",  "severity", "title",   "since",   "values",
                                         "labels", "reports",  "sources", "because", NULL};
enum {
    KEY_ALERT,
    KEY_SEVERITY,
    KEY_TITLE,
    KEY_SINCE,
    KEY_VALUES,
    KEY_LABELS,
    KEY_REPORTS,
    KEY_SOURCES,
    KEY_BECAUSE,
    KEY_COUNT
};

static bool compare_alert(comparing *c, struct fy_node *const keys[KEY_COUNT])
{
    bool done = true;
    for (int k = KEY_SEVERITY; done && k < KEY_COUNT; k++) {
        const msgpack_object *found = pack_get(&c->alert->body, alert_keys[k]);
        if (keys[k] == NULL)
            continue;
        if (k == KEY_VALUES || k == KEY_LABELS)
            done = compare_map(c, alert_keys[k], found, keys[k]);
        else if (k >= KEY_REPORTS)
            done = compare_list(c, alert_keys[k], found, keys[k]);
        else
            done = compare_scalar(c, alert_keys[k], found, keys[k]);
    }
    return done;
}

static bool in_list(const rule_test_run *run, const replay_alert *a, int list)
{
    static const uint8_t states[] = {THAW_FIRING, THAW_RESOLVED, THAW_WITHDRAWN};
    return a->state == states[list] && (list == RULE_TEST_FIRING || a->seq > run->seq);
}

/* Whether text is the pattern, in which a `*` stands for anything. */
static bool matches(const char *pattern, const char *text, size_t len)
{
    const char *star = strchr(pattern, '*');
    size_t head = star != NULL ? (size_t)(star - pattern) : strlen(pattern);
    if (len < head || memcmp(pattern, text, head) != 0)
        return false;
    if (star == NULL)
        return len == head;
    const char *rest = star + 1;
    const char *next = strchr(rest, '*');
    if (next == NULL) { /* the last one: what follows must be the end */
        size_t tail = strlen(rest);
        return len - head >= tail && memcmp(rest, text + len - tail, tail) == 0;
    }
    for (size_t at = head; at <= len; at++)
        if (matches(rest, text + at, len - at))
            return true;
    return false;
}

static bool has_name(const replay_alert *a, const char *name)
{
    return matches(name, a->id, strlen(a->id)) || matches(name, a->id, replay_place_len(a->id));
}

/* Marks alerts that have a place in run->named. */
static bool named_room(rule_test_run *run)
{
    if (run->replay.count <= run->named_count)
        return true;
    bool *named = reallocarray(run->named, run->replay.count, sizeof *named);
    if (named == NULL)
        return yaml_complain(run->file, NULL, "out of memory");
    for (size_t i = run->named_count; i < run->replay.count; i++)
        named[i] = false;
    run->named = named;
    run->named_count = run->replay.count;
    return true;
}

/* One expected alert: a name, or a map with `alert` and what more it must say. */
static bool expect_one(rule_test_run *run, int list, struct fy_node *node, bool taken[],
                       unsigned line)
{
    struct fy_node *keys[KEY_COUNT + 1] = {NULL};
    bool is_name = fy_node_get_type(node) == FYNT_SCALAR;
    if (!is_name && !yaml_map(run->file, node, "an expected alert", alert_keys, keys))
        return false;
    char *name = yaml_text(is_name ? node : keys[KEY_ALERT]);
    if (name == NULL || strchr(name, ':') == NULL) {
        free(name);
        return yaml_complain(run->file, node,
                             "expected an alert, RULE:GROUP or RULE:GROUP:NUMBER; of a group of "
                             "several fields in quotes, \"RULE:BY,US\"");
    }
    comparing c = {.run = run, .like = {.list = rule_test_lists[list], .line = line}};
    bool done = true;
    size_t i = 0;
    while (i < run->replay.count && (taken[i] || !in_list(run, run->replay.alerts[i], list) ||
                                     !has_name(run->replay.alerts[i], name)))
        i++;
    if (i < run->replay.count) {
        taken[i] = run->named[i] = true;
        c.alert = run->replay.alerts[i];
        c.like.problem = "differs";
        done = compare_alert(&c, keys);
    } else {
        c.like.problem = "missing";
        failure_add(run, &c.like, name, NULL, NULL, NULL);
    }
    free(name);
    return done;
}

static void expect_no_others(rule_test_run *run, int list, const bool taken[], unsigned line)
{
    rule_test_failure like = {.problem = "unexpected", .list = rule_test_lists[list], .line = line};
    for (size_t i = 0; i < run->replay.count; i++) {
        const replay_alert *a = run->replay.alerts[i];
        char title[CELL_BYTES] = "";
        if (taken[i] || !in_list(run, a, list))
            continue;
        run->named[i] = true; /* once is enough */
        value_equals("title", "", pack_get(&a->body, "title"), title);
        failure_add(run, &like, a->id, NULL, NULL, title);
    }
}

static bool expect_list(rule_test_run *run, int list, struct fy_node *node, unsigned line)
{
    void *walk = NULL;
    struct fy_node *item;
    if (!yaml_list(run->file, node, rule_test_lists[list]))
        return false;
    bool *taken = calloc(run->replay.count + 1, sizeof *taken);
    bool done = taken != NULL;
    while (done && (item = fy_node_sequence_iterate(node, &walk)) != NULL)
        done = expect_one(run, list, item, taken, line);
    if (done)
        expect_no_others(run, list, taken, line);
    free(taken);
    return done;
}

bool rule_test_expect(rule_test_run *run, struct fy_node *const lists[RULE_TEST_LISTS],
                      unsigned line)
{
    bool done = named_room(run), any = false;
    for (int list = 0; done && list < RULE_TEST_LISTS; list++) {
        any = any || lists[list] != NULL;
        if (lists[list] != NULL)
            done = expect_list(run, list, lists[list], line);
    }
    if (any)
        run->seq = engine_alert_seq(run->replay.engine);
    return done;
}

bool rule_test_unnamed(rule_test_run *run, unsigned line)
{
    rule_test_failure like = {.problem = "unexpected", .list = "", .line = line};
    if (!named_room(run))
        return false;
    for (size_t i = 0; i < run->replay.count; i++) {
        const replay_alert *a = run->replay.alerts[i];
        char text[128] = "fired, at ";
        if (run->named[i])
            continue;
        words_time(a->fired_at_ns, text + strlen(text), sizeof text - strlen(text));
        failure_add(run, &like, a->id, NULL, NULL, text);
    }
    return true;
}
