/*
 * layout.c - any reply as text.
 */
#include "screen/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "forms/pack.h"
#include "screen/words.h"

enum { KEYS_MAX = 24, CELL_BYTES = 1024, LINE_BYTES = 16384, DEPTH_MAX = 16 };

/* What only a program needs, to ask for more. */
static bool is_for_programs(const msgpack_object *key)
{
    return pack_str_equals(key, "next") || pack_str_equals(key, "next_waiting");
}

static bool is_nested(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_MAP || o->type == MSGPACK_OBJECT_ARRAY;
}

/* ---- one line ----------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static size_t put_number(const char *key, uint64_t number, char *text, size_t room)
{
    if (ends_with(key, "_bytes") || strcmp(key, "bytes") == 0)
        return words_bytes(number, text, room);
    /* `time` is what a rule took (PROTOCOL 7.8) */
    if ((ends_with(key, "_ns") || strcmp(key, "time") == 0) && number <= INT64_MAX)
        return words_duration((int64_t)number, text, room);
    if ((ends_with(key, "_s") || strcmp(key, "uptime") == 0 || strcmp(key, "silent_for") == 0) &&
        number <= INT64_MAX / 1000000000)
        return words_duration((int64_t)number * 1000000000, text, room);
    return (size_t)snprintf(text, room, "%" PRIu64, number);
}

static size_t put_str(const char *data, size_t len, char *text, size_t room)
{
    size_t kept = len < room ? len : room - 1;
    memcpy(text, data, kept);
    text[kept] = '\0';
    return kept;
}

static size_t put_scalar(const char *key, const msgpack_object *value, char *text, size_t room)
{
    int64_t at_ns = 0;
    switch (value->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        return (size_t)snprintf(text, room, "%s", value->via.boolean ? "yes" : "no");
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return put_number(key, value->via.u64, text, room);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return (size_t)snprintf(text, room, "%" PRId64, value->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return (size_t)snprintf(text, room, "%.6g", value->via.f64);
    case MSGPACK_OBJECT_STR:
        return put_str(value->via.str.ptr, value->via.str.size, text, room);
    case MSGPACK_OBJECT_EXT:
        if (value->via.ext.type == -1 && pack_time(value, &at_ns) == 0)
            return words_time(at_ns, text, room);
        return (size_t)snprintf(text, room, "(%" PRIu32 " bytes)", value->via.ext.size);
    case MSGPACK_OBJECT_BIN:
        return (size_t)snprintf(text, room, "(%" PRIu32 " bytes)", value->via.bin.size);
    default:
        return put_str("", 0, text, room);
    }
}

static size_t put_value(const char *key, const msgpack_object *value, unsigned depth, char *text,
                        size_t room);

/* {source, id} is what nearly every list of replies holds. */
static size_t put_map(const msgpack_object *map, unsigned depth, char *text, size_t room)
{
    size_t at = 0;
    bool is_report = map->via.map.size == 2 && pack_get(map, "source") && pack_get(map, "id");
    if (is_report) {
        at = put_value("", pack_get(map, "source"), depth, text, room);
        if (at + 1 < room)
            text[at++] = '/';
        return at + put_value("", pack_get(map, "id"), depth, text + at, room - at);
    }
    for (uint32_t i = 0; i < map->via.map.size && at + 2 < room; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        char key[64] = "";
        put_scalar("", &pair->key, key, sizeof key);
        at += put_str(i > 0 ? ", " : "", i > 0 ? 2 : 0, text + at, room - at);
        at += put_str(key, strlen(key), text + at, room - at);
        at += put_str(" ", 1, text + at, room - at);
        at += put_value(key, &pair->val, depth, text + at, room - at);
    }
    return at;
}

/* The depth is bounded by DEPTH_MAX. NOLINTNEXTLINE(misc-no-recursion) */
static size_t put_value(const char *key, const msgpack_object *value, unsigned depth, char *text,
                        size_t room)
{
    size_t at = 0;
    text[0] = '\0';
    if (!is_nested(value))
        return put_scalar(key, value, text, room);
    if (depth >= DEPTH_MAX)
        return put_str("...", 3, text, room);
    if (value->type == MSGPACK_OBJECT_MAP)
        return put_map(value, depth + 1, text, room);
    for (uint32_t i = 0; i < value->via.array.size && at + 4 < room; i++) {
        bool maps = value->via.array.ptr[i].type == MSGPACK_OBJECT_MAP;
        const char *between = maps && !pack_get(&value->via.array.ptr[i], "source") ? "; " : ", ";
        at += put_str(between, i > 0 ? 2 : 0, text + at, room - at);
        at += put_value(key, &value->via.array.ptr[i], depth + 1, text + at, room - at);
    }
    return at;
}

size_t layout_cell(const char *key, const msgpack_object *value, char *text, size_t room)
{
    size_t len = put_value(key, value, 0, text, room);
    if (len + 1 < room || room < 8)
        return len < room ? len : room - 1;
    /* Cut: at a whole character, with a sign that it was. */
    len = room - 4;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len + put_str("...", 3, text + len, room - len);
}

/* ---- tables ------------------------------------------------------------------------- */

typedef struct key_list {
    char names[KEYS_MAX][64];
    const char *pointers[KEYS_MAX];
    size_t count;
} key_list;

static void keys_add(key_list *keys, const msgpack_object *key)
{
    char name[64];
    put_scalar("", key, name, sizeof name);
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->names[i], name) == 0)
            return;
    if (keys->count == KEYS_MAX)
        return;
    memcpy(keys->names[keys->count], name, sizeof name);
    keys->pointers[keys->count] = keys->names[keys->count];
    keys->count++;
}

static bool is_table(const msgpack_object *array)
{
    if (array->type != MSGPACK_OBJECT_ARRAY || array->via.array.size == 0)
        return false;
    for (uint32_t i = 0; i < array->via.array.size; i++)
        if (array->via.array.ptr[i].type != MSGPACK_OBJECT_MAP)
            return false;
    return true;
}

static void titles_make(const char *const keys[], size_t count, char titles[][64],
                        const char *pointers[])
{
    for (size_t i = 0; i < count; i++) {
        snprintf(titles[i], 64, "%s", keys[i]);
        for (char *c = titles[i]; *c != '\0'; c++)
            if (*c == '_')
                *c = ' ';
        pointers[i] = titles[i];
    }
}

static void row_add(screen_table *t, const msgpack_object *map, const char *const keys[],
                    size_t count)
{
    char text[CELL_BYTES];
    for (size_t i = 0; i < count; i++) {
        const msgpack_object *value = pack_get(map, keys[i]);
        if (value == NULL) {
            screen_table_add(t, "", 0, false, COLOUR_NONE);
            continue;
        }
        size_t len = layout_cell(keys[i], value, text, sizeof text);
        bool numeric = value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
                       value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
                       value->type == MSGPACK_OBJECT_FLOAT64 ||
                       value->type == MSGPACK_OBJECT_FLOAT32;
        screen_table_add(t, text, len, numeric, words_colour(keys[i], text));
    }
}

bool layout_table(const screen *s, const msgpack_object *array, unsigned indent)
{
    key_list met = {.count = 0};
    char titles[KEYS_MAX][64];
    const char *pointers[KEYS_MAX];
    if (!is_table(array))
        return false;
    for (uint32_t i = 0; i < array->via.array.size; i++)
        for (uint32_t j = 0; j < array->via.array.ptr[i].via.map.size; j++)
            keys_add(&met, &array->via.array.ptr[i].via.map.ptr[j].key);
    titles_make(met.pointers, met.count, titles, pointers);
    screen_table *t = met.count > 0 ? screen_table_new(pointers, met.count) : NULL;
    if (t == NULL)
        return false;
    for (uint32_t i = 0; i < array->via.array.size; i++)
        row_add(t, &array->via.array.ptr[i], met.pointers, met.count);
    screen_table_print(t, s, indent);
    screen_table_free(t);
    return true;
}

/* ---- anything ----------------------------------------------------------------------- */

/* Whether a value is good on one line: a scalar, a list of scalars, a small flat map. */
static bool fits_line(const msgpack_object *o)
{
    if (o->type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < o->via.array.size; i++) {
            const msgpack_object *item = &o->via.array.ptr[i];
            bool report = item->type == MSGPACK_OBJECT_MAP && item->via.map.size == 2 &&
                          pack_get(item, "source") && pack_get(item, "id");
            if (is_nested(item) && !report)
                return false;
        }
        return true;
    }
    return o->type != MSGPACK_OBJECT_MAP || o->via.map.size == 0;
}

/* A table is good where its rows are flat; otherwise each row is a paragraph. */
static bool rows_are_flat(const msgpack_object *array)
{
    for (uint32_t i = 0; i < array->via.array.size; i++)
        for (uint32_t j = 0; j < array->via.array.ptr[i].via.map.size; j++) {
            const msgpack_object *value = &array->via.array.ptr[i].via.map.ptr[j].val;
            bool small_map = value->type == MSGPACK_OBJECT_MAP && value->via.map.size <= 4;
            if (!fits_line(value) && !small_map)
                return false;
        }
    return true;
}

/* A long list of words flows over several lines. */
static void print_flowing(const screen *s, const char *text, size_t len, unsigned column)
{
    unsigned room = s->columns > column + 20 ? s->columns - column : 100;
    while (screen_width(text, len) > room) {
        size_t cut = room < len ? room : len;
        while (cut > 0 && text[cut] != ' ')
            cut--;
        if (cut == 0)
            break;
        screen_text(s, text, cut);
        putc('\n', s->out);
        screen_pad(s, column);
        text += cut + 1;
        len -= cut + 1;
    }
    screen_text(s, text, len);
    putc('\n', s->out);
}

static void print_line(const screen *s, const char *key, const msgpack_object *value,
                       unsigned column)
{
    char *text = malloc(LINE_BYTES);
    if (text == NULL)
        return;
    size_t len = layout_cell(key, value, text, LINE_BYTES);
    colour c = words_colour(key, text);
    if (value->type == MSGPACK_OBJECT_ARRAY && len == 0) {
        screen_print(s, COLOUR_DIM, "none\n");
    } else {
        if (c != COLOUR_NONE)
            screen_colour(s, c);
        print_flowing(s, text, len, column);
        if (c != COLOUR_NONE)
            screen_colour(s, COLOUR_NONE);
    }
    free(text);
}

static void print_value(const screen *s, const msgpack_object *o, unsigned indent, unsigned depth);

static unsigned key_width(const msgpack_object *map)
{
    unsigned widest = 0;
    char key[64];
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        size_t len = put_scalar("", &map->via.map.ptr[i].key, key, sizeof key);
        unsigned width = screen_width(key, len < sizeof key ? len : sizeof key - 1);
        if (fits_line(&map->via.map.ptr[i].val) && width > widest)
            widest = width;
    }
    return widest;
}

static void print_map(const screen *s, const msgpack_object *map, unsigned indent, unsigned depth)
{
    unsigned width = key_width(map);
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object *value = &map->via.map.ptr[i].val;
        char key[64];
        char shown[64];
        if (is_for_programs(&map->via.map.ptr[i].key))
            continue;
        put_scalar("", &map->via.map.ptr[i].key, key, sizeof key);
        snprintf(shown, sizeof shown, "%s", key);
        for (char *c = shown; *c != '\0'; c++)
            if (*c == '_')
                *c = ' ';
        screen_pad(s, indent);
        screen_colour(s, fits_line(value) ? COLOUR_DIM : COLOUR_BOLD);
        unsigned columns = screen_text(s, shown, strlen(shown));
        screen_colour(s, COLOUR_NONE);
        if (fits_line(value)) {
            screen_pad(s, width - columns + 2);
            print_line(s, key, value, indent + width + 2);
        } else {
            putc('\n', s->out);
            print_value(s, value, indent + 2, depth + 1);
        }
    }
}

static void print_array(const screen *s, const msgpack_object *array, unsigned indent,
                        unsigned depth)
{
    if (is_table(array) && rows_are_flat(array) && layout_table(s, array, indent))
        return;
    for (uint32_t i = 0; i < array->via.array.size; i++) {
        if (i > 0 && is_nested(&array->via.array.ptr[i]))
            putc('\n', s->out);
        print_value(s, &array->via.array.ptr[i], indent, depth + 1);
    }
}

/* The depth is bounded by DEPTH_MAX. NOLINTNEXTLINE(misc-no-recursion) */
static void print_value(const screen *s, const msgpack_object *o, unsigned indent, unsigned depth)
{
    if (depth < DEPTH_MAX && o->type == MSGPACK_OBJECT_MAP) {
        print_map(s, o, indent, depth);
    } else if (depth < DEPTH_MAX && o->type == MSGPACK_OBJECT_ARRAY) {
        print_array(s, o, indent, depth);
    } else {
        screen_pad(s, indent);
        print_line(s, "", o, indent);
    }
}

void layout_print(const screen *s, const msgpack_object *object)
{
    print_value(s, object, 0, 0);
}
