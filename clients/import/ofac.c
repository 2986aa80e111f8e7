/*
 * ofac.c - sdn.csv with its companions.
 */
#include "ofac.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "programs.h"
#include "room.h"
#include "rows.h"

enum {
    COLUMNS_SDN = 12,
    COLUMNS_ALT = 5,
    COLUMNS_ADD = 6,
    COLUMNS_COMMENTS = 2,
    END_MARK = 0x1a,
    TAG_BYTES = 40
};

/* The columns of sdn.csv. */
enum { SDN_NUMBER, SDN_NAME, SDN_TYPE, SDN_PROGRAM, SDN_TITLE, SDN_REMARKS = 11 };

/* A row of a companion: the record's number, and what it says. */
typedef struct companion_row {
    const char *number;
    const char *text;
} companion_row;

typedef struct companion {
    companion_row *at;
    size_t count, room;
    bool present;
} companion;

/* A file in memory. */
typedef struct file {
    const char *name;
    char *data;
    size_t len;
    size_t columns; /* of its first row */
} file;

typedef struct reading {
    list *list;
    companion aliases, addresses, comments;
    pool texts; /* of the companions */
    text scratch, ids, remarks;
} reading;

/* Adds a field as it is compared: its blanks and line ends say nothing. */
static void field_put(text *to, const char *says)
{
    char clean[ROW_FIELD_BYTES_MAX];
    text_add(to, clean, text_clean(says, strlen(says), clean, sizeof clean));
    text_put(to, "\n");
}

/* ---- files -------------------------------------------------------------------------- */

/* Cuts the end mark off; without it the file is cut off (sdn_comments.csv alone comes without). */
static int end_mark_take(file *f, problem *p)
{
    size_t len = f->len;
    while (len > 0 && (f->data[len - 1] == '\n' || f->data[len - 1] == '\r'))
        len--;
    if (len == 0)
        return problem_set(p, f->name, 0, "is empty; expected the list");
    if (f->data[len - 1] != END_MARK && f->columns == COLUMNS_COMMENTS && len < f->len)
        return 0;
    if (f->data[len - 1] != END_MARK)
        return problem_set(p, f->name, 0,
                           "ends without the end-of-file mark (byte 0x1A); it is cut off, or no "
                           "list of OFAC");
    if (len > 1 && f->data[len - 2] != '\n')
        return problem_set(p, f->name, 0, "the last line has no end; the file is cut off");
    f->len = len - 1;
    f->data[f->len] = '\0';
    return 0;
}

/* Columns of the first row, without changing the file. */
static size_t columns_count(const file *f)
{
    size_t columns = 1;
    bool quoted = false;
    for (size_t i = 0; i < f->len && (quoted || f->data[i] != '\n'); i++) {
        quoted ^= f->data[i] == '"';
        columns += !quoted && f->data[i] == ',';
    }
    return columns;
}

static const char *null_or(const char *field)
{
    return strncmp(field, "-0-", 3) == 0 && (field[3] == '\0' || strcmp(field + 3, " ") == 0)
               ? ""
               : field;
}

static int columns_check(const rows *r, const row *one, size_t expected, problem *p)
{
    if (one->count == expected)
        return 0;
    return problem_set(p, r->name, r->line, "has %zu columns, expected %zu: '%.60s'", one->count,
                       expected, one->at[0]);
}

static int number_check(const rows *r, const char *number, problem *p)
{
    size_t digits = strspn(number, "0123456789");
    if (digits > 0 && digits <= 12 && number[digits] == '\0')
        return 0;
    return problem_set(p, r->name, r->line, "the record's number is '%.40s', expected digits",
                       number);
}

/* ---- companions --------------------------------------------------------------------- */

static int companion_order(const void *a, const void *b)
{
    const companion_row *one = a;
    const companion_row *two = b;
    int result = strcmp(one->number, two->number);
    return result != 0 ? result : strcmp(one->text, two->text);
}

static int companion_number(const void *a, const void *b)
{
    return strcmp(((const companion_row *)a)->number, ((const companion_row *)b)->number);
}

/* Takes a row. The numbers of other names and addresses are given anew at will; what goes on with
 * a remark is kept as it stands, for it may begin within a word. */
static int companion_add(reading *g, companion *c, const row *from)
{
    const char *number = from->at[0];
    const text *says = &g->scratch;
    text_clear(&g->scratch);
    if (from->count == COLUMNS_COMMENTS)
        text_put(&g->scratch, null_or(from->at[1]));
    for (size_t i = 2; i < from->count; i++)
        field_put(&g->scratch, null_or(from->at[i]));
    if (room_for(&c->at, &c->room, c->count + 1, sizeof *c->at) < 0)
        return -ENOMEM;
    companion_row one = {pool_text(&g->texts, number, strlen(number)),
                         pool_text(&g->texts, text_get(says), says->len)};
    if (one.number == NULL || one.text == NULL || says->failed)
        return -ENOMEM;
    c->at[c->count++] = one;
    return 0;
}

static int companion_read(reading *g, file *f, companion *c, problem *p)
{
    rows r;
    row one;
    if (c->present)
        return problem_set(p, f->name, 0, "there are two files with %zu columns", f->columns);
    c->present = true;
    rows_open(&r, f->name, f->data, f->len);
    int got = 0;
    while ((got = rows_next(&r, &one, p)) == 1) {
        int result = columns_check(&r, &one, f->columns, p);
        if (result == 0)
            result = number_check(&r, one.at[0], p);
        if (result == 0)
            result = companion_add(g, c, &one);
        if (result != 0)
            return result;
    }
    if (got == 0 && c->count > 0)
        qsort(c->at, c->count, sizeof *c->at, companion_order);
    return got;
}

/* The rows of a number: the first of them; *ret_n how many. */
static const companion_row *companion_find(const companion *c, const char *number, size_t *ret_n)
{
    companion_row wanted = {number, ""};
    *ret_n = 0;
    const companion_row *found =
        c->count > 0 ? bsearch(&wanted, c->at, c->count, sizeof wanted, companion_number) : NULL;
    if (found == NULL)
        return NULL;
    while (found > c->at && companion_number(found - 1, &wanted) == 0)
        found--;
    while (found + *ret_n < c->at + c->count && companion_number(found + *ret_n, &wanted) == 0)
        (*ret_n)++;
    return found;
}

/* What a companion says of a record as one value to compare; nothing without the companion. */
static int companion_digest(reading *g, const companion *c, record *r, record_field field)
{
    char tag[TAG_BYTES] = "row:";
    size_t n = 0;
    if (!c->present)
        return 0;
    const companion_row *at = companion_find(c, r->at[RECORD_KEY], &n);
    text_clear(&g->scratch);
    for (size_t i = 0; i < n; i++)
        text_join(&g->scratch, "\n", at[i].text, strlen(at[i].text));
    text_hash(text_get(&g->scratch), g->scratch.len, tag + 4);
    return g->scratch.failed ? -ENOMEM : record_put(g->list, r, field, tag);
}

/* ---- the list ----------------------------------------------------------------------- */

/* The remarks of the main list with what the comments go on with. */
static void remarks_join(reading *g, const char *number, const char *remarks)
{
    size_t n = 0;
    const companion_row *more = companion_find(&g->comments, number, &n);
    text_clear(&g->remarks);
    text_put(&g->remarks, remarks);
    for (size_t i = 0; i < n; i++)
        text_put(&g->remarks, more[i].text);
}

/* "BELARUS] [RUSSIA-EO14024" as "BELARUS, RUSSIA-EO14024". */
static void programs_split(const char *programs, text *out)
{
    text_clear(out);
    for (const char *at = programs;;) {
        const char *end = strstr(at, "] [");
        size_t len = end != NULL ? (size_t)(end - at) : strlen(at);
        text_trim(&at, &len);
        while (len > 0 && (at[0] == '[' || at[0] == ']')) {
            at++;
            len--;
        }
        if (len > 0)
            text_join(out, ", ", at, len);
        if (end == NULL)
            return;
        at = end + 3;
    }
}

static const char *type_of(const char *type, char *slug, size_t room)
{
    if (type[0] == '\0')
        return "entity";
    if (strcasecmp(type, "individual") == 0)
        return "person";
    text_slug(type, slug, room);
    return slug;
}

static int programs_put(reading *g, record *r, const char *programs)
{
    char countries[200];
    programs_split(programs, &g->scratch);
    program_countries(text_get(&g->scratch), program_country_ofac, countries, sizeof countries);
    int result = record_put(g->list, r, RECORD_PROGRAMS, text_get(&g->scratch));
    return result == 0 ? record_put(g->list, r, RECORD_COUNTRIES, countries) : result;
}

/* All that is compared beside name, type and programs. */
static int details_put(reading *g, record *r, const row *one)
{
    /* Remarks that go on in a file that is not there are other remarks. */
    char tag[TAG_BYTES];
    snprintf(tag, sizeof tag, "%s", g->comments.present ? "all:" : "row:");
    text_clear(&g->scratch);
    for (size_t i = SDN_TITLE; i < one->count; i++) {
        const char *says = i == SDN_REMARKS ? text_get(&g->remarks) : null_or(one->at[i]);
        field_put(&g->scratch, says);
    }
    text_hash(text_get(&g->scratch), g->scratch.len, tag + 4);
    return record_put(g->list, r, RECORD_DETAILS, tag);
}

static int ids_put(reading *g, record *r)
{
    text_clear(&g->ids);
    text_put(&g->ids, "ofac:");
    text_put(&g->ids, r->at[RECORD_KEY]);
    ofac_remarks_read(&g->ids, text_get(&g->remarks));
    return record_put(g->list, r, RECORD_IDS, text_get(&g->ids));
}

static int sdn_row_read(reading *g, const rows *from, const row *one, problem *p)
{
    char slug[40];
    int result = columns_check(from, one, COLUMNS_SDN, p);
    const char *name = result == 0 ? null_or(one->at[SDN_NAME]) : "";
    if (result == 0)
        result = number_check(from, one->at[SDN_NUMBER], p);
    if (result == 0 && name[0] == '\0')
        result =
            problem_set(p, from->name, from->line, "record %s has no name", one->at[SDN_NUMBER]);
    if (result != 0)
        return result;
    record *r = records_add(g->list, from->line);
    if (r == NULL)
        return -ENOMEM;
    remarks_join(g, one->at[SDN_NUMBER], null_or(one->at[SDN_REMARKS]));
    result |= record_put(g->list, r, RECORD_KEY, one->at[SDN_NUMBER]);
    result |= record_put(g->list, r, RECORD_NAME, name);
    result |=
        record_put(g->list, r, RECORD_TYPE, type_of(null_or(one->at[SDN_TYPE]), slug, sizeof slug));
    result |= record_put(g->list, r, RECORD_AUTHORITY, "US");
    result |= programs_put(g, r, null_or(one->at[SDN_PROGRAM]));
    result |= details_put(g, r, one);
    result |= ids_put(g, r);
    result |= companion_digest(g, &g->aliases, r, RECORD_ALIASES);
    result |= companion_digest(g, &g->addresses, r, RECORD_ADDRESSES);
    return result != 0 || g->scratch.failed || g->ids.failed || g->remarks.failed ? -ENOMEM : 0;
}

static int sdn_read(reading *g, file *f, problem *p)
{
    rows r;
    row one;
    int got = 0;
    rows_open(&r, f->name, f->data, f->len);
    while ((got = rows_next(&r, &one, p)) == 1) {
        int result = sdn_row_read(g, &r, &one, p);
        if (result != 0)
            return result;
    }
    if (got == 0 && g->list->count == 0)
        return problem_set(p, f->name, 0, "holds no record");
    return got != 0 ? got : records_finish(g->list, f->name, p);
}

static companion *companion_of(reading *g, size_t columns)
{
    return columns == COLUMNS_ALT        ? &g->aliases
           : columns == COLUMNS_ADD      ? &g->addresses
           : columns == COLUMNS_COMMENTS ? &g->comments
                                         : NULL;
}

/* Companions first, for the list's records take from them. */
static int files_read(reading *g, file files[], size_t count, problem *p)
{
    file *sdn = &files[0];
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        files[i].columns = columns_count(&files[i]);
        result = end_mark_take(&files[i], p);
        if (files[i].columns == COLUMNS_SDN)
            sdn = &files[i];
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        companion *c = companion_of(g, files[i].columns);
        if (&files[i] == sdn)
            continue;
        if (files[i].columns == sdn->columns)
            return problem_set(p, files[i].name, 0, "there are two files with %zu columns",
                               files[i].columns);
        result = c != NULL ? companion_read(g, &files[i], c, p)
                           : problem_set(p, files[i].name, 1,
                                         "has %zu columns; expected 12 (sdn), 5 (alt), 6 (add) or "
                                         "2 (sdn_comments)",
                                         files[i].columns);
    }
    return result == 0 ? sdn_read(g, sdn, p) : result;
}

static void companion_done(companion *c)
{
    free(c->at);
}

static bool is_xml(const file *f)
{
    return f->data[strspn(f->data, " \t\r\n")] == '<';
}

int ofac_read(source *const sources[], size_t count, list *ret_list, problem *p)
{
    reading g = {.list = ret_list};
    file files[4] = {0};
    int result = 0;
    if (count > 4)
        return problem_set(p, source_name(sources[4]), 0,
                           "is one file too many; expected sdn, alt, "
                           "add and sdn_comments");
    for (size_t i = 0; i < count && result == 0; i++) {
        files[i].name = source_name(sources[i]);
        result = source_all(sources[i], &files[i].data, &files[i].len, p);
    }
    if (result == 0 && count == 1 && is_xml(&files[0]))
        result = ofac_xml_read(files[0].name, files[0].data, files[0].len, ret_list, p);
    else if (result == 0)
        result = files_read(&g, files, count, p);
    for (size_t i = 0; i < count; i++)
        free(files[i].data);
    companion_done(&g.aliases);
    companion_done(&g.addresses);
    companion_done(&g.comments);
    pool_done(&g.texts);
    text_done(&g.scratch);
    text_done(&g.ids);
    text_done(&g.remarks);
    return result;
}
