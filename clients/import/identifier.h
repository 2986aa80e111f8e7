/*
 * identifier.h - identifiers of parties that mean the same in every list: KIND:COUNTRY:NUMBER, or
 * KIND:NUMBER where the number is the world's.
 */
#ifndef IMPORT_IDENTIFIER_H
#define IMPORT_IDENTIFIER_H

#include <stddef.h>

#include "text.h"

/* Adds "KIND:COUNTRY:NUMBER" as a line, the number without blanks and punctuation and in capitals.
 * Nothing where it is not certain: no country, or a number too short to be the only one of its
 * kind (6 letters and digits of a passport, 8 of others). A tax or registration number of nine
 * digits of Belarus is its UNP, which is both: it is always tax:BY:NUMBER. A personal number in the
 * form of Belarus (3091178A002VF5) needs no country. */
void identifier_add(text *ids, const char *kind, const char *country, const char *number,
                    size_t len);

/* Adds "imo:NUMBER" if the seven digits bear their check digit. */
void identifier_add_imo(text *ids, const char *number, size_t len);

/* Adds "lei:NUMBER" if it has the twenty letters and digits of a legal entity identifier. */
void identifier_add_lei(text *ids, const char *number, size_t len);

/* Adds KIND:NUMBER as it stands, of letters and digits. */
void identifier_add_world(text *ids, const char *kind, const char *number, size_t len);

#endif
