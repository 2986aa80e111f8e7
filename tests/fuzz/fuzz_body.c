/* fuzz_body.c: any bytes as the body of an events message. What is taken keeps to its own bytes,
 * has a hash, and is taken again; what is refused says why, and the reader goes on behind it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
    return 0;
}
