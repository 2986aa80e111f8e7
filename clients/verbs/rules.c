/*
 * rules.c - thaw rules check and thaw rules test: rule files, without a daemon.
 */
#include "verbs/verb.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arguments.h"
#include "client.h"
#include "rules/rules.h"
#include "trials/rule_test.h"

/* ---- check -------------------------------------------------------------------------- */

static void complaint_json(const rules_complaint *c)
{
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i, s:s, s:s*}", "level", c->warning ? "warning" : "error",
                  "file", c->file, "line", (int)c->line, "column", (int)c->column, "text",
                  c->text != NULL ? c->text : "out of memory", "source", c->source);
    if (object != NULL && json_dumpf(object, stdout, JSON_COMPACT) == 0)
        putchar('\n');
    json_decref(object);
}

static void complaint_print(const rules_complaint *c)
{
    char *text = rules_complaint_text(c);
    fputs(text != NULL ? text : "out of memory\n", stdout);
    free(text);
}

static int check(const char *const paths[], size_t count, bool json)
{
    rules_complaints complaints = {.at = NULL};
    rules *set = NULL;
    int result = rules_load(paths, count, NULL, true, &set, &complaints);
    size_t warnings = complaints.count - complaints.errors;
    for (size_t i = 0; i < complaints.count; i++) {
        if (json)
            complaint_json(&complaints.at[i]);
        else
            complaint_print(&complaints.at[i]);
    }
    if (!json && result == 0)
        printf("%zu rule%s, %zu warning%s\n", rules_count(set), rules_count(set) == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s");
    else if (!json)
        printf("%zu error%s, %zu warning%s\n", complaints.errors, complaints.errors == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s");
    if (result == -ENOMEM)
        complain("rules check: out of memory");
    rules_complaints_done(&complaints);
    rules_free(set);
    return result == 0 ? CLIENT_DONE : CLIENT_NOT_SO;
}

static int verb_check(int argc, char **argv)
{
    const usage u = {
        "rules check", "FILE...",
        "Checks rule files, and of folders the *.yaml in them and below, as one set: errors,\n"
        "with the line and a caret, and warnings of rules that look wrong (never fire, always\n"
        "fire).\n"
        "Exit code 1 where there are errors."};
    bool json = false;
    const argument arguments[] = {{.name = "json",
                                   .type = ARGUMENT_FLAG,
                                   .target = &json,
                                   .help = "an object for each complaint, one a line"}};
    int first = 0, result = 0;
    if (!arguments_parse(&u, arguments, 1, NULL, 1, argc, argc, argv, &first, &result))
        return result;
    return check((const char *const *)argv + first, (size_t)(argc - first), json);
}

/* ---- test --------------------------------------------------------------------------- */

typedef struct testing {
    const char *only;
    bool json;
    rule_test_totals totals;
} testing;

static int is_wanted(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' &&
           (entry->d_type != DT_REG ||
            (len > 10 && strcmp(entry->d_name + len - 10, ".test.yaml") == 0));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* A file, or all *.test.yaml in a folder and the folders below it.
 * NOLINTNEXTLINE(misc-no-recursion) */
static void test_path(testing *t, const char *path, unsigned depth)
{
    struct stat status;
    struct dirent **entries = NULL;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        size_t len = strlen(path);
        if (depth == 0 || (len > 10 && strcmp(path + len - 10, ".test.yaml") == 0))
            rule_test_file(path, t->only, t->json, &t->totals);
        return;
    }
    int count = depth < 8 ? scandir(path, &entries, is_wanted, by_name) : 0;
    for (int i = 0; i < count; i++) {
        char *below = NULL;
        if (asprintf(&below, "%s/%s", path, entries[i]->d_name) >= 0)
            test_path(t, below, depth + 1);
        free(below);
        free(entries[i]);
    }
    free(entries);
}

static int verb_test(int argc, char **argv)
{
    const usage u = {
        "rules test", "FILE...",
        "Runs tests of rules: reports with times, and the alerts that must stand then.\n"
        "Of folders, all *.test.yaml in them and below. thaw-rules(5) tells the format.\n"
        "Exit code 1 where a test fails or cannot be run."};
    testing t = {.only = NULL};
    const argument arguments[] = {{.name = "only",
                                   .type = ARGUMENT_TEXT,
                                   .target = &t.only,
                                   .value = "TEXT",
                                   .help = "tests whose name holds TEXT"},
                                  {.name = "json",
                                   .type = ARGUMENT_FLAG,
                                   .target = &t.json,
                                   .help = "an object for each test, one a line"}};
    int first = 0, result = 0;
    if (!arguments_parse(&u, arguments, 2, NULL, 1, argc, argc, argv, &first, &result))
        return result;
    for (int i = first; i < argc; i++)
        test_path(&t, argv[i], 0);
    if (!t.json)
        printf("%u test%s in %u file%s, %u failed%s\n", t.totals.tests,
               t.totals.tests == 1 ? "" : "s", t.totals.files, t.totals.files == 1 ? "" : "s",
               t.totals.failed, t.totals.broken > 0 ? "; not every file could be run" : "");
    if (t.totals.tests == 0 && t.totals.broken == 0)
        complain("rules test: there is no test in what was given");
    return t.totals.failed + t.totals.broken == 0 && t.totals.tests > 0 ? CLIENT_DONE
                                                                        : CLIENT_NOT_SO;
}

int verb_rules_offline(int argc, char **argv)
{
    return strcmp(argv[1], "check") == 0 ? verb_check(argc - 1, argv + 1)
                                         : verb_test(argc - 1, argv + 1);
}
