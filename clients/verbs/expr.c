/*
 * expr.c - thaw expr: evaluates an expression with given variables, or a file of them.
 */
#include "verbs/verb.h"

#include "arguments.h"
#include "client.h"
#include "trials/expr_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 32 << 20 };

struct options {
    const char *file, *bind;
    bool check, json;
    json_t *bindings;
};

/* One line for programs, or the kind and the value for people. */
static int print_result(const struct options *options, const json_t *result)
{
    const json_t *value = json_object_get(result, "value");
    const json_t *shown = value != NULL && !options->json ? value : result;
    size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17);

    if (options->json) {
        if (json_dumpf(shown, stdout, flags & ~(size_t)JSON_COMPACT) < 0)
            return -EIO;
        return putchar('\n') == EOF ? -EIO : 0;
    }
    if (value == NULL) {
        const char *text = json_string_value(json_object_get(result, "error"));
        return printf("error: %s\n", text != NULL ? text : "?") < 0 ? -EIO : 0;
    }
    struct cel_value read;
    char problem[160];
    int r = expr_value_from_json(value, false, &read, problem, sizeof(problem));
    if (r == 0) {
        size_t len = cel_value_format(&read, NULL, 0);
        char *text = malloc(len + 1);
        r = text != NULL ? 0 : -ENOMEM;
        if (r == 0) {
            cel_value_format(&read, text, len + 1);
            r = printf("%s %s\n", cel_kind_name(read.kind), text) < 0 ? -EIO : 0;
        }
        free(text);
    }
    expr_value_clear(&read);
    return r;
}

/* NAME=JSON into the object. */
static int bind_variable(json_t *bindings, const char *argument)
{
    const char *equals = strchr(argument, '=');
    json_error_t error;

    if (equals == NULL || equals == argument) {
        complain("expr: --bind takes NAME=JSON, not '%s'", argument);
        return CLIENT_USAGE;
    }
    json_t *value = json_loads(equals + 1, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (value == NULL) {
        complain("expr: the value of '%.*s' is not JSON: %s (a string needs quotes)",
                 (int)(equals - argument), argument, error.text);
        return CLIENT_USAGE;
    }
    char *name = strndup(argument, (size_t)(equals - argument));
    int r = name != NULL ? json_object_set_new(bindings, name, value) : -1;
    if (name == NULL)
        json_decref(value);
    free(name);
    if (r < 0)
        complain("expr: out of memory");
    return r < 0 ? CLIENT_NOT_SO : CLIENT_DONE;
}

/* Takes --bind out of argv, which may have it many times. */
static int take_bindings(json_t *bindings, int *argc, char **argv)
{
    int kept = 1;

    for (int i = 1; i < *argc; i++) {
        const char *argument = NULL;
        if (strcmp(argv[i], "--") == 0) {
            while (i < *argc)
                argv[kept++] = argv[i++];
            break;
        }
        if (strcmp(argv[i], "--bind") == 0 && i + 1 < *argc)
            argument = argv[++i];
        else if (strncmp(argv[i], "--bind=", 7) == 0)
            argument = argv[i] + 7;
        if (argument == NULL) {
            argv[kept++] = argv[i];
            continue;
        }
        int status = bind_variable(bindings, argument);
        if (status != CLIENT_DONE)
            return status;
    }
    *argc = kept;
    argv[kept] = NULL;
    return CLIENT_DONE;
}

static int evaluate_one(const struct options *options, const char *text)
{
    char problem[160] = "out of memory";
    json_t *result = NULL;

    int r = expr_evaluate(text, strlen(text), options->bindings, &result, problem, sizeof(problem));
    if (r < 0) {
        complain("expr: %s", problem);
        return r == -EINVAL ? CLIENT_USAGE : CLIENT_NOT_SO;
    }
    bool failed = json_object_get(result, "value") == NULL;
    r = print_result(options, result);
    json_decref(result);
    return failed || r < 0 ? CLIENT_NOT_SO : CLIENT_DONE;
}

/* Files. */

struct lines {
    const struct options *options;
    const char *name;
    size_t number, mismatch_count, wrong_count;
};

/* A line that is no case; programs still get one line for it. */
static void wrong_line(struct lines *lines, const char *problem)
{
    json_t *result = lines->options->check ? NULL : json_pack("{s:s}", "error", problem);

    lines->wrong_count++;
    if (lines->options->json && result != NULL)
        print_result(lines->options, result);
    json_decref(result);
    complain("expr: %s:%zu: %s", lines->name, lines->number, problem);
}

static void report_mismatch(struct lines *lines, const json_t *line, const json_t *result)
{
    const char *name = json_string_value(json_object_get(line, "case"));
    const json_t *expected = json_object_get(line, "value");
    char *wanted = expected != NULL ? json_dumps(expected, JSON_COMPACT) : NULL;
    char *found = json_dumps(result, JSON_COMPACT);

    lines->mismatch_count++;
    complain("expr: %s:%zu: %s: expected %s, found %s", lines->name, lines->number,
             name != NULL ? name : "?", wanted != NULL ? wanted : "an error",
             found != NULL ? found : "?");
    free(wanted);
    free(found);
}

static void check_line(struct lines *lines, const json_t *line, const json_t *result)
{
    int matches = expr_result_matches(result, line);

    if (matches < 0)
        wrong_line(lines, "the line expects neither a value nor an error");
    else if (matches == 0)
        report_mismatch(lines, line, result);
}

static int evaluate_line(struct lines *lines, const char *data, size_t len)
{
    char problem[160] = "out of memory";
    json_error_t error;
    json_t *result = NULL;

    json_t *line = json_loadb(data, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    const json_t *text = json_object_get(line, "expr");
    if (!json_is_string(text)) {
        wrong_line(lines, line == NULL ? error.text : "expected an object with the text \"expr\"");
        json_decref(line);
        return 0;
    }
    int r = expr_evaluate(json_string_value(text), json_string_length(text),
                          json_object_get(line, "bindings"), &result, problem, sizeof(problem));
    if (r < 0)
        wrong_line(lines, problem);
    else if (lines->options->check)
        check_line(lines, line, result);
    else
        r = print_result(lines->options, result);
    json_decref(result);
    json_decref(line);
    return r == -EINVAL ? 0 : r;
}

static int evaluate_lines(struct lines *lines, FILE *file)
{
    char *data = NULL;
    size_t size = 0;
    ssize_t len;
    int r = 0;

    while (r == 0 && (len = getline(&data, &size, file)) >= 0) {
        lines->number++;
        if (len > 0 && data[len - 1] == '\n')
            len--;
        if (len > LINE_MAX_BYTES)
            wrong_line(lines, "the line has more than 32 MiB");
        else if (len > 0)
            r = evaluate_line(lines, data, (size_t)len);
    }
    free(data);
    return r == 0 && ferror(file) ? -EIO : r;
}

static int evaluate_file(const struct options *options)
{
    struct lines lines = {.options = options, .name = options->file};
    bool is_stdin = strcmp(options->file, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(options->file, "re");

    if (file == NULL) {
        complain("expr: %s: %s", options->file, strerror(errno));
        return CLIENT_NOT_SO;
    }
    int r = evaluate_lines(&lines, file);
    if (!is_stdin)
        fclose(file);
    if (r < 0) {
        complain("expr: %s: %s", options->file, strerror(-r));
        return CLIENT_NOT_SO;
    }
    if (options->check)
        printf("%zu lines, %zu mismatches, %zu not understood\n", lines.number,
               lines.mismatch_count, lines.wrong_count);
    return lines.mismatch_count + lines.wrong_count > 0 ? CLIENT_NOT_SO : CLIENT_DONE;
}

static int run(struct options *options, int argc, char **argv)
{
    const usage described = {
        .verb = "expr",
        .synopsis = "[EXPR]",
        .text =
            "Evaluates an expression (CEL) and prints its value with its type, or the error.\n"
            "A bound value is JSON: 5, 2.5, \"text\", true, null, [1, 2], or typed:\n"
            "{\"timestamp\": \"2024-07-01T09:00:00Z\"}, {\"duration\": \"90s\"}, {\"int\": \"5\"}.",
    };
    const argument arguments[] = {
        {.name = "bind",
         .type = ARGUMENT_TEXT,
         .target = &options->bind,
         .value = "NAME=JSON",
         .help = "give a variable its value; may be repeated"},
        {.name = "file",
         .type = ARGUMENT_TEXT,
         .target = &options->file,
         .value = "FILE",
         .help = "evaluate the JSON lines of FILE (- is stdin): expr, bindings"},
        {.name = "check",
         .type = ARGUMENT_FLAG,
         .target = &options->check,
         .help = "with --file: compare with value or error of each line"},
        {.name = "json",
         .type = ARGUMENT_FLAG,
         .target = &options->json,
         .help = "print {\"value\": ...} or {\"error\": ...}, a line for each"},
    };
    int first, status;

    if (!arguments_parse(&described, arguments, sizeof(arguments) / sizeof(arguments[0]), NULL, 0,
                         1, argc, argv, &first, &status))
        return status;
    if ((options->file != NULL) == (first < argc) || (options->check && options->file == NULL) ||
        options->bind != NULL) {
        complain("expr: expected one expression, or --file FILE (with or without --check)");
        return CLIENT_USAGE;
    }
    status = options->file != NULL ? evaluate_file(options) : evaluate_one(options, argv[first]);
    if (fflush(stdout) == EOF && status == CLIENT_DONE)
        return CLIENT_NOT_SO;
    return status;
}

int verb_expr(int argc, char **argv)
{
    struct options options = {.bindings = json_object()};

    if (options.bindings == NULL) {
        complain("expr: out of memory");
        return CLIENT_NOT_SO;
    }
    int status = take_bindings(options.bindings, &argc, argv);
    if (status == CLIENT_DONE)
        status = run(&options, argc, argv);
    json_decref(options.bindings);
    return status;
}
