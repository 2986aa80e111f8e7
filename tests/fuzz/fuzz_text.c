/* fuzz_text.c: any text where people and programs write times, dates, lengths of time, sizes,
 * topics and JSON. A date that is read is written so that it reads as the same; JSON that becomes
 * MessagePack is one value of it, and comes back as JSON that becomes the same bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "config/units.h"
#include "forms/json.h"
#include "forms/pack.h"
#include "thaw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

static void read_date(const char *text, size_t len)
{
    thaw_date date, again;
    int64_t start_ns, end_ns;
    char written[THAW_DATE_TEXT];

    if (thaw_date_parse(text, len, &date) < 0)
        return;
    thaw_date_interval(&date, &start_ns, &end_ns);
    expect(start_ns < end_ns && start_ns <= date.at_ns && date.at_ns < end_ns);
    int n = thaw_date_format(&date, written);
    expect(n > 0 && n < THAW_DATE_TEXT && strlen(written) == (size_t)n);
    expect(thaw_date_parse(written, (size_t)n, &again) == 0);
    expect(again.at_ns == date.at_ns && again.precision == date.precision &&
           again.approximate == date.approximate);
}

/* What is read is not negative, and what is written of it reads as the same. */
static void read_units(const char *text, size_t len)
{
    char written[UNITS_TEXT_BYTES];
    int64_t ns, again_ns = -1;
    uint64_t bytes, again_bytes, count;
    uint32_t mode;

    if (units_parse_duration(text, len, &ns) == 0) {
        units_write_duration(ns, written);
        expect(ns >= 0 && units_parse_duration(written, strlen(written), &again_ns) == 0);
        expect(again_ns == ns);
    }
    if (units_parse_bytes(text, len, &bytes) == 0) {
        units_write_bytes(bytes, written);
        expect(units_parse_bytes(written, strlen(written), &again_bytes) == 0);
        expect(again_bytes == bytes);
    }
    (void)units_parse_count(text, len, &count);
    expect(units_parse_mode(text, len, &mode) < 0 || mode <= 0777);
}

static void read_length(const char *text, size_t len)
{
    char *ended = strndup(text, len);
    int64_t ns = 0;

    expect(ended != NULL);
    expect(duration_parse(ended, &ns) < 0 || ns >= 0);
    free(ended);
}

static void read_topic(const char *text, size_t len)
{
    thaw_event event = {.kind = THAW_RELEASE, .country = {'B', 'Y'}};
    thaw_error error = {.code = THAW_OK};
    bool same = len == 10 && memcmp(text, "release.BY", 10) == 0;

    expect((thaw_topic_check(text, len, &event, &error) == THAW_OK) == same);
    expect(same || error.message[0] != '\0');
}

/* Back as JSON; *ret_len bytes from malloc(). */
static char *write_json(const msgpack_sbuffer *packed, size_t *ret_len)
{
    msgpack_zone zone;
    msgpack_object object;
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);

    expect(out != NULL && msgpack_zone_init(&zone, 1024));
    expect(pack_measure((const uint8_t *)packed->data, packed->size, PACK_DEPTH_MAX) ==
           (ssize_t)packed->size);
    expect(pack_decode(packed->data, packed->size, &zone, &object) == 0);
    expect(json_write(&object, out) == 0);
    fclose(out);
    msgpack_zone_destroy(&zone);
    return text;
}

static void read_json(const char *text, size_t len)
{
    char error[JSON_ERROR_BYTES] = "";
    msgpack_sbuffer packed, again;

    msgpack_sbuffer_init(&packed);
    msgpack_sbuffer_init(&again);
    if (json_read(text, len, &packed, error) < 0) {
        expect(error[0] != '\0' && packed.size == 0);
    } else {
        size_t back_len;
        char *back = write_json(&packed, &back_len);
        expect(json_read(back, back_len, &again, error) == 0);
        expect(again.size == packed.size && memcmp(again.data, packed.data, again.size) == 0);
        free(back);
    }
    msgpack_sbuffer_destroy(&packed);
    msgpack_sbuffer_destroy(&again);
}

/* Any MessagePack as JSON, as the answers of a daemon are shown. */
static void show(const uint8_t *data, size_t size)
{
    msgpack_zone zone;
    msgpack_object object;
    FILE *out = fopen("/dev/null", "w");

    expect(out != NULL && msgpack_zone_init(&zone, 1024));
    if (pack_decode(data, size, &zone, &object) == 0)
        (void)json_write(&object, out);
    msgpack_zone_destroy(&zone);
    fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    read_date(text, size);
    read_units(text, size);
    read_length(text, size);
    read_topic(text, size);
    read_json(text, size);
    show(data, size);
    return 0;
}
