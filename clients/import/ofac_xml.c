/*
 * ofac_xml.c - SDN.XML: sdnList with publshInformation (spelt so) and sdnEntry elements.
 */
#include "ofac.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "programs.h"
#include "xml.h"

/* One idList/id. */
typedef struct number {
    text type, value, country;
} number;

typedef struct reading {
    const char *file;
    list *list;
    bool is_list, in_entry;
    uint64_t entry_line, record_count;
    bool counted;
    text uid, first, last, type, programs, details, aliases, addresses, ids;
    number id;
    text remark; /* the same as sdn.csv has it */
} reading;

/* texts_each of those of the entry. */
static bool entry_texts(reading *g, void (*act)(text *))
{
    text *all[] = {&g->uid,      &g->first,      &g->last,      &g->type, &g->programs,
                   &g->details,  &g->aliases,    &g->addresses, &g->ids,  &g->id.type,
                   &g->id.value, &g->id.country, &g->remark};
    return texts_each(all, sizeof all / sizeof all[0], act);
}

static void entry_begin(reading *g, uint64_t line)
{
    entry_texts(g, text_clear);
    g->in_entry = true;
    g->entry_line = line;
}

static int on_begin(void *context, const xml_place *at, const char *const *attributes, problem *p)
{
    reading *g = context;
    (void)attributes;
    if (at->depth == 1) {
        g->is_list = strcmp(at->name, "sdnList") == 0;
        return g->is_list ? 0
                          : problem_set(p, g->file, at->line,
                                        "the document is <%s>, expected <sdnList>", at->name);
    }
    if (at->depth == 2 && strcmp(at->name, "sdnEntry") == 0)
        entry_begin(g, at->line);
    if (strcmp(at->name, "id") == 0) {
        text_clear(&g->id.type);
        text_clear(&g->id.value);
        text_clear(&g->id.country);
    }
    return 0;
}

/* ---- the head ----------------------------------------------------------------------- */

/* MM/DD/YYYY as the list's date. */
static int publish_date(reading *g, const xml_place *at, const char *says, size_t len, problem *p)
{
    unsigned month = 0;
    unsigned day = 0;
    unsigned year = 0;
    char copy[16] = "";
    char end = '\0';
    thaw_date date;
    memcpy(copy, says, len < sizeof copy ? len : sizeof copy - 1);
    if (sscanf(copy, "%2u/%2u/%4u%c", &month, &day, &year, &end) == 3)
        snprintf(g->list->date, sizeof g->list->date, "%04u-%02u-%02u", year, month, day);
    if (thaw_date_parse(g->list->date, strlen(g->list->date), &date) == 0)
        return 0;
    g->list->date[0] = '\0';
    return problem_set(p, g->file, at->line, "Publish_Date is '%.20s', expected MM/DD/YYYY", copy);
}

static int head_end(reading *g, const xml_place *at, const char *says, size_t len, problem *p)
{
    char copy[24] = "";
    char *end = NULL;
    if (strcmp(at->name, "Publish_Date") == 0)
        return publish_date(g, at, says, len, p);
    if (strcmp(at->name, "Record_Count") != 0)
        return 0;
    memcpy(copy, says, len < sizeof copy ? len : sizeof copy - 1);
    g->record_count = strtoull(copy, &end, 10);
    g->counted = len > 0 && *end == '\0';
    return g->counted ? 0
                      : problem_set(p, g->file, at->line,
                                    "Record_Count is '%.20s', expected digits", copy);
}

/* ---- an entry ----------------------------------------------------------------------- */

/* An identifier is read as the remark that it is in sdn.csv. */
static void number_end(reading *g)
{
    text_clear(&g->remark);
    text_put(&g->remark, text_get(&g->id.type));
    text_put(&g->remark, " ");
    text_put(&g->remark, text_get(&g->id.value));
    if (g->id.country.len > 0) {
        text_put(&g->remark, " (");
        text_put(&g->remark, text_get(&g->id.country));
        text_put(&g->remark, ")");
    }
    ofac_remark_read(&g->ids, text_get(&g->remark), g->remark.len);
}

static const char *type_of(const reading *g, char *slug, size_t room)
{
    if (strcasecmp(text_get(&g->type), "individual") == 0)
        return "person";
    text_slug(text_get(&g->type), slug, room);
    return slug[0] != '\0' ? slug : "entity";
}

static int hashed_put(reading *g, record *r, record_field field, const text *says)
{
    char tag[40] = "xml:";
    text_hash(text_get(says), says->len, tag + 4);
    return record_put(g->list, r, field, tag);
}

/* "LAST, First", as sdn.csv has it. */
static int name_put(reading *g, record *r)
{
    if (g->first.len > 0)
        text_join(&g->last, ", ", g->first.data, g->first.len);
    return record_put(g->list, r, RECORD_NAME, text_get(&g->last));
}

static int ids_put(reading *g, record *r)
{
    text all = {0};
    text_put(&all, "ofac:");
    text_put(&all, text_get(&g->uid));
    if (g->ids.len > 0)
        text_join(&all, "\n", g->ids.data, g->ids.len);
    int result = all.failed ? -ENOMEM : record_put(g->list, r, RECORD_IDS, text_get(&all));
    text_done(&all);
    return result;
}

static int entry_end(reading *g, problem *p)
{
    char slug[40];
    char countries[200];
    g->in_entry = false;
    if (entry_texts(g, NULL))
        return -ENOMEM;
    if (g->uid.len == 0 || strspn(text_get(&g->uid), "0123456789") != g->uid.len)
        return problem_set(p, g->file, g->entry_line, "the entry's uid is '%.40s', expected digits",
                           text_get(&g->uid));
    if (g->last.len + g->first.len == 0)
        return problem_set(p, g->file, g->entry_line, "entry %s has no name", text_get(&g->uid));
    record *r = records_add(g->list, g->entry_line);
    if (r == NULL)
        return -ENOMEM;
    program_countries(text_get(&g->programs), program_country_ofac, countries, sizeof countries);
    int result = record_put(g->list, r, RECORD_KEY, text_get(&g->uid));
    result |= name_put(g, r);
    result |= record_put(g->list, r, RECORD_TYPE, type_of(g, slug, sizeof slug));
    result |= record_put(g->list, r, RECORD_AUTHORITY, "US");
    result |= record_put(g->list, r, RECORD_PROGRAMS, text_get(&g->programs));
    result |= record_put(g->list, r, RECORD_COUNTRIES, countries);
    result |= hashed_put(g, r, RECORD_DETAILS, &g->details);
    result |= hashed_put(g, r, RECORD_ALIASES, &g->aliases);
    result |= hashed_put(g, r, RECORD_ADDRESSES, &g->addresses);
    result |= ids_put(g, r);
    return result != 0 ? -ENOMEM : 0;
}

static void detail_add(text *to, const xml_place *at, const char *says, size_t len)
{
    if (len == 0 || strcmp(at->name, "uid") == 0)
        return; /* numbers of parts are given anew at will */
    text_put(to, at->name);
    text_put(to, "=");
    text_add(to, says, len);
    text_put(to, "\n");
}

/* A leaf within an entry. */
static void leaf_end(reading *g, const xml_place *at, const char *says, size_t len)
{
    static const char *const alias_parts[] = {"aka", "akaList"};
    bool direct = at->depth == 3;
    text *to = &g->details;
    if (direct && strcmp(at->name, "uid") == 0)
        text_add(&g->uid, says, len);
    else if (direct && strcmp(at->name, "firstName") == 0)
        text_add(&g->first, says, len);
    else if (direct && strcmp(at->name, "lastName") == 0)
        text_add(&g->last, says, len);
    else if (direct && strcmp(at->name, "sdnType") == 0)
        text_add(&g->type, says, len);
    else if (strcmp(at->name, "program") == 0 && strcmp(at->parent, "programList") == 0)
        text_join(&g->programs, ", ", says, len);
    else {
        if (strcmp(at->parent, alias_parts[0]) == 0 || strcmp(at->parent, alias_parts[1]) == 0)
            to = &g->aliases;
        else if (strcmp(at->parent, "address") == 0)
            to = &g->addresses;
        detail_add(to, at, says, len);
    }
    if (strcmp(at->parent, "id") != 0)
        return;
    if (strcmp(at->name, "idType") == 0)
        text_add(&g->id.type, says, len);
    else if (strcmp(at->name, "idNumber") == 0)
        text_add(&g->id.value, says, len);
    else if (strcmp(at->name, "idCountry") == 0)
        text_add(&g->id.country, says, len);
}

static int on_end(void *context, const xml_place *at, const char *says, size_t len, problem *p)
{
    reading *g = context;
    if (strcmp(at->parent, "publshInformation") == 0)
        return head_end(g, at, says, len, p);
    if (!g->in_entry)
        return 0;
    if (at->depth == 2)
        return entry_end(g, p);
    if (strcmp(at->name, "id") == 0)
        number_end(g);
    else
        leaf_end(g, at, says, len);
    return 0;
}

static int count_check(const reading *g, problem *p)
{
    if (!g->counted)
        return problem_set(p, g->file, 0, "has no Record_Count; it is no list of OFAC");
    if (g->record_count == g->list->count && g->list->count > 0)
        return 0;
    return problem_set(p, g->file, 0, "Record_Count says %llu, found %zu entries",
                       (unsigned long long)g->record_count, g->list->count);
}

int ofac_xml_read(const char *name, const char *data, size_t len, list *ret_list, problem *p)
{
    reading g = {.file = name, .list = ret_list};
    const xml_handler handler = {&g, on_begin, on_end};
    int result = xml_read(name, data, len, &handler, p);
    if (result == 0)
        result = count_check(&g, p);
    if (result == 0)
        result = records_finish(ret_list, name, p);
    entry_texts(&g, text_done);
    return result;
}
