/*
 * feed.c - the kinds of lists.
 */
#include "feed.h"

#include <string.h>

#include "eu.h"
#include "gdelt.h"
#include "import.h"
#include "ofac.h"
#include "opensanctions.h"
#include "programs.h"
#include "un.h"

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
    {.kind = "eu",
     .source = "eu-annexes",
     .voice = "eu-council",
     .title = "EU annexes",
     .bytes_max = 256 * MIB,
     .files_max = 1,
     .country_of_program = program_country,
     .read = eu_read},
    {.kind = "un",
     .source = "un-sc-list",
     .voice = "un-sc",
     .title = "UN Security Council list",
     .bytes_max = 256 * MIB,
     .files_max = 1,
     .country_of_program = un_country,
     .read = un_read},
    {.kind = "opensanctions",
     .source = "opensanctions",
     .title = "OpenSanctions",
     .bytes_max = 16 * 1024 * MIB,
     .files_max = 1,
     .country_of_program = program_country,
     .read = opensanctions_read,
     .is_change = opensanctions_is_change,
     .change = opensanctions_change},
    {.kind = "gdelt",
     .source = "gdelt",
     .title = "GDELT events",
     .bytes_max = 4 * 1024 * MIB,
     .files_max = 1,
     .reports = gdelt_reports},
};

const char *const import_kinds[] = {"ofac", "eu", "un", "opensanctions", "gdelt", NULL};

const feed *feed_find(const char *kind)
{
    for (size_t i = 0; i < sizeof feeds / sizeof feeds[0]; i++)
        if (strcmp(feeds[i].kind, kind) == 0)
            return &feeds[i];
    return NULL;
}
