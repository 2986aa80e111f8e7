/* fuzz_request.c: any bytes as the body of a question, for a verb that knows every key and for one
 * that knows none. */
#include <stdint.h>
#include <stdlib.h>

#include "service/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const uint8_t *data, size_t size, uint32_t allowed)
{
    thaw_error error = {.code = THAW_OK};
    request_values v;
    int r = request_parse(data, size, allowed, &v, &error);

    if (r < 0 && (error.code == THAW_OK || error.message[0] == '\0'))
        abort();
    if (r == 0 &&
        ((v.present & ~allowed) != 0 || v.group_len > size || v.topic.len > REQUEST_TEXT_BYTES_MAX))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ask(data, size, KEY_BIT(KEY_COUNT) - 1);
    ask(data, size, 0);
    return 0;
}
