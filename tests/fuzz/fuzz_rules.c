/* fuzz_rules.c: any text as a file of rules; what is wrong with it is said with line and column. */
#include <stdint.h>
#include <stdlib.h>

#include "engine.h"
#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rules_complaints complaints = {.at = NULL};
    rules *set = NULL;
    int r = rules_load_text("fuzz.yaml", (const char *)data, size, NULL, true, &set, &complaints);

    if (r == 0)
        rules_free(set);
    else if (complaints.errors == 0)
        abort();
    for (size_t i = 0; i < complaints.count; i++)
        free(rules_complaint_text(&complaints.at[i]));
    rules_complaints_done(&complaints);
    return 0;
}
