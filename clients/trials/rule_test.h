/*
 * rule_test.h - tests of rules: a story of reports in YAML, told to an engine with a virtual clock,
 * and the alerts that must stand at each point of it. thaw-rules(5) describes the format.
 *
 *   file ─► test ─► step: time moves ─► reports come in as one batch ─► alerts are compared
 */
#ifndef RULE_TEST_H
#define RULE_TEST_H

#include <jansson.h>

#include "screen/screen.h"
#include "trials/replay.h"
#include "trials/yaml_file.h"

/* What came of many files. */
typedef struct rule_test_totals {
    unsigned files, tests, failed;
    unsigned broken; /* files that could not be run to their end: errors were printed */
} rule_test_totals;

/* Runs the tests of one file and prints each that fails, or with json a line for each. `only` NULL:
 * all; else those whose name holds that text. */
void rule_test_file(const char *path, const char *only, bool json, rule_test_totals *totals);

/* ---- between the files that make it ------------------------------------------------- */

/* One difference between what a step expects and what is there. */
typedef struct rule_test_failure {
    const char *problem; /* "missing", "unexpected", "differs" */
    const char *list;    /* "firing", "resolved", "withdrawn", or "" */
    char *alert, *key, *expected, *found;
    int64_t at_ns;
    unsigned line;
} rule_test_failure;

typedef struct rule_test_run {
    yaml_file *file;
    struct fy_node *defaults[2]; /* of the test, of the file; or NULL */
    replay replay;
    engine_clock clock;
    int64_t now_ns;  /* of the story; INT64_MIN: it has no time yet */
    unsigned events; /* so far, for ids that are not given */
    uint64_t seq;    /* of the last change that was compared */
    bool *named;     /* by place in replay.alerts: a step expected it */
    size_t named_count;
    rule_test_failure *failures;
    size_t failures_count;
} rule_test_run;

enum { RULE_TEST_FIRING, RULE_TEST_RESOLVED, RULE_TEST_WITHDRAWN, RULE_TEST_LISTS };

/* rule_test_event.c: an event of the file as MessagePack; false after a complaint. The instant of
 * its reported_at, if it has one, goes to *ret_reported_ns. */
bool rule_test_event(rule_test_run *run, struct fy_node *node, msgpack_sbuffer *out,
                     int64_t *ret_reported_ns);
bool rule_test_time(rule_test_run *run, struct fy_node *node, int64_t *ret_ns);

/* rule_test_expect.c: compares a step's lists (NULL: not given) with the alerts as they are. False
 * after a complaint about the file; differences go to run->failures. */
bool rule_test_expect(rule_test_run *run, struct fy_node *const lists[RULE_TEST_LISTS],
                      unsigned line);
/* Alerts that fired and that no step named. */
bool rule_test_unnamed(rule_test_run *run, unsigned line);
void rule_test_failures_print(const rule_test_run *run, const screen *s);
json_t *rule_test_failures_json(const rule_test_run *run);
void rule_test_failures_free(rule_test_run *run);

#endif
