/* facts_driver_watch.c - see facts_driver_watch.h. */
#include "facts_driver_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORTS_MAX 256
#define CAUSES_MAX 64

void watch_problem(watch *w, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    json_array_append_new(w->problems, json_string(text));
}

static watched *watch_find(const watch *w, fact_handle handle)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->all[i].handle == handle)
            return &w->all[i];
    return NULL;
}

static watched *watch_add(watch *w, fact_handle handle)
{
    if (w->count == w->room) {
        w->room = w->room ? 2 * w->room : 64;
        w->all = realloc(w->all, w->room * sizeof(*w->all));
        if (!w->all)
            abort();
    }
    watched *item = &w->all[w->count++];
    *item = (watched){.handle = handle};
    return item;
}

void watch_taken(watch *w, thaw_str source, thaw_str id, uint64_t by)
{
    taken one = {.by = by};

    snprintf(one.name, sizeof(one.name), "%.*s/%.*s", (int)source.len, source.data, (int)id.len,
             id.data);
    for (size_t i = 0; i < w->taken_count; i++)
        if (strcmp(w->taken[i].name, one.name) == 0)
            return; /* it is gone already */
    if (w->taken_count < TAKEN_MAX)
        w->taken[w->taken_count++] = one;
}

static bool is_incident(fact_handle handle)
{
    fact_kind kind = fact_handle_kind(handle);
    return kind == FACT_RELEASE || kind == FACT_DETENTION || kind == FACT_SANCTION ||
           kind == FACT_TALKS;
}

static bool is_cause(const fact_change *change, uint64_t number)
{
    for (uint32_t i = 0; i < change->causes_count; i++)
        if (change->causes[i] == number)
            return true;
    return false;
}

/* Whatever took a report of an incident away in this batch is a cause of what became of it. */
static void check_causes(watch *w, const watched *item, const fact_change *change)
{
    json_t *fact = w->taken_count && item->text ? json_loads(item->text, 0, NULL) : NULL;
    const json_t *reports = fact ? json_object_get(fact, "reports") : NULL;
    json_t *name;
    size_t at;

    if (is_incident(change->handle))
        json_array_foreach((json_t *)reports, at,
                           name) for (size_t i = 0; i < w->taken_count;
                                      i++) if (strcmp(w->taken[i].name, json_string_value(name)) ==
                                                   0 &&
                                               !is_cause(change, w->taken[i].by))
            watch_problem(w, "%" PRIx64 " lost %s to %" PRIu64 ", which is no cause of its change",
                          change->handle, w->taken[i].name, w->taken[i].by);
    json_decref(fact);
}

void watch_change(void *context, const fact_change *change)
{
    watch *w = context;
    watched *item = watch_find(w, change->handle);

    w->changes++;
    if (change->causes_count > CAUSES_MAX || (change->causes_count && !change->causes))
        watch_problem(w, "change of %" PRIx64 ": %u causes", change->handle, change->causes_count);
    if (change->type == FACT_APPEARED && item) {
        watch_problem(w, "%" PRIx64 " appeared a second time", change->handle);
        return;
    }
    if (change->type != FACT_APPEARED && (!item || !item->living)) {
        watch_problem(w, "%" PRIx64 " changed or went, and was not there", change->handle);
        return;
    }
    if (change->type != FACT_APPEARED && change->replaces)
        watch_problem(w, "%" PRIx64 " replaces something without appearing", change->handle);
    if (item && change->causes_count < CAUSES_MAX)
        check_causes(w, item, change);
    if (!item)
        item = watch_add(w, change->handle);
    else if (item->change)
        watch_problem(w, "%" PRIx64 " was told of twice in one settle", change->handle);
    item->change = change->type;
    item->replaces = change->replaces;
    item->correction = change->correction;
    item->living = change->type != FACT_GONE;
}

/* ---- printing ------------------------------------------------------------------------- */

static json_t *print_strings(watch *w, const char *name, const fact_value *value)
{
    json_t *list = json_array();
    const char *before = NULL;

    for (uint32_t i = 0; i < value->strings.count; i++) {
        thaw_str item = value->strings.items[i];
        json_t *text = json_stringn(item.data, item.len);
        if (before && strcmp(before, json_string_value(text)) >= 0)
            watch_problem(w, "%s: \"%s\" stands after \"%s\"", name, json_string_value(text),
                          before);
        before = json_string_value(text);
        json_array_append_new(list, text);
    }
    return list;
}

static json_t *print_value(watch *w, const char *name, const fact_value *value)
{
    switch (value->type) {
    case FACT_NONE:
        return NULL;
    case FACT_BOOL:
        return json_boolean(value->truth);
    case FACT_INT:
        return json_integer(value->number);
    case FACT_TIME:
        return json_integer(value->at_ns);
    case FACT_DURATION:
        return json_integer(value->duration_ns);
    case FACT_STRING:
        return json_stringn(value->string.data, value->string.len);
    case FACT_STRINGS:
        return print_strings(w, name, value);
    }
    watch_problem(w, "%s: a value of the unknown type %d", name, (int)value->type);
    return NULL;
}

/* The reports that facts_reports() gives must be those of the field of that name. */
static void check_reports(watch *w, facts *f, fact_handle handle, const json_t *field)
{
    uint64_t numbers[REPORTS_MAX];
    size_t count = facts_reports(f, handle, numbers, REPORTS_MAX);
    thaw_str source, id;
    char text[300];

    if (field && count != json_array_size(field))
        watch_problem(w, "%" PRIx64 ": facts_reports gives %zu, the field holds %zu", handle, count,
                      json_array_size(field));
    for (size_t i = 0; i < count && i < REPORTS_MAX; i++) {
        bool found = false;
        size_t at;
        json_t *item;
        if (facts_report_name(f, numbers[i], &source, &id)) {
            watch_problem(w, "%" PRIx64 ": report %" PRIu64 " is unknown", handle, numbers[i]);
            continue;
        }
        snprintf(text, sizeof(text), "%.*s/%.*s", (int)source.len, source.data, (int)id.len,
                 id.data);
        json_array_foreach((json_t *)field, at, item) found =
            found || strcmp(json_string_value(item), text) == 0;
        if (field && !found)
            watch_problem(w, "%" PRIx64 ": report %s does not stand in the field", handle, text);
    }
}

/* One fact with all its fields, as text. */
static char *print_fact(watch *w, facts *f, fact_handle handle)
{
    fact_kind kind = fact_handle_kind(handle);
    json_t *fact = json_object();
    const char *name;
    fact_field field;
    fact_type type;
    fact_value value;

    for (size_t i = 0; fact_field_at(kind, i, &name, &field, &type); i++) {
        int r = facts_get(f, handle, field, w->now_ns, &value);
        if (r) {
            watch_problem(w, "%" PRIx64 ": %s: facts_get gives %d", handle, name, r);
            continue;
        }
        if (value.type != FACT_NONE && value.type != type)
            watch_problem(w, "%" PRIx64 ": %s: type %d, expected %d", handle, name, (int)value.type,
                          (int)type);
        json_t *printed = print_value(w, name, &value);
        if (printed)
            json_object_set_new(fact, name, printed);
    }
    check_reports(w, f, handle, json_object_get(fact, "reports"));
    char *text = json_dumps(fact, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(fact);
    return text;
}

/* ---- looking -------------------------------------------------------------------------- */

typedef struct look {
    watch *w;
    facts *f;
    fact_kind kind;
    fact_handle handles[4096];
    size_t count;
    json_t *stand; /* as watch.stood will be */
} look;

static bool stands_where_it_stood(const json_t *stood, fact_handle handle)
{
    return stood && (fact_handle)json_integer_value(stood) == handle;
}

/* Notes where the reports of an incident stand, and holds against that as what it was told. */
static void check_correction(look *at, watched *item)
{
    json_t *fact = json_loads(item->text, 0, NULL), *name;
    const json_t *reports = json_object_get(fact, "reports");
    const watched *before = item->replaces ? watch_find(at->w, item->replaces) : NULL;
    size_t kept = 0, renamed = 0, elsewhere = 0, i;

    json_array_foreach((json_t *)reports, i, name)
    {
        const json_t *stood = json_object_get(at->w->stood, json_string_value(name));
        json_object_set_new(at->stand, json_string_value(name),
                            json_integer((json_int_t)item->handle));
        if (stands_where_it_stood(stood, item->handle))
            kept++;
        else if (before && stands_where_it_stood(stood, before->handle))
            renamed++;
        else if (stood)
            elsewhere++;
    }
    bool moved = elsewhere || kept < item->reports || (renamed && renamed < before->reports);
    if (item->change && moved != item->correction && !(item->correction && at->w->taken_count))
        watch_problem(at->w, "told as %s (kept %zu of %zu, %zu from elsewhere): %s",
                      item->correction ? "a correction" : "news", kept, item->reports, elsewhere,
                      item->text);
    item->reports = json_array_size(reports);
    json_decref(fact);
}

static int look_collect(void *context, fact_handle handle)
{
    look *at = context;

    if (fact_handle_kind(handle) != at->kind)
        watch_problem(at->w, "%" PRIx64 ": not of the kind %s that was asked for", handle,
                      fact_kind_name(at->kind));
    if (at->count < sizeof(at->handles) / sizeof(at->handles[0]))
        at->handles[at->count++] = handle;
    return 0;
}

static void look_at(look *at, fact_handle handle)
{
    watched *item = watch_find(at->w, handle);
    char *text = print_fact(at->w, at->f, handle);

    if (!item || !item->living) {
        watch_problem(at->w, "%" PRIx64 " is there, and nothing was told of it: %s", handle, text);
        if (!item)
            item = watch_add(at->w, handle);
        item->living = true;
    } else if (!item->change && item->text && strcmp(item->text, text) != 0) {
        watch_problem(at->w, "changed, and nothing was told of it: %s now %s", item->text, text);
    }
    free(item->text);
    item->text = text;
    if (is_incident(handle))
        check_correction(at, item);
}

static void look_for_lost(watch *w, facts *f, const look *at)
{
    fact_value value;

    for (size_t i = 0; i < w->count; i++) {
        bool listed = false;
        for (size_t j = 0; j < at->count; j++)
            listed = listed || at->handles[j] == w->all[i].handle;
        if (w->all[i].living && !listed)
            watch_problem(w, "%" PRIx64 " is not there, and nobody told: %s", w->all[i].handle,
                          w->all[i].text);
        w->all[i].living = listed;
        if (!listed && facts_get(f, w->all[i].handle, FIELD_COUNTRY, w->now_ns, &value) != -ENOENT)
            watch_problem(w, "%" PRIx64 " went, and can still be read", w->all[i].handle);
        watched *replaced = w->all[i].replaces ? watch_find(w, w->all[i].replaces) : NULL;
        if (w->all[i].replaces && (!replaced || replaced->change != FACT_GONE))
            watch_problem(w, "%" PRIx64 " replaces %" PRIx64 ", which did not go now",
                          w->all[i].handle, w->all[i].replaces);
    }
}

/* What the counters say of how many facts there are. */
static uint64_t counter_of(const msgpack_object *pairs, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        const msgpack_object_str key = pairs[2 * i].via.str;
        if (key.size == strlen(name) && memcmp(key.ptr, name, key.size) == 0)
            return pairs[2 * i + 1].via.u64;
    }
    return UINT64_MAX;
}

static void look_at_counters(watch *w, facts *f, const uint64_t counts[FACT_KIND_COUNT])
{
    const uint64_t incidents =
        counts[FACT_RELEASE] + counts[FACT_DETENTION] + counts[FACT_SANCTION] + counts[FACT_TALKS];
    const struct {
        const char *name;
        uint64_t count;
    } wanted[] = {{"incidents", incidents},
                  {"measures", counts[FACT_MEASURE]},
                  {"persons", counts[FACT_PERSON]},
                  {"tallies", counts[FACT_TALLY]},
                  {"feeds", counts[FACT_FEED]}};
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    msgpack_zone zone;
    msgpack_object pairs[64];
    size_t at = 0;
    uint32_t count;

    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    count = facts_write_counters(f, &packer);
    if (!msgpack_zone_init(&zone, 4096) || 2 * count > 64)
        abort();
    for (uint32_t i = 0; i < 2 * count; i++)
        if (msgpack_unpack(bytes.data, bytes.size, &at, &zone, &pairs[i]) < 0)
            abort();
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        uint64_t said = counter_of(pairs, count, wanted[i].name);
        if (said != wanted[i].count)
            watch_problem(w, "%s: the counter says %" PRIu64 ", there are %" PRIu64, wanted[i].name, said,
                          wanted[i].count);
    }
    msgpack_zone_destroy(&zone);
    msgpack_sbuffer_destroy(&bytes);
}

void watch_look(watch *w, facts *f)
{
    uint64_t counts[FACT_KIND_COUNT] = {0};
    look *at = calloc(1, sizeof(*at));

    if (!at)
        abort();
    *at = (look){.w = w, .f = f, .stand = json_object()};
    for (fact_kind kind = FACT_RELEASE; kind < FACT_KIND_COUNT; kind++) {
        if (!fact_kind_name(kind))
            continue;
        at->kind = kind;
        counts[kind] = at->count;
        facts_each(f, kind, NULL, look_collect, at);
        counts[kind] = at->count - counts[kind];
    }
    look_at_counters(w, f, counts);
    for (size_t i = 0; i < at->count; i++)
        look_at(at, at->handles[i]);
    json_decref(w->stood);
    w->stood = at->stand;
    look_for_lost(w, f, at);
    for (size_t i = 0; i < w->count; i++) {
        w->all[i].change = (fact_change_type)0;
        w->all[i].replaces = 0;
    }
    w->changes = 0;
    w->taken_count = 0;
    free(at);
}

/* ---- the result ----------------------------------------------------------------------- */

static int text_compare(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

char *watch_print(const watch *w)
{
    char **texts = calloc(w->count + 1, sizeof(*texts));
    char *out = NULL;
    size_t out_len = 0;
    FILE *stream = open_memstream(&out, &out_len);
    const char *between = "";

    if (!texts || !stream)
        abort();
    fputc('{', stream);
    for (fact_kind kind = FACT_RELEASE; kind < FACT_KIND_COUNT; kind++) {
        size_t count = 0;
        if (!fact_kind_name(kind))
            continue;
        for (size_t i = 0; i < w->count; i++)
            if (w->all[i].living && fact_handle_kind(w->all[i].handle) == kind)
                texts[count++] = w->all[i].text;
        qsort(texts, count, sizeof(*texts), text_compare);
        fprintf(stream, "%s\"%s\":[", between, fact_kind_name(kind));
        for (size_t i = 0; i < count; i++)
            fprintf(stream, "%s%s", i ? "," : "", texts[i]);
        fputc(']', stream);
        between = ",";
    }
    fputc('}', stream);
    fclose(stream);
    free(texts);
    return out;
}

void watch_clear(watch *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->all[i].text);
    free(w->all);
    json_decref(w->stood);
    *w = (watch){0};
}
