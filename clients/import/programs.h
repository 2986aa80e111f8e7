/*
 * programs.h - whose sanctions a program is.
 */
#ifndef IMPORT_PROGRAMS_H
#define IMPORT_PROGRAMS_H

#include <stddef.h>

/* The country of a program of OFAC ("BELARUS-EO14038" -> "BY"); NULL: the program is about an act
 * (terrorism, narcotics, corruption) or a region and has no country. Static. */
const char *program_country_ofac(const char *program, size_t len);

/* The country of a program as OpenSanctions and the EU annexes name it ("EU-BLR", "US-BRUS"); the
 * part behind the authority is an ISO 3166-1 alpha-3 code, or a program of OFAC. NULL likewise. */
const char *program_country(const char *program, size_t len);

/* The countries of a list of programs separated by ", ", as "BY RU"; "ZZ" where none has one. */
void program_countries(const char *programs, const char *(*country_of)(const char *, size_t),
                       char *ret_countries, size_t room);

#endif
