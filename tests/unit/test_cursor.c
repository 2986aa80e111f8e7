/* The bounded cursor reads MessagePack as msgpack-c does: on every encoding of the conformance
 * suite and each cut of it, on the vectors, and on random and mutated bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include <msgpack.h>

#include "../../proto/src/cursor.h"

#define NESTING 24 /* msgpack-c admits 32 at most */
#define ROUNDS 60000

static bool same_number(const wire_item *item, const msgpack_object *o)
{
    if (item->type == WIRE_UINT)
        return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 == item->u;
    if (item->type == WIRE_INT)
        return o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER && o->via.i64 == item->i;
    return (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64) &&
           memcmp(&o->via.f64, &item->f, sizeof(item->f)) == 0;
}

static bool same_time(const wire_item *item, const msgpack_object *o)
{
    msgpack_timestamp time;
    int64_t seconds;
    uint32_t nanoseconds;
    bool ours = wire_timestamp(item, &seconds, &nanoseconds);
    bool theirs = msgpack_object_to_timestamp(o, &time);

    if (!ours) /* msgpack-c takes any nanoseconds */
        return !theirs || time.tv_nsec > 999999999;
    return theirs && time.tv_sec == seconds && time.tv_nsec == nanoseconds;
}

static bool same_value(wire_cursor *cursor, const msgpack_object *o)
{
    wire_item item;

    if (!wire_read(cursor, &item))
        return false;
    switch (item.type) {
    case WIRE_NIL:
        return o->type == MSGPACK_OBJECT_NIL;
    case WIRE_BOOL:
        return o->type == MSGPACK_OBJECT_BOOLEAN && o->via.boolean == item.boolean;
    case WIRE_STR:
        return o->type == MSGPACK_OBJECT_STR && o->via.str.size == item.len &&
               (item.len == 0 || memcmp(o->via.str.ptr, item.bytes, item.len) == 0);
    case WIRE_BIN:
        return o->type == MSGPACK_OBJECT_BIN && o->via.bin.size == item.len &&
               (item.len == 0 || memcmp(o->via.bin.ptr, item.bytes, item.len) == 0);
    case WIRE_EXT:
        return o->type == MSGPACK_OBJECT_EXT && o->via.ext.type == item.ext &&
               o->via.ext.size == item.len && memcmp(o->via.ext.ptr, item.bytes, item.len) == 0 &&
               same_time(&item, o);
    case WIRE_ARRAY:
        if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != item.len)
            return false;
        for (uint32_t i = 0; i < item.len; i++)
            if (!same_value(cursor, &o->via.array.ptr[i]))
                return false;
        return true;
    case WIRE_MAP:
        if (o->type != MSGPACK_OBJECT_MAP || o->via.map.size != item.len)
            return false;
        for (uint32_t i = 0; i < item.len; i++)
            if (!same_value(cursor, &o->via.map.ptr[i].key) ||
                !same_value(cursor, &o->via.map.ptr[i].val))
                return false;
        return true;
    default:
        return same_number(&item, o);
    }
}

static void print_hex(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len && i < 200; i++)
        print_error("%02x", data[i]);
    print_error("\n");
}

/* Both readers on the same bytes, which lie in memory of exactly their size. */
static void compare(const uint8_t *bytes, size_t len)
{
    uint8_t *data = malloc(len > 0 ? len : 1);
    size_t at = 0, offset = 0;
    bool agree = false;

    memcpy(data, bytes, len);
    wire_verdict verdict = wire_shape(data, len, NESTING, &at);
    wire_cursor cursor = wire_cursor_over(data, len), skip = cursor;
    if (verdict == WIRE_COUNT || verdict == WIRE_DEEP) {
        free(data); /* msgpack-c would take memory for it first */
        return;
    }
    msgpack_unpacked result;
    msgpack_unpacked_init(&result);
    msgpack_unpack_return r = msgpack_unpack_next(&result, (const char *)data, len, &offset);
    switch (verdict) {
    case WIRE_SOUND:
        agree = r == MSGPACK_UNPACK_SUCCESS && offset == len && same_value(&cursor, &result.data) &&
                cursor.at == cursor.end && wire_skip(&skip) && skip.at == skip.end;
        break;
    case WIRE_TRAILING:
        agree = r == MSGPACK_UNPACK_SUCCESS && offset == at && at < len;
        break;
    case WIRE_TRUNCATED:
        /* msgpack-c adds one to the length of an ext, and the greatest becomes none */
        agree =
            r == MSGPACK_UNPACK_CONTINUE || (r == MSGPACK_UNPACK_PARSE_ERROR && data[at] == 0xc9);
        break;
    default:
        agree = r == MSGPACK_UNPACK_PARSE_ERROR && data[at] == 0xc1;
    }
    if (!agree) {
        print_hex(data, len);
        fail_msg("verdict %d at %zu, msgpack-c says %d at %zu", verdict, at, r, offset);
    }
    msgpack_unpacked_destroy(&result);
    free(data);
}

static size_t from_hex(const char *hex, uint8_t *out, size_t size)
{
    size_t len = 0;
    unsigned byte;

    for (; *hex != '\0' && len < size; hex += hex[2] == '-' ? 3 : 2, len++) {
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        out[len] = (uint8_t)byte;
    }
    return len;
}

static void test_conformance_suite(void **state)
{
    static uint8_t bytes[1 << 17];
    json_t *file = json_load_file(THAW_SHARED_DIR "/data/msgpack/msgpack-test-suite.json", 0, NULL);
    json_t *group, *one, *hex;
    const char *name;
    size_t i, j, encodings = 0;

    (void)state;
    if (file == NULL)
        skip();
    json_object_foreach(file, name, group) json_array_foreach(group, i, one)
        json_array_foreach(json_object_get(one, "msgpack"), j, hex)
    {
        size_t at, len = from_hex(json_string_value(hex), bytes, sizeof(bytes));
        assert_int_equal(wire_shape(bytes, len, NESTING, &at), WIRE_SOUND);
        compare(bytes, len);
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_not_equal(wire_shape(bytes, cut, NESTING, &at), WIRE_SOUND);
            compare(bytes, cut);
        }
        encodings++;
    }
    assert_int_equal(encodings, 233);
    json_decref(file);
}

/* ---- seeds, mutated --------------------------------------------------------------------- */

typedef struct seed {
    uint8_t *bytes;
    size_t len;
} seed;
static seed seeds[2000];
static size_t seed_count, valid_count; /* the valid ones come first */

static void load_seeds(const char *name)
{
    char path[512];
    json_t *one;
    size_t i;

    snprintf(path, sizeof(path), "%s/proto/vectors/%s", THAW_SOURCE_DIR, name);
    json_t *file = json_load_file(path, 0, NULL);
    assert_non_null(file);
    json_array_foreach(json_object_get(file, "vectors"), i, one)
    {
        const char *hex = json_string_value(json_object_get(one, "hex"));
        size_t len = strlen(hex) / 2;
        if (len > 8000 || seed_count == sizeof(seeds) / sizeof(seeds[0]))
            continue;
        seeds[seed_count].bytes = malloc(len + 1);
        seeds[seed_count].len = from_hex(hex, seeds[seed_count].bytes, len + 1);
        seed_count++;
    }
    json_decref(file);
}

static uint32_t draw(uint32_t below)
{
    static uint64_t x = 88172645463325252u;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 16) % below;
}

static size_t mutate(uint8_t *bytes, size_t len)
{
    static const uint8_t heads[] = {0x80, 0x81, 0x90, 0x91, 0xa1, 0xc0, 0xc1, 0xc4,
                                    0xc7, 0xc9, 0xca, 0xcb, 0xcf, 0xd3, 0xd6, 0xd7,
                                    0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xff};

    for (uint32_t n = draw(4) + 1; n > 0; n--) {
        size_t at = len > 0 ? draw((uint32_t)len) : 0;
        switch (len > 0 ? draw(4) : 4) {
        case 0:
            bytes[at] = heads[draw(sizeof(heads))];
            break;
        case 1:
            bytes[at] ^= (uint8_t)(1 << draw(8));
            break;
        case 2:
            len = at;
            break;
        case 3:
            memmove(bytes + at, bytes + at + 1, len - at - 1);
            len--;
            break;
        default:
            bytes[len++] = (uint8_t)draw(256);
        }
    }
    return len;
}

static void test_vectors_and_their_mutations(void **state)
{
    static uint8_t bytes[9000];

    (void)state;
    for (size_t i = 0; i < seed_count; i++)
        compare(seeds[i].bytes, seeds[i].len);
    for (int n = 0; n < ROUNDS; n++) {
        const seed *s = &seeds[draw((uint32_t)seed_count)];
        memcpy(bytes, s->bytes, s->len);
        compare(bytes, mutate(bytes, s->len));
    }
}

static void test_random_bytes(void **state)
{
    uint8_t bytes[64];

    (void)state;
    for (int n = 0; n < ROUNDS; n++) {
        size_t len = draw(sizeof(bytes));
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)draw(256);
        compare(bytes, len);
    }
}

/* ---- what no reader may allocate for ------------------------------------------------------ */

static void test_counts_and_nesting(void **state)
{
    uint8_t deep[64];
    size_t at;

    (void)state;
    for (unsigned depth = 1; depth <= WIRE_NESTING_MAX; depth++) {
        memset(deep, 0x91, depth);
        deep[depth] = 0xc0;
        assert_int_equal(wire_shape(deep, depth + 1, depth, &at), WIRE_SOUND);
        assert_int_equal(wire_shape(deep, depth + 1, depth - 1, &at), WIRE_DEEP);
        assert_int_equal(at, depth - 1);
    }
    const uint8_t arrays[] = {0xdd, 0xff, 0xff, 0xff, 0xff}, maps[] = {0xdf, 0, 0, 0, 1, 0xc0};
    assert_int_equal(wire_shape(arrays, 5, 8, &at), WIRE_COUNT);
    assert_int_equal(wire_shape(maps, 6, 8, &at), WIRE_COUNT);
}

/* ---- identity ----------------------------------------------------------------------------- */

static thaw_hash hash_of(const uint8_t *bytes, size_t len)
{
    thaw_event event = {.bytes = bytes, .bytes_len = (uint32_t)len};
    return thaw_event_content_hash(&event);
}

/* One value in another width than the shortest. */
static void pack_wide(msgpack_packer *out, const msgpack_object *o);

static void pack_wide_map(msgpack_packer *out, const msgpack_object *o)
{
    uint32_t n = o->via.map.size;
    uint8_t head[5] = {0xdf, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

    out->callback(out->data, (const char *)head, sizeof(head));
    for (uint32_t i = n; i-- > 0;) { /* and in another order */
        pack_wide(out, &o->via.map.ptr[i].key);
        pack_wide(out, &o->via.map.ptr[i].val);
    }
}

static void pack_wide(msgpack_packer *out, const msgpack_object *o)
{
    uint8_t head[9] = {0};

    switch (o->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        head[0] = 0xcf;
        for (int i = 0; i < 8; i++)
            head[8 - i] = (uint8_t)(o->via.u64 >> 8 * i);
        out->callback(out->data, (const char *)head, 9);
        break;
    case MSGPACK_OBJECT_STR:
        head[0] = 0xdb;
        for (int i = 0; i < 4; i++)
            head[4 - i] = (uint8_t)(o->via.str.size >> 8 * i);
        out->callback(out->data, (const char *)head, 5);
        out->callback(out->data, o->via.str.ptr, o->via.str.size);
        break;
    case MSGPACK_OBJECT_ARRAY:
        head[0] = 0xdd;
        for (int i = 0; i < 4; i++)
            head[4 - i] = (uint8_t)(o->via.array.size >> 8 * i);
        out->callback(out->data, (const char *)head, 5);
        for (uint32_t i = 0; i < o->via.array.size; i++)
            pack_wide(out, &o->via.array.ptr[i]);
        break;
    case MSGPACK_OBJECT_MAP:
        pack_wide_map(out, o);
        break;
    default:
        msgpack_pack_object(out, *o);
    }
}

static void test_hash_is_of_the_content(void **state)
{
    size_t maps = 0;

    (void)state;
    for (size_t i = 0; i < valid_count; i++) {
        msgpack_unpacked result;
        msgpack_sbuffer wide;
        msgpack_packer out;
        size_t at, offset = 0;
        if (wire_shape(seeds[i].bytes, seeds[i].len, 8, &at) != WIRE_SOUND)
            continue;
        msgpack_unpacked_init(&result);
        msgpack_sbuffer_init(&wide);
        msgpack_packer_init(&out, &wide, msgpack_sbuffer_write);
        assert_int_equal(
            msgpack_unpack_next(&result, (const char *)seeds[i].bytes, seeds[i].len, &offset),
            MSGPACK_UNPACK_SUCCESS);
        if (result.data.type == MSGPACK_OBJECT_MAP && result.data.via.map.size > 3) {
            pack_wide(&out, &result.data);
            thaw_hash a = hash_of(seeds[i].bytes, seeds[i].len),
                      b = hash_of((uint8_t *)wide.data, wide.size);
            if (a.low != b.low || a.high != b.high) {
                print_hex(seeds[i].bytes, seeds[i].len);
                fail_msg("another hash of the same content");
            }
            /* and of all of it: one bit of a value makes another */
            ((uint8_t *)wide.data)[wide.size - 1] ^= 1;
            b = hash_of((uint8_t *)wide.data, wide.size);
            assert_true(a.low != b.low || a.high != b.high);
            maps++;
        }
        msgpack_sbuffer_destroy(&wide);
        msgpack_unpacked_destroy(&result);
    }
    assert_true(maps > 50);
}

static int set_up(void **state)
{
    (void)state;
    load_seeds("valid.json");
    valid_count = seed_count;
    load_seeds("invalid.json");
    load_seeds("alerts.json");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < seed_count; i++)
        free(seeds[i].bytes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conformance_suite),
        cmocka_unit_test(test_vectors_and_their_mutations),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_counts_and_nesting),
        cmocka_unit_test(test_hash_is_of_the_content),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
