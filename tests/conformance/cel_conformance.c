/* cel_conformance.c: runs a file of conformance cases of the expression language, JSON lines with
 * case, expr, bindings and value or error. Names every case that comes out differently; fails
 * where there is one, or where there was no case at all. */
#include "trials/expr_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    size_t case_count, failure_count;
};

static void report(const json_t *line, const json_t *result, const char *problem)
{
    const char *name = json_string_value(json_object_get(line, "case"));
    const char *text = json_string_value(json_object_get(line, "expr"));
    char *wanted = json_dumps(json_object_get(line, "value"), JSON_COMPACT | JSON_ENCODE_ANY);
    char *found = result != NULL ? json_dumps(result, JSON_COMPACT) : NULL;

    printf("%s: %s\n  expected %s\n  found    %s\n", name != NULL ? name : "?",
           text != NULL ? text : "?", wanted != NULL ? wanted : "an error",
           found != NULL ? found : problem);
    free(wanted);
    free(found);
}

static void run_case(struct tally *tally, const json_t *line)
{
    const json_t *text = json_object_get(line, "expr");
    char problem[160] = "";
    json_t *result = NULL;

    tally->case_count++;
    int r = expr_evaluate(json_string_value(text), json_string_length(text),
                          json_object_get(line, "bindings"), &result, problem, sizeof(problem));
    if (r < 0 || expr_result_matches(result, line) != 1) {
        tally->failure_count++;
        report(line, result, problem);
    }
    json_decref(result);
}

static void run_line(struct tally *tally, const char *data, size_t len)
{
    json_error_t error;
    json_t *line = json_loadb(data, len, JSON_ALLOW_NUL, &error);

    if (json_is_string(json_object_get(line, "expr"))) {
        run_case(tally, line);
    } else {
        tally->failure_count++;
        printf("this is no case: %.*s\n", (int)len, data);
    }
    json_decref(line);
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    char *data = NULL;
    size_t size = 0;
    ssize_t len;

    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: cel_conformance FILE\n");
        return 2;
    }
    while ((len = getline(&data, &size, file)) > 0)
        run_line(&tally, data, (size_t)len);
    free(data);
    fclose(file);
    printf("%zu cases, %zu failures\n", tally.case_count, tally.failure_count);
    return tally.case_count == 0 || tally.failure_count > 0;
}
