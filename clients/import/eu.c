/*
 * eu.c - annexes of an EU regulation.
 *
 * A record is a row: one party in one annex under one measure. Its key is program, annex, measure
 * and name; the number printed in the annex, with the date, serves to see a corrected name, and so
 * does all else that the row says of a person without a number whose day of birth it says.
 */
#include "eu.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "country.h"
#include "forms/utf8.h"
#include "identifier.h"
#include "namesakes.h"
#include "programs.h"
#include "rows.h"

enum { ID_BYTES = 240 };

typedef enum column {
    CELEX,
    NUMBER,
    PROGRAM,
    ANNEX,
    MEASURE,
    START,
    SCHEMA,
    NAME,
    COUNTRY,
    NATIONALITY,
    JURISDICTION,
    BIRTH,
    PASSPORT,
    PERSONAL,
    REGISTRATION,
    TAX,
    INN,
    OGRN,
    LEI,
    IMO,
    ADDRESS,
    COLUMNS
} column;

static const char *const names[COLUMNS] = {
    "celex",        "recordId",  "programKey",     "annex",    "measure",
    "startDate",    "schema",    "name",           "country",  "nationality",
    "jurisdiction", "birthDate", "passportNumber", "idNumber", "registrationNumber",
    "taxNumber",    "innCode",   "ogrnCode",       "leiCode",  "imoNumber",
    "address"};

/* Without these it is another file. The act says which list it is. */
static const column needed[] = {CELEX, PROGRAM, ANNEX, MEASURE, START, SCHEMA, NAME};

/* A column that is compared only as a part of all. */
typedef struct detail {
    const char *name; /* of the column */
    size_t at;
} detail;

typedef struct reading {
    list *list;
    size_t at[COLUMNS]; /* index + 1; 0: there is no such column */
    size_t width;
    detail details_at[ROW_FIELDS_MAX]; /* by name, so that the order of the columns says nothing */
    size_t details_count;
    const char *celex;
    bool several; /* more than one act */
    const char **births; /* of each record, as printed */
    size_t births_room;
    text key, other, ids, details;
    pool texts; /* fields that were cleaned */
} reading;

static const char *field(const reading *g, const row *r, column c)
{
    return g->at[c] > 0 ? r->at[g->at[c] - 1] : "";
}

static int detail_order(const void *a, const void *b)
{
    return strcmp(((const detail *)a)->name, ((const detail *)b)->name);
}

/* All columns but those that are compared by themselves. */
static void details_choose(reading *g, const row *head)
{
    static const column apart[] = {NUMBER, PROGRAM, ANNEX, MEASURE, START, SCHEMA, NAME};
    for (size_t i = 0; i < head->count; i++) {
        bool skip = false;
        for (size_t c = 0; c < sizeof apart / sizeof apart[0]; c++)
            skip |= g->at[apart[c]] == i + 1;
        if (!skip)
            g->details_at[g->details_count++] = (detail){head->at[i], i};
    }
    qsort(g->details_at, g->details_count, sizeof g->details_at[0], detail_order);
}

/* What one act changed in another is no list: nothing is broken, and no list of that name will come. */
static int amendment_refuse(const rows *from, problem *p)
{
    problem_set(p, from->name, 1,
                "is an amendment (column 'amendedCelex'), which shows what an act adds and not who "
                "stands; expected the annexes of an act as they stand (column 'celex'); nothing is "
                "told");
    return -EINVAL;
}

static int head_read(reading *g, rows *from, problem *p)
{
    row r;
    int got = rows_next(from, &r, p);
    if (got <= 0)
        return got < 0 ? got : problem_set(p, from->name, 0, "is empty; expected a header line");
    bool amends = false;
    for (size_t i = 0; i < r.count; i++) {
        amends |= strcmp(r.at[i], "amendedCelex") == 0;
        for (size_t c = 0; c < COLUMNS; c++)
            if (strcmp(r.at[i], names[c]) == 0)
                g->at[c] = i + 1;
    }
    if (amends && g->at[CELEX] == 0)
        return amendment_refuse(from, p);
    g->width = r.count;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (g->at[needed[i]] == 0)
            return problem_set(p, from->name, 1, "has no column '%s'; the header is '%.60s'",
                               names[needed[i]], r.at[0]);
    details_choose(g, &r);
    return 0;
}

/* ---- dates -------------------------------------------------------------------------- */

static unsigned month_of(const char *word)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    for (unsigned i = 0; i < 12; i++)
        if (strcasecmp(months[i], word) == 0)
            return i + 1;
    return 0;
}

/* "2.12.2021", "14 June 2022" or "2021-12-02" as the last; "" where it is none of them. */
static void date_read(const char *says, char to[THAW_DATE_TEXT])
{
    unsigned day = 0;
    unsigned month = 0;
    unsigned year = 0;
    char word[16] = "";
    char end = '\0';
    thaw_date date;
    to[0] = '\0';
    if (sscanf(says, "%2u.%2u.%4u%c", &day, &month, &year, &end) == 3 ||
        (sscanf(says, "%2u %15[A-Za-z] %4u%c", &day, word, &year, &end) == 3 &&
         (month = month_of(word)) > 0))
        snprintf(to, THAW_DATE_TEXT, "%04u-%02u-%02u", year, month, day);
    else
        snprintf(to, THAW_DATE_TEXT, "%.20s", says);
    if (thaw_date_parse(to, strlen(to), &date) != 0)
        to[0] = '\0';
}

/* ---- identifiers -------------------------------------------------------------------- */

static const char *country_said(const char *says)
{
    size_t len = strcspn(says, ";");
    const char *country = country_of_alpha2(says, len);
    return country != NULL ? country : country_of_name(says, len);
}

/* The country at the end of the first address: behind its last comma, or its last word. */
static const char *country_of_address(const char *address)
{
    static const char ends[] = {',', ' '};
    size_t len = strcspn(address, ";");
    for (size_t i = 0; i < sizeof ends; i++) {
        size_t from = len;
        while (from > 0 && address[from - 1] != ends[i])
            from--;
        const char *country = country_of_name(address + from, len - from);
        if (country != NULL)
            return country;
    }
    return NULL;
}

static const char *country_of_party(const reading *g, const row *r)
{
    const char *country = country_said(field(g, r, JURISDICTION));
    if (country == NULL)
        country = country_said(field(g, r, COUNTRY));
    return country != NULL ? country : country_of_address(field(g, r, ADDRESS));
}

static void numbers_add(text *ids, const char *kind, const char *country, const char *says)
{
    const char *item = NULL;
    size_t len = 0;
    while (text_next(&says, ';', &item, &len)) {
        text_trim(&item, &len);
        identifier_add(ids, kind, country, item, len);
    }
}

/* The name itself, without what stands in brackets: within one act that is the party; and with the
 * printed number, which two namesakes do not share. */
static void ids_read(reading *g, const row *r)
{
    char base[400];
    char slug[100];
    char number[16];
    const char *country = country_of_party(g, r);
    const char *name = field(g, r, NAME);
    const char *bracket = strstr(name, " (");
    snprintf(base, sizeof base, "%.*s", (int)(bracket != NULL ? bracket - name : 399), name);
    text_clear(&g->ids);
    if (text_slug(base, slug, sizeof slug) > 0) {
        char own[ID_BYTES];
        snprintf(own, sizeof own, "eu:%.100s:%s", field(g, r, PROGRAM), slug);
        text_put(&g->ids, own);
        if (text_slug(field(g, r, NUMBER), number, sizeof number) > 0) {
            text_join(&g->ids, "\n", own, strlen(own));
            text_put(&g->ids, "#");
            text_put(&g->ids, number);
        }
    }
    numbers_add(&g->ids, "registration", country, field(g, r, REGISTRATION));
    numbers_add(&g->ids, "tax", country, field(g, r, TAX));
    numbers_add(&g->ids, "tax", "RU", field(g, r, INN));
    numbers_add(&g->ids, "registration", "RU", field(g, r, OGRN));
    numbers_add(&g->ids, "passport", country_said(field(g, r, NATIONALITY)), field(g, r, PASSPORT));
    numbers_add(&g->ids, "national-id", country_said(field(g, r, NATIONALITY)),
                field(g, r, PERSONAL));
    identifier_add_lei(&g->ids, field(g, r, LEI), strlen(field(g, r, LEI)));
    identifier_add_imo(&g->ids, field(g, r, IMO), strlen(field(g, r, IMO)));
}

/* ---- rows --------------------------------------------------------------------------- */

static void key_read(reading *g, const row *r, const char *details, const char *date)
{
    char slug[200];
    char other[400] = "";
    text_slug(field(g, r, NAME), slug, sizeof slug);
    text_clear(&g->key);
    text_clear(&g->other);
    text_put(&g->key, field(g, r, PROGRAM));
    text_put(&g->key, "/");
    text_put(&g->key, field(g, r, ANNEX));
    text_put(&g->key, "/");
    text_put(&g->key, field(g, r, MEASURE));
    if (field(g, r, NUMBER)[0] != '\0')
        snprintf(other, sizeof other, "%.300s#%.40s@%s", text_get(&g->key), field(g, r, NUMBER),
                 date);
    else if (field(g, r, BIRTH)[0] != '\0')
        snprintf(other, sizeof other, "%.300s=%s@%s", text_get(&g->key), details, date);
    text_put(&g->other, other);
    text_put(&g->key, "/");
    text_put(&g->key, slug);
}

static const char *type_of(const char *schema, char *slug, size_t room)
{
    static const struct {
        const char *schema, *type;
    } types[] = {{"Person", "person"},    {"LegalEntity", "entity"}, {"Organization", "entity"},
                 {"Company", "entity"},   {"PublicBody", "entity"},  {"Vessel", "vessel"},
                 {"Airplane", "aircraft"}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].schema, schema) == 0)
            return types[i].type;
    text_slug(schema, slug, room);
    return slug;
}

/* Names and values of the columns that say something. */
static int details_put(reading *g, record *one, const row *r)
{
    char tag[40] = "columns:";
    text_clear(&g->details);
    for (size_t i = 0; i < g->details_count; i++) {
        const char *says = r->at[g->details_at[i].at];
        if (says[0] == '\0')
            continue;
        text_put(&g->details, g->details_at[i].name);
        text_put(&g->details, "=");
        text_put(&g->details, says);
        text_put(&g->details, "\n");
    }
    text_hash(text_get(&g->details), g->details.len, tag + strlen(tag));
    return record_put(g->list, one, RECORD_DETAILS, tag);
}

/* Blanks and line ends say nothing, in whatever column. */
static int row_clean(reading *g, row *r)
{
    char clean[ROW_FIELD_BYTES_MAX];
    for (size_t i = 0; i < r->count; i++) {
        size_t len = text_clean(r->at[i], strlen(r->at[i]), clean, sizeof clean);
        if (strcmp(clean, r->at[i]) != 0)
            r->at[i] = pool_text(&g->texts, clean, len);
        if (r->at[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

static int row_check(const reading *g, const rows *from, const row *r, problem *p)
{
    if (r->count != g->width)
        return problem_set(p, from->name, from->line, "has %zu columns, expected %zu: '%.60s'",
                           r->count, g->width, r->at[0]);
    static const column filled[] = {CELEX, PROGRAM, ANNEX, NAME};
    for (size_t i = 0; i < sizeof filled / sizeof filled[0]; i++)
        if (field(g, r, filled[i])[0] == '\0')
            return problem_set(p, from->name, from->line, "the column '%s' is empty",
                               names[filled[i]]);
    return 0;
}

static int birth_keep(reading *g, const row *r)
{
    if (g->list->count > g->births_room) {
        size_t room = g->births_room > 0 ? 2 * g->births_room : 256;
        const char **larger = reallocarray(g->births, room, sizeof *larger);
        if (larger == NULL)
            return -ENOMEM;
        g->births = larger;
        g->births_room = room;
    }
    g->births[g->list->count - 1] = field(g, r, BIRTH);
    return 0;
}

static int row_read(reading *g, const rows *from, row *r, problem *p)
{
    char slug[40];
    char date[THAW_DATE_TEXT];
    char group[200];
    char countries[200];
    int result = row_clean(g, r);
    if (result == 0)
        result = row_check(g, from, r, p);
    if (result != 0)
        return result;
    record *one = records_add(g->list, from->line);
    if (one == NULL)
        return -ENOMEM;
    const char *celex = field(g, r, CELEX);
    g->several |= g->celex != NULL && strcmp(g->celex, celex) != 0;
    g->celex = celex;
    date_read(field(g, r, START), date);
    result = details_put(g, one, r);
    key_read(g, r, one->at[RECORD_DETAILS], date);
    ids_read(g, r);
    snprintf(group, sizeof group, "Annex %.60s, %.100s", field(g, r, ANNEX), field(g, r, MEASURE));
    program_countries(field(g, r, PROGRAM), program_country, countries, sizeof countries);
    result |= record_put(g->list, one, RECORD_KEY, text_get(&g->key));
    result |= record_put(g->list, one, RECORD_OTHER, text_get(&g->other));
    result |= record_put(g->list, one, RECORD_GROUP, group);
    result |= record_put(g->list, one, RECORD_NAME, field(g, r, NAME));
    result |=
        record_put(g->list, one, RECORD_TYPE, type_of(field(g, r, SCHEMA), slug, sizeof slug));
    result |= record_put(g->list, one, RECORD_AUTHORITY, "EU");
    result |= record_put(g->list, one, RECORD_COUNTRIES, countries);
    result |= record_put(g->list, one, RECORD_PROGRAMS, field(g, r, PROGRAM));
    result |= record_put(g->list, one, RECORD_SECTOR, field(g, r, MEASURE));
    result |= record_put(g->list, one, RECORD_LISTED, date);
    result |= record_put(g->list, one, RECORD_IDS, text_get(&g->ids));
    result |= birth_keep(g, r);
    return result != 0 || g->key.failed || g->ids.failed || g->details.failed ? -ENOMEM : 0;
}

/* ---- the file ------------------------------------------------------------------------ */

/* Letters of another encoding would be told as names that changed. */
static int encoding_check(const char *name, const char *data, size_t len, problem *p)
{
    uint64_t line = 1;
    for (size_t at = 0, length = 0; at < len; at += length) {
        uint32_t c = utf8_take(data + at, len - at, &length);
        if (c == UTF8_REPLACEMENT && length == 1)
            return problem_set(p, name, line, "byte 0x%02X is no UTF-8; expected text in UTF-8",
                               (unsigned)(unsigned char)data[at]);
        line += c == '\n';
    }
    return 0;
}

static void reading_done(reading *g)
{
    text_done(&g->key);
    text_done(&g->other);
    text_done(&g->ids);
    text_done(&g->details);
    pool_done(&g->texts);
    free(g->births);
}

static int rows_all(reading *g, rows *from, problem *p)
{
    row r;
    int got = 0;
    int result = head_read(g, from, p);
    while (result == 0 && (got = rows_next(from, &r, p)) == 1)
        result = row_read(g, from, &r, p);
    if (result == 0)
        result = got;
    if (result == 0 && !from->ended)
        result =
            problem_set(p, from->name, from->line, "the last line has no end; the file is cut off");
    return result;
}

/* The act in a file's name (32006R0765), also by its consolidated version (02006R0765-20260424);
 * nothing where there is none. */
static void act_of_name(const char *path, char *to, size_t room)
{
    const char *slash = strrchr(path, '/');
    const char *word = slash != NULL ? slash + 1 : path;
    while (*word != '\0') {
        char year[5] = "";
        char kind[2] = "";
        char number[5] = "";
        int end = 0;
        if (sscanf(word, "%*1[03]%4[0-9]%1[A-Z]%4[0-9]%n", year, kind, number, &end) == 3 &&
            strlen(year) == 4 && strlen(number) == 4 && !isalnum((unsigned char)word[end])) {
            snprintf(to, room, "3%s%s%s", year, kind, number);
            return;
        }
        while (isalnum((unsigned char)*word))
            word++;
        word += *word != '\0';
    }
}

/* Which list it is, also of a broken one, so far as it was read. */
static void act_set(const reading *g, const char *path)
{
    list *l = g->list;
    if (g->celex == NULL)
        act_of_name(path, l->name, sizeof l->name);
    else if (!g->several)
        snprintf(l->name, sizeof l->name, "%.60s", g->celex);
}

int eu_read(source *const sources[], size_t count, list *ret_list, problem *p)
{
    reading g = {.list = ret_list};
    rows from;
    char *data = NULL;
    size_t len = 0;
    (void)count;
    int result = source_all(sources[0], &data, &len, p);
    if (result != 0)
        return result;
    rows_open(&from, source_name(sources[0]), data, len);
    result = encoding_check(from.name, data, len, p);
    if (result == 0)
        result = rows_all(&g, &from, p);
    act_set(&g, from.name);
    /* one that holds nothing is a list where its name says of what */
    if (result == 0 && ret_list->count == 0 && ret_list->name[0] == '\0')
        result = problem_set(p, from.name, 0, "holds no party");
    if (result == 0)
        result = namesakes_part(ret_list, g.births);
    if (result == 0)
        result = records_finish(ret_list, from.name, p);
    reading_done(&g);
    free(data);
    return result;
}
