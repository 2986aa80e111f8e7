/*
 * dump.c - the stream as lines for the rule engines that read text: how far the reported time has
 * come, when it occurred, country, kind, action, count.
 *
 *   bench_dump EVENTS
 *
 * Without corrections, which only thaw knows. The events are those of `bench_hotpath EVENTS
 * --corrections 0 --clock reported`.
 */

#include "../common.h"
#include "../stream.h"
#include "thaw.h"

#define START_S INT64_C(1767225600)

int main(int argc, char *argv[])
{
    uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    stream s = stream_until(200, events, START_S);
    int64_t now_s = INT64_MIN;

    s.corrections = 0;
    for (uint64_t i = 0; i < events; i++) {
        uint8_t bytes[STREAM_BYTES_MAX];
        char topic[STREAM_TOPIC_MAX];
        thaw_body body;
        thaw_event event;
        thaw_error error;
        size_t len = stream_report(&s, i, bytes, topic);
        MUST(thaw_body_open(&body, bytes, len, &thaw_limits_default, START_S * 1000000000,
                            &error) == 0);
        MUST(thaw_body_next(&body, &event, &error) == 1);
        if (event.reported_at.at_ns / 1000000000 > now_s)
            now_s = event.reported_at.at_ns / 1000000000;
        printf("%lld %lld %.2s %s %s %llu\n", (long long)now_s,
               (long long)(event.occurred_at.at_ns / 1000000000), event.country,
               thaw_kind_name(event.kind), event.action ? thaw_action_name(event.action) : "-",
               (unsigned long long)event.count);
    }
    return 0;
}
