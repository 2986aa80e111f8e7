/*
 * feed.c - the kinds of lists.
 */
#include "feed.h"

#include <string.h>

#include "import.h"
#include "ofac.h"
#include "programs.h"

#define MIB (UINT64_C(1) << 20)

static const feed feeds[] = {
    {.kind = "ofac",
     .source = "ofac-sdn",
     .voice = "us-ofac",
     .title = "OFAC SDN list",
     .bytes_max = 512 * MIB,
     .files_max = 4,
     .country_of_program = program_country_ofac,
     .read = ofac_read},
};

const char *const import_kinds[] = {"ofac", NULL};

const feed *feed_find(const char *kind)
{
    for (size_t i = 0; i < sizeof feeds / sizeof feeds[0]; i++)
        if (strcmp(feeds[i].kind, kind) == 0)
            return &feeds[i];
    return NULL;
}
