/*
 * backtest.c - thaw backtest: which alerts rules would have raised, and how two sets differ.
 */
#include "verbs/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arguments.h"
#include "client.h"
#include "forms/json.h"
#include "forms/pack.h"
#include "screen/layout.h"
#include "screen/screen.h"
#include "screen/words.h"
#include "thaw.h"
#include "trials/backtest.h"
#include "verbs/listing.h"

typedef struct options {
    const char *from, *against, *clock, *country, *until;
    bool json;
} options;

static const char *const diff_words[] = {"same", "new", "gone", "other"};

/* ---- as a table --------------------------------------------------------------------- */

static void add_cell(screen_table *t, const char *text, colour c)
{
    screen_table_add(t, text, strlen(text), false, c);
}

static void add_time(screen_table *t, int64_t at_ns)
{
    char text[64];
    size_t len = words_time(at_ns, text, sizeof text);
    /* Most of history is known by the day. */
    if (len > 10 && strcmp(text + 10, " 00:00:00Z") == 0)
        text[10] = '\0';
    add_cell(t, text, COLOUR_NONE);
}

static void add_key(screen_table *t, const replay_alert *a, const char *key)
{
    char text[512] = "";
    const msgpack_object *value = pack_get(&a->body, key);
    if (value != NULL)
        layout_cell(key, value, text, sizeof text);
    add_cell(t, text, strcmp(key, "severity") == 0 ? words_colour(key, text) : COLOUR_NONE);
}

static void add_end(screen_table *t, const replay_alert *a)
{
    if (a->state == THAW_FIRING)
        add_cell(t, "", COLOUR_NONE);
    else
        add_time(t, a->changed_at_ns);
    const char *state = thaw_alert_state_name(a->state);
    add_cell(t, state, words_colour("state", state));
}

static void add_row(screen_table *t, const backtest_row *row, bool comparing)
{
    static const char *const signs[] = {"", "+", "-", "~"};
    static const colour colours[] = {COLOUR_NONE, COLOUR_GREEN, COLOUR_RED, COLOUR_YELLOW};
    if (comparing)
        add_cell(t, signs[row->diff], colours[row->diff]);
    add_time(t, row->alert->fired_at_ns);
    add_end(t, row->alert);
    add_key(t, row->alert, "severity");
    add_cell(t, row->alert->id, COLOUR_NONE);
    add_key(t, row->alert, "title");
    if (!comparing)
        return;
    char text[160] = "";
    if (row->diff == DIFF_OTHER) {
        char fired[64], ended[64] = "";
        words_time(row->other->fired_at_ns, fired, sizeof fired);
        if (row->other->state != THAW_FIRING)
            words_time(row->other->changed_at_ns, ended, sizeof ended);
        snprintf(text, sizeof text, "fired %s, %s %s", fired,
                 thaw_alert_state_name(row->other->state), ended);
    }
    add_cell(t, text, COLOUR_YELLOW);
}

static void print_table(const backtest_row rows[], size_t count, bool comparing)
{
    static const char *const titles[] = {"",         "FIRED", "ENDED", "STATE",
                                         "SEVERITY", "ALERT", "TITLE", "AGAINST"};
    screen s = screen_open(stdout);
    screen_table *t = screen_table_new(titles + (comparing ? 0 : 1), comparing ? 8 : 6);
    for (size_t i = 0; t != NULL && i < count; i++)
        add_row(t, &rows[i], comparing);
    if (t != NULL && count > 0)
        screen_table_print(t, &s, 0);
    screen_table_free(t);
}

static void print_summary(const replay *now, const backtest_row rows[], size_t count,
                          bool comparing)
{
    size_t firing = 0, diffs[4] = {0};
    for (size_t i = 0; i < now->count; i++)
        firing += now->alerts[i]->state == THAW_FIRING;
    for (size_t i = 0; i < count; i++)
        diffs[rows[i].diff]++;
    printf("%s%" PRIu64 " report%s, %zu alert%s, %zu firing at the end", count > 0 ? "\n" : "",
           now->reports, now->reports == 1 ? "" : "s", now->count, now->count == 1 ? "" : "s",
           firing);
    if (now->rejected > 0)
        printf(", %" PRIu64 " report%s refused", now->rejected, now->rejected == 1 ? "" : "s");
    if (comparing)
        printf("; %zu only now (+), %zu no more (-), %zu at another time (~), %zu the same",
               diffs[DIFF_ONLY_NEW], diffs[DIFF_ONLY_OLD], diffs[DIFF_OTHER], diffs[DIFF_SAME]);
    putchar('\n');
}

/* ---- as JSON ------------------------------------------------------------------------ */

static void pack_end(msgpack_packer *out, const replay_alert *a)
{
    if (a->state == THAW_FIRING)
        msgpack_pack_nil(out);
    else
        pack_instant(out, a->changed_at_ns);
}

/* The alert as last published, with fired_at and ended_at, and with diff where there are two sets. */
static void print_json(const backtest_row *row, bool comparing)
{
    const msgpack_object *body = &row->alert->body;
    bool other = row->diff == DIFF_OTHER;
    msgpack_sbuffer data;
    msgpack_packer out;
    msgpack_zone zone;
    msgpack_object object;
    msgpack_sbuffer_init(&data);
    msgpack_packer_init(&out, &data, msgpack_sbuffer_write);
    msgpack_pack_map(&out, body->via.map.size + 2u + (comparing ? 1u : 0u) + (other ? 3u : 0u));
    for (uint32_t i = 0; i < body->via.map.size; i++) {
        msgpack_pack_object(&out, body->via.map.ptr[i].key);
        msgpack_pack_object(&out, body->via.map.ptr[i].val);
    }
    pack_text(&out, "fired_at");
    pack_instant(&out, row->alert->fired_at_ns);
    pack_text(&out, "ended_at");
    pack_end(&out, row->alert);
    if (comparing) {
        pack_text(&out, "diff");
        pack_text(&out, diff_words[row->diff]);
    }
    if (other) {
        pack_text(&out, "against_fired_at");
        pack_instant(&out, row->other->fired_at_ns);
        pack_text(&out, "against_ended_at");
        pack_end(&out, row->other);
        pack_text(&out, "against_state");
        pack_text(&out, thaw_alert_state_name(row->other->state));
    }
    if (msgpack_zone_init(&zone, 1024)) {
        if (pack_decode(data.data, data.size, &zone, &object) == 0)
            json_print(&object);
        msgpack_zone_destroy(&zone);
    }
    msgpack_sbuffer_destroy(&data);
}

/* ---- running ------------------------------------------------------------------------ */

/* No rule is tried without a time, which looks as if none had fired. */
static void tell_no_time(const replay *now, engine_clock clock, const char *path)
{
    struct stat status;
    bool folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    if (clock == ENGINE_CLOCK_REPORTED && now->reports > 0 && engine_now(now->engine) == INT64_MIN)
        complain("backtest: no report says when it was reported, so there is no time and no rule "
                 "was tried; %s",
                 folder ? "--clock wall takes the times at which they came in"
                        : "give them reported_at, or --until");
}

static int show(const options *o, const replay *now, const replay *old)
{
    size_t count = 0;
    backtest_row *rows = backtest_compare(now, old, &count);
    if (rows == NULL) {
        complain("backtest: out of memory");
        return CLIENT_NOT_SO;
    }
    for (size_t i = 0; o->json && i < count; i++)
        print_json(&rows[i], old != NULL);
    if (!o->json) {
        print_table(rows, count, old != NULL);
        print_summary(now, rows, count, old != NULL);
    }
    free(rows);
    return now->rejected == 0 ? CLIENT_DONE : CLIENT_NOT_SO;
}

static bool prepare(const char *const paths[], size_t count, engine_clock clock, replay *ret_replay)
{
    rules *set = NULL;
    if (replay_rules(paths, count, &set) != 0)
        return false;
    if (replay_new(clock, set, ret_replay) == 0)
        return true;
    complain("backtest: out of memory");
    return false;
}

static int run(const options *o, const backtest_source *source, const char *const paths[],
               size_t count)
{
    replay now = {.engine = NULL}, old = {.engine = NULL};
    replay *const both[] = {&now, &old};
    int result = CLIENT_NOT_SO;
    if (prepare(paths, count, source->clock, &now) &&
        (o->against == NULL || prepare(&o->against, 1, source->clock, &old)) &&
        backtest_run(source, both, o->against != NULL ? 2 : 1)) {
        tell_no_time(&now, source->clock, source->path);
        result = show(o, &now, o->against != NULL ? &old : NULL);
    }
    replay_done(&now);
    replay_done(&old);
    return result;
}

/* Checks the options and makes a source of them. */
static bool source_make(const options *o, backtest_source *ret_source)
{
    const char *state = getenv("STATE_DIRECTORY");
    *ret_source = (backtest_source){.path = o->from, .country = o->country, .until_ns = INT64_MIN};
    if (o->from == NULL) {
        complain("backtest: expected --from FILE, --from STATE-FOLDER or --from journal");
        return false;
    }
    if (strcmp(o->from, "journal") == 0)
        ret_source->path = state != NULL && state[0] != '\0' ? state : "/var/lib/thaw";
    if (strcmp(o->clock, "reported") != 0 && strcmp(o->clock, "wall") != 0) {
        complain("backtest: --clock is reported or wall, not '%s'", o->clock);
        return false;
    }
    ret_source->clock = o->clock[0] == 'w' ? ENGINE_CLOCK_WALL : ENGINE_CLOCK_REPORTED;
    struct stat status;
    if (ret_source->clock == ENGINE_CLOCK_WALL &&
        (stat(ret_source->path, &status) != 0 || !S_ISDIR(status.st_mode))) {
        complain("backtest: --clock wall needs a state folder: a file does not say when reports "
                 "came in");
        return false;
    }
    if (o->country != NULL && !country_check(o->country))
        return false;
    return o->until == NULL || moment_parse("--until", o->until, true, &ret_source->until_ns);
}

int verb_backtest(int argc, char **argv)
{
    options o = {.clock = "reported"};
    const usage u = {
        "backtest", "RULES...",
        "Runs rule files (or folders of them) against history and lists every alert that they\n"
        "would have raised. --from names a file of events (JSON lines or MessagePack, - is\n"
        "stdin), a state folder, or 'journal' for the one of thawd. With --against, the alerts\n"
        "are compared with those of other rules: + only now, - no more, ~ at another time."};
    const argument arguments[] = {
        {.name = "from",
         .type = ARGUMENT_TEXT,
         .target = &o.from,
         .value = "FILE",
         .help = "where the reports are"},
        {.name = "against",
         .type = ARGUMENT_TEXT,
         .target = &o.against,
         .value = "RULES",
         .help = "compare with these rules"},
        {.name = "clock",
         .type = ARGUMENT_TEXT,
         .target = &o.clock,
         .value = "CLOCK",
         .help = "reported (by the reports, the default) or wall (a journal's own)"},
        {.name = "country",
         .type = ARGUMENT_TEXT,
         .target = &o.country,
         .value = "CC",
         .help = "only reports of this country"},
        {.name = "until",
         .type = ARGUMENT_TEXT,
         .target = &o.until,
         .value = "TIME",
         .help = "let time go on to there after the last report"},
        {.name = "json",
         .type = ARGUMENT_FLAG,
         .target = &o.json,
         .help = "an object for each alert, one a line"}};
    int first = 0, result = 0;
    backtest_source source;
    if (!arguments_parse(&u, arguments, sizeof arguments / sizeof arguments[0], NULL, 1, argc, argc,
                         argv, &first, &result))
        return result;
    if (!source_make(&o, &source))
        return CLIENT_USAGE;
    return run(&o, &source, (const char *const *)argv + first, (size_t)(argc - first));
}
