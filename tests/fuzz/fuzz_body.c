/* fuzz_body.c: any bytes as the body of an events message. What is taken keeps to its own bytes,
 * has a hash, and is taken again; what is refused says why, and the reader goes on behind it.
 * msgpack-c reads it as well, and written in the widest encodings, which the quick way does not
 * know, it says the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <msgpack.h>

#include "thaw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

static void walk(const thaw_event *event)
{
    thaw_list lists[] = {event->persons, event->targets};
    thaw_list parties = event->parties;
    thaw_party party;
    thaw_str text;

    for (int i = 0; i < 2; i++)
        while (thaw_party_next(&lists[i], &party))
            while (thaw_str_next(&party.ids, &text))
                expect(text.len > 0);
    while (thaw_str_next(&parties, &text))
        expect(text.len > 0);
}

/* The way of one pass comes to the same: the same events and refusals, or the same refusal of all. */
static void in_one_pass(const uint8_t *data, size_t size)
{
    thaw_body strict, begun;
    thaw_event event, same;
    thaw_error error = {.code = THAW_OK}, again = {.code = THAW_OK};
    int opened = thaw_body_open(&strict, data, size, &thaw_limits_default, 0, &error);
    int r = thaw_body_begin(&begun, data, size, &thaw_limits_default, 0, &again);

    while (opened == 0 && r == 0 && (r = thaw_body_next(&begun, &same, &again)) != 0) {
        expect(r == thaw_body_next(&strict, &event, &error) && r != -EPROTO);
        expect(begun.next == strict.next && event.bytes == same.bytes &&
               event.id.data == same.id.data);
        if (r < 0)
            expect(error.code == again.code && strcmp(error.message, again.message) == 0);
        r = 0;
    }
    while (opened < 0 && r == 0) {
        r = thaw_body_next(&begun, &same, &again);
        expect(r == 1 || r == -EPROTO);
        r = r == 1 ? 0 : r;
    }
    if (opened < 0)
        expect(error.code == again.code && strcmp(error.message, again.message) == 0);
    else
        expect(begun.index == begun.count && thaw_body_next(&strict, &event, &error) == 0);
}

/* ---- in the widest encodings -------------------------------------------------------- */

static void put_wide(msgpack_sbuffer *out, uint8_t lead, uint64_t number, unsigned bytes)
{
    char head[9] = {(char)lead};

    for (unsigned i = 0; i < bytes; i++)
        head[1 + i] = (char)(number >> (8 * (bytes - 1 - i)));
    msgpack_sbuffer_write(out, head, 1 + bytes);
}

static void put_object(msgpack_sbuffer *out, const msgpack_object *o)
{
    msgpack_packer packer;
    char type;

    msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
    switch (o->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        put_wide(out, 0xcf, o->via.u64, 8);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        put_wide(out, 0xd3, (uint64_t)o->via.i64, 8);
        break;
    case MSGPACK_OBJECT_STR:
        put_wide(out, 0xdb, o->via.str.size, 4);
        msgpack_sbuffer_write(out, o->via.str.ptr, o->via.str.size);
        break;
    case MSGPACK_OBJECT_BIN:
        put_wide(out, 0xc6, o->via.bin.size, 4);
        msgpack_sbuffer_write(out, o->via.bin.ptr, o->via.bin.size);
        break;
    case MSGPACK_OBJECT_EXT:
        type = (char)o->via.ext.type;
        put_wide(out, 0xc9, o->via.ext.size, 4);
        msgpack_sbuffer_write(out, &type, 1);
        msgpack_sbuffer_write(out, o->via.ext.ptr, o->via.ext.size);
        break;
    case MSGPACK_OBJECT_ARRAY:
        put_wide(out, 0xdd, o->via.array.size, 4);
        for (uint32_t i = 0; i < o->via.array.size; i++)
            put_object(out, &o->via.array.ptr[i]);
        break;
    case MSGPACK_OBJECT_MAP:
        put_wide(out, 0xdf, o->via.map.size, 4);
        for (uint32_t i = 0; i < o->via.map.size; i++) {
            put_object(out, &o->via.map.ptr[i].key);
            put_object(out, &o->via.map.ptr[i].val);
        }
        break;
    default:
        msgpack_pack_object(&packer, *o);
    }
}

static void same_text(thaw_str a, thaw_str b)
{
    expect((a.data == NULL) == (b.data == NULL) && a.len == b.len);
    expect(a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void same_date(const thaw_date *a, const thaw_date *b)
{
    expect(a->at_ns == b->at_ns && a->precision == b->precision &&
           a->approximate == b->approximate);
}

static void same_event(const thaw_event *a, const thaw_event *b)
{
    const thaw_str *texts[2] = {&a->id, &b->id};
    const thaw_date *dates[2] = {&a->occurred_at, &b->occurred_at};

    expect(a->kind == b->kind && a->status == b->status && a->count_is == b->count_is);
    expect(a->covers == b->covers && a->of == b->of && a->feed_state == b->feed_state);
    expect(a->form == b->form && a->action == b->action && a->stage == b->stage);
    expect(memcmp(a->country, b->country, 2) == 0);
    expect(a->has_count == b->has_count && a->count == b->count);
    expect(a->has_expected_count == b->has_expected_count);
    expect(a->expected_count == b->expected_count && a->producer_seq == b->producer_seq);
    for (; texts[0] <= &a->sector; texts[0]++, texts[1]++) /* they stand one behind the other */
        same_text(*texts[0], *texts[1]);
    for (; dates[0] <= &a->expected_by; dates[0]++, dates[1]++)
        same_date(dates[0], dates[1]);
    expect(a->persons.count == b->persons.count && a->targets.count == b->targets.count);
    expect(a->parties.count == b->parties.count);
    thaw_hash one = thaw_event_content_hash(a), two = thaw_event_content_hash(b);
    expect(one.low == two.low && one.high == two.high);
}

/* `wide` holds the same as the whole body that is read. */
static void same_body(const uint8_t *data, size_t size, const msgpack_sbuffer *wide)
{
    thaw_limits limits = thaw_limits_default;
    thaw_body one, two;
    thaw_event a, b;
    thaw_error error, again;
    int r;

    limits.message_bytes = UINT32_MAX;
    expect(thaw_body_open(&one, data, size, &limits, 0, &error) == 0);
    expect(thaw_body_open(&two, wide->data, wide->size, &limits, 0, &again) == 0);
    while ((r = thaw_body_next(&one, &a, &error)) != 0) {
        expect(thaw_body_next(&two, &b, &again) == r);
        if (r == 1)
            same_event(&a, &b);
        else
            expect(error.code == again.code && strcmp(error.message, again.message) == 0);
    }
    expect(thaw_body_next(&two, &b, &again) == 0);
}

static void in_wide_encodings(const uint8_t *data, size_t size)
{
    msgpack_unpacked unpacked;
    msgpack_sbuffer wide;
    size_t at = 0;

    msgpack_unpacked_init(&unpacked);
    msgpack_sbuffer_init(&wide);
    expect(msgpack_unpack_next(&unpacked, (const char *)data, size, &at) ==
               MSGPACK_UNPACK_SUCCESS &&
           at == size);
    put_object(&wide, &unpacked.data);
    same_body(data, size, &wide);
    msgpack_sbuffer_destroy(&wide);
    msgpack_unpacked_destroy(&unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    thaw_body body, again;
    thaw_event event, second;
    thaw_error error = {.code = THAW_OK};
    int r = thaw_body_open(&body, data, size, &thaw_limits_default, 0, &error);

    in_one_pass(data, size);
    if (r < 0) {
        expect(error.code != THAW_OK && error.message[0] != '\0');
        return 0;
    }
    while ((r = thaw_body_next(&body, &event, &error)) != 0) {
        expect(event.bytes >= data && event.bytes + event.bytes_len <= data + size);
        expect(body.next == event.bytes + event.bytes_len);
        if (r < 0) {
            expect(error.code != THAW_OK && error.message[0] != '\0');
            continue;
        }
        thaw_hash hash = thaw_event_content_hash(&event);
        walk(&event);
        expect(thaw_body_open(&again, event.bytes, event.bytes_len, &thaw_limits_default, 0,
                              &error) == 0);
        expect(thaw_body_next(&again, &second, &error) == 1);
        thaw_hash same = thaw_event_content_hash(&second);
        expect(hash.low == same.low && hash.high == same.high);
    }
    expect(body.next == data + size && body.index == body.count);
    in_wide_encodings(data, size);
    return 0;
}
