/*
 * import.c - thaw import: the change of an official list as events.
 */
#include "verbs/verb.h"

#include <string.h>

#include "client.h"
#include "import/import.h"
#include "thaw.h"

enum { SHRINK_DEFAULT = 20 };

static bool kind_check(const char *kind)
{
    for (size_t i = 0; import_kinds[i] != NULL; i++)
        if (strcmp(import_kinds[i], kind) == 0)
            return true;
    const char *near = nearest_name(kind, import_kinds);
    if (near != NULL)
        complain("import: there is no kind of list '%s'; did you mean '%s'?", kind, near);
    else
        complain("import: there is no kind of list '%s'; 'thaw help import' names them", kind);
    return false;
}

static bool forget_check(const char *kind, const char *name, int files)
{
    if (name == NULL) {
        if (files == 0)
            complain("import: a FILE is missing; usage: thaw import [OPTIONS] %s FILE...", kind);
        return files > 0;
    }
    if (strcmp(kind, "eu") != 0)
        complain("import: --forget is of acts of the EU; a list of '%s' is one by itself", kind);
    else if (files > 0)
        complain("import: --forget reads no FILE; usage: thaw import [OPTIONS] eu --forget ACT");
    else if (strpbrk(name, "0123456789") == NULL)
        complain("import: --forget is '%s', expected an act such as 32006R0765", name);
    else
        return true;
    return false;
}

static bool date_check(const char *text)
{
    thaw_date date;
    if (text != NULL && import_date_is_ahead(text)) {
        complain("import: --date is '%s', which lies ahead of this machine's clock", text);
        return false;
    }
    if (text == NULL || thaw_date_parse(text, strlen(text), &date) == 0)
        return true;
    complain("import: --date is '%s', expected a day such as 2024-03-04 or a time such as "
             "2024-03-04T09:30:00Z",
             text);
    return false;
}

int verb_import(int argc, char **argv)
{
    import_options o = {.common = {.timeout_ns = 30000000000}, .shrink = SHRINK_DEFAULT};
    const usage u = {
        "import", "ofac|eu|un|opensanctions|gdelt FILE...",
        "Compares an official list with the one it remembers and publishes the difference as\n"
        "events; with --json it prints them, one a line, instead. The first list is the baseline\n"
        "and tells nothing, unless --initial. FILE may be gzip; - is stdin.\n\n"
        "A list that is empty, cut, of another form or shrunken beyond a bound is a broken feed:\n"
        "exit code 1, one event that says so, and the remembered list stays as it is. The list is\n"
        "remembered anew only after all events are acknowledged; importing again is safe.\n\n"
        "Without --state the folder is $STATE_DIRECTORY/import, else\n"
        "$XDG_STATE_HOME/thaw/import, else ~/.local/state/thaw/import."};
    const argument table[] = {
        {"state", 's', ARGUMENT_TEXT, &o.state, "DIR", "remember the list here", 0, 0},
        {"initial", 0, ARGUMENT_FLAG, &o.initial, NULL, "tell a first list whole", 0, 0},
        {"date", 'd', ARGUMENT_TEXT, &o.date, "DATE",
         "the list is of this day or time (else what it says, its name, its file's time)", 0, 0},
        {"forget", 0, ARGUMENT_TEXT, &o.forget, "ACT",
         "eu, without FILE: this act is read no more; nothing is told of its parties", 0, 0},
        {"shrink", 0, ARGUMENT_NUMBER, &o.shrink, "PERCENT",
         "more records gone at once make a broken list (20)", 0, 100},
        {"dry-run", 'n', ARGUMENT_FLAG, &o.dry, NULL, "publish and remember nothing", 0, 0},
        {"quiet", 'q', ARGUMENT_FLAG, &o.quiet, NULL, "no progress and no summary", 0, 0},
    };
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, table, sizeof table / sizeof table[0], &o.common, 1, 5, argc, argv,
                         &first, &result))
        return result;
    if (!kind_check(argv[first]) || !forget_check(argv[first], o.forget, argc - first - 1) ||
        !date_check(o.date))
        return CLIENT_USAGE;
    return import_run(argv[first], &o, (const char *const *)argv + first + 1);
}
