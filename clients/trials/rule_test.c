/* rule_test.c - files of rule tests, run step by step. */
#include "trials/rule_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_EVENTS_MAX = 1000 };

/* ---- steps -------------------------------------------------------------------------- */

typedef struct batch {
    msgpack_sbuffer data;
    size_t ends[STEP_EVENTS_MAX];
    struct fy_node *nodes[STEP_EVENTS_MAX];
    size_t count;
    rule_test_run *run;
    bool refused;
} batch;

static void on_problem(void *context, size_t index, const char *message)
{
    batch *b = context;
    b->refused = true;
    yaml_complain(b->run->file, b->nodes[index], "event: %s", message);
}

/* Reads the events of a step. Where the step has no time of its own, the first event's reported_at
 * is its time. */
static bool batch_read(batch *b, struct fy_node *node, bool has_time)
{
    void *walk = NULL;
    struct fy_node *one = fy_node_get_type(node) == FYNT_SEQUENCE ? NULL : node;
    while (one != NULL || (one = fy_node_sequence_iterate(node, &walk)) != NULL) {
        int64_t reported_ns;
        if (b->count == STEP_EVENTS_MAX)
            return yaml_complain(b->run->file, one, "more than %d events in one step",
                                 STEP_EVENTS_MAX);
        if (!rule_test_event(b->run, one, &b->data, &reported_ns))
            return false;
        if (!has_time && reported_ns > b->run->now_ns)
            b->run->now_ns = reported_ns;
        b->nodes[b->count] = one;
        b->ends[b->count++] = b->data.size;
        one = NULL;
        if (fy_node_get_type(node) != FYNT_SEQUENCE)
            break;
    }
    if (b->run->now_ns == INT64_MIN)
        return yaml_complain(b->run->file, node,
                             "the first step needs a time: `at`, or an event's reported_at");
    return true;
}

static bool batch_apply(batch *b)
{
    replay_event events[STEP_EVENTS_MAX];
    size_t start = 0;
    for (size_t i = 0; i < b->count; i++) {
        events[i] = (replay_event){(const uint8_t *)b->data.data + start, b->ends[i] - start};
        start = b->ends[i];
    }
    int result = replay_batch(&b->run->replay, events, b->count, b->run->now_ns, on_problem, b);
    if (result < 0)
        yaml_complain(b->run->file, b->nodes[0], "%s", strerror(-result));
    return result == 0 && !b->refused;
}

static bool step_events(rule_test_run *run, struct fy_node *node, bool has_time)
{
    batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return yaml_complain(run->file, node, "out of memory");
    b->run = run;
    msgpack_sbuffer_init(&b->data);
    bool done = batch_read(b, node, has_time) && (b->count == 0 || batch_apply(b));
    msgpack_sbuffer_destroy(&b->data);
    free(b);
    return done;
}

static const char *const step_keys[] = {"at",       "event",     "events", "firing",
                                        "resolved", "withdrawn", NULL};
enum { STEP_AT, STEP_EVENT, STEP_EVENTS, STEP_FIRING };

static bool step_run(rule_test_run *run, struct fy_node *step)
{
    struct fy_node *keys[7];
    if (!yaml_map(run->file, step, "a step", step_keys, keys))
        return false;
    int64_t at_ns = run->now_ns;
    if (keys[STEP_AT] != NULL && !rule_test_time(run, keys[STEP_AT], &at_ns))
        return false;
    if (at_ns < run->now_ns)
        return yaml_complain(run->file, keys[STEP_AT], "at: earlier than the step before");
    run->now_ns = at_ns;
    struct fy_node *events = keys[STEP_EVENT] != NULL ? keys[STEP_EVENT] : keys[STEP_EVENTS];
    if (events != NULL && !step_events(run, events, keys[STEP_AT] != NULL))
        return false;
    if (run->now_ns == INT64_MIN)
        return yaml_complain(run->file, step, "the first step needs a time: `at`");
    /* With the clock of reports a batch moves time by itself; a step's own time still comes. */
    if (run->clock == ENGINE_CLOCK_WALL || keys[STEP_AT] != NULL)
        if (replay_advance(&run->replay, run->now_ns) != 0)
            return yaml_complain(run->file, step, "out of memory");
    return rule_test_expect(run, keys + STEP_FIRING, yaml_line(run->file, step));
}

/* ---- tests -------------------------------------------------------------------------- */

static const char *const file_keys[] = {"rules", "clock", "defaults", "tests", NULL};
enum { FILE_RULES, FILE_CLOCK, FILE_DEFAULTS, FILE_TESTS };
static const char *const test_keys[] = {"test", "clock", "defaults", "steps", NULL};
enum { TEST_NAME, TEST_CLOCK, TEST_DEFAULTS, TEST_STEPS };

static bool clock_read(yaml_file *f, struct fy_node *node, engine_clock *ret_clock)
{
    char *text = node != NULL ? yaml_text(node) : NULL;
    bool good = node == NULL ||
                (text != NULL && (strcmp(text, "wall") == 0 || strcmp(text, "reported") == 0));
    if (node != NULL && good)
        *ret_clock = text[0] == 'w' ? ENGINE_CLOCK_WALL : ENGINE_CLOCK_REPORTED;
    free(text);
    return good || yaml_complain(f, node, "clock: expected wall or reported");
}

typedef struct test_file {
    yaml_file yaml;
    struct fy_node *keys[5];
    char **paths; /* of the rules */
    size_t paths_count;
    engine_clock clock;
} test_file;

static bool steps_run(rule_test_run *run, test_file *f, struct fy_node *keys[5])
{
    rules *set = NULL;
    void *walk = NULL;
    struct fy_node *step;
    bool done = clock_read(&f->yaml, keys[TEST_CLOCK], &run->clock);
    if (done && (keys[TEST_STEPS] == NULL || !yaml_list(&f->yaml, keys[TEST_STEPS], "steps")))
        return keys[TEST_STEPS] == NULL
                   ? yaml_complain(&f->yaml, keys[TEST_NAME], "a test needs `steps`")
                   : false;
    if (!done)
        return false;
    if (replay_rules((const char *const *)f->paths, f->paths_count, &set) != 0)
        return yaml_complain(&f->yaml, f->keys[FILE_RULES], "rules: could not be loaded");
    if (replay_new(run->clock, set, &run->replay) != 0)
        return yaml_complain(&f->yaml, keys[TEST_NAME], "out of memory");
    while (done && (step = fy_node_sequence_iterate(keys[TEST_STEPS], &walk)) != NULL)
        done = step_run(run, step);
    return done && rule_test_unnamed(run, yaml_line(&f->yaml, keys[TEST_NAME]));
}

static void test_report(const rule_test_run *run, const char *name, unsigned line, bool json)
{
    screen s = screen_open(stdout);
    if (json) {
        json_t *all = rule_test_failures_json(run);
        json_t *object =
            json_pack("{s:s, s:i, s:s, s:b, s:o}", "file", run->file->path, "line", (int)line,
                      "test", name, "ok", run->failures_count == 0, "failures", all);
        if (object != NULL && json_dumpf(object, stdout, JSON_COMPACT) == 0)
            putchar('\n');
        json_decref(object);
        return;
    }
    if (run->failures_count == 0)
        return;
    screen_print(&s, COLOUR_RED, "FAIL");
    printf("  %s:%u  %s\n", run->file->path, line, name);
    rule_test_failures_print(run, &s);
}

static bool test_run(test_file *f, struct fy_node *node, const char *only, bool json,
                     rule_test_totals *totals)
{
    struct fy_node *keys[5];
    if (!yaml_map(&f->yaml, node, "a test", test_keys, keys))
        return false;
    char *name = keys[TEST_NAME] != NULL ? yaml_text(keys[TEST_NAME]) : NULL;
    if (name == NULL || name[0] == '\0') {
        free(name);
        return yaml_complain(&f->yaml, node, "a test needs a name: `test: what is shown`");
    }
    rule_test_run run = {.file = &f->yaml,
                         .defaults = {keys[TEST_DEFAULTS], f->keys[FILE_DEFAULTS]},
                         .clock = f->clock,
                         .now_ns = INT64_MIN};
    bool done = true;
    if (only == NULL || strstr(name, only) != NULL) {
        done = steps_run(&run, f, keys);
        totals->tests++;
        totals->failed += done && run.failures_count > 0;
        if (done)
            test_report(&run, name, yaml_line(&f->yaml, node), json);
    }
    replay_done(&run.replay);
    rule_test_failures_free(&run);
    free(run.named);
    free(name);
    return done;
}

/* ---- files -------------------------------------------------------------------------- */

/* Rule files are named relative to the test file. */
static bool add_path(test_file *f, struct fy_node *node)
{
    const char *slash = strrchr(f->yaml.path, '/');
    char *text = yaml_text(node), *path = NULL;
    if (text == NULL || text[0] == '\0') {
        free(text);
        return yaml_complain(&f->yaml, node, "rules: expected the path of a rule file or folder");
    }
    int folder = slash != NULL && text[0] != '/' ? (int)(slash - f->yaml.path) + 1 : 0;
    char **paths = reallocarray(f->paths, f->paths_count + 1, sizeof *paths);
    if (paths != NULL)
        f->paths = paths;
    if (paths != NULL && asprintf(&path, "%.*s%s", folder, f->yaml.path, text) >= 0)
        f->paths[f->paths_count++] = path;
    free(text);
    return paths != NULL && path != NULL;
}

static bool file_read(test_file *f)
{
    void *walk = NULL;
    struct fy_node *item;
    if (!yaml_map(&f->yaml, f->yaml.root, "a test file", file_keys, f->keys))
        return false;
    for (int k = FILE_RULES; k <= FILE_TESTS; k += FILE_TESTS - FILE_RULES)
        if (f->keys[k] == NULL)
            return yaml_complain(&f->yaml, f->yaml.root, "a test file needs `%s`", file_keys[k]);
    if (!clock_read(&f->yaml, f->keys[FILE_CLOCK], &f->clock))
        return false;
    if (fy_node_get_type(f->keys[FILE_RULES]) == FYNT_SCALAR)
        return add_path(f, f->keys[FILE_RULES]);
    if (!yaml_list(&f->yaml, f->keys[FILE_RULES], "rules"))
        return false;
    while ((item = fy_node_sequence_iterate(f->keys[FILE_RULES], &walk)) != NULL)
        if (!add_path(f, item))
            return false;
    return true;
}

void rule_test_file(const char *path, const char *only, bool json, rule_test_totals *totals)
{
    test_file f = {.clock = ENGINE_CLOCK_WALL};
    void *walk = NULL;
    struct fy_node *item;
    unsigned failed = totals->failed, tests = totals->tests;
    bool good = yaml_open(path, &f.yaml) && file_read(&f) &&
                yaml_list(&f.yaml, f.keys[FILE_TESTS], "tests");
    totals->files++;
    while (good && (item = fy_node_sequence_iterate(f.keys[FILE_TESTS], &walk)) != NULL)
        good = test_run(&f, item, only, json, totals);
    totals->broken += !good;
    if (good && !json && totals->failed == failed)
        printf("ok    %s  (%u)\n", path, totals->tests - tests);
    for (size_t i = 0; i < f.paths_count; i++)
        free(f.paths[i]);
    free(f.paths);
    yaml_close(&f.yaml);
}
