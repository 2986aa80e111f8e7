/*
 * journal.c - thaw journal: looks after the journal of a state folder, beside a running thawd
 * or without one.
 */
#include "verbs/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "client.h"
#include "forms/json.h"
#include "journal.h"
#include "screen/screen.h"

#define FOLDER_DEFAULT "/var/lib/thaw"

typedef struct tool {
    const char *state;
    bool json, renumber, reports, shown;
    screen errors;
    uint64_t damaged;
} tool;

static void progress_clear(tool *t)
{
    if (t->shown)
        fputs("\r\033[K", stderr);
    t->shown = false;
}

static void on_progress(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    tool *t = context;

    if (t->errors.columns == 0 || t->json)
        return;
    if (total_bytes > 0)
        fprintf(stderr, "\r\033[K%3.0f %% of %.1f MiB",
                100.0 * (double)done_bytes / (double)total_bytes, (double)total_bytes / 1048576.0);
    else
        fprintf(stderr, "\r\033[K%.1f MiB", (double)done_bytes / 1048576.0);
    t->shown = true;
}

static void on_damage(void *context, const char *table, uint64_t number, const char *text)
{
    tool *t = context;

    t->damaged++;
    progress_clear(t);
    if (t->json) {
        printf("{\"damage\":{\"table\":\"%s\",\"number\":%" PRIu64 ",\"message\":", table, number);
        json_write_string(text, strlen(text), stdout);
        fputs("}}\n", stdout);
        return;
    }
    fprintf(stderr, "damaged: table %s, near %" PRIu64 ": ", table, number);
    screen_text(&t->errors, text, strlen(text));
    fputc('\n', stderr);
}

static void summary_print(const tool *t, FILE *out, const char *what, const journal_summary *s)
{
    if (t->json) {
        fprintf(out,
                "{\"%s\":{\"reports\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"batches\":%" PRIu64
                ",\"alerts\":%" PRIu64 ",\"rejects\":%" PRIu64 ",\"bytes\":%" PRIu64
                ",\"damaged\":%" PRIu64 ",\"left_out\":%" PRIu64 ",\"tree_damaged\":%s}}\n",
                what, s->reports, s->kept, s->batches, s->alerts, s->rejects, s->bytes, s->damaged,
                s->left_out, s->tree_damaged ? "true" : "false");
        return;
    }
    fprintf(out, "%s: %" PRIu64 " reports in %" PRIu64 " batches", what, s->reports, s->batches);
    if (s->kept > 0)
        fprintf(out, ", %" PRIu64 " kept of before", s->kept);
    fprintf(out, ", %" PRIu64 " alert changes, %" PRIu64 " rejects; %" PRIu64 " place%s damaged\n",
            s->alerts, s->rejects, s->damaged, s->damaged == 1 ? "" : "s");
}

/* The error may begin with the tool's name itself. */
static int failed(tool *t, const char *what, int r, const char *error)
{
    size_t len = strlen(what);

    progress_clear(t);
    if (strncmp(error, what, len) == 0 && error[len] == ':')
        error += len + strlen(": ");
    complain("journal %s: %s", what, error[0] != '\0' ? error : strerror(-r));
    return CLIENT_NOT_SO;
}

static int check(tool *t, const char *file)
{
    journal_watch watch = {on_progress, on_damage, t};
    journal_summary summary = {0};
    char error[512] = "";
    int r = journal_check(t->state, &watch, &summary, error);

    (void)file;
    progress_clear(t);
    if (r < 0 && r != -EBADMSG)
        return failed(t, "check", r, error);
    summary_print(t, stdout, r == 0 ? "whole" : "damaged", &summary);
    return r == 0 ? CLIENT_DONE : CLIENT_NOT_SO;
}

/* Where an export goes: a file that appears whole or not at all, or straight to a place that is no
 * file: stdout, a pipe, a device. */
typedef struct target {
    FILE *out;
    char place[PATH_MAX];    /* the file to be; empty: written straight */
    char part[PATH_MAX + 8]; /* until then */
} target;

/* What a symbolic link leads to is the file, not the link. */
static int target_open(const char *file, target *to)
{
    struct stat status;
    bool is_there = stat(file, &status) == 0;

    to->place[0] = '\0';
    if (strcmp(file, "-") == 0) {
        to->out = stdout;
        return 0;
    }
    if (is_there && !S_ISREG(status.st_mode)) {
        to->out = fopen(file, "we");
        return to->out == NULL ? -errno : 0;
    }
    if (is_there ? realpath(file, to->place) == NULL : strlen(file) >= sizeof to->place)
        return is_there ? -errno : -ENAMETOOLONG;
    if (!is_there)
        strcpy(to->place, file);
    snprintf(to->part, sizeof to->part, "%s.part", to->place);
    to->out = fopen(to->part, "we");
    return to->out == NULL ? -errno : 0;
}

/* Puts what was written in place. */
static int target_keep(target *to)
{
    bool to_file = to->place[0] != '\0';
    int r = fflush(to->out) != 0 || (to_file && fsync(fileno(to->out)) < 0) ? -errno : 0;

    if (to->out != stdout && fclose(to->out) != 0 && r == 0)
        r = -errno;
    if (r == 0 && to_file && rename(to->part, to->place) < 0)
        r = -errno;
    if (r < 0 && to_file)
        (void)unlink(to->part);
    return r;
}

static void target_drop(target *to)
{
    if (to->out != stdout)
        fclose(to->out);
    if (to->place[0] != '\0')
        (void)unlink(to->part);
}

static int export(tool *t, const char *file)
{
    journal_watch watch = {on_progress, on_damage, t};
    journal_summary summary = {0};
    char error[512] = "";
    target to;
    int r = target_open(file, &to), kept = 0;

    if (r < 0)
        return failed(t, file, r, error);
    r = journal_export(t->state, to.out, &watch, &summary, error);
    if (r == 0 || r == -EBADMSG)
        kept = target_keep(&to);
    else
        target_drop(&to);
    if (kept < 0 || (r < 0 && r != -EBADMSG))
        return failed(t, "export", kept < 0 ? kept : r, kept < 0 ? "" : error);
    progress_clear(t);
    summary_print(t, to.place[0] == '\0' ? stderr : stdout, "exported", &summary);
    return r == 0 ? CLIENT_DONE : CLIENT_NOT_SO;
}

/* What is kept of dropped incidents stands on reports that are no more: nothing can be made of it anew. */
static void left_out_complain(uint64_t reports)
{
    complain("journal import: %" PRIu64 " report%s had been dropped (retain): what they came to is not in the new "
             "journal, the ledger counts without them, and sent again they are taken as new; the old journal "
             "has it still",
             reports, reports == 1 ? "" : "s");
}

static int import(tool *t, const char *file)
{
    journal_watch watch = {on_progress, on_damage, t};
    journal_summary summary = {0};
    char error[512] = "";
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");

    if (in == NULL)
        return failed(t, file, -errno, error);
    int r = journal_import(t->state, in,
                           t->reports    ? JOURNAL_REPORTS
                           : t->renumber ? JOURNAL_RENUMBERED
                                         : JOURNAL_AS_IT_IS,
                           &watch, &summary, error);
    if (in != stdin)
        fclose(in);
    if (r < 0)
        return failed(t, "import", r, error);
    progress_clear(t);
    summary_print(t, stdout, "imported", &summary);
    if (summary.left_out > 0)
        left_out_complain(summary.left_out);
    return CLIENT_DONE;
}

static int compact(tool *t, const char *file)
{
    journal_summary summary = {0};
    char error[512] = "";
    journal_watch watch = {on_progress, NULL, t};
    int r = journal_compact(t->state, &watch, &summary, error);

    (void)file;
    progress_clear(t);
    if (r < 0)
        return failed(t, "compact", r, error);
    if (t->json)
        printf("{\"compacted\":{\"bytes\":%" PRIu64 "}}\n", summary.bytes);
    else
        printf("compacted: %" PRIu64 " bytes\n", summary.bytes);
    return CLIENT_DONE;
}

int verb_journal(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(tool *, const char *);
        bool takes_file;
    } tools[] = {{"check", check, false},
                 {"export", export, true},
                 {"import", import, true},
                 {"compact", compact, false}};
    tool t = {.state = FOLDER_DEFAULT, .errors = screen_open(stderr)};
    const usage u = {"journal", "check | export [FILE] | import [FILE] | compact",
                     "check    reads everything and compares every checksum and number; also "
                     "beside a running thawd\n"
                     "export   writes all that is whole as one stream to FILE or stdout; also "
                     "beside a running thawd\n"
                     "         and from a damaged journal\n"
                     "import   makes a journal of such a stream in a state folder that has none\n"
                     "compact  rewrites the file without its free pages; thawd must not run\n"
                     "Exit code 1: damaged, or it could not be done."};
    const argument table[] = {
        {"state", 's', ARGUMENT_TEXT, &t.state, "DIR", "the state folder (" FOLDER_DEFAULT ")", 0,
         0},
        {"renumber", 0, ARGUMENT_FLAG, &t.renumber, NULL,
         "import: take a stream with holes, under new numbers", 0, 0},
        {"reports", 0, ARGUMENT_FLAG, &t.reports, NULL,
         "import: the same, without the rules and settings of then", 0, 0},
        {"json", 'j', ARGUMENT_FLAG, &t.json, NULL, "one object a line", 0, 0},
    };
    int first = 0, result = 0;

    if (!arguments_parse(&u, table, sizeof table / sizeof table[0], NULL, 1, 2, argc, argv, &first,
                         &result))
        return result;
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        if (strcmp(argv[first], tools[i].name) != 0)
            continue;
        if (tools[i].takes_file || argc - first == 1) {
            result = tools[i].run(&t, argc - first == 2 ? argv[first + 1] : "-");
            journal_owner_keep(t.state);
            return result;
        }
        complain("journal %s: '%s' is one too many", tools[i].name, argv[first + 1]);
        return CLIENT_USAGE;
    }
    complain("journal: found '%s', expected check, export [FILE], import [FILE] or compact",
             argv[first]);
    return CLIENT_USAGE;
}
