/*
 * import.c - one run of an importer.
 */
#include "import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "deliver.h"
#include "difference.h"
#include "doubt.h"
#include "feed.h"
#include "memory.h"
#include "shrinkage.h"

enum { FILES_MAX = 4, PATH_BYTES = 4096 };

typedef struct import {
    const feed *feed;
    const import_options *options;
    memory *memory;
    list before, after;
    list elsewhere;             /* the other remembered lists of the kind, and who left them */
    bool remembered;            /* `before` is a list */
    bool changing;              /* the file is a change to the remembered list */
    bool telling;               /* of a list that is to be forgotten, what was left untold */
    bool dated;                 /* the user or the file's name says of which day the file is */
    int read_result;            /* of reading it */
    char ahead[THAW_DATE_TEXT]; /* what is said of the file's day, where that is to come; "" */
    difference difference;
    teller teller;
    delivery delivery;
    problem problem;
} import;

/* ---- days to come ---------------------------------------------------------------------- */

/* One that begins more than a day ahead of the clock: thawd refuses it. */
bool import_date_is_ahead(const char *text)
{
    static const int64_t day_ns = INT64_C(86400000000000);
    return date_start_ns(text) > realtime_ns() + day_ns;
}

/* What is told of a file of a day to come is told now. */
static void fetched_now(list *l)
{
    thaw_date now = {.at_ns = realtime_ns() / 1000000000 * 1000000000, .precision = THAW_INSTANT};
    thaw_date_format(&now, l->fetched);
}

/* ---- telling ------------------------------------------------------------------------ */

static void teller_begin(import *i, const list *l)
{
    teller_done(&i->teller);
    teller_open(&i->teller);
    snprintf(i->teller.fetched_at, sizeof i->teller.fetched_at, "%s", l->fetched);
    snprintf(i->teller.reported_at, sizeof i->teller.reported_at, "%s", records_date(l));
}

/* Which lists are broken after this one. Of a broken file that does not say which list it is, each
 * that is remembered may be it. */
static void doubt_mark(const import *i, bool ok, const list *l, char *doubted)
{
    char names[MEMORY_NAMES_BYTES];
    memory_name_of(l->name, names, sizeof names);
    if (i->options->forget != NULL && !i->telling) {
        doubt_forget(doubted, names);
        return;
    }
    if (ok) {
        doubt_take(doubted, names);
        return;
    }
    if (l->name[0] == '\0' &&
        (memory_names(i->memory, names, sizeof names) != 0 || names[0] == '\0'))
        snprintf(names, sizeof names, "%s", doubt_any);
    doubt_add(doubted, MEMORY_NAMES_BYTES, names);
}

/* The word on the list is of when its file is, but never before the last word: thawd holds the latest
 * for true, and the time of a file may be that of its publication, or a day in its name. One that
 * was said by a clock that ran ahead holds no later one up. It is not ok while another list of the
 * feed is broken. */
static int word_tell(import *i, bool ok, const list *l, const char *title, const char *note)
{
    static const int64_t second_ns = 1000000000;
    feed_word last = {.date = ""};
    char others[1000] = "";
    char *date = i->teller.fetched_at;
    if (i->memory != NULL) {
        memory_word(i->memory, &last);
        doubt_mark(i, ok, l, last.doubted);
    }
    if (ok && last.doubted[0] != '\0') {
        snprintf(others, sizeof others,
                 "the last list of these was broken, and no whole one has come since: %.800s",
                 last.doubted);
        complain("import: the feed stays broken: %s", others);
        note = others;
        ok = false;
    }
    thaw_date next = {.at_ns = date_start_ns(last.date), .precision = THAW_INSTANT};
    bool known = last.date[0] != '\0' && !import_date_is_ahead(last.date);
    if (known && date_start_ns(date) <= next.at_ns) {
        next.at_ns += second_ns;
        if (last.ok == ok)
            snprintf(date, sizeof i->teller.fetched_at, "%s", last.date);
        else
            thaw_date_format(&next, date);
    }
    last.ok = ok;
    snprintf(last.date, sizeof last.date, "%s", date);
    /* Better said out of order than not at all. */
    if (i->memory != NULL && !i->options->dry &&
        memory_word_save(i->memory, &last, &i->problem) != 0)
        complain("import: %s", i->problem.text);
    return tell_feed(&i->teller, ok, title, note, &i->problem);
}

/* ---- a list that cannot be trusted ---------------------------------------------------- */

static int broken(import *i, const list *l)
{
    char title[200];
    char why[sizeof i->problem.text];
    snprintf(why, sizeof why, "%s", i->problem.text);
    complain("import: %s", why);
    complain("import: the list is taken as broken; the remembered one stays, nothing is told of "
             "any party");
    snprintf(title, sizeof title, "%s: broken", i->feed->title);
    teller_begin(i, l);
    if (word_tell(i, false, l, title, why) != 0)
        complain("import: %s", i->problem.text);
    else
        delivery_tell(&i->delivery, &i->teller, false);
    return CLIENT_NOT_SO;
}

static int failed(const import *i, int result)
{
    if (result == -ENOMEM)
        complain("import: out of memory, or a list of more than %d records or %zu GiB of text",
                 RECORDS_MAX, POOL_BYTES_MAX >> 30);
    else
        complain("import: %s", i->problem.text[0] == '\0' ? strerror(-result) : i->problem.text);
    return CLIENT_NOT_SO;
}

/* ---- a list that can ------------------------------------------------------------------ */

/* Whether the list is older than the one that is remembered: by their own dates (of a change that
 * says none, by that of the list that it changed), else where what the user or the file's name says
 * of it is over when the other one's date begins. The time of a file says nothing: it may be that of
 * its publication, or of a copy; nor does a day that is still to come, by a clock that ran ahead. */
static bool is_older(const import *i)
{
    thaw_date old;
    thaw_date new;
    int64_t old_ns = 0;
    int64_t new_ns = 0;
    int64_t unused = 0;
    const list *before = &i->before;
    const list *after = &i->after;
    if (import_date_is_ahead(before->reached[0] != '\0' ? before->reached : records_date(before)))
        return false;
    if (thaw_date_parse(before->reached, strlen(before->reached), &old) == 0 &&
        thaw_date_parse(after->date, strlen(after->date), &new) == 0)
        return new.at_ns < old.at_ns;
    if (!i->dated ||
        thaw_date_parse(records_date(before), strlen(records_date(before)), &old) != 0 ||
        thaw_date_parse(records_date(after), strlen(records_date(after)), &new) != 0)
        return false;
    thaw_date_interval(&old, &old_ns, &unused);
    thaw_date_interval(&new, &unused, &new_ns);
    return new_ns <= old_ns;
}

/* The first record of which the list says by its absence that it left, and by something else that it
 * stands; NULL: none. */
static const record *contradicted_find(const import *i)
{
    const difference *d = &i->difference;
    for (size_t n = 0; n < d->count && i->after.claimed != NULL; n++)
        if (d->at[n].kind == STEP_DELISTED &&
            records_find(i->after.claimed, d->at[n].before->at[RECORD_KEY]) != NULL)
            return d->at[n].before;
    return NULL;
}

static int list_check(import *i, const char *file)
{
    shrinkage s;
    const record *contradicted = contradicted_find(i);
    if (!i->changing && is_older(i))
        return problem_set(&i->problem, file, 0, "is of %s, older than the remembered list of %s",
                           records_date(&i->after),
                           i->after.date[0] != '\0' && i->before.reached[0] != '\0'
                               ? i->before.reached
                               : records_date(&i->before));
    if (contradicted != NULL)
        return problem_set(&i->problem, file, 0,
                           "record %.100s is gone, and a sanction on it is not; the file is cut "
                           "off, or a part of one",
                           contradicted->at[RECORD_KEY]);
    if (!i->changing && i->after.count == 0 && i->before.count > 0 && i->options->shrink < 100)
        return problem_set(&i->problem, file, 0,
                           "holds no party; the remembered list has %zu (--shrink 100 says that "
                           "all may be gone)",
                           i->before.count);
    int found = shrinkage_find(&i->before, &i->difference, i->options->shrink, &s);
    if (found <= 0)
        return found;
    return problem_set(&i->problem, file, 0,
                       "%zu of %zu records%s%s are gone, more than %" PRIu64
                       " per cent at once (--shrink says how many may be)",
                       s.gone, s.all, s.authority != NULL ? " of " : "",
                       s.authority != NULL ? s.authority : "", i->options->shrink);
}

static int events_make(import *i, bool baseline)
{
    char title[300];
    const difference *d = &i->difference;
    int result = 0;
    teller_begin(i, &i->after);
    for (size_t n = 0; n < d->count && result == 0 && !baseline; n++)
        result = tell_step(&i->teller, &d->at[n], &i->problem);
    if (baseline)
        snprintf(title, sizeof title, "%s: %zu records, taken as the baseline", i->feed->title,
                 i->after.count);
    else
        snprintf(title, sizeof title, "%s: %zu records; %zu new, %zu changed, %zu removed",
                 i->feed->title, i->after.count, d->imposed, d->amended + d->maintained,
                 d->delisted);
    return result == 0 ? word_tell(i, true, &i->after, title, "") : result;
}

static void summary(const import *i, bool baseline)
{
    const difference *d = &i->difference;
    if (i->options->common.json || i->options->quiet)
        return;
    if (baseline)
        printf("%s: %zu records, now the baseline", i->feed->title, i->after.count);
    else
        printf("%s: %zu records; %zu new, %zu changed, %zu removed", i->feed->title, i->after.count,
               d->imposed, d->amended + d->maintained, d->delisted);
    if (i->options->dry)
        printf("; %zu events not published (--dry-run)\n", i->teller.count);
    else
        printf("; %zu events: %" PRIu64 " accepted, %" PRIu64 " known already\n", i->teller.count,
               i->delivery.totals.accepted, delivery_known(&i->delivery));
}

/* Tells the difference between `before` and `after` and remembers the latter. `saved`: it stands
 * in KIND.next already. */
static int list_tell(import *i, bool baseline, bool saved)
{
    int result = events_make(i, baseline);
    if (result != 0)
        return failed(i, result);
    if (!i->options->dry && !saved) {
        result = memory_save(i->memory, &i->after, baseline, &i->problem);
        if (result != 0)
            return failed(i, result);
    }
    int code = delivery_tell(&i->delivery, &i->teller, true);
    if (code != CLIENT_DONE)
        return code;
    result = i->options->dry ? 0 : memory_commit(i->memory, &i->problem);
    if (result != 0)
        return failed(i, result);
    summary(i, baseline);
    return CLIENT_DONE;
}

/* `after` becomes `before`, for the next list. */
static void lists_shift(import *i)
{
    difference_done(&i->difference);
    records_done(&i->before);
    i->before = i->after;
    i->after = (list){0};
    i->remembered = true;
    i->delivery.totals = (publishing_totals){0};
    i->delivery.too_old = 0;
}

/* Loads the remembered list, and tells what an earlier run began to tell and did not finish. */
static int memory_recall(import *i)
{
    bool baseline = false;
    int found = memory_load_others(i->memory, &i->elsewhere, &i->problem);
    if (found == 0)
        found = memory_load(i->memory, false, &i->before, &baseline, &i->problem);
    if (found >= 0)
        found = found > 0 ? records_finish(&i->before, "remembered", &i->problem), 1 : 0;
    if (found < 0)
        return failed(i, found);
    i->remembered = found > 0;
    int pending = memory_load(i->memory, true, &i->after, &baseline, &i->problem);
    if (pending < 0)
        return failed(i, pending);
    if (pending == 0 || i->options->dry) {
        records_done(&i->after);
        return CLIENT_DONE;
    }
    if (import_date_is_ahead(i->after.fetched))
        fetched_now(&i->after); /* by a clock that ran ahead */
    int result = difference_make(&i->before, &i->after, &i->elsewhere, &i->difference);
    if (result != 0)
        return failed(i, result);
    if (!i->options->quiet && !i->options->common.json)
        puts("the list of an earlier run was not told to its end; telling it first");
    int code = list_tell(i, baseline, true);
    lists_shift(i);
    return code;
}

static int list_take(import *i, const char *file)
{
    int result = difference_make(&i->before, &i->after, &i->elsewhere, &i->difference);
    if (result != 0)
        return failed(i, result);
    bool baseline = !i->remembered && !i->options->initial;
    if (i->remembered && i->options->initial)
        complain("import: --initial: a list is remembered, what differs from it is told and not "
                 "the whole list; "
                 "with another --state it would be the first one");
    result = i->remembered ? list_check(i, file) : 0;
    if (result != 0)
        return result == -EBADMSG ? broken(i, &i->after) : failed(i, result);
    return list_tell(i, baseline, false);
}

/* ---- a list that is read no more ------------------------------------------------------- */

/* Whether a list of that name is remembered or broken; else a complaint says which are. */
static bool is_known(const import *i, const char *name)
{
    char names[MEMORY_NAMES_BYTES];
    feed_word word;
    memory_word(i->memory, &word);
    if (memory_names(i->memory, names, sizeof names) != 0)
        return true; /* too many to be told */
    if (text_has_word(names, name, strlen(name)) || text_has_word(word.doubted, name, strlen(name)))
        return true;
    complain("import: no act '%s' is remembered or broken; remembered: %s; broken: %s",
             i->options->forget, names[0] != '\0' ? names : "none",
             word.doubted[0] != '\0' ? word.doubted : "none");
    return false;
}

/* Nothing is told of its parties; what an earlier run began to tell of them is told first. */
static int list_forget(import *i)
{
    char title[200];
    list l = {0};
    snprintf(l.name, sizeof l.name, "%s", i->options->forget);
    fetched_now(&l);
    memory_name(i->memory, l.name);
    i->telling = true;
    int code = memory_recall(i);
    i->telling = false;
    memory_name_of(l.name, title, sizeof title);
    if (code != CLIENT_DONE || !is_known(i, title))
        return code != CLIENT_DONE ? code : CLIENT_NOT_SO;
    int result = i->options->dry ? 0 : memory_forget(i->memory, &i->problem);
    snprintf(title, sizeof title, "%s: %s is read no more", i->feed->title, l.name);
    teller_begin(i, &l);
    if (result == 0)
        result = word_tell(i, true, &l, title, "");
    if (result != 0)
        return failed(i, result);
    code = delivery_tell(&i->delivery, &i->teller, true);
    if (code == CLIENT_DONE && !i->options->common.json && !i->options->quiet)
        printf("%s%s\n", title, i->options->dry ? " (--dry-run)" : "");
    return code;
}

/* ---- reading -------------------------------------------------------------------------- */

/* The user's date stands for the files', and later for the list's own; of several files the first
 * speaks whose name says a date. */
static void fetched_set(import *i, source *const sources[], size_t count, list *l)
{
    char unused[THAW_DATE_TEXT];
    const source *from = sources[0];
    for (size_t n = 0; n < count && !i->dated; n++) {
        i->dated = source_date_of_name(source_name(sources[n]), unused);
        from = i->dated ? sources[n] : from;
    }
    if (i->options->date != NULL)
        snprintf(l->fetched, sizeof l->fetched, "%s", i->options->date);
    else
        source_date(from, l->fetched);
    i->dated |= i->options->date != NULL;
    if (!import_date_is_ahead(l->fetched))
        return;
    snprintf(i->ahead, sizeof i->ahead, "%s", l->fetched);
    fetched_now(l);
}

/* The events of a list of a day to come would be refused, and it would stand untold before all
 * others. */
static int ahead_check(import *i, const char *file)
{
    const char *date = i->after.date[0] != '\0' ? i->after.date : i->ahead;
    if (!import_date_is_ahead(date))
        return 0;
    return problem_set(&i->problem, file, 0,
                       "is of %s, which lies ahead of this machine's clock (--date says of which "
                       "day it is)",
                       date);
}

static int reports_take(import *i, source *s)
{
    char title[200];
    teller_begin(i, &i->after);
    int result = i->feed->reports(s, &i->teller, &i->problem);
    if (result == -EBADMSG)
        return broken(i, &i->after);
    snprintf(title, sizeof title, "%s: %zu reports", i->feed->title, i->teller.count);
    if (result == 0)
        result = tell_feed(&i->teller, true, title, "", &i->problem);
    if (result != 0)
        return failed(i, result);
    int code = delivery_tell(&i->delivery, &i->teller, true);
    if (code == CLIENT_DONE && !i->options->common.json && !i->options->quiet)
        printf("%s: %zu events: %" PRIu64 " accepted, %" PRIu64 " known already%s\n",
               i->feed->title, i->teller.count, i->delivery.totals.accepted,
               delivery_known(&i->delivery), i->options->dry ? " (--dry-run)" : "");
    return code;
}

/* A change needs the remembered list to be read; a list says whose memory it is. */
static int list_recall(import *i, source *s, list *read)
{
    memory_name(i->memory, read->name);
    int code = memory_recall(i);
    if (code != CLIENT_DONE || !i->changing)
        return code;
    if (!i->remembered) {
        complain("import: %s is a change to a list, and none is remembered; import a whole list "
                 "first",
                 source_name(s));
        return CLIENT_NOT_SO;
    }
    i->read_result = i->feed->change(s, &i->before, read, &i->problem);
    return CLIENT_DONE;
}

static int sources_take(import *i, source *const sources[], size_t count)
{
    list read = {0};
    fetched_set(i, sources, count, &read);
    if (i->feed->reports != NULL) {
        i->after = read;
        return reports_take(i, sources[0]);
    }
    i->changing = i->feed->is_change != NULL && i->feed->is_change(sources[0]);
    if (!i->changing)
        i->read_result = i->feed->read(sources, count, &read, &i->problem);
    problem why = i->problem;
    int code = i->read_result == 0 || i->changing ? list_recall(i, sources[0], &read) : CLIENT_DONE;
    if (i->read_result != 0 && !i->changing)
        i->problem = why;
    records_done(&i->after);
    i->after = read;
    if (i->options->date != NULL)
        snprintf(i->after.date, sizeof i->after.date, "%s", i->options->date);
    if (code != CLIENT_DONE)
        return code;
    bool further = import_date_is_ahead(i->before.reached) ||
                   date_start_ns(i->after.date) >= date_start_ns(i->before.reached);
    snprintf(i->after.reached, sizeof i->after.reached, "%s",
             further ? i->after.date : i->before.reached);
    if (i->read_result == 0)
        i->read_result = ahead_check(i, source_name(sources[0]));
    if (i->read_result == -EBADMSG)
        return broken(i, &i->after);
    if (i->read_result != 0)
        return failed(i, i->read_result);
    return list_take(i, source_name(sources[0]));
}

static int sources_open(import *i, const char *const paths[], source *sources[], size_t *ret_count)
{
    size_t count = 0;
    for (; paths[count] != NULL; count++) {
        if (count == i->feed->files_max) {
            complain("import: %s takes at most %zu file%s", i->feed->kind, i->feed->files_max,
                     i->feed->files_max == 1 ? "" : "s");
            return CLIENT_USAGE;
        }
        int result = source_open(paths[count], i->feed->bytes_max, &sources[count]);
        if (result != 0) {
            complain("import: %s cannot be read: %s", paths[count], strerror(-result));
            return CLIENT_NOT_SO;
        }
        *ret_count = count + 1;
    }
    return CLIENT_DONE;
}

/* $STATE_DIRECTORY under systemd, else the user's folder for such things. */
static bool state_default(char *to, size_t room)
{
    const char *systemd = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    size_t len = 0;
    if (systemd != NULL && systemd[0] != '\0')
        len = (size_t)snprintf(to, room, "%s/import", systemd);
    else if (xdg != NULL && xdg[0] != '\0')
        len = (size_t)snprintf(to, room, "%s/thaw/import", xdg);
    else if (home != NULL && home[0] != '\0')
        len = (size_t)snprintf(to, room, "%s/.local/state/thaw/import", home);
    return len > 0 && len < room;
}

static int memory_begin(import *i)
{
    char folder[PATH_BYTES];
    const char *state = i->options->state;
    if (i->feed->reports != NULL)
        return CLIENT_DONE; /* nothing to remember */
    if (state == NULL && !state_default(folder, sizeof folder)) {
        complain("import: where is the list to be remembered? --state DIR says it");
        return CLIENT_USAGE;
    }
    int result =
        memory_open(state != NULL ? state : folder, i->feed->kind, &i->memory, &i->problem);
    return result == 0 ? CLIENT_DONE : failed(i, result);
}

int import_run(const char *kind, const import_options *options, const char *const paths[])
{
import i = {.feed = feed_find(kind), .options = options };
    source *sources[FILES_MAX] = {NULL};
    size_t count = 0;
    i.delivery = delivery_begin(options, i.feed->kind);
    i.teller = (teller){.source = i.feed->source,
                        .voice = i.feed->voice,
                        .title = i.feed->title,
                        .country_of_program = i.feed->country_of_program};
    teller_open(&i.teller);
    int code = sources_open(&i, paths, sources, &count);
    if (code == CLIENT_DONE)
        code = memory_begin(&i);
    if (code == CLIENT_DONE)
        code = options->forget != NULL ? list_forget(&i) : sources_take(&i, sources, count);
    for (size_t n = 0; n < count; n++)
        source_close(sources[n]);
    difference_done(&i.difference);
    records_done(&i.before);
    records_done(&i.after);
    records_done(&i.elsewhere);
    teller_done(&i.teller);
    memory_close(i.memory);
    return code;
}
