/* fuzz_config.c: any text as a configuration. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[CONFIG_ERROR_BYTES] = "";
    config c;
    int r = config_parse("fuzz.yaml", (const char *)data, size, &c, error);

    if (r == 0)
        config_done(&c);
    else if (memchr(error, '\0', sizeof(error)) == NULL || error[0] == '\0')
        abort();
    return 0;
}
