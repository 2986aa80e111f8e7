/*
 * columns.c - tables for people.
 */
#include "screen/columns.h"

#include <inttypes.h>
#include <string.h>

#include "forms/pack.h"
#include "screen/layout.h"
#include "screen/ledger_cells.h"
#include "screen/words.h"

enum { COLUMNS_MOST = 16, CELL_BYTES = 512, DAY_BYTES = 10 };

/* The value at a path of keys; NULL where there is none. */
static const msgpack_object *columns_find(const msgpack_object *map, const char *path)
{
    char key[64];
    while (map != NULL) {
        size_t len = strcspn(path, ".");
        if (len >= sizeof key)
            return NULL;
        memcpy(key, path, len);
        key[len] = '\0';
        map = pack_get(map, key);
        if (path[len] == '\0')
            return map;
        path += len + 1;
    }
    return NULL;
}

static bool has_value(const msgpack_object *value)
{
    return value != NULL && value->type != MSGPACK_OBJECT_NIL;
}

static bool is_number(const msgpack_object *value)
{
    return value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
           value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
           value->type == MSGPACK_OBJECT_FLOAT32 || value->type == MSGPACK_OBJECT_FLOAT64;
}

/* The last name of a path decides how its value is written. */
static const char *last_key(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

typedef struct cell {
    char text[CELL_BYTES];
    size_t len;
    bool numeric;
    colour c;
} cell;

static void cell_words(cell *to, const msgpack_object *row, const column *c)
{
    for (size_t i = 0; i < COLUMN_KEYS && c->keys[i] != NULL; i++) {
        const msgpack_object *value = columns_find(row, c->keys[i]);
        if (!has_value(value) || to->len + 2 >= CELL_BYTES)
            continue;
        if (to->len > 0)
            to->text[to->len++] = ' ';
        to->len +=
            layout_cell(last_key(c->keys[i]), value, to->text + to->len, CELL_BYTES - to->len);
        if (c->form != COLUMN_VALUE)
            continue;
        to->numeric = is_number(value);
        to->c = words_colour(last_key(c->keys[i]), to->text);
        return;
    }
}

static void cell_range(cell *to, const msgpack_object *row, const column *c)
{
    const msgpack_object *low = columns_find(row, c->keys[0]);
    const msgpack_object *high = columns_find(row, c->keys[1]);
    if (low == NULL || high == NULL || low->type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
        high->type != MSGPACK_OBJECT_POSITIVE_INTEGER || low->via.u64 == high->via.u64)
        return;
    to->len =
        (size_t)snprintf(to->text, CELL_BYTES, "%" PRIu64 "-%" PRIu64, low->via.u64, high->via.u64);
}

static void cell_make(cell *to, const msgpack_object *row, const column *c)
{
    *to = (cell){.len = 0};
    const msgpack_object *value = columns_find(row, c->keys[0]);
    switch (c->form) {
    case COLUMN_RANGE:
        cell_range(to, row, c);
        return;
    case COLUMN_ITEMS:
        if (!pack_is_array(value))
            return;
        to->numeric = true;
        to->len = (size_t)snprintf(to->text, CELL_BYTES, "%" PRIu32, value->via.array.size);
        return;
    case COLUMN_DAY:
        cell_words(to, row, c);
        if (value != NULL && value->type == MSGPACK_OBJECT_EXT && to->len > DAY_BYTES)
            to->len = DAY_BYTES;
        return;
    case COLUMN_SINCE:
        to->len = ledger_cell_since(row, to->text, CELL_BYTES);
        return;
    case COLUMN_BEFORE:
        to->len = ledger_cell_before(row, to->text, CELL_BYTES);
        return;
    case COLUMN_LAST_DAY:
        to->len = ledger_cell_last_day(row, to->text, CELL_BYTES);
        return;
    case COLUMN_DIFFERS:
        to->len = ledger_cell_differs(row, to->text, CELL_BYTES);
        return;
    case COLUMN_WHAT:
        to->len = ledger_cell_what(row, to->text, CELL_BYTES);
        return;
    case COLUMN_COUNT:
        to->len = ledger_cell_count(row, to->text, CELL_BYTES);
        return;
    case COLUMN_TOTAL:
        to->len = ledger_cell_total(row, to->text, CELL_BYTES);
        return;
    case COLUMN_LEDGER:
        to->len = ledger_cell_ledger(row, to->text, CELL_BYTES);
        return;
    case COLUMN_VALUE:
    case COLUMN_WORDS:
        cell_words(to, row, c);
        return;
    }
}

/* Ids are copied from the screen; half a date or half a reason says nothing. */
static bool is_kept(const column *c)
{
    const char *key = c->keys[0];
    return c->form == COLUMN_DAY || c->form == COLUMN_SINCE || c->form == COLUMN_LAST_DAY ||
           strcmp(key, "id") == 0 || strcmp(key, "occurred_at") == 0 || strcmp(key, "date") == 0 ||
           strcmp(key, "message") == 0;
}

bool columns_print(const screen *s, const msgpack_object *array, const column columns[],
                   unsigned indent, uint32_t most)
{
    const char *titles[COLUMNS_MOST] = {NULL};
    size_t count = 0;
    if (!pack_is_array(array) || array->via.array.size == 0)
        return false;
    while (count < COLUMNS_MOST && columns[count].title != NULL) {
        titles[count] = columns[count].title;
        count++;
    }
    screen_table *t = screen_table_new(titles, count);
    if (t == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_kept(&columns[i]))
            screen_table_keep(t, i);
    const uint32_t size = array->via.array.size;
    const uint32_t shown = most > 0 && most < size ? most : size;
    for (uint32_t i = 0; i < shown; i++) {
        for (size_t j = 0; j < count; j++) {
            cell one;
            cell_make(&one, &array->via.array.ptr[i], &columns[j]);
            screen_table_add(t, one.text, one.len, one.numeric, one.c);
        }
    }
    screen_table_print(t, s, indent);
    screen_table_free(t);
    if (shown < size) {
        screen_pad(s, indent);
        screen_print(s, COLOUR_DIM, "... and %" PRIu32 " more (--json shows all)\n", size - shown);
    }
    return true;
}
