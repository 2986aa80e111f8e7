/*
 * country.h - countries by their codes and English names. Answers are ISO 3166-1 alpha-2, static;
 * NULL where nothing fits.
 */
#ifndef IMPORT_COUNTRY_H
#define IMPORT_COUNTRY_H

#include <stddef.h>

const char *country_of_alpha2(const char *code, size_t len); /* "by", "BY" */
const char *country_of_alpha3(const char *code, size_t len); /* "BLR" */
const char *country_of_fips(const char *code, size_t len);   /* "BO", FIPS 10-4 */
const char *country_of_name(const char *name, size_t len);   /* "Belarus", "Korea, North" */

#endif
