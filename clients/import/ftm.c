/* ftm.c - see ftm.h. */
#include "ftm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

enum { ENTITIES_MAX = 16 * 1000 * 1000 };

/* ---- JSON --------------------------------------------------------------------------- */

const char *ftm_text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

const char *ftm_property(const json_t *entity_, const char *name, size_t n)
{
    const json_t *values = json_object_get(json_object_get(entity_, "properties"), name);
    return json_string_value(json_array_get(values, n));
}

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int ftm_values_join(const json_t *values, const char *separator, text *to)
{
    size_t count = json_array_size(values);
    count = count < FTM_VALUES_MAX ? count : FTM_VALUES_MAX;
    const char **order = reallocarray(NULL, count + 1, sizeof *order);
    if (order == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const char *value = json_string_value(json_array_get(values, i));
        order[i] = value != NULL ? value : "";
    }
    qsort(order, count, sizeof *order, text_order);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(order[i - 1], order[i]) != 0)
            text_join(to, separator, order[i], strlen(order[i]));
    free(order);
    return 0;
}

/* A hash over all properties that does not depend on any order. */
static int digest_make(const json_t *properties, char hex[17])
{
    text all = {0};
    text names = {0};
    const char *name = NULL;
    json_t *values = NULL;
    json_t *keys = json_array();
    int result = keys != NULL ? 0 : -ENOMEM;
    json_object_foreach((json_t *)(size_t)properties, name, values)
        json_array_append_new(keys, json_string(name));
    if (result == 0)
        result = ftm_values_join(keys, "\n", &names);
    const char *rest = text_get(&names);
    const char *item = NULL;
    size_t len = 0;
    while (result == 0 && text_next(&rest, '\n', &item, &len)) {
        char key[128];
        text one = {0};
        snprintf(key, sizeof key, "%.*s", (int)len, item);
        result = ftm_values_join(json_object_get(properties, key), "\x1f", &one);
        text_join(&all, "\x1e", item, len);
        text_put(&all, "=");
        text_put(&all, text_get(&one));
        text_done(&one);
    }
    text_hash(text_get(&all), all.len, hex);
    json_decref(keys);
    text_done(&names);
    if (all.failed)
        result = -ENOMEM;
    text_done(&all);
    return result;
}

/* ---- what is kept of an entity -------------------------------------------------------- */

bool ftm_is_sanction(const json_t *e)
{
    return strcmp(ftm_text(e, "schema"), "Sanction") == 0;
}

/* Things that can be listed. Addresses, relations and documents cannot. */
static bool is_party(const json_t *e)
{
    static const char *const schemata[] = {"Person",       "LegalEntity", "Organization", "Company",
                                           "PublicBody",   "Vessel",      "Airplane",     "Vehicle",
                                           "CryptoWallet", "Asset",       "Security"};
    for (size_t i = 0; i < sizeof schemata / sizeof schemata[0]; i++)
        if (strcmp(schemata[i], ftm_text(e, "schema")) == 0)
            return true;
    return false;
}

/* The entity with the properties that are used, and a digest of all. */
static json_t *entity_reduce(const json_t *e)
{
    static const char *const used[] = {
        "topics",    "country",     "jurisdiction", "nationality", "registrationNumber",
        "taxNumber", "innCode",     "ogrnCode",     "imoNumber",   "leiCode",
        "entity",    "program",     "programId",    "authority",   "startDate",
        "endDate",   "listingDate", "status"};
    static const char *const members[] = {"id", "caption", "schema", "datasets", "referents"};
    json_t *reduced = json_object();
    json_t *properties = json_object();
    char hex[17] = "";
    const char *digest = ftm_text(e, "digest"); /* of one that was reduced before */
    if (digest[0] == '\0' && digest_make(json_object_get(e, "properties"), hex) == 0)
        digest = hex;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (json_object_get(e, members[i]) != NULL)
            json_object_set(reduced, members[i], json_object_get(e, members[i]));
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++) {
        json_t *values = json_object_get(json_object_get(e, "properties"), used[i]);
        if (values != NULL)
            json_object_set(properties, used[i], values);
    }
    json_object_set_new(reduced, "properties", properties);
    json_object_set_new(reduced, "digest", json_string(digest));
    return reduced;
}

int ftm_add(ftm_entities *s, const char *id, const json_t *e, uint64_t line)
{
    if (s->count == ENTITIES_MAX)
        return -ENOMEM;
    if (room_for(&s->at, &s->room, s->count + 1, sizeof *s->at) < 0)
        return -ENOMEM;
    ftm_entity one = {.id = pool_text(&s->texts, id, strlen(id)), .number = s->count, .line = line};
    if (e != NULL && (ftm_is_sanction(e) || is_party(e))) {
        json_t *reduced = entity_reduce(e);
        char *dump = json_dumps(reduced, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(reduced);
        one.json = dump != NULL ? pool_text(&s->texts, dump, strlen(dump)) : NULL;
        free(dump);
        if (one.json == NULL)
            return -ENOMEM;
    }
    if (one.id == NULL)
        return -ENOMEM;
    s->at[s->count++] = one;
    return 0;
}

/* ---- reading lines -------------------------------------------------------------------- */

static void last_seen_note(ftm_entities *s, const json_t *e)
{
    char seen[THAW_DATE_TEXT];
    thaw_date date;
    const char *says = ftm_text(e, "last_seen");
    snprintf(seen, sizeof seen, "%.19s%s", says, strlen(says) >= 19 ? "Z" : "");
    if (thaw_date_parse(seen, strlen(seen), &date) == 0 && strcmp(seen, s->last_seen) > 0)
        snprintf(s->last_seen, sizeof s->last_seen, "%s", seen);
}

/* Whether entities stand within this one, whose sanctions would not be seen. */
static bool is_nested(const json_t *e)
{
    json_t *properties = json_object_get(e, "properties");
    void *at = json_object_iter(properties);
    for (; at != NULL; at = json_object_iter_next(properties, at)) {
        const json_t *values = json_object_iter_value(at);
        for (size_t n = 0; n < json_array_size(values); n++)
            if (json_is_object(json_array_get(values, n)))
                return true;
    }
    return false;
}

static int entity_check(const ftm_entities *s, const json_t *e, uint64_t line, bool whole,
                        problem *p)
{
    const char *id = ftm_text(e, "id");
    if (!json_is_object(e) || id[0] == '\0')
        return problem_set(p, s->file, line, "is no entity with an id");
    if (whole &&
        (ftm_text(e, "schema")[0] == '\0' || !json_is_object(json_object_get(e, "properties"))))
        return problem_set(p, s->file, line, "entity %.60s has no schema or no properties", id);
    if (whole && is_nested(e))
        return problem_set(p, s->file, line,
                           "entity %.60s has others nested in it (targets.nested.json?); expected "
                           "entities.ftm.json",
                           id);
    return 0;
}

static int operation_take(ftm_entities *s, const json_t *line, uint64_t number, problem *p)
{
    const char *op = ftm_text(line, "op");
    const json_t *e = json_object_get(line, "entity");
    bool gone = strcmp(op, "DEL") == 0;
    if (!gone && strcmp(op, "ADD") != 0 && strcmp(op, "MOD") != 0)
        return problem_set(p, s->file, number, "the operation is '%.20s', expected ADD, MOD or DEL",
                           op);
    int result = entity_check(s, e, number, !gone, p);
    if (result != 0)
        return result;
    last_seen_note(s, e);
    return ftm_add(s, ftm_text(e, "id"), gone ? NULL : e, number);
}

static int line_take(ftm_entities *s, const char *data, size_t len, uint64_t number, bool change,
                     problem *p)
{
    json_error_t error;
    if (len == 0)
        return 0;
    if (s->count == ENTITIES_MAX)
        return problem_set(p, s->file, number, "holds more than %d entities", ENTITIES_MAX);
    json_t *line = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
    if (line == NULL)
        return problem_set(p, s->file, number,
                           "is no JSON object (%s); the file is cut off, or "
                           "another one",
                           error.text);
    int result = 0;
    if (change) {
        result = operation_take(s, line, number, p);
    } else {
        result = entity_check(s, line, number, true, p);
        last_seen_note(s, line);
        if (result == 0)
            result = ftm_add(s, ftm_text(line, "id"), line, number);
    }
    json_decref(line);
    return result;
}

int ftm_read(ftm_entities *s, source *from, bool change, problem *p)
{
    char *line = NULL;
    size_t len = 0;
    bool ended = false;
    int got = 0;
    while ((got = source_line(from, &line, &len, &ended, p)) == 1) {
        int result = line_take(s, line, len, source_line_number(from), change, p);
        if (result != 0)
            return result;
    }
    return got;
}

static int entity_order(const void *a, const void *b)
{
    const ftm_entity *one = a;
    const ftm_entity *two = b;
    int result = strcmp(one->id, two->id);
    return result != 0 ? result : (one->number > two->number) - (one->number < two->number);
}

int ftm_settle(ftm_entities *s, bool change, problem *p)
{
    size_t kept = 0;
    if (s->count > 1)
        qsort(s->at, s->count, sizeof *s->at, entity_order);
    for (size_t i = 0; i < s->count; i++) {
        bool same = kept > 0 && strcmp(s->at[kept - 1].id, s->at[i].id) == 0;
        if (same && !change)
            return problem_set(p, s->file, s->at[i].line, "entity %.60s stands in the list twice",
                               s->at[i].id);
        kept -= same;
        s->at[kept++] = s->at[i];
    }
    s->count = kept;
    return 0;
}

void ftm_done(ftm_entities *s)
{
    free(s->at);
    pool_done(&s->texts);
}
