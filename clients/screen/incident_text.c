/*
 * incident_text.c - why an incident is what it is, for people: what it came to, then each report
 * with what it does to the count and why it stands there.
 */
#include "screen/incident_text.h"

#include <inttypes.h>
#include <stdbool.h>

#include "forms/pack.h"
#include "screen/layout.h"
#include "screen/ledger_cells.h"

enum { CELL_BYTES = 512, DAY_BYTES = 10 };

static void put(const screen *s, const msgpack_object *map, const char *key, const char *before)
{
    const msgpack_object *value = pack_get(map, key);
    char text[CELL_BYTES];
    if (value == NULL || value->type == MSGPACK_OBJECT_NIL)
        return;
    size_t len = layout_cell(key, value, text, sizeof text);
    fputs(before, s->out);
    screen_text(s, text, len);
}

static void line(const screen *s, const char *label, const char *text, size_t len)
{
    if (len == 0)
        return;
    screen_print(s, COLOUR_DIM, "  %-9s ", label);
    screen_text(s, text, len);
    putc('\n', s->out);
}

static void value_line(const screen *s, const char *label, const msgpack_object *map,
                       const char *key)
{
    const msgpack_object *value = pack_get(map, key);
    char text[CELL_BYTES];
    if (value != NULL && value->type != MSGPACK_OBJECT_NIL)
        line(s, label, text, layout_cell(key, value, text, sizeof text));
}

static void incident_print(const screen *s, const msgpack_object *reply,
                           const msgpack_object *incident)
{
    char text[CELL_BYTES];
    screen_colour(s, COLOUR_BOLD);
    put(s, incident, "id", "");
    screen_colour(s, COLOUR_NONE);
    putc('\n', s->out);
    line(s, "what", text, ledger_cell_what(incident, text, sizeof text));
    value_line(s, "date", incident, "occurred_at");
    line(s, "count", text, ledger_cell_count(incident, text, sizeof text));
    value_line(s, "because", reply, "why");
    value_line(s, "won", reply, "winner");
    value_line(s, "at least", reply, "lower_bound");
    line(s, "differs", text, ledger_cell_differs(incident, text, sizeof text));
    value_line(s, "status", incident, "status");
    value_line(s, "acted at", incident, "acted_at");
    value_line(s, "voices", incident, "voices");
}

static bool is_own_voice(const msgpack_object *report)
{
    const msgpack_object *source = pack_get(report, "source");
    const msgpack_object *voice = pack_get(report, "voice");
    return source != NULL && voice != NULL && msgpack_object_equal(*source, *voice);
}

static void report_print(const screen *s, const msgpack_object *report)
{
    char text[CELL_BYTES];
    put(s, report, "date", "  ");
    put(s, report, "source", "  ");
    put(s, report, "id", "/");
    if (!is_own_voice(report))
        put(s, report, "voice", "  says ");
    size_t len = ledger_cell_total(report, text, sizeof text);
    fprintf(s->out, "%s%.*s", len > 0 ? ": " : "", (int)len, text);
    put(s, report, "part", " of ");
    if (pack_get_uint(report, "names", 0) > 0)
        put(s, report, "names", len > 0 ? ", names " : " names ");
    put(s, report, "status", ", ");
    put(s, report, "vote", "\n              ");
    put(s, report, "belongs", "\n              ");
    putc('\n', s->out);
}

void explain_print(const screen *s, const msgpack_object *reply)
{
    const msgpack_object *incident = pack_get(reply, "incident");
    const msgpack_object *reports = pack_get(reply, "reports");
    bool whole = incident != NULL && incident->type == MSGPACK_OBJECT_MAP;
    if (!pack_is_array(reports)) {
        layout_print(s, reply);
        return;
    }
    if (whole)
        incident_print(s, reply, incident);
    uint64_t count = reports->via.array.size + (whole ? pack_get_uint(reply, "more", 0) : 0);
    screen_print(s, COLOUR_BOLD, "%s%" PRIu64 " report%s%s\n", whole ? "\n" : "", count,
                 count == 1 ? "" : "s", whole ? "" : " more");
    for (uint32_t i = 0; i < reports->via.array.size; i++)
        report_print(s, &reports->via.array.ptr[i]);
}
