/* fuzz_body.c: any bytes as the body of an events message. What is taken keeps to its own bytes, has
 * a hash, and is taken again; what is refused says why, and the reader goes on behind it. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    thaw_body body, again;
    thaw_event event, second;
    thaw_error error = {.code = THAW_OK};
    int r = thaw_body_open(&body, data, size, &thaw_limits_default, 0, &error);

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
        expect(thaw_body_open(&again, event.bytes, event.bytes_len, &thaw_limits_default, 0, &error) == 0);
        expect(thaw_body_next(&again, &second, &error) == 1);
        thaw_hash same = thaw_event_content_hash(&second);
        expect(hash.low == same.low && hash.high == same.high);
    }
    expect(body.next == data + size && body.index == body.count);
    return 0;
}
