/*
 * gdelt.c - GDELT event files.
 *
 * A row is what a machine read in an article: actor, deed, other actor, place. Most rows of an
 * article repeat one another with other actors and places, and many are wrong; so a row gives no
 * count, an article counts once for each kind and country, and everything is a rumour.
 */
#include "gdelt.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "country.h"
#include "room.h"

enum { COLUMNS_2 = 61, COLUMNS_1 = 58, ROWS_MAX = 2 * 1000 * 1000, HOST_BYTES = 128 };

/* Columns by their numbers from 0; those behind the places differ between the two forms. */
enum {
    EVENT_ID,
    DAY,
    ACTOR1_CODE = 5,
    ACTOR1_NAME,
    ACTOR1_COUNTRY,
    ACTOR1_GROUP,
    ACTOR2_CODE = 15,
    ACTOR2_NAME,
    ACTOR2_COUNTRY,
    ACTOR2_GROUP,
    IS_ROOT = 25,
    CODE
};

/* The codes of CAMEO 1.1b3 that say something of releases or sanctions. The others pass over. */
typedef struct code {
    const char *code, *kind, *action, *stage, *label;
    bool statement; /* the first actor says it; the article only carries it */
} code;

static const code codes[] = {
    {"0841", "release", NULL, NULL, "release of persons", false},
    {"173", "detention", NULL, NULL, "arrest or detention", false},
    {"0353", "talks", NULL, "promised", "intent to release persons or property", true},
    {"1053", "talks", NULL, "demanded", "demand to release persons or property", true},
    {"1243", "talks", NULL, "denied", "refusal to release persons or property", true},
    {"0354", "sanction", "eased", NULL, "intent to ease economic sanctions", true},
    {"085", "sanction", "eased", NULL, "easing of economic sanctions", false},
    {"163", "sanction", "imposed", NULL, "embargo, boycott or sanctions imposed", false},
    {"1312", "sanction", "proposed", NULL, "threat of embargo, boycott or sanctions", true},
};

/* A row that gives a report. Text lives in the reading's pool. */
typedef struct found {
    const code *code;
    const char *country, *authority, *url, *event_id, *day, *added, *place, *voice;
    bool root;
} found;

typedef struct reading {
    const char *file;
    pool texts;
    found *at;
    size_t count, room;
    size_t columns;
} reading;

typedef struct line {
    const char *at[COLUMNS_2];
    size_t count;
    uint64_t number;
} line;

/* ---- a row -------------------------------------------------------------------------- */

static size_t line_split(char *data, line *l)
{
    size_t count = 0;
    for (size_t i = 0; i < COLUMNS_2; i++)
        l->at[i] = "";
    for (char *at = data; at != NULL; count++) {
        char *tab = strchr(at, '\t');
        if (count < COLUMNS_2)
            l->at[count] = at;
        if (tab != NULL)
            *tab++ = '\0';
        at = tab;
    }
    return count;
}

static bool is_digits(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789") == len;
}

static const char *column(const reading *g, const line *l, size_t of_2, size_t of_1)
{
    return l->at[g->columns == COLUMNS_2 ? of_2 : of_1];
}

static const char *place_name(const reading *g, const line *l)
{
    return column(g, l, 52, 50);
}

static const char *added(const reading *g, const line *l)
{
    return column(g, l, 59, 56);
}

static int line_check(reading *g, line *l, bool ended, problem *p)
{
    if (g->columns == 0)
        g->columns = l->count;
    if ((l->count != COLUMNS_1 && l->count != COLUMNS_2) || l->count != g->columns)
        return problem_set(p, g->file, l->number, "has %zu columns, expected %s: '%.60s'", l->count,
                           g->columns == COLUMNS_1   ? "58"
                           : g->columns == COLUMNS_2 ? "61"
                                                     : "61 (or 58)",
                           l->at[0]);
    if (!ended)
        return problem_set(p, g->file, l->number, "the line has no end; the file is cut off");
    if (l->at[EVENT_ID][0] == '\0' || !is_digits(l->at[EVENT_ID], strlen(l->at[EVENT_ID])))
        return problem_set(p, g->file, l->number, "GLOBALEVENTID is '%.40s', expected digits",
                           l->at[EVENT_ID]);
    if (!is_digits(l->at[DAY], 8))
        return problem_set(p, g->file, l->number, "SQLDATE is '%.40s', expected YYYYMMDD",
                           l->at[DAY]);
    if (!is_digits(added(g, l), g->columns == COLUMNS_2 ? 14 : 8))
        return problem_set(p, g->file, l->number, "DATEADDED is '%.40s', expected %s", added(g, l),
                           g->columns == COLUMNS_2 ? "YYYYMMDDHHMMSS" : "YYYYMMDD");
    return 0;
}

static const code *code_find(const char *text)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].code, text) == 0)
            return &codes[i];
    return NULL;
}

/* The state an actor stands for, as the protocol writes authorities: GB is UK there. */
static const char *authority_of(const char *country, const char *actor)
{
    const char *alpha2 = country_of_alpha3(country, strlen(country));
    if (strcmp(country, "EUR") == 0 && (strstr(actor, "EEC") != NULL || strcmp(actor, "EUR") == 0))
        return "EU";
    if (strncmp(actor, "IGOUNO", 6) == 0)
        return "UN";
    return alpha2 != NULL && strcmp(alpha2, "GB") == 0 ? "UK" : alpha2;
}

/* People are where the deed was done; where no place is known, with the state that does it (or
 * is asked to). */
static const char *country_of_people(const reading *g, const line *l, const code *c)
{
    const char *fips = column(g, l, 53, 51);
    const char *country = country_of_fips(fips, strlen(fips));
    size_t actor = strcmp(c->code, "1053") == 0 ? ACTOR2_COUNTRY : ACTOR1_COUNTRY;
    return country != NULL ? country : country_of_alpha3(l->at[actor], strlen(l->at[actor]));
}

/* Sanctions are of the first actor against the second; without both it says nothing. */
static bool sanction_read(const line *l, found *f)
{
    f->authority = authority_of(l->at[ACTOR1_COUNTRY], l->at[ACTOR1_CODE]);
    f->country = country_of_alpha3(l->at[ACTOR2_COUNTRY], strlen(l->at[ACTOR2_COUNTRY]));
    return f->authority != NULL && f->country != NULL && strcmp(f->authority, f->country) != 0 &&
           !(strcmp(f->authority, "UK") == 0 && strcmp(f->country, "GB") == 0);
}

static int found_add(reading *g, const found *f)
{
    if (room_for(&g->at, &g->room, g->count + 1, sizeof *g->at) < 0)
        return -ENOMEM;
    found *to = &g->at[g->count++];
    const char **texts[] = {&to->url, &to->event_id, &to->day, &to->added, &to->place, &to->voice};
    *to = *f;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = pool_text(&g->texts, *texts[i], strlen(*texts[i]));
        if (*texts[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

static int row_read(reading *g, const line *l)
{
    found f = {.code = code_find(l->at[CODE])};
    if (f.code == NULL)
        return 0;
    if (strcmp(f.code->kind, "sanction") != 0)
        f.country = country_of_people(g, l, f.code);
    else if (!sanction_read(l, &f))
        return 0;
    f.url = column(g, l, 60, 57);
    if (f.country == NULL || f.url[0] == '\0')
        return 0;
    f.event_id = l->at[EVENT_ID];
    f.day = l->at[DAY];
    f.added = added(g, l);
    f.place = place_name(g, l);
    f.root = strcmp(l->at[IS_ROOT], "1") == 0;
    f.voice = f.code->statement && l->at[ACTOR1_COUNTRY][0] != '\0' ? l->at[ACTOR1_NAME] : "";
    return found_add(g, &f);
}

static int rows_read(reading *g, source *s, problem *p)
{
    char *data = NULL;
    size_t len = 0;
    bool ended = false;
    int got = 0;
    uint64_t count = 0;
    while ((got = source_line(s, &data, &len, &ended, p)) == 1) {
        line l = {.number = source_line_number(s)};
        if (strlen(data) != len)
            return problem_set(p, g->file, l.number, "found a NUL byte; expected text");
        if (++count > ROWS_MAX)
            return problem_set(p, g->file, l.number, "has more than %d rows", ROWS_MAX);
        l.count = line_split(data, &l);
        int result = line_check(g, &l, ended, p);
        if (result == 0)
            result = row_read(g, &l);
        if (result != 0)
            return result;
    }
    if (got == 0 && count == 0)
        return problem_set(p, g->file, 0, "is empty; expected rows of events");
    return got;
}

/* ---- one report for each article, kind and country ------------------------------------ */

/* Of the rows of one article, kind and country the article's main one speaks, else the first. */
static int found_order(const void *a, const void *b)
{
    const found *one = a;
    const found *two = b;
    int result = strcmp(one->url, two->url);
    if (result == 0)
        result = strcmp(one->code->kind, two->code->kind);
    if (result == 0)
        result = strcmp(one->country, two->country);
    if (result == 0)
        result = two->root - one->root;
    if (result == 0)
        result = (strlen(one->event_id) > strlen(two->event_id)) -
                 (strlen(one->event_id) < strlen(two->event_id));
    return result != 0 ? result : strcmp(one->event_id, two->event_id);
}

static bool same_report(const found *a, const found *b)
{
    return strcmp(a->url, b->url) == 0 && strcmp(a->code->kind, b->code->kind) == 0 &&
           strcmp(a->country, b->country) == 0;
}

/* The host of an article's address in lower case, without "www."; what is no address stands for
 * itself (broadcasts are named by their title). */
static void host_read(const char *url, char to[HOST_BYTES])
{
    const char *from = strstr(url, "://");
    from = from != NULL ? from + 3 : url;
    size_t len = strcspn(from, "/?#");
    const char *user = memchr(from, '@', len);
    if (user != NULL) {
        len -= (size_t)(user + 1 - from);
        from = user + 1;
    }
    const char *port = memchr(from, ':', len);
    len = port != NULL ? (size_t)(port - from) : len;
    if (len > 4 && strncasecmp(from, "www.", 4) == 0) {
        from += 4;
        len -= 4;
    }
    len = text_clean(from, len, to, HOST_BYTES);
    for (size_t i = 0; i < len; i++)
        to[i] = (char)tolower((unsigned char)to[i]);
}

static void dates_write(const found *f, char day[THAW_DATE_TEXT], char reported[THAW_DATE_TEXT])
{
    snprintf(day, THAW_DATE_TEXT, "%.4s-%.2s-%.2s", f->day, f->day + 4, f->day + 6);
    if (strlen(f->added) == 14)
        snprintf(reported, THAW_DATE_TEXT, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", f->added, f->added + 4,
                 f->added + 6, f->added + 8, f->added + 10, f->added + 12);
    else
        snprintf(reported, THAW_DATE_TEXT, "%.4s-%.2s-%.2s", f->added, f->added + 4, f->added + 6);
}

static bool is_date(const char *text)
{
    thaw_date date;
    return thaw_date_parse(text, strlen(text), &date) == 0;
}

static int found_tell(const found *f, teller *t, problem *p)
{
    char host[HOST_BYTES];
    char voice[HOST_BYTES];
    char day[THAW_DATE_TEXT];
    char reported[THAW_DATE_TEXT];
    char title[400];
    char note[200];
    text identity = {0};
    host_read(f->url, host);
    dates_write(f, day, reported);
    text_slug(f->voice, voice, sizeof voice);
    snprintf(title, sizeof title, "%s (CAMEO %s)%s%.300s", f->code->label, f->code->code,
             f->place[0] != '\0' ? ", " : "", f->place);
    snprintf(note, sizeof note, "coded by a machine, GDELT event %.40s", f->event_id);
    text_put(&identity, f->url);
    text_join(&identity, "\n", f->code->kind, strlen(f->code->kind));
    text_join(&identity, "\n", f->country, strlen(f->country));
    const rumour r = {.kind = f->code->kind,
                      .country = f->country,
                      .source = host[0] != '\0' ? host : t->source,
                      .voice = voice,
                      .occurred_at = is_date(day) ? day : "",
                      .reported_at = is_date(reported) ? reported : t->reported_at,
                      .authority = f->authority,
                      .action = f->code->action,
                      .stage = f->code->stage,
                      .title = title,
                      .url = strlen(f->url) < 1400 ? f->url : "",
                      .note = note,
                      .identity = text_get(&identity)};
    int result = identity.failed ? -ENOMEM : tell_rumour(t, &r, p);
    text_done(&identity);
    return result;
}

int gdelt_reports(source *s, teller *t, problem *p)
{
    reading g = {.file = source_name(s)};
    int result = rows_read(&g, s, p);
    if (result == 0 && g.count > 0)
        qsort(g.at, g.count, sizeof *g.at, found_order);
    for (size_t i = 0; i < g.count && result == 0; i++)
        if (i == 0 || !same_report(&g.at[i - 1], &g.at[i]))
            result = found_tell(&g.at[i], t, p);
    free(g.at);
    pool_done(&g.texts);
    return result;
}
