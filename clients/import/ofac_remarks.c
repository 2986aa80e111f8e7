/*
 * ofac_remarks.c - the identifiers among the remarks of an entry of the SDN list.
 */
#include "ofac.h"

#include <string.h>

#include "country.h"
#include "identifier.h"

/* Beginnings of remarks that are identifiers. */
static const struct {
    const char *says, *kind;
    const char *country; /* where the remark need not name it */
} numbers[] = {
    {"Passport ", "passport", NULL},
    {"Diplomatic Passport ", "passport", NULL},
    {"National ID No. ", "national-id", NULL},
    {"Cedula No. ", "national-id", NULL},
    {"C.U.R.P. ", "national-id", "MX"},
    {"Tax ID No. ", "tax", NULL},
    {"R.F.C. ", "tax", "MX"},
    {"NIT # ", "tax", "CO"},
    {"RUC # ", "tax", NULL},
    {"RIF # ", "tax", "VE"},
    {"Registration Number ", "registration", NULL},
    {"Business Registration Number ", "registration", NULL},
    {"Company Number ", "registration", NULL},
    {"Unified Social Credit Code (USCC) ", "registration", "CN"},
};

static bool takes(const char **at, size_t *len, const char *beginning)
{
    size_t n = strlen(beginning);
    if (*len < n || strncmp(*at, beginning, n) != 0)
        return false;
    *at += n;
    *len -= n;
    return true;
}

/* "A0003450 (Iran) expires 01 Jan 2030": the number and the country. */
static void numbered_add(text *ids, const char *kind, const char *fixed, const char *at, size_t len)
{
    const char *open = memchr(at, '(', len);
    size_t number = open != NULL ? (size_t)(open - at) : len;
    const char *country = fixed;
    if (open != NULL) {
        const char *close = memchr(open, ')', len - number);
        if (close != NULL)
            country = country_of_name(open + 1, (size_t)(close - open) - 1);
    }
    text_trim(&at, &number);
    identifier_add(ids, kind, country, at, number);
}

void ofac_remark_read(text *ids, const char *at, size_t len)
{
    text_trim(&at, &len);
    takes(&at, &len, "alt. ");
    if (takes(&at, &len, "Vessel Registration Identification IMO ")) {
        identifier_add_imo(ids, at, len);
        return;
    }
    if (takes(&at, &len, "Identification Number IMO ") || takes(&at, &len, "Company Number IMO ")) {
        identifier_add_world(ids, "imo-company", at, len);
        return;
    }
    if (takes(&at, &len, "Legal Entity Number ")) {
        const char *open = memchr(at, '(', len);
        identifier_add_lei(ids, at, open != NULL ? (size_t)(open - at) : len);
        return;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (takes(&at, &len, numbers[i].says)) {
            numbered_add(ids, numbers[i].kind, numbers[i].country, at, len);
            return;
        }
    }
}

void ofac_remarks_read(text *ids, const char *remarks)
{
    const char *item = NULL;
    size_t len = 0;
    while (text_next(&remarks, ';', &item, &len)) {
        if (len > 0 && *remarks == '\0' && item[len - 1] == '.')
            len--;
        ofac_remark_read(ids, item, len);
    }
}
