/*
 * arguments.c - the options of a verb as one table.
 */
#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

enum { ARGUMENTS_MAX = 32, LONG_BASE = 256 };

/* The verb's own options followed by the common ones. */
typedef struct table {
    argument rows[ARGUMENTS_MAX];
    size_t count;
    bool help;
} table;

int duration_parse(const char *text, int64_t *ret_ns)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"", 1e9},  {"ns", 1},   {"us", 1e3},   {"ms", 1e6},
                 {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return -EINVAL;
    double value = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (value * units[i].ns > 9e18)
            return -EINVAL;
        *ret_ns = (int64_t)(value * units[i].ns);
        return 0;
    }
    return -EINVAL;
}

static const char *environment_or(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : fallback;
}

static bool may_use(const char *endpoint)
{
    return access(endpoint + strlen("ipc://"), W_OK) == 0;
}

/* Those who may not use the whole service have an address of their own beside it; status is
 * answered at both. */
static const char *service_default(const char *verb)
{
    const char *whole = "ipc:///run/thaw/service";
    const char *publish = "ipc:///run/thaw/service-publish";
    const char *read = "ipc:///run/thaw/service-read";
    bool publishes = strcmp(verb, "pub") == 0 || strcmp(verb, "import") == 0;

    if (may_use(whole) || errno != EACCES)
        return whole;
    if (!publishes && may_use(read))
        return read;
    if ((publishes || strcmp(verb, "status") == 0) && may_use(publish))
        return publish;
    return whole;
}

static void common_defaults(common_options *common, const char *verb)
{
    common->service = environment_or("THAW_SERVICE", service_default(verb));
    common->alerts = environment_or("THAW_ALERTS", "ipc:///run/thaw/alerts");
    common->events = environment_or("THAW_EVENTS", "ipc:///run/thaw/events");
    common->server_key = environment_or("THAW_SERVER_KEY", NULL);
    common->key = environment_or("THAW_KEY", NULL);
    if (common->timeout_ns == 0)
        common->timeout_ns = ARGUMENTS_TIMEOUT_NS;
}

static void table_fill(table *t, const usage *u, const argument arguments[], size_t count,
                       common_options *common)
{
    memset(t, 0, sizeof *t);
    for (size_t i = 0; i < count && t->count < ARGUMENTS_MAX - 8; i++)
        t->rows[t->count++] = arguments[i];
    if (common != NULL) {
        common_defaults(common, u->verb);
        const argument shared[] = {
            {"service", 0, ARGUMENT_TEXT, &common->service, "ADDRESS", "ask here (THAW_SERVICE)", 0,
             0},
            {"alerts", 0, ARGUMENT_TEXT, &common->alerts, "ADDRESS", "listen here (THAW_ALERTS)", 0,
             0},
            {"events", 0, ARGUMENT_TEXT, &common->events, "ADDRESS",
             "send events here (THAW_EVENTS)", 0, 0},
            {"server-key", 0, ARGUMENT_TEXT, &common->server_key, "KEY",
             "CURVE: public key of thawd, or a file of it (THAW_SERVER_KEY)", 0, 0},
            {"key", 0, ARGUMENT_TEXT, &common->key, "FILE", "CURVE: own secret key (THAW_KEY)", 0,
             0},
            {"timeout", 0, ARGUMENT_SECONDS, &common->timeout_ns, "TIME",
             "wait this long for an answer", 0, 0},
            {"json", 0, ARGUMENT_FLAG, &common->json, NULL, "one JSON object a line", 0, 0},
        };
        for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
            t->rows[t->count++] = shared[i];
    }
    t->rows[t->count++] =
        (argument){"help", 'h', ARGUMENT_FLAG, &t->help, NULL, "show this text", 0, 0};
}

static void print_help(const usage *u, const table *t, bool connects)
{
    printf("usage: thaw %s [OPTIONS]%s%s\n\n%s\n\n", u->verb, u->synopsis[0] != '\0' ? " " : "",
           u->synopsis, u->text);
    for (size_t i = 0; i < t->count; i++) {
        const argument *a = &t->rows[i];
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", a->name, a->value != NULL ? " " : "",
                 a->value != NULL ? a->value : "");
        if (a->letter != 0)
            printf("  -%c, %-22s %s\n", a->letter, left, a->help);
        else
            printf("      %-22s %s\n", left, a->help);
    }
    printf("\nExit codes: 0 done, 1 not so or refused, 2 wrong usage%s.\n",
           connects ? ", 3 no connection or no answer" : "");
}

static bool number_parse(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool argument_set(const usage *u, const argument *a, char *value)
{
    uint64_t number = 0;
    switch (a->type) {
    case ARGUMENT_FLAG:
        *(bool *)a->target = true;
        return true;
    case ARGUMENT_TEXT:
        *(const char **)a->target = value;
        return true;
    case ARGUMENT_NUMBER:
        if (number_parse(value, &number) && number >= a->least && number <= a->most) {
            *(uint64_t *)a->target = number;
            return true;
        }
        complain("%s: --%s is '%s', expected a number from %" PRIu64 " to %" PRIu64, u->verb,
                 a->name, value, a->least, a->most);
        return false;
    case ARGUMENT_SECONDS:
        if (duration_parse(value, (int64_t *)a->target) == 0)
            return true;
        complain("%s: --%s is '%s', expected a time such as 5, 0.5, 500ms, 2m or 1h", u->verb,
                 a->name, value);
        return false;
    }
    return false;
}

static void complain_option(const usage *u, const table *t, int code, const char *typed)
{
    const char *names[ARGUMENTS_MAX + 1] = {NULL};
    if (code == ':') {
        complain("%s: option '%s' needs a value", u->verb, typed);
        return;
    }
    for (size_t i = 0; i < t->count; i++)
        names[i] = t->rows[i].name;
    const char *near = strncmp(typed, "--", 2) == 0 ? nearest_name(typed + 2, names) : NULL;
    if (near != NULL)
        complain("%s: there is no option '%s'; did you mean '--%s'?", u->verb, typed, near);
    else
        complain(
            "%s: there is no option '%s'; 'thaw help %s' lists them%s", u->verb, typed, u->verb,
            strncmp(typed, "--", 2) == 0 ? "" : "; what begins with - and is none comes after --");
}

/* getopt's own tables, made from ours. */
typedef struct getopt_tables {
    struct option longs[ARGUMENTS_MAX + 1];
    char shorts[2 * ARGUMENTS_MAX + 2];
} getopt_tables;

static void getopt_fill(getopt_tables *g, const table *t)
{
    memset(g, 0, sizeof *g);
    char *at = g->shorts;
    *at++ = ':';
    for (size_t i = 0; i < t->count; i++) {
        bool valued = t->rows[i].type != ARGUMENT_FLAG;
        g->longs[i].name = t->rows[i].name;
        g->longs[i].has_arg = valued ? required_argument : no_argument;
        g->longs[i].val = LONG_BASE + (int)i;
        if (t->rows[i].letter == 0)
            continue;
        *at++ = t->rows[i].letter;
        if (valued)
            *at++ = ':';
    }
}

static const argument *argument_find(const table *t, int code)
{
    if (code >= LONG_BASE)
        return &t->rows[code - LONG_BASE];
    for (size_t i = 0; i < t->count; i++)
        if (t->rows[i].letter == code)
            return &t->rows[i];
    return NULL;
}

static bool options_read(const usage *u, table *t, int argc, char **argv)
{
    getopt_tables tables;
    getopt_fill(&tables, t);
    optind = 0;
    opterr = 0;
    for (;;) {
        int at = optind > 0 ? optind : 1;
        int code = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (code == -1)
            return true;
        if (code == '?' || code == ':') {
            char letter[3] = {'-', (char)optopt, '\0'};
            bool is_long = optopt == 0 || optopt >= LONG_BASE;
            const char *typed = argv[optind > at ? optind - 1 : at];
            complain_option(u, t, code, is_long ? typed : letter);
            return false;
        }
        const argument *found = argument_find(t, code);
        if (found == NULL || !argument_set(u, found, optarg))
            return false;
    }
}

bool arguments_parse(const usage *u, const argument arguments[], size_t count,
                     common_options *common, int operands_least, int operands_most, int argc,
                     char **argv, int *ret_first, int *ret_exit)
{
    table t;
    table_fill(&t, u, arguments, count, common);
    *ret_exit = CLIENT_USAGE;
    if (!options_read(u, &t, argc, argv))
        return false;
    if (t.help) {
        print_help(u, &t, common != NULL);
        *ret_exit = CLIENT_DONE;
        return false;
    }
    if (argc - optind < operands_least) {
        complain("%s: something is missing; usage: thaw %s [OPTIONS] %s", u->verb, u->verb,
                 u->synopsis);
        return false;
    }
    if (argc - optind > operands_most) {
        complain("%s: '%s' is one too many; usage: thaw %s [OPTIONS]%s%s", u->verb,
                 argv[optind + operands_most], u->verb, u->synopsis[0] != '\0' ? " " : "",
                 u->synopsis);
        return false;
    }
    *ret_first = optind;
    *ret_exit = CLIENT_DONE;
    return true;
}
