/* fuzz_alert.c: any bytes as an alert or a beat; what is read can be written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "thaw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    thaw_alert alert, again;
    thaw_beat beat;
    thaw_report_ref ref;
    thaw_str text;
    thaw_error error = {.code = THAW_OK};
    uint8_t *bytes, packed[THAW_BEAT_BYTES];
    size_t len;

    if (thaw_alert_decode(&alert, data, size, &error) == 0) {
        thaw_list reports = alert.reports, sources = alert.sources;
        uint32_t count = reports.data == NULL ? 0 : reports.count;
        while (thaw_report_next(&reports, &ref))
            count--;
        expect(count == 0);
        while (thaw_str_next(&sources, &text))
            expect(text.data != NULL);
        expect(thaw_alert_encode(&alert, &bytes, &len) == 0);
        expect(thaw_alert_decode(&again, bytes, len, &error) == 0);
        expect(again.seq == alert.seq && again.state == alert.state && again.at_ns == alert.at_ns);
        free(bytes);
    } else {
        expect(error.code != THAW_OK && error.message[0] != '\0');
    }
    if (thaw_beat_decode(&beat, data, size, &error) == 0 && beat.epoch.len <= 128)
        expect(thaw_beat_encode(&beat, packed) > 0);
    return 0;
}
