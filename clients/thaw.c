/*
 * thaw.c - the client program: a table of verbs.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "verbs/verb.h"

typedef struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} verb;

static const verb verbs[] = {
    {"pub", verb_pub, "publish events and wait until they are durable"},
    {"tail", verb_tail, "follow alerts, without missing one"},
    {"state", verb_state, "the ledger of a country, or a line for each"},
    {"incidents", verb_incidents, "what happened, and how the reports count"},
    {"alerts", verb_alerts, "the alerts that are active now"},
    {"explain", verb_explain, "why an alert fires or does not, what an incident rests on"},
    {"events", verb_events, "the reports, in the order of their acceptance"},
    {"rejects", verb_rejects, "what was refused last, and why"},
    {"rules", verb_rules, "the rules that run; check and test rule files"},
    {"status", verb_status, "how thawd is doing"},
    {"reload", verb_reload, "let thawd read its rule files again"},
    {"backtest", verb_backtest, "run rules against history, compare two rule sets"},
    {"expr", verb_expr, "evaluate an expression of the rule language"},
    {"import", verb_import, "turn the change of an official list into events"},
    {"journal", verb_journal, "check, export, import or compact a journal"},
    {"keygen", verb_keygen, "make a CURVE key pair"},
};

enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static const verb *verb_find(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    const char *names[VERB_COUNT + 1] = {NULL};
    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    const char *near = nearest_name(name, names);
    if (near != NULL)
        complain("there is no verb '%s'; did you mean '%s'?", name, near);
    else
        complain("there is no verb '%s'; 'thaw --help' lists them", name);
    return NULL;
}

static int print_help(FILE *out)
{
    fputs("usage: thaw VERB [OPTIONS] ...\n\n"
          "Publishes reports to thawd, follows its alerts, and asks what it knows.\n\n",
          out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].help);
    fputs(
        "\n'thaw help VERB' tells more of each; thaw(1) tells all. --version prints the version.\n",
        out);
    return out == stdout ? CLIENT_DONE : CLIENT_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc < 2)
        return print_help(stdout);
    const verb *v = verb_find(argv[1]);
    char option[] = "--help";
    /* "help rules test": what follows the verb may have a help of its own */
    char *arguments[] = {argv[1], argc > 2 ? argv[2] : option, option, NULL};
    return v != NULL ? v->run(argc > 2 ? 3 : 2, arguments) : CLIENT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return print_help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        puts("thaw " THAW_VERSION);
        return CLIENT_DONE;
    }
    if (strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1);
    const verb *v = verb_find(argv[1]);
    return v != NULL ? v->run(argc - 1, argv + 1) : CLIENT_USAGE;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); /* widths of characters; numbers stay as programs read them */
    int result = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("the output could not be written in full");
        return result == CLIENT_DONE ? CLIENT_NOT_SO : result;
    }
    return result;
}
