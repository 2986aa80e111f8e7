/*
 * ledger_text.c - the ledger of a country for people.
 */
#include "screen/ledger_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "forms/pack.h"
#include "screen/columns.h"
#include "screen/layout.h"
#include "screen/ledger_cells.h"

enum { ROWS_MOST = 40, SOURCES_MOST = 10, CELL_BYTES = 64 };

/* ---- how many people ---------------------------------------------------------------- */

static void cell_add(screen_table *t, const msgpack_object *map, const char *key)
{
    char text[CELL_BYTES];
    const msgpack_object *value = pack_get(map, key);
    size_t len = value != NULL ? layout_cell(key, value, text, sizeof text) : 0;
    screen_table_add(t, text, len, true, COLOUR_NONE);
}

static void totals_add(screen_table *t, const char *label, const msgpack_object *totals)
{
    if (totals == NULL)
        return;
    screen_table_add(t, label, strlen(label), false, COLOUR_NONE);
    cell_add(t, totals, "count");
    cell_add(t, totals, "low");
    cell_add(t, totals, "high");
    cell_add(t, totals, "incidents");
}

static void years_add(screen_table *t, const msgpack_object *people)
{
    const msgpack_object *years = pack_get(people, "by_year");
    for (uint32_t i = 0; pack_is_array(years) && i < years->via.array.size; i++) {
        const msgpack_object *year = &years->via.array.ptr[i];
        char label[CELL_BYTES];
        uint64_t number = pack_get_uint(year, "year", 0); /* none: what is undated */
        snprintf(label, sizeof label, number > 0 ? "  in %" PRIu64 : "  undated", number);
        totals_add(t, label, pack_get(year, "people"));
    }
}

static void since_add(screen_table *t, const msgpack_object *reply, const msgpack_object *people)
{
    const msgpack_object *date = pack_get(reply, "since");
    char text[CELL_BYTES - 16] = "";
    char label[CELL_BYTES];
    if (pack_get(people, "since") == NULL)
        return;
    if (date != NULL)
        layout_cell("since", date, text, sizeof text);
    snprintf(label, sizeof label, "  since %s", text);
    totals_add(t, label, pack_get(people, "since"));
}

static void people_print(const screen *s, const msgpack_object *reply)
{
    static const char *const titles[] = {"people", "count", "low", "high", "incidents"};
    static const char *const kinds[] = {"released", "detained"};
    screen_table *t = screen_table_new(titles, 5);
    if (t == NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        const msgpack_object *people = pack_get(reply, kinds[i]);
        const msgpack_object *rumoured = people != NULL ? pack_get(people, "rumoured") : NULL;
        if (people == NULL)
            continue;
        totals_add(t, kinds[i], pack_get(people, "total"));
        years_add(t, people);
        since_add(t, reply, people);
        if (rumoured != NULL && pack_get_uint(rumoured, "incidents", 0) > 0)
            totals_add(t, "  and rumoured", rumoured);
    }
    screen_table_print(t, s, 0);
    screen_table_free(t);
}

/* ---- lists -------------------------------------------------------------------------- */

static const column incident_columns[] = {
    {"date", COLUMN_VALUE, {"occurred_at"}},
    {"what", COLUMN_WHAT, {"kind"}},
    {"count", COLUMN_COUNT, {"count"}},
    {"status", COLUMN_VALUE, {"status"}},
    {"from", COLUMN_ITEMS, {"sources"}},
    {"incident", COLUMN_VALUE, {"id"}},
    {0},
};
static const column disputed_columns[] = {
    {"date", COLUMN_VALUE, {"occurred_at"}},
    {"what", COLUMN_WHAT, {"kind"}},
    {"count", COLUMN_COUNT, {"count"}},
    {"differs", COLUMN_DIFFERS, {"disagrees"}},
    {"from", COLUMN_ITEMS, {"sources"}},
    {"incident", COLUMN_VALUE, {"id"}},
    {0},
};
static const column measure_columns[] = {
    {"authority", COLUMN_VALUE, {"authority"}},
    {"on", COLUMN_VALUE, {"party", "sector", "program"}},
    {"state", COLUMN_VALUE, {"state"}},
    {"since", COLUMN_SINCE, {"since"}},
    {"last day", COLUMN_LAST_DAY, {"expires_at"}},
    {"before", COLUMN_BEFORE, {"history"}},
    {0},
};
static const column talks_columns[] = {
    {"date", COLUMN_VALUE, {"occurred_at"}},
    {"stage", COLUMN_VALUE, {"stage"}},
    {"people expected", COLUMN_VALUE, {"expected_count"}},
    {"by", COLUMN_DAY, {"expected_by"}},
    {"freed since", COLUMN_VALUE, {"came"}},
    {"talks", COLUMN_VALUE, {"id"}},
    {0},
};
static const column person_columns[] = {
    {"name", COLUMN_VALUE, {"person"}},
    {"status", COLUMN_VALUE, {"status"}},
    {"since", COLUMN_SINCE, {"since"}},
    {"before", COLUMN_BEFORE, {"history"}},
    {"releases", COLUMN_VALUE, {"releases"}},
    {"detentions", COLUMN_VALUE, {"detentions"}},
    {"contradiction", COLUMN_VALUE, {"contradiction"}},
    {0},
};
static const column possible_columns[] = {
    {"name", COLUMN_VALUE, {"person"}},
    {"may be the same as", COLUMN_VALUE, {"maybe"}},
    {0},
};
static const column tally_columns[] = {
    {"date", COLUMN_VALUE, {"date"}},
    {"who says", COLUMN_VALUE, {"source"}},
    {"what", COLUMN_WORDS, {"category", "form", "of"}},
    {"total", COLUMN_TOTAL, {"count"}},
    {"since", COLUMN_DAY, {"since"}},
    {"compared", COLUMN_VALUE, {"state"}},
    {"ledger", COLUMN_LEDGER, {"ledger"}},
    {0},
};
static const column source_columns[] = {
    {"source", COLUMN_VALUE, {"source"}},
    {"reports", COLUMN_VALUE, {"reports"}},
    {"confirmed later", COLUMN_VALUE, {"later_confirmed"}},
    {"hours ahead", COLUMN_VALUE, {"lead_hours"}},
    {0},
};
static const column feed_columns[] = {
    {"source", COLUMN_VALUE, {"source"}},
    {"last report", COLUMN_DAY, {"last_at"}},
    {"numbers missing", COLUMN_VALUE, {"holes"}},
    {"broken", COLUMN_VALUE, {"broken"}},
    {0},
};

static void heading(const screen *s, const char *text)
{
    putc('\n', s->out);
    screen_print(s, COLOUR_BOLD, "%s\n", text);
}

static void list_print(const screen *s, const char *title, const msgpack_object *list,
                       const column columns[], uint32_t most)
{
    if (!pack_is_array(list) || list->via.array.size == 0)
        return;
    heading(s, title);
    columns_print(s, list, columns, 2, most);
}

/* The same of a list in order of date, of which the latest rows matter most. */
static void latest_print(const screen *s, const char *title, const msgpack_object *list,
                         const column columns[])
{
    if (!pack_is_array(list) || list->via.array.size <= ROWS_MOST) {
        list_print(s, title, list, columns, 0);
        return;
    }
    uint32_t earlier = list->via.array.size - ROWS_MOST;
    msgpack_object latest = *list;
    latest.via.array.ptr += earlier;
    latest.via.array.size = ROWS_MOST;
    list_print(s, title, &latest, columns, 0);
    screen_print(s, COLOUR_DIM, "  ... and %" PRIu32 " earlier (--json shows all)\n", earlier);
}

/* A copy of the list's rows, which still belong to the reply; NULL: none. The caller frees it. */
static msgpack_object *rows_copy(const msgpack_object *list)
{
    if (!pack_is_array(list) || list->via.array.size == 0)
        return NULL;
    msgpack_object *rows = malloc(list->via.array.size * sizeof *rows);
    if (rows != NULL)
        memcpy(rows, list->via.array.ptr, list->via.array.size * sizeof *rows);
    return rows;
}

static int by_reports(const void *a, const void *b)
{
    uint64_t first = pack_get_uint(a, "reports", 0);
    uint64_t second = pack_get_uint(b, "reports", 0);
    return (first < second) - (first > second);
}

static void sources_print(const screen *s, const msgpack_object *list)
{
    msgpack_object *rows = rows_copy(list);
    if (rows == NULL)
        return;
    msgpack_object sorted = *list;
    sorted.via.array.ptr = rows;
    qsort(rows, sorted.via.array.size, sizeof *rows, by_reports);
    list_print(s, "sources, those with most reports first", &sorted, source_columns, SOURCES_MOST);
    free(rows);
}

static bool is_unwell(const msgpack_object *feed)
{
    const msgpack_object *broken = pack_get(feed, "broken");
    return pack_get_uint(feed, "holes", 0) > 0 ||
           (broken != NULL && broken->type == MSGPACK_OBJECT_BOOLEAN && broken->via.boolean);
}

static void feeds_print(const screen *s, const msgpack_object *list)
{
    msgpack_object *rows = rows_copy(list);
    if (rows == NULL)
        return;
    msgpack_object unwell = *list;
    unwell.via.array.ptr = rows;
    unwell.via.array.size = 0;
    for (uint32_t i = 0; i < list->via.array.size; i++)
        if (is_unwell(&list->via.array.ptr[i]))
            rows[unwell.via.array.size++] = list->via.array.ptr[i];
    list_print(s, "feeds that are broken or miss reports", &unwell, feed_columns, ROWS_MOST);
    free(rows);
}

/* What the totals that do not agree as they are stated may mean. */
static void fits_print(const screen *s, const msgpack_object *list)
{
    char who[CELL_BYTES];
    char fits[4 * CELL_BYTES];
    for (uint32_t i = 0; i < list->via.array.size && i < ROWS_MOST; i++) {
        const msgpack_object *row = &list->via.array.ptr[i];
        const msgpack_object *source = pack_get(row, "source");
        size_t len = ledger_cell_fits(row, fits, sizeof fits);
        if (len == 0 || source == NULL)
            continue;
        fprintf(s->out, "  %" PRIu64 " (", pack_get_uint(row, "count", 0));
        screen_text(s, who, layout_cell("source", source, who, sizeof who));
        fputs(") would fit: ", s->out);
        screen_text(s, fits, len);
        putc('\n', s->out);
    }
}

/* More pairs than thawd tells. */
static void others_print(const screen *s, const msgpack_object *reply)
{
    const msgpack_object *more = pack_get(reply, "more");
    if (more != NULL && more->type == MSGPACK_OBJECT_MAP && pack_get(more, "possible") != NULL)
        screen_print(s, COLOUR_DIM, "  ... and others: thawd tells the first by name\n");
}

void ledger_print(const screen *s, const msgpack_object *reply)
{
    static const struct {
        const char *key, *title;
        const column *columns;
        bool dated;
        void (*after)(const screen *s, const msgpack_object *list);
    } lists[] = {
        {"open", "open: not confirmed yet, or announced and not acted on", incident_columns, true,
         NULL},
        {"disagreements", "disagreements: the sources differ on the number or the day",
         disputed_columns, true, NULL},
        {"tallies", "tallies: totals that others state, compared with this ledger", tally_columns,
         false, fits_print},
        {"talks", "talks", talks_columns, true, NULL},
        {"measures", "measures", measure_columns, false, NULL},
        {"persons", "persons", person_columns, false, NULL},
        {"possible", "names that may be one person", possible_columns, false, NULL},
    };
    char country[8] = "";
    char as_of[CELL_BYTES] = "";
    const msgpack_object *at = pack_get(reply, "as_of");
    const msgpack_object *code = pack_get(reply, "country");
    if (code != NULL)
        layout_cell("country", code, country, sizeof country);
    if (at != NULL)
        layout_cell("as_of", at, as_of, sizeof as_of);
    screen_print(s, COLOUR_BOLD, "%s", country);
    screen_print(s, COLOUR_DIM, "  as of %s\n\n", as_of);
    people_print(s, reply);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const msgpack_object *list = pack_get(reply, lists[i].key);
        if (lists[i].dated)
            latest_print(s, lists[i].title, list, lists[i].columns);
        else
            list_print(s, lists[i].title, list, lists[i].columns, ROWS_MOST);
        if (lists[i].after != NULL && pack_is_array(list))
            lists[i].after(s, list);
    }
    others_print(s, reply);
    sources_print(s, pack_get(reply, "sources"));
    feeds_print(s, pack_get(reply, "feeds"));
}

void ledger_print_countries(const screen *s, const msgpack_object *reply)
{
    static const column columns[] = {
        {"country", COLUMN_VALUE, {"country"}},
        {"released", COLUMN_VALUE, {"released.total.count"}},
        {"range", COLUMN_RANGE, {"released.total.low", "released.total.high"}},
        {"releases", COLUMN_VALUE, {"released.total.incidents"}},
        {"detained", COLUMN_VALUE, {"detained.total.count"}},
        {"range", COLUMN_RANGE, {"detained.total.low", "detained.total.high"}},
        {"measures", COLUMN_VALUE, {"measures"}},
        {"persons", COLUMN_VALUE, {"persons"}},
        {0},
    };
    static const column since_columns[] = {
        {"country", COLUMN_VALUE, {"country"}},
        {"released", COLUMN_VALUE, {"released.total.count"}},
        {"since", COLUMN_VALUE, {"released.since.count"}},
        {"range", COLUMN_RANGE, {"released.since.low", "released.since.high"}},
        {"detained", COLUMN_VALUE, {"detained.total.count"}},
        {"since", COLUMN_VALUE, {"detained.since.count"}},
        {"range", COLUMN_RANGE, {"detained.since.low", "detained.since.high"}},
        {"measures", COLUMN_VALUE, {"measures"}},
        {"persons", COLUMN_VALUE, {"persons"}},
        {0},
    };
    const msgpack_object *rows = pack_get(reply, "countries");
    bool since = pack_is_array(rows) && rows->via.array.size > 0 &&
                 pack_get(pack_get(&rows->via.array.ptr[0], "released"), "since") != NULL;
    columns_print(s, rows, since ? since_columns : columns, 0, 0);
}
