/*
 * ofac.h - the SDN list of the US Treasury: sdn.csv with its companions, SDN.XML.
 */
#ifndef IMPORT_OFAC_H
#define IMPORT_OFAC_H

#include <stddef.h>

#include "record.h"
#include "source.h"

/* Reads sdn.csv or SDN.XML, told apart by their first byte, into an empty list and finishes it.
 * Of the sources one is the list; others (CSV only) are alt.csv, add.csv and sdn_comments.csv, in
 * any order, known by their number of columns. -EBADMSG with the problem, -ENOMEM. */
int ofac_read(source *const sources[], size_t count, list *ret_list, problem *p);

/* SDN.XML alone. */
int ofac_xml_read(const char *name, const char *data, size_t len, list *ret_list, problem *p);

/* Adds the identifier that one remark holds, as "Passport A0003450 (Iran) expires 01 Jan 2030", or
 * nothing: a number of a country that is not known is none. SDN.XML has the same in parts. */
void ofac_remark_read(text *ids, const char *remark, size_t len);

/* The same for remarks that stand between ';', the last with a full stop. */
void ofac_remarks_read(text *ids, const char *remarks);

#endif
