/*
 * country.c - countries by their codes and English names.
 */
#include "country.h"

#include <string.h>

#include "text.h"

typedef struct country {
    const char *alpha2, *alpha3, *fips, *name;
} country;

static const country countries[] = {
#include "country_table.h"
};

enum { COUNTRIES = sizeof countries / sizeof countries[0] };

/* Other names that the lists use. */
static const struct {
    const char *name, *alpha2;
} names[] = {
    {"Bahamas, The", "BS"},
    {"The Bahamas", "BS"},
    {"Bolivia (Plurinational State of)", "BO"},
    {"Burma", "MM"},
    {"Cape Verde", "CV"},
    {"China, Mainland", "CN"},
    {"Congo, Democratic Republic of the", "CD"},
    {"Congo, Republic of the", "CG"},
    {"Congo", "CG"},
    {"Cote d Ivoire", "CI"},
    {"Cote d'Ivoire", "CI"},
    {"Czech Republic", "CZ"},
    {"Democratic People's Republic of Korea", "KP"},
    {"DPRK", "KP"},
    {"East Timor", "TL"},
    {"Gambia, The", "GM"},
    {"Iran (Islamic Republic of)", "IR"},
    {"Islamic Republic of Iran", "IR"},
    {"Ivory Coast", "CI"},
    {"Korea, North", "KP"},
    {"Korea, South", "KR"},
    {"Lao People's Democratic Republic", "LA"},
    {"Macau", "MO"},
    {"Macedonia, The Former Yugoslav Republic of", "MK"},
    {"Palestinian", "PS"},
    {"Region: Gaza", "PS"},
    {"Region: Northern Mali", "ML"},
    {"Republic of Belarus", "BY"},
    {"Republic of Korea", "KR"},
    {"Republic of Moldova", "MD"},
    {"Russian Federation", "RU"},
    {"Swaziland", "SZ"},
    {"Syrian Arab Republic", "SY"},
    {"Turkiye", "TR"},
    {"Türkiye", "TR"},
    {"UK", "GB"},
    {"United Kingdom of Great Britain and Northern Ireland", "GB"},
    {"United Republic of Tanzania", "TZ"},
    {"United States of America", "US"},
    {"Venezuela (Bolivarian Republic of)", "VE"},
    {"Viet Nam", "VN"},
    {"West Bank", "PS"},
};

/* Codes of FIPS 10-4 that the event files use beside those of the table. */
static const struct {
    const char *fips, *alpha2;
} fips_more[] = {{"GZ", "PS"}, {"RB", "RS"}, {"YI", "RS"}, {"OS", NULL}};

static const char *find(const char *code, size_t len, size_t offset)
{
    for (size_t i = 0; len > 0 && i < COUNTRIES; i++) {
        const char *const *member =
            (const char *const *)(const void *)((const char *)&countries[i] + offset);
        if (text_equals_fold(code, len, *member))
            return countries[i].alpha2;
    }
    return NULL;
}

const char *country_of_alpha2(const char *code, size_t len)
{
    return find(code, len, offsetof(country, alpha2));
}

const char *country_of_alpha3(const char *code, size_t len)
{
    return find(code, len, offsetof(country, alpha3));
}

const char *country_of_fips(const char *code, size_t len)
{
    for (size_t i = 0; i < sizeof fips_more / sizeof fips_more[0]; i++)
        if (text_equals_fold(code, len, fips_more[i].fips))
            return fips_more[i].alpha2;
    return find(code, len, offsetof(country, fips));
}

const char *country_of_name(const char *name, size_t len)
{
    text_trim(&name, &len);
    for (size_t i = 0; len > 0 && i < sizeof names / sizeof names[0]; i++)
        if (text_equals_fold(name, len, names[i].name))
            return names[i].alpha2;
    return find(name, len, offsetof(country, name));
}
