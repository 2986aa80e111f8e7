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

#endif
