/*
 * un.c - the consolidated list of the UN Security Council.
 *
 * CONSOLIDATED_LIST > INDIVIDUALS > INDIVIDUAL and ENTITIES > ENTITY. An entry is known by its
 * REFERENCE_NUMBER; what changed in it is the list's own word, VERSIONNUM.
 */
#include "un.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "country.h"
#include "identifier.h"
#include "xml.h"

enum { ENTRY_DEPTH = 3, NAME_PARTS = 4 };

typedef struct reading {
    const char *file;
    list *list;
    bool in_entry, individual;
    uint64_t line;
    text dataid, version, names[NAME_PARTS], type, reference, listed, updated, ids;
    text document, number, issuer;
} reading;

/* texts_each of those of the entry. */
static bool entry_texts(reading *g, void (*act)(text *))
{
    text *all[] = {&g->dataid,   &g->version,  &g->type,     &g->reference, &g->listed,
                   &g->updated,  &g->ids,      &g->document, &g->number,    &g->issuer,
                   &g->names[0], &g->names[1], &g->names[2], &g->names[3]};
    return texts_each(all, sizeof all / sizeof all[0], act);
}

static void entry_begin(reading *g, const xml_place *at)
{
    entry_texts(g, text_clear);
    g->in_entry = true;
    g->individual = strcmp(at->name, "INDIVIDUAL") == 0;
    g->line = at->line;
}

static int root_begin(reading *g, const xml_place *at, const char *const *attributes, problem *p)
{
    thaw_date date;
    const char *generated = xml_attribute(attributes, "dateGenerated");
    if (strcmp(at->name, "CONSOLIDATED_LIST") != 0)
        return problem_set(p, g->file, at->line,
                           "the document is <%s>, expected <CONSOLIDATED_LIST>", at->name);
    if (generated == NULL || thaw_date_parse(generated, strlen(generated), &date) != 0)
        return problem_set(p, g->file, at->line, "dateGenerated is '%.40s', expected a time",
                           generated != NULL ? generated : "");
    thaw_date_format(&date, g->list->date);
    return 0;
}

static int on_begin(void *context, const xml_place *at, const char *const *attributes, problem *p)
{
    reading *g = context;
    if (at->depth == 1)
        return root_begin(g, at, attributes, p);
    if (at->depth == ENTRY_DEPTH &&
        (strcmp(at->name, "INDIVIDUAL") == 0 || strcmp(at->name, "ENTITY") == 0))
        entry_begin(g, at);
    return 0;
}

/* ---- an entry ----------------------------------------------------------------------- */

const char *un_country(const char *type, size_t len)
{
    static const struct {
        const char *type, *country;
    } types[] = {{"Taliban", "AF"}, {"CAR", "CF"},  {"DRC", "CD"},        {"GB", "GW"},
                 {"1636", "LB"},    {"1988", "AF"}, {"SouthSudan", "SS"}, {"DPRK", "KP"}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (text_equals_fold(type, len, types[i].type))
            return types[i].country;
    return country_of_name(type, len);
}

static void document_end(reading *g)
{
    const char *type = text_get(&g->document);
    const char *country = country_of_name(text_get(&g->issuer), g->issuer.len);
    if (strcmp(type, "Passport") == 0)
        identifier_add(&g->ids, "passport", country, text_get(&g->number), g->number.len);
    else if (strncmp(type, "National Identification", 23) == 0)
        identifier_add(&g->ids, "national-id", country, text_get(&g->number), g->number.len);
    text_clear(&g->document);
    text_clear(&g->number);
    text_clear(&g->issuer);
}

static void leaf_end(reading *g, const xml_place *at, const char *says, size_t len)
{
    static const char *const parts[NAME_PARTS] = {"FIRST_NAME", "SECOND_NAME", "THIRD_NAME",
                                                  "FOURTH_NAME"};
    struct {
        const char *name, *parent; /* NULL: the entry itself */
        text *to;
    } leaves[] = {{"DATAID", NULL, &g->dataid},
                  {"VERSIONNUM", NULL, &g->version},
                  {"UN_LIST_TYPE", NULL, &g->type},
                  {"REFERENCE_NUMBER", NULL, &g->reference},
                  {"LISTED_ON", NULL, &g->listed},
                  {"TYPE_OF_DOCUMENT", "INDIVIDUAL_DOCUMENT", &g->document},
                  {"NUMBER", "INDIVIDUAL_DOCUMENT", &g->number},
                  {"ISSUING_COUNTRY", "INDIVIDUAL_DOCUMENT", &g->issuer},
                  {"COUNTRY_OF_ISSUE", "INDIVIDUAL_DOCUMENT", &g->issuer}};
    bool direct = at->depth == ENTRY_DEPTH + 1;
    for (size_t i = 0; direct && i < NAME_PARTS; i++)
        if (strcmp(at->name, parts[i]) == 0)
            text_add(&g->names[i], says, len);
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        bool here = leaves[i].parent == NULL ? direct : strcmp(at->parent, leaves[i].parent) == 0;
        if (here && strcmp(at->name, leaves[i].name) == 0 && leaves[i].to->len == 0)
            text_add(leaves[i].to, says, len);
    }
    /* The last of several days of amendment. */
    if (strcmp(at->parent, "LAST_DAY_UPDATED") == 0 &&
        (g->updated.len == 0 || strncmp(text_get(&g->updated), says, len) < 0)) {
        text_clear(&g->updated);
        text_add(&g->updated, says, len < 10 ? len : 10);
    }
}

/* A date, or nothing where it is none. */
static const char *date_or_none(text *says)
{
    thaw_date date;
    if (says->len > 10 && says->data[10] != 'T') /* "2012-12-31-05:00": a day with an offset */
        says->data[10] = '\0';
    return thaw_date_parse(text_get(says), strlen(text_get(says)), &date) == 0 ? text_get(says)
                                                                               : "";
}

static int names_put(reading *g, record *r)
{
    text name = {0};
    for (size_t i = 0; i < NAME_PARTS; i++)
        if (g->names[i].len > 0)
            text_join(&name, " ", g->names[i].data, g->names[i].len);
    int result = name.failed ? -ENOMEM : record_put(g->list, r, RECORD_NAME, text_get(&name));
    text_done(&name);
    return result;
}

static int ids_put(reading *g, record *r)
{
    text ids = {0};
    text_put(&ids, "un:");
    text_put(&ids, r->at[RECORD_KEY]);
    if (g->dataid.len > 0) {
        text_put(&ids, "\nunsc:");
        text_put(&ids, text_get(&g->dataid));
    }
    if (g->ids.len > 0)
        text_join(&ids, "\n", g->ids.data, g->ids.len);
    int result = ids.failed ? -ENOMEM : record_put(g->list, r, RECORD_IDS, text_get(&ids));
    text_done(&ids);
    return result;
}

static int entry_check(const reading *g, problem *p)
{
    size_t names = 0;
    for (size_t i = 0; i < NAME_PARTS; i++)
        names += g->names[i].len;
    if (g->reference.len == 0 && g->dataid.len == 0)
        return problem_set(p, g->file, g->line, "the entry has no REFERENCE_NUMBER and no DATAID");
    if (names == 0)
        return problem_set(p, g->file, g->line, "entry %s has no name", text_get(&g->reference));
    if (strspn(text_get(&g->version), "0123456789") != g->version.len)
        return problem_set(p, g->file, g->line, "entry %s: VERSIONNUM is '%.20s', expected digits",
                           text_get(&g->reference), text_get(&g->version));
    return 0;
}

static int entry_end(reading *g, problem *p)
{
    char version[40] = "";
    int result = entry_texts(g, NULL) ? -ENOMEM : entry_check(g, p);
    g->in_entry = false;
    if (result != 0)
        return result;
    record *r = records_add(g->list, g->line);
    if (r == NULL)
        return -ENOMEM;
    const text *key = g->reference.len > 0 ? &g->reference : &g->dataid;
    const char *country = un_country(text_get(&g->type), g->type.len);
    if (g->version.len > 0) /* real lists have had entries without */
        snprintf(version, sizeof version, "version:%.20s", text_get(&g->version));
    result |= record_put(g->list, r, RECORD_KEY, text_get(key));
    result |= record_put(g->list, r, RECORD_OTHER, text_get(&g->dataid));
    result |= names_put(g, r);
    result |= record_put(g->list, r, RECORD_TYPE, g->individual ? "person" : "entity");
    result |= record_put(g->list, r, RECORD_AUTHORITY, "UN");
    result |= record_put(g->list, r, RECORD_COUNTRIES, country != NULL ? country : "ZZ");
    result |= record_put(g->list, r, RECORD_PROGRAMS, text_get(&g->type));
    result |= record_put(g->list, r, RECORD_LISTED, date_or_none(&g->listed));
    result |= record_put(g->list, r, RECORD_UPDATED, date_or_none(&g->updated));
    result |= record_put(g->list, r, RECORD_DETAILS, version);
    result |= ids_put(g, r);
    return result != 0 ? -ENOMEM : 0;
}

static int on_end(void *context, const xml_place *at, const char *says, size_t len, problem *p)
{
    reading *g = context;
    if (!g->in_entry)
        return 0;
    if (at->depth == ENTRY_DEPTH)
        return entry_end(g, p);
    if (strcmp(at->name, "INDIVIDUAL_DOCUMENT") == 0)
        document_end(g);
    else if (len > 0)
        leaf_end(g, at, says, len);
    return 0;
}

int un_read(source *const sources[], size_t count, list *ret_list, problem *p)
{
    reading g = {.file = source_name(sources[0]), .list = ret_list};
    const xml_handler handler = {&g, on_begin, on_end};
    char *data = NULL;
    size_t len = 0;
    (void)count;
    int result = source_all(sources[0], &data, &len, p);
    if (result != 0)
        return result;
    result = xml_read(g.file, data, len, &handler, p);
    if (result == 0 && ret_list->count == 0)
        result = problem_set(p, g.file, 0, "holds no entry");
    if (result == 0)
        result = records_finish(ret_list, g.file, p);
    free(data);
    entry_texts(&g, text_done);
    return result;
}
