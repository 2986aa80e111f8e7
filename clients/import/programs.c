/*
 * programs.c - whose sanctions a program is.
 */
#include "programs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "country.h"
#include "text.h"

/* Beginnings of OFAC's programs. One matches where the program ends behind it, or goes on with
 * something that is no letter ("IRAQ2", "DPRK-NKSPEA"). The first match counts. A NULL country
 * says that the program has none although its name might look like it. */
static const struct {
    const char *beginning, *country;
} ofac[] = {
    {"CAATSA - RUSSIA", "RU"},
    {"CAATSA - IRAN", "IR"},
    {"561-RELATED", "IR"},
    {"BALKANS", NULL}, /* several states of the Western Balkans */
    {"BURMA", "MM"},
    {"CAR", "CF"},
    {"CMIC", "CN"},
    {"NS-CMIC", "CN"},
    {"COTED", "CI"},
    {"DARFUR", "SD"},
    {"DPRK", "KP"},
    {"DRCONGO", "CD"},
    {"FSE-IR", "IR"},
    {"FSE-SY", "SY"},
    {"FSE-WMDIL", "IR"},
    {"HK", "HK"},
    {"HRIT-IR", "IR"},
    {"HRIT-SY", "SY"},
    {"IFCA", "IR"},
    {"IFSR", "IR"},
    {"IRGC", "IR"},
    {"ISA", "IR"},
    {"JADE", "MM"},
    {"MAGNIT", "RU"},
    {"NKSPEA", "KP"},
    {"NS-ISA", "IR"},
    {"NS-PLC", "PS"},
    {"PAARSSR", "SY"},
    {"PEESA", "RU"},
    {"SSIDES", "RU"},
    {"UHRPA", "CN"},
    {"UKRAINE", "RU"}, /* against Russia, because of Ukraine */
    {"WEST-BANK", "PS"},
};

static bool begins(const char *program, size_t len, const char *beginning)
{
    size_t n = strlen(beginning);
    return len >= n && strncasecmp(program, beginning, n) == 0 &&
           (len == n || !isalpha((unsigned char)program[n]));
}

/* A country's own name in front: "ZIMBABWE", "SOUTH SUDAN", "VENEZUELA-EO13850", "LIBYA3". */
static const char *country_in_front(const char *program, size_t len)
{
    size_t n = 0;
    while (n < len && (isalpha((unsigned char)program[n]) || program[n] == ' '))
        n++;
    return country_of_name(program, n);
}

const char *program_country_ofac(const char *program, size_t len)
{
    if (len > 4 && strncasecmp(program, "BPI-", 4) == 0) { /* blocked pending investigation */
        program += 4;
        len -= 4;
    }
    for (size_t i = 0; i < sizeof ofac / sizeof ofac[0]; i++)
        if (begins(program, len, ofac[i].beginning))
            return ofac[i].country;
    return country_in_front(program, len);
}

/* What stands behind the authority ("EU-BLR"): a word of the table, a code, a name. */
static const char *country_of_tail(const char *tail, size_t len)
{
    static const struct {
        const char *tail, *country;
    } tails[] = {{"BRUS", "BY"},       {"RUSDA", "RU"}, {"RUSHAR", "RU"},
                 {"SDNZ", "SD"},       {"SYRIA", "SY"}, {"UKRR", "RU"},
                 {"UKRRUS-REL", "RU"}, {"UKR", "RU"}}; /* against Russia, because of Ukraine */
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
        if (text_equals_fold(tail, len, tails[i].tail))
            return tails[i].country;
    const char *country = country_of_alpha3(tail, len);
    return country != NULL ? country : program_country_ofac(tail, len);
}

const char *program_country(const char *program, size_t len)
{
    const char *dash = memchr(program, '-', len);
    const char *country =
        dash != NULL ? country_of_tail(dash + 1, len - (size_t)(dash + 1 - program)) : NULL;
    return country != NULL ? country : program_country_ofac(program, len);
}

void program_countries(const char *programs, const char *(*country_of)(const char *, size_t),
                       char *ret_countries, size_t room)
{
    const char *item = NULL;
    size_t len = 0;
    size_t used = 0;
    ret_countries[0] = '\0';
    while (text_next(&programs, ',', &item, &len)) {
        text_trim(&item, &len);
        const char *country = country_of(item, len);
        if (country == NULL || strstr(ret_countries, country) != NULL || used + 4 > room)
            continue;
        used += (size_t)snprintf(ret_countries + used, room - used, "%s%s", used > 0 ? " " : "",
                                 country);
    }
    if (used == 0)
        snprintf(ret_countries, room, "ZZ");
}
