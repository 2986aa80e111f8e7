/*
 * ledger_cells.c - cells of the ledger that take more than one value of a row.
 */
#include "screen/ledger_cells.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "forms/pack.h"
#include "screen/layout.h"
#include "screen/words.h"

enum { WORD_BYTES = 160, DAY_BYTES = 10 };

static size_t clipped(int length, size_t room)
{
    return length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

static const char *word(const msgpack_object *map, const char *key, char text[WORD_BYTES])
{
    const msgpack_object *value = pack_get(map, key);
    text[0] = '\0';
    if (value != NULL && value->type != MSGPACK_OBJECT_NIL)
        layout_cell(key, value, text, WORD_BYTES);
    return text;
}

static const char *day(const msgpack_object *map, const char *key, char text[WORD_BYTES])
{
    word(map, key, text);
    text[DAY_BYTES] = '\0';
    return text;
}

static bool has_number(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = pack_get(map, key);
    return value != NULL && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

/* ---- history ------------------------------------------------------------------------ */

/* Whether a measure or person is now what it was after a turn. */
static bool is_of_now(const msgpack_object *row, const msgpack_object *turn)
{
    char now[WORD_BYTES], state[WORD_BYTES];
    word(row, pack_get(row, "state") != NULL ? "state" : "status", now);
    return strcmp(word(turn, "state", state), now) == 0;
}

/* The date of a turn as it was said; of what ran out, which nobody says, the day. */
static const char *turn_date(const msgpack_object *turn, char text[WORD_BYTES])
{
    word(turn, "date", text);
    if (text[0] == '\0')
        return day(turn, "at", text);
    text[strcspn(text, "T")] = '\0'; /* without its hours */
    return text;
}

/* Whether a measure was in that state before, nobody says since when: who eases what is in force does not impose it. */
static bool was_so_already(const msgpack_object *first_turn)
{
    static const char *const later_steps[] = {"eased", "maintained", "extended", "amended"};
    for (size_t i = 0; i < sizeof later_steps / sizeof later_steps[0]; i++)
        if (pack_is(first_turn, "action", later_steps[i]))
            return true;
    return false;
}

size_t ledger_cell_since(const msgpack_object *row, char *text, size_t room)
{
    const msgpack_object *turns = pack_get(row, "history");
    char date[WORD_BYTES];
    int64_t since_ns, at_ns;
    if (pack_get_time(row, "since", &since_ns) != 0)
        return 0;
    day(row, "since", date);
    for (uint32_t i = 0; pack_is_array(turns) && i < turns->via.array.size; i++) {
        const msgpack_object *turn = &turns->via.array.ptr[i];
        if (pack_get_time(turn, "at", &at_ns) == 0 && at_ns == since_ns && is_of_now(row, turn))
            turn_date(turn, date);
    }
    return clipped(snprintf(text, room, "%s", date), room);
}

size_t ledger_cell_before(const msgpack_object *row, char *text, size_t room)
{
    const msgpack_object *turns = pack_get(row, "history");
    char before[WORD_BYTES] = "", state[WORD_BYTES], at[WORD_BYTES] = "";
    uint32_t begins = 0;
    if (!pack_is_array(turns))
        return 0;
    for (uint32_t i = turns->via.array.size; i-- > 0;) {
        const msgpack_object *turn = &turns->via.array.ptr[i];
        word(turn, "state", state);
        if (is_of_now(row, turn) && before[0] == '\0')
            continue;
        if (before[0] == '\0')
            memcpy(before, state, sizeof before);
        if (strcmp(state, before) != 0)
            break;
        turn_date(turn, at);
        begins = i;
    }
    if (before[0] == '\0')
        return 0;
    bool already = begins == 0 && pack_get_uint(row, "turns", 0) == turns->via.array.size &&
                   was_so_already(&turns->via.array.ptr[0]);
    return clipped(snprintf(text, room, "%s%s%s", before, already ? "" : " ", already ? "" : at),
                   room);
}

size_t ledger_cell_last_day(const msgpack_object *row, char *text, size_t room)
{
    char moment[WORD_BYTES];
    int64_t at_ns;
    if (pack_get_time(row, "expires_at", &at_ns) != 0)
        return 0;
    words_time(at_ns - 1, moment, sizeof moment);
    return clipped(snprintf(text, room, "%.*s", DAY_BYTES, moment), room);
}

/* ---- disagreement ------------------------------------------------------------------- */

static bool is_true(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = pack_get(map, key);
    return value != NULL && value->type == MSGPACK_OBJECT_BOOLEAN && value->via.boolean;
}

size_t ledger_cell_differs(const msgpack_object *row, char *text, size_t room)
{
    bool days = is_true(row, "days_disagree");
    bool numbers = is_true(row, "disagrees");
    bool whole = pack_get_uint(row, "low", 0) != pack_get_uint(row, "high", 0);
    const char *what = !numbers ? "" : whole ? "number" : "a part";
    return clipped(
        snprintf(text, room, "%s%s%s", what, numbers && days ? ", " : "", days ? "day" : ""), room);
}

/* ---- incidents ---------------------------------------------------------------------- */

size_t ledger_cell_what(const msgpack_object *row, char *text, size_t room)
{
    char kind[WORD_BYTES], authority[WORD_BYTES], action[WORD_BYTES], stage[WORD_BYTES];
    word(row, "kind", kind);
    word(row, "authority", authority);
    word(row, "action", action);
    word(row, "stage", stage);
    if (authority[0] != '\0')
        return clipped(snprintf(text, room, "%s %s", authority, action), room);
    return clipped(snprintf(text, room, "%s%s%s", kind, stage[0] != '\0' ? " " : "", stage), room);
}

/* A number of a row with the range that its keys low and high give. */
static size_t with_range(const msgpack_object *row, const char *keys[3], char *text, size_t room)
{
    uint64_t low = pack_get_uint(row, keys[1], 0);
    uint64_t high = pack_get_uint(row, keys[2], 0);
    if (!has_number(row, keys[0]))
        return 0;
    size_t at = clipped(snprintf(text, room, "%" PRIu64, pack_get_uint(row, keys[0], 0)), room);
    if (low != high)
        at += clipped(snprintf(text + at, room - at, " (%" PRIu64 "-%" PRIu64 ")", low, high),
                      room - at);
    return at;
}

size_t ledger_cell_count(const msgpack_object *row, char *text, size_t room)
{
    static const char *keys[] = {"count", "low", "high"};
    return with_range(row, keys, text, room);
}

/* ---- totals ------------------------------------------------------------------------- */

size_t ledger_cell_total(const msgpack_object *row, char *text, size_t room)
{
    const char *sign = pack_is(row, "count_is", "at_least") ? ">= "
                       : pack_is(row, "count_is", "about")  ? "~ "
                                                            : "";
    if (!has_number(row, "count"))
        return 0;
    return clipped(snprintf(text, room, "%s%" PRIu64, sign, pack_get_uint(row, "count", 0)), room);
}

size_t ledger_cell_ledger(const msgpack_object *row, char *text, size_t room)
{
    static const char *keys[] = {"ledger", "ledger_low", "ledger_high"};
    return with_range(row, keys, text, room);
}

/* The category of a definition, where it is another than the total states. */
static void other_category(const msgpack_object *row, const msgpack_object *fit,
                           char text[WORD_BYTES])
{
    char stated[WORD_BYTES], category[WORD_BYTES];
    text[0] = '\0';
    if (strcmp(word(row, "category", stated), word(fit, "category", category)) != 0)
        snprintf(text, WORD_BYTES, "%.100s, ", category[0] != '\0' ? category : "of any category");
}

size_t ledger_cell_fits(const msgpack_object *row, char *text, size_t room)
{
    const msgpack_object *fits = pack_get(row, "fits");
    char reading[WORD_BYTES], form[WORD_BYTES], category[WORD_BYTES], since[WORD_BYTES],
        state[WORD_BYTES];
    if (!pack_is_array(fits) || fits->via.array.size == 0)
        return 0;
    const msgpack_object *fit = &fits->via.array.ptr[0];
    uint32_t more = fits->via.array.size - 1;
    word(fit, "reading", reading);
    word(fit, "form", form);
    other_category(row, fit, category);
    bool beginning = strcmp(word(row, "state", state), "other-definition") != 0;
    const char *what = strcmp(reading, "grace") == 0  ? "without sentences served"
                       : strcmp(reading, "only") == 0 ? "only "
                       : strcmp(reading, "with") == 0 ? "stated "
                       : form[0] != '\0'              ? ""
                                                      : "all";
    int length = snprintf(text, room, "%s%s%s%s%s", category, what,
                          strcmp(reading, "grace") == 0 ? "" : form, beginning ? " since " : "",
                          beginning ? day(fit, "since", since) : "");
    size_t at = clipped(length, room);
    if (more > 0)
        at += clipped(snprintf(text + at, room - at, ", or %" PRIu32 " more", more), room - at);
    return at;
}
