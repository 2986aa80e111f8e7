/*
 * json.c - MessagePack to JSON and back.
 */
#include "forms/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "forms/pack.h"
#include "forms/utf8.h"
#include "thaw.h"

/* ---- writing ------------------------------------------------------------------------ */

static void write_character(uint32_t character, const char *bytes, size_t length, FILE *out)
{
    static const char *const escapes[0x20] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    if (character == '"' || character == '\\')
        fprintf(out, "\\%c", (int)character);
    else if (character < 0x20 && escapes[character] != NULL)
        fputs(escapes[character], out);
    else if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        fprintf(out, "\\u%04" PRIx32, character);
    else if (character == UTF8_REPLACEMENT)
        fputs("\xef\xbf\xbd", out);
    else
        fwrite(bytes, 1, length, out);
}

void json_write_string(const char *text, size_t len, FILE *out)
{
    putc('"', out);
    for (size_t at = 0, length = 0; at < len; at += length) {
        uint32_t character = utf8_take(text + at, len - at, &length);
        write_character(character, text + at, length, out);
    }
    putc('"', out);
}

static void write_double(double value, FILE *out)
{
    char text[40];
    if (!isfinite(value)) {
        fputs("null", out);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
    if (strpbrk(text, ".e") == NULL)
        fputs(".0", out);
}

static void write_base64(const char *data, size_t len, FILE *out)
{
    size_t room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (text == NULL) {
        fputs("null", out);
        return;
    }
    sodium_bin2base64(text, room, (const unsigned char *)data, len, sodium_base64_VARIANT_ORIGINAL);
    fprintf(out, "\"%s\"", text);
    free(text);
}

static void write_extension(const msgpack_object *object, FILE *out)
{
    thaw_date date = {.precision = THAW_INSTANT};
    char text[THAW_DATE_TEXT];
    if (object->via.ext.type == -1 && pack_time(object, &date.at_ns) == 0) {
        thaw_date_format(&date, text);
        fprintf(out, "\"%s\"", text);
        return;
    }
    fprintf(out, "{\"ext\":%d,\"data\":", object->via.ext.type);
    write_base64(object->via.ext.ptr, object->via.ext.size, out);
    putc('}', out);
}

static int write_value(const msgpack_object *object, unsigned depth, FILE *out);

/* A key that is no text stands as the JSON text of itself. */
static int write_key(const msgpack_object *key, unsigned depth, FILE *out)
{
    if (key->type == MSGPACK_OBJECT_STR) {
        json_write_string(key->via.str.ptr, key->via.str.size, out);
        return 0;
    }
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL)
        return -ENOMEM;
    int result = write_value(key, depth, memory);
    if (fclose(memory) != 0)
        result = -ENOMEM;
    else
        json_write_string(text, length, out);
    free(text);
    return result;
}

static int write_map(const msgpack_object_map *map, unsigned depth, FILE *out)
{
    int result = 0;
    putc('{', out);
    for (uint32_t i = 0; i < map->size; i++) {
        if (i > 0)
            putc(',', out);
        int key = write_key(&map->ptr[i].key, depth + 1, out);
        putc(':', out);
        int value = write_value(&map->ptr[i].val, depth + 1, out);
        result = key != 0 ? key : value != 0 ? value : result;
    }
    putc('}', out);
    return result;
}

static int write_array(const msgpack_object_array *array, unsigned depth, FILE *out)
{
    int result = 0;
    putc('[', out);
    for (uint32_t i = 0; i < array->size; i++) {
        if (i > 0)
            putc(',', out);
        int value = write_value(&array->ptr[i], depth + 1, out);
        result = value != 0 ? value : result;
    }
    putc(']', out);
    return result;
}

/* The depth is bounded by JSON_DEPTH_MAX. NOLINTNEXTLINE(misc-no-recursion) */
static int write_value(const msgpack_object *object, unsigned depth, FILE *out)
{
    bool nests = object->type == MSGPACK_OBJECT_MAP || object->type == MSGPACK_OBJECT_ARRAY;
    if (nests && depth >= JSON_DEPTH_MAX) {
        fputs("null", out);
        return -ELOOP;
    }
    switch (object->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        fputs(object->via.boolean ? "true" : "false", out);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        fprintf(out, object->via.u64 > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, object->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        fprintf(out, "%" PRId64, object->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        write_double(object->via.f64, out);
        break;
    case MSGPACK_OBJECT_STR:
        json_write_string(object->via.str.ptr, object->via.str.size, out);
        break;
    case MSGPACK_OBJECT_BIN:
        write_base64(object->via.bin.ptr, object->via.bin.size, out);
        break;
    case MSGPACK_OBJECT_EXT:
        write_extension(object, out);
        break;
    case MSGPACK_OBJECT_ARRAY:
        return write_array(&object->via.array, depth, out);
    case MSGPACK_OBJECT_MAP:
        return write_map(&object->via.map, depth, out);
    case MSGPACK_OBJECT_NIL:
    default:
        fputs("null", out);
        break;
    }
    return 0;
}

int json_write(const msgpack_object *object, FILE *out)
{
    return write_value(object, 0, out);
}

int json_print(const msgpack_object *object)
{
    json_write(object, stdout);
    return putchar('\n') == EOF ? -errno : 0;
}

/* ---- reading ------------------------------------------------------------------------ */

static int pack_json(json_t *value, unsigned depth, msgpack_packer *packer);

static int pack_object(json_t *value, unsigned depth, msgpack_packer *packer)
{
    const char *key = NULL;
    size_t key_len = 0;
    json_t *member = NULL;
    if (msgpack_pack_map(packer, json_object_size(value)) != 0)
        return -ENOMEM;
    json_object_keylen_foreach(value, key, key_len, member)
    {
        if (msgpack_pack_str_with_body(packer, key, key_len) != 0)
            return -ENOMEM;
        int result = pack_json(member, depth + 1, packer);
        if (result != 0)
            return result;
    }
    return 0;
}

static int pack_array(json_t *value, unsigned depth, msgpack_packer *packer)
{
    size_t index = 0;
    json_t *member = NULL;
    if (msgpack_pack_array(packer, json_array_size(value)) != 0)
        return -ENOMEM;
    json_array_foreach(value, index, member)
    {
        int result = pack_json(member, depth + 1, packer);
        if (result != 0)
            return result;
    }
    return 0;
}

/* The depth is bounded by JSON_DEPTH_MAX. NOLINTNEXTLINE(misc-no-recursion) */
static int pack_json(json_t *value, unsigned depth, msgpack_packer *packer)
{
    if (depth > JSON_DEPTH_MAX)
        return -ELOOP;
    int result = 0;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return pack_object(value, depth, packer);
    case JSON_ARRAY:
        return pack_array(value, depth, packer);
    case JSON_STRING:
        result =
            msgpack_pack_str_with_body(packer, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        result = msgpack_pack_int64(packer, json_integer_value(value));
        break;
    case JSON_REAL:
        result = msgpack_pack_double(packer, json_real_value(value));
        break;
    case JSON_TRUE:
        result = msgpack_pack_true(packer);
        break;
    case JSON_FALSE:
        result = msgpack_pack_false(packer);
        break;
    case JSON_NULL:
        result = msgpack_pack_nil(packer);
        break;
    }
    return result == 0 ? 0 : -ENOMEM;
}

int json_read(const char *text, size_t len, msgpack_sbuffer *out, char error[JSON_ERROR_BYTES])
{
    json_error_t problem;
    size_t before = out->size;
    const char *nul = memchr(text, '\0', len);
    if (nul != NULL) { /* jansson passes over one behind a number */
        snprintf(error, JSON_ERROR_BYTES, "no JSON: a NUL byte, at column %zu",
                 (size_t)(nul - text) + 1);
        return -EBADMSG;
    }
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (value == NULL) {
        bool memory = json_error_code(&problem) == json_error_out_of_memory;
        snprintf(error, JSON_ERROR_BYTES, "no JSON: %s, at column %d", problem.text,
                 problem.column);
        return memory ? -ENOMEM : -EBADMSG;
    }
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
    int result = pack_json(value, 0, &packer);
    json_decref(value);
    if (result == 0)
        return 0;
    out->size = before;
    snprintf(error, JSON_ERROR_BYTES, result == -ELOOP ? "nested deeper than %d" : "no memory (%d)",
             JSON_DEPTH_MAX);
    return result == -ELOOP ? -EBADMSG : result;
}
